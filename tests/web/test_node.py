"""Programs of Node.js, as they end."""

from pathlib import Path

import pytest

from infra.web.node import Failed, InstalledNode


def run(script: str, folder: Path, **environment: str) -> None:
    path = folder / "script.mjs"
    path.write_text(script)
    InstalledNode().run(path, folder=folder, environment=environment)


def test_a_program_gets_what_it_asks_for(tmp_path: Path) -> None:
    script = "import { writeFileSync } from 'node:fs'; writeFileSync('out', process.env.GIVEN)"
    run(script, tmp_path, GIVEN="this")
    assert (tmp_path / "out").read_text() == "this"


def test_a_program_that_fails_says_why_and_not_where(tmp_path: Path) -> None:
    with pytest.raises(Failed) as raised:
        run("throw new Error('no \\x1b[31msuch\\x1b[0m package')", tmp_path)
    assert "Error: no such package" in str(raised.value)
    assert " at " not in str(raised.value)


def test_what_a_program_starts_is_the_same_node(tmp_path: Path) -> None:
    script = (
        "import { execFileSync } from 'node:child_process';"
        "const other = execFileSync('node', ['--version']).toString().trim();"
        "if (other !== process.version) throw new Error(other)"
    )
    run(script, tmp_path)
