"""The last release is deployed, filled, and upgraded to what is here: nothing is lost by it.

It has a cloud of its own, and the release packages and deploys itself, by its own code.
"""

import os
import re
import subprocess
import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.attributes import unpack
from chalicelib.domain.flood.load_level import LoadLevel
from infra.packaging import bundle
from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from infra.release import read_releases
from tests.contract.compatible import CHANGED
from tests.places import place_of
from tests.rehearsal import contents
from tests.rehearsal.people import chief_of
from tests.rehearsal.stage import ROOT, Stage

JSON, GONE = "application/json", object()
# What a task is: it is done, or put off, while the stage runs.
TASK = {"task", "lane", "due_at", "task_at", "task_shard", "not_before", "tries"}
# Where lists have a report.
PLACE = {"attention_at", "attention_shard"}
# Rows that the stage writes by itself, or that end with what they are for.
OF_THE_MOMENT = (
    ("Reports", "BURST#"),
    ("Reports", "DIGEST#"),
    ("Reports", "LOAD#"),
    ("Reports", "NOTICE#"),
    ("Reports", "OFFICER#"),
    ("Reports", "PULSE#"),
    ("Reports", "PUSHES"),
    ("Reports", "ROSTER"),
    ("Reports", "WATCH#"),
    ("Bulletins", "CATALOGUE"),
)
# By table, partition and sort key: all that lasts.
KINDS = {
    ("Reports", "MIGRATION", "STATE"),
    ("Reports", "REPORT", "COUNTED"),
    ("Reports", "REPORT", "DUPLICATE"),
    ("Reports", "REPORT", "ENTRY"),
    ("Reports", "REPORT", "HEAD"),
    ("Reports", "REPORT", "MEDIA"),
    ("Reports", "REPORT", "MESSAGE"),
    ("Reports", "REPORT", "NOTE"),
    ("Reports", "REPORT", "POSITION"),
    ("Reports", "SEARCH", ""),
    ("Reports", "EXPORT", "REQUEST"),
    ("Reports", "EXPORTS", ""),
    ("Reports", "EXPORTER", "ALONE"),
    ("Reports", "LEDGER", ""),
    ("Reports", "ROSTER", "ROW"),
    ("Reports", "STATS", ""),
    ("Contacts", "REPORT", "CONTACT"),
    ("Audit", "REPORT", ""),
    ("Audit", "BULLETIN", ""),
    ("Audit", "OFFICER", ""),
    ("Officers", "OFFICER", "PROPOSAL"),
    ("Officers", "OFFICER", "ROW"),
    ("Officers", "OFFICER", "SUBSCRIPTION"),
    ("Officers", "OFFICERS", ""),
    ("Officers", "PROPOSALS", ""),
    ("Officers", "FIRST_ADMINS", "ROW"),
    ("Bulletins", "CATALOGUE", "OVERRIDES"),
    ("Bulletins", "CATALOGUE", "LOAD_LEVEL"),
    ("Bulletins", "BULLETIN", "HEAD"),
    ("Bulletins", "BULLETIN", "LEADS"),
    ("Bulletins", "BULLETIN", "MEDIA"),
    ("Bulletins", "BULLETIN", "VERSION"),
    ("Bulletins", "PUBLIC", ""),
    ("Bulletins", "PUBLIC", "CHANGED"),
}


@dataclass(frozen=True)
class Upgrade:
    """What was there before it and after it."""

    stage: Stage
    rows_before: Mapping[tuple[str, str, str], Any]
    rows: Mapping[tuple[str, str, str], Any]
    objects_before: set[tuple[str, str, str]]
    objects: set[tuple[str, str, str]]
    answers_before: Mapping[str, tuple[int, Any]]
    answers: Mapping[str, tuple[int, Any]]
    listed_before: Mapping[str, list[str]]
    listed_unmigrated: Mapping[str, list[str]]
    listed: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the last release, packaged by its own code."""
    releases = read_releases(ROOT)
    if not releases:
        pytest.skip("releases.toml has no release to upgrade from")
    last = releases[-1]
    root = tmp_path_factory.mktemp("release") / last.version
    if not known(last.commit):
        pytest.skip(f"this clone has no commit {last.commit}, release {last.version}")
    run("git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(root))
    run("git", "-C", str(root), "checkout", "--quiet", "--detach", last.commit)
    processor = bundle.this_machine().lambda_name
    run(sys.executable, "-m", "infra.packaging", "--processor", processor, root=root)
    return root


def known(commit: str) -> bool:
    asked = ["git", "-C", str(ROOT), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


def run(*command: str, root: Path = ROOT) -> None:
    done = subprocess.run(
        command, cwd=root, env=dict(os.environ), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def upgrade(release: Path, boto3_version: str, build: Path) -> Iterator[Upgrade]:
    with emulated.running(environments.function(boto3_version)) as cloud:
        stage = Stage(cloud, release)
        stage.deploy(release / "build")
        stage.set_level(LoadLevel.NORMAL)
        filled = contents.fill(stage, chief_of(stage))
        stage.sweep()
        # 0.2.0rc1 had one document, without the second name.
        documents = [
            stage.call("GET", f"/{name}") for name in ("openapi.json", "openapi-officers.json")
        ]
        paths = {
            path: methods
            for each in documents
            if each.status == 200
            for path, methods in each.json["paths"].items()
        }
        answers, rows, objects, listed = (
            contents.answers(filled, paths),
            contents.rows(stage),
            contents.objects(stage),
            contents.listed(filled),
        )
        stage.root = ROOT
        stage.deploy(build)
        unmigrated = contents.listed(filled)
        migrated = stage.command("infra.stage migrate")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        yield Upgrade(
            stage,
            rows,
            contents.rows(stage),
            objects,
            contents.objects(stage),
            answers,
            contents.answers(filled, paths),
            listed,
            unmigrated,
            contents.listed(filled),
        )


def kind(key: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return the kind of a row: table, and the names that its keys begin with."""
    table, pk, sk = key
    name = sk.partition("#")[0]
    return table, pk.partition("#")[0], name if re.fullmatch("[A-Z_]+", name) else ""


