"""What an officer has read of a report: by the tag of an opening, or by the audit."""

from collections.abc import Callable

from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.attention import READING
from chalicelib.domain.reports.entries import Sender
from chalicelib.domain.reports.measures import media_shown
from chalicelib.domain.reports.report import OPEN_STATUSES, Report
from chalicelib.domain.reports.workflow import Change
from chalicelib.domain.second_person import Request
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk
from chalicelib.services.second_person import Seen, is_tag, seen_in, tag_of, tag_of_report
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.rows import Head

# So many places that came since are looked for, at some microseconds each.
_MOST_PLACES = 2_000


def seen_now(head: Head) -> Seen:
    """Return the state that an opening shows now."""
    media = media_shown(head.report)
    return Seen(head.positions, len(head.masks.approved), media, head.heard)


def has_seen_all(seen: Seen, head: Head) -> bool:
    """Return whether nothing has come from the reporter since an opening, read by others or not."""
    now = seen_now(head)
    return all(a >= b for a, b in zip(seen, now._replace(masks=0), strict=True))


def has_read(seen: Seen | None, head: Head, change: Change, desk: Desk) -> bool:
    """Return whether the officer has read what is unread: it was there at the opening that gave
    them the tag, or they say so and the audit has that they have read the messages since.
    """
    report = head.report
    if not report.unread and not report.unread_media:
        return True
    if seen is not None and has_seen_all(seen, head):
        return True
    places = seen.places if seen else 0
    if change.messages_seen is None or report.unread_media or places < head.positions:
        return False
    return _has_read_messages(report.id, desk)


def _has_read_messages(report_id: str, desk: Desk) -> bool:
    """Return whether the audit has that the officer has read the reporter's last message."""
    messages = desk.reports.entries.messages(report_id, consistent=True).items
    if not messages:
        return False
    heard = [each for each in messages if each.sender is Sender.REPORTER]
    # Behind a whole page of answers it is older than all of them.
    since = (heard[-1] if heard else messages[0]).sent_at
    return any(
        each.by == desk.actor.by
        and each.action is Action.OPEN
        and each.verified
        and (each.detail or {}) in ({}, {"part": "messages"})
        and each.at >= since
        for each in desk.actor.audit.history(of_report(report_id))
    )


def ends_by_audit(head: Head, change: Change, desk: Desk) -> bool:
    """Return whether an officer may end a report by its version, as among many (`steps`): it takes
    one officer, who has opened it by the audit and has read to its reporter's last message, also if
    others have. The console of release 0.2.0rc1 sends versions. Raises Conflict `new_message`.
    """
    report = head.report
    if change.disposition is None or report.status not in OPEN_STATUSES:
        return False
    takes_two = desk.actor.officer.is_system or workflow.takes_two(report, change.disposition)
    if takes_two or not desk.actor.has_opened(report.id):
        return False
    change.require_seen(report.messages)
    if head.heard and not report.unread and not report.unread_media:
        # Others have read what came.
        return _has_read_messages(report.id, desk)
    return has_read(None, head, change, desk)


def seen_at(tag: str, head: Head, actor: OfficerActor) -> Seen | None:
    """Return the state that this officer saw at the opening that gave them the tag; None when it is
    of no opening of this version. What comes from the reporter stops no step but an end, and a mask
    none but a gist.
    """
    seen = seen_in(tag)
    return seen if is_tag(tag, tag_of_report(head.report, seen, actor)) else None


type Asked = Callable[[Report, int], Request | None]


def request_at(tag: str, head: Head, asked: Asked, desk: Desk) -> Request | None:
    """Return the request that waits, such as an end (`closing_request`), as this officer saw it at
    the opening that gave them the tag: that of now, or for who has reread it (`_has_reread`) one
    with fewer places; None for any other. Each message or file makes the tag old: their pace leaves
    time to read them.
    """
    now = head.positions
    for places in range(now, max(-1, now - _MOST_PLACES), -1):
        request = asked(head.report, places)
        if request and is_tag(tag, tag_of(request, desk.actor)):
            return request if places == now or _has_reread(head, desk) else None
    return None


def _has_reread(head: Head, desk: Desk) -> bool:
    """Return whether an officer has opened a report, then again after its reporter had sent a later
    place, and did so a moment ago. Else an app that sends places all the time would hold it open.
    """
    report, actor = head.report, desk.actor
    asked_at = max(each.at for each in (report.proposal, report.returning) if each)
    own = [
        each.at
        for each in actor.audit.history(of_report(report.id))
        if each.by == actor.by and each.action is Action.OPEN and each.verified and not each.detail
    ]
    openings = sorted(at for at in own if at >= asked_at)
    if not openings or openings[-1] < actor.now - READING:
        return False
    places = desk.reports.entries.positions(report.id, consistent=True).items
    return any(openings[0] <= each.received_at <= openings[-1] for each in places)
