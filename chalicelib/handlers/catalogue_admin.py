"""The admin's route to the catalogue: open, pause or retire categories and channels while
everything runs.
"""

from typing import Any

from chalicelib import wiring
from chalicelib.domain.catalogue.overrides import CataloguePatch
from chalicelib.domain.catalogue.view import public_view
from chalicelib.domain.officers import Role
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services.catalogue_admin import change_catalogue

routes = Routes("Administration", Access.OFFICER, roles=(Role.ADMIN,))


class CatalogueStateEntry(schemas.Shape):
    code: str
    label: str
    state: str
    activates_at: str | None
    shards: int | None = None


class CatalogueState(schemas.Shape):
    """Where each entry is in its life now, and what apps are told. `version` counts the changes."""

    model_config = schemas.shown(
        {
            "version": 1,
            "categories": [
                {
                    "code": "traffic_violation",
                    "label": "Traffic accident or violation",
                    "state": "paused",
                    "activates_at": "2026-11-30T16:00:00.000Z",
                    "shards": 4,
                }
            ],
            "channels": [
                {
                    "code": "lost_and_found",
                    "label": "Lost and found",
                    "state": "active",
                    "activates_at": None,
                    "shards": None,
                }
            ],
            "app": {
                "minimum_version": "1.0.0",
                "flags": {"bulletins": True, "leads": True, "video": True},
                "emergency_number": "110",
            },
        }
    )

    version: int
    categories: list[CatalogueStateEntry]
    channels: list[CatalogueStateEntry]
    app: dict[str, Any]


@routes.patch("/v1/admin/catalogue", body=CataloguePatch, returns=CatalogueState)
def patch_catalogue(call: Call) -> Response:
    """Open, pause or retire categories and channels; change what apps are told.

    Each entry that is named gets the whole lifecycle given: its state, and when the clock
    activates it. `shards` of a category only ever grow. `app` may change the minimum version, which
    informs and never refuses, and the flags. It holds here at once and everywhere within a minute.
    A call that changes nothing makes no version.
    """
    wall_clock = wiring.wall_clock()
    kept = change_catalogue(
        call.body,
        actor=call.actor,
        kept=wiring.catalogue_changes(),
        wall_clock=wall_clock,
    )
    catalogue = wiring.live_catalogue().learn(kept, wall_clock)
    view = public_view(catalogue, call.language, call.now)
    shards = {category.code: category.shards for category in catalogue.categories}
    return Response(
        CatalogueState(
            version=kept.version,
            categories=[_entry(each, shards[each["code"]]) for each in view["categories"]],
            channels=[_entry(each) for each in view["channels"]],
            app=view["app"],
        )
    )


def _entry(view: dict[str, Any], shards: int | None = None) -> CatalogueStateEntry:
    return CatalogueStateEntry(
        **{name: view[name] for name in ("code", "label", "state", "activates_at")}, shards=shards
    )
