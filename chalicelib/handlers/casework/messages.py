"""Officers' routes of messages, notes, positions, and templates of messages."""

from typing import Self

from chalicelib import wiring
from chalicelib.domain.casework.templates import templates
from chalicelib.domain.officers.model import CASEWORKERS, WITH_MACHINES
from chalicelib.domain.reports.entries import NewMessage, NewOfficerMessage, to_minute
from chalicelib.domain.reports.report import Disposition
from chalicelib.handlers.casework.report_views import OpenQuery
from chalicelib.handlers.reports.views import PositionPage
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import EntryQuery, MessagePage, MessageView, NoteView, Shape
from chalicelib.kernel import errors
from chalicelib.kernel.languages import LANGUAGES, LocalizedText, text
from chalicelib.services.casework import messages
from chalicelib.services.reports.entries import EntryCursors

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class TemplateView(Shape):
    """A message in each language. Replace the `placeholders` in its text before you send it."""

    code: str
    title: LocalizedText
    text: LocalizedText
    placeholders: list[str]


class OutcomeText(Shape):
    """What the reporter of a report with this disposition reads before the officer's reason."""

    disposition: Disposition
    text: LocalizedText

    @classmethod
    def fixed(cls, disposition: Disposition) -> Self:
        wordings = {each: text(f"outcome.{disposition}", each) for each in LANGUAGES}
        return cls(disposition=disposition, text=wordings)


class Templates(Shape):
    """Templates of messages, and the fixed text of each outcome."""

    items: list[TemplateView]
    outcomes: list[OutcomeText]


class OfficerMessagePage(MessagePage):
    """A page of the conversation, as officers read it: a reporter's message is timed to the minute.

    When `restricted` is true the report was withdrawn, and its messages are left out.
    """

    restricted: bool


class NotePage(Shape):
    """A page of the notes, oldest first. `next_cursor` leads to the notes before it."""

    items: list[NoteView]
    next_cursor: str | None


class OfficerEntryQuery(EntryQuery, OpenQuery):
    pass


@routes.get(
    "/v1/officer/reports/{report_id}/messages", query=OfficerEntryQuery, returns=OfficerMessagePage
)
def read_officer_messages(call: Call) -> Response:
    """Read earlier messages.

    Returns a page of the conversation, oldest first. The opened report has the latest messages;
    send its `messages_cursor` as `cursor` for those before, and then `next_cursor`. A cursor is
    good for a day. Of a withdrawn report, only a supervisor who gives a `reason` sees them.
    """
    page = messages.read_messages(
        call.path["report_id"],
        call.query.cursor,
        reason=call.query.reason,
        desk=wiring.desk(call.actor),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    shown = page._replace(items=tuple(to_minute(message) for message in page.items))
    return Response(OfficerMessagePage.model_validate(shown))


@routes.get("/v1/officer/reports/{report_id}/notes", query=EntryQuery, returns=NotePage)
def read_notes(call: Call) -> Response:
    """Read earlier notes.

    Returns a page of the officers' notes, oldest first. The opened report has the latest notes;
    send its `notes_cursor` as `cursor` for those before, and then `next_cursor`. A cursor is good
    for a day.
    """
    page = messages.read_notes(
        call.path["report_id"],
        call.query.cursor,
        desk=wiring.desk(call.actor),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    return Response(NotePage.model_validate(page))


@routes.post(
    "/v1/officer/reports/{report_id}/messages",
    body=NewOfficerMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=MessageView,
    roles=WITH_MACHINES,
    raises=(
        errors.Forbidden("not_for_machines"),
        errors.KeyReused,
        "withdrawn",
        "new_message",
        "expiring",
    ),
)
def write_officer_message(call: Call) -> Response:
    """Write to the reporter.

    The reporter sees the message in their report, but not which officer wrote it. Sets `unread` to
    0. Send an `Idempotency-Key`: without one, a repeated call creates a second message. A text in
    which a placeholder of a template is left is refused (422 `placeholder_left`). A machine sends a
    template in which only the reference is filled in, and leaves `unread` (403 `not_for_machines`).

    The media of a report may have 500 MiB together. A message with `asks_for_media` lets the
    reporter declare as much again.

    With `messages_seen`, the `message_count` of the opened report, nothing is written when there
    are more messages by now, from the reporter or a colleague: 409 `new_message`.
    """
    message, replayed = messages.write_message(
        call.path["report_id"],
        call.body,
        idempotency_key=call.idempotency_key,
        desk=wiring.desk(call.actor),
        identity=wiring.identity(),
    )
    return Response(MessageView.model_validate(message), replayed=replayed)


@routes.post(
    "/v1/officer/reports/{report_id}/notes",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=NoteView,
    roles=WITH_MACHINES,
    raises=(errors.KeyReused, "expiring"),
)
def write_note(call: Call) -> Response:
    """Add a note for officers.

    The reporter cannot see notes. Send an `Idempotency-Key`: without one, a repeated call creates a
    second note.
    """
    note, replayed = messages.write_note(
        call.path["report_id"],
        call.body.text,
        idempotency_key=call.idempotency_key,
        desk=wiring.desk(call.actor),
        identity=wiring.identity(),
    )
    return Response(NoteView.model_validate(note), replayed=replayed)


@routes.get("/v1/officer/templates", returns=Templates, roles=WITH_MACHINES, logged=True)
def list_templates(call: Call) -> Response:
    """List templates of messages.

    Each template has its text in all languages. The text may contain placeholders such as
    `{reference}`, which `placeholders` lists. Replace them before you send the message.

    `outcomes` has the text that the reporter of a closed report reads first, by its disposition.
    The `reason` that closes it is read after that.
    """
    outcomes = [OutcomeText.fixed(each) for each in Disposition]
    return Response(Templates.model_validate({"items": templates(), "outcomes": outcomes}))


@routes.get(
    "/v1/officer/reports/{report_id}/positions", query=OfficerEntryQuery, returns=PositionPage
)
def read_positions(call: Call) -> Response:
    """Read earlier positions.

    Returns a page of later or moving places, oldest first. The opened report has the latest; send
    its `positions_cursor` as `cursor` for those before, and then `next_cursor`. A cursor is good
    for a day. Of a withdrawn report, only a supervisor who gives a `reason` sees them.
    """
    page = messages.read_positions(
        call.path["report_id"],
        call.query.cursor,
        reason=call.query.reason,
        desk=wiring.desk(call.actor),
        cursors=EntryCursors(wiring.cursors, call.actor.by, call.now),
    )
    return Response(PositionPage.model_validate(page))
