"""`make smoke-test`: try the API out as a resident does, with a drill that alerts nobody.

    python -m infra.deploy.smoke                the local stack that is running
    python -m infra.deploy.smoke --stage dev    a deployed stage; `make deploy` does it, too

Health, a report marked as a drill with a small picture, its upload by its grant, its way through
the queues until it is ready, and its withdrawal. The drill is withdrawn also when a step fails.

| environment | |
|---|---|
| `DRILL=off` | health and the catalogue only: nothing is filed |
"""

import contextlib
import io
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

from chalicelib.domain.flood.load_level import digest_of, zero_bits
from infra.deploy import web_clients
from infra.stage.console import Pause, Refused, run, say
from infra.stage.logs import read_entries
from infra.stage.target import Target, command, find_target, is_loopback, parameters_of

TIMEOUT_S = 30.0
POLL_S = 1.0
LOOK_BACK = timedelta(minutes=10)
READY_WITHIN_S = 180.0  # a first upload starts two functions, one with a layer of decoders
# Who presses the button waits no longer, and neither does an officer. The first request starts a
# function; of a build that is slow, each takes so long.
WAITS_S = 3.0
TRIES = 3
TEXT = "Drill: smoke test of a deployment"


def main(arguments: Sequence[str]) -> int:
    parser = command("deploy.smoke", "Try the API out with a drill.")
    smoke_test(find_target(parser.parse_args(arguments).stage))
    return 0


def smoke_test(
    target: Target, pause: Pause = time.sleep, clock: Callable[[], float] = time.monotonic
) -> None:
    """Try the API out, and print each step with its time. Raises Refused, with what to look at, at
    the first step that fails.
    """
    print(f"Smoke test of {target.name}, {target.api}")
    version = try_out(Trip(target.api, pause=pause, clock=clock), target, draw_picture())
    print(f"Version {version} works.")


def try_out(trip: "Trip", target: Target, picture: bytes | None = None) -> str:
    """File a drill, with a picture if there is one, withdraw it, and return the version that
    serves. With `DRILL=off` nothing is filed.

    Raises Refused, with what to look at, at the first step that fails.
    """
    logs = f"make logs{target.command} FUNCTION="
    with trip.step("health", f"{logs}residents; is the address right and its certificate valid?"):
        health = trip.get("/v1/health")
        version = str(health["version"])
    with trip.step("catalogue", f"{logs}residents: is a table, a secret or a right missing?"):
        category = trip.first_category()
    if not files_drills():
        return version
    what = "report, a drill with a picture" if picture else "report, a drill"
    with trip.step(what, f"{logs}residents, and the reports table"):
        trip.report_in_time(category, picture, health.get("challenge"))
    try:
        if picture:
            _see_picture(trip, target, picture, logs)
        else:
            with trip.step("read with its receipt", f"{logs}residents"):
                trip.read()
    except Refused:
        # The first failure is the one to look at.
        with contextlib.suppress(Failed, urllib3.exceptions.HTTPError):
            trip.withdraw()
        raise
    with trip.step("withdrawn", f"{logs}residents. The drill is deleted 30 days after it was made"):
        trip.withdraw()
    return version


def files_drills() -> bool:
    """Return whether commands may file a drill: not with `DRILL=off`. Raises Refused for a value
    that is neither.
    """
    value = os.environ.get("DRILL") or "on"
    if value not in ("on", "off"):
        raise Refused(f"DRILL={value} is neither on nor off.")
    return value == "on"


def _see_picture(trip: "Trip", target: Target, picture: bytes, logs: str) -> None:
    with trip.step("upload by its grant", "the media bucket: its region, its policy, its key"):
        trip.upload(picture)
    with trip.step(
        "the picture is ready",
        f"make status{target.command} for the queues, then {logs}make_thumbnails and "
        f"{logs}record_media",
    ):
        try:
            trip.wait_until_ready()
        except _NoVerdict as failed:
            raise Failed(f"{failed}{_why_not_decoded(target)}") from None


