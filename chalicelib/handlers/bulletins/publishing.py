"""Officers' routes of bulletins: draft, change, approve, decline, resolve, withdraw."""

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.bulletins.model import BulletinState
from chalicelib.domain.bulletins.requests import Changes, Draft, Refusal, Resolution, Withdrawal
from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_CALL, DeclaredPicture
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.bulletins.public import PublicQuery
from chalicelib.handlers.bulletins.views import (
    BulletinHistory,
    BulletinPage,
    BulletinView,
    ListedBulletin,
    PictureGrants,
)
from chalicelib.handlers.reports.views import Upload
from chalicelib.http.requests import MAX_LONG_BODY, Call, Header
from chalicelib.http.responses import Response, etag_of
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Query
from chalicelib.services.bulletins import publishing, queries
from chalicelib.services.bulletins.queries import BulletinDesk, BulletinFilters
from chalicelib.services.reports import uploads
from chalicelib.services.reports.uploads import Declaration
from chalicelib.services.second_person import tag_of
from chalicelib.store.bulletins.bulletins import Dossier

routes = Routes("Publishing", Access.OFFICER, roles=CASEWORKERS)


class OfficerQuery(PublicQuery):
    state: BulletinState | None = Field(default=None, description="Only bulletins in this state.")


class ApprovalQuery(Query):
    without_waiting: bool = Field(
        default=False, description="Approve it without the pictures that are not ready."
    )


class Pictures(Input):
    media: tuple[DeclaredPicture, ...] = Field(
        min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False
    )


@routes.post(
    "/v1/officer/bulletins",
    body=Draft,
    max_body=MAX_LONG_BODY,
    headers=(Header.OPTIONAL_KEY,),
    returns=BulletinView,
    raises=("channel_not_active", errors.KeyReused),
)
def draft_bulletin(call: Call) -> Response:
    """Draft a bulletin.

    The public cannot see it before another officer approves it. Without `expires_at` a bulletin
    expires 72 hours after its approval if it is about a child, after 7 days if it is about an
    elderly person, and otherwise after 30 days. A later `expires_at` is refused; you can renew the
    bulletin after it is published.

    Send an `Idempotency-Key`: without one, a repeated call creates a second draft.
    """
    bulletin, replayed = publishing.draft_bulletin(
        call.body,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        desk=_desk(call),
    )
    return _opened(Dossier(bulletin, ()), call)._replace(replayed=replayed)


@routes.get("/v1/officer/bulletins", query=OfficerQuery, returns=BulletinPage)
def list_bulletins(call: Call) -> Response:
    """List bulletins, newest first.

    Returns the bulletins of the officer's channels. To read the next page, send `next_cursor` as
    `cursor`. A page can be short or empty even if more pages follow: only `next_cursor: null` ends
    the list.
    """
    query = call.query
    page = queries.list_bulletins(
        BulletinFilters(query.channel, query.state, query.cursor, query.limit),
        desk=_desk(call),
        listing=wiring.bulletin_listing(),
        cursors=wiring.cursors(),
    )
    rows = [ListedBulletin.at_hand(bulletin, call) for bulletin in page.items]
    return Response(BulletinPage(items=rows, next_cursor=page.next_cursor))


@routes.get("/v1/officer/bulletins/{bulletin_id}", returns=BulletinView)
def open_bulletin(call: Call) -> Response:
    """Open a bulletin.

    Returns the current version. If that waits for approval, `published` is the version that the
    public sees. To change, approve or decline it, send the `ETag` of this response as `If-Match`:
    it is yours alone.
    """
    return _opened(queries.open_bulletin(call.path["bulletin_id"], desk=_desk(call)), call)


