"""Repetition of steps on rows that others change at the same time."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.store.table import ConditionFailed

_TRIES = 8


def retry_on_conflict[Done](step: Callable[[], Done]) -> Done:
    """Return the result of `step`. Run it again while it raises ConditionFailed.

    A step reads a row, decides, and writes on the condition that the row is unchanged. Raises
    Unavailable after several tries.
    """
    for _ in range(_TRIES):
        try:
            return step()
        except ConditionFailed:
            continue
    raise errors.Unavailable
