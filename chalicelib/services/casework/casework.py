"""Officers' work on one report: open it, change it, open originals, read its history.

The audit record is written before anything is returned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from chalicelib.aws.kms import ContentKeys
from chalicelib.aws.table import retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.pushes import ends_otherwise
from chalicelib.domain.officers.model import may_be_assigned
from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.attention import begins_anew, without_overdue
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.measures import closing_request, return_request
from chalicelib.domain.reports.report import Contact, Medium, Report, Status
from chalicelib.domain.reports.workflow import Change
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.ids import on_record
from chalicelib.kernel.outbox import TaskKind, notify
from chalicelib.kernel.sealing import PrivateKey
from chalicelib.services.casework.readings import (
    ends_by_audit,
    has_read,
    has_seen_all,
    request_at,
    seen_at,
    seen_now,
)
from chalicelib.services.notices.colleagues import (
    notices_of_end,
    notify_assignee,
    notify_followers,
    on_requests,
    reminders,
)
from chalicelib.services.notices.escalations import note_reading, reading_of
from chalicelib.services.notices.pushes import push_items
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.ledger import late_first_leaves, leaves_of_change
from chalicelib.services.reports.open_cases import (
    OpenCase,
    open_case,
    open_proposed_reason,
    open_reason,
    seal_reason,
)
from chalicelib.services.reports.scope import (
    Desk,
    case_in_scope,
    head_in_scope,
    on_head,
    require_not_expiring,
    visible_head,
)
from chalicelib.services.reports.sealed_rows import open_contact
from chalicelib.services.second_person import Requests, Seen, tag_of, tag_of_report
from chalicelib.services.watch.watch import (
    count_ended,
    count_opening,
    count_step,
    notify_of_restricted,
    rest_of_hour,
)
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.rows import Action, Detail, about, of_report
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.contacts import Contacts
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head, ReadCase
from chalicelib.store.reports.search_entries import is_opened

# How many links between duplicates are followed. An original cannot become a duplicate, so the
# first link already ends at the original.
_LONGEST_CHAIN = 2
# A row has at most 400 KB. A report that is closed and reopened without end must still have room
# for its withdrawal and its deletion. So a closed one with so many is not reopened; an open one can
# always be closed.
_MOST_LEAVES = 500


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case that an officer has opened.

    `restricted` is True when the report was withdrawn: then what the reporter sent is left out.
    `etag` names this version, as opened by this officer. `tags` are those of what waits for a
    second person, and is opened whole.
    """

    opened: OpenCase
    restricted: bool
    etag: str = ""
    tags: Mapping[TwoPersonStep, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A report after a step, with the reason of its outcome. `etag` names its version; as opened,
    if the officer had opened the one before. `read` is how much was unread until this step.
    """

    report: Report
    reason: str | None
    etag: str
    read: int = 0


def open_report(report_id: str, *, reason: str | None, desk: Desk) -> OpenedCase:
    """Open a report inside the officer's scope, and write an audit record.

    A withdrawn report is restricted, except for a supervisor who gives a reason: then the
    supervisors are notified.

    Raises NotFound when the report is unknown or out of scope, and Forbidden when an officer who is
    not a supervisor gives a reason for a withdrawn one. Both write a denial to the audit. Raises
    Conflict `expiring` when the deletion of what would be opened in full has begun.
    """
    case = case_in_scope(report_id, desk=desk)
    opening = open_head(case.head, reason=reason, part=None, desk=desk)
    opened, restricted = open_case(case, opening.key), opening.restricted
    shown = opened.without_reporters_words() if restricted else opened
    etag = tag_of_report(case.report, seen_now(case.head), desk.actor)
    return OpenedCase(shown, restricted, etag, _tags(case, desk.actor))


def _tags(case: ReadCase, actor: OfficerActor) -> dict[TwoPersonStep, str]:
    """Return the tags of what waits for a second person. That of a referral is in its document."""
    hold, report_id = case.hold, case.report.id
    waiting = (
        hold and hold.request(report_id),
        hold and hold.lift and hold.lift.request(report_id),
        closing_request(case.report, case.head.positions),
        return_request(case.report, case.head.positions),
    )
    return {each.step: tag_of(each, actor) for each in waiting if each}


class Opening(NamedTuple):
    """The key that opens a report. `restricted`: what the reporter sent is to be left out."""

    key: PrivateKey
    restricted: bool


def open_head(head: Head, *, reason: str | None, part: str | None, desk: Desk) -> Opening:
    """Write the audit record of an opening, and return the key. `part` names what is opened, if it
    is not all. Raises as `open_report`.
    """
    report, restricted = head.report, head.report.status is Status.WITHDRAWN
    words = {"reason": reason} if reason else None
    detail = {"part": part} if part else None
    notices: list[TransactItem] = []
    if restricted and reason:
        if not desk.actor.officer.supervises:
            desk.actor.log(about(report), Action.DENIED, detail, words)
            raise errors.Forbidden
        notices = notify_of_restricted(head, desk=desk)
        restricted = False

    def opened() -> PrivateKey:
        return desk.actor.open(report, detail, words, [*notices, *count_opening(desk)])

    return Opening(retry_on_conflict(opened), restricted)


def change_report(
    report_id: str, change: Change, match: int | str, *, desk: Desk, officers: Officers
) -> ChangedCase:
    """Change a report, and return it. `match` is its version, or the tag that names a version as
    opened by this officer: what `takes_reading` takes that.

    An earlier reason of the outcome is opened for the response, with an audit record. Raises the
    errors of `take_step`; Stale (it has another version) and Conflict `not_read`, with a record in
    the audit if it `takes_reading`; Conflict `new_message` also for an end by an officer who does
    not say that they have seen what is unread. A version ends what `ends_by_audit`. What is unread
    stays so unless they have read it (`has_read`); then to mark it as read raises Conflict
    `not_read`, or `new_message`.
    """
    is_read, unread, shown = False, 0, Seen(0, 0)

    def require_match(head: Head) -> bool:
        nonlocal is_read, unread, shown
        report, unread = head.report, head.report.unread
        if desk.actor.officer.is_system:
            _require_for_machine(report, change, desk)
        takes_reading = workflow.takes_reading(report, change)
        seen = None if isinstance(match, int) else seen_at(match, head, desk.actor)
        goes_by_audit = isinstance(match, int) and ends_by_audit(head, change, desk)
        if takes_reading and seen is None and not goes_by_audit:
            desk.actor.log(about(report), Action.CLOSE_UNREAD, also=count_step(desk))
        if isinstance(match, int):
            if takes_reading and not goes_by_audit:
                raise errors.Conflict("not_read")
            require_version(report, match)
        elif seen is None:
            raise errors.Stale
        shown = seen or shown
        # A message leaves the tag as it is.
        is_read = seen is not None and (not report.unread or change.messages_seen is not None)
        if change.disposition and not is_read and not goes_by_audit:
            raise errors.Conflict("new_message")
        if takes_reading and seen is not None and not has_seen_all(seen, head):
            # What the client claims to have seen is no reading.
            change.require_seen(report.messages)
            raise errors.Stale
        # What a machine reads, nobody has.
        reads = has_read(seen, head, change, desk) and not desk.actor.officer.is_system
        if change.only_reads and not reads:
            raise errors.Conflict("not_read" if seen is None else "new_message")
        return reads

    after = take_step(report_id, change, require_match, desk=desk, officers=officers)
    etag = tag_of_report(after, shown, desk.actor) if is_read else f'"{after.version}"'
    # Why an end is declined stands in the history alone.
    own = None if change.declines else change.reason
    reason = own or _earlier_reason(after, desk.actor)
    return ChangedCase(after, reason, etag, unread - after.unread)


def _require_for_machine(report: Report, change: Change, desk: Desk) -> None:
    try:
        workflow.require_for_machine(report, change)
    except errors.Forbidden:
        detail = {"step": sorted(change.model_fields_set)}
        desk.actor.log(about(report), Action.DENIED, detail, also=count_step(desk))
        raise


def require_version(report: Report, version: int) -> None:
    """Raise Stale unless the report has this version."""
    if report.version != version:
        raise errors.Stale


def take_step(
    report_id: str,
    asked: Change,
    require: Callable[[Head], bool],
    *,
    desk: Desk,
    officers: Officers,
    takes_two: bool = False,
) -> Report:
    """Change a report unless `require` raises for it as it is now, and return it as it is stored.
    `require` returns whether the officer has read what is unread. One that moves to a category that
    its assignee may not have is nobody's.

    An end waits for a second officer with `takes_two`, when it takes two by itself, when a machine
    proposes it, or when this officer has ended many in this hour: until one confirms it, nothing
    else of the report changes.
    Raises NotFound, Conflict (`illegal_transition`, `expiring`, `new_message`, `too_many_steps`,
    `nothing_to_confirm`), TooManyCalls (so many ends were proposed in this hour), Invalid (also for
    an assignee who may not see the report, and an original out of scope).
    """

    def step(head: Head) -> Report:
        require_not_expiring(head)
        before = head.report
        change = _left_by_assignee(asked, before, desk.actor, officers)
        if before.concerns_police and change.category:
            # It would be everybody's, by one person.
            raise errors.Invalid(errors.FieldError("category", "unknown_value"))
        reads = require(head)
        change.require_seen(before.messages)
        ended = count_ended(desk) if workflow.decides_end(before, change) else None
        sets_end = change.disposition is not None
        ends_many = sets_end and ended is not None and ended.is_many
        is_machine = desk.actor.officer.is_system
        after = workflow.change(
            before,
            change,
            by=desk.actor.by,
            now=desk.actor.now,
            all_take_two=takes_two or is_machine or ends_many,
            is_opened=is_opened(head),
            reads=reads,
        )
        if is_machine:
            after = workflow.by_machine(before, after)
        after = _with_deadline(before, after, desk)
        if change.reason and not change.declines:
            after = workflow.with_reason(after, seal_reason(after, change.reason))
        proposes = after.proposal is not None and after.proposal != before.proposal
        if proposes and ended and ended.is_most:
            raise errors.TooManyCalls(rest_of_hour(desk.actor.now))
        if change.assignee:
            _check_assignee(change.assignee, after, desk.actor, officers)
        after, also = _linked(head, after, desk)
        if workflow.concerns_others(before, after) and not _has_notice(head):
            also.append(_new_notice(after, desk))
        also += notify_assignee(before, after, desk=desk)
        also += notify_followers(after, desk=desk)
        also += notices_of_end(before, after, desk=desk)
        also += reminders(before, after, desk=desk)
        if ended and (sets_end or proposes):
            also.append(ended.one_more)
        if sets_end:
            also.append(desk.actor.log_own_item(Action.CLOSE, _closing(after)))
        also += count_step(desk)
        declined = {"declined": True} if change.declines else {}
        record = record_change(head.report, after, change.reason, desk.actor, **declined)
        write_step(head, after, desk, [record, *also])
        return after

    return on_head(report_id, step, desk=desk)


def confirm_closing(report_id: str, tag: str, *, desk: Desk) -> ChangedCase:
    """End a report as another officer has proposed, and return it.

    Raises NotFound, Conflict (`nothing_to_confirm`, `expiring`, `too_many_steps`), Invalid for an
    original that is none any more, or an end of no officer that takes two by now, and Stale,
    Forbidden from `require_second_person`. Who has reread it confirms it whatever places have come
    since (`request_at`): these stay unread. What a machine proposed, one officer ends by confirming
    it: TooManyCalls after as many in this hour as one may.
    """

    seen = Seen(0, 0)

    def step(head: Head, requests: Requests) -> Report:
        nonlocal seen
        require_not_expiring(head)
        seen, before = seen_now(head), head.report
        request = closing_request(before, seen.places)
        if request is None:
            raise errors.Conflict("nothing_to_confirm")
        shown = request_at(tag, head, closing_request, desk) or request
        after = workflow.confirm(before, now=desk.actor.now, reads=shown == request)
        after, also = _linked(head, after, desk)
        detail = {"fields": workflow.differences(before, after)}
        also += requests.approve(shown, tag, Action.CONFIRM, detail)
        also += notify_followers(after, desk=desk)
        also += reminders(before, after, desk=desk)
        if before.proposal and before.proposal.by_machine:
            ended = count_ended(desk)
            if ended.is_many:
                raise errors.TooManyCalls(rest_of_hour(desk.actor.now))
            also += [desk.actor.log_own_item(Action.CLOSE, _closing(after)), ended.one_more]
        write_step(head, after, desk, also)
        return after

    after = on_requests(report_id, step, desk=desk)
    etag = tag_of_report(after, seen, desk.actor)
    return ChangedCase(after, _earlier_reason(after, desk.actor), etag)


def reveal_contact(
    report_id: str,
    *,
    read_reason: Callable[[], str],
    desk: Desk,
    contacts: Contacts,
    contact_keys: ContentKeys,
) -> Contact | None:
    """Write the officer's reason to the audit, then return the reporter's contact.

    It puts the next escalation off, as an opening does. None when the reporter left no contact, or
    withdrew the report. Raises NotFound, and Invalid from `read_reason` when the reason is missing
    or bad; both write a denial to the audit.
    """
    head = head_in_scope(report_id, desk=desk)
    report = head.report
    try:
        reason = read_reason()
    except errors.Invalid:
        desk.actor.log(of_report(report_id), Action.DENIED, {"contact": "without a reason"})
        raise
    opening = desk.actor.log(about(report), Action.CONTACT, words={"reason": reason})
    contact = contacts.read(report_id)
    if contact is None:
        return None
    opened = open_contact(report_id, contact, contact_keys.unwrap(contact.key, opening))
    note_reading(head, reading_of(head, desk.actor.now, contact=True), reports=desk.reports)
    return opened


def record_change(
    before: Report, after: Report, reason: str | None, actor: OfficerActor, **more: Any
) -> TransactItem:
    """Return the audit record of a change, with the reason sealed, and `more` in its detail."""
    detail = {"version": after.version, "fields": workflow.differences(before, after), **more}
    words: Detail | None = {"reason": reason} if reason else None
    if words and "reason" in detail["fields"]:
        words = {"fields": {"reason": {"new": reason}}}
    return actor.log_item(about(after), Action.CHANGE, detail, words)


def _closing(report: Report) -> Detail:
    """Return the detail of the record in the officer's day, for the list of what they ended."""
    fields = ("id", "reference", "category", "district")
    detail = report.model_dump(mode="json", include=set(fields))
    # What is to take the place of the end that a report has is what this officer has chosen.
    waits = report.proposal
    disposition = waits.disposition if waits else report.disposition
    return detail | {"disposition": disposition, "awaits": waits is not None}


def write_step(head: Head, after: Report, desk: Desk, also: list[TransactItem]) -> None:
    """Write the changed report. Raises ConditionFailed when another write came in between."""
    now, task = desk.actor.now, head.task
    before = head.report
    waits_on = before.is_waiting and after.is_waiting and after.deadline == before.deadline
    if not waits_on or begins_anew(before, after) or after.is_critical is not before.is_critical:
        task = workflow.task_after(after, head.task, now)
    leaves = leaves_of_change(head.report, after, head.recorded, now)
    if head.task and task != head.task:
        leaves = [*late_first_leaves(head.recorded, LeafRows(desk.reports.table), now), *leaves]
    was_closed = head.report.status is Status.CLOSED
    if was_closed and leaves and len(head.recorded.leaves) >= _MOST_LEAVES:
        raise errors.Conflict("too_many_steps")
    if ends_otherwise(head.report, after):
        also = [*also, *push_items(head, reports=desk.reports, now=now)]
    desk.reports.change(head, after, task=task, now=now, leaves=leaves, also=also)


def _earlier_reason(report: Report, actor: OfficerActor) -> str | None:
    """Open the reason that an earlier step has set, first of what waits; None for none."""
    waits = report.proposal and report.proposal.sealed_reason
    if not (waits or report.sealed_reason):
        return None
    key = actor.open(report, detail={"part": "reason"})
    return open_proposed_reason(report, key) or open_reason(report, key)


def _has_notice(head: Head) -> bool:
    """Return whether the notice of the new report is pending: it will include this change."""
    return head.task is not None and head.task.kind is TaskKind.NOTIFY


def _new_notice(report: Report, desk: Desk) -> TransactItem:
    """Return the write that notifies the officers to whom the changed report is new."""
    task = notify(desk.actor.now, report.lane)
    return desk.reports.event(report.id, NoticeKind.REPORT, now=desk.actor.now, task=task)


def _with_deadline(before: Report, after: Report, desk: Desk) -> Report:
    """Return a report with the time to attend to it, which is another when its urgency or category
    is, and begins anew where it is new to others. Without one it is never overdue.
    """
    stays = after.category == before.category
    if not begins_anew(before, after) and stays and after.urgency is before.urgency:
        return after
    deadline = desk.reports.deadline_now(after, desk.actor.now)
    if after.is_waiting and before.deadline is not None:
        # Nobody takes a deadline away from what nobody has opened. Where nobody is notified of the
        # step, it puts none off either.
        deadline = min(deadline or before.deadline, before.deadline) if stays else deadline
        deadline = deadline or before.deadline
    flags = without_overdue(after.flags) if deadline is None else after.flags
    return after.model_copy(update={"deadline": deadline, "flags": flags})


def _left_by_assignee(
    asked: Change, before: Report, actor: OfficerActor, officers: Officers
) -> Change:
    """Return a change by which a report leaves an assignee who may not have it where it goes."""
    moves = asked.category not in (None, before.category)
    if not moves or before.assignee is None or "assignee" in asked.model_fields_set:
        return asked
    try:
        moved = before.model_copy(update={"category": asked.category})
        _check_assignee(before.assignee, moved, actor, officers)
    except errors.Invalid:
        return asked.model_copy(update={"assignee": None})
    return asked


def _check_assignee(username: str, report: Report, actor: OfficerActor, officers: Officers) -> None:
    """Raise Invalid unless this is an active caseworker with the report in their scope."""
    assignee = actor.officer if username == actor.by else officers.get(username)
    if assignee is None or not may_be_assigned(assignee, report.category, report.district):
        raise errors.Invalid(errors.FieldError("assignee", "unknown_value"))


def _counted_links(head: Head, original: Head | None, reports: Reports) -> list[TransactItem]:
    """Return the writes that count this duplicate at its new original, and not at the old one.

    Raises Invalid when the report has duplicates: their original would itself be a duplicate.
    """
    report, duplicates = head.report, reports.duplicates
    if original and duplicates.beside(head) > 0:
        raise errors.Invalid(errors.FieldError("duplicate_of", "has_duplicates"))
    counted = duplicates.count(original, report.id, report.received_at) if original else []
    return [*counted, *duplicates.discount(report.duplicate_of, report.id, report.received_at)]


def _linked(head: Head, after: Report, desk: Desk) -> tuple[Report, list[TransactItem]]:
    """Return the changed report, linked to the original of the one that was named, and the writes
    that count it there. What waits for a second officer is counted when it is confirmed.
    """
    before, proposal = head.report, after.proposal
    original: Head | None = None
    also: list[TransactItem] = []
    if after.duplicate_of and after.duplicate_of != before.duplicate_of:
        original = _find_original(after.duplicate_of, before, desk)
        after = workflow.link(after, original.report)
    if after.duplicate_of != before.duplicate_of:
        also = _counted_links(head, original, desk.reports)
    if proposal and proposal.duplicate_of and proposal != before.proposal:
        original = _find_original(proposal.duplicate_of, before, desk)
        _counted_links(head, original, desk.reports)
        after = workflow.proposing(after, duplicate_of=original.report.id)
    return after, also


def _find_original(report_id: str, duplicate: Report, desk: Desk) -> Head:
    """Return the original of `report_id`: the report itself, or where its link leads.

    Raises Invalid when a report on the way is the duplicate itself, when one of the two is a drill
    and the other is not, or when a report is unknown or out of scope; the latter two write a denial
    to the audit.
    """
    for _ in range(_LONGEST_CHAIN):
        head = visible_head(report_id, desk)
        if head is None:
            raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))
        if report_id == duplicate.id:
            raise errors.Invalid(errors.FieldError("duplicate_of", "circular"))
        if head.report.is_drill is not duplicate.is_drill:
            # What is closed as its duplicate is not worked on, and a drill is deleted early.
            raise errors.Invalid(errors.FieldError("duplicate_of", "drill_and_real"))
        if head.report.duplicate_of is None:
            return head
        report_id = head.report.duplicate_of
    raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))


