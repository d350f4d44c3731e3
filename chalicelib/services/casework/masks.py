"""Masks: one officer proposes to hide a passage of a report, another reads it and approves.

Each reading of a text is an opening, with an audit record. No record, row or notice has the words.
"""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.aws import keys
from chalicelib.domain.audit.ledger import Event
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.reports.entries import Message, Note, SealedMessage, SealedNote
from chalicelib.domain.reports.masks import Mask, MaskPart, NewMask, leaf_data, masked
from chalicelib.domain.reports.report import Content, Report
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import FORGET_AFTER
from chalicelib.kernel.sealing import PrivateKey, row_info, seal
from chalicelib.services.notices.colleagues import on_requests
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import (
    Desk,
    head_in_scope,
    require_not_expiring,
    require_not_withdrawn,
)
from chalicelib.services.reports.sealed_rows import (
    key_of,
    open_content,
    open_messages,
    open_notes,
    seal_content,
    seal_message,
    seal_note,
)
from chalicelib.services.second_person import Requests, tag_of
from chalicelib.store.audit.rows import Action
from chalicelib.store.reports.entries import EntryPage
from chalicelib.store.reports.masks import Held, StoredText, keep_masks, write_masked
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket
    from chalicelib.store.reports.outbox import Outbox, PendingTask

_HELD = "text"
_AROUND = 200
_EXPORTS = "exports/"
# No address works for so long. A call that stores a file takes less than what is left out here.
_WORKS = FORGET_AFTER - timedelta(seconds=50)


class ReadMask(NamedTuple):
    """A mask that waits, with its passage and up to `_AROUND` characters on each side of it. `tag`
    is what this officer approves it with.
    """

    mask: Mask
    before: str
    passage: str
    after: str
    tag: str


def propose_mask(report_id: str, wanted: NewMask, *, desk: Desk) -> Mask:
    """Propose to mask a passage, and notify officers. It takes effect when a second one approves.

    Repeated by the same officer, change nothing, and return the first proposal. Raises NotFound,
    Invalid (`name`: there is no such text; `request`: none that is about the report), Conflict
    (`text_changed`: the passage does not stand there; `mask_overlaps`, `too_many_masks`,
    `withdrawn`, `expiring`).
    """

    def step(head: Head, requests: Requests) -> Mask:
        require_not_withdrawn(head)
        if wanted.request not in (None, *(each.number for each in head.asked)):
            raise errors.Invalid(errors.FieldError("request", "unknown_value"))
        report, known = head.report, head.masks
        stored = _stored(head, wanted.part, wanted.name, desk.reports)
        end = wanted.start + len(wanted.passage)
        mask = Mask(
            number=known.last + 1,
            part=wanted.part,
            name=wanted.name,
            start=wanted.start,
            end=end,
            reason=wanted.reason,
            by=desk.actor.by,
            at=desk.actor.now,
            asked=wanted.request,
        )
        text = _text_of(report, stored, mask, _open(report, desk.actor))
        if text[wanted.start : end] != wanted.passage:
            raise errors.Conflict("text_changed")
        earlier = next((each for each in known.pending if mask.is_same(each)), None)
        if earlier:
            return earlier
        also = requests.propose(TwoPersonStep.MASK, Action.CHANGE, _recorded("proposed", mask))
        keep_masks(desk.reports.table, head, known.with_proposal(mask), also=also)
        return mask

    return on_requests(report_id, step, desk=desk)


def read_mask(report_id: str, number: int, *, desk: Desk) -> ReadMask:
    """Return a mask that waits, with its passage. Raises NotFound, Conflict (`no_mask`,
    `text_changed`, `withdrawn`, `expiring`).
    """
    head = head_in_scope(report_id, desk=desk)
    require_not_withdrawn(head)
    mask, report = head.masks.waiting(number), head.report
    stored = _stored(head, mask.part, mask.name, desk.reports)
    text = _text_of(report, stored, mask, _open(report, desk.actor))
    return ReadMask(
        mask,
        text[max(0, mask.start - _AROUND) : mask.start],
        text[mask.start : mask.end],
        text[mask.end : mask.end + _AROUND],
        tag_of(mask.request(report_id, stored.sealed), desk.actor),
    )


