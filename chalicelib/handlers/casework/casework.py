"""Officers' routes of one report: open, change, follow, and open its originals.

No other response has the address of an original.
"""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema

from chalicelib import wiring
from chalicelib.domain.casework.gists import NewGist
from chalicelib.domain.officers.model import CASEWORKERS, WITH_MACHINES
from chalicelib.domain.reports.entries import SeenConversation
from chalicelib.domain.reports.report import Status
from chalicelib.domain.reports.workflow import Change, Reason
from chalicelib.handlers.casework.report_views import (
    ChangedReport,
    OpenQuery,
    ReportView,
    RevealedContact,
)
from chalicelib.handlers.reports.views import original_url
from chalicelib.http.requests import Call, Header, as_fields
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input
from chalicelib.services.casework import assignments, casework, duplicates, gists, search
from chalicelib.services.reports.entries import EntryCursors

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class _Reason(Input):
    """A body that gives a reason."""

    reason: Reason


class Reasoned(BaseModel):
    """Any JSON body.

    The reason in it is checked after the officer and the report are known, so that a refusal can be
    recorded in the audit. No RootModel: one of `Any` is built at import.
    """

    model_config = ConfigDict(defer_build=True)

    body: Any

    @model_validator(mode="before")
    @classmethod
    def _keep(cls, body: Any) -> dict[str, Any]:
        return {"body": body}

    def reason(self) -> str:
        """Return the reason. Raises Invalid if it is missing, or if the body has other fields."""
        try:
            return _Reason.model_validate(self.body).reason
        except ValidationError as invalid:
            raise as_fields(invalid) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return _Reason.model_json_schema()


@routes.get(
    "/v1/officer/reports/{report_id}",
    query=OpenQuery,
    returns=ReportView,
    roles=WITH_MACHINES,
    raises=("expiring",),
)
def open_report(call: Call) -> Response:
    """Open a report.

    Returns everything except the reporter's contact; of messages and notes the latest. To change
    or close the report, send the `ETag` of this response as `If-Match`: it is yours alone.

    If the reporter has withdrawn the report, `restricted` is true, and text, place, details,
    messages and media are left out. Only a supervisor who gives a `reason` sees them, and the other
    supervisors are notified. 409 `expiring` means that its deletion has begun. A machine may open
    so many an hour (429), is suggested nothing similar, and its openings count as nobody's reading.
    """
    desk = wiring.desk(call.actor)
    found = casework.open_report(call.path["report_id"], reason=call.query.reason, desk=desk)
    related = duplicates.find_related(
        found.opened.case.head,
        restricted=found.restricted,
        desk=desk,
        incidents=wiring.incidents(),
        counts=wiring.incident_counts(),
        gists=wiring.gists(),
    )
    search.enter_opened(
        found.opened, search_key=wiring.search_key, entries=wiring.search_entries(), desk=desk
    )
    cursors = EntryCursors(wiring.cursors, call.actor.by, call.now)
    report = found.opened.report
    gist = wiring.gists().text_of(report, call.now)
    view = ReportView.opened(found, cursors, related, call.language, gist)
    return Response(view, headers={"ETag": found.etag})