_LONGEST_ID = 40


def open_original(
    report_id: str, media_id: str, *, read_reason: Callable[[], str], desk: Desk
) -> Medium:
    """Write the officer's reason to the audit, then return the medium, which has an original.

    Raises NotFound for an unknown report or medium, and for one out of scope; Invalid from
    `read_reason`; Forbidden when the report is withdrawn and the officer is not a supervisor.
    All of these write a denial to the audit. Raises Conflict: `no_original` while there is none,
    `expiring` when the report is withdrawn and its deletion has begun. An original of a withdrawn
    report is notified to supervisors.
    """
    head = head_in_scope(report_id, desk=desk)
    report = head.report
    detail = {"media_id": on_record(media_id)}
    try:
        reason = read_reason()
    except errors.Invalid:
        desk.actor.log(
            of_report(report_id), Action.DENIED, {**detail, "original": "without a reason"}
        )
        raise
    if report.status is Status.WITHDRAWN and not desk.actor.officer.supervises:
        desk.actor.log(about(report), Action.DENIED, detail, {"reason": reason})
        raise errors.Forbidden
    medium = desk.reports.media.get(report_id, media_id) if len(media_id) <= _LONGEST_ID else None
    if medium is None:
        desk.actor.log(about(report), Action.DENIED, detail, {"reason": reason})
        raise errors.NotFound
    if medium.version_id is None:
        raise errors.Conflict("no_original")
    notices: list[TransactItem] = []
    if report.status is Status.WITHDRAWN:
        notices = notify_of_restricted(head, desk=desk)
    desk.actor.log(about(report), Action.ORIGINAL, detail, {"reason": reason}, notices)
    return medium
