"""What everybody may ask: is it up, and what can be reported."""

from chalice.app import Blueprint

from chalicelib import __version__, wiring
from chalicelib.domain.catalogue.view import public_view
from chalicelib.handlers import responses
from chalicelib.handlers.http import Call, Response, endpoint, public_cache

bp = Blueprint(__name__)


class CatalogueView(responses.Shape):
    """Both catalogues with their labels in the caller's language, the districts, the limits, the
    emergency number, the app's settings.
    """

    model_config = responses.shown(
        {
            "categories": [
                {
                    "code": "other",
                    "label": "Something else",
                    "state": "active",
                    "state_label": "Open",
                    "activates_at": None,
                    "urgency": "normal",
                    "emergency": True,
                    "details_version": 1,
                    "details": [
                        {
                            "name": "danger",
                            "label": "Is anybody in danger?",
                            "required": False,
                            "type": "boolean",
                        }
                    ],
                }
            ],
            "channels": [
                {
                    "code": "key_cases",
                    "label": "Key cases",
                    "state": "active",
                    "state_label": "Open",
                    "activates_at": None,
                    "guardian_consent": False,
                }
            ],
            "districts": [{"code": "chaoyang", "label": "Chaoyang"}],
            "limits": {
                "text_max": 4000,
                "media_per_call": 5,
                "media_per_report": 10,
                "post_max_bytes": 16777216,
                "part_size": 8388608,
                "parts_per_call": 8,
                "media": [{"content_type": "image/jpeg", "kind": "image", "max_bytes": 26214400}],
            },
            "emergency": {
                "number": "110",
                "text": "If somebody is in danger right now, call 110 at once. Do not wait for an "
                "answer here.",
            },
            "app": {
                "minimum_version": "1.0.0",
                "flags": {"video": True},
                "emergency_number": "110",
            },
        }
    )

    categories: list[dict[str, object]]
    channels: list[dict[str, object]]
    districts: list[dict[str, object]]
    limits: dict[str, object]
    emergency: responses.Emergency
    app: dict[str, object]


@endpoint(
    bp,
    "GET",
    "/v1/health",
    summary="Is the service up?",
    tag="Public",
    returns={200: responses.Health},
)
def get_health(call: Call) -> Response:
    """Says that requests are answered, and by which version; it asks nothing of what is behind."""
    return Response(responses.Health(version=__version__))


@endpoint(
    bp,
    "GET",
    "/v1/catalogue",
    summary="What can be reported, and where police publish",
    tag="Public",
    returns={200: CatalogueView, 304: None},
)
def get_catalogue(call: Call) -> Response:
    """Labels follow `Accept-Language`. Keep it for a minute, and ask again with `If-None-Match`."""
    return public_cache(public_view(wiring.catalogue(), call.language, call.now), call)
