"""Bulletins: drafted by one officer, approved by another, corrected, resolved, withdrawn; and what
readers see of them.

An officer works in a channel when they see a category that feeds it. Districts play no part:
readers are the whole city. Nothing is shown to an officer, and nothing changed, without its audit
record.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib import errors
from chalicelib.domain import outbox, times
from chalicelib.domain.bulletins import Bulletin
from chalicelib.domain.bulletins import BulletinState as State
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.bulletins.model import MAX_PICTURES, Step
from chalicelib.domain.bulletins.requests import Changes, Draft
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.ids import Identity, is_bulletin_id, random_id
from chalicelib.domain.ids import bulletin_id as bulletin_id_of
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.media import (
    ACCEPTED,
    Declared,
    Manifest,
    MediaKind,
    MediaState,
    RejectReason,
    advances,
    original_key,
)
from chalicelib.domain.officers import Officer
from chalicelib.domain.paging import Cursors
from chalicelib.domain.reports import Medium
from chalicelib.services.intake import new_medium
from chalicelib.services.media_results import read_manifest, verdict_fields
from chalicelib.store import keys
from chalicelib.store.audit import Action, Audit
from chalicelib.store.bulletins import (
    BY_STATE,
    VERDICT,
    Bulletins,
    Dossier,
    Due,
    Published,
    published,
)
from chalicelib.store.listing import Listing
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects
    from chalicelib.media.queue import UploadsQueue
    from chalicelib.store.reports import Reports

log = logging.getLogger(__name__)

_TRIES = 5
_PER_SWEEP = 100
# How often an uploaded picture is put before make_thumbnails again, before it counts as one that
# cannot be processed.
_ATTEMPTS = 3
_MAKES_A_VERSION = ("draft", "write")
# Who it was when nobody did it.
CLOCK = "(clock)"
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every officer's step needs."""

    officer: Officer
    bulletins: Bulletins
    audit: Audit
    catalogue: Catalogue
    now: datetime


