"""The composition root of what admits reports in a flood, on top of `wiring`."""

from typing import TYPE_CHECKING

from chalicelib import wiring
from chalicelib.clients import built_once

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.challenges import Challenges
    from chalicelib.domain.load_level import LoadLevel
    from chalicelib.services.flood_gate import FloodGate
    from chalicelib.services.load_level import LoadWatch
    from chalicelib.store.load_counters import LoadCounters
    from chalicelib.store.load_level import LoadLevels
    from chalicelib.store.sources import Sources


@built_once
def load_levels() -> "LoadLevels":
    from chalicelib.store.load_level import LoadLevels

    return LoadLevels(wiring._table(wiring.settings().bulletins_table))


@built_once
def load_counters() -> "LoadCounters":
    from chalicelib.store.load_counters import LoadCounters

    return LoadCounters(wiring._table(wiring.settings().reports_table))


@built_once
def sources() -> "Sources":
    from chalicelib.store.sources import Sources

    return Sources(wiring._table(wiring.settings().sources_table))


@built_once
def load_watch() -> "LoadWatch":
    from chalicelib.services.load_level import LoadWatch

    return LoadWatch(load_levels(), load_counters(), wiring.statistics().rows, sources())


@built_once
def challenges() -> "Challenges":
    from chalicelib.domain.challenges import Challenges

    return Challenges(wiring.identity().challenge_mac)


@built_once
def flood_gate() -> "FloodGate":
    """Return what admits reports in a flood. It keeps counters in memory."""
    from chalicelib.services.flood_gate import FloodGate

    return FloodGate(load_level, challenges, sources, load_counters)


def load_level(now: "datetime") -> "LoadLevel":
    """Return the load level at `now`. A change appears in it within a minute, as in `catalogue`."""
    return wiring.live_catalogue().load(wiring.clock.wall_clock()).level_at(now)
