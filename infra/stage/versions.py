"""The versions of a stage's functions: which serve, which served before, and the way back.

    python -m infra.stage rollback --stage prod

A version is a function's code and settings as they were when it was published; AWS never changes
it. Requests and events reach it by the alias `live` (`infra/packaging/aliases.py`), whose
description names the versions that served before, the latest first, and how many milliseconds its
trial took: `before: 6 5 took: 210`. One call moves an alias and writes its description, so they
always agree. Each release adds one to every list,
also of a function that it did not change, so that going back moves all functions to one release.

`make rollback STAGE=prod` lets the versions serve that served before the last release: it moves the
aliases, which takes seconds, and then files a drill. It builds nothing, and changes neither rights,
routes, tables nor the functions that run on events.

| environment | |
|---|---|
| `YES=1` | do not ask |
| `DRILL=off` | file no drill afterwards |

Sources: AWS Lambda, "Manage Lambda function versions", "Using Lambda aliases in event sources and
permissions policies", PublishVersion, UpdateAlias.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.deploy.smoke import Trip, try_out
from infra.packaging.aliases import ALIAS, BY_ALIAS, alias_of
from infra.stage.console import Refused, confirm, say
from infra.stage.target import Target, command, find_stage, listed, open_session

LATEST = "$LATEST"
KEPT = 5
"""Versions of a function that are kept beside the one that serves. AWS has room for 75 GB of code
in a region, and a stage takes about 0.3 GB with six versions of five functions."""

_BEFORE, _TOOK = "before:", " took: "
# Its settings name the commit (infra/packaging/package.py).
_RESIDENTS = "APIHandler"
# What a version is made of. AWS publishes none when nothing has changed since the last one.
_CONTENT = ("CodeSha256", "Environment", "Handler", "Layers", "MemorySize", "Role", "Timeout")


def main(arguments: Sequence[str]) -> int:
    parser = command(
        "stage rollback",
        "Let the versions serve that served before the last release.",
        required=True,
    )
    roll_back(find_stage(parser.parse_args(arguments).stage, open_session()))
    return 0


def roll_back(target: Target, drill: Callable[[Target], object] | None = None) -> None:
    """Go back one release, and try it out. Raises Refused with nothing changed when there is none,
    or the person says no; also when the drill fails, and then the release before serves.
    """
    now = serving(target)
    wanted = earlier(now, target)
    print(f"{target.title} goes back one release:\n{shown(now, wanted)}")
    if not confirm("Go back?"):
        raise Refused("Nothing was changed.")
    move(target, now, wanted)
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


@dataclass(frozen=True)
class Served:
    """What the alias of a function points to, and what it pointed to before, the latest first.
    `took_ms` is the longest response of its trial, if that measured any.
    """

    version: str
    before: tuple[str, ...] = ()
    took_ms: int | None = None

    @classmethod
    def read(cls, alias: Mapping[str, Any]) -> "Served":
        """Return what an alias says of itself."""
        listed, _, took = alias.get("Description", "").partition(_TOOK)
        before = listed.removeprefix(_BEFORE).split() if listed.startswith(_BEFORE) else ()
        return cls(alias["FunctionVersion"], tuple(before), int(took) if took else None)

    @property
    def description(self) -> str:
        took = [] if self.took_ms is None else [_TOOK.strip(), str(self.took_ms)]
        return " ".join([_BEFORE, *self.before, *took])

    def followed_by(self, version: str) -> "Served":
        """Return it after a release in which this version serves: that takes as long, until its
        trial has measured it.
        """
        # A function that has just been created has served nothing.
        known = () if self.version == LATEST else (self.version, *self.before)
        return Served(version, known[:KEPT], self.took_ms)


type Serving = Mapping[str, Served]
"""What serves, by the function's logical id."""


