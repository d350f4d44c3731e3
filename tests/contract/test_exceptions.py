"""The file of exceptions hides nothing: each entry has a reason and is used."""

from pathlib import Path

import pytest

from tests.contract import exceptions
from tests.contract.exceptions import Accepted, Finding

FINDING = Finding("unsupported_method", "GET /v1/health", 404)


def written(folder: Path, *entries: str) -> Path:
    path = folder / "exceptions.toml"
    path.write_text("\n".join(f"[[exception]]\n{entry}" for entry in entries), encoding="utf-8")
    return path


def entry(reason: str = "It is so.") -> str:
    return f'check = "a"\noperations = ["GET /"]\ncode = 404\nreason = "{reason}"'


def test_the_file_can_be_read() -> None:
    assert all(accepted.reason for accepted in exceptions.read())


@pytest.mark.parametrize(
    ("entries", "refused"),
    [
        ([entry(" ")], "no reason"),
        ([entry(), entry("Again.")], "twice"),
        (['check = "a"\noperations = ["GET /"]\nreason = "b"'], "code"),
        (['check = "a"\ncode = 404\nreason = "b"'], "operations"),
    ],
)
def test_an_entry_has_every_key_and_a_reason_and_is_there_once(
    tmp_path: Path, entries: list[str], refused: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=refused):
        exceptions.read(written(tmp_path, *entries))


@pytest.mark.parametrize(
    ("check", "operation", "code", "covers"),
    [
        ("unsupported_method", "GET /v1/health", 404, True),
        ("unsupported_method", "*", 404, True),
        ("unsupported_method", "GET /v1/health", 405, False),
        ("unsupported_method", "GET /docs", 404, False),
        ("ignored_auth", "*", 404, False),
    ],
)
def test_an_entry_covers_its_check_operation_and_code(
    check: str, operation: str, code: int, covers: bool
) -> None:
    accepted = Accepted(check, operation, code, "It is so.")

    refused, unused = exceptions.judge([FINDING], [accepted])

    assert (refused, unused) == (([], []) if covers else ([FINDING], [accepted]))
