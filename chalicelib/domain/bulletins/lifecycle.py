"""The steps of a bulletin's life, and its retention.

    draft       90 days after its last change: withdrawn by the clock
    published   at its end: expired
    withdrawn   after 1 day: its pictures are deleted
    ended       after 30 days: readers see nothing more of it, no step is possible, and its pictures
                are deleted
                after 1 year: everything is deleted
    withdrawn before it was published: everything after 30 days

Officers need the text and its versions for leads and complaints that come later. They have the
pictures in their own files.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.bulletins.area import Area
from chalicelib.domain.bulletins.model import (
    MAX_PICTURES,
    TRACE_LIFE,
    AlertMessage,
    Bulletin,
    BulletinState,
    Content,
    Declined,
    Ending,
    MessageKind,
    Step,
    end_errors,
)
from chalicelib.domain.bulletins.requests import Changes, Draft
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.kernel import errors, ids


def new_bulletin(draft: Draft, *, entry_id: str, by: str, now: datetime) -> Bulletin:
    """Return the bulletin that a draft begins. Raises Invalid."""
    given = draft.model_dump(
        include={"channel", "title", "body", "about", "guardian_consent", "expires_at"}
    )
    content = Content(**given, area=_coarse(draft.area))
    _check(content, now)
    consent = {"consent_by": by, "consent_at": now} if content.guardian_consent else {}
    return Bulletin(
        id=ids.bulletin_id(entry_id),
        content=content,
        authors=(by,),
        created_at=now,
        created_by=by,
        written_at=now,
        **consent,
    )


def changed(
    bulletin: Bulletin, changes: Changes, *, pictures: frozenset[str], by: str, now: datetime
) -> Bulletin:
    """Return the next version. `pictures` are the ids that may be shown.

    Raises Conflict, Invalid.
    """
    state = bulletin.after(Step.WRITE, now)
    wrong = [
        *_cleared_errors(changes),
        *_channel_errors(bulletin, changes),
        *_picture_errors(changes.media or (), pictures),
    ]
    if wrong:
        raise errors.Invalid(*wrong)
    update = {name: getattr(changes, name) for name in changes.model_fields_set}
    if "area" in update:
        update["area"] = _coarse(update["area"])
    content = bulletin.content.model_copy(update=update)
    _check(content, now, before=bulletin.content)
    newly = content.guardian_consent and not bulletin.content.guardian_consent
    consent = {"consent_by": by, "consent_at": now} if newly else {}
    after = written(bulletin, content, by=by, now=now)
    return after.model_copy(update={"state": state, **consent})


def written(bulletin: Bulletin, content: Content, *, by: str | None, now: datetime) -> Bulletin:
    """Return the next version, with this content.

    `by` None: the result of processing a picture, not a person. A change that changes nothing makes
    nobody an author. What a person writes waits, also after it was declined.
    """
    wrote = by is not None and by not in bulletin.authors and content != bulletin.content
    authors = (*bulletin.authors, by) if by is not None and wrote else bulletin.authors
    return bulletin.model_copy(
        update={
            "content": content,
            "version": bulletin.version + 1,
            "authors": authors,
            "written_at": now,
            **({} if by is None else _written_anew(bulletin)),
        }
    )


def _written_anew(bulletin: Bulletin) -> dict[str, Declined | None]:
    """Return the fields of a new text: nothing is declined; what was, stays readable."""
    return {"declined": None, "declined_before": bulletin.declined or bulletin.declined_before}


def without_late(bulletin: Bulletin, waiting: Collection[str]) -> Bulletin:
    """Return the bulletin as it can be approved while pictures wait: without these.

    Each is shown again once it is ready, in a version that waits for an approval of its own.
    """
    shown = tuple(each for each in bulletin.content.media if each not in waiting)
    content = bulletin.content.model_copy(update={"media": shown})
    late = tuple(dict.fromkeys((*bulletin.late, *waiting)))
    return bulletin.model_copy(update={"content": content, "late": late})


def with_verdict(bulletin: Bulletin, media_id: str, *, is_ready: bool, now: datetime) -> Bulletin:
    """Return the next version, after the verdict on a picture: without one that was rejected, and
    with one that an approval has left out. Nothing comes into a bulletin that was ended.
    """
    shown = tuple(each for each in bulletin.content.media if is_ready or each != media_id)
    is_late = media_id in bulletin.late and media_id not in shown and not bulletin.was_ended
    if is_ready and is_late and len(shown) < MAX_PICTURES:
        shown = (*shown, media_id)
    content = bulletin.content.model_copy(update={"media": shown})
    late = tuple(each for each in bulletin.late if each != media_id)
    after = written(bulletin, content, by=None, now=now)
    return after.model_copy(update={"late": late})


def is_approved(bulletin: Bulletin, *, by: str, now: datetime) -> bool:
    """Return whether this officer has approved this version, and readers see it now."""
    version = bulletin.version
    if bulletin.was_ended:
        return (bulletin.words_version, bulletin.words_approved_by) == (version, by)
    is_published = bulletin.state_at(now) is BulletinState.PUBLISHED
    return is_published and (bulletin.published_version, bulletin.approved_by) == (version, by)


def approved(bulletin: Bulletin, *, by: str, now: datetime) -> Bulletin:
    """Return the bulletin with what is pending published: its content, or the words of its end.

    Who may approve is not checked here: see services/second_person. Raises Conflict
    (`illegal_transition`, `expiry_passed`).
    """
    if bulletin.was_ended:
        return _words_approved(bulletin, by=by, now=now)
    content, before = bulletin.content, bulletin.published
    expires_at = bulletin.end_if_approved(now)
    if bulletin.is_pending(now) and expires_at <= now:
        raise errors.Conflict("expiry_passed")
    bulletin.after(Step.APPROVE, now)
    corrects = before is not None and not content.says_the_same(before)
    kind = MessageKind.ALERT if before is None else MessageKind.UPDATE
    return bulletin.model_copy(
        update={
            "state": BulletinState.PUBLISHED,
            "published": content,
            "published_version": bulletin.version,
            "published_at": bulletin.published_at or now,
            "corrected_at": now if corrects else bulletin.corrected_at,
            "approved_by": by,
            "expires_at": expires_at,
            "declined_before": None,
            "messages": (*bulletin.messages, AlertMessage(kind=kind, sent=now)),
        }
    )


def _words_approved(bulletin: Bulletin, *, by: str, now: datetime) -> Bulletin:
    bulletin.after(Step.APPROVE, now)
    shown = {
        "words_approved_by": by,
        "words_version": bulletin.version,
        "corrected_at": now,
        "declined_before": None,
    }
    return _cancelled(bulletin.model_copy(update=shown), now)


def declined(bulletin: Bulletin, reason: str, *, by: str, now: datetime) -> Bulletin:
    """Return the bulletin with what is pending declined. It stays as it is, and nothing waits until
    somebody writes. Repeated by the same officer, change nothing. Raises Conflict
    `illegal_transition`.
    """
    if bulletin.declined and bulletin.declined.by == by:
        return bulletin
    bulletin.after(Step.DECLINE, now)
    said = Declined(version=bulletin.version, by=by, at=now, reason=reason)
    return bulletin.model_copy(update={"declined": said})


def ended(bulletin: Bulletin, step: Step, ending: Ending, *, by: str, now: datetime) -> Bulletin:
    """Return the bulletin resolved or withdrawn (`step`); or, if it is, with that corrected.

    Readers see the code at once, and neither the content nor any earlier words. New words wait.
    The officer who wrote them becomes an author. Raises Conflict `illegal_transition`, Invalid
    (a code that its channel does not have).
    """
    state = bulletin.after(step, now)
    if step is Step.RESOLVE and ending.code not in bulletin.outcomes:
        allowed = (("allowed", ", ".join(bulletin.outcomes)),)
        raise errors.Invalid(errors.FieldError("code", "not_for_channel", allowed))
    corrects = state is bulletin.state
    wrote = ending.words is not None and by not in bulletin.authors
    after = bulletin.model_copy(
        update={
            "state": state,
            "version": bulletin.version + 1,
            "content": bulletin.published or bulletin.content,
            "authors": (*bulletin.authors, by) if wrote else bulletin.authors,
            "ended_at": bulletin.ended_at if corrects else now,
            "code": ending.code,
            "words": ending.words,
            "words_version": None,
            "words_approved_by": None,
            # What was declined of the content says nothing about the words of its end.
            **(
                _written_anew(bulletin) if corrects else {"declined": None, "declined_before": None}
            ),
        }
    )
    if corrects and after.end_text == bulletin.end_text:
        return after
    if corrects:
        after = after.model_copy(update={"corrected_at": now})
    return _cancelled(after, now)


def _cancelled(bulletin: Bulletin, now: datetime) -> Bulletin:
    """Return the bulletin with one more Cancel, if it has messages.

    A published message never changes: when the text of a Cancel does, another Cancel says so.
    """
    if not bulletin.messages:
        return bulletin
    cancel = AlertMessage(kind=MessageKind.CANCEL, sent=now)
    return bulletin.model_copy(update={"messages": (*bulletin.messages, cancel)})


_CLEARABLE = frozenset({"area", "expires_at"})


def _cleared_errors(changes: Changes) -> list[errors.FieldError]:
    return [
        errors.FieldError(name, "required")
        for name in sorted(changes.model_fields_set - _CLEARABLE)
        if getattr(changes, name) is None
    ]


def _channel_errors(bulletin: Bulletin, changes: Changes) -> list[errors.FieldError]:
    moves = changes.channel not in (None, bulletin.content.channel)
    fixed = moves and bulletin.published_at
    return [errors.FieldError("channel", "fixed_once_published")] if fixed else []


def _picture_errors(shown: tuple[str, ...], pictures: frozenset[str]) -> list[errors.FieldError]:
    unknown = [
        errors.FieldError(f"media.{n}", "unknown_value")
        for n, picture in enumerate(shown)
        if picture not in pictures
    ]
    repeated = [
        errors.FieldError(f"media.{n}", "duplicate")
        for n, picture in enumerate(shown)
        if picture in shown[:n]
    ]
    return unknown + repeated


def _coarse(area: str | Area | None) -> str | dict[str, str] | None:
    return area.coarse() if isinstance(area, Area) else area


def _check(content: Content, now: datetime, *, before: Content | None = None) -> None:
    """Check what takes several fields. Raises Invalid."""
    wrong = []
    if not content.title.keys() & content.body.keys():
        wrong.append(errors.FieldError("body", "needs_one_language"))
    if catalogue().channel(content.channel).guardian_consent and not content.guardian_consent:
        wrong.append(errors.FieldError("guardian_consent", "consent_required"))
    due, about = content.expires_at, content.about
    # The date of an old draft does not stand in the way of other changes.
    if due and (before is None or (due, about) != (before.expires_at, before.about)):
        wrong += end_errors(due, about, now)
    if wrong:
        raise errors.Invalid(*wrong)


IDLE_DRAFT_LIFE = timedelta(days=90)
# No grant to upload a picture, and no processing of one, lives that long.
WITHDRAWN_PICTURES_LIFE = timedelta(days=1)
DOSSIER_LIFE = timedelta(days=365)
UNPUBLISHED_LIFE = timedelta(days=30)


class Stage(StrEnum):
    """What the clock does next with a bulletin."""

    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    CLOSE = "close"
    DELETE_PICTURES = "delete_pictures"
    DELETE = "delete"


class Due(NamedTuple):
    stage: Stage
    at: datetime


def next_stage(bulletin: Bulletin) -> Due | None:
    """Return the next step of the clock with a bulletin, and its time."""
    if bulletin.state is BulletinState.DRAFT:
        return Due(Stage.WITHDRAW, (bulletin.written_at or bulletin.created_at) + IDLE_DRAFT_LIFE)
    if bulletin.state is BulletinState.PUBLISHED:
        return Due(Stage.EXPIRE, bulletin.expires_at) if bulletin.expires_at else None
    ended_at = bulletin.over_since
    if ended_at is None:
        return None
    withdrawn = bulletin.state is BulletinState.WITHDRAWN
    if withdrawn and not bulletin.pictures_deleted_at:
        return Due(Stage.DELETE_PICTURES, ended_at + WITHDRAWN_PICTURES_LIFE)
    if not bulletin.published_at:
        return Due(Stage.DELETE, ended_at + UNPUBLISHED_LIFE)
    if not bulletin.closed_at:
        return Due(Stage.CLOSE, ended_at + TRACE_LIFE)
    # Only when no step is possible: an expired bulletin can be renewed until then.
    if not bulletin.pictures_deleted_at:
        return Due(Stage.DELETE_PICTURES, ended_at + TRACE_LIFE)
    return Due(Stage.DELETE, ended_at + DOSSIER_LIFE)
