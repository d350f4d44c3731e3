"""`make rollback STAGE=prod`: let the versions serve that served before the last release.

    python -m infra.stage.rollback --stage prod

It moves the alias of each function (`infra/stage/versions.py`), which takes seconds, and then
files a drill. It builds nothing, and changes neither rights, routes, tables nor the functions that
run on events.

| environment | |
|---|---|
| `YES=1` | do not ask |
| `DRILL=off` | file no drill afterwards |
"""

import argparse
from collections.abc import Callable, Sequence

from infra.deploy.smoke import Trip, try_out
from infra.stage import versions
from infra.stage.console import confirm, say
from infra.stage.faults import Refused, run
from infra.stage.target import Target, add_stage, find_stage, open_session


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.rollback",
        description="Let the versions serve that served before the last release.",
    )
    add_stage(parser, required=True)
    roll_back(find_stage(parser.parse_args(arguments).stage, open_session()))
    return 0


def roll_back(target: Target, drill: Callable[[Target], object] | None = None) -> None:
    """Go back one release, and try it out. Raises Refused with nothing changed when there is none,
    or the person says no; also when the drill fails, and then the release before serves.
    """
    now = versions.serving(target)
    wanted = versions.earlier(now, target)
    print(f"{target.title} goes back one release:\n{versions.shown(now, wanted)}")
    if not confirm("Go back?"):
        raise Refused("Nothing was changed.")
    versions.move(target, now, wanted)
    say("The release before serves. Rights, routes and tables are as they were.")
    try:
        (drill or _drill)(target)
    except Refused as failure:
        raise Refused(
            f"{failure}\nThe release before serves, and does not work either, so the build may not "
            f"be the cause: make status{target.command}. To go back further, run this again."
        ) from None


def _drill(target: Target) -> None:
    print(f"Version {try_out(Trip(target.api), target)} works.")


if __name__ == "__main__":
    run(main)
