"""The check of old words finds them, and applies its exceptions."""

import pytest

from tests.words import Exempt, find, judge, main, read_exceptions

TEXTS = {
    "docs/a.md": "Officers are told.\nNothing here.\nIt was Struck Off and is owed; an "
    "outstanding task.",
    "b.py": "told_apart = 1  # one can be told from another",
}


def test_each_word_is_found_with_its_line_and_not_inside_another() -> None:
    assert [(one.path, one.line, one.word) for one in find(TEXTS)] == [
        ("docs/a.md", 1, "told"),
        ("docs/a.md", 3, "struck off"),
        ("docs/a.md", 3, "owed"),
        ("b.py", 1, "told"),
    ]


def test_an_exception_covers_its_lines_and_one_that_covers_nothing_is_named() -> None:
    used = Exempt("docs/*", "Struck Off", "a quotation")
    unused = Exempt("docs/*", "genuine", "a name")
    left, idle = judge(find(TEXTS), [used, unused])
    assert [(one.path, one.line) for one in left] == [("docs/a.md", 1), ("b.py", 1)]
    assert idle == [unused]


def test_every_exception_has_a_reason() -> None:
    assert all(exception.reason for exception in read_exceptions())


def test_no_exception_is_unused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "unused" not in capsys.readouterr().out
