"""`.local/stack.json`: the addresses and names of the running stack, for tools.

A stack on the default port owns `stack.json`; one on another port has `stack-<PORT>.json`, and
`stack.json` too as long as no other living stack has it. LOCAL_DIR names another folder than
`.local`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT_PORT = 8000


def write(port: int, outputs: Mapping[str, Any]) -> list[Path]:
    """Write where the stack on `port` is, with this process's id. Return the files written, which
    `remove` takes.
    """
    folder().mkdir(parents=True, exist_ok=True)
    main, own = folder() / "stack.json", _own(port)
    paths = [main] if port == DEFAULT_PORT else [own] if _is_of_another(main) else [own, main]
    content = json.dumps({**outputs, "pid": os.getpid()}, indent=2)
    for path in paths:
        # In one step: whoever reads sees the old file or the new one.
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    return paths


def remove(paths: list[Path]) -> None:
    """Remove those of the files that still name this process."""
    for path in paths:
        if (_read(path) or {}).get("pid") == os.getpid():
            path.unlink(missing_ok=True)


def read() -> dict[str, Any]:
    """Return the outputs of the stack on PORT; for the default port, of whichever has
    `stack.json`. Exits with the way out when there is none.
    """
    port = port_asked()
    stack = _read(folder() / "stack.json" if port == DEFAULT_PORT else _own(port))
    if stack is None or not _lives(stack):
        raise SystemExit(
            f"No local stack is running on port {port}. "
            "Start one with `make run`, or name another's port: PORT=…"
        )
    return stack


def port_asked(name: str = "PORT", default: int = DEFAULT_PORT, lowest: int = 1) -> int:
    """Return the port that a variable names, or the default one. Exits with the way out when it is
    none.
    """
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and lowest <= int(text[:6]) < 65536):
        raise SystemExit(f"{name}={text} is not a port. Choose a number from {lowest} to 65535.")
    return int(text)


def log_of(port: int) -> Path:
    """Return where the stack on `port` writes its log."""
    return folder() / f"log-{port}.jsonl"


def folder() -> Path:
    """Return where running stacks keep their files."""
    return Path(os.environ.get("LOCAL_DIR") or Path(__file__).parents[2] / ".local")


def _own(port: int) -> Path:
    return folder() / f"stack-{port}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _is_of_another(path: Path) -> bool:
    stack = _read(path)
    return stack is not None and stack.get("pid") != os.getpid() and _lives(stack)


def _lives(stack: Mapping[str, Any]) -> bool:
    try:
        os.kill(int(stack["pid"]), 0)
    except (KeyError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
