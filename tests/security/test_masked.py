"""A passage that was masked is in nothing that is stored afterwards: not even for a thief of all of
it who has the receipt, which opens the report. Under a legal hold it is in rows of that alone.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.masks import MaskPart
from chalicelib.kernel import times
from chalicelib.kernel.outbox import FORGET_AFTER
from tests import cloud
from tests.client import call, new_key
from tests.fields import saying, written_in
from tests.security.attacker import Attacker
from tests.security.dump import dump
from tests.security.search import search
from tests.security.test_dump import logged
from tests.steps import by_officer, by_reporter, by_second_officer, file

pytestmark = [pytest.mark.thorough, pytest.mark.officers("wang", "li")]

# With a number, which officers search by.
CANARY = "CANARY-PASSAGE 13842424242"
SAID = f"It was {CANARY} again."
START = SAID.index(CANARY)
IN_REPORT = [path for path in written_in("missing_elderly") if not path.startswith("contact.")]


def filed() -> dict[str, Any]:
    """File a report that says it everywhere, and let officers do all that may copy it."""
    created = file(**saying(dict.fromkeys(IN_REPORT, SAID), "missing_elderly"))
    by_reporter("POST", created, "/messages", {"text": SAID}, key=new_key())
    by_officer("POST", created, "/notes", {"text": SAID}, key=new_key())
    by_officer("GET", created)
    referral = {"agency": "city_services", "reason": "Theirs.", "include": ["text", "details"]}
    by_officer("POST", created, "/referral", referral)
    assert by_second_officer(created, "/referral/approve").status == 200
    export = {"report_id": created["id"], "reason": "For the court."}
    assert call("POST", "/v1/officer/exports", export, officer="wang").status == 201
    return created


def mask_all(created: Mapping[str, Any]) -> None:
    shown = by_officer("GET", created).json
    texts: list[tuple[str, str | None]] = [
        ("detail", path.removeprefix("details."))
        if path.startswith("details.")
        else (path.rpartition(".")[2], None)
        for path in IN_REPORT
    ]
    texts += [(part, shown[f"{part}s"][0]["id"]) for part in ("message", "note")]
    assert {part for part, _ in texts} == set(MaskPart)
    for number, (part, name) in enumerate(texts, start=1):
        body = {"part": part, "name": name, "start": START, "passage": CANARY}
        by_officer("POST", created, "/masks", body | {"reason": "erasure"}).expect(201)
        assert by_second_officer(created, f"/masks/{number}/approve").status == 200


def stolen(aws: Mapping[str, str], created: Mapping[str, Any], folder: Path, log: str) -> set[str]:
    """Dump everything. Return the kinds of rows that the receipt opens, and that say it."""
    cloud.go_on(FORGET_AFTER + timedelta(minutes=1))
    dump(aws, log, folder)
    opened = Attacker(folder, [created["receipt"]], []).run().opened
    assert [each for each in opened if "It was" in each["text"]]
    return {each["row"][1] for each in opened if CANARY in each["text"]}


def test_a_masked_passage_is_in_no_row_object_log_or_notice(
    aws: Mapping[str, str], tmp_path: Path
) -> None:
    with logged() as lines:
        created = filed()
        mask_all(created)
        by_officer("GET", created)
        by_officer("GET", created, "/history")
    assert stolen(aws, created, tmp_path, "\n".join(lines)) == set()
    assert search(tmp_path, [CANARY]) == []
    assert (exports(tmp_path), names_of_search()) == ([], [])


def test_without_a_mask_the_same_search_finds_it(aws: Mapping[str, str], tmp_path: Path) -> None:
    created = filed()
    found = stolen(aws, created, tmp_path, "")
    kinds = {each.partition("#")[0] for each in found}
    assert kinds == {"HEAD", "MESSAGE", "NOTE"}
    assert exports(tmp_path)
    assert names_of_search()


def test_under_a_hold_the_passage_is_in_rows_of_the_hold_alone(
    aws: Mapping[str, str], tmp_path: Path
) -> None:
    created = filed()
    until = times.render(wiring.clock.now() + timedelta(days=40))
    by_officer("POST", created, "/hold", {"reason": "Evidence.", "until": until})
    assert by_second_officer(created, "/hold/approve").status == 200
    mask_all(created)
    held = {f"BEFORE#{number}" for number in range(1, len(IN_REPORT) + 3)}
    assert stolen(aws, created, tmp_path / "held", "") == held

    by_officer("DELETE", created, "/hold", {"reason": "The trial is over."})
    assert by_second_officer(created, "/hold/lift/approve").status == 204
    assert stolen(aws, created, tmp_path / "lifted", "") == set()


def exports(folder: Path) -> list[Path]:
    """Return the files of exports. Nothing is searched for inside of a zip."""
    return list(folder.glob("objects/*/*exports*"))


def names_of_search() -> list[str]:
    rows = cloud.client("dynamodb").scan(TableName=os.environ["REPORTS_TABLE"])["Items"]
    names = (row["pk"]["S"] for row in rows if "expires_ttl" not in row)
    return [name for name in names if name.startswith("SEARCH#")]
