"""A row of the benchmarks' table, and samples: each a fresh process on one core."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

ROUNDS = 7
ROOT = Path(__file__).parents[2]
type Row = dict[str, Any]

_HIDING = ROOT / "tests" / "bench" / "without"


def row(
    what: str,
    against: str,
    figures: Iterable[float],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    exactly: float | None = None,
    unit: str = "",
) -> Row:
    """`{"what", "against", "ratio", "min", "max", "budget", "holds"}` of one figure a round; the
    last two are None without a budget.
    """
    taken = list(figures)
    ratio = median(taken)
    budget, holds = None, None
    if at_most is not None:
        budget, holds = f"≤ {at_most}{unit}", ratio <= at_most
    if at_least is not None:
        budget, holds = f"≥ {at_least}{unit}", ratio >= at_least
    if exactly is not None:
        budget, holds = f"= {exactly}{unit}", ratio == exactly
    spread = {"ratio": round(ratio, 4), "min": round(min(taken), 4), "max": round(max(taken), 4)}
    return {"what": what, "against": against, **spread, "budget": budget, "holds": holds}


def sample(
    module: str,
    *arguments: str,
    path: Sequence[Path] = (ROOT,),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> float:
    """What `python -m module arguments` prints: one number. `path` comes first on the interpreter's
    path, then what hides libraries that Lambda's runtime does not have.
    """
    return float(run(module, *arguments, path=(*path, _HIDING), environment=environment))


def samples(module: str, *arguments: str) -> dict[str, float]:
    """What `python -m module arguments` prints: numbers by name, as JSON. As `sample` else."""
    return dict(json.loads(run(module, *arguments, path=(ROOT, _HIDING))))


def run(
    module: str,
    *arguments: str,
    path: Sequence[Path] = (ROOT,),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The output of `python -m module arguments` in a fresh process on one core, as far as the
    machine lets one be chosen.
    """
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    command = [*pinned, sys.executable, "-m", module, *arguments]
    # Where it runs comes before all other paths. Each library has one thread.
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=path[0],
        env={**os.environ, **environment, **own},
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def run_json(module: str, *arguments: str) -> Any:
    return json.loads(run(module, *arguments))