def _why_not_decoded(target: Target) -> str:
    """Return a sentence when files are not opened for a fault of ours; "" when there is none, or
    when the log cannot be read.
    """
    try:
        faults = read_entries(target, ["make_thumbnails"], LOOK_BACK, "not_decoded")
    except (Refused, BotoCoreError, ClientError):
        return ""
    if not faults:
        return ""
    return (
        " Files are not opened: not_decoded in the log of make_thumbnails has the cause, and "
        "decode's own log more. Reports are unharmed; pictures are made when it works again."
    )


def draw_picture() -> bytes:
    """Return a small JPEG, made here: the test needs no file, and uploads nobody's picture."""
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((96, 64)).save(picture, "JPEG")
    return picture.getvalue()


def next_steps(target: Target, admins: bool | None = None) -> str:
    """Return what is to be done after a deployment. `admins` says whether the stage has any; None
    when that is not known.
    """
    outputs, argument = target.outputs, target.command
    parameters = parameters_of(target.description)
    steps = []
    if not admins:
        when = "once" if admins is False else "once, if there are none yet"
        steps.append(f"make first-admins{argument}: makes the first two admins, {when}")
    if "SignInUrl" in outputs:
        steps.append(f"make token{argument}: opens the sign-in page, and prints an access token")
    if web := web_clients.next_step(target):
        steps.append(web)
    if email := parameters.get("AlarmEmail"):
        steps.append(f"{email} gets a mail from AWS: confirm it, or no alarm arrives")
    else:
        steps.append(f"make deploy{argument} ALARM_EMAIL=…: without it nobody hears an alarm")
    steps.append(f"make status{argument}: health, alarms and queues on one screen")
    lines = "\n".join(f"  {number}. {text}" for number, text in enumerate(steps, 1))
    # An emulator has no names of its own for APIs.
    address = target.api if is_loopback(target.api) else outputs.get("PublicUrl") or target.api
    return f"\nThe API's address: {address}    documentation: {address}/docs\nNext:\n{lines}"


class Failed(Exception):
    """A step did not return what it should."""


class _Slow(Failed):
    """A step took too long each time."""


class _NoVerdict(Failed):
    """The picture was neither accepted nor rejected in time."""


