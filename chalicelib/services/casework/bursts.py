"""Bursts: list them, lift a report out of one, and end all the reports of one by two officers.

What nobody has paid a proof for is kept apart from what is proven (docs/adr/0062). An ending is
carried out by the officers' function, since only that may write to what a report says: a part in
each call, until none is left.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, NoReturn

from chalicelib.aws import keys
from chalicelib.aws.clients import at_once
from chalicelib.aws.listing import Listing
from chalicelib.aws.table import ConditionFailed, Row, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.audit.seals import HOUR
from chalicelib.domain.casework.bursts import Burst, BurstEnding, BurstId, NewEnding, hour_in
from chalicelib.domain.catalogue.model import Catalogue, by_code
from chalicelib.domain.notices.notice import groups_of
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.report import OPEN_STATUSES, Status
from chalicelib.domain.reports.workflow import Change
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, geo, times
from chalicelib.kernel.city import city
from chalicelib.kernel.ids import random_id
from chalicelib.kernel.languages import text
from chalicelib.services.casework.casework import record_change, write_step
from chalicelib.services.casework.lists import spans_of_bursts
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.open_cases import seal_reason
from chalicelib.services.reports.scope import Desk, head_in_scope
from chalicelib.services.second_person import Requests, require_read, tag_of
from chalicelib.store.audit.rows import Action, about
from chalicelib.store.casework.endings import BurstEndings
from chalicelib.store.casework.rows import PulseRows
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.reports.rows import Head

# The reports of a burst that are counted, in each partition of its category.
_COUNTED = 1000
# The hours with a burst that are shown, of each category: then the oldest must be ended first.
_MOST_HOURS = 48
# So many reports are ended in one call: each is one transaction, and API Gateway waits for 29 s.
_ENDED_AT_ONCE = 200


class BurstStores(NamedTuple):
    """Where bursts are found, and what an ending needs."""

    listing: Listing
    catalogue: Catalogue
    endings: BurstEndings
    announcements: Announcements
    pulse: PulseRows

    def note_change(self, ending: BurstEnding, now: datetime) -> None:
        """Let consoles read the burst again: an ending changes no report of it yet."""
        self.pulse.beat({(ending.category, each) for each in ending.districts}, now)


class OpenBurst(NamedTuple):
    """A burst with its ending, if there is one, and the tag to approve that."""

    burst: Burst
    ending: BurstEnding | None
    tag: str | None


class Ended(NamedTuple):
    """How many reports of a burst were ended by one call. `is_complete`: none is left to end."""

    ended: int
    is_complete: bool


def list_bursts(*, actor: OfficerActor, stores: BurstStores) -> list[Burst]:
    """Return the bursts with reports in the officer's scope, the oldest first, and write an audit
    record. Raises Unavailable.
    """
    codes = [each.code for each in stores.catalogue.categories if each.never_limited]
    seen = [code for code in codes if actor.officer.sees_category(code)]
    found = [burst for code in seen for burst in _bursts_of(code, actor.officer, stores)]
    actor.log_own(Action.LIST, {"list": "bursts", "count": len(found)})
    return sorted(found, key=lambda burst: burst.id.hour)


def read_burst(burst_id: str, *, actor: OfficerActor, stores: BurstStores) -> OpenBurst:
    """Return a burst with its ending, and write an audit record.

    Raises NotFound when it has no reports in the officer's scope and no ending that they see, with
    a denial in the audit.
    """
    burst = _find(burst_id, actor, stores)
    ending = _ending_of(burst.id, actor, stores)
    if burst.is_empty and ending is None:
        _deny(actor)
    actor.log_own(Action.LIST, {"burst": burst.id.render(), "count": burst.total})
    return OpenBurst(burst, ending, tag_of(ending.request, actor) if ending else None)


def propose_ending(
    burst_id: str, wanted: NewEnding, *, actor: OfficerActor, stores: BurstStores
) -> OpenBurst:
    """Ask to end the reports that a burst has now in the officer's scope, and notify officers.

    Repeated, change nothing. Raises NotFound as `read_burst`; Conflict `already_asked` while
    another ending waits.
    """

    def propose() -> BurstEnding:
        before = stores.endings.get(burst.id.render())
        waits = before and not before.dropped and before.approved_by is None
        if before and waits and actor.now < before.ends_at:
            asked = NewEnding(disposition=before.disposition, with_unread=before.with_unread)
            if (before.by, asked) == (actor.by, wanted):
                return before
            raise errors.Conflict("already_asked")
        ending = BurstEnding(
            id=burst.id.render(),
            category=burst.id.category,
            hour=burst.id.hour,
            **wanted.model_dump(mode="json"),
            by=actor.by,
            at=actor.now,
            districts=tuple(sorted(burst.districts)),
        )
        detail = {"burst": ending.id, "disposition": ending.disposition, "count": burst.total}
        items = _requests(ending, actor, stores).propose(TwoPersonStep.BURST, Action.CHANGE, detail)
        stores.endings.table.transact([stores.endings.put_item(ending, before), *items])
        stores.note_change(ending, actor.now)
        return ending

    burst = _find(burst_id, actor, stores)
    if burst.is_empty:
        _deny(actor)
    ending = retry_on_conflict(propose)
    return OpenBurst(burst, ending, tag_of(ending.request, actor))


def end_burst(burst_id: str, tag: str, *, desk: Desk, stores: BurstStores) -> Ended:
    """Approve the ending that another officer has asked for, and end a part of its reports. Called
    again, by anybody who has read it, go on.

    Raises NotFound as `read_burst`; Conflict `no_ending`; Stale, Forbidden from
    `require_second_person`.
    """

    def approve() -> BurstEnding:
        ending = _ending_of(wanted, desk.actor, stores)
        if ending is None:
            raise errors.Conflict("no_ending")
        if ending.approved_by:
            require_read(ending.request, tag, desk.actor)
            return ending
        detail = {"burst": ending.id, "asked_by": ending.by}
        requests = _requests(ending, desk.actor, stores)
        items = requests.approve(ending.request, tag, Action.CONFIRM, detail)
        item = stores.endings.change_item(ending, approved_by=desk.actor.by)
        stores.endings.table.transact([item, *items])
        return ending.model_copy(update={"approved_by": desk.actor.by})

    wanted = _known(burst_id, desk.actor, stores)
    return _end_part(retry_on_conflict(approve), desk, stores)


def drop_ending(burst_id: str, *, actor: OfficerActor, stores: BurstStores) -> None:
    """Decline the ending of a burst, and notify who asked for it; they take it back so themselves.
    Without one, change nothing. Raises NotFound, Conflict `approved`.
    """

    def drop() -> None:
        ending = _ending_of(wanted, actor, stores)
        if ending is None:
            return
        if ending.approved_by:
            raise errors.Conflict("approved")
        detail = {"burst": ending.id, "declined": True, "asked_by": ending.by}
        requests = _requests(ending, actor, stores)
        items = requests.decline(ending.request, Action.CHANGE, detail, "")
        stores.endings.table.transact([stores.endings.change_item(ending, dropped=True), *items])
        stores.note_change(ending, actor.now)

    wanted = _known(burst_id, actor, stores)
    retry_on_conflict(drop)


def lift_out(report_id: str, *, desk: Desk) -> None:
    """Give an unproven report its place among those that are proven, with an audit record, and
    notify officers of it. Repeated, change nothing.

    Raises NotFound when it is unknown or out of scope; Unavailable.
    """

    def lift() -> None:
        head = head_in_scope(report_id, desk=desk)
        if not head.report.unproven or head.is_expiring:
            return
        record = desk.actor.log_item(about(head.report), Action.CHANGE, {"lifted_out": True})
        desk.reports.attention.prove(head, 0, desk.actor.now, [record])

    retry_on_conflict(lift)


class _Notices(NamedTuple):
    """The notices of an ending, to those who see its reports."""

    ending: BurstEnding
    actor: OfficerActor
    announcements: Announcements

    def awaits(self, step: TwoPersonStep) -> list[TransactItem]:
        groups = {
            group
            for district in self.ending.districts
            for group in groups_of(self.ending.category, district)
        }
        return [self._item(NoticeKind.APPROVAL, step, groups=groups)]

    def declined(self, step: TwoPersonStep, to: Collection[str]) -> list[TransactItem]:
        return [self._item(NoticeKind.DECLINED, step, to=to)]

    def _item(
        self,
        kind: NoticeKind,
        step: TwoPersonStep,
        *,
        groups: Collection[str] = (),
        to: Collection[str] = (),
    ) -> TransactItem:
        return self.announcements.item(
            kind,
            entry_id=f"burst#{random_id(10)}",
            to=to,
            groups=groups,
            path=f"/v1/officer/bursts/{self.ending.id}",
            now=self.actor.now,
            step=step,
        )


def _requests(ending: BurstEnding, actor: OfficerActor, stores: BurstStores) -> Requests:
    return Requests(actor, _Notices(ending, actor, stores.announcements))


def _find(burst_id: str, actor: OfficerActor, stores: BurstStores) -> Burst:
    """Return a burst as the officer sees it, perhaps without any reports. Raises as `_known`."""
    wanted = _known(burst_id, actor, stores)
    found = _bursts_of(wanted.category, actor.officer, stores, wanted.hour)
    return next((each for each in found if each.id == wanted), Burst(wanted, 0, True, frozenset()))


def _known(burst_id: str, actor: OfficerActor, stores: BurstStores) -> BurstId:
    """Return the id of a burst that there may be in the officer's categories. Raises NotFound, with
    a denial in the audit.
    """
    wanted = BurstId.parse(burst_id)
    known = wanted is not None and wanted.category in by_code(stores.catalogue.categories)
    if wanted is None or not known or not actor.officer.sees_category(wanted.category):
        _deny(actor)
    return wanted


def _deny(actor: OfficerActor) -> NoReturn:
    actor.log_own(Action.DENIED, {"burst": "unknown"})
    raise errors.NotFound


def _ending_of(burst: BurstId, actor: OfficerActor, stores: BurstStores) -> BurstEnding | None:
    """Return the ending of a burst that the officer may see, if its time is not over."""
    ending = stores.endings.get(burst.render())
    if ending is None or ending.dropped or actor.now >= ending.ends_at:
        return None
    return ending if ending.is_seen_by(actor.officer) else None


def _bursts_of(
    category: str, officer: Officer, stores: BurstStores, only: datetime | None = None
) -> list[Burst]:
    """Return the bursts of a category, or only that of one hour, with what the officer sees."""
    counted: Counter[datetime] = Counter()
    districts: defaultdict[datetime, set[str]] = defaultdict(set)
    cut: set[datetime] = set()
    for span in spans_of_bursts(category, stores.catalogue):
        above = only
        for _ in range(1 if only else _MOST_HOURS):
            begin = span.prefix + (times.render(above) if above else "")
            (heading,) = stores.listing.heads(
                keys.index(keys.BY_ATTENTION), [span.partition], most=_COUNTED, above=begin
            )
            hours = [hour_in(row["received_at"]) for row in heading.rows]
            for hour, row in zip(hours, heading.rows, strict=True):
                if only in (None, hour) and officer.sees(category, row["district"]):
                    counted[hour] += 1
                    districts[hour].add(row["district"])
            if not heading.more:
                break
            # What the hour has beyond these is not counted: go on with the next.
            cut.add(hours[-1])
            above = hours[-1] + HOUR
    # Of what was not counted, some may be anywhere in the scope.
    seen = {each for each in geo.report_districts() if officer.sees(category, each)}
    return [
        Burst(
            BurstId(category, hour),
            counted[hour],
            hour not in cut,
            frozenset(seen if hour in cut else districts[hour]),
        )
        for hour in sorted({*counted, *cut})
    ]


def _end_part(ending: BurstEnding, desk: Desk, stores: BurstStores) -> Ended:
    """End some of the reports that an ending is about."""
    burst = BurstId(ending.category, ending.hour)

    def keep(row: Row) -> bool:
        return row["district"] in ending.districts and (ending.with_unread or not row.get("unread"))

    page = stores.listing.page(
        keys.index(keys.BY_ATTENTION),
        spans_of_bursts(burst.category, stores.catalogue),
        limit=_ENDED_AT_ONCE,
        below=times.render(min(burst.until, ending.at)),
        since=times.render(burst.hour),
        keep=keep,
    )
    ended = at_once(lambda row: _end(desk.reports.head(row["id"]), ending, desk), page.rows)
    return Ended(sum(ended), page.position is None)


def _end(head: Head | None, ending: BurstEnding, desk: Desk) -> bool:
    """Close a report as both officers have decided. Return whether it was: not if an officer has
    chosen it meanwhile, follows it or holds it, or a message or a proof has come.
    """
    if head is None or head.is_deleted or head.is_expiring:
        return False
    report, now = head.report, desk.actor.now
    if report.status not in OPEN_STATUSES or not (report.in_burst and report.is_behind):
        return False
    if report.followers or head.hold or (report.unread and not ending.with_unread):
        return False
    if report.reopened_at and report.reopened_at >= ending.at:
        return False  # Neither officer has read why.
    reason = "\n".join(text("burst.reason", each) for each in city().languages)
    change = Change(status=Status.CLOSED, disposition=ending.disposition, reason=reason)
    after = workflow.change(report, change, by=ending.by, now=now)
    if after.proposal:
        after = workflow.confirm(after, now=now)
    # Its place stays that of a burst, if its sender reopens it.
    marks = {"unproven": True, "in_burst": True, "sealed_reason": seal_reason(after, reason)}
    after = after.model_copy(update=marks)
    decided = {"burst": ending.id, "asked_by": ending.by, "approved_by": ending.approved_by}
    record = record_change(report, after, reason, desk.actor, **decided)
    try:
        write_step(head, after, desk, [record])
    except ConditionFailed:
        return False
    return True
