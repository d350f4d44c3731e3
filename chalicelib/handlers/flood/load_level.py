"""Officers' routes to set the load level for a time, and to lift that."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from chalicelib import wiring
from chalicelib.domain.flood.load_level import LevelReason, LoadLevel, LoadState
from chalicelib.domain.officers.model import Role
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape, Timestamp
from chalicelib.kernel.models import Input
from chalicelib.services.flood import load_level

routes = Routes("Casework", Access.OFFICER, roles=(Role.SUPERVISOR, Role.ADMIN))

_PATH = "/v1/officer/load-level"
_LONGEST_MINUTES = 24 * 60


def _whole(value: Any) -> Any:
    # To JSON Schema, 2.0 is an integer.
    return int(value) if isinstance(value, float) and value.is_integer() else value


class LoadLevelChange(Input):
    """The level to set, for how many minutes, and why."""

    level: Annotated[
        int, Field(ge=LoadLevel.NORMAL, le=LoadLevel.HEAVY_FLOOD), BeforeValidator(_whole)
    ]
    minutes: Annotated[int, Field(ge=1, le=_LONGEST_MINUTES), BeforeValidator(_whole)]
    reason: Annotated[LevelReason, Field(strict=False)]


class LoadLevelView(Shape):
    """How far above the usual the number of reports is: from 0 (normal) to 3 (heavy flood).

    `automatic` is the level by the counters. `set_until` is the time until which an officer has set
    another; null when none has.
    """

    level: int
    automatic: int
    set_until: Timestamp | None

    @classmethod
    def at(cls, state: LoadState, now: datetime) -> Self:
        override = state.override_at(now)
        return cls(
            level=state.level_at(now),
            automatic=state.automatic,
            set_until=override.until if override else None,
        )


@routes.put(_PATH, body=LoadLevelChange, returns=LoadLevelView)
def set_load_level(call: Call) -> Response:
    """Set the load level.

    Raises or lowers it for some minutes, at most a day. From level 1 on, one source may send only
    some reports without a proof of work; from level 2 on, each report needs one, except where a
    life may depend on it. The change takes effect everywhere within a minute, and is on record.
    """
    state = load_level.set_load_level(
        LoadLevel(call.body.level),
        timedelta(minutes=call.body.minutes),
        call.body.reason,
        actor=call.actor,
        levels=wiring.load_levels(),
    )
    wiring.live_catalogue().learn_load(state)
    return Response(LoadLevelView.at(state, call.now))


@routes.delete(_PATH)
def lift_load_level(call: Call) -> Response:
    """Return to the automatic load level.

    Ends what an officer has set. Repeating the call changes nothing.
    """
    state = load_level.lift_load_level(actor=call.actor, levels=wiring.load_levels())
    wiring.live_catalogue().learn_load(state)
    return Response()