def approve_mask(report_id: str, number: int, tag: str, *, desk: Desk) -> Mask:
    """Approve a mask that another officer proposed: the mark takes the place of the passage, which
    goes, or stays under a legal hold alone. Repeated, change nothing.

    Raises NotFound, Conflict (`no_mask`, `text_changed`, `too_many_masks`, `withdrawn`,
    `expiring`), and Stale, Forbidden from `require_second_person`.
    """

    def step(head: Head, requests: Requests) -> Mask:
        report, known, now = head.report, head.masks, desk.actor.now
        done = known.approved_by(number, desk.actor.by)
        if done:
            return done
        require_not_withdrawn(head)
        mask = known.waiting(number)
        stored = _stored(head, mask.part, mask.name, desk.reports)
        detail = _recorded("approved", mask) | {"asked_by": mask.by}
        request = mask.request(report_id, stored.sealed)
        also = requests.approve(request, tag, Action.CHANGE, detail)
        key = _open(report, desk.actor)
        text = _text_of(report, stored, mask, key)
        held = _held(head, mask, text[mask.start : mask.end], now)
        approved = mask.model_copy(
            update={"approved_by": desk.actor.by, "approved_at": now, "is_held": held is not None}
        )
        after = known.with_approved(approved)
        write_masked(
            desk.reports.table,
            head,
            after,
            before=stored,
            after=_resealed(report, stored, mask, masked(text, mask), key),
            held=held,
            leaves=head.recorded.next(Event.MASKED, leaf_data(mask), hour_of(now)),
            now=now,
            also=also,
        )
        return after.approved[-1]

    return on_requests(report_id, step, desk=desk)


def decline_mask(report_id: str, number: int, reason: str, *, desk: Desk) -> None:
    """Decline a mask, and notify the officer who proposed it. Repeated by the same officer, change
    nothing.

    Raises NotFound, Forbidden (`not_your_step`: one takes one's own back), Conflict (`no_mask`,
    `withdrawn`, `expiring`).
    """

    def step(head: Head, requests: Requests) -> None:
        known = head.masks
        if (known.ended, known.ended_by) == (number, desk.actor.by):
            return
        require_not_withdrawn(head)
        mask = known.waiting(number)
        if mask.by == desk.actor.by:
            raise errors.Forbidden("not_your_step")
        detail = _recorded("declined", mask) | {"asked_by": mask.by}
        also = requests.decline(_begun(report_id, mask), Action.CHANGE, detail, reason)
        keep_masks(desk.reports.table, head, known.without(mask, desk.actor.by), also=also)

    on_requests(report_id, step, desk=desk)


def withdraw_mask(report_id: str, number: int, *, desk: Desk) -> None:
    """Take back one's own proposal that nobody has approved. Without one, change nothing.

    Raises NotFound, Forbidden (`not_your_step`: another officer declines it), Conflict `expiring`.
    """

    def step(head: Head, requests: Requests) -> None:
        known = head.masks
        mask = next((each for each in known.pending if each.number == number), None)
        if mask is None:
            return
        also = requests.withdraw(
            _begun(report_id, mask), Action.CHANGE, _recorded("withdrawn", mask)
        )
        require_not_expiring(head)
        keep_masks(desk.reports.table, head, known.without(mask), also=also)

    on_requests(report_id, step, desk=desk)


def forget_exports(
    pending: "PendingTask", *, outbox: "Outbox", bucket: "MediaBucket", now: datetime
) -> None:
    """Delete the files of exports that were made before a mask, and complete the task.

    A file does not say which reports are in it. So all go whose address works no more: also those
    that were stored just after the mask, by a call that had read the report before.
    """
    made_before = now - _WORKS
    for key, at in bucket.ages(_EXPORTS):
        if at <= made_before:
            bucket.delete_key(key)
    outbox.complete(pending)


def _begun(report_id: str, mask: Mask) -> Request:
    """Return a proposal as it is ended: that takes no tag."""
    return mask.request(report_id, b"")