@routes.patch(
    "/v1/officer/reports/{report_id}",
    body=Change,
    headers=(Header.VERSION_OR_TAG,),
    returns=ChangedReport,
    roles=WITH_MACHINES,
    raises=(
        errors.Forbidden("not_for_machines"),
        errors.Conflict("illegal_transition", legal="in_progress, closed"),
        "not_read",
        "new_message",
        "nothing_to_confirm",
        "too_many_steps",
        "expiring",
    ),
)
def change_report(call: Call) -> Response:
    """Change a report.

    Send only the fields to change, with the `ETag` of the opened report as `If-Match`. The response
    has the `ETag` for the next change. Without an opening, send the `version` that a list shows, in
    quotes: it closes nothing. Send `assignee: null` to unassign the report, and `duplicate_of:
    null` to unlink a duplicate.

    To close a report, send `disposition` and `reason`. The reporter can read the reason. For a
    duplicate, send `duplicate_of` too. 409 `not_read`: a disposition takes the `ETag`, which only
    your own opening of this version gives; by a `version` you end only what you have opened and
    read, and what takes one officer. So does a critical report's other urgency or category,
    and another reason or original of a closed one: if two officers have ended it, that is a
    `proposal` again.

    The dispositions `unfounded` and `malicious`, any of a critical report or of one whose review is
    `escalated`, and any beyond 50 that you set in an hour are a `proposal`: until another officer
    confirms it, the report keeps its status, place and deadline, and its reporter reads nothing of
    it. With `disposition: null` you decline what waits, with a `reason` that its author reads in
    the history, or take your own back; 409 `nothing_to_confirm` means that nothing waits. Another
    category or urgency voids it. After 200 in an hour, 429.

    409 `illegal_transition` means that the step is not possible in the report's status; `legal`
    lists the possible steps. 422 `has_duplicates` means that this report is itself the original of
    other reports. Link those to another report first.

    Each step but a link alone reads what the reporter had written when you opened the report, if it
    has that `ETag`; by a `version` alone it reads nothing. With `messages_seen`, the
    `message_count` of the opened report, it also reads the messages that you have opened since, and
    nothing is written when there are more by now: 409 `new_message`. A disposition takes it while
    something is unread, and an opening from after the reporter's last message, place and settled
    file: by an earlier one it is 412. To read alone, call `POST …/read`: without a field to change,
    this is 422 `nothing_to_change`.

    A machine assigns, acknowledges what is new and names who has it, and proposes an end that one
    officer then confirms; all else is 403 `not_for_machines`, and 409 the end of what waits for
    somebody. What it adds to reports, refusals, notes and messages too, is so much an hour (429).

    After closing an original, `open_duplicates` says how many of the reports that are linked to it
    are open. `POST …/duplicates/close` closes them too.
    """
    if call.body.only_reads:
        raise errors.Invalid(errors.FieldError("status", "nothing_to_change"))
    changed = casework.change_report(
        call.path["report_id"],
        call.body,
        call.match,
        desk=wiring.desk(call.actor),
        officers=wiring.officers(),
    )
    left = None
    if call.body.status is Status.CLOSED:
        left = duplicates.count_open_duplicates(changed.report, desk=wiring.desk(call.actor))
    view = ChangedReport.after(changed, left)
    return Response(view, headers={"ETag": changed.etag})


@routes.post(
    "/v1/officer/reports/{report_id}/read",
    body=SeenConversation,
    headers=(Header.VERSION_OR_TAG,),
    returns={200: ChangedReport},
    raises=(errors.Conflict("illegal_transition", legal=""), "not_read", "new_message", "expiring"),
)
def mark_read(call: Call) -> Response:
    """Mark a report as read.

    Reads what the reporter has written, and counts as a step: send the `ETag` of the opened report
    as `If-Match`. While something is unread, a `version` is 409 `not_read`, and an opening from
    before it 409 `new_message`. With `messages_seen`, nothing is written when there are more
    messages by now: 409 `new_message`. A withdrawn report is 409 `illegal_transition`.
    """
    changed = casework.change_report(
        call.path["report_id"],
        Change(**call.body.model_dump(exclude_unset=True)),
        call.match,
        desk=wiring.desk(call.actor),
        officers=wiring.officers(),
    )
    return Response(ChangedReport.after(changed), headers={"ETag": changed.etag})


class ReportGist(Shape):
    """The gist of a report after a step with it; null for none."""

    id: str
    gist: str | None
    version: int


@routes.put(
    "/v1/officer/reports/{report_id}/gist",
    body=NewGist,
    headers=(Header.VERSION_OR_TAG,),
    returns=ReportGist,
    raises=("not_read", errors.Conflict("illegal_transition", legal=""), "expiring"),
)
def set_gist(call: Call) -> Response:
    """Set the gist of a report, or remove it.

    One line of at most 80 characters, which the report's row in lists shows to all who may list it.
    Each list that shows it is on record, and names the report. An empty text removes it. So do a
    withdrawal, a mask, and a move to or from oversight. The history says who wrote one, and not
    what.

    It may name nobody: 422 `holds_plate`, `holds_number` (seven digits or more), `holds_address`
    and `holds_name` say what was found. Not all names can be found. Send the `ETag` of your own
    opening as `If-Match`: a version is 409 `not_read`, and what was opened before a mask 412.
    """
    done = gists.set_gist(
        call.path["report_id"],
        call.body,
        call.match,
        desk=wiring.desk(call.actor),
        gists=wiring.gists(),
    )
    view = ReportGist.of(done.report, gist=call.body.text or None)
    return Response(view, headers={"ETag": done.etag})


