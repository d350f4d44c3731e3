"""Officers' changes of bulletins: draft, change, approve, resolve, withdraw.

One officer writes a bulletin and another approves it, also the words of its outcome or withdrawal.
Each change, its audit record and the notice to who may approve it are written in one transaction.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.bulletins.model import MAX_PICTURES, Bulletin, BulletinState, Ending, Step
from chalicelib.domain.bulletins.requests import Changes, Draft
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.report import Medium
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity, random_id
from chalicelib.kernel.ids import bulletin_id as bulletin_id_of
from chalicelib.services.bulletins.queries import (
    BulletinDesk,
    bulletin_in_scope,
    notify_of_step,
    notify_second_officers,
    request_of,
    works_in,
)
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.uploads import Declaration, require_pictures, upload_check
from chalicelib.services.second_person import require_read, require_second_person
from chalicelib.store.audit.rows import Action, of_bulletin
from chalicelib.store.bulletins.bulletins import Dossier


def draft_bulletin(
    draft: Draft, *, idempotency_key: str | None, identity: Identity, desk: BulletinDesk
) -> tuple[Bulletin, bool]:
    """Create a draft. Return it, and whether an earlier call had created it.

    A repeated call with the same Idempotency-Key returns the same draft. Raises Invalid
    (a channel that the officer does not work in), Conflict `channel_not_active`, KeyReused,
    Unavailable.
    """
    actor = desk.actor
    if not works_in(actor.officer, draft.channel, desk.catalogue):
        raise errors.Invalid(errors.FieldError("channel", "unknown_value"))
    bulletins, owner = desk.bulletins, f"bulletins/{actor.by}"
    entry_id = identity.entry_id(owner, idempotency_key) if idempotency_key else random_id()
    existing = bulletins.get(bulletin_id_of(entry_id)) if idempotency_key else None
    if existing is None:
        if not desk.catalogue.takes_bulletins(draft.channel, actor.now):
            raise errors.Conflict("channel_not_active")
        bulletin = rules.new_bulletin(draft, entry_id=entry_id, by=actor.by, now=actor.now)
        detail = {"step": "draft", "version": 1}
        try:
            record = actor.log_item(of_bulletin(bulletin.id), Action.CHANGE, detail)
            notices = notify_second_officers(None, bulletin, desk=desk)
            bulletins.create(bulletin, record, *notices)
            return bulletin, False
        except ConditionFailed:
            existing = bulletins.get(bulletin.id)
    if existing is None:
        raise errors.Unavailable
    again = rules.new_bulletin(draft, entry_id=entry_id, by=actor.by, now=existing.created_at)
    if again.content != existing.content:
        raise errors.KeyReused
    actor.log(of_bulletin(existing.id), Action.OPEN)
    return existing, True


def change_bulletin(
    bulletin_id: str, changes: Changes, match: int | str, *, desk: BulletinDesk
) -> Dossier:
    """Write the next version of a bulletin: of the version or the tag `match`.

    If the bulletin is published, the new version waits for approval, and readers keep seeing the
    old one. Raises NotFound, Stale, Invalid, Conflict (`illegal_transition`,
    `channel_not_active`).
    """
    actor, catalogue = desk.actor, desk.catalogue

    def write(dossier: Dossier) -> Bulletin:
        bulletin = _matching(dossier, match, actor)
        channel = changes.channel
        if channel and channel != bulletin.content.channel:
            if not works_in(actor.officer, channel, catalogue):
                raise errors.Invalid(errors.FieldError("channel", "unknown_value"))
            if not catalogue.takes_bulletins(channel, actor.now):
                raise errors.Conflict("channel_not_active")
        usable = frozenset(
            medium.media_id
            for medium in dossier.pictures
            if medium.state is not MediaState.REJECTED
        )
        return rules.changed(bulletin, changes, pictures=usable, by=actor.by, now=actor.now)

    detail = {"step": "write", "fields": sorted(changes.model_fields_set)}
    return _take_step(bulletin_id, write, detail, desk)


def add_pictures(
    bulletin_id: str, declaration: Declaration, *, desk: BulletinDesk
) -> tuple[Bulletin, tuple[Medium, ...]]:
    """Write the next version of a bulletin, with more pictures, which are still to be uploaded.

    Return the bulletin and these pictures. A repeated call returns the same pictures. Raises
    NotFound, Invalid, KeyReused, Conflict (`too_many_media`, `illegal_transition`).
    """
    require_pictures(declaration.media)
    actor = desk.actor

    def step() -> tuple[Bulletin, tuple[Medium, ...]]:
        dossier = bulletin_in_scope(bulletin_id, desk=desk)
        bulletin = dossier.bulletin
        existing = declaration.existing({each.media_id: each for each in dossier.pictures})
        if existing:
            actor.log(of_bulletin(bulletin_id), Action.OPEN)
            return bulletin, existing
        bulletin.after(Step.WRITE, actor.now)
        shown = (*bulletin.content.media, *(medium.media_id for medium in declaration.media))
        if len(shown) > MAX_PICTURES:
            raise errors.Conflict("too_many_media", limit=str(MAX_PICTURES))
        content = bulletin.content.model_copy(update={"media": shown})
        after = rules.written(bulletin, content, by=actor.by, now=actor.now)
        pictures = [
            desk.bulletins.media.put_item(bulletin_id, medium, upload_check(actor.now))
            for medium in declaration.media
        ]
        record = _record(after, actor, {"step": "write", "fields": ["media"]})
        notices = notify_second_officers(bulletin, after, desk=desk)
        also = (record, *pictures, *notices)
        stored = desk.bulletins.replace(bulletin, after, *also, by=actor.by, now=actor.now)
        return stored, declaration.media

    return retry_on_conflict(step)


def approve_bulletin(
    bulletin_id: str, tag: str, *, without_waiting: bool, desk: BulletinDesk
) -> Dossier:
    """Approve exactly the version with this tag: publish its content, or the words of its ending.

    With `without_waiting`, approve it without the pictures that are not ready: each waits for an
    approval of its own once it is. A repeated call by the same officer changes nothing. Raises
    NotFound, Stale, Forbidden (`self_approval`, `approves_later`), Conflict (`illegal_transition`,
    `channel_not_active`, `media_pending`, `expiry_passed`).
    """
    actor, catalogue = desk.actor, desk.catalogue
    by, now = actor.by, actor.now

    def approve(dossier: Dossier) -> Bulletin:
        bulletin = dossier.bulletin
        request = request_of(bulletin)
        require_read(request, tag, actor)
        if rules.is_approved(bulletin, by=by, now=now):
            return bulletin
        if bulletin.state_at(now) in _APPEARS_BY_APPROVAL and not catalogue.takes_bulletins(
            bulletin.content.channel, now
        ):
            raise errors.Conflict("channel_not_active")
        after = rules.approved(bulletin, by=by, now=now)
        require_second_person(request, tag, actor=actor, subject=of_bulletin(bulletin_id))
        ready = {each.media_id for each in dossier.pictures if each.state is MediaState.READY}
        waiting = [each for each in bulletin.content.media if each not in ready]
        if bulletin.was_ended or not waiting:
            return after
        rest = rules.without_late(bulletin, waiting)
        if not without_waiting or not rest.is_pending(now):
            raise errors.Conflict("media_pending")
        detail["without"] = waiting
        return rules.approved(rest, by=by, now=now)

    detail: dict[str, Any] = {"step": "approve"}
    return _take_step(bulletin_id, approve, detail, desk)


def decline_bulletin(
    bulletin_id: str, match: int | str, reason: str, *, desk: BulletinDesk
) -> Dossier:
    """Decline what is pending of exactly this version or tag, and notify its authors.

    A repeated call by the same officer changes nothing. Raises NotFound, Stale, Conflict
    `illegal_transition`.
    """

    def decline(dossier: Dossier) -> Bulletin:
        bulletin = _matching(dossier, match, desk.actor)
        return rules.declined(bulletin, reason, by=desk.actor.by, now=desk.actor.now)

    # The reason is deleted with the bulletin. The audit stays.
    return _take_step(bulletin_id, decline, {"step": "decline"}, desk)


def resolve_bulletin(bulletin_id: str, ending: Ending, *, desk: BulletinDesk) -> Dossier:
    """End a bulletin with an outcome. Its code takes effect immediately, its words wait.

    The reporter of each lead sees the outcome too. A repeated call changes nothing. A call with
    another code or other words replaces the first outcome. Raises NotFound, Conflict
    `illegal_transition`.
    """
    return _end(bulletin_id, Step.RESOLVE, ending, desk)


def withdraw_bulletin(bulletin_id: str, ending: Ending, *, desk: BulletinDesk) -> Dossier:
    """Withdraw a bulletin, immediately. The words of its reason wait.

    A repeated call changes nothing. A call with another code or other words replaces the first
    reason. Raises NotFound, Conflict `illegal_transition`.
    """
    return _end(bulletin_id, Step.WITHDRAW, ending, desk)


_ENDED_BY = {Step.RESOLVE: BulletinState.RESOLVED, Step.WITHDRAW: BulletinState.WITHDRAWN}
_APPEARS_BY_APPROVAL = (BulletinState.DRAFT, BulletinState.EXPIRED)


def _end(bulletin_id: str, step: Step, ending: Ending, desk: BulletinDesk) -> Dossier:
    actor = desk.actor

    def end(dossier: Dossier) -> Bulletin:
        bulletin = dossier.bulletin
        if bulletin.ends_as(_ENDED_BY[step], ending):
            return bulletin
        return rules.ended(bulletin, step, ending, by=actor.by, now=actor.now)

    # The words are in the version that this makes, and are deleted with it. The audit stays.
    detail = {"step": step.value, "code": ending.code}
    return _take_step(bulletin_id, end, detail, desk)


def _matching(dossier: Dossier, match: int | str, actor: OfficerActor) -> Bulletin:
    """Return the bulletin. Raises Stale unless it has this version, or the tag of this officer's
    own reading.
    """
    bulletin = dossier.bulletin
    if isinstance(match, str):
        require_read(request_of(bulletin), match, actor)
    elif bulletin.version != match:
        raise errors.Stale
    return bulletin


def _take_step(
    bulletin_id: str,
    step: Callable[[Dossier], Bulletin],
    detail: dict[str, Any],
    desk: BulletinDesk,
) -> Dossier:
    """Apply one step to a bulletin and write the result. Return the bulletin with its pictures.

    `step` returns the changed bulletin, or the same object if there is nothing to change. `detail`
    goes into the audit record. If another write changes the bulletin in between, `step` runs again
    on the newer bulletin. Raises NotFound, Unavailable, and what `step` raises.
    """
    actor = desk.actor

    def attempt() -> Dossier:
        dossier = bulletin_in_scope(bulletin_id, desk=desk)
        before = dossier.bulletin
        after = step(dossier)
        if after is before:
            # The response shows the bulletin, so this is recorded as a read.
            actor.log(of_bulletin(bulletin_id), Action.OPEN)
            return dossier
        notices = notify_of_step(before, after, desk=desk)
        also = (_record(after, actor, detail), *notices)
        stored = desk.bulletins.replace(before, after, *also, by=actor.by, now=actor.now)
        return Dossier(stored, dossier.pictures)

    return retry_on_conflict(attempt)


def _record(after: Bulletin, actor: OfficerActor, detail: dict[str, Any]) -> TransactItem:
    """Return the write of the audit record of a change."""
    detail = detail | {"version": after.version, "state": after.state}
    return actor.log_item(of_bulletin(after.id), Action.CHANGE, detail)
