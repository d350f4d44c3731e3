"""What the local stack prints of the program's log."""

import json
import logging
import re
from pathlib import Path

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


def test_a_line_of_the_kept_log_names_the_function_that_serves_the_request(tmp_path: Path) -> None:
    logger = logging.getLogger("chalicelib")
    before = (logger.level, list(logger.handlers))
    path = tmp_path / "log.jsonl"
    console.keep_log(path)
    try:
        with console.serving("officers"):
            logger.warning("first")
        logger.warning("second")
    finally:
        logger.setLevel(before[0])
        logger.handlers[:] = before[1]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["function"], line["message"]) for line in lines] == [
        ("officers", "first"),
        ("residents", "second"),
    ]
