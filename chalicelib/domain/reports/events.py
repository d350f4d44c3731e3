"""Events of a report that officers are notified of."""

from enum import StrEnum

from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel.models import Record


class NoticeKind(StrEnum):
    REPORT = "report"
    MEDIA = "media"
    MESSAGE = "message"
    ESCALATION = "escalation"
    OVERDUE = "overdue"
    BULLETIN_LEAD = "bulletin_lead"
    DIGEST = "digest"
    APPROVAL = "approval"
    DECLINED = "declined"
    WATCH = "watch"
    BREAK_GLASS = "break_glass"
    OUTSIDE = "outside"
    ASSIGNED = "assigned"
    FOLLOWED = "followed"
    UNREVIEWED = "unreviewed"


# What officers cause themselves, one step at a time: no flood of reports makes many.
CAUSED_BY_OFFICERS = (
    NoticeKind.APPROVAL,
    NoticeKind.DECLINED,
    NoticeKind.WATCH,
    NoticeKind.ASSIGNED,
    NoticeKind.FOLLOWED,
)


class Watched(StrEnum):
    """An act that supervisors watch: unusually frequent, or rare by itself."""

    OPENINGS = "openings"
    CONTACTS = "contacts"
    DENIALS = "denials"
    SEARCHES = "searches"
    CLOSINGS = "closings"
    UNREAD_CLOSINGS = "unread_closings"
    MOVES = "moves"
    STEPS = "steps"
    DECRYPTIONS = "decryptions"
    RESTRICTED = "restricted"


class Matter(Record):
    """What a notice is about beside its report: the `step` that waits for an approval or was
    declined, or what was `watched` and counted. It names nobody.

    `to` are the addresses of those whom it is for by name; of nobody, it is for those on duty. `by`
    is the address of who began a step: the others are notified of it.
    """

    to: tuple[str, ...] = ()
    by: str | None = None
    step: TwoPersonStep | None = None
    watched: Watched | None = None
    count: int | None = None


class Announcement(Matter):
    """A notice to some officers about what is no report.

    `to` are their addresses (`officer_address`), or groups of them. `path` is what its link shows,
    in the API.
    """

    kind: NoticeKind
    to: tuple[str, ...]
    path: str
