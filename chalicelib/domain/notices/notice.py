"""Notices to officers over SNS: their addressees, link and texts.

A notice says where to look, never what a report says: it holds no personal data and no free text.
It carries its addressees as the message attribute `to`, and a subscription matches one of them. So
one key of a filter policy is enough for scopes, roles and names: SNS combines keys by AND only, and
does not document how it counts what is below `$or`.

A *group* is `<category>/<district>`, and `*` stands for all. No code has a slash. A role is a group
too, whatever its officers' scope. The link leads to a page of the console, or to a route of the API
where there is no console.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import ALL, OVERSIGHT, Role
from chalicelib.domain.reports.events import CAUSED_BY_OFFICERS, Matter, NoticeKind
from chalicelib.kernel import times
from chalicelib.kernel.city import city
from chalicelib.kernel.ids import crockford
from chalicelib.kernel.languages import label, text

_OFFICER = b"tipline/officer/1/"


def groups_of(category: str, district: str) -> tuple[str, ...]:
    """Return the groups that a notice about a report is for: every scope that has the report."""
    if category == OVERSIGHT:
        return (role_group(Role.OVERSIGHT),)
    return tuple(_group(one, other) for one in (category, ALL) for other in (district, ALL))


def groups_in(
    categories: Collection[str] | None, districts: Collection[str] | None
) -> frozenset[str]:
    """Return the groups of a scope. None stands for all categories, or all districts."""
    every = (ALL,)
    return frozenset(
        _group(category, district)
        for category in (every if categories is None else categories)
        for district in (every if districts is None else districts)
    )


def role_group(role: Role) -> str:
    """Return the group of everybody with a role. Only a group of a scope has a slash."""
    return f"role:{role}"


# The addresses in the city's folder have subscriptions of their own, by the template: of who hears
# what officers have not acted on, and of who hears what oversight has not.
OUTSIDE, OVERSIGHT_OUTSIDE = "outside", "oversight:outside"


def outside_the_desk(category: str) -> tuple[str, ...]:
    """Return whom a notice is for that officers have not acted on for a month."""
    if category == OVERSIGHT:
        return role_group(Role.OVERSIGHT), OVERSIGHT_OUTSIDE
    return (OUTSIDE if city().review_address else role_group(Role.ADMIN),)


# What a notice about a report is for whose category was only tried: their scope does not matter.
OF_A_TRIAL = (role_group(Role.SUPERVISOR),)


def officer_address(username: str) -> str:
    """Return the opaque id by which a notice names an officer.

    It keeps usernames out of what is published. It is no secret: anyone who has the list of
    officers can make it.
    """
    return crockford(hashlib.sha256(_OFFICER + username.encode()).digest(), 16)


def _group(category: str, district: str) -> str:
    return f"{category}/{district}"


# The console's page of each route, by what its path begins with: the first that fits.
_PAGES = (
    ("/v1/officer/me", "/console/"),
    ("/v1/officer/", "/console/"),
    ("/v1/admin/", "/console/admin/"),
)


class NoticeLinks(NamedTuple):
    """`public_url` is the address of the API, without a slash at its end; `console` says whether
    the console is there, too.
    """

    public_url: str
    console: bool

    def to(self, path: str) -> str:
        """Return the link for a path of the API. Tasks have such paths: one that was written before
        there was a console leads there too.
        """
        if self.console:
            for route, page in _PAGES:
                if path.startswith(route):
                    return f"{self.public_url}{page}{path.removeprefix(route)}"
        return f"{self.public_url}{path}"


# SNS takes less than 100 characters, of any script, on one line.
SUBJECT_MAX = 99
# What one SMS holds that is not in plain Latin letters, in units of UTF-16. A longer one is sent,
# and paid, as two.
SMS_MAX = 70
# The value of the attribute `sms`, which subscriptions by SMS filter by.
SMS_ALLOWED = "yes"
# What a reporter has added to a report.
ADDED = (NoticeKind.MESSAGE, NoticeKind.MEDIA)
# The texts of a notice about several reports, where they are others.
_OF_MANY = {
    NoticeKind.ESCALATION: "escalations",
    NoticeKind.OVERDUE: "overdue_reports",
    NoticeKind.UNREVIEWED: "unreviewed_reports",
}
# What only supervisors are notified of.
FOR_SUPERVISORS = (NoticeKind.ESCALATION, NoticeKind.WATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `event_id` is the same when it is sent again. `to` are its addressees
    (`addressees_of`). `report_ids` are those of a digest, which may be one of escalations;
    `count` is a digest's or a watch's. `at` is sent to the minute: a notice follows what the
    reporter did at once. `sms` says that it may go out as SMS, too. `shadow`: the category of its
    report was only tried. `of_burst`: its report came in a burst. `category_labels` are those of an
    added category. `following` are those who follow its report and hear of this: a digest that
    gathers it is for them, too.

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
    of_burst: bool = False
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
        """Return the subject of the e-mail, in as many languages as there is room for."""
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
        """Return the step that awaits a second person, or the watched act, with its report."""
        if self.matter.step:
            act = text(f"two_persons.{self.matter.step}", language)
        elif self.matter.watched:
            act = text(f"watched.{self.matter.watched}", language)
        else:
            return ""
        if self.reference is None:
            return act
        return text("notice.of_report", language, what=act, reference=self.reference)


def cut_sms(wording: str) -> str:
    """Return a text cut to one SMS."""
    units = wording.encode("utf-16-le")
    if len(units) <= 2 * SMS_MAX:
        return wording
    return units[: 2 * (SMS_MAX - 1)].decode("utf-16-le", "ignore") + "…"
