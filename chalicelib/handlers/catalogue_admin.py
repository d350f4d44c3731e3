"""The admin's route to the catalogue: open, pause or retire categories and channels while
everything runs.
"""

from chalicelib import wiring
from chalicelib.domain.catalogue.model import LifecycleState
from chalicelib.domain.catalogue.overrides import CataloguePatch
from chalicelib.domain.catalogue.view import public_view
from chalicelib.domain.officers import Role
from chalicelib.handlers.catalogue import AppView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Category, Channel, Shape, Timestamp
from chalicelib.services.catalogue_admin import change_catalogue

routes = Routes("Administration", Access.OFFICER, roles=(Role.ADMIN,))


class CategoryState(Shape):
    code: Category
    label: str
    state: LifecycleState
    activates_at: Timestamp | None
    shards: int


class ChannelState(Shape):
    code: Channel
    label: str
    state: LifecycleState
    activates_at: Timestamp | None


class CatalogueState(Shape):
    """Where each entry is in its life now, and the settings for apps. `version` counts the
    changes.
    """

    version: int
    categories: list[CategoryState]
    channels: list[ChannelState]
    app: AppView


@routes.patch("/v1/admin/catalogue", body=CataloguePatch, returns=CatalogueState)
def patch_catalogue(call: Call) -> Response:
    """Open, pause or retire categories and channels; change the settings for apps.

    Each entry that is named gets the whole lifecycle given: its state, and when the clock
    activates it. `shards` of a category only ever grow. `app` may change the minimum version, which
    informs and never refuses, and the flags. It holds here at once and everywhere within a minute.
    A call that changes nothing makes no version.
    """
    wall_clock = wiring.clock.wall_clock()
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
        CatalogueState.model_validate(
            {
                "version": kept.version,
                "categories": [
                    each | {"shards": shards[each["code"]]} for each in view["categories"]
                ],
                "channels": view["channels"],
                "app": view["app"],
            }
        )
    )
