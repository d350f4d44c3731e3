"""`make deploy STAGE=dev`: show the plan, ask, deploy what `make package` built, try it out before
anybody is sent to it and after, and go back when that fails.

    python -m infra.deploy --stage dev --check     before packaging: can it be deployed there?
    python -m infra.deploy --stage dev [--plan-only] [--build FOLDER]

| environment | |
|---|---|
| `YES=1` | answer each question with yes: for pipelines |
| `DRILL=off` | try out what files no report: health, the catalogue, that each function starts |
| `REPLACE=ReportsTable` | logical ids that hold data and may go, with commas; also `City` |
| `BUCKET` | another bucket for the zips than `tipline-artefacts-<account>-<region>` |
| `ALARM_EMAIL`, `PUBLIC_URL`, … | the template's parameters (`Parameters` in infra/app.yaml) |
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import template
from infra.deploy import plan, smoke, web_clients
from infra.deploy.artefacts import Artefacts, Packaged, read_packaged
from infra.deploy.checks import (
    check_china,
    check_city,
    check_concurrency,
    check_isolation,
    check_shards,
    misspelt,
    read_parameters,
    reserve_for_authorizer,
    show,
)
from infra.deploy.live import put_live
from infra.deploy.stack import Stack
from infra.packaging.bundle import BUILD, alone_in
from infra.stage import migrate
from infra.stage.console import Refused, confirm, run, say
from infra.stage.officers import has_admins
from infra.stage.target import (
    command,
    find_stack,
    find_stage,
    make_client,
    open_session,
    parameters_of,
    stack_name,
)


def main(arguments: Sequence[str]) -> int:
    wanted = read_arguments(arguments)
    if wanted.check:
        check(wanted.stage)
        return 0
    with alone_in(wanted.build):
        deployment = prepare(wanted.stage, wanted.build)
        migrate.say_missing(wanted.stage, deployment.session)
        if not deployment.carry_out(plan_only=wanted.plan_only):
            return 0
    target = find_stage(wanted.stage, deployment.session)
    put_live(target)
    if deployment.before is None:
        migrate.migrate_stage(target)  # there is nothing yet: it only notes that they are done
    else:
        migrate.say_missing(wanted.stage, deployment.session)
    web_clients.publish(target, wanted.build)
    print(smoke.next_steps(target, has_admins(target)))
    return 0


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("deploy", "Deploy what `make package` built.", required=True)
    parser.add_argument(
        "--check", action="store_true", help="only check what needs no package: before packaging"
    )
    parser.add_argument(
        "--plan-only",
        action="store_true",
        help="print the changes and stop; the change set stays, to be executed by hand",
    )
    parser.add_argument(
        "--build",
        type=Path,
        default=BUILD,
        help="the folder that was packaged into; default: build",
    )
    return parser.parse_args(arguments)


def check(stage: str) -> None:
    """Check what needs no package, and ask when a variable seems misspelt. Raises Refused."""
    declared = template.load("app.yaml")["Parameters"]
    _check(stage, open_session(), declared)
    if warnings := misspelt(declared, os.environ):
        print("\n".join(warnings), file=sys.stderr)
        if not confirm("Go on without?"):
            raise Refused("Nothing was changed.")


def prepare(stage: str, build: Path) -> "Deployment":
    """Check everything that can be checked before something is sent. Raises Refused."""
    session = open_session()
    packaged = read_packaged(build)
    given, present, artefacts = _check(stage, session, packaged.parameters)
    check_city(packaged.template, present, _replaceable())
    check_shards(packaged.template, present, _replaceable())
    given |= web_clients.parameters(given, present, build, artefacts.partition)
    stack = Stack(stack_name(stage), make_client(session, "cloudformation"))
    return Deployment(stage, session, packaged, given, artefacts, stack, present)


def _check(
    stage: str, session: Any, declared: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any] | None, Artefacts]:
    """Check the variables for parameters and the region, then what AWS knows: the credentials, the
    stage's name and state, the account's concurrency, the bucket.

    Return the parameters that are given, the stack as it is, and the bucket. Raises Refused.
    """
    region = session.region_name
    partition = str(session.get_partition_for_region(region))
    given = read_parameters(declared, os.environ)
    check_isolation(given, region, partition)
    present = find_stack(stage, session)
    check_china(given, present, partition)
    account = make_client(session, "sts").get_caller_identity()["Account"]
    Stack(stack_name(stage), make_client(session, "cloudformation")).refuse_busy(present)
    awslambda = make_client(session, "lambda")
    given = reserve_for_authorizer(declared, given, present, awslambda)
    check_concurrency(given, present, awslambda)
    named = os.environ.get("BUCKET")
    bucket = named or f"tipline-artefacts-{account}-{region}"
    s3 = make_client(session, "s3")
    artefacts = Artefacts(s3, bucket, account, region, partition, is_ours=not named)
    artefacts.exists()
    return given, present, artefacts


@dataclass(frozen=True)
class Deployment:
    """One deployment: what, where, and the stack as it was before (None when there is none)."""

    stage: str
    session: Any
    packaged: Packaged
    given: Mapping[str, str]
    artefacts: Artefacts
    stack: Stack
    before: Mapping[str, Any] | None

    def carry_out(self, *, plan_only: bool) -> bool:
        """Plan, ask and deploy. Return whether the stack is as it was packaged."""
        print(f"{self.stack.name} in {self.artefacts.region}, account {self.artefacts.account}")
        present = self.stack.settle(self.before)
        self.artefacts.prepare()
        self.artefacts.send_zips(self.packaged)
        first = present is None
        packaged = self.packaged.without_protection() if first else self.packaged
        planned = self._plan(packaged, present)
        if planned is None:
            say(f"{self.stack.name} is up to date.")
            return not plan_only
        change_set, changes = planned
        print(f"The plan:\n{plan.describe(changes)}\n{self._parameters(present)}")
        for warning in misspelt(self.packaged.parameters, os.environ):
            print(warning)
        try:
            plan.refuse_data_loss(changes, _replaceable())
            if plan_only:
                print(f"Planned, not executed: {change_set}")
                return False
            if not confirm("Deploy?"):
                raise Refused("Nothing was changed.")
        except (Refused, KeyboardInterrupt):
            self.stack.discard(change_set, first=first)
            raise
        say(f"{'Creating' if first else 'Changing'} {self.stack.name} ...")
        # Before it is made: nobody else's no to a plan of the same stage deletes it then.
        self.stack.protect()
        self._execute(change_set, len(changes))
        if first:
            self._turn_on_protection()
        say(f"{self.stack.name} is deployed.")
        return True

    def _plan(
        self, packaged: Packaged, present: Mapping[str, Any] | None
    ) -> tuple[str, list[plan.Change]] | None:
        own = {"Stage": self.stage, "ArtefactsBucket": self.artefacts.bucket}
        request = plan.Request(
            stack=self.stack.name,
            template_url=self.artefacts.send_template(packaged.template),
            given={**own, **self.given},
            declared=self.packaged.parameters,
            present=present,
            tags={"app": "tipline", "stage": self.stage},
        )
        return plan.create_change_set(request, self.stack.cloudformation, self.stack.pause)

    def _execute(self, change_set: str, total: int) -> None:
        described = self.stack.cloudformation.describe_change_set(ChangeSetName=change_set)
        self.stack.execute(change_set, described["StackId"], total)

    def _turn_on_protection(self) -> None:
        """Protect tables and pool, which a first deployment makes without protection."""
        planned = self._plan(self.packaged, find_stack(self.stage, self.session))
        if planned is not None:
            say("Turning on deletion protection of the tables and the pool ...")
            change_set, changes = planned
            plan.refuse_data_loss(changes, ())
            self._execute(change_set, len(changes))

    def _parameters(self, present: Mapping[str, Any] | None) -> str:
        before = parameters_of(present)
        declared = self.packaged.parameters
        lines = [
            f"    {name} = {show(name, value, declared)}"
            for name, value in self.given.items()
            if before.get(name, declared[name].get("Default", "")) != value
        ]
        return "\n".join(["  with new values of parameters:", *lines, ""]) if lines else ""


def _replaceable() -> list[str]:
    return [name for name in os.environ.get("REPLACE", "").split(",") if name]


if __name__ == "__main__":
    run(main)
