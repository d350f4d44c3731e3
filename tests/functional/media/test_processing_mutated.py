"""Hundreds of damaged files of each format soon end in clean pictures or a reason.

None affects another file.
"""

import subprocess
import sys

import pytest

from chalicelib.domain.media import sniff
from chalicelib.kernel.derived import Rejected
from tests import media_samples as samples
from tests.decoding import derive
from tests.mutated import KINDS

FILES = 400
OUTCOMES = {
    "clean",
    "unsupported_format",
    "unsupported_codec",
    "unreadable",
    "too_many_pixels",
    "no_video",
    "unprocessable",
}


def outcomes(kind: str) -> tuple[dict[int, tuple[str, float]], list[int]]:
    """Return the outcome and the time of each seed, and the seeds that crashed their decoder.

    After a crash, a new decoder continues.
    """
    ended: dict[int, tuple[str, float]] = {}
    crashed: list[int] = []
    first = 0
    while first < FILES:
        lines = subprocess.run(
            [sys.executable, "-m", "tests.mutated", kind, str(first), str(FILES)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,  # ends a decoder that hangs; long, because a busy machine is slow
        ).stdout.splitlines()
        assert lines
        for seed, outcome, seconds in (line.split() for line in lines if " " in line):
            ended[int(seed)] = (outcome, float(seconds))
        last = int(lines[-1].split()[0])
        if last not in ended:
            crashed.append(last)
        first = last + 1
    return ended, crashed


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_every_mutated_file_ends_clean_or_with_a_reason(kind: str) -> None:
    ended, crashed = outcomes(kind)
    assert len(ended) + len(crashed) == FILES
    assert {outcome for outcome, _ in ended.values()} <= OUTCOMES
    # otherwise all files fail at the first check
    assert any(outcome == "clean" for outcome, _ in ended.values())
    assert max(seconds for _, seconds in ended.values()) < 10
    for seed in crashed:
        data = samples.mutate(KINDS[kind](), seed)
        with pytest.raises(Rejected):
            derive(sniff(data) or "", data)
