"""The issuer's public keys, fetched within bounds.

Anybody can send a token that names a key nobody knows. So what such tokens cause is bounded, in
each instance:

| keys are | fetched again |
|---|---|
| known | after five minutes, so that one that the issuer withdraws counts no longer |
| known, but not the one that a token names | at most once in half a minute |
| unknown, since the issuer could not be reached | at most once in three seconds |
"""

import time
from collections.abc import Callable
from typing import Any

from jwt import PyJWKClient, PyJWKClientConnectionError, PyJWKClientError

LIFE_S = 300
UNKNOWN_KEY_PAUSE_S = 30
FAILURE_PAUSE_S = 3
# Less than API Gateway waits for an authorizer.
_TIMEOUT_S = 3


class SigningKeys(PyJWKClient):
    """The keys at `uri`. `get_signing_key` returns the one with an id.

    It raises PyJWKClientError when there is none; PyJWKClientConnectionError, a kind of it, when
    the keys cannot be fetched. `clock` returns seconds.
    """

    def __init__(self, uri: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(
            uri, lifespan=LIFE_S, timeout=_TIMEOUT_S, cooldown_duration=UNKNOWN_KEY_PAUSE_S
        )
        self._clock = clock
        self._failed_at: float | None = None

    def fetch_data(self) -> Any:
        """Return the issuer's key set. Raises as `get_signing_key` does, for some seconds after a
        failure without asking again.
        """
        if self._failed_at is not None and self._clock() - self._failed_at < FAILURE_PAUSE_S:
            raise PyJWKClientConnectionError("the keys could not be fetched a moment ago")
        try:
            found = super().fetch_data()
        except PyJWKClientError:
            self._failed_at = self._clock()
            raise
        self._failed_at = None
        return found
