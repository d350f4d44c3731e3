"""Steps on a row that others change at the same time."""

from collections.abc import Callable

from chalicelib import errors
from chalicelib.store.table import ConditionFailed

_TRIES = 8


def retry_on_conflict[Done](step: Callable[[], Done]) -> Done:
    """Return what `step` returns; run it anew each time another write came in between.

    A step reads what it decides by, and writes on the condition that this is unchanged. Raises
    Unavailable when it never succeeds.
    """
    for _ in range(_TRIES):
        try:
            return step()
        except ConditionFailed:
            continue
    raise errors.Unavailable