def is_of_the_moment(key: tuple[str, str, str]) -> bool:
    table, pk, sk = key
    return sk.startswith(("EVENT#", "PUSH", "REDACTION#")) or any(
        table == each and pk.startswith(begin) for each, begin in OF_THE_MOMENT
    )


def test_the_release_held_every_kind_of_row(upgrade: Upgrade) -> None:
    found = {kind(key) for key in upgrade.rows_before}
    assert sorted(KINDS - found) == []
    lasting = {kind(key) for key in upgrade.rows_before if not is_of_the_moment(key)}
    assert sorted(lasting - KINDS) == [], "a new kind of row: fill the release with it, and list it"


def test_every_row_is_kept(upgrade: Upgrade) -> None:
    lasting = [key for key in upgrade.rows_before if not is_of_the_moment(key)]
    assert [key for key in lasting if key not in upgrade.rows] == []
    for key in lasting:
        before, after = upgrade.rows_before[key], upgrade.rows[key]
        changed = {name: after.get(name) for name in before if before[name] != after.get(name)}
        assert not changed.keys() - TASK - PLACE, (key, changed)


def test_no_list_misses_a_report_before_it_is_migrated_or_after(upgrade: Upgrade) -> None:
    for query, before in upgrade.listed_before.items():
        assert set(before) <= set(upgrade.listed_unmigrated[query]), query
        assert set(before) <= set(upgrade.listed[query]), query
    assert sum(map(len, upgrade.listed_before.values())) > 20


def test_each_open_report_stands_where_it_belongs_once_it_is_migrated(upgrade: Upgrade) -> None:
    heads = [
        unpack(row)
        for (table, _, sk), row in upgrade.rows.items()
        if (table, sk) == ("Reports", "HEAD")
    ]
    open_ones = [row for row in heads if row.get("status") in ("new", "acknowledged")]
    moved = {row["attention_at"].partition("#")[0] for row in open_ones if "listed_at" in row}
    assert moved >= {"0", "04", "15", "17"}
    for row in open_ones:
        assert (row["attention_shard"], row["attention_at"]) == place_of(row), row["id"]


def test_every_picture_is_kept(upgrade: Upgrade) -> None:
    assert {key.rpartition("/")[2] for key, _, _ in upgrade.objects_before} >= {
        "thumb.jpg",
        "preview.jpg",
        "manifest.json",
    }
    assert upgrade.objects_before - upgrade.objects == set()


def test_every_route_answers_as_before(upgrade: Upgrade) -> None:
    """But for what changed on purpose (`tests/contract/compatible.py`)."""
    # The run of the clock has been added to the time by which an hour is closed.
    later = f"GET /v1/reports/{{report_id}}/proof 200 {JSON} complete_by"
    # A client of 0.2.0rc1 takes a flag that is not there for one that is on.
    flags = f"GET /v1/catalogue 200 {JSON} app flags"
    # What a reporter reads of an end contradicts no officer's own words any more.
    words = f"GET /v1/officer/templates 200 {JSON} outcomes [] text"
    changed = {*CHANGED.get(read_releases(ROOT)[-1].version, {}), later, flags, words}
    lost = {}
    for call, (status, content) in upgrade.answers_before.items():
        after, place = upgrade.answers[call], f"GET {call.partition(' ')[0]} {status} {JSON}"
        if status != after[0] or lacks(content, after[1], place, changed):
            lost[call] = ((status, content), after)
    assert lost == {}
    assert {status for status, _ in upgrade.answers_before.values()} <= {200, 302, 404, 409}


def test_the_audit_is_whole(upgrade: Upgrade) -> None:
    done = upgrade.stage.command("infra.stage audit-verify")
    assert done.returncode == 0, done.stdout + done.stderr


def lacks(before: Any, after: Any, place: str = "", changed: Container[str] = ()) -> bool:
    """Return whether an answer lacks something that it had: more may have come to it, and what is
    at a place in `changed` may be gone.
    """
    if place in changed:
        return False
    if isinstance(before, dict) and isinstance(after, dict):
        return any(
            lacks(each, after.get(name, GONE), f"{place} {name}", changed)
            for name, each in before.items()
        )
    if isinstance(before, list) and isinstance(after, list):
        return any(
            all(lacks(each, other, f"{place} []", changed) for other in after) for each in before
        )
    return bool(before != after)


def test_an_answer_that_lacks_something_is_seen() -> None:
    before = {"items": [{"id": 1, "text": "a"}], "next": None}
    more = {"items": [{"id": 2}, {"id": 1, "text": "a", "new": 3}], "next": None}
    assert not lacks(before, more)
    assert lacks(before, {"items": more["items"]})
    assert lacks(before, {"items": [], "next": None})
    assert lacks(before, {"items": [{"id": 1, "text": "b"}], "next": None})
    assert lacks(before, {"items": [{"id": 1}], "next": None})
    assert not lacks(before, {"items": [{"id": 1}], "next": None}, "GET", {"GET items [] text"})
    assert lacks(before, {"items": [{}], "next": None}, "GET", {"GET items [] text"})
