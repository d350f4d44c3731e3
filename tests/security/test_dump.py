"""A copy of everything, with all secrets, gives away nothing that a person has written.

Two reports with canaries take every path (`tests/faults/test_canaries.py`). Then all that is
stored, but `originals/`, is written into a folder (`tests/security/dump.py`), which is searched,
and attacked by a program of its own (`tests/security/attacker.py`).
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.officers.model import Role
from tests import cloud
from tests.faults import test_canaries as canaries
from tests.security.dump import dump
from tests.security.search import search

ROOT = Path(__file__).parents[2]
CANARIES = (*canaries.SAID, *canaries.WHO, *canaries.OFFICERS)


@dataclass(frozen=True)
class Stolen:
    """A dump, and what only the reporters have: what the two responses said, and the keys."""

    folder: Path
    reports: list[dict[str, Any]]
    keys: list[str]


class Lines(logging.Handler):
    """Keeps all that is logged, with its extra fields."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{vars(record)} {record.getMessage()}")


@contextmanager
def logged() -> Iterator[list[str]]:
    handler, ours = Lines(), logging.getLogger("chalicelib")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)
        ours.setLevel(level)


@pytest.fixture(scope="module")
def stolen(aws: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    cloud.officer("wang", roles=(Role.OFFICER, Role.SUPERVISOR))
    with logged() as lines:
        trips = [canaries.all_trips() for _ in range(2)]
    folder = tmp_path_factory.mktemp("dump")
    dump(aws, "\n".join(lines), folder)
    return Stolen(folder, [report for report, _ in trips], [key for _, key in trips])


def attack(stolen: Stolen, *arguments: str) -> dict[str, Any]:
    """Run the attacker with the dump alone: no credentials, and nothing of this process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.attacker", str(stolen.folder), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loot: dict[str, Any] = json.loads(done.stdout)
    return loot


def guesses(stolen: Stolen, folder: Path) -> Path:
    """Write what the attacker supposes that was sent: the very body, and one that was not."""
    bodies = [canaries.BODY, canaries.BODY | {"contact": {"phone": "+86 138 0000 0000"}}]
    forms = [
        json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for body in bodies
    ]
    path = folder / "guesses.json"
    path.write_text(json.dumps([*forms, canaries.MESSAGE, canaries.PHONE]))
    return path


def test_the_dump_has_a_bit_of_everything(stolen: Stolen) -> None:
    sizes = {
        pattern: sum(path.stat().st_size for path in stolen.folder.glob(pattern))
        for pattern in ("tables/*", "objects/*/*", "queues/*", "secrets/*", "keys/*", "*.*")
    }
    assert [pattern for pattern, size in sizes.items() if not size] == []
    assert (stolen.folder / "log.txt").stat().st_size > 1000
    assert not any("originals" in path.name for path in stolen.folder.rglob("objects/*/*"))


def test_no_canary_is_in_the_dump_in_any_encoding(stolen: Stolen) -> None:
    assert search(stolen.folder, CANARIES) == []


def test_no_receipt_and_no_phones_key_is_in_the_dump(stolen: Stolen) -> None:
    receipts = [report["receipt"] for report in stolen.reports]
    assert search(stolen.folder, [*receipts, *stolen.keys]) == []


def test_the_same_search_finds_what_is_in_the_clear(stolen: Stolen) -> None:
    found = search(stolen.folder, ["child_abduction", stolen.reports[0]["id"]])
    assert {one.text for one in found} == {"child_abduction", stolen.reports[0]["id"]}


def test_a_program_given_all_of_it_with_the_code_recovers_nothing(
    stolen: Stolen, tmp_path: Path
) -> None:
    loot = attack(stolen, "--guesses", str(guesses(stolen, tmp_path)))
    tried = loot.pop("tried")
    assert loot == {"opened": [], "confirmed": [], "keys": [], "pictures": []}
    assert tried["keys"] > 5_000
    assert tried["openings"] > 10_000
    assert tried["fingerprints"] > 10_000


def test_the_same_program_with_one_receipt_opens_that_report_and_no_other(
    stolen: Stolen, tmp_path: Path
) -> None:
    mine = stolen.reports[1]
    arguments = ["--guesses", str(guesses(stolen, tmp_path)), "--receipt", mine["receipt"]]
    loot = attack(stolen, *arguments)
    assert {one["row"][0] for one in loot["opened"]} == {f"REPORT#{mine['id']}"}
    everything = "\n".join(one["text"] for one in loot["opened"])
    # The one stays in the original. The other opens for the function that pushes alone.
    hidden = {canaries.EXIF, canaries.TOKEN}
    assert [one for one in {*canaries.SAID} - hidden if one not in everything] == []
    assert len(loot["keys"]) == 1
    # Who has the receipt can compare guesses: so the guesses have the form that is hashed.
    assert [json.loads(guess) for guess in loot["confirmed"]] == [canaries.BODY]
