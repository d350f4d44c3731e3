"""Notices to officers over SNS: where to look, never what a report says.

They hold no personal data and no free text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import times
from chalicelib.domain.city import city
from chalicelib.domain.languages import label, text
from chalicelib.domain.models import Record
from chalicelib.domain.reports import Urgency
from chalicelib.domain.two_persons import TwoPersonStep

# SNS takes less than 100 characters, of any script, on one line.
SUBJECT_MAX = 99
# What one SMS holds that is not in plain Latin letters, in units of UTF-16. A longer one is sent,
# and paid, as two.
SMS_MAX = 70
# The value of the attribute `sms`, which subscriptions by SMS filter by.
SMS_ALLOWED = "yes"


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


# What officers cause themselves, one step at a time: no flood of reports makes many.
CAUSED_BY_OFFICERS = (
    NoticeKind.APPROVAL,
    NoticeKind.DECLINED,
    NoticeKind.WATCH,
    NoticeKind.ASSIGNED,
    NoticeKind.FOLLOWED,
)
# What a reporter has added to a report.
ADDED = (NoticeKind.MESSAGE, NoticeKind.MEDIA)
# The texts of a notice about several reports, where they are others.
_OF_MANY = {
    NoticeKind.ESCALATION: "escalations",
    NoticeKind.OVERDUE: "overdue_reports",
}
# What only supervisors are notified of.
FOR_SUPERVISORS = (NoticeKind.ESCALATION, NoticeKind.WATCH)


class Watched(StrEnum):
    """What supervisors watch: what officers did unusually often, or what is rare by itself."""

    OPENINGS = "openings"
    CONTACTS = "contacts"
    DENIALS = "denials"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `event_id` is the same when it is sent again. `to` are its addressees
    (`domain/addressees.py`). `report_ids` are those of a digest, which may be one of escalations;
    `count` is a digest's or a watch's. `at` is sent to the minute: a notice follows what the
    reporter did at once. `sms` says that it may go out as SMS, too. `shadow`: the category of its
    report was only tried. `category_labels` are those of an added category. `following` are those
    who follow its report and hear of this: a digest that gathers it is for them, too.

    An announcement has no report, and so no category, district or urgency.
    """

    event_id: str
    kind: NoticeKind
    at: datetime
    url: str
    to: tuple[str, ...]
    report_id: str | None = None
    reference: str | None = None
    category: str | None = None
    district: str | None = None
    urgency: Urgency | None = None
    count: int | None = None
    report_ids: tuple[str, ...] | None = None
    sms: bool = False
    drill: bool = False
    shadow: bool = False
    category_labels: Mapping[str, str] | None = None
    matter: Matter = field(default_factory=Matter)
    following: tuple[str, ...] = ()

    def attributes(self, language: str | None = None) -> dict[str, str | int | tuple[str, ...]]:
        """Return the message attributes, which subscriptions filter by: of the message in one
        language, or of that in all of them, which is also the one for SMS.
        """
        found: dict[str, str | int | tuple[str, ...]] = {"kind": self.kind.value, "to": self.to}
        if self.category:
            found["category"] = self.category
        if self.district:
            found["district"] = self.district
        if self.urgency:
            found["urgency"] = self.urgency.value
            # What is for somebody by name comes whatever urgency their subscription asks for.
            if self.kind not in CAUSED_BY_OFFICERS:
                found["urgency_rank"] = self.urgency.rank
        if self.drill:
            found["drill"] = "yes"
        if language:
            found["language"] = language
        elif self.sms:
            found["sms"] = SMS_ALLOWED
        return found

    def body(self) -> dict[str, object]:
        """Return the form for machines."""
        fields: dict[str, object] = {
            "event_id": self.event_id,
            "kind": self.kind.value,
            "report_id": self.report_id,
            "reference": self.reference,
            "category": self.category,
            "district": self.district,
            "urgency": self.urgency.value if self.urgency else None,
            "at": times.render(times.to_minute(self.at)),
            "url": self.url,
        }
        if self.report_ids is not None:
            fields |= {"count": self.count, "report_ids": list(self.report_ids)}
        elif self.kind in (NoticeKind.APPROVAL, NoticeKind.DECLINED, NoticeKind.WATCH):
            named = {"step", "watched", "count"}
            fields |= self.matter.model_dump(mode="json", include=named, exclude_none=True)
        if self.drill:
            fields["drill"] = True
        return fields

    def subject(self, language: str | None = None) -> str:
        """Return the subject of the e-mail in one language, or in as many as there is room for."""
        if language:
            return self._wording("subject", language)[:SUBJECT_MAX]
        joined, *others = (self._wording("subject", each) for each in city().languages)
        for other in others:
            longer = f"{joined} / {other}"
            joined = longer if len(longer) <= SUBJECT_MAX else joined
        return joined[:SUBJECT_MAX]

    def email(self, language: str | None = None) -> str:
        """Return the text in one language, or in all of them."""
        languages = (language,) if language else city().languages
        return "\n\n".join(self._wording("email", each) for each in languages)

    def short(self) -> str:
        """Return the SMS: one part, in the city's first language, without a link."""
        return cut_sms(self._wording("sms", city().languages[0]))

    def _wording(self, form: str, language: str) -> str:
        kind = self.kind.value
        if self.report_ids is not None:
            kind = _OF_MANY.get(self.kind, kind)
        said = text(
            f"notice.{kind}.{form}",
            language,
            reference=self.reference or "",
            category=self._category(language),
            district=label("district", self.district, language) if self.district else "",
            urgency=text(f"urgency.{self.urgency}", language) if self.urgency else "",
            count=self.count or self.matter.count or 1,
            what=self._what(language),
            url=self.url,
        )
        return text("notice.drill", language, said=said) if self.drill else said

    def _category(self, language: str) -> str:
        """Return the name of the category. One that an admin has added brings its labels along."""
        if self.category is None:
            return ""
        added = (self.category_labels or {}).get(language)
        return added or label("category", self.category, language)

    def _what(self, language: str) -> str:
        """Return what awaits a second person or was watched, with the report if there is one."""
        if self.matter.step:
            what = text(f"two_persons.{self.matter.step}", language)
        elif self.matter.watched:
            what = text(f"watched.{self.matter.watched}", language)
        else:
            return ""
        if self.reference is None:
            return what
        return text("notice.of_report", language, what=what, reference=self.reference)


def cut_sms(said: str) -> str:
    """Return what of a text fits in one SMS. The end of a longer one is left out."""
    units = said.encode("utf-16-le")
    if len(units) <= 2 * SMS_MAX:
        return said
    return units[: 2 * (SMS_MAX - 1)].decode("utf-16-le", "ignore") + "…"
