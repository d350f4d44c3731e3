"""What everybody may ask: is it up, and what can be reported."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib import __version__, wiring
from chalicelib.domain.catalogue.model import LifecycleState
from chalicelib.domain.catalogue.view import public_view
from chalicelib.domain.media import MediaKind
from chalicelib.domain.reports import Urgency
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, public_response
from chalicelib.handlers.routes import Routes
from chalicelib.handlers.shapes import Category, Channel, District, Emergency, Shape, Timestamp

routes = Routes("Public")


class Health(Shape):
    status: Literal["ok"] = "ok"
    version: str


class FieldView(Shape):
    """A field of a category's `details`."""

    name: str
    label: str
    required: bool = Field(description="Never true: a text or media are a whole report.")


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
    """RFC 3339 in any zone."""

    type: Literal["time"]


DetailField = Annotated[
    TextField | IntegerField | BooleanField | ChoiceField | TimeField, Field(discriminator="type")
]


class EntryView(Shape):
    """`activates_at`: when the clock opens it, of what is planned or paused."""

    code: str
    label: str
    state: LifecycleState
    state_label: str
    activates_at: Timestamp | None


class CategoryView(EntryView):
    """What residents report. `emergency`: show the emergency number first."""

    code: Category
    urgency: Urgency
    emergency: bool
    details_version: int
    details: list[DetailField]


class ChannelView(EntryView):
    """Where police publish. `guardian_consent`: a bulletin needs the guardian's consent."""

    code: Channel
    guardian_consent: bool


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
    post_max_bytes: int
    part_size: int
    parts_per_call: int
    media: list[MediaLimit]


class AppView(Shape):
    """Settings for apps. `minimum_version` informs: no route refuses an older one."""

    minimum_version: str
    flags: dict[str, bool]
    emergency_number: str


class CatalogueView(Shape):
    """Both catalogues with their labels in the caller's language, the districts, the limits, the
    emergency number, the app's settings.
    """

    categories: list[CategoryView]
    channels: list[ChannelView]
    districts: list[DistrictView]
    limits: Limits
    emergency: Emergency
    app: AppView


@routes.get("/v1/health", returns=Health)
def get_health(call: Call) -> Response:
    """Ask whether the service is up.

    Says that requests are served, and by which version; it asks nothing of what is behind.
    """
    return Response(Health(version=__version__))


@routes.get("/v1/catalogue", returns={200: CatalogueView, 304: None})
def get_catalogue(call: Call) -> Response:
    """Get what can be reported, and where police publish.

    Labels follow `Accept-Language`. Keep it for a minute, and ask again with `If-None-Match`.
    """
    view = CatalogueView.model_validate(public_view(wiring.catalogue(), call.language, call.now))
    return public_response(view.model_dump(mode="json"), call)
