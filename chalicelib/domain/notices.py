"""Notices to officers over SNS: where to look, never what a report says.

They hold no personal data and no free text.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import times
from chalicelib.domain.city import city
from chalicelib.domain.languages import label, text
from chalicelib.domain.reports import Urgency

SUBJECT_MAX = 100


class NoticeKind(StrEnum):
    REPORT = "report"
    MEDIA = "media"
    MESSAGE = "message"
    ESCALATION = "escalation"
    BULLETIN_LEAD = "bulletin_lead"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `event_id` is the same when it is sent again; `count` and `report_ids` are a
    digest's. `at` is sent to the minute: a notice follows what the reporter did at once.
    """

    event_id: str
    kind: NoticeKind
    report_id: str | None
    reference: str | None
    category: str
    district: str
    urgency: Urgency
    at: datetime
    url: str
    count: int | None = None
    report_ids: tuple[str, ...] | None = None

    def attributes(self) -> dict[str, str | int]:
        """Return the message attributes, which subscriptions filter by."""
        return {
            "category": self.category,
            "district": self.district,
            "urgency": self.urgency.value,
            "urgency_rank": self.urgency.rank,
            "kind": self.kind.value,
        }

    def body(self) -> dict[str, object]:
        """Return the form for machines."""
        fields: dict[str, object] = {
            "event_id": self.event_id,
            "kind": self.kind.value,
            "report_id": self.report_id,
            "reference": self.reference,
            "category": self.category,
            "district": self.district,
            "urgency": self.urgency.value,
            "at": times.render(times.to_minute(self.at)),
            "url": self.url,
        }
        if self.kind is NoticeKind.DIGEST:
            fields |= {"count": self.count, "report_ids": list(self.report_ids or ())}
        return fields

    def subject(self) -> str:
        """Return the subject of the e-mail, in the one language whose subjects are ASCII.

        SNS accepts nothing else.
        """
        return self._wording("subject", city().subject_language)[:SUBJECT_MAX]

    def email(self) -> str:
        """Return the text in every language, since a subscription has none of its own."""
        return "\n\n".join(self._wording("email", language) for language in city().languages)

    def sms(self) -> str:
        """Return a line in each language, and the link once: text messages cost by length."""
        return "\n".join(
            [*(self._wording("sms", language) for language in city().languages), self.url]
        )

    def _wording(self, form: str, language: str) -> str:
        return text(
            f"notice.{self.kind}.{form}",
            language,
            reference=self.reference or "",
            category=label("category", self.category, language),
            district=label("district", self.district, language),
            urgency=text(f"urgency.{self.urgency}", language),
            count=self.count or 1,
            url=self.url,
        )
