"""Schemas of bulletins for officers: in a list, and opened."""

from typing import Annotated, Any, Literal, Self

from chalicelib.domain.bulletins.model import About, Bulletin, BulletinState, EndCode, Step
from chalicelib.domain.reports.report import Medium
from chalicelib.handlers.casework.history import OPEN, Names, Number, Text
from chalicelib.handlers.reports.views import Upload, VerdictView, preview_url, thumbnail_url
from chalicelib.http.requests import Call
from chalicelib.http.shapes import Channel, CoarseArea, Shape, Timestamp
from chalicelib.kernel.languages import LocalizedText, text
from chalicelib.kernel.models import NotNull, left_out
from chalicelib.store.audit.rows import Action
from chalicelib.store.bulletins.bulletins import Dossier


class ContentView(Shape):
    """The content of a bulletin: what officers write and approve."""

    channel: Channel
    title: LocalizedText
    body: LocalizedText
    area: str | CoarseArea | None
    about: About
    guardian_consent: bool


class VersionContent(ContentView):
    """The content of one version, with its pictures (`media`) and the requested expiry."""

    expires_at: Timestamp | None
    media: list[str]


class DeclinedView(Shape):
    """Who declined what waited for approval, in which version, and why."""

    version: int
    by: str
    at: Timestamp
    reason: str


class ListedBulletin(ContentView):
    """A bulletin in a list.

    `expires_at` is when the bulletin expires; for a draft it is the requested time. `pending` is
    true when a version waits for approval. `outcome` and `reason` are the approved words of a
    resolved and of a withdrawn bulletin; the public sees them after the text of its `code`.
    `pending_words` are words that wait for approval. `declined` says that what waited was declined:
    it waits no more until it is written again. `declined_before` is what was declined of it before
    what waits now.
    """

    id: str
    state: BulletinState
    version: int
    channel_label: str
    expires_at: Timestamp | None
    pending: bool
    created_at: Timestamp
    created_by: str
    authors: list[str]
    approved_by: str | None
    published_version: int | None
    published_at: Timestamp | None
    corrected_at: Timestamp | None
    ended_at: Timestamp | None
    code: EndCode | None
    outcome: LocalizedText | None
    reason: LocalizedText | None
    pending_words: LocalizedText | None
    words_approved_by: str | None
    declined: DeclinedView | None
    declined_before: DeclinedView | None

    @classmethod
    def at_hand(cls, bulletin: Bulletin, call: Call, **more: Any) -> Self:
        """Return the view of the current version, which may still wait for approval."""
        content = bulletin.content
        own = dict(bulletin)
        state, words = bulletin.state_at(call.now), bulletin.approved_words
        pending = bulletin.is_pending(call.now)
        return cls.model_validate(
            {
                **dict(content),
                **own,
                "state": state,
                "outcome": words if state is BulletinState.RESOLVED else None,
                "reason": words if state is BulletinState.WITHDRAWN else None,
                "pending_words": bulletin.pending_words,
                "channel_label": text(f"channel.{content.channel}", call.language),
                "expires_at": content.expires_at or bulletin.expires_at,
                "pending": pending,
                "declined_before": bulletin.declined_before if pending else None,
                **more,
            }
        )


class BulletinPage(Shape):
    items: list[ListedBulletin]
    next_cursor: str | None


class BulletinPicture(VerdictView):
    """A picture of a bulletin. `shown` is true when the current version contains it. `late`: an
    approval has left it out; once it is ready, it waits for an approval of its own. `delayed`: a
    fault of ours keeps it from being ready; it is tried again by itself.
    """

    shown: bool
    late: bool
    delayed: bool
    thumbnail_url: str | None
    preview_url: str | None

    @classmethod
    def of_bulletin(cls, bulletin: Bulletin, medium: Medium, language: str) -> Self:
        shown = medium.media_id in bulletin.content.media
        return cls.in_language(
            medium,
            language,
            shown=shown,
            late=medium.media_id in bulletin.late,
            delayed=medium.is_delayed,
            thumbnail_url=thumbnail_url(bulletin.id, medium),
            preview_url=preview_url(bulletin.id, medium),
        )


class Consent(Shape):
    """The guardian's consent: which officer recorded it, and when."""

    by: str
    at: Timestamp


class BulletinView(ListedBulletin):
    """An opened bulletin.

    While a newer version is not approved, `published` is the content that the public sees;
    otherwise it is null. `steps` lists the steps that are possible now, and `outcomes` the codes
    with which it can be resolved. `leads` is the number of leads on this bulletin; 1000 stands for
    1000 or more.
    """

    consent: Consent | None
    media: list[BulletinPicture]
    published: ContentView | None
    leads: int
    steps: list[Step]
    outcomes: list[EndCode]
    url: str

    @classmethod
    def opened(cls, dossier: Dossier, call: Call, *, leads: int) -> Self:
        # Imported here, because work on reports needs these schemas and not the public's routes.
        from chalicelib.http.addresses import bulletin_url

        bulletin = dossier.bulletin
        consent = {"by": bulletin.consent_by, "at": bulletin.consent_at}
        return cls.at_hand(
            bulletin,
            call,
            consent=consent if bulletin.consent_by and bulletin.consent_at else None,
            media=[
                BulletinPicture.of_bulletin(bulletin, medium, call.language)
                for medium in dossier.pictures
            ],
            published=bulletin.published
            if bulletin.has_unapproved(call.now) and not bulletin.was_ended
            else None,
            leads=leads,
            steps=bulletin.legal_steps(call.now),
            outcomes=bulletin.outcomes,
            url=bulletin_url(bulletin.id, call),
        )


class PictureGrants(Shape):
    """Grants to upload new pictures. `version` is the version that contains them."""

    uploads: list[Upload]
    version: int


_BulletinStep = Literal[
    "draft", "write", "approve", "decline", "resolve", "withdraw", "expire", "close",
    "delete_pictures", "bulletin", "outcome", "withdrawal",
]  # fmt: skip


class BulletinEventDetail(Shape):
    """The details of an entry. Which members it has depends on the action.

    `fields` has the names of the written fields. `content` is the content of the version, `outcome`
    or `reason` the words of an ending. The `step` of a refused approval is what was not approved,
    and its `code` says why. `without` has the ids of the pictures that an approval has left out,
    because they were not ready. `close`, `delete_pictures` and `expire` are steps of the clock.
    """

    model_config = OPEN

    step: Annotated[_BulletinStep | None, NotNull()] = left_out()
    code: Text = left_out()
    version: Number = left_out()
    state: Annotated[BulletinState | None, NotNull()] = left_out()
    fields: Annotated[list[str] | None, NotNull()] = left_out()
    without: Names = left_out()
    outcome: Annotated[LocalizedText | None, NotNull()] = left_out()
    reason: Annotated[LocalizedText | None, NotNull()] = left_out()
    part: Text = left_out()
    content: Annotated[VersionContent | None, NotNull()] = left_out()


class BulletinEvent(Shape):
    at: Timestamp
    by: str
    action: Action
    detail: BulletinEventDetail | None
    verified: bool


class BulletinHistory(Shape):
    items: list[BulletinEvent]