@dataclass(frozen=True, slots=True)
class BulletinPage:
    items: tuple[Bulletin, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a bulletin's history; `at` as it is written out."""

    at: str
    by: str
    action: str
    detail: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class PublicPage:
    items: tuple[Published, ...]
    next_cursor: str | None


def works_in(officer: Officer, channel: str, catalogue: Catalogue) -> bool:
    return any(officer.sees_category(category) for category in catalogue.channel(channel).fed_by)


def draft_bulletin(
    draft: Draft, *, idempotency_key: str | None, identity: Identity, desk: Desk
) -> Bulletin:
    """Write a draft. The same Idempotency-Key again answers with the same draft.

    Raises Invalid, Conflict (`channel_not_active`, `key_reused`).
    """
    by, now = desk.officer.username, desk.now
    if not works_in(desk.officer, draft.channel, desk.catalogue):
        raise errors.Invalid(errors.FieldError("channel", "unknown_value"))
    entry_id = (
        identity.entry_id(f"bulletins/{by}", idempotency_key) if idempotency_key else random_id()
    )
    existing = desk.bulletins.get(bulletin_id_of(entry_id)) if idempotency_key else None
    if existing is None:
        if not desk.catalogue.takes_bulletins(draft.channel, now):
            raise errors.Conflict("channel_not_active")
        bulletin = rules.new_bulletin(draft, entry_id=entry_id, by=by, now=now)
        record = desk.audit.bulletin_action(
            bulletin.id,
            by=by,
            action=Action.CHANGE,
            now=now,
            detail={"step": "draft", "version": 1},
        )
        try:
            desk.bulletins.create(bulletin, record)
        except ConditionFailed:
            existing = desk.bulletins.get(bulletin.id)
        else:
            return bulletin
    if (
        existing is None
        or rules.new_bulletin(draft, entry_id=entry_id, by=by, now=existing.created_at).content
        != existing.content
    ):
        raise errors.Conflict("key_reused")
    return existing


def list_bulletins(
    channel: str | None,
    state: State | None,
    *,
    cursor: str | None,
    limit: int,
    listing: Listing,
    cursors: Cursors,
    desk: Desk,
) -> BulletinPage:
    """One page, newest first, of the officer's channels.

    A filter outside them gives an empty page.
    """
    officer, now = desk.officer, desk.now
    bound = {"channel": channel, "state": state}
    below = cursors.read(cursor, reader=officer.username, filters=bound, now=now)
    channels = {
        each.code
        for each in desk.catalogue.channels
        if channel in (None, each.code) and works_in(officer, each.code, desk.catalogue)
    }
    # What time has ended is kept as published until the sweep comes by.
    partitions = (
        [State.PUBLISHED, State.EXPIRED]
        if state is State.EXPIRED
        else [state]
        if state
        else list(State)
    )

    def keep(row: Mapping[str, Any]) -> bool:
        bulletin = Bulletin.model_validate(row)
        return bulletin.content.channel in channels and state in (None, bulletin.state_at(now))

    page = listing.page(
        BY_STATE, [each.value for each in partitions], limit=limit, below=below, keep=keep
    )
    desk.audit.about_officer(
        by=officer.username,
        action=Action.LIST,
        now=now,
        detail={"bulletins": bound, "below": below, "count": len(page.rows)},
    )
    signed = (
        cursors.sign(page.position, reader=officer.username, filters=bound, now=now)
        if page.position
        else None
    )
    return BulletinPage(tuple(Bulletin.model_validate(row) for row in page.rows), signed)


def open_bulletin(bulletin_id: str, *, desk: Desk) -> Dossier:
    """A bulletin of the officer's channels. Raises NotFound for an unknown one as for one of
    another channel, with a denial on record.
    """
    dossier = _within_reach(bulletin_id, desk)
    desk.audit.about_bulletin(
        bulletin_id, by=desk.officer.username, action=Action.OPEN, now=desk.now
    )
    return dossier


def read_history(bulletin_id: str, *, desk: Desk) -> list[Event]:
    """Who did and saw what, oldest first, this very look included; with each version its content.
    Raises NotFound.
    """
    _within_reach(bulletin_id, desk)
    by = desk.officer.username
    desk.audit.about_bulletin(
        bulletin_id, by=by, action=Action.OPEN, now=desk.now, detail={"part": "history"}
    )
    unnamed = {each.version: each for each in desk.bulletins.versions(bulletin_id)}
    events = []
    for row in desk.audit.of_bulletin(bulletin_id):
        detail = json.loads(row["detail"]) if "detail" in row else None
        if (
            detail
            and detail.get("step") in _MAKES_A_VERSION
            and (version := unnamed.pop(detail["version"], None))
        ):
            detail |= {"content": version.content.model_dump(mode="json")}
        events.append(Event(row["sk"].partition("#")[0], row["by"], row["action"], detail))
    # Pictures' verdicts, and what is older than the audit trail.
    events += [
        Event(
            times.render(each.at),
            each.by,
            Action.CHANGE,
            {"version": number, "content": each.content.model_dump(mode="json")},
        )
        for number, each in unnamed.items()
    ]
    return sorted(events, key=lambda event: event.at)


def count_leads(bulletin_id: str, *, reports: "Reports", catalogue: Catalogue) -> int:
    """How many leads there are on a bulletin."""
    shards = max(category.shards for category in catalogue.categories)
    index = (keys.BY_BULLETIN, keys.PARTITION[keys.BY_BULLETIN], "listed_at")
    return sum(
        reports.table.count(f"{bulletin_id}#{shard}", index=index) for shard in range(shards)
    )


def change_bulletin(bulletin_id: str, changes: Changes, *, version: int, desk: Desk) -> Dossier:
    """Write the next version. Of a published bulletin it waits for approval, and readers go on
    seeing the old one.

    Raises Stale, Invalid, Conflict (`illegal_transition`, `channel_not_active`), NotFound.
    """

    def write(dossier: Dossier) -> Bulletin:
        bulletin = _fresh(dossier, version)
        wanted = changes.channel
        if wanted and wanted != bulletin.content.channel:
            if not works_in(desk.officer, wanted, desk.catalogue):
                raise errors.Invalid(errors.FieldError("channel", "unknown_value"))
            if not desk.catalogue.takes_bulletins(wanted, desk.now):
                raise errors.Conflict("channel_not_active")
        showable = frozenset(
            medium.media_id
            for medium in dossier.pictures
            if medium.state is not MediaState.REJECTED
        )
        return rules.changed(
            bulletin, changes, pictures=showable, by=desk.officer.username, now=desk.now
        )

    return _step(
        bulletin_id, write, desk, {"step": "write", "fields": sorted(changes.model_fields_set)}
    )


def add_pictures(
    bulletin_id: str,
    declared: Sequence[Declared],
    *,
    idempotency_key: str | None,
    identity: Identity,
    desk: Desk,
) -> tuple[Bulletin, tuple[Medium, ...]]:
    """Declare pictures, which the next version shows. The same Idempotency-Key again answers with
    the same pictures.

    Raises Invalid, Conflict (`too_many_media`, `key_reused`, `illegal_transition`), NotFound.
    """
    wrong = [
        n
        for n, each in enumerate(declared)
        if ACCEPTED[each.content_type].kind is not MediaKind.IMAGE
    ]
    if wrong:
        raise errors.Invalid(
            *(errors.FieldError(f"media.{n}.content_type", "pictures_only") for n in wrong)
        )
    call = idempotency_key or random_id()
    new = tuple(
        new_medium(each, identity.media_id(bulletin_id, call, n), n, desk.now)
        for n, each in enumerate(declared)
    )
    for _ in range(_TRIES):
        dossier = _within_reach(bulletin_id, desk)
        bulletin, known = dossier.bulletin, {medium.media_id: medium for medium in dossier.pictures}
        if new[0].media_id in known:
            existing = tuple(known[medium.media_id] for medium in new if medium.media_id in known)
            if [_declaration(medium) for medium in existing] != [
                _declaration(medium) for medium in new
            ]:
                raise errors.Conflict("key_reused")
            return bulletin, existing
        bulletin.after(Step.WRITE, desk.now)
        shown = (*bulletin.content.media, *(medium.media_id for medium in new))
        if len(shown) > MAX_PICTURES:
            raise errors.Conflict("too_many_media", limit=str(MAX_PICTURES))
        content = bulletin.content.model_copy(update={"media": shown})
        after = rules.written(bulletin, content, by=desk.officer.username)
        puts = [
            action
            for medium in new
            for action in desk.bulletins.picture_action(
                bulletin_id, medium, desk.now + outbox.UPLOAD_CHECK
            )
        ]
        try:
            record = _record(after, desk, {"step": "write", "fields": ["media"]})
            return desk.bulletins.replace(
                bulletin, after, record, *puts, by=desk.officer.username, now=desk.now
            ), new
        except ConditionFailed:
            continue
    raise errors.Unavailable


def approve_bulletin(bulletin_id: str, *, version: int, desk: Desk) -> Dossier:
    """Publish exactly this version. Repeated by the same officer, it answers the same.

    Raises Forbidden `self_approval`, Stale, Conflict (`illegal_transition`, `channel_not_active`,
    `media_pending`, `expiry_passed`), NotFound.
    """
    by, now = desk.officer.username, desk.now

    def approve(dossier: Dossier) -> Bulletin:
        bulletin = _fresh(dossier, version)
        if bulletin.state_at(now) is State.PUBLISHED and (
            bulletin.published_version,
            bulletin.approved_by,
        ) == (version, by):
            return bulletin
        if bulletin.state_at(now) is not State.PUBLISHED and not desk.catalogue.takes_bulletins(
            bulletin.content.channel, now
        ):
            raise errors.Conflict("channel_not_active")
        try:
            after = rules.approved(bulletin, by=by, now=now)
        except errors.Forbidden:
            desk.audit.about_bulletin(
                bulletin_id,
                by=by,
                action=Action.DENIED,
                now=now,
                detail={"step": "approve", "version": version},
            )
            raise
        ready = {medium.media_id for medium in dossier.pictures if medium.state is MediaState.READY}
        if not ready.issuperset(bulletin.content.media):
            raise errors.Conflict("media_pending")
        return after

    return _step(bulletin_id, approve, desk, {"step": "approve"})


def resolve_bulletin(bulletin_id: str, outcome: LocalizedText, *, desk: Desk) -> Dossier:
    """Tell how it ended, at once; so does every lead. Repeated, it answers the same; with another
    outcome it corrects the first.

    Raises Conflict, NotFound.
    """

    def resolve(dossier: Dossier) -> Bulletin:
        bulletin = dossier.bulletin
        if bulletin.state is State.RESOLVED and bulletin.outcome == outcome:
            return bulletin
        return rules.resolved(bulletin, outcome, now=desk.now)

    return _step(bulletin_id, resolve, desk, {"step": "resolve", "outcome": outcome})


def withdraw_bulletin(bulletin_id: str, reason: str, *, desk: Desk) -> Dossier:
    """Take it back, at once. Repeated, it answers the same. Raises Conflict, NotFound."""

    def withdraw(dossier: Dossier) -> Bulletin:
        bulletin = dossier.bulletin
        if bulletin.state is State.WITHDRAWN and bulletin.reason == reason:
            return bulletin
        return rules.withdrawn(bulletin, reason, now=desk.now)

    return _step(bulletin_id, withdraw, desk, {"step": "withdraw", "reason": reason})


def read_page(
    channel: str | None,
    *,
    cursor: str | None,
    limit: int,
    bulletins: Bulletins,
    cursors: Cursors,
    now: datetime,
) -> PublicPage:
    """What readers see, newest first. One read, however many bulletins there are."""
    bound = {"channel": channel}
    below = cursors.read(cursor, reader=PUBLIC, filters=bound, now=now) if cursor else None
    page = bulletins.page(channel, now=now, limit=limit, below=below)
    signed = (
        cursors.sign(page.position, reader=PUBLIC, filters=bound, now=now)
        if page.position
        else None
    )
    return PublicPage(page.items, signed)


def read_bulletin(bulletin_id: str, *, bulletins: Bulletins, now: datetime) -> Bulletin:
    """One that readers may see: published, or resolved and told so. Raises NotFound for every
    other.
    """
    bulletin = bulletins.get(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if bulletin is None or not (
        published(bulletin, now) or (bulletin.state is State.RESOLVED and bulletin.published)
    ):
        raise errors.NotFound
    return bulletin


def read_alert(bulletin_id: str, *, bulletins: Bulletins, now: datetime) -> Bulletin:
    """One whose last CAP message still holds: published, or ended before its time, which is a
    message too. Raises NotFound.
    """
    bulletin = bulletins.get(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if bulletin is None or not bulletin.messages or bulletin.state_at(now) is State.EXPIRED:
        raise errors.NotFound
    return bulletin


def record_picture(
    bulletin_id: str, media_id: str, manifest: Manifest, *, bulletins: Bulletins, now: datetime
) -> bool:
    """Take a verdict over into a bulletin's picture. False when it is unknown or has its verdict:
    both are no fault.
    """
    return _settle(bulletin_id, media_id, manifest.state, verdict_fields(manifest), bulletins, now)


def sweep_bulletins(
    *,
    bulletins: Bulletins,
    audit: Audit,
    objects: "Objects",
    uploads: "UploadsQueue",
    now: datetime,
) -> dict[str, int]:
    """End what time has ended, and find out what became of pictures; answers how much was due and
    how much failed (it stays due).
    """
    found = bulletins.due(now, limit=_PER_SWEEP)
    failed = 0
    for due in found:
        try:
            if due.media_id:
                _look_for_picture(due, due.media_id, bulletins, objects, uploads, now)
            else:
                _expire(due, bulletins, audit, now)
        except Exception as error:  # one bad item must not hold up the others
            failed += 1
            log.warning("bulletin_task_failed", extra={"error": type(error).__name__})
    return {"due": len(found), "failed": failed}


def _within_reach(bulletin_id: str, desk: Desk) -> Dossier:
    dossier = desk.bulletins.dossier(bulletin_id) if is_bulletin_id(bulletin_id) else None
    if dossier is None:
        desk.audit.about_officer(
            by=desk.officer.username,
            action=Action.DENIED,
            now=desk.now,
            detail={"bulletin": bulletin_id[:40]},
        )
        raise errors.NotFound
    if not works_in(desk.officer, dossier.bulletin.content.channel, desk.catalogue):
        desk.audit.about_bulletin(
            bulletin_id, by=desk.officer.username, action=Action.DENIED, now=desk.now
        )
        raise errors.NotFound
    return dossier


def _fresh(dossier: Dossier, version: int) -> Bulletin:
    if dossier.bulletin.version != version:
        raise errors.Stale
    return dossier.bulletin


def _step(
    bulletin_id: str, take: Callable[[Dossier], Bulletin], desk: Desk, detail: dict[str, Any]
) -> Dossier:
    """Carry out one step on the bulletin as it stands, and again when somebody else was quicker."""
    for _ in range(_TRIES):
        dossier = _within_reach(bulletin_id, desk)
        before = dossier.bulletin
        after = take(dossier)
        try:
            if after is before:  # the same step again
                desk.audit.about_bulletin(
                    bulletin_id, by=desk.officer.username, action=Action.OPEN, now=desk.now
                )
                return dossier
            record = _record(after, desk, detail)
            return Dossier(
                desk.bulletins.replace(
                    before, after, record, by=desk.officer.username, now=desk.now
                ),
                dossier.pictures,
            )
        except ConditionFailed:
            continue
    raise errors.Unavailable


def _record(after: Bulletin, desk: Desk, detail: dict[str, Any]) -> dict[str, Any]:
    known = detail | {"version": after.version, "state": after.state}
    return desk.audit.bulletin_action(
        after.id, by=desk.officer.username, action=Action.CHANGE, now=desk.now, detail=known
    )


def _declaration(medium: Medium) -> tuple[str, int, str | None]:
    return medium.declared_type, medium.declared_size, medium.declared_sha256


def _settle(
    bulletin_id: str,
    media_id: str,
    state: MediaState,
    found: dict[str, Any],
    bulletins: Bulletins,
    now: datetime,
) -> bool:
    """A verdict changes what an approval would cover, so it makes a new version; a rejected picture
    is no longer shown by it.
    """
    for _ in range(_TRIES):
        dossier = bulletins.dossier(bulletin_id)
        medium = (
            next((each for each in dossier.pictures if each.media_id == media_id), None)
            if dossier
            else None
        )
        if dossier is None or medium is None or not advances(medium.state, state):
            return False
        before = dossier.bulletin
        shown = tuple(
            each for each in before.content.media if each != media_id or state is MediaState.READY
        )
        after = rules.written(before, before.content.model_copy(update={"media": shown}), by=None)
        try:
            bulletins.replace(
                before,
                after,
                bulletins.settle_action(bulletin_id, medium, found),
                by=VERDICT,
                now=now,
            )
        except ConditionFailed:
            continue
        return True
    raise errors.Unavailable


def _expire(due: Due, bulletins: Bulletins, audit: Audit, now: datetime) -> None:
    bulletin = bulletins.get(due.bulletin_id)
    if (
        bulletin is None
        or bulletin.state is not State.PUBLISHED
        or bulletin.state_at(now) is not State.EXPIRED
    ):
        bulletins.complete(due)
        return
    after = bulletin.model_copy(update={"state": State.EXPIRED})
    record = audit.bulletin_action(
        bulletin.id,
        by=CLOCK,
        action=Action.CHANGE,
        now=now,
        detail={"step": "expire", "version": after.version},
    )
    try:
        bulletins.replace(bulletin, after, record, by=CLOCK, now=now)
    except ConditionFailed:
        return  # changed at this moment: what is due then says so
    log.info("bulletin_expired", extra={"channel": bulletin.content.channel})


def _look_for_picture(
    due: Due,
    media_id: str,
    bulletins: Bulletins,
    objects: "Objects",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    dossier = bulletins.dossier(due.bulletin_id)
    medium = (
        next((each for each in dossier.pictures if each.media_id == media_id), None)
        if dossier
        else None
    )
    if medium is None or medium.state.is_verdict:
        bulletins.complete(due)
        return
    manifest = read_manifest(due.bulletin_id, media_id, objects=objects)
    if manifest:
        record_picture(due.bulletin_id, media_id, manifest, bulletins=bulletins, now=now)
        bulletins.complete(due)
        return
    key, attempts = original_key(due.bulletin_id, media_id), int(due.row.get("attempts", 0))
    first, give_up_at = objects.first_version(key), medium.created_at + outbox.UPLOAD_PATIENCE
    if first is None and now < give_up_at:
        bulletins.put_off(due, give_up_at, attempts=attempts)
    elif first is not None and attempts < _ATTEMPTS:
        uploads.requeue(objects.bucket, key, first.version_id)
        bulletins.put_off(due, now + outbox.UPLOAD_CHECK, attempts=attempts + 1)
    else:
        reason = RejectReason.UNPROCESSABLE if first else RejectReason.NOT_RECEIVED
        found = {
            "state": MediaState.REJECTED.value,
            "reason": reason.value,
            "version_id": first.version_id if first else None,
        }
        _settle(due.bulletin_id, media_id, MediaState.REJECTED, found, bulletins, now)
        bulletins.complete(due)
