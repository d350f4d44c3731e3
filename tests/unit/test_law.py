"""docs/law.md is true: each duty leads somewhere that exists, and each time is that of the code."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.domain.audit.ledger import TOMBSTONE_LIFE
from chalicelib.domain.catalogue.model import REVIEW_DAYS
from chalicelib.domain.flood.sources import SALT_LIFE
from chalicelib.domain.reports import outlines
from chalicelib.domain.reports.incidents import KEY_LIFE
from chalicelib.domain.reports.report import Disposition
from chalicelib.domain.statistics.exports import WAITS
from chalicelib.store import watch
from chalicelib.store.audit import rows
from chalicelib.store.casework import rows as presence

ROOT = Path(__file__).parents[2]
LAW = ROOT / "docs" / "law.md"
TEXT = LAW.read_text(encoding="utf-8")
NOT_YET = "**Not yet**"


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    below = TEXT.split(f"\n## {heading}\n")[1]
    lines = re.search(r"^\|.*(?:\n\|.*)*", below, re.MULTILINE)
    assert lines
    cut = [line.strip("| ").split(" | ") for line in lines[0].splitlines()]
    return [[cell.strip() for cell in row] for row in cut[2:]]


DUTIES = table("Duties")
each_duty = pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty[0].partition(".")[0])


@each_duty
def test_each_duty_names_an_article_and_what_the_city_must_do(duty: list[str]) -> None:
    name, how, _, city = duty
    assert re.search(r"\b(LED|GDPR|PIPL) \d+", name)
    assert how
    assert len(city) > 10


@each_duty
def test_each_duty_that_is_met_leads_to_a_screen_a_route_a_command_or_a_page(
    duty: list[str],
) -> None:
    _, how, where, _ = duty
    if where == "–":
        assert NOT_YET in how
    else:
        assert re.search(r"\]\(|`(GET|POST|PUT|PATCH|DELETE) /|`make |`/", where)


def test_each_route_that_is_named_exists() -> None:
    index = json.loads((ROOT / "chalicelib" / "http" / "routes.json").read_text("utf-8"))
    known = {f"{route['method']} {route['path']}" for route in index}
    named = re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", TEXT)
    assert named
    assert [route for route in named if route not in known] == []


def test_each_screen_that_is_named_exists() -> None:
    router = (ROOT / "web" / "console" / "router.ts").read_text("utf-8")
    named = set(re.findall(r"`/console/([a-z]+)`", TEXT))
    assert named
    known = re.findall(r"\[/\^\(?([a-z]+)", router) + re.findall(r"RegExp\([`'/^]+([a-z]+)", router)
    assert sorted(named - set(known)) == []


def test_each_heading_that_is_linked_exists() -> None:
    missing = []
    for page, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", TEXT):
        found = LAW.parent / page if page else LAW
        headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
        missing += [] if anchor in slugs else [f"{page}#{anchor}"]
    assert missing == []


def times() -> Mapping[str, tuple[timedelta, ...]]:
    """Return the times that a row of the data map names, by its beginning."""
    ended = (outlines.retention(None), outlines.retention(Disposition.MALICIOUS))
    later = (outlines.WITHDRAWN_RETENTION, outlines.DRILL_RETENTION, outlines.PUT_OFF)
    return {
        "text, place": (*ended, *later, outlines.PUT_OFF_AT_MOST),
        "the same of an open report": (timedelta(days=REVIEW_DAYS),),
        "a tombstone": (TOMBSTONE_LIFE,),
        "traces of texts": (KEY_LIFE,),
        "who has a report open": (presence._LIFE,),
        "which networks": (SALT_LIFE,),
        "exports": (timedelta(days=1), WAITS),
        "who opened and changed": (rows.KEPT,),
        "what each officer opened": (rows.KEPT, watch._LIFE),
        "seals and digests": (rows.KEPT,),
    }


def said(time: timedelta) -> str:
    count, unit = (time.days, "day") if time.days else (time.seconds // 3600, "hour")
    return f"{count} {unit}" + "s" * (count != 1)


def test_the_times_of_the_data_map_are_those_of_the_code() -> None:
    rows_of_map = table("The data map")
    for name, kept in times().items():
        [row] = [row for row in rows_of_map if row[0].startswith(name)]
        assert [time for time in map(said, kept) if time not in row[-1]] == [], row


@pytest.mark.parametrize(
    ("name", "file", "setting", "value", "time"),
    [
        ("logs", "app.yaml", "RetentionInDays", "30", "30 days"),
        ("copies", "backups.yaml", "DeleteAfterDays", "35", "35 days"),
        ("exports", "resources.yaml", "ExpirationInDays", "1", "1 day"),
        ("seals", "resources.yaml", "COMPLIANCE, Years", "2", "730 days"),
    ],
)
def test_the_times_of_the_data_map_are_those_of_the_templates(
    name: str, file: str, setting: str, value: str, time: str
) -> None:
    template = (ROOT / "infra" / file).read_text("utf-8")
    assert set(re.findall(rf"{setting}: (\d+)", template)) == {value}
    [row] = [row for row in table("The data map") if row[0].startswith(name)]
    assert time in row[-1]