@routes.patch(
    "/v1/officer/bulletins/{bulletin_id}",
    body=Changes,
    max_body=MAX_LONG_BODY,
    headers=(Header.VERSION_OR_TAG,),
    returns=BulletinView,
    raises=("illegal_transition", "channel_not_active"),
)
def change_bulletin(call: Call) -> Response:
    """Change a bulletin.

    Send only the fields to change, with the `ETag` of the opened bulletin as `If-Match`. A change
    of a published bulletin waits for approval. Until then the public sees the old version. To renew
    a bulletin, send a later `expires_at` and have it approved.
    """
    return _opened(
        publishing.change_bulletin(
            call.path["bulletin_id"], call.body, call.match, desk=_desk(call)
        ),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/media",
    body=Pictures,
    headers=(Header.OPTIONAL_KEY,),
    returns=PictureGrants,
    raises=("illegal_transition", errors.KeyReused, "too_many_media"),
)
def add_pictures(call: Call) -> Response:
    """Add pictures to a bulletin.

    The response has a grant to upload each picture. Upload them like the media of a report. Adding
    pictures creates a new version, and so does the result of processing each picture. A bulletin
    can be approved when all its pictures are ready.

    Send an `Idempotency-Key`: without one, a repeated call adds the pictures again.
    """
    declaration = Declaration(
        call.path["bulletin_id"],
        call.body.media,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        now=call.now,
    )
    bulletin, media = publishing.add_pictures(
        call.path["bulletin_id"], declaration, desk=_desk(call)
    )
    granted = uploads.grant_uploads(
        bulletin.id,
        media,
        bucket=wiring.bucket(),
        signed_at=wiring.clock.wall_clock(),
        now=call.now,
    )
    view = PictureGrants(
        uploads=[Upload.granted(grant) for grant in granted], version=bulletin.version
    )
    return Response(view, headers=etag_of(bulletin.version), replayed=declaration.replayed)


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/approve",
    query=ApprovalQuery,
    headers=(Header.TAG,),
    returns={200: BulletinView},
    raises=("illegal_transition", "channel_not_active", "media_pending", "expiry_passed"),
)
def approve_bulletin(call: Call) -> Response:
    """Approve and publish a bulletin.

    Approves the version that you have opened, by its `ETag` in `If-Match`, and publishes it
    immediately: the content, or the words of an outcome or a withdrawal. An officer who wrote
    any part of the bulletin or of these words cannot approve it (403 `self_approval`). A new
    account approves nothing for 24 hours (403 `approves_later`).

    409 `media_pending` means that a picture is not ready. With `without_waiting=true` the rest is
    published now. Once the picture is ready, it is in a new version, which waits for an approval of
    its own.
    """
    return _opened(
        publishing.approve_bulletin(
            call.path["bulletin_id"],
            call.tag,
            without_waiting=call.query.without_waiting,
            desk=_desk(call),
        ),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/decline",
    body=Refusal,
    headers=(Header.VERSION_OR_TAG,),
    returns={200: BulletinView},
    raises=("illegal_transition",),
)
def decline_bulletin(call: Call) -> Response:
    """Decline a version of a bulletin.

    Declines what waits for approval in the version whose `ETag` is in `If-Match`: a draft, a
    correction, or the words of an outcome or a withdrawal. Any officer of the channel can, with
    a reason that its authors read. What is published stays. Nothing waits for approval until
    somebody writes the bulletin, or its words, again.
    """
    return _opened(
        publishing.decline_bulletin(
            call.path["bulletin_id"], call.match, call.body.reason, desk=_desk(call)
        ),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/resolve",
    body=Resolution,
    max_body=MAX_LONG_BODY,
    returns={200: BulletinView},
    raises=("illegal_transition",),
)
def resolve_bulletin(call: Call) -> Response:
    """Resolve a bulletin.

    Any officer of the channel can resolve a bulletin with a code, without an approval. The public
    then sees the text of the code, but no text or pictures of the bulletin. Reporters of leads see
    it in their reports.

    `outcome` is shown after the text of the code. It waits until another officer approves it. To
    correct a code or an outcome, repeat the call: an earlier outcome then disappears immediately.
    """
    return _opened(
        publishing.resolve_bulletin(call.path["bulletin_id"], call.body.ending, desk=_desk(call)),
        call,
    )


@routes.post(
    "/v1/officer/bulletins/{bulletin_id}/withdraw",
    body=Withdrawal,
    max_body=MAX_LONG_BODY,
    returns={200: BulletinView},
    raises=("illegal_transition",),
)
def withdraw_bulletin(call: Call) -> Response:
    """Withdraw a bulletin.

    Any officer of the channel can withdraw a bulletin with a code, without an approval. The public
    then no longer sees it. Feeds and reporters of leads see the text of the code.

    `reason` is shown after the text of the code. It waits until another officer approves it. To
    correct a code or a reason, repeat the call: an earlier reason then disappears immediately.
    """
    return _opened(
        publishing.withdraw_bulletin(call.path["bulletin_id"], call.body.ending, desk=_desk(call)),
        call,
    )


@routes.get("/v1/officer/bulletins/{bulletin_id}/history", returns=BulletinHistory)
def read_bulletin_history(call: Call) -> Response:
    """Read the history of a bulletin.

    Returns who wrote, approved or read it, and when, oldest first. This read is included. Each
    version has its whole `content`. An approval has the version that it approved.

    `verified` is false when an entry was altered after it was written. Its `detail` is then null.
    """
    events = queries.read_history(call.path["bulletin_id"], desk=_desk(call))
    return Response(BulletinHistory.model_validate({"items": events}))


def _desk(call: Call) -> BulletinDesk:
    return BulletinDesk(
        call.actor,
        wiring.catalogue(),
        wiring.bulletins(),
        wiring.officers(),
        wiring.announcements(),
    )


def _opened(dossier: Dossier, call: Call) -> Response:
    bulletin = dossier.bulletin
    leads = (
        queries.count_leads(
            bulletin.id, reports=wiring.reports(), catalogue=wiring.whole_catalogue()
        )
        if bulletin.published_at
        else 0
    )
    tag = tag_of(queries.request_of(bulletin), call.actor)
    return Response(BulletinView.opened(dossier, call, leads=leads), headers={"ETag": tag})
