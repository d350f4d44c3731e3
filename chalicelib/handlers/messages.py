"""Officers' routes of messages to the reporter, notes for officers, and templates of messages."""

from chalicelib import errors, wiring
from chalicelib.domain.languages import LocalizedText
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.templates import templates
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import MessageView, NoteView, Shape
from chalicelib.services import messages

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class TemplateView(Shape):
    """A message in each language. Replace the `placeholders` in its text before you send it."""

    code: str
    title: LocalizedText
    text: LocalizedText
    placeholders: list[str]


class Templates(Shape):
    items: list[TemplateView]


@routes.post(
    "/v1/officer/reports/{report_id}/messages",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=MessageView,
    raises=(
        errors.NotFound,
        errors.Conflict("key_reused"),
        errors.Conflict("withdrawn"),
        errors.Conflict("expiring"),
    ),
)
def write_officer_message(call: Call) -> Response:
    """Write to the reporter.

    The reporter sees the message in their report, but not which officer wrote it. Sets `unread` to
    0. Send an `Idempotency-Key`: without one, a repeated call creates a second message.
    """
    message = messages.write_message(
        call.path["report_id"],
        call.body.text,
        idempotency_key=call.idempotency_key,
        actor=call.actor,
        identity=wiring.identity(),
        reports=wiring.reports(),
    )
    return Response(MessageView.model_validate(message))


@routes.post(
    "/v1/officer/reports/{report_id}/notes",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=NoteView,
    raises=(errors.NotFound, errors.Conflict("key_reused"), errors.Conflict("expiring")),
)
def write_note(call: Call) -> Response:
    """Add a note for officers.

    The reporter cannot see notes. Send an `Idempotency-Key`: without one, a repeated call creates a
    second note.
    """
    note = messages.write_note(
        call.path["report_id"],
        call.body.text,
        idempotency_key=call.idempotency_key,
        actor=call.actor,
        identity=wiring.identity(),
        reports=wiring.reports(),
    )
    return Response(NoteView.model_validate(note))


@routes.get("/v1/officer/templates", returns=Templates, logged=True)
def list_templates(call: Call) -> Response:
    """List templates of messages.

    Each template has its text in all languages. The text may contain placeholders such as
    `{reference}`, which `placeholders` lists. Replace them before you send the message.
    """
    return Response(Templates.model_validate({"items": templates()}))
