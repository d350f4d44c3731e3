"""Officers' routes for what they write: messages to the reporter, notes among themselves, and the
templates of replies.
"""

from chalice.app import Blueprint

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.templates import templates
from chalicelib.handlers import responses
from chalicelib.handlers.auth import authorize_officer
from chalicelib.handlers.casework import admitted
from chalicelib.handlers.http import Access, Call, Key, Response, endpoint
from chalicelib.services import messages

bp = Blueprint(__name__)


@endpoint(
    bp,
    "POST",
    "/v1/officer/reports/{report_id}/messages",
    summary="Write to the reporter",
    tag="Casework",
    access=Access.OFFICER,
    body=NewMessage,
    returns={201: responses.MessageView},
    raises=(
        errors.NotFound,
        errors.Conflict("key_reused"),
        errors.Conflict("withdrawn"),
        errors.Conflict("expiring"),
    ),
    key=Key.OPTIONAL,
    example={"text": "Thank you. Is the man still at the bus stop?"},
    authorizer=authorize_officer,
)
def write_officer_message(call: Call) -> Response:
    """The reporter finds it in their view; they see that an officer wrote, not which one. `unread`
    starts again at nought.
    """
    message = messages.write_message(
        admitted(call),
        call.path["report_id"],
        call.body.text,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(responses.message(message).model_dump(by_alias=True), status=201)


@endpoint(
    bp,
    "POST",
    "/v1/officer/reports/{report_id}/notes",
    summary="Add a note for officers",
    tag="Casework",
    access=Access.OFFICER,
    body=NewMessage,
    returns={201: responses.NoteView},
    raises=(errors.NotFound, errors.Conflict("key_reused"), errors.Conflict("expiring")),
    key=Key.OPTIONAL,
    example={"text": "Patrol sent."},
    authorizer=authorize_officer,
)
def write_note(call: Call) -> Response:
    """Reporters never see one."""
    note = messages.write_note(
        admitted(call),
        call.path["report_id"],
        call.body.text,
        idempotency_key=call.idempotency_key,
        identity=wiring.identity(),
        reports=wiring.reports(),
        audit=wiring.audit(),
        now=call.now,
    )
    return Response(
        responses.NoteView(id=note.id, by=note.by, text=note.text, at=times.render(note.at)),
        status=201,
    )


@endpoint(
    bp,
    "GET",
    "/v1/officer/templates",
    summary="Templates of replies",
    tag="Casework",
    access=Access.OFFICER,
    returns={200: responses.Templates},
    authorizer=authorize_officer,
)
def list_templates(call: Call) -> Response:
    """In every language. `{reference}` and the like are to be filled in before a reply is sent;
    `placeholders` names them.
    """
    admitted(call, on_record=True)
    return Response(
        responses.Templates(
            items=[
                responses.Template(
                    code=each.code,
                    title=dict(each.title),
                    text=dict(each.text),
                    placeholders=each.placeholders,
                )
                for each in templates()
            ]
        )
    )
