"""Two admins to begin with, and an operator who signs in with a browser."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from infra.rehearsal import environments
from infra.rehearsal.cloud import without_settings_of_aws
from tests.rehearsal.people import Person
from tests.rehearsal.stage import NAME, ROOT, Stage


def test_the_first_admins_are_listed_like_any_other(admin: Person) -> None:
    rows = {row["username"]: row for row in admin.get("/v1/admin/officers")["items"]}
    assert rows["qian"]["roles"] == ["admin"]
    assert rows["zhao"]["active"]


@pytest.fixture
def port() -> Iterator[None]:
    """Have the one port that a browser is sent back to: the other rehearsal needs it, too."""
    with (environments.RUNS / "sign-in.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("port")
def test_an_operator_signs_in_with_a_browser(admin: Person, stage: Stage) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "infra.stage", "token", "--stage", NAME],
        cwd=ROOT,
        env=without_settings_of_aws() | stage.cloud.environment | {"BROWSER": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        assert command.stdout is not None
        shown = []
        for line in command.stderr:
            shown.append(line)
            if line.strip().startswith("https://"):
                break
        assert shown, "the command ended"
        assert shown[-1].strip().startswith("https://"), "".join(shown)
        redirect = admin.visit(shown[-1].strip())
        assert httpx.get(redirect, trust_env=False).status_code == 200
        token = command.stdout.read().strip()
    assert command.returncode == 0
    assert stage.call("GET", "/v1/officer/me", token=token).json["username"] == admin.username