def _open(report: Report, actor: OfficerActor) -> PrivateKey:
    return actor.open(report, {"part": "mask"})


def _stored(head: Head, part: MaskPart, name: str | None, reports: Reports) -> StoredText:
    """Return the text that a mask is of, as it is stored. Raises Invalid when there is none."""
    report = head.report
    found: SealedMessage | SealedNote | None = None
    if part is MaskPart.MESSAGE:
        found = _entry(report.id, name, reports.entries.messages)
    elif part is MaskPart.NOTE:
        found = _entry(report.id, name, reports.entries.notes)
    elif (part is MaskPart.DETAIL) is (name is not None):
        return StoredText(report.sealed)
    if found is None:
        raise _NO_SUCH_TEXT
    return StoredText(found.sealed, found)


_NO_SUCH_TEXT = errors.Invalid(errors.FieldError("name", "unknown_value"))


class _Pages[Entry: (SealedMessage, SealedNote)](Protocol):
    def __call__(
        self, report_id: str, *, below: str | None, consistent: bool
    ) -> EntryPage[Entry]: ...


def _entry[Entry: (SealedMessage, SealedNote)](
    report_id: str, entry_id: str | None, pages: _Pages[Entry]
) -> Entry | None:
    """Return the entry with this id, looked for from the latest on."""
    below: str | None = None
    while True:
        page = pages(report_id, below=below, consistent=True)
        for each in page.items:
            if each.id == entry_id:
                return each
        below = page.earlier
        if below is None:
            return None


def _text_of(report: Report, stored: StoredText, mask: Mask, key: PrivateKey) -> str:
    """Return a text. Raises Invalid when the report has none; Conflict `text_changed` when it ends
    before the passage does, as one that somebody altered.
    """
    entry = stored.entry
    if isinstance(entry, SealedMessage):
        text: object = open_messages(report.id, [entry], key)[0].text
    elif entry:
        text = open_notes(report.id, [entry], key)[0].text
    else:
        text = _member(open_content(report, key), mask)
    if not isinstance(text, str):
        raise _NO_SUCH_TEXT
    if len(text) < mask.end:
        raise errors.Conflict("text_changed")
    return text


def _place(mask: Mask) -> tuple[str, str]:
    """Return the field of a `Content` that a text is in, and its name in that; empty if it is all
    of it.
    """
    name, _, within = mask.part.path.partition(".")
    return name, (mask.name or "") if mask.part is MaskPart.DETAIL else within


def _member(content: Content, mask: Mask) -> object:
    name, within = _place(mask)
    value = getattr(content, name)
    return (value or {}).get(within) if within else value


def _resealed(report: Report, stored: StoredText, mask: Mask, text: str, key: PrivateKey) -> bytes:
    """Return the stored value of a text, sealed anew with `text` in its place."""
    entry = stored.entry
    if isinstance(entry, SealedMessage):
        return seal_message(report, Message(**entry.model_dump(), text=text)).sealed
    if entry:
        return seal_note(report, Note(**entry.model_dump(), text=text)).sealed
    content = open_content(report, key)
    name, within = _place(mask)
    value = {**(getattr(content, name) or {}), within: text} if within else text
    return seal_content(report.id, key_of(report), content.model_copy(update={name: value}))


def _held(head: Head, mask: Mask, passage: str, now: datetime) -> Held | None:
    """Return the passage as a legal hold keeps it; None without one that is in effect."""
    hold, report = head.hold, head.report
    if hold is None or hold.approved_by is None or hold.is_over(now):
        return None
    info = row_info(keys.report(report.id), keys.before_mask(mask.number), _HELD)
    plain = json.dumps({"start": mask.start, "passage": passage}, ensure_ascii=False)
    return Held(mask.number, seal(key_of(report), plain.encode(), info), hold.until)


def _recorded(step: str, mask: Mask) -> dict[str, Any]:
    """Return the details of an audit record: where, and not what."""
    said = {"mask": step, "number": mask.number, "part": mask.part, "code": mask.reason}
    more = {"id": mask.name, "request": mask.asked}
    return said | {name: value for name, value in more.items() if value}
