"""Telling officers what is owed to them: read the item as it is now, publish, strike the duty off. In that order, so that nothing is lost.

Dying before the strike-off means telling again, with the same `event_id`. Telling about a report that is not there cannot happen.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import times
from chalicelib.domain.duties import Duty, DutyKind
from chalicelib.domain.ids import event_id
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.reports import Status, Urgency
from chalicelib.notify.topic import Topic
from chalicelib.store import keys
from chalicelib.store.duties import Duties
from chalicelib.store.table import Row

log = logging.getLogger(__name__)

ACKNOWLEDGE_WITHIN = timedelta(minutes=5)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Owed:
    row: Row
    head: Row
    notice: Notice


def publish_owed(items: Sequence[Key], *, duties: Duties, topic: Topic, public_url: str, now: datetime) -> frozenset[Key]:
    """Tell what the items with these keys owe now; answers the keys that must be tried again.

    An item that owes nothing, or nothing yet, is passed over: the stream shows every change, not only the ones that matter.
    """
    owed: dict[str, _Owed] = {}
    again: set[Key] = set()
    for pk, sk in dict.fromkeys(items):
        try:
            found = _read(pk, sk, duties, public_url, now)
        except Exception as error:  # one bad row must not hold up its neighbours
            log.warning("notice_unreadable", extra={"error": type(error).__name__})
            again.add((pk, sk))
            continue
        if found:
            owed[found.notice.event_id] = found
    taken = topic.publish([each.notice for each in owed.values()])
    for identity, each in owed.items():
        key = (each.row["pk"], each.row["sk"])
        if identity not in taken:
            again.add(key)
            continue
        log.info(
            "notice_sent", extra={"kind": each.notice.kind.value, "category": each.notice.category, "urgency": each.notice.urgency.value}
        )
        duties.strike_off(each.row, then=_next_duty(each.row))
    return frozenset(again)


def _read(pk: str, sk: str, duties: Duties, public_url: str, now: datetime) -> _Owed | None:
    row = duties.read(pk, sk)
    if row is None or row.get("duty") != DutyKind.NOTIFY:
        return None
    if row.get("not_before") and times.parse(row["not_before"]) > now:
        return None
    head = row if sk == keys.HEAD else duties.read(pk, keys.HEAD)
    if head is None or head.get("deleted_at"):
        duties.strike_off(row)
        return None
    return _Owed(row, head, _notice(row, head, public_url, now))


def _notice(row: Row, head: Row, public_url: str, now: datetime) -> Notice:
    return Notice(
        event_id=event_id(row["pk"], row["sk"], f"{row['duty']}/{row.get('due_at')}"),
        kind=_kind(row),
        report_id=head["id"],
        reference=head["reference"],
        category=head["category"],
        district=head["district"],
        urgency=Urgency(head["urgency"]),
        at=now,
        url=f"{public_url}/v1/officer/reports/{head['id']}",
    )


def _kind(row: Row) -> NoticeKind:
    if row["sk"].startswith("MESSAGE#"):
        return NoticeKind.MESSAGE
    if row["sk"] == keys.HEAD:
        return NoticeKind.BULLETIN_LEAD if row.get("bulletin_id") else NoticeKind.REPORT
    return NoticeKind(row["kind"])


def _next_duty(row: Row) -> Duty | None:
    """A critical report that nobody has taken up is told again, more widely."""
    if row["sk"] == keys.HEAD and row["urgency"] == Urgency.CRITICAL and row["status"] == Status.NEW:
        return Duty(DutyKind.ESCALATE, times.parse(row["received_at"]) + ACKNOWLEDGE_WITHIN)
    return None
