"""What everybody may ask: is it up, and what can be reported."""

from chalicelib import __version__, wiring
from chalicelib.domain.catalogue.view import public_view
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, public_response
from chalicelib.handlers.routes import Routes

routes = Routes("Public")


class CatalogueView(schemas.Shape):
    """Both catalogues with their labels in the caller's language, the districts, the limits, the
    emergency number, the app's settings.
    """

    model_config = schemas.shown(
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
    emergency: schemas.Emergency
    app: dict[str, object]


@routes.get("/v1/health", returns=schemas.Health)
def get_health(call: Call) -> Response:
    """Ask whether the service is up.

    Says that requests are answered, and by which version; it asks nothing of what is behind.
    """
    return Response(schemas.Health(version=__version__))


@routes.get("/v1/catalogue", returns={200: CatalogueView, 304: None})
def get_catalogue(call: Call) -> Response:
    """Get what can be reported, and where police publish.

    Labels follow `Accept-Language`. Keep it for a minute, and ask again with `If-None-Match`.
    """
    return public_response(public_view(wiring.catalogue(), call.language, call.now), call)
