"""Officers' reads of bulletins, each with an audit record, and who may approve one.

An officer works in a channel if their scope has a category that feeds it. Districts do not count,
because a bulletin is for the whole city.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.aws import keys
from chalicelib.aws.listing import Listing
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.bulletins.model import Bulletin, BulletinState
from chalicelib.domain.catalogue.model import Catalogue
from chalicelib.domain.officers.model import CASEWORKERS, Officer
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.second_person import Request, TwoPersonStep, refusal
from chalicelib.kernel import errors
from chalicelib.kernel.ids import is_bulletin_id, on_record
from chalicelib.kernel.paging import Cursors
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action, RecordedEntry, of_bulletin
from chalicelib.store.bulletins.bulletins import BY_STATE, Bulletins, Dossier, Version
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.officers.rows import Officers

if TYPE_CHECKING:
    from chalicelib.store.reports.reports import Reports


# Leads that are counted.
MOST_LEADS = 1000

_MAKES_A_VERSION = ("draft", "write", "resolve", "withdraw")


@dataclass(frozen=True, slots=True)
class BulletinDesk:
    """An officer at work on bulletins: who acts and when (`actor`), by which catalogue, and where a
    change is written. `officers` are those whom a notice may be for.
    """

    actor: OfficerActor
    catalogue: Catalogue
    bulletins: Bulletins
    officers: Officers
    announcements: Announcements


@dataclass(frozen=True, slots=True)
class BulletinFilters:
    """The filters and the page of a list of bulletins. None means any."""

    channel: str | None
    state: BulletinState | None
    cursor: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class BulletinPage:
    items: tuple[Bulletin, ...]
    next_cursor: str | None


def works_in(officer: Officer, channel: str, catalogue: Catalogue) -> bool:
    """Return whether the officer may work on the bulletins of a channel."""
    return any(officer.sees_category(category) for category in catalogue.channel(channel).fed_by)


def list_bulletins(
    filters: BulletinFilters, *, desk: BulletinDesk, listing: Listing, cursors: Cursors
) -> BulletinPage:
    """Return one page of the bulletins of the officer's channels, newest first.

    The page is empty when the filter names another channel. Raises Malformed `bad_cursor`.
    """
    actor, catalogue = desk.actor, desk.catalogue
    now, state = actor.now, filters.state
    bound = {"channel": filters.channel, "state": state}
    below = cursors.read(filters.cursor, reader=actor.by, filters=bound, now=now)
    channels = {
        each.code
        for each in catalogue.channels
        if filters.channel in (None, each.code) and works_in(actor.officer, each.code, catalogue)
    }

    def keep(row: Mapping[str, Any]) -> bool:
        bulletin = Bulletin.model_validate(row)
        return bulletin.content.channel in channels and state in (None, bulletin.state_at(now))

    page = listing.page(
        BY_STATE, _stored_states(state), limit=filters.limit, below=below, keep=keep
    )
    actor.log_own(Action.LIST, {"bulletins": bound, "below": below, "count": len(page.rows)})
    next_cursor = (
        cursors.issue(page.position, reader=actor.by, filters=bound, now=now)
        if page.position
        else None
    )
    return BulletinPage(tuple(Bulletin.model_validate(row) for row in page.rows), next_cursor)


def _stored_states(state: BulletinState | None) -> list[str]:
    """Return the stored states in which to look for bulletins of a state (None: any state)."""
    if state is None:
        return [each.value for each in BulletinState]
    # An expired bulletin is stored as published until the sweep has changed it.
    if state is BulletinState.EXPIRED:
        return [BulletinState.PUBLISHED.value, BulletinState.EXPIRED.value]
    return [state.value]


def open_bulletin(bulletin_id: str, *, desk: BulletinDesk) -> Dossier:
    """Return a bulletin of the officer's channels, and write an audit record.

    Raises NotFound when it is unknown or of another channel, with a denial in the audit.
    """
    dossier = bulletin_in_scope(bulletin_id, desk=desk)
    desk.actor.log(of_bulletin(bulletin_id), Action.OPEN)
    return dossier


def read_history(bulletin_id: str, *, desk: BulletinDesk) -> list[RecordedEntry]:
    """Return the audit of a bulletin, oldest first, including this read.

    The entry of a change that made a version has what was written in it. Raises NotFound.
    """
    bulletin_in_scope(bulletin_id, desk=desk)
    desk.actor.log(of_bulletin(bulletin_id), Action.OPEN, {"part": "history"})
    unnamed = {each.version: each for each in desk.bulletins.versions(bulletin_id)}
    events = []
    for entry in desk.actor.audit.history(of_bulletin(bulletin_id)):
        detail = entry.detail
        if detail and detail.get("step") in _MAKES_A_VERSION:
            version = unnamed.pop(detail["version"], None)
            if version:
                entry = entry._replace(detail=detail | _written(detail["step"], version))
        events.append(entry)
    # Versions without an audit entry: made by a verdict on a picture, or older than the audit.
    events += [
        RecordedEntry(
            at=each.at,
            by=each.by,
            action=Action.CHANGE,
            detail={"version": number, "content": _json(each)},
            verified=True,
        )
        for number, each in unnamed.items()
    ]
    return sorted(events, key=lambda event: event.at)


def _written(step: str, version: Version) -> dict[str, Any]:
    """Return the text of a version: its content, or the words of an ending."""
    if step in ("draft", "write"):
        return {"content": _json(version)}
    name = "outcome" if step == "resolve" else "reason"
    return {name: version.words} if version.words else {}


def _json(version: Version) -> dict[str, Any]:
    return version.content.model_dump(mode="json")


def count_leads(
    bulletin_id: str, *, reports: "Reports", catalogue: Catalogue, most: int = MOST_LEADS
) -> int:
    """Return the number of leads on a bulletin, but no more than `most`.

    Anybody can send leads, so counting them all could take any time.
    """
    shards = max(category.shards for category in catalogue.categories)
    index = (keys.BY_BULLETIN, keys.PARTITION[keys.BY_BULLETIN], "listed_at")
    found = 0
    for shard in range(shards):
        if found < most:
            partition, room = f"{bulletin_id}#{shard}", most - found
            found += reports.table.count(partition, index=index, most=room)
    return found


def bulletin_in_scope(bulletin_id: str, *, desk: BulletinDesk) -> Dossier:
    """Return a bulletin of the officer's channels with its pictures.

    Raises NotFound when it is unknown or of another channel, with a denial in the audit.
    """
    actor = desk.actor
    dossier = desk.bulletins.dossier(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if dossier is None:
        actor.log_own(Action.DENIED, {"bulletin": on_record(bulletin_id)})
        raise errors.NotFound
    if not works_in(actor.officer, dossier.bulletin.content.channel, desk.catalogue):
        actor.log(of_bulletin(bulletin_id), Action.DENIED)
        raise errors.NotFound
    return dossier


_STEPS: Mapping[BulletinState, TwoPersonStep] = {
    BulletinState.RESOLVED: TwoPersonStep.OUTCOME,
    BulletinState.WITHDRAWN: TwoPersonStep.WITHDRAWAL,
}


def request_of(bulletin: Bulletin) -> Request:
    """Return this version of a bulletin, or of the words of its end, as its approval names it."""
    return Request(_step(bulletin), bulletin.id, str(bulletin.version), bulletin.authors)


def notify_second_officers(
    before: Bulletin | None, after: Bulletin, *, desk: BulletinDesk
) -> list[TransactItem]:
    """Return the write that notifies officers of the channel that something awaits an approval.

    It belongs in the transaction that makes it wait. There is none when something of the same kind
    has waited `before`, or when nobody may approve it.
    """
    now = desk.actor.now
    waited = before and before.is_pending(now) and _step(before) is _step(after)
    if waited or not after.is_pending(now):
        return []
    to = [
        each.username
        for each in desk.officers.all()
        if each.active
        and each.has_role(*CASEWORKERS)
        and works_in(each, after.content.channel, desk.catalogue)
        and not refusal(each, after.authors, now)
    ]
    entry_id = f"{after.id}-{after.version}"
    return _notice(NoticeKind.APPROVAL, after, to, entry_id, desk=desk)


def notify_of_step(before: Bulletin, after: Bulletin, *, desk: BulletinDesk) -> list[TransactItem]:
    """Return the write that notifies those who must act after a step, in its transaction."""
    if after.declined and not before.declined:
        return _notify_authors(after, desk=desk)
    return notify_second_officers(before, after, desk=desk)


def _notify_authors(after: Bulletin, *, desk: BulletinDesk) -> list[TransactItem]:
    """Return the write that notifies the authors, but for this officer, that it was declined."""
    to = [author for author in after.authors if author != desk.actor.by]
    entry_id = f"{after.id}-{after.version}-declined"
    return _notice(NoticeKind.DECLINED, after, to, entry_id, desk=desk)


def _notice(
    kind: NoticeKind, bulletin: Bulletin, to: Sequence[str], entry_id: str, *, desk: BulletinDesk
) -> list[TransactItem]:
    """Return the write of a notice to these officers; none when there is nobody."""
    if not to:
        return []
    return [
        desk.announcements.item(
            kind,
            entry_id=entry_id,
            to=to,
            path=f"/v1/officer/bulletins/{bulletin.id}",
            step=_step(bulletin),
            now=desk.actor.now,
        )
    ]


def _step(bulletin: Bulletin) -> TwoPersonStep:
    return _STEPS.get(bulletin.state, TwoPersonStep.BULLETIN)
