"""Public routes of the service: its health, its catalogue, and the city's areas."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from chalicelib import __version__, wiring
from chalicelib.domain.catalogue.attachments import MediaKind, Platform
from chalicelib.domain.catalogue.codes import Extensible
from chalicelib.domain.catalogue.model import LifecycleState, Urgency
from chalicelib.domain.catalogue.view import public_view
from chalicelib.domain.flood.load_level import LoadLevel
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, public_response
from chalicelib.http.routes import Content, Routes
from chalicelib.http.shapes import (
    Category,
    ChallengeView,
    Channel,
    District,
    Emergency,
    Shape,
    Timestamp,
)
from chalicelib.kernel import geo
from chalicelib.kernel.languages import text

routes = Routes("Public")

_MAX_AGE_S = 60
# So that a phone has most of the life of a challenge left.
_MAX_AGE_IN_FLOOD_S = 20


class Health(Shape):
    """`load_level` is from 0 (normal) to 3 (heavy flood). `challenge` is as in the catalogue.

    `version` is that of the last release before what runs, and `commit` what runs exactly, with
    `+changes` where files differed from it; null where it is not known.
    """

    status: Literal["ok"] = "ok"
    version: str
    commit: str | None
    load_level: int
    challenge: ChallengeView | None


class FieldView(Shape):
    """A field of the `details` of a category."""

    name: str
    label: str
    required: bool = Field(description="Always false: a report needs only a text or media.")


class TextField(FieldView):
    type: Literal["text"]
    max_length: int


class IntegerField(FieldView):
    type: Literal["integer"]
    minimum: int
    maximum: int


class BooleanField(FieldView):
    type: Literal["boolean"]


class Choice(Shape):
    code: str
    label: str


class ChoiceField(FieldView):
    type: Literal["choice"]
    options: list[Choice]


class TimeField(FieldView):
    """A time in RFC 3339, in any time zone."""

    type: Literal["time"]


DetailField = Annotated[
    TextField | IntegerField | BooleanField | ChoiceField | TimeField, Field(discriminator="type")
]


class EntryView(Shape):
    """An entry that is planned or paused becomes active at `activates_at`, if that is set."""

    code: str
    label: str
    state: LifecycleState
    state_label: str
    activates_at: Timestamp | None


class CategoryView(EntryView):
    """A category of reports.

    When `emergency` is true, show the emergency number before the form. `blur` is for officers'
    screens: they show no picture of its reports before it is asked for.
    """

    code: Category
    urgency: Urgency
    emergency: bool
    blur: bool
    details_version: int
    details: list[DetailField]


class ChannelView(EntryView):
    """A channel of bulletins.

    When `guardian_consent` is true, a bulletin needs the consent of the guardian. `fed_by` are the
    categories of the reports that lead to its bulletins, the likeliest first. Offer these for a
    lead.
    """

    code: Channel
    guardian_consent: bool
    fed_by: list[Category]


class DistrictView(Shape):
    code: District
    label: str


class MediaLimit(Shape):
    content_type: str
    kind: MediaKind
    max_bytes: int


class Limits(Shape):
    """Sizes are in bytes, texts in characters."""

    text_max: int
    media_per_call: int
    media_per_report: int
    media_bytes_per_report: int
    post_max_bytes: int
    part_size: int
    parts_per_call: int
    media: list[MediaLimit]


class AppView(Shape):
    """Settings for apps.

    `minimum_version` is only information: the API does not refuse older apps.
    """

    minimum_version: str
    emergency_number: str


class OversightView(Shape):
    """Where a report goes that is about a police officer.

    With `offered`, a report is sent with `concerns_police: true`, and `text` says who reads it.
    Without, this service does not take one, and `elsewhere` says where to go.
    """

    offered: bool
    text: str
    elsewhere: str


class CatalogueView(Shape):
    """Categories, channels, districts, limits, the emergency number, and settings for apps.

    Labels are in the language of `Accept-Language`. `challenge` is null in normal times. In a flood
    a report needs a proof of work for it. `push` has the platforms whose phones can get a push;
    empty where none is offered.
    """

    categories: list[CategoryView]
    channels: list[ChannelView]
    districts: list[DistrictView]
    oversight: OversightView
    limits: Limits
    emergency: Emergency
    app: AppView
    push: list[Platform]
    challenge: ChallengeView | None


@routes.get("/v1/health", returns=Health)
def get_health(call: Call) -> Response:
    """Check that the service is up.

    Returns the version of the service, its commit, and how far above the usual the number of
    reports is. Does not check the database or other services that it uses: the level may be the
    last known one.
    """
    return Response(
        Health(
            version=__version__,
            commit=wiring.settings().commit or None,
            load_level=wiring.load_level(call.now),
            challenge=_challenge(call),
        )
    )


@routes.get("/v1/catalogue", returns={200: CatalogueView, 304: None})
def get_catalogue(call: Call) -> Response:
    """Get the catalogue.

    Returns the categories of reports, the channels of bulletins, the districts, the limits and the
    emergency number. Labels are in the language of `Accept-Language`. Cache the response for a
    minute, and for 20 seconds if it has a challenge: `Cache-Control` says so. Then request it again
    with `If-None-Match`.
    """
    challenge = _challenge(call)
    shown = public_view(wiring.catalogue(), call.language, call.now)
    shown |= {"push": wiring.offered(), "challenge": challenge}
    view = CatalogueView.model_validate(shown)
    max_age = _MAX_AGE_IN_FLOOD_S if challenge else _MAX_AGE_S
    return public_response(view.model_dump(mode="json"), call, max_age=max_age)


def _challenge(call: Call) -> ChallengeView | None:
    """Return the challenge of now, the same for everybody in a minute; None in normal times."""
    if not wiring.settings().limits or wiring.load_level(call.now) is LoadLevel.NORMAL:
        return None
    challenge = wiring.flood_gate().challenge(call.now)
    return ChallengeView.model_validate(challenge.as_json()) if challenge else None


# They change with a deployment only.
_AREAS_MAX_AGE_S = 3600

Position = Annotated[list[float], Field(min_length=2, max_length=3)]
"""Longitude before latitude, in degrees of WGS-84."""
Ring = Annotated[list[Position], Field(min_length=4)]


class Polygon(Shape):
    """An outer ring and its holes. The last position of a ring is the first one again."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(Shape):
    """Several polygons, each an outer ring and its holes."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


class AreaProperties(Shape):
    """`code` is that of reports and bulletins. `label` is in the language of `Accept-Language`."""

    code: Annotated[str, Extensible(geo.area_codes)]
    kind: geo.AreaKind
    label: str


class AreaFeature(Shape):
    """A district, or the area of a police station."""

    type: Literal["Feature"]
    properties: AreaProperties
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


class Areas(Shape):
    """A GeoJSON FeatureCollection (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[AreaFeature]


@routes.get("/v1/areas", returns={200: Content(Areas, "application/geo+json"), 304: None})
def get_areas(call: Call) -> Response:
    """Get the districts and the areas of police stations, as GeoJSON.

    Coordinates are in WGS-84. Labels are in the language of `Accept-Language`. Cache the response
    for `max-age` seconds. Then request it again with `If-None-Match`.
    """
    headers = {
        "Content-Type": "application/geo+json",
        "Cache-Control": f"public, max-age={_AREAS_MAX_AGE_S}",
        "Vary": "Accept-Language",
        "Content-Language": call.language,
    }
    return conditional(_content(call.language), call, headers)


@cache
def _content(language: str) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": area.code,
                "kind": area.kind,
                "label": text(f"{area.kind}.{area.code}", language),
            },
            "geometry": area.geometry,
        }
        for area in geo.areas()
    ]
    return Areas.model_validate(
        {"type": "FeatureCollection", "features": features}
    ).model_dump_json()