def serving(target: Target) -> Serving:
    """Return what serves now. Raises Refused when the stage has no aliases."""
    found = {}
    for function in BY_ALIAS:
        if alias_of(function) in target.resources:
            alias = target.client("lambda").get_alias(
                FunctionName=target.physical_name(function), Name=ALIAS
            )
            found[function] = Served.read(alias)
    if not found:
        raise Refused(
            f"{target.title} has no versions, so an older release is deployed. "
            f"Deploy this one first: make deploy{target.command}"
        )
    return found


def commit_of(target: Target, now: Serving) -> str:
    """Return the commit that was packaged into what serves residents, in brackets; "" when its
    settings do not say.
    """
    settings = target.client("lambda").get_function_configuration(
        FunctionName=target.physical_name(_RESIDENTS), Qualifier=now[_RESIDENTS].version
    )
    commit = settings.get("Environment", {}).get("Variables", {}).get("COMMIT")
    return f" ({commit})" if commit else ""


def publish(target: Target, now: Serving) -> Serving:
    """Publish what is deployed, and return what serves when that does. It serves nobody yet.

    It is `now` when nothing has changed. Raises Refused when AWS publishes another content.
    """
    awslambda = target.client("lambda")
    versions = {}
    for function in now:
        named = {"FunctionName": target.physical_name(function)}
        deployed = awslambda.get_function_configuration(**named)
        published = awslambda.publish_version(**named, CodeSha256=deployed["CodeSha256"])
        if any(published.get(part) != deployed.get(part) for part in _CONTENT):
            raise Refused(
                f"AWS published no version of {function} as it is deployed. Nothing serves that "
                f"did not serve before. Run make deploy{target.command} again."
            )
        awslambda.get_waiter("published_version_active").wait(
            **named, Qualifier=published["Version"]
        )
        versions[function] = published["Version"]
    if all(now[function].version == version for function, version in versions.items()):
        return now
    return {function: now[function].followed_by(version) for function, version in versions.items()}


def earlier(now: Serving, target: Target) -> Serving:
    """Return what served before the last release. Raises Refused when nothing did."""
    if not any(each.before for each in now.values()):
        raise Refused(
            f"There is nothing to go back to: no version of {target.name} has served before this "
            f"one. Check out the one that you want, and deploy it: make deploy{target.command}"
        )
    return {
        function: Served(each.before[0], each.before[1:]) if each.before else each
        for function, each in now.items()
    }


def move(target: Target, now: Serving, wanted: Serving) -> None:
    """Let `wanted` serve in the place of `now`: all of it, or nothing when AWS refuses a part."""
    moved: list[str] = []
    try:
        for function, each in wanted.items():
            moved.append(function)
            _point(target, function, each)
    except BaseException:
        for function in moved:
            _point(target, function, now[function])
        raise


def _point(target: Target, function: str, to: Served) -> None:
    target.client("lambda").update_alias(
        FunctionName=target.physical_name(function),
        Name=ALIAS,
        FunctionVersion=to.version,
        Description=to.description,
    )


def forget(target: Target, now: Serving) -> None:
    """Delete the versions that are older than what serves, and that nobody goes back to."""
    awslambda = target.client("lambda")
    for function, each in now.items():
        named = {"FunctionName": target.physical_name(function)}
        found = listed(awslambda, "list_versions_by_function", "Versions", **named)
        published = [each["Version"] for each in found]
        for version in _outlived(published, each):
            awslambda.delete_function(**named, Qualifier=version)


def _outlived(published: Collection[str], served: Served) -> Iterator[str]:
    for version in published:
        # Later ones did not serve: PublishVersion returns the last one when nothing has changed.
        is_older = version != LATEST and int(version) < int(served.version)
        if is_older and version not in served.before:
            yield version


def shown(now: Serving, wanted: Serving) -> str:
    """Return what changes, a line for each function."""
    return "\n".join(
        f"  {function:<20} version {now[function].version} → {each.version}"
        for function, each in wanted.items()
        if each.version != now[function].version
    )
