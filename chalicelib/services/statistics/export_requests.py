"""Exports that take two persons: one officer asks, another reads all that is asked, and decides.

What an officer reads of one is as of now: of its reports those that both they and the one who asked
may export. Its words are sealed, and each reading is on record.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.notice import role_group
from chalicelib.domain.officers.model import Officer, Role, may_be_assigned
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.report import Status
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.domain.statistics.exports import AskedExport, DeclinedExport, PendingExport
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, WrappedKey, row_info, seal
from chalicelib.services.casework.lists import ListStores
from chalicelib.services.officers import OfficerActor
from chalicelib.services.second_person import Requests, tag_of
from chalicelib.services.statistics.custody import Records
from chalicelib.store.audit.rows import Action, Detail, of_export
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head
from chalicelib.store.statistics.exports import ExportRequests

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket

_LONGEST_ID = 40
_REASON, _REFUSAL = "reason", "refusal"


class Sources(NamedTuple):
    """What an export is made from."""

    reports: Reports
    lists: ListStores
    bucket: "MediaBucket"
    requests: ExportRequests
    announcements: Announcements
    records: Callable[[], Records]


class ShownExport(NamedTuple):
    """An export that takes two persons, with those of its reports that an officer may see now; it
    `is_own` of who asked.
    """

    asked: PendingExport
    report_ids: tuple[str, ...]
    is_own: bool

    @property
    def parts(self) -> int:
        """Return how many zips it has. Once it is approved, each report stays in its own: who makes
        them needs all. To others, more than its reports fill would tell that one has moved.
        """
        is_made = self.is_own and self.asked.approved_by is not None
        count = self.asked.count if is_made else len(self.report_ids)
        return self.asked.model_copy(update={"count": count}).parts


class OpenExport(NamedTuple):
    """The same with its words: why it is asked for, None if that was never stored, and why it was
    declined. `tag` is what this officer approves it with.
    """

    shown: ShownExport
    reason: str | None
    refusal: str | None
    tag: str | None


def ask_for_export(
    asked: PendingExport, reason: str, *, actor: OfficerActor, sources: Sources
) -> PendingExport:
    """Store what is asked with its reason, and notify those who may approve it. Return it.

    Raises Unavailable.
    """
    key = _new_key(actor)
    sealed = seal(key["public_key"], reason.encode(), _info(asked.id, _REASON))
    pending = asked.model_copy(update={**key, "sealed_reason": sealed})
    detail = {"export": asked.id, "asked_for": asked.count, **_filters_of(asked)}
    also = _requests(asked.id, actor, sources).propose(
        TwoPersonStep.EXPORT, Action.LIST, detail | ({"custody": True} if asked.custody else {})
    )
    sources.requests.table.transact([*sources.requests.items(pending), *also])
    return pending


def list_exports(
    *, awaiting: bool, actor: OfficerActor, sources: Sources
) -> tuple[list[ShownExport], bool]:
    """Return the exports of the last two days that take two persons, of those that the officer may
    see, and write an audit record. With `awaiting`, only those that nobody has decided. Of the
    latest hundred: the second is whether there are earlier ones.
    """
    page = sources.requests.latest(actor.now)
    seen = (each for each in page.items if _is_seen(each, actor))
    whole = sources.requests.whole(each for each in seen if not (awaiting and each.is_decided))
    actor.log_own(Action.LIST, {"list": "exports", "count": len(whole)})
    return _shown(whole, actor, sources), page.more


def read_export(export_id: str, *, actor: OfficerActor, sources: Sources) -> OpenExport:
    """Open an export that takes two persons, for its officer or one who may see all of it, with an
    audit record.

    Raises NotFound, with a denial in the audit, also when its time is over.
    """
    pending = visible_export(export_id, actor=actor, requests=sources.requests)
    [shown] = _shown([pending], actor, sources)
    reason, refusal = open_words(pending, actor)
    readable = pending.declined is None and reason is not None
    tag = tag_of(pending.request(shown.report_ids), actor) if readable else None
    return OpenExport(shown, reason, refusal, tag)


def approve_export(
    export_id: str, tag: str, *, actor: OfficerActor, sources: Sources
) -> ShownExport:
    """Approve an export that another officer has asked for: of the reports that this one has read.
    Repeated, change nothing.

    Raises NotFound as `read_export`; Conflict `decided`; Stale (also without a reason, where no
    reading gives a tag), Forbidden from `require_second_person`.
    """

    def approve() -> ShownExport:
        pending = visible_export(export_id, actor=actor, requests=sources.requests)
        if pending.declined:
            raise errors.Conflict("decided")
        [shown] = _shown([pending], actor, sources)
        said = {"asked_by": pending.by, "count": len(shown.report_ids)}
        detail = {"export": pending.id, **said, **_filters_of(pending)}
        request = pending.request(shown.report_ids)
        also = _requests(pending.id, actor, sources).approve(request, tag, Action.CONFIRM, detail)
        if pending.approved_by:
            actor.log_own(Action.LIST, {"export": pending.id})
            return shown
        approved = pending.model_copy(
            update={
                "approved_by": actor.by,
                "approved_at": actor.now,
                "report_ids": shown.report_ids,
                "count": len(shown.report_ids),
            }
        )
        sources.requests.table.transact([*sources.requests.decision(approved), *also])
        return shown._replace(asked=approved)

    return retry_on_conflict(approve)


def decline_export(export_id: str, reason: str, *, actor: OfficerActor, sources: Sources) -> None:
    """Decline an export, and notify the officer who has asked for it, who reads why; or take one's
    own back. Repeated by the same officer, change nothing.

    Raises NotFound as `read_export`; Conflict `decided`.
    """

    def decline() -> None:
        pending = visible_export(export_id, actor=actor, requests=sources.requests)
        if pending.declined and pending.declined.by == actor.by:
            return
        if pending.is_decided:
            raise errors.Conflict("decided")
        # A request of before has no key.
        keyed = pending if pending.public_key else pending.model_copy(update=_new_key(actor))
        sealed = seal(keyed.public_key, reason.encode(), _info(pending.id, _REFUSAL))
        declined = keyed.model_copy(
            update={"declined": DeclinedExport(by=actor.by, at=actor.now, sealed_reason=sealed)}
        )
        said = {"step": "declined", "asked_by": pending.by}
        detail = {"export": pending.id, **said, **_filters_of(pending)}
        request = pending.request(())
        also = _requests(pending.id, actor, sources).decline(request, Action.CHANGE, detail, reason)
        sources.requests.table.transact([*sources.requests.decision(declined), *also])

    retry_on_conflict(decline)


def visible_export(
    export_id: str, *, actor: OfficerActor, requests: ExportRequests
) -> PendingExport:
    """Return an export as `read_export`, without a record and unopened."""
    found = requests.get(export_id, actor.now) if len(export_id) <= _LONGEST_ID else None
    if found is None or not _is_seen(found, actor):
        actor.log_own(Action.DENIED, {"export": found.id if found else "unknown"})
        raise errors.NotFound
    return found


def _shown(
    pending: Sequence[PendingExport], actor: OfficerActor, sources: Sources
) -> list[ShownExport]:
    """Return exports, each with those of its reports that both this officer and the one who asked
    may export now. So one that was moved to oversight is missing like one that is deleted.
    """
    heads = sources.reports.heads(each for asked in pending for each in asked.report_ids)
    askers = {each: sources.lists.officers.get(each) for each in {asked.by for asked in pending}}

    def is_left(report_id: str, asker: Officer | None) -> bool:
        head = heads.get(report_id)
        if head is None or not is_exported(head, actor.officer):
            return False
        place = head.row["category"], head.row["district"]
        return asker is not None and may_be_assigned(asker, *place)

    return [
        ShownExport(
            each,
            tuple(it for it in each.report_ids if is_left(it, askers[each.by])),
            each.by == actor.by,
        )
        for each in pending
    ]


def open_words(pending: PendingExport, actor: OfficerActor) -> tuple[str | None, str | None]:
    """Open the reason of an export, and of its refusal, with an audit record; None for what it has
    not. Raises Unavailable.
    """
    opening = actor.log(of_export(pending.id), Action.OPEN, {"export": pending.id})
    if not pending.wrapped_key:
        return None, None
    wrapped = WrappedKey(pending.wrapped_key, pending.wrapping_key)
    key = actor.content_keys.unwrap(wrapped, opening)

    def read(sealed: bytes, name: str) -> str | None:
        return key.open(sealed, _info(pending.id, name)).decode() if sealed else None

    refusal = pending.declined.sealed_reason if pending.declined else b""
    return read(pending.sealed_reason, _REASON), read(refusal, _REFUSAL)


def _new_key(actor: OfficerActor) -> dict[str, Any]:
    """Return the key of a request as it is stored."""
    private = PrivateKey(secrets.token_bytes(KEY_BYTES))
    wrapped, arn = actor.content_keys.wrapping_key().wrap(private)
    return {"public_key": private.public, "wrapped_key": wrapped, "wrapping_key": arn}


def _info(export_id: str, name: str) -> bytes:
    return row_info(keys.export(export_id), "REQUEST", name)


def _filters_of(pending: PendingExport) -> Detail:
    return {} if pending.filters is None else {"filters": pending.filters}


class _Notices(NamedTuple):
    """The notices of an export. What oversight asks for, oversight hears of, and nobody by name."""

    export_id: str
    actor: OfficerActor
    announcements: Announcements

    def awaits(self, step: TwoPersonStep) -> list[TransactItem]:
        role = Role.OVERSIGHT if self.actor.officer.is_oversight else Role.SUPERVISOR
        return [self._notice(NoticeKind.APPROVAL, step, groups=(role_group(role),))]

    def declined(self, step: TwoPersonStep, to: Collection[str]) -> list[TransactItem]:
        if self.actor.officer.is_oversight:
            to_all = (role_group(Role.OVERSIGHT),)
            return [self._notice(NoticeKind.DECLINED, step, groups=to_all)]
        return [self._notice(NoticeKind.DECLINED, step, to=to)]

    def _notice(
        self,
        kind: NoticeKind,
        step: TwoPersonStep,
        to: Collection[str] = (),
        groups: Collection[str] = (),
    ) -> TransactItem:
        return self.announcements.item(
            kind,
            entry_id=f"export#{self.export_id}#{kind}",
            to=to,
            groups=groups,
            path=f"/v1/officer/exports/{self.export_id}",
            now=self.actor.now,
            step=step,
        )


def _requests(export_id: str, actor: OfficerActor, sources: Sources) -> Requests:
    return Requests(actor, _Notices(export_id, actor, sources.announcements))


def _is_seen(asked: AskedExport, actor: OfficerActor) -> bool:
    return asked.by == actor.by or asked.is_seen_by(actor.officer)


def is_exported(head: Head, officer: Officer) -> bool:
    """Return whether an officer may export a report now."""
    is_withdrawn = head.row.get("status") == Status.WITHDRAWN
    return not is_withdrawn and is_in_lists(head, officer)


def is_in_lists(head: Head, officer: Officer) -> bool:
    """Return whether an officer sees a report in lists now."""
    ended = head.is_deleted or head.is_expiring
    return not ended and officer.sees(head.row["category"], head.row["district"])
