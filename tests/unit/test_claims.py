"""What the documents claim in figures is counted, and what is not so is said plainly."""

import re
from collections import Counter
from pathlib import Path

import pytest

from infra.local import template

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def words(name: str) -> str:
    """Return a page with its line breaks as blanks."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("page", "claim", "types"),
    [
        (
            "docs/data.md",
            r"(\w+) DynamoDB tables and (\w+) buckets, defined in `infra/resources.yaml`",
            ("AWS::DynamoDB::Table", "AWS::S3::Bucket"),
        ),
        (
            "docs/operations.md",
            r"(\w+) secrets and (\w+) keys decide who can read what",
            ("AWS::SecretsManager::Secret", "AWS::KMS::Key"),
        ),
    ],
)
def test_a_figure_of_resources_is_that_of_the_template(
    page: str, claim: str, types: tuple[str, ...]
) -> None:
    resources = template.load("resources.yaml")["Resources"].values()
    counted = Counter(each["Type"] for each in resources)
    found = re.search(claim, words(page))
    assert found
    assert [number.lower() for number in found.groups()] == [NUMBERS[counted[t]] for t in types]


def test_no_page_counts_what_changes_with_each_change() -> None:
    counted = re.compile(r"\b\d[\d,]* (?:tests|operations|faults)\b", re.IGNORECASE)
    assert {
        page.name: found for page in PAGES if (found := counted.findall(page.read_text()))
    } == {}


def test_a_count_of_tests_would_be_seen() -> None:
    assert re.search(r"\b\d[\d,]* (?:tests|operations|faults)\b", "8,152 tests: 11,641 faults")


def test_each_entry_of_the_changelog_is_one_line() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("## [Unreleased]")[2]
    lines = [line for line in text.splitlines() if line]
    assert [line for line in lines if len(line) > 120 or line.startswith(" ")] == []


@pytest.mark.parametrize("page", ["README.md", "docs/overview.md"])
def test_readers_learn_at_once_what_was_never_tried_on_aws(page: str) -> None:
    assert "**Never tried on AWS**" in words(page)


def test_a_flaw_is_reported_to_an_address_that_exists() -> None:
    text = words("SECURITY.md")
    assert "*Report a vulnerability*" in text
    assert re.findall(r"<[^>]+>|placeholder", text) == []
