"""The README's commands, run as they stand there."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests import cloud
from tests.local.stack import ROOT, Stack

pytestmark = pytest.mark.slow


def blocks(name: str) -> list[str]:
    return re.findall(
        r"^```sh\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def test_a_report_with_a_photo_by_curl_reaches_reporter_and_officer(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(cloud.photo())
    # Make would look after the installation, which tests have.
    token = f"PYTHONPATH='{ROOT}' {sys.executable} -m infra.local.token officer"
    [script] = blocks("README.md")
    script = script.replace("http://127.0.0.1:8000", stack.api).replace(
        "make -s token OFFICER=officer", token
    )
    try:
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        stack.expect("notice .* report · traffic_violation")
        created = json.loads((tmp_path / "report.json").read_text())
        assert "uploaded: 204" in done.stdout
        assert done.stdout.count(f'"id":"{created["id"]}"') == 2

        receipt = {"Authorization": f"Receipt {created['receipt']}"}
        for _ in range(600):
            view = requests.get(f"{stack.api}/v1/reports/mine", headers=receipt, timeout=10).json()
            if view["media"][0]["state"] not in ("awaiting", "processing"):
                break
            time.sleep(0.1)
        assert view["media"][0]["state"] == "ready"
    finally:
        stack.process.kill()
