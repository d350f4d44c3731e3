"""What the local stack prints of the program's log."""

import logging
import re

import pytest

from infra.local import console


def test_a_warning_has_the_kind_of_its_error_and_its_request_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    console.show_log()
    try:
        log = logging.getLogger("tests.console")
        log.warning("record_failed", extra={"error": "KeyError", "bytes": 9, "category": "private"})
        log.error("fault", extra={"kind": "ValueError", "frames": ["  File a.py\n    f()\n"]})
        log.warning("dynamodb_failed", extra={"code": "Throttling", "request_id": "6f1c"})
        log.warning("plain")
    finally:
        for handler in [each for each in root.handlers if each not in before]:
            root.removeHandler(handler)
    lines = capsys.readouterr().err.splitlines()
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d  .*", line) for line in lines)
    assert [line[10:] for line in lines] == [
        "warning → record_failed · KeyError",
        "error → fault · ValueError",
        "  File a.py",
        "    f()",
        "warning → dynamodb_failed · Throttling · 6f1c",
        "warning → plain",
    ]


def test_each_line_begins_with_the_local_time(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("one\ntwo")
    lines = capsys.readouterr().out.splitlines()
    assert [line[10:] for line in lines] == ["one", "two"]
    assert all(re.match(r"\d\d:\d\d:\d\d  ", line) for line in lines)
