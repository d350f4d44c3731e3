"""What the pages promise is in one table, each promise with a test that plays it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_docs import is_a_test, named_tests

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/accountability.md", "docs/security.md")
TEXTS = tuple(ROOT.glob("web/report/**/texts.ts"))
MOST_ROWS = 40
# A sentence with one of these promises something.
WORDS = re.compile(r"\b(never|always|every|takes? two)\b", re.IGNORECASE)
# What these words say that is no promise of the service.
NO_PROMISE = (
    "**Never tried on AWS**",
    "Rotate with `make rotate-key`; never delete an old key",  # of the operator
    "what takes two is its confirmation",  # of a leaf
    "every few days",  # when to look again
    "you never want to open the report again",  # of the reporter
)


def rows() -> list[list[str]]:
    table = (ROOT / "docs/promises.md").read_text(encoding="utf-8").partition("|---|")[2]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def promised() -> list[str]:
    return [said for row in rows() for said in row[0].split("<br>")]


def sentences(page: str) -> Iterator[str]:
    """Yield the sentences and the cells of a page, each in one line."""
    text = re.sub(r"(?ms)^```.*?^```", "", page)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:- |\||\d+\. ))", text):
        for part in block.strip("|").split(" | ") if block.startswith("|") else [block]:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z*`\[])", " ".join(part.split()))


def is_covered(sentence: str) -> bool:
    known = (*promised(), *NO_PROMISE)
    return any(said in sentence or sentence in said for said in known if said)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_promises_is_in_the_table(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    said = [each for each in sentences(text) if WORDS.search(each)]
    assert said
    assert [each for each in said if not is_covered(each)] == []


def test_what_the_residents_pages_promise_is_in_the_table() -> None:
    said = [line for path in TEXTS for line in path.read_text(encoding="utf-8").splitlines()]
    found = [
        line for line in said if WORDS.search(line) and not line.lstrip().startswith(("//", "*"))
    ]
    assert found
    assert [line for line in found if not is_covered(line)] == []


def test_a_promise_is_said_as_a_page_says_it() -> None:
    pages = " ".join(
        " ".join((ROOT / page).read_text(encoding="utf-8").split()) for page in PAGES
    ).replace("\n", " ")
    assert [said for said in promised() if said not in pages] == []


def test_each_promise_has_who_could_break_it_and_a_test() -> None:
    found = rows()
    assert 10 < len(found) <= MOST_ROWS
    for said, who, tests in found:
        assert who, said
        named = named_tests(tests)
        assert named, said
        assert [test for test in named if not is_a_test(test)] == []


def test_the_list_of_the_readme_is_made_of_promises() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    bullets = re.findall(
        r"(?ms)^- (\*\*.+?\*\*.*?)(?=^- |^$)", text.partition("## Two commands")[0]
    )
    assert len(bullets) > 5
    assert [
        each for each in bullets if not any(s in " ".join(each.split()) for s in promised())
    ] == []
