"""What comes on top of texts: media, e-mails, open consoles, the firewall and CloudFront."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.aws.bucket import SPANS_AT_ONCE
from chalicelib.domain.catalogue.attachments import REDUCED_MAX_BYTES
from chalicelib.kernel.files import original_key, reduced_key
from tests import cloud
from tests.client import new_key, report
from tests.cost import storage
from tests.cost.bill import Bill
from tests.cost.calls import Call, seen
from tests.cost.life import OFFICER, address
from tests.cost.usage import Usage, added, less, times

# A photo as phones make it, its preview and thumbnail, and a short video.
PHOTO_BYTES, PICTURE_BYTES, VIDEO_BYTES = 2_500_000, 250_000, 48_000_000
# Assumed: how long a decoder takes with them on Lambda, and how often a picture is looked at.
PHOTO_MS, REDUCED_MS, VIDEO_MS = 600, 100, 1_500
LOOKS = 2
# Assumed: how long `make_thumbnails` takes to read and write a clip, and how often it is played.
CLIP_MS, PLAYS = 3_000, 1
# A console asks for the pulse so often in an hour while it is shown (`web/console/pulse.ts`):
# twice a minute, and 7.5 times in a minute in which something changes. Assumed: 12 such minutes,
# three for each of the four reports that a district of 3,000 a month gets in an hour.
PULSES = 190
MINUTES_OF_AN_HOUR = 60


class Extra(NamedTuple):
    """`amount` of something, and what it uses."""

    what: str
    amount: int
    used: Usage


def extras(bill: Bill) -> dict[str, Extra]:
    """Return all by a short name."""
    photo, video = _media(bill)
    # The first of an hour is on record, and the first of an instance reads all categories.
    _, pulse = (bill.request("GET", "/v1/officer/pulse", officer=OFFICER)[1] for _ in range(2))
    asked = MINUTES_OF_AN_HOUR if bill.deployed.kept_s else PULSES
    hour = added([times(pulse, PULSES), times(bill.authorizer(), asked)])
    # What the console keeps for an hour, and looks at now and then by itself.
    hour = added([hour, times(_asks(bill, "colleagues"), 2), times(_asks(bill, "bulletins"), 6)])
    through = {"cloudfront_requests": 1, "cloudfront_functions": 1, "cloudfront_bytes_out": 1000}
    return {
        "photo": Extra("photos of 2.5 MB, kept for 4 months", 1000, times(photo, 1000)),
        "video": Extra("videos of 48 MB, kept for 4 months", 1000, times(video, 1000)),
        "opened": Extra(
            "photos opened, the functions alone", 1_000_000, times(_opened(bill), 1_000_000)
        ),
        "tenants": Extra(
            "reports with files, with `DECODER_ISOLATION=tenant`: their environments",
            1000,
            {"tenant_environments_gb": 1000 * bill.deployed.memory_mb["decode"] / 1024},
        ),
        "email": Extra(
            "e-mails to officers, one for each notice and reader", 1000, {"sns_emails": 1000}
        ),
        "push": Extra("pushes to reporters' phones", 1_000_000, {"sns_pushes": 1_000_000}),
        "console": Extra(
            f"hours of a console that is shown: {PULSES} pulses each", 100, times(hour, 100)
        ),
        "list": Extra(
            "lists that consoles read again, with their bursts",
            1000,
            times(added([_asks(bill, "reports"), _asks(bill, "bursts")]), 1000),
        ),
        "session": Extra(
            "sign-ins at the console, and what it reads then",
            1000,
            times(added(_ask(bill, call) for call in _session()), 1000),
        ),
        "firewall": Extra(
            "requests that the firewall looks at", 1_000_000, {"firewall_requests": 1_000_000}
        ),
        "cloudfront": Extra(
            "calls of the API through CloudFront", 1_000_000, times(through, 1_000_000)
        ),
    }


def _session() -> list[Call]:
    """Return what a console asks once in a session, but for the report that is opened in it."""
    asked = [call for act in seen().session for call in act.calls if "{" not in call.route]
    return list(dict.fromkeys(asked))


def _asks(bill: Bill, last: str) -> dict[str, float]:
    """Return what a call of a session uses, by the last word of its route."""
    [call] = [call for call in _session() if call.route.endswith(f"/officer/{last}")]
    return _ask(bill, call)


def _ask(bill: Bill, call: Call) -> dict[str, float]:
    officer = OFFICER if call.route.startswith("/v1/officer") else None
    return bill.request(call.method, address(call), officer=officer)[1]


def _opened(bill: Bill) -> dict[str, float]:
    """Return what the two functions use that have a photo opened: one waits for the other."""
    names = ("make_thumbnails", "decode")
    return added(bill.deployed.run(name, 0, 0, more_ms=PHOTO_MS) for name in names)


def _media(bill: Bill) -> tuple[dict[str, float], dict[str, float]]:
    """Return what a photo and a video use: with the report, in storage, and in what is made of
    them. What is uploaded here is small; bytes are counted by the sizes above.
    """
    alone, _ = _create(bill, [])
    declared = {"content_type": "image/jpeg", "size": PHOTO_BYTES, "reduced": REDUCED_MAX_BYTES}
    with_photo, filed = _create(bill, [declared])
    [upload] = filed["uploads"]
    # The reduced picture is asked for and made before the photo.
    path = f"/v1/reports/{filed['id']}/media/{upload['media_id']}/grant"
    granted = bill.request("POST", path, receipt=filed["receipt"])[1]
    reduced = _made(bill, filed["id"], upload["media_id"], REDUCED_MS, reduced=True)
    made = _made(bill, filed["id"], upload["media_id"], PHOTO_MS)
    early = [granted, reduced, _stored(REDUCED_MAX_BYTES, 1)]
    photo = added([less(with_photo, alone), *early, made, _stored(PHOTO_BYTES, 1)])
    with_video, filed = _create(bill, [{"content_type": "video/mp4", "size": VIDEO_BYTES}])
    [upload] = filed["uploads"]
    path = f"/v1/reports/{filed['id']}/media/{upload['media_id']}/parts"
    asked = bill.request("POST", path, {"numbers": [1]}, receipt=filed["receipt"])[1]
    # The parts are asked for once, and the upload is completed by a call that uses the same.
    parts = upload["part_count"]
    # What waits for the decoder takes as long.
    longer = added(
        bill.deployed.run(name, 0, 0, more_ms=VIDEO_MS - PHOTO_MS)
        for name in ("make_thumbnails", "decode")
    )
    copied = bill.deployed.run("make_thumbnails", 0, 0, more_ms=CLIP_MS)
    spent = longer["functions_gb_s"] + copied["functions_gb_s"]
    # The clip is read in windows, written by one call, and has an event.
    more = {"functions_gb_s": spent, "s3_gets": 4 + -(-VIDEO_BYTES // SPANS_AT_ONCE) + PLAYS}
    clip = {
        "s3_puts": 1,
        "events_opt_in": 1,
        "bytes_out": VIDEO_BYTES * PLAYS,
        "s3_byte_months": VIDEO_BYTES * storage.MONTHS,
        "object_backup_byte_months": VIDEO_BYTES * (storage.MONTHS + 1),
    }
    parts_put = _stored(VIDEO_BYTES, parts + 2)
    video = added([less(with_video, alone), times(asked, 2), made, more, clip, parts_put])
    return photo, video


def _create(bill: Bill, media: list[Any]) -> tuple[dict[str, float], Mapping[str, Any]]:
    reply, used = bill.request("POST", "/v1/reports", report("other", media=media), key=new_key())
    return added([used, bill.publish()]), reply.json


def _made(
    bill: Bill, report_id: str, media_id: str, more_ms: float, *, reduced: bool = False
) -> dict[str, float]:
    """Process and record an upload, and return what it used, with the events of its objects."""
    version = cloud.upload(report_id, media_id, cloud.photo(), reduced=reduced)
    key = (reduced_key if reduced else original_key)(report_id, media_id)
    processed = bill.function("make_thumbnails", lambda: cloud.process(key, version), more_ms)
    recorded = bill.function(
        "record_media", lambda: cloud.record(report_id, media_id, reduced=reduced)
    )
    opened = bill.deployed.run("decode", 0, 0, more_ms=more_ms) | {"s3_gets": 1}
    objects = 1 + processed["s3_puts"]
    queued = {"events_opt_in": objects, "sqs_requests": 2 * 3}
    return added([processed, opened, recorded, queued, bill.publish()])


def _stored(size: int, puts: int) -> dict[str, float]:
    """Return what an original uses in storage, and its pictures when they are looked at."""
    return {
        "s3_puts": puts,
        "s3_gets": 2 * LOOKS,
        "bytes_out": PICTURE_BYTES * LOOKS,
        "s3_byte_months": (size + PICTURE_BYTES) * storage.MONTHS,
        "object_backup_byte_months": (size + PICTURE_BYTES) * (storage.MONTHS + 1),
    }
