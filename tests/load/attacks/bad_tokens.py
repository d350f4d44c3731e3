"""Worthless tokens on officers' routes, 200 a second, beside ten officers at work."""

import base64
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from chalicelib.domain.officers.model import ALL, Role
from tests.load.attacks.flood import CRITICAL
from tests.load.desk import Desk, OfficerAtWork
from tests.load.measures import Result, percentile, shown, spread
from tests.load.phones import FLOOR_S, TIMES_QUIET
from tests.load.reports import paced, send_report
from tests.load.stack import Stack

A_SECOND = 200
ADDRESSES = (1, 50)
OFFICERS, EVERY_S, QUIET_S = 10, 1.5, 8
# Whether API Gateway takes a route's throttle before or after it asks the authorizer is not
# documented, so the local one plays both.
ORDERS = ("before", "after")
PATHS = ("/v1/officer/reports?sort=attention", "/v1/officer/pulse")
FLOODED = (*PATHS, "/v1/officer/me")


def play(order: str, seconds: int) -> Result:
    """Send them for so long, first from one address and then from fifty."""
    result = Result(f"{A_SECOND} bad tokens a second, the throttle {order} the authorizer")
    with Stack(LIMITS="on", THROTTLE_ORDER=order) as stack:
        with stack.connect() as connection:
            opened = send_report(connection, CRITICAL, "A man took a girl into a van.").id
        paths = (*PATHS, f"/v1/officer/reports/{opened}")
        desks = _appointed(stack)
        quiet, _ = _at_work(desks, paths, lambda: time.sleep(QUIET_S))
        for addresses in ADDRESSES:
            flood = _Flood(stack, (*FLOODED, paths[-1]), addresses)
            attacked, statuses = _at_work(desks, paths, partial(flood.send, seconds))
            source = "1 address" if addresses == 1 else f"{addresses} addresses"
            result.check(
                f"{A_SECOND} a second from {source}, none lets anybody in",
                f"{flood.statuses.total() / flood.took_s:.0f} a second: {shown(flood.statuses)}",
                flood.statuses.total() >= A_SECOND * seconds / 2
                and set(flood.statuses) <= {401, 403, 429},
            )
            result.check(
                f"no call of {OFFICERS} officers is refused",
                shown(statuses),
                set(statuses) == {200},
            )
            most = max(FLOOR_S, TIMES_QUIET * percentile(quiet, 99))
            result.check(
                f"p99 ≤ {TIMES_QUIET} times the quiet one, or ≤ {FLOOR_S} s",
                f"quiet {spread(quiet)}; attacked {spread(attacked)}",
                percentile(attacked, 99) <= most,
            )
    return result


class _Flood:
    """Tokens of three kinds: none at all, of another issuer, and without a signature."""

    def __init__(self, stack: Stack, paths: tuple[str, ...], addresses: int) -> None:
        self.statuses, self.took_s = Counter[int](), 0.0
        self._stack, self._paths, self._addresses = stack, paths, addresses

    def send(self, seconds: int) -> None:
        began = time.monotonic()
        self.statuses.update(paced(self._send, A_SECOND, seconds))
        self.took_s = time.monotonic() - began

    def _send(self, number: int) -> int:
        address = f"127.80.{number % self._addresses}.1"
        headers = {"Authorization": f"Bearer {_token(number)}"}
        with self._stack.connect(address) as connection:
            path = self._paths[number % len(self._paths)]
            return connection.send("GET", path, headers=headers).status


def _token(number: int) -> str:
    if number % 3 == 0:
        return f"worthless-{number}"
    header = {"alg": "RS256" if number % 3 == 1 else "none", "kid": f"key-{number}"}
    claims = {"iss": "https://elsewhere.example", "username": "officer", "exp": 2**32}
    parts = [json.dumps(each).encode() for each in (header, claims)]
    parts.append(random.Random(number).randbytes(256) if number % 3 == 1 else b"")
    return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts)


def _appointed(stack: Stack) -> list[Desk]:
    """Appoint ten officers as two admins do, and sign them in."""
    first, second = Desk(stack, "admin"), Desk(stack, "admin2")
    row = {"name": "Li", "roles": [Role.OFFICER], "categories": [ALL], "districts": [ALL]}
    names = [f"officer{number}" for number in range(OFFICERS)]
    for name in names:
        path = f"/v1/admin/officers/{name}"
        first.send("PUT", path, row | {"email": f"{name}@tipline.test"})
        tag = second.send("GET", path).json["proposal"]["tag"]
        approved = second.send("POST", f"{path}/approve", headers={"If-Match": tag})
        if approved.status != 200:
            raise RuntimeError(f"{name} could not be appointed: {approved.body!r}")
    return [Desk(stack, name) for name in names]


def _at_work(
    desks: list[Desk], paths: tuple[str, ...], meanwhile: Callable[[], None]
) -> tuple[list[float], Counter[int]]:
    """Let officers work meanwhile. Return how long each of their calls took, and the statuses."""
    officers = [OfficerAtWork(desk, paths, EVERY_S) for desk in desks]
    for officer in officers:
        officer.start()
    meanwhile()
    for officer in officers:
        officer.ended.set()
    for officer in officers:
        officer.join()
    statuses = sum((officer.statuses for officer in officers), Counter[int]())
    return [took_s for officer in officers for took_s in officer.took_s], statuses
