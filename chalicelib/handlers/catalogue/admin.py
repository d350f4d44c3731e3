"""Admins' route to open, pause, retire or add categories and channels."""

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.catalogue.model import LifecycleState
from chalicelib.domain.catalogue.overrides import CataloguePatch
from chalicelib.domain.catalogue.view import public_view
from chalicelib.domain.officers.model import Role
from chalicelib.handlers.catalogue.catalogue import AppView
from chalicelib.http.requests import MAX_LONG_BODY, Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, Channel, Shape, Timestamp
from chalicelib.services.catalogue import change_catalogue

routes = Routes("Administration", Access.OFFICER, roles=(Role.ADMIN,))


class CategoryState(Shape):
    code: Category
    label: str
    state: LifecycleState
    activates_at: Timestamp | None
    deadlines: dict[str, int]
    blur: bool


class ChannelState(Shape):
    code: Channel
    label: str
    state: LifecycleState
    activates_at: Timestamp | None


class AdminAppView(AppView):
    """Settings for apps. `flags` is empty, and there for the console of release 0.2.0rc1 alone."""

    flags: dict[str, bool] = Field(default={}, json_schema_extra={"deprecated": True})


class CatalogueState(Shape):
    """The current state of each entry, and the settings for apps.

    `version` grows by one with each change.
    """

    version: int
    categories: list[CategoryState]
    channels: list[ChannelState]
    app: AdminAppView


@routes.patch(
    "/v1/admin/catalogue", body=CataloguePatch, max_body=MAX_LONG_BODY, returns=CatalogueState
)
def patch_catalogue(call: Call) -> Response:
    """Change the catalogue.

    Opens, pauses or retires categories and channels, and changes the settings for apps. Send only
    the entries to change. `state` and `activates_at` of an entry replace both old values.
    `deadlines` of a category say in how many minutes its reports are to be acknowledged, by urgency
    (0: no deadline); they count for reports that come after it, and those that you leave out stay.
    With `blur`, officers' screens show no picture of its reports before it is asked for.
    `app` changes the minimum version.

    `added` adds a category, as a trial: to open it, send its state in a later call. Sent again, it
    gets other labels or fields. Other fields are a new version of its form.

    The change takes effect everywhere within a minute. A call that changes nothing creates no new
    version.
    """
    changes = change_catalogue(call.body, actor=call.actor, kept=wiring.catalogue_changes())
    catalogue = wiring.live_catalogue().learn(changes, wiring.clock.wall_clock())
    view = public_view(catalogue, call.language, call.now)
    deadlines = {each.code: {"deadlines": each.deadlines} for each in catalogue.categories}
    return Response(
        CatalogueState.model_validate(
            {
                "version": changes.version,
                "categories": [each | deadlines[each["code"]] for each in view["categories"]],
                "channels": view["channels"],
                "app": view["app"],
            }
        )
    )
