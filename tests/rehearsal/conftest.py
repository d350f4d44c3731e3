"""One deployed cloud for the whole rehearsal."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.flood.load_level import LoadLevel
from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from tests.rehearsal import intruders
from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person, appoint, chief_of
from tests.rehearsal.stage import ROOT, Stage

FUNCTIONS = (
    "APIHandler",
    "Officers",
    "AuthorizeOfficer",
    "MakeThumbnails",
    "MakeCriticalThumbnails",
    "Decode",
    "DecodeCritical",
    "RecordMedia",
    "PublishCritical",
    "PublishNotices",
    "SweepCritical",
    "SweepNormal",
    "SweepUpkeep",
    "DoUpkeep",
    "SuggestIncidents",
    "PushToPhones",
    "SealAudit",
    "DigestAudit",
    "CompareOpenings",
)
SHOWN_LINES = 30


@pytest.fixture(scope="session")
def boto3_version() -> str:
    """The boto3 that the functions run with: BOTO3, by default the floor."""
    return os.environ.get("BOTO3") or environments.FLOOR


@pytest.fixture(scope="session")
def build() -> Path:
    """What was packaged for this machine's processor."""
    return Path(os.environ.get("BUILD") or ROOT / "build" / "rehearsal")


@pytest.fixture(scope="session")
def cloud(boto3_version: str) -> Iterator[emulated.Cloud]:
    # The run with the oldest boto3 is without the key, that with the newest has it.
    select = boto3_version != environments.FLOOR
    interpreter = environments.function(boto3_version)
    with emulated.running(interpreter, select_of_items=select) as running:
        yield running


@pytest.fixture(scope="session")
def stage(cloud: emulated.Cloud, build: Path, request: pytest.FixtureRequest) -> Stage:
    stage = Stage(cloud)
    request.config.stash[_STAGE] = stage
    stage.deploy(build)
    # All reports of the tests come from one address, and are many.
    stage.set_level(LoadLevel.NORMAL)
    return stage


@pytest.fixture(scope="session")
def notices(stage: Stage) -> Notices:
    return Notices(stage)


@pytest.fixture(scope="session")
def admin(stage: Stage) -> Person:
    return chief_of(stage)


@pytest.fixture(scope="session")
def officer(admin: Person) -> Person:
    """An officer who may see everything."""
    return appoint(admin, "li")


@pytest.fixture(scope="session")
def colleague(admin: Person) -> Person:
    return appoint(admin, "wang")


@pytest.fixture(autouse=True)
def nothing_denied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which IAM denies a function something, also when another makes up for it: what
    the publisher may not send, the sweep sends a minute later.

    An intruder is meant to be denied what it tries.
    """
    yield
    stage = request.config.stash.get(_STAGE, None)
    if stage is not None:
        denied = [
            line
            for line in stage.cloud.denied()
            if ":assumed-role/" in line and f"/{intruders.NAME}-" not in line
        ]
        known = request.config.stash.setdefault(_DENIED, [])
        new = denied[len(known) :]
        known += new
        assert not new, "\n".join(["A function may not do what it tried:", *sorted(set(new))])


_DENIED = pytest.StashKey[list[str]]()
_STAGE = pytest.StashKey[Stage]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show beside a failure what IAM denied, and the last lines of each function's log."""
    report = yield
    stage = item.config.stash.get(_STAGE, None)
    # After the last test the cloud is gone.
    if call.when != "teardown" and stage is not None and report.failed:  # type: ignore[attr-defined]
        sections = report.sections  # type: ignore[attr-defined]
        sections.append(("Denied by IAM", "\n".join(stage.cloud.denied()) or "nothing"))
        # There is no log to show when the stack was not created.
        with contextlib.suppress(ClientError):
            for name in FUNCTIONS:
                lines = stage.own_lines(log_group(name))[-SHOWN_LINES:]
                if lines:
                    sections.append((f"Log of {name}", "\n".join(lines)))
    return report


def log_group(function: str) -> str:
    return "ResidentsLog" if function == "APIHandler" else f"{function}Log"