@routes.post(
    "/v1/officer/reports/{report_id}/closing/confirm",
    headers=(Header.TAG,),
    returns=ChangedReport,
    raises=(errors.Invalid, "nothing_to_confirm", "too_many_steps", "expiring"),
)
def confirm_closing(call: Call) -> Response:
    """Confirm a closing.

    One officer proposes how a report ends. After this call by another officer the report is closed,
    its reporter reads the reason, and the time until its deletion begins. Neither the officer who
    proposed it nor one who changed its disposition, reason or original since can confirm it (403
    `self_approval`). Open the report, and send the `tag` of its `proposal` as `If-Match`: 412 means
    that an officer has changed the report since, or its reporter has added something. Open it again
    then: within ten minutes you confirm it whatever else comes, which stays unread. 422 means that
    the original of a duplicate is none any more. If you do not agree, `PATCH` the report with
    `disposition: null` and a `reason`, or another disposition.
    """
    changed = casework.confirm_closing(
        call.path["report_id"], call.tag, desk=wiring.desk(call.actor)
    )
    return Response(ChangedReport.after(changed), headers={"ETag": changed.etag})


@routes.post(
    "/v1/officer/reports/{report_id}/contact", body=Reasoned, returns={200: RevealedContact}
)
def reveal_contact(call: Call) -> Response:
    """Reveal the reporter's contact.

    Requires a reason, which is recorded in the audit before the contact is returned. All fields are
    null when the reporter left no contact, or has withdrawn the report.
    """
    contact = casework.reveal_contact(
        call.path["report_id"],
        read_reason=call.body.reason,
        desk=wiring.desk(call.actor),
        contacts=wiring.contacts(),
        contact_keys=wiring.contact_keys(),
    )
    return Response(RevealedContact.model_validate(contact) if contact else RevealedContact())


class OpenedOriginal(Shape):
    """The address of an original. It works until `expires_at`."""

    url: str
    expires_at: Timestamp


@routes.post(
    "/v1/officer/reports/{report_id}/media/{media_id}/original",
    body=Reasoned,
    returns={200: OpenedOriginal},
    raises=("no_original", "expiring"),
)
def open_original(call: Call) -> Response:
    """Open an original.

    Returns an address of the file as it was uploaded, unchanged: it can show more than its preview,
    and can contain metadata about the sender. Requires a reason, which is recorded in the audit
    before the address is returned.

    A video that browsers play opens in place, and its address works for 15 minutes. Any other file
    is for download, and its address works for 60 seconds.

    If the reporter has withdrawn the report, only a supervisor can open its originals, and the
    other supervisors are notified. 409
    `no_original` means that no file has arrived, or that it is still being checked.
    """
    report_id = call.path["report_id"]
    medium = casework.open_original(
        report_id, call.path["media_id"], read_reason=call.body.reason, desk=wiring.desk(call.actor)
    )
    signed_at = wiring.clock.wall_clock()
    url, life_s = original_url(report_id, medium)
    return Response(OpenedOriginal(url=url, expires_at=signed_at + timedelta(seconds=life_s)))


_PATH = "/v1/officer/reports/{report_id}/follow"


@routes.post(_PATH, returns={204: None}, raises=("expiring", "too_many_followers"))
def follow_report(call: Call) -> Response:
    """Follow a report.

    You are notified of the reporter's messages and media, and of what colleagues change or write,
    also when you are not on duty, as long as you may see the report. Colleagues see who follows it.
    At most 50 officers can. Repeating the call changes nothing.
    """
    assignments.follow_report(call.path["report_id"], desk=wiring.desk(call.actor))
    return Response()


@routes.delete(_PATH, raises=("expiring",))
def unfollow_report(call: Call) -> Response:
    """Stop following a report.

    Repeating the call changes nothing.
    """
    assignments.unfollow_report(call.path["report_id"], desk=wiring.desk(call.actor))
    return Response()
