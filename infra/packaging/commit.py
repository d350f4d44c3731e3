"""Which commit is packaged."""

import subprocess
from pathlib import Path
from typing import Any

CHANGED = "+changes"


def commit_of(root: Path) -> str | None:
    """Return the short id of the commit of a folder, with CHANGED when files differ from it; None
    without git.
    """
    short = _git(root, "rev-parse", "--short=10", "HEAD")
    if not short:
        return None
    return short + (CHANGED if _git(root, "status", "--porcelain", "--", ".") else "")


def write_commit(template: dict[str, Any], commit: str) -> None:
    """Write the commit into a template: an output for operators, and what the API says of itself,
    which goes back with the code.
    """
    template["Outputs"]["Version"] = {"Value": commit}
    residents = template["Resources"]["APIHandler"]["Properties"]
    residents["Environment"]["Variables"]["COMMIT"] = commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
