"""Thousands of junk photos on ordinary reports, while a child abduction comes with a photo."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from urllib3 import encode_multipart_formdata

from chalicelib.domain.reports.media import MediaState
from tests import media_samples as samples
from tests.load import reports
from tests.load.attacks.flood import CRITICAL, junk_categories
from tests.load.http import Connection
from tests.load.measures import Result, spread
from tests.load.reports import CONNECTIONS, Sent
from tests.load.stack import Stack

PER_REPORT = 5
DECLARE_S = 120
QUIET_PHOTOS, WARM_UP = 7, 2
# From one photo that is ready to the next that is sent.
PAUSE_S = 1.0
LOOK_EVERY_S = 0.02
# A photo that waits as long behind junk is not waited for any longer.
PATIENCE_S = 60
DRAINED_WITHIN_S = 600
TIMES_QUIET = 2
PHOTO = samples.jpeg(1600, 1200)


def junk() -> list[bytes]:
    """Return files that a flood would have: two photos of nothing, and five that are none."""
    photo = samples.jpeg(640, 480)
    return [
        photo,
        samples.jpeg(1600, 1200, progressive=True),
        photo[: len(photo) // 2],
        samples.mutate(photo, 1),
        samples.png(30_000, 30_000, bytes(1000)),  # says that it has 900 megapixels
        b"<html><script>alert(1)</script></html>",
        bytes(5000),
    ]


def play(count: int) -> Result:
    """Upload `count` junk photos, and between them photos of critical reports. Compare how long
    these take with how long they took before.
    """
    result = Result(f"{count:,} junk photos, and photos of critical reports between them")
    with Stack() as stack:
        files = junk()
        with Criticals(stack) as criticals:
            quiet = [criticals.measure() for _ in range(WARM_UP + QUIET_PHOTOS)][WARM_UP:]
            declared = _declare(stack, files, count)
            behind = Flood(stack, declared, files)
            with behind:
                attacked = []
                while not behind.is_over():
                    attacked.append(criticals.measure())
                    time.sleep(PAUSE_S)
        states = _states(stack, declared)
        result.check(
            f"{count:,} junk photos uploaded, faster than they are decoded",
            f"{behind.uploaded:,} in {behind.took_s:.0f} s; up to {behind.most_waiting:,} waited",
            behind.uploaded == count and behind.most_waiting > count // 10,
        )
        compare_photos(result, quiet, attacked)
        result.check(
            "each junk photo has a verdict",
            ", ".join(f"{number:,} {state}" for state, number in sorted(states.items())),
            states[MediaState.READY] + states[MediaState.REJECTED] == count
            and states[MediaState.READY] >= count * 2 // len(files),
        )
        reports.check_stored(result, stack, [*declared, *criticals.sent])
    return result


def compare_photos(
    result: Result, quiet: list[float | None], attacked: list[float | None], floor_s: float = 0
) -> None:
    """Check that photos of critical reports were ready nearly as soon as before, or within
    `floor_s`.
    """
    before, during = ([took for took in many if took is not None] for many in (quiet, attacked))
    missing = len(attacked) - len(during)
    usual_s, took_s = median(before or [0]), median(during or [float("inf")])
    result.check(
        f"a critical report's photo is ready within {TIMES_QUIET} times its quiet time (median)"
        + (f", or {floor_s} s" if floor_s else ""),
        f"quiet {spread(before)}; attacked {spread(during)}; "
        f"{took_s:.2f} s instead of {usual_s:.2f}; {missing} not within {PATIENCE_S} s",
        len(before) == len(quiet) and not missing and took_s <= max(TIMES_QUIET * usual_s, floor_s),
    )


class Criticals:
    """Sends critical reports with a photo, over connections of its own."""

    def __init__(self, stack: Stack) -> None:
        self.sent: list[Sent] = []
        self._api, self._aws = stack.connect(), _aws(stack)

    def __enter__(self) -> "Criticals":
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()
        self._aws.close()

    def measure(self) -> float | None:
        """Send one, and return how many seconds after its upload the photo was ready; None when it
        was not within PATIENCE_S.
        """
        media = [{"content_type": "image/jpeg", "size": len(PHOTO)}]
        text = f"A man took a girl of six into a grey van ({len(self.sent)})."
        sent = reports.send_report(self._api, CRITICAL, text, media=media)
        self.sent.append(sent)
        if not sent.is_stored or not _upload(self._aws, sent.answer.json["uploads"][0], PHOTO):
            return None
        began = time.monotonic()
        while (took_s := time.monotonic() - began) < PATIENCE_S:
            if _media(self._api, sent) == [MediaState.READY]:
                return took_s
            time.sleep(LOOK_EVERY_S)
        return None


class Flood:
    """Uploads the files of all reports while the context lasts, as fast as the stack takes them."""

    def __init__(self, stack: Stack, declared: list[Sent], files: list[bytes]) -> None:
        self.uploaded, self.most_waiting, self.took_s = 0, 0, 0.0
        self._stack, self._sqs = stack, stack.client("sqs")
        self._queues = [url for name, url in stack.outputs["queues"].items() if "uploads" in name]
        grants = (grant for sent in declared for grant in sent.answer.json["uploads"])
        self._jobs = zip(grants, itertools.cycle(files), strict=False)
        self._lock, self._began = threading.Lock(), 0.0
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Flood":
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def is_over(self) -> bool:
        """Return whether all is uploaded and decoded, or it has taken too long."""
        waiting = self._waiting()
        self.most_waiting = max(self.most_waiting, waiting)
        late = time.monotonic() - self._began > DRAINED_WITHIN_S
        return late or (not self._thread.is_alive() and waiting == 0)

    def _waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(
            int(number)
            for url in self._queues
            for number in self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)[
                "Attributes"
            ].values()
        )

    def _work(self) -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            self.uploaded = sum(pool.map(self._upload_some, range(CONNECTIONS)))
        self.took_s = time.monotonic() - self._began

    def _upload_some(self, _: int) -> int:
        done = 0
        with _aws(self._stack) as connection:
            while True:
                with self._lock:
                    job = next(self._jobs, None)
                if job is None:
                    return done
                done += _upload(connection, *job)


def _declare(stack: Stack, files: list[bytes], count: int) -> list[Sent]:
    """Send ordinary reports that declare so many files in all."""
    largest = max(map(len, files))
    media = [{"content_type": "image/jpeg", "size": largest}] * PER_REPORT
    sent = reports.flood(
        stack, junk_categories(), count // PER_REPORT, limit_s=DECLARE_S, media=media
    )
    return [each for each in sent if each.is_stored]


def _states(stack: Stack, declared: list[Sent]) -> Counter[str]:
    """Return in which states the media of all reports are, as their reporters see it."""
    states = Counter[str]()
    with stack.connect() as connection:
        for sent in declared:
            states.update(_media(connection, sent))
    return states


def _media(connection: Connection, sent: Sent) -> list[str]:
    headers = {"Authorization": f"Receipt {sent.receipt}"}
    answer = connection.send("GET", "/v1/reports/mine", headers=headers)
    return [each["state"] for each in answer.json["media"]] if answer.status == 200 else []


def _aws(stack: Stack) -> Connection:
    port = urlsplit(stack.outputs["aws"]).port
    assert port
    return Connection(port)


def _upload(connection: Connection, grant: Mapping[str, Any], content: bytes) -> bool:
    """Send a file with the form of its grant, and return whether it was taken."""
    parts = [*grant["fields"].items(), ("file", ("file", content))]
    body, kind = encode_multipart_formdata(parts)
    path = urlsplit(grant["url"]).path
    answer = connection.send("POST", path, body, {"Content-Type": kind})
    return answer.status == 204
