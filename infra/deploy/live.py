"""Let a new build serve: try its versions, move the aliases, try the whole, and go back when that
fails (docs/adr/0054-alias.md).
"""

from collections.abc import Callable

from infra.deploy.smoke import smoke_test
from infra.deploy.trial import try_versions
from infra.stage import versions
from infra.stage.console import say
from infra.stage.faults import Refused, explain
from infra.stage.target import Target

_REST = (
    "Rights, routes, what opens files and the functions that run on events are those of the new "
    "build. Correct it and deploy again, or check out the version before{commit} and deploy that."
)


def put_live(
    target: Target,
    commit: str = "",
    *,
    trial: Callable[[Target, versions.Serving], None] = try_versions,
    drill: Callable[[Target], None] = smoke_test,
) -> None:
    """Let what is deployed serve. `commit` names what was deployed before, in brackets.

    Raises Refused when the trial fails, and then nothing else serves than before; and when the
    drill after it fails, and then what served before serves again.
    """
    before = versions.serving(target)
    after = versions.publish(target, before)
    is_back_possible = after != before and any(
        each.version != versions.LATEST for each in before.values()
    )
    rest = _REST.format(commit=commit) if is_back_possible else _nothing_before(target, before)
    try:
        say("Trying the new versions, which serve nobody yet ...")
        trial(target, after)
    except Exception as failure:
        kept = "The new build gets no traffic: what served before still serves. "
        raise Refused(f"{explain(failure)}\n{kept if is_back_possible else ''}{rest}") from failure
    versions.move(target, before, after)
    say("The new versions serve.")
    try:
        drill(target)
    except BaseException as failure:
        # Also when somebody stops it: nobody knows then whether the build works.
        if is_back_possible:
            versions.move(target, after, before)
            say("The drill has not succeeded, so the versions before serve again.")
        if isinstance(failure, Exception):
            kept = "What served before serves again. "
            raise Refused(
                f"{explain(failure)}\n{kept if is_back_possible else ''}{rest}"
            ) from failure
        raise
    _forget(target, after)


def _nothing_before(target: Target, before: versions.Serving) -> str:
    if any(each.version == versions.LATEST for each in before.values()):
        return (
            "No version has served before, so the new build serves, faulty as it is. Correct the "
            "cause, and deploy again."
        )
    return (
        "What was tried has served before this deployment, too, which has changed no function. "
        f"To go back one release: make rollback{target.command}"
    )


def _forget(target: Target, serving: versions.Serving) -> None:
    try:
        versions.forget(target, serving)
    except Exception as error:
        # The deployment is done; a later one deletes them.
        say(f"Old versions were not deleted: {explain(error)}")
