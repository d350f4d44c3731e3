"""The proof of work of a resident's page, and what the service makes of it."""

import json
import subprocess
import uuid
from datetime import UTC, datetime

import pytest

from chalicelib.domain.flood.load_level import Challenges, LoadLevel, Verdict
from infra.web.node import InstalledNode
from tests.web.cutter import ROOT

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
_COMMAND = ROOT / "sdk" / "testing" / "prove.ts"


@pytest.mark.parametrize("level", [LoadLevel.BUSY, LoadLevel.FLOOD])
def test_the_service_accepts_it_for_its_report_alone(level: LoadLevel) -> None:
    challenges = Challenges(lambda text: text.encode().ljust(32)[:32])
    key = str(uuid.uuid4())
    order = {"challenge": challenges.at(level, NOW).as_json(), "key": key}
    proof = subprocess.run(
        [str(InstalledNode().program), str(_COMMAND)],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert challenges.check(proof, key, NOW) == Verdict.VALID
    assert challenges.check(proof, str(uuid.uuid4()), NOW) == Verdict.WRONG
