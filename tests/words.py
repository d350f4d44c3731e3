"""Count old words, which have a better replacement, in all files of the repository.

Some are counted in the product's code alone: elsewhere they are plain, or are a field's own.

python -m tests.words               print how often each file has them; exit 0
python -m tests.words --strict      the same; exit 1 if one is left or an exception is unused
python -m tests.words FILE ...      print the lines of these files that have one

The exceptions, each with its reason, are in words.toml beside this file.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
EXCEPTIONS = Path(__file__).with_suffix(".toml")
OLD = "told|tells|telling|owed|owes|struck off|standing|awaited|genuine"
WORD = re.compile(rf"\b({OLD})\b", re.IGNORECASE)
# Instead: "anyone who" or "the officer who", "Return the …", "video", "result of", "again".
CODE = ("app.py", "chalicelib/")
CODE_WORD = re.compile(
    rf"\b({OLD}|whoever|return what|films?|(?:be)?c[ao]mes? of|the whole trip|in vain)\b",
    re.IGNORECASE,
)


class Found(NamedTuple):
    path: str
    line: int
    word: str
    text: str


class Exempt(NamedTuple):
    """An exception. `path` is a pattern of files; `text` is a part of a line, or "" for all."""

    path: str
    text: str
    reason: str

    def covers(self, found: Found) -> bool:
        return fnmatch(found.path, self.path) and self.text in found.text


def find(files: Mapping[str, str]) -> list[Found]:
    """Return every old word in `files`, which maps paths to texts."""
    return [
        Found(path, number, match[0].lower(), line)
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for match in (CODE_WORD if path.startswith(CODE) else WORD).finditer(line)
    ]


def judge(found: Iterable[Found], exceptions: Sequence[Exempt]) -> tuple[list[Found], list[Exempt]]:
    """Return the words without an exception, and the exceptions that are not used."""
    left, used = [], set()
    for one in found:
        covering = [exception for exception in exceptions if exception.covers(one)]
        used.update(covering)
        if not covering:
            left.append(one)
    return left, [exception for exception in exceptions if exception not in used]


def read_exceptions() -> list[Exempt]:
    listed = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))["exception"]
    return [Exempt(one["path"], one.get("text", ""), one["reason"]) for one in listed]


def read_files() -> dict[str, str]:
    """Return the text of all files in git by path. Files that are not UTF-8 are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    texts = {}
    for path in filter(None, listed.split("\0")):
        try:
            texts[path] = (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return texts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.words", description="Count old words.")
    parser.add_argument("files", nargs="*", help="show the lines of these files")
    parser.add_argument("--strict", action="store_true", help="fail if one is left")
    asked = parser.parse_args(arguments)
    left, unused = judge(find(read_files()), read_exceptions())
    if asked.files:
        for one in left:
            if one.path in asked.files:
                print(f"{one.path}:{one.line}: {one.word}: {one.text.strip()[:120]}")
    else:
        words: dict[str, Counter[str]] = {}
        for one in left:
            words.setdefault(one.path, Counter())[one.word] += 1
        for path, counted in sorted(words.items(), key=lambda item: -item[1].total()):
            print(
                f"{counted.total():5} {path} ({', '.join(f'{w} {n}' for w, n in counted.items())})"
            )
        print(f"{len(left):5} in {len(words)} files")
    for exception in unused:
        print(f"unused exception: {exception.path} {exception.text!r}")
    return 1 if asked.strict and (left or unused) else 0


if __name__ == "__main__":
    sys.exit(main())