@dataclass
class Trip:
    """One drill on its way. `http` sends its requests, and `tell` gets a line for each step.

    `waits_s` is how long somebody waits for a response, and `took_s` the longest that one took, of
    those that are measured.
    """

    api: str
    http: Any = field(default_factory=lambda: urllib3.PoolManager(timeout=TIMEOUT_S, retries=2))
    name: str = "smoke test"
    tell: Callable[[str], object] = say
    pause: Pause = time.sleep
    clock: Callable[[], float] = time.monotonic
    created: dict[str, Any] = field(default_factory=dict)
    waits_s: float = WAITS_S
    took_s: float = 0.0

    @contextlib.contextmanager
    def step(self, name: str, look_at: str) -> Iterator[None]:
        """Tell a step with its time. Raises Refused with where to look when it fails."""
        began = time.monotonic()
        try:
            yield
        except (Failed, urllib3.exceptions.HTTPError, KeyError, IndexError, TypeError) as error:
            what = error if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            raise Refused(
                f"The {self.name} failed at: {name}. {what}\n  Look at: {look_at}"
            ) from None
        self.tell(f"  {time.monotonic() - began:5.1f} s  {name}")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._call("GET", path, 200, headers=headers or {})

    def first_category(self) -> str:
        """Return a category that takes reports."""
        codes = [
            category["code"]
            for category in self.get("/v1/catalogue")["categories"]
            if category["state"] == "active"
        ]
        if not codes:
            raise Failed("No category of the catalogue is active, so nobody can report.")
        return str(codes[-1])

    def in_time[T](self, call: Callable[[], T], again: Callable[[], object] | None = None) -> T:
        """Return what a call returns that takes no longer than somebody waits, the best of a few
        times. `again` is called before each further time. Raises Failed when all are too slow.
        """
        times = []
        for left in reversed(range(TRIES)):
            began = self.clock()
            returned = call()
            times.append(self.clock() - began)
            if times[-1] <= self.waits_s:
                break
            if left and again:
                again()
        self.took_s = max(self.took_s, min(times))
        if min(times) > self.waits_s:
            took = ", ".join(f"{each:.1f}" for each in times)
            raise _Slow(f"It took {took} s, and nobody waits longer than {self.waits_s:.1f} s.")
        return returned

    def report_in_time(
        self, category: str, picture: bytes | None, challenge: Mapping[str, Any] | None = None
    ) -> None:
        """File a drill. Raises Failed, with none left, when it takes too long each time."""
        try:
            self.in_time(lambda: self.report(category, picture, challenge), again=self.withdraw)
        except _Slow:
            self.withdraw()
            raise

    def report(
        self, category: str, picture: bytes | None, challenge: Mapping[str, Any] | None = None
    ) -> None:
        body: dict[str, Any] = {"category": category, "text": TEXT, "source": "drill"}
        if picture:
            body["media"] = [{"content_type": "image/jpeg", "size": len(picture)}]
        key = str(uuid4())
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        content = json.dumps(body).encode()
        asked = challenge
        for _ in range(2):
            if asked:
                headers["Tipline-Proof"] = _prove(asked, key)
            url = f"{self.api}/v1/reports"
            response = self.http.request("POST", url, headers=headers, body=content)
            # One address that sends many is asked for a proof also without a flood.
            asked = _read(response.data).get("challenge") if response.status == 429 else None
            if not asked:
                break
        self.created = _content("POST /v1/reports", response, 201)

    def read(self) -> dict[str, Any]:
        return self.get("/v1/reports/mine", self._receipt)

    def upload(self, picture: bytes) -> None:
        grant = self.created["uploads"][0]
        fields = [*grant["fields"].items(), ("file", ("drill.jpg", picture, "image/jpeg"))]
        response = self.http.request("POST", grant["url"], fields=fields)
        if response.status not in (200, 201, 204):
            raise Failed(f"{grant['url']} returned {response.status}: {_extract(response.data)}")

    def wait_until_ready(self) -> None:
        begun = self.clock()
        while True:
            state = self.read()["media"][0]["state"]
            if state == "ready":
                return
            failed = Failed if state == "rejected" else _NoVerdict
            if state == "rejected" or self.clock() - begun > READY_WITHIN_S:
                raise failed(f"Its state is {state} after {self.clock() - begun:.0f} s.")
            self.pause(POLL_S)

    def withdraw(self) -> None:
        path = f"/v1/reports/{self.created['id']}"
        response = self.http.request("DELETE", self.api + path, headers=self._receipt)
        if response.status not in (200, 204):
            raise Failed(f"DELETE {path} returned {response.status}: {_extract(response.data)}")

    @property
    def _receipt(self) -> dict[str, str]:
        return {"Authorization": f"Receipt {self.created['receipt']}"}

    def _call(self, method: str, path: str, expected: int, **more: Any) -> dict[str, Any]:
        response = self.http.request(method, self.api + path, **more)
        return _content(f"{method} {path}", response, expected)


def _content(call: str, response: Any, expected: int) -> dict[str, Any]:
    if response.status != expected:
        raise Failed(f"{call} returned {response.status}: {_extract(response.data)}")
    if not (content := _read(response.data)):
        raise Failed(f"{call} returned no JSON: {_extract(response.data)}")
    return content


def _read(data: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one when it is none."""
    try:
        content = json.loads(data)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def _prove(challenge: Mapping[str, Any], key: str) -> str:
    """Return the proof of work for a challenge (docs/mobile.md)."""
    text, bits = challenge["challenge"], challenge["bits"]
    counters = [
        next(
            str(counter)
            for counter in itertools.count()
            if zero_bits(digest_of(text, key, number, str(counter))) >= bits
        )
        for number in range(challenge["rounds"])
    ]
    return f"{text}:{','.join(counters)}"


def _extract(data: bytes) -> str:
    return data[:300].decode(errors="replace") or "no content"


if __name__ == "__main__":
    run(main)
