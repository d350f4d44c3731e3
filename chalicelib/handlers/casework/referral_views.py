"""Schemas of referrals: the proposal, the document, and answers with their labels."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self

from chalicelib import wiring
from chalicelib.domain.catalogue.model import Agency, Receives
from chalicelib.domain.reports.measures import Part, Referral, SentState, supplements
from chalicelib.domain.reports.report import Content, Flag, Medium, Report, ReportedAs
from chalicelib.handlers.reports.views import seen_type, shared_url
from chalicelib.http.shapes import AgencyName, Category, District, Minute, Shape, Timestamp
from chalicelib.kernel import geo
from chalicelib.kernel.languages import label
from chalicelib.kernel.models import NotNull, left_out
from chalicelib.services.casework.referrals import Bundle
from chalicelib.services.reports.open_cases import OpenDeclined, OpenReferral


class AnswerView(Shape):
    """A field of the form and its answer. `value_label` is that of a chosen option.

    The labels are in the language of the request, also of fields that only earlier versions of the
    form had. A label that is not known is the code itself.
    """

    name: str
    label: str
    value: bool | int | str
    value_label: Annotated[str | None, NotNull()] = left_out()

    @classmethod
    def all_of(
        cls,
        report: Report | ReportedAs,
        details: Mapping[str, bool | int | str] | None,
        language: str,
    ) -> list[Self] | None:
        """Return the answers of a report; None when it has none.

        A report that was moved to another category keeps the form of its first one.
        """
        form = f"detail.{report.first_category or report.category}"
        if details is None:
            return None
        return [
            cls(
                name=name,
                label=label(form, name, language),
                value=value,
                value_label=_option(f"{form}.{name}", value, language),
            )
            for name, value in details.items()
        ]


def _option(field: str, value: object, language: str) -> str | None:
    said = label(field, value, language) if isinstance(value, str) else value
    return str(said) if said != value else None


class AgencyView(Shape):
    """An agency that reports can be referred to.

    `receives` says whether it gets the document, a call, or what you write for it, and `how` what
    officers have to do. `outside`: it is suggested for reports from outside the districts.
    `publishes`: what it is sent by `open311` may be read by anybody.
    """

    code: AgencyName
    label: str
    receives: Receives
    how: str
    outside: bool
    publishes: bool

    @classmethod
    def in_language(cls, agency: Agency, language: str) -> Self:
        return cls(
            code=agency.code,
            label=label("agency", agency.code, language),
            receives=agency.receives,
            how=label("agency_how", agency.code, language),
            outside=agency.outside,
            publishes=agency.publishes,
        )


class Agencies(Shape):
    items: list[AgencyView]


class SentView(Shape):
    """How a referral fares that leaves by itself.

    `waiting`: it was not taken yet. `accepted`: the agency has it, under `request_id`; `done`: it
    says that it is dealt with. `by_hand`: hand it over, the agency did not take it. `unclear`: ask
    first whether it has the `reference`. `handed_over`: officers have done so. `notes` are the
    agency's words: why it did not take it, or what it says of the status.
    """

    state: SentState
    reference: str
    at: Timestamp
    request_id: str | None
    notes: str | None


class ReferralView(Shape):
    """A referral to another agency.

    It takes effect when a second officer has approved it; until then `approved_by` is null. The
    agency gets what `include` names. `media_ids` are the media whose cleaned pictures are included.
    `words` are what an officer wrote for an agency that receives by `open311`, and `sent` says how
    that fares, once it is approved; null for any other.
    """

    number: int
    agency: AgencyName
    by: str
    at: Timestamp
    reason: str
    include: list[Part]
    media_ids: list[str]
    approved_by: str | None
    approved_at: Timestamp | None
    words: str | None
    sent: SentView | None

    @classmethod
    def opened(cls, found: OpenReferral) -> Self:
        sent = found.referral.sent
        return cls.of(
            found.referral,
            reason=found.reason,
            words=found.words,
            sent=SentView.of(sent, notes=found.notes) if sent else None,
        )


class SupplementView(Shape):
    """Pictures that an agency lacks because they were not ready when its referral was proposed.

    To pass them on, propose another referral to it, with these `media_ids`.
    """

    agency: AgencyName
    media_ids: list[str]

    @classmethod
    def all_of(cls, referrals: Iterable[Referral], media: Sequence[Medium]) -> list[Self]:
        return [
            cls(agency=agency, media_ids=list(media_ids))
            for agency, media_ids in supplements(referrals, media)
        ]


class DeclinedReferralView(Shape):
    """Who declined which proposal of a referral, when, and why."""

    referral: ReferralView
    by: str
    at: Timestamp
    reason: str

    @classmethod
    def opened(cls, found: OpenDeclined) -> Self:
        referral = ReferralView.opened(found.referral)
        return cls.of(found.declined, referral=referral, reason=found.reason)


class ReferredPlace(Shape):
    """The place in degrees of WGS-84. `accuracy_m` and `address` are as the reporter sent them."""

    lat: float
    lon: float
    accuracy_m: Annotated[float | None, NotNull()] = left_out()
    address: Annotated[str | None, NotNull()] = left_out()


class ReferredPicture(Shape):
    """A cleaned picture: a photo, or the poster of a video. `made_from` is the type of the original
    file. `redacted`: officers have blacked out parts of it. `url` works for 5 to 6 minutes.
    """

    made_from: str
    redacted: bool
    url: str


class ReferralDocument(Shape):
    """What the agency gets. A part that is not included, or that the report does not have, is null.

    The reporter's contact, messages, notes and original files are never in it. `drill` is true for
    a report that was sent as a test. With `words`, the agency is sent these, the label of the
    district and the place if it is there, and nothing else.
    """

    reference: str
    category: Category
    category_label: str
    district: District
    district_label: str
    received_at: Minute
    drill: bool
    occurred_at: Timestamp | None
    text: str | None
    place: ReferredPlace | None
    details: list[AnswerView] | None
    pictures: list[ReferredPicture] | None
    words: str | None


class ReferralBundle(Shape):
    """A referral, its agency, and the document for it. `tag` is what the approval takes."""

    referral: ReferralView
    agency: AgencyView | None
    document: ReferralDocument
    tag: str

    @classmethod
    def opened(cls, found: Bundle, language: str) -> Self:
        code = found.opened.referral.agency
        known = (each for each in wiring.catalogue().agencies if each.code == code)
        agency = next(known, None)
        return cls(
            referral=ReferralView.opened(found.opened),
            agency=AgencyView.in_language(agency, language) if agency else None,
            document=_document(found, language),
            tag=found.tag,
        )


def suggested_agency(report: Report) -> str | None:
    """Return the agency that a report should be referred to; None for one in the districts, and
    for one that was passed on.
    """
    if report.district != geo.OUTSIDE or Flag.PASSED_ON in report.flags:
        return None
    known = wiring.catalogue().agencies
    return next((agency.code for agency in known if agency.outside), None)


def _document(found: Bundle, language: str) -> ReferralDocument:
    report, content = found.report, found.content
    of = content.reported_as or report
    return ReferralDocument(
        reference=report.reference,
        category=of.category,
        category_label=label("category", of.category, language),
        district=of.district,
        district_label=label("district", of.district, language),
        received_at=report.received_at,
        drill=report.is_drill,
        occurred_at=content.occurred_at,
        text=content.text,
        place=_place(content, found.opened.words is not None),
        details=AnswerView.all_of(of, content.details, language),
        pictures=_pictures(found) if Part.MEDIA in found.opened.referral.include else None,
        words=found.opened.words,
    )


def _place(content: Content, is_sent: bool) -> ReferredPlace | None:
    sent: dict[str, Any] = {} if is_sent else content.location or {}
    if content.place is None:
        return None
    more = {name: sent[name] for name in ("accuracy_m", "address") if name in sent}
    return ReferredPlace(**content.place, **more)


def _pictures(found: Bundle) -> list[ReferredPicture]:
    pictures = ((medium, _url(found, medium)) for medium in found.media)
    return [
        ReferredPicture(made_from=seen_type(medium), redacted=medium.redaction is not None, url=url)
        for medium, url in pictures
        if url
    ]


def _url(found: Bundle, medium: Medium) -> str | None:
    return shared_url(found.report.id, medium)
