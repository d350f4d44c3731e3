"""Officers' steps with the dates of a report: its review, and a reminder."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from chalicelib.aws.writes import TransactItem
from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.dates import NewReminder, NewReview, next_review, review_period
from chalicelib.domain.reports.report import OPEN_STATUSES, Reminder, Report, Status
from chalicelib.kernel import errors, times
from chalicelib.services.casework.casework import require_version
from chalicelib.services.casework.readings import seen_at, seen_now
from chalicelib.services.reports.scope import Desk, on_head, require_not_expiring
from chalicelib.services.second_person import tag_of_report
from chalicelib.store.audit.rows import Action, about
from chalicelib.store.reports.reviews import review_item
from chalicelib.store.reports.rows import Head


class Stepped(NamedTuple):
    """A report after such a step. `etag` is as in `ChangedCase`."""

    report: Report
    etag: str


class FieldStep(NamedTuple):
    """What a step changes: the report, the field as it is recorded, and more writes."""

    after: Report
    field: tuple[str, str | None, str | None]
    also: tuple[TransactItem, ...] = ()


def keep_report(report_id: str, wanted: NewReview, match: int | str, *, desk: Desk) -> Stepped:
    """Keep a report open after its review, and set when it is reviewed again. That its review waits
    is over. That two must close it, because nobody made one in time, is not: one alone could end
    that, and then the report.

    Raises NotFound, Stale, Invalid (the date is not possible), Conflict (`illegal_transition`: it
    is not open; `expiring`).
    """

    def keep(report: Report) -> FieldStep:
        wanted.require_date(desk.actor.now, review_period(report.category))
        at, before = times.begins_in_city(wanted.on), next_review(report)
        kept = {"review_at": at, "review_due_at": None}
        return FieldStep(
            report.model_copy(update=kept),
            ("review_on", str(times.day_in_city(before)) if before else None, str(wanted.on)),
            (review_item(desk.reports.table, report.id, at),),
        )

    return change_field(report_id, keep, match, desk=desk, reason=wanted.reason)


def set_reminder(report_id: str, wanted: NewReminder, match: int | str, *, desk: Desk) -> Stepped:
    """Set the reminder of a report in the place of an earlier one, or remove it.

    Raises NotFound, Stale, Invalid (the day is not possible), Conflict (`illegal_transition`: it is
    not open; `expiring`).
    """

    def remind(report: Report) -> FieldStep:
        wanted.require_date(desk.actor.now)
        reminder = (
            Reminder(on=str(wanted.on), of=wanted.of, by=desk.actor.by) if wanted.on else None
        )
        field = ("reminder", _recorded(report.reminder), _recorded(reminder))
        return FieldStep(report.model_copy(update={"reminder": reminder}), field)

    return change_field(report_id, remind, match, desk=desk)


def _recorded(reminder: Reminder | None) -> str | None:
    return f"{reminder.on} {reminder.of}" if reminder else None


class Needs(NamedTuple):
    """The statuses in which a step is possible. With `reading` it takes the tag of an opening, and
    of none before a mask.
    """

    statuses: Collection[Status]
    reading: bool = False


_OPEN = Needs(OPEN_STATUSES)


def change_field(
    report_id: str,
    change: Callable[[Report], FieldStep],
    match: int | str,
    *,
    desk: Desk,
    reason: str | None = None,
    needs: Needs = _OPEN,
) -> Stepped:
    """Do a step that changes one field of a report, with an audit record. `match` is its version,
    or the tag that names a version as opened by this officer.

    Raises NotFound, Stale, Conflict (`not_read`, `illegal_transition`, `expiring`).
    """

    def step(head: Head) -> Stepped:
        require_not_expiring(head)
        before = head.report
        seen = None if isinstance(match, int) else seen_at(match, head, desk.actor)
        if isinstance(match, int):
            if needs.reading:
                raise errors.Conflict("not_read")
            require_version(before, match)
        elif seen is None or (needs.reading and seen.masks < seen_now(head).masks):
            raise errors.Stale
        if before.status not in needs.statuses:
            legal = ", ".join(workflow.TRANSITIONS[before.status])
            raise errors.Conflict("illegal_transition", legal=legal)
        done = change(before)
        after = done.after.model_copy(update={"version": before.version + 1})
        name, old, new = done.field
        detail = {"version": after.version, "fields": {name: {"old": old, "new": new}}}
        words = {"reason": reason} if reason else None
        record = desk.actor.log_item(about(before), Action.CHANGE, detail, words)
        desk.reports.change(
            head, after, task=head.task, now=desk.actor.now, also=[record, *done.also]
        )
        etag = f'"{after.version}"' if seen is None else tag_of_report(after, seen, desk.actor)
        return Stepped(after, etag)

    return on_head(report_id, step, desk=desk)
