"""Who may approve what is pending of a bulletin, and the notices: that it awaits one of them, and
that it was declined.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.domain.bulletins import Bulletin, BulletinState
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.two_persons import TwoPersonStep, refusal
from chalicelib.services.actor import OfficerActor
from chalicelib.services.bulletin_queries import works_in
from chalicelib.services.two_persons import require_second_person
from chalicelib.store.announcements import Announcements
from chalicelib.store.audit import of_bulletin
from chalicelib.store.bulletins import Bulletins
from chalicelib.store.officers import Officers
from chalicelib.store.writes import TransactItem


class BulletinStores(NamedTuple):
    """Where a change of a bulletin is written, and whom a notice is for when it waits."""

    bulletins: Bulletins
    officers: Officers
    announcements: Announcements


_STEPS: Mapping[BulletinState, TwoPersonStep] = {
    BulletinState.RESOLVED: TwoPersonStep.OUTCOME,
    BulletinState.WITHDRAWN: TwoPersonStep.WITHDRAWAL,
}


def require_second_officer(bulletin: Bulletin, *, actor: OfficerActor) -> None:
    """Raise Forbidden (`self_approval`, `approves_later`) unless the officer may approve it.

    The refusal is written to the audit of the bulletin.
    """
    subject = of_bulletin(bulletin.id)
    require_second_person(_step(bulletin), bulletin.authors, actor=actor, subject=subject)


def notify_second_officers(
    before: Bulletin | None,
    after: Bulletin,
    *,
    actor: OfficerActor,
    stores: BulletinStores,
    catalogue: Catalogue,
) -> list[TransactItem]:
    """Return the write that notifies officers of the channel that something awaits an approval.

    It belongs in the transaction that makes it wait. There is none when something of the same kind
    has waited `before`, or when nobody may approve it.
    """
    now = actor.now
    waited = before and before.is_pending(now) and _step(before) is _step(after)
    if waited or not after.is_pending(now):
        return []
    to = [
        each.username
        for each in stores.officers.all()
        if each.active
        and each.has_role(*CASEWORKERS)
        and works_in(each, after.content.channel, catalogue)
        and not refusal(each, after.authors, now)
    ]
    entry_id = f"{after.id}-{after.version}"
    return _notice(NoticeKind.APPROVAL, after, to, entry_id, actor=actor, stores=stores)


def notify_of_step(
    before: Bulletin,
    after: Bulletin,
    *,
    actor: OfficerActor,
    stores: BulletinStores,
    catalogue: Catalogue,
) -> list[TransactItem]:
    """Return the write that notifies whoever must act after a step, in its transaction."""
    if after.declined and not before.declined:
        return _notify_authors(after, actor=actor, stores=stores)
    return notify_second_officers(before, after, actor=actor, stores=stores, catalogue=catalogue)


def _notify_authors(
    after: Bulletin, *, actor: OfficerActor, stores: BulletinStores
) -> list[TransactItem]:
    """Return the write that notifies the authors, but for this officer, that it was declined."""
    to = [author for author in after.authors if author != actor.by]
    entry_id = f"{after.id}-{after.version}-declined"
    return _notice(NoticeKind.DECLINED, after, to, entry_id, actor=actor, stores=stores)


def _notice(
    kind: NoticeKind,
    bulletin: Bulletin,
    to: Sequence[str],
    entry_id: str,
    *,
    actor: OfficerActor,
    stores: BulletinStores,
) -> list[TransactItem]:
    """Return the write of a notice to these officers; none when there is nobody."""
    if not to:
        return []
    return [
        stores.announcements.item(
            kind,
            entry_id=entry_id,
            to=to,
            path=f"/v1/officer/bulletins/{bulletin.id}",
            step=_step(bulletin),
            now=actor.now,
        )
    ]


def _step(bulletin: Bulletin) -> TwoPersonStep:
    return _STEPS.get(bulletin.state, TwoPersonStep.BULLETIN)
