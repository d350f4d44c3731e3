"""Officers' routes for what they write: messages to the reporter, notes among themselves, and the
templates of replies.
"""

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
    """A reply in every language. `placeholders` are to be filled in before it is sent."""

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

    The reporter finds it in their view; they see that an officer wrote, not which one. `unread`
    starts again at nought.
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

    Reporters never see one.
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
    """List the templates of replies.

    In every language. `{reference}` and the like are to be filled in before a reply is sent;
    `placeholders` names them.
    """
    return Response(Templates.model_validate({"items": templates()}))
