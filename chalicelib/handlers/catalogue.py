"""What everybody may ask: is it up, and what can be reported."""

from chalice.app import Blueprint
from pydantic import BaseModel

from chalicelib import __version__, wiring
from chalicelib.handlers import answers
from chalicelib.handlers.http import Answer, Call, endpoint, public_cache

bp = Blueprint(__name__)


class CatalogueView(BaseModel):
    """Both catalogues with their labels in the caller's language, the districts, the limits, the emergency number, the app's settings."""

    categories: list[dict[str, object]]
    channels: list[dict[str, object]]
    districts: list[dict[str, object]]
    limits: dict[str, object]
    emergency: answers.Emergency
    app: dict[str, object]


@endpoint(
    bp,
    "GET",
    "/v1/health",
    summary="Is the service up?",
    tag="Public",
    returns={200: answers.Health},
    answer_example={"status": "ok", "version": "0.1.0"},
)
def get_health(call: Call) -> Answer:
    return Answer(answers.Health(version=__version__))


@endpoint(
    bp,
    "GET",
    "/v1/catalogue",
    summary="What can be reported, and where police publish",
    tag="Public",
    returns={200: CatalogueView, 304: None},
)
def get_catalogue(call: Call) -> Answer:
    """Labels follow `Accept-Language`. Keep it for a minute, and ask again with `If-None-Match`."""
    return public_cache(wiring.catalogue().public_view(call.language, call.now), call)
