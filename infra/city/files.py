"""JSON files, read strictly."""

import json
import math
from pathlib import Path
from typing import Any

from infra.city.problem import Problem


class Unreadable(Exception):
    """A file is not there or is not JSON. `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(folder: Path, name: str, hint: str) -> Any:
    """Return the content of a JSON file.

    Raises Unreadable when it is not there (`hint` says what it must hold), cannot be read, is not
    JSON in UTF-8, or has a name twice in one object.
    """
    try:
        content = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Unreadable(Problem(name, "", f"is not there. Write it: {hint}.")) from None
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8, from byte {error.start} on. Save it as UTF-8."
        raise Unreadable(Problem(name, "", wrong)) from None
    except OSError as error:
        wrong = f"cannot be read ({error.strerror}). It must be a file that you may read."
        raise Unreadable(Problem(name, "", wrong)) from None
    try:
        found = json.loads(
            content, object_pairs_hook=lambda pairs: _once(name, pairs), parse_constant=_no_number
        )
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(Problem(name, place, f"is not JSON ({error.msg}). Correct it.")) from None
    except RecursionError:
        wrong = "has too many brackets inside each other. Correct it."
        raise Unreadable(Problem(name, "", wrong)) from None
    except UnicodeEncodeError as error:
        half = str(error.object)[error.start].encode("ascii", "backslashreplace").decode()
        wrong = f"has {half}, which is half a character. Write the character itself."
        raise Unreadable(Problem(name, "", wrong)) from None
    except ValueError as error:
        raise Unreadable(Problem(name, "", f"{error}.")) from None
    return found


def _once(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            wrong = "is there twice in one object. Remove one of them."
            raise Unreadable(Problem(name, key, wrong))
        found[key] = value
    return found


def _no_number(constant: str) -> float:
    raise ValueError(f"has {constant}, which is not JSON. Write a number")


def is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)
