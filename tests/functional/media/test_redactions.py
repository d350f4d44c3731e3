"""A redaction: what officers have marked in a picture is seen by nobody else, whatever happens."""

import io
import json
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from chalicelib import wiring
from chalicelib.aws.writes import Update
from chalicelib.handlers.media import functions
from chalicelib.kernel import errors
from chalicelib.kernel.files import derived_key, derived_prefix
from chalicelib.store.audit.rows import of_report
from tests import cloud, events
from tests.client import Reply, call, read_and_approve
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers("wang", "li", "zhao")

PHOTO = {"content_type": "image/jpeg", "size": 100_000}
FACE = {"x": 0.25, "y": 0.25, "width": 0.25, "height": 0.5}
PLATE = {"x": 0.7, "y": 0.8, "width": 0.1, "height": 0.1}
BOTH = [FACE, PLATE]


@pytest.fixture
def tip(aws: Mapping[str, str]) -> dict[str, Any]:
    """File a report with one photo that is ready."""
    created = file(media=[PHOTO])
    media_id = created["uploads"][0]["media_id"]
    cloud.add_medium(created["id"], media_id)
    return created | {"media_id": media_id}


def path(tip: Mapping[str, Any], media_id: str | None = None) -> str:
    return f"/v1/officer/reports/{tip['id']}/media/{media_id or tip['media_id']}/redaction"


def redact(tip: Mapping[str, Any], *regions: Any, by: str = "wang") -> Reply:
    return call("POST", path(tip), {"regions": list(regions) or [FACE]}, officer=by)


def remove(tip: Mapping[str, Any], by: str = "wang") -> Reply:
    return call("DELETE", path(tip), officer=by)


def redaction(tip: Mapping[str, Any]) -> Any:
    opened = by_officer("GET", tip, officer="zhao").json
    return opened["media"][0]["redaction"]


def wanted() -> list[str]:
    """Return the messages about redactions that wait for `make_thumbnails`, and empty its queue."""
    sqs, queue = cloud.client("sqs"), {"QueueUrl": os.environ["UPLOADS_QUEUE_URL"]}
    found = sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
    bodies = [message["Body"] for message in found]
    return [body for body in bodies if "/preview.jpg" in body]


def make(bodies: list[str]) -> None:
    for body in bodies:
        records = [events.queue_record(body, "m")]
        assert functions.make_thumbnails({"Records": records}, None) == {"batchItemFailures": []}


def record(tip: Mapping[str, Any]) -> None:
    key = derived_key(tip["id"], tip["media_id"], "redacted/manifest.json")
    records = [cloud.s3_event(os.environ["MEDIA_BUCKET"], key, None)]
    assert functions.record_media({"Records": records}, None) == {"batchItemFailures": []}


def work(tip: Mapping[str, Any]) -> None:
    """Do what the functions do after an officer's call."""
    assert cloud.sweep()["failed"] == 0
    make(wanted())
    record(tip)


def later(**by: int) -> None:
    assert cloud.sweep(timedelta(**by))["failed"] == 0


def picture(url: str) -> Image.Image:
    """Return what is at an address that was handed out, in exactly that version."""
    there = urlsplit(url)
    [version] = parse_qs(there.query)["versionId"]
    key = there.path[there.path.index("derived/") :]
    return Image.open(io.BytesIO(wiring.bucket().read(key, version)))


def colours(image: Image.Image, region: Mapping[str, float]) -> set[Any]:
    width, height = image.size
    box = (
        int(region["x"] * width),
        int(region["y"] * height),
        -int(-(region["x"] + region["width"]) * width // 1),
        -int(-(region["y"] + region["height"]) * height // 1),
    )
    return {colour for _, colour in image.crop(box).getcolors(1 << 20) or []}


def refer(tip: Mapping[str, Any], by: str = "wang") -> Reply:
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text", "media"]}
    return by_officer("POST", tip, "/referral", body, officer=by)


def approve(tip: Mapping[str, Any], by: str = "li", number: int = 1) -> Reply:
    """Approve by the tag of a reading, which may be refused by now."""
    version = f"{number}/{tip['category']}/{tip['district']}"
    tag = wiring.audit().opening_tag(by, ("referral", tip["id"], version))
    return read_and_approve(f"/v1/officer/reports/{tip['id']}/referral/approve", by, f'"{tag}"')


def read_referral(tip: Mapping[str, Any], query: str = "") -> Reply:
    return by_officer("GET", tip, f"/referral{query}", officer="zhao")


def steps(tip: Mapping[str, Any]) -> list[Any]:
    history = by_officer("GET", tip, "/history", officer="zhao").json
    return [each for each in history["items"] if each["action"] == "change"]


def objects(tip: Mapping[str, Any]) -> list[str]:
    prefix = f"{derived_prefix(tip['id'])}{tip['media_id']}/redacted"
    return sorted(key.removeprefix(prefix) for key, _ in wiring.bucket().ages(prefix))


def shared(reply: Reply) -> list[str]:
    """Return the addresses of the pictures that an agency gets."""
    return [each["url"] for each in reply.json["document"]["pictures"]]


BLACK = {(0, 0, 0)}


def test_what_is_marked_is_black_and_the_rest_is_as_it_was(tip: dict[str, Any]) -> None:
    asked = redact(tip, *BOTH).expect(200)
    assert (asked["state"], asked["by"]) == ("processing", "wang")
    assert (asked["regions"], asked["url"]) == (BOTH, None)
    work(tip)

    ready = redaction(tip)
    assert (ready["state"], ready["regions"], ready["by"]) == ("ready", BOTH, "wang")
    shown = picture(ready["url"])
    assert shown.size == (640, 480)
    assert [colours(shown, region) for region in BOTH] == [BLACK] * 2
    left = {"x": 0, "y": 0, "width": 0.2, "height": 1}
    assert all(max(colour) > 100 for colour in colours(shown, left))
    assert shown.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_new_redaction_replaces_the_one_before_and_its_picture_is_deleted(
    tip: dict[str, Any],
) -> None:
    redact(tip)
    work(tip)
    before = redaction(tip)["url"]
    assert redact(tip, PLATE, by="li").json["state"] == "processing"
    assert redaction(tip)["url"] is None
    work(tip)
    after = redaction(tip)
    assert (after["by"], after["regions"]) == ("li", [PLATE])
    assert colours(picture(after["url"]), PLATE) == BLACK
    assert colours(picture(after["url"]), FACE) != BLACK

    later(minutes=4)
    later(minutes=10)
    assert redaction(tip)["state"] == "ready"
    assert colours(picture(after["url"]), PLATE) == BLACK
    with pytest.raises(errors.NotFound):
        picture(before)


def test_the_same_regions_again_change_nothing_and_are_on_record(tip: dict[str, Any]) -> None:
    first = redact(tip, *BOTH)
    assert redact(tip, *BOTH, by="li").json == first.json
    work(tip)
    again = redact(tip, *BOTH, by="li").json
    assert (again["state"], again["by"], again["at"]) == ("ready", "wang", first.json["at"])
    assert wanted() == []
    assert [each["by"] for each in steps(tip)] == ["wang", "li", "li"]


def test_each_step_is_on_record_with_its_regions(tip: dict[str, Any]) -> None:
    redact(tip, *BOTH)
    remove(tip, by="li")
    remove(tip, by="li")
    asked, removed = steps(tip)
    named = {"media_id": tip["media_id"]}
    assert asked["detail"] == named | {"redaction": "asked", "regions": BOTH}
    assert (removed["by"], removed["detail"]) == ("li", named | {"redaction": "removed"})


def test_after_a_removal_nothing_is_left_of_it(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)
    redact(tip, PLATE)
    cloud.sweep()
    late = wanted()
    assert remove(tip).status == 204
    assert redaction(tip) is None
    assert cloud.sweep()["failed"] == 0
    assert objects(tip) == []
    make(late)
    record(tip)
    assert redaction(tip) is None
    assert objects(tip) == []


def test_what_is_made_while_it_is_removed_is_deleted_two_minutes_later(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)
    made = wiring.bucket().read(derived_key(tip["id"], tip["media_id"], "redacted.jpg"))
    remove(tip)
    cloud.sweep()
    name = derived_key(tip["id"], tip["media_id"], "redacted.jpg")
    wiring.bucket().put(name, made, "image/jpeg")
    later(minutes=2)
    assert objects(tip) == []
    assert not any(sk.startswith("REDACTION#") for _, sk in cloud.all_keys())


@pytest.mark.parametrize(
    ("regions", "field"),
    [
        ([], "regions"),
        ([FACE] * 51, "regions"),
        ([FACE | {"x": -0.1}], "regions.0.x"),
        ([FACE | {"x": 1}], "regions.0.x"),
        ([FACE | {"width": 0}], "regions.0.width"),
        ([FACE, FACE | {"height": 1.01}], "regions.1.height"),
        ([FACE | {"y": "0.1"}], "regions.0.y"),
        ([FACE | {"why": "a face"}], "regions.0.why"),
        ([{"x": 0.1, "y": 0.1, "width": 0.1}], "regions.0.height"),
        (None, "regions"),
    ],
)
def test_wrong_regions_are_refused(tip: dict[str, Any], regions: Any, field: str) -> None:
    assert call("POST", path(tip), {"regions": regions}, officer="wang").wrong_fields[0] == field
    assert redaction(tip) is None


def test_what_reaches_over_the_edge_is_cut_off(tip: dict[str, Any]) -> None:
    over = redact(tip, {"x": 0.5, "y": 0.75, "width": 1, "height": 0.5})
    cut = {"x": 0.5, "y": 0.75, "width": 0.5, "height": 0.25}
    assert over.json["regions"] == [cut]
    work(tip)
    assert colours(picture(redaction(tip)["url"]), cut) == BLACK


def test_fifty_regions_to_the_edges_are_taken(tip: dict[str, Any]) -> None:
    edge = {"x": 0.9, "y": 0.7, "width": 0.1, "height": 0.3}
    assert redact(tip, *[edge] * 50).status == 200
    work(tip)
    assert colours(picture(redaction(tip)["url"]), edge) == BLACK


def test_an_unknown_medium_is_not_found_and_the_attempt_is_on_record(tip: dict[str, Any]) -> None:
    for media_id in ("0" * 16, "x" * 200, tip["id"]):
        for method, body in (("POST", {"regions": [FACE]}), ("DELETE", None)):
            reply = call(method, path(tip, media_id), body, officer="wang")
            assert reply.refusal == (404, "not_found")
    rows = wiring.audit().rows(of_report(tip["id"]))
    assert [row["by"] for row in rows if row["action"] == "denied"] == ["wang"] * 6


def test_a_medium_without_a_cleaned_picture_has_nothing_to_redact() -> None:
    created = file(media=[PHOTO] * 2)
    first, second = (each["media_id"] for each in created["uploads"])
    cloud.add_medium(created["id"], second, b"no picture")
    for media_id in (first, second):
        assert redact(created | {"media_id": media_id}).refusal == (409, "no_preview")


def test_a_reporter_sees_nothing_of_it(tip: dict[str, Any]) -> None:
    def own() -> str:
        seen = call("GET", "/v1/reports/mine", receipt=tip["receipt"]).text
        return re.sub(r"\?[^\"]*", "", seen)  # without the signatures

    before = own()
    redact(tip)
    assert own() == before
    work(tip)
    assert own() == before
    assert "redact" not in before


def test_a_withdrawal_deletes_it_and_ends_it(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)
    redact(tip, *BOTH)
    by_reporter("DELETE", tip)
    cloud.sweep()
    make(wanted())
    record(tip)
    later(minutes=5)
    assert objects(tip) == []
    for reply in (redact(tip), remove(tip)):
        assert reply.refusal == (409, "withdrawn")


def test_retention_deletes_it_with_its_report(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)
    redact(tip, *BOTH)
    closing = {"status": "closed", "disposition": "resolved", "reason": "Seen to."}
    assert by_officer("PATCH", tip, "", closing, version=1).status == 200
    cloud.sweep(timedelta(days=91))
    cloud.sweep()
    assert list(wiring.bucket().ages(derived_prefix(tip["id"]))) == []
    assert [sk for pk, sk in cloud.all_keys() if pk == f"REPORT#{tip['id']}"] == ["HEAD"]
    make(wanted())
    assert list(wiring.bucket().ages(derived_prefix(tip["id"]))) == []


# What is passed on


def test_an_agency_gets_the_redacted_picture(tip: dict[str, Any]) -> None:
    redact(tip, *BOTH)
    work(tip)
    assert refer(tip).status == 201
    for reply in (read_referral(tip), approve(tip), read_referral(tip)):
        [url] = shared(reply)
        assert colours(picture(url), FACE) == colours(picture(url), PLATE) == BLACK
        assert reply.json["document"]["pictures"][0]["redacted"] is True
        assert "preview.jpg" not in reply.text


def test_a_picture_without_a_redaction_is_passed_on_as_it_is(tip: dict[str, Any]) -> None:
    refer(tip)
    [url] = shared(approve(tip))
    assert "/preview.jpg" in url
    assert read_referral(tip).json["document"]["pictures"][0]["redacted"] is False


def test_nothing_is_proposed_or_approved_before_the_redaction_is_there(tip: dict[str, Any]) -> None:
    redact(tip)
    assert refused(refer(tip)) == "redaction_not_ready"
    wait_in_vain(tip)
    assert refused(refer(tip)) == "redaction_not_ready"

    assert remove(tip).status == 204
    assert refer(tip).status == 201
    redact(tip, PLATE)
    assert refused(read_referral(tip)) == "redaction_not_ready"
    assert refused(approve(tip)) == "redaction_not_ready"
    work(tip)
    assert colours(picture(shared(approve(tip))[0]), PLATE) == BLACK


def test_an_approved_referral_never_shows_the_picture_again_once_it_is_to_be_redacted(
    tip: dict[str, Any],
) -> None:
    refer(tip)
    approve(tip)
    redact(tip)
    assert refused(read_referral(tip)) == "redaction_not_ready"
    assert refused(approve(tip)) == "redaction_not_ready"
    wait_in_vain(tip)
    assert refused(read_referral(tip)) == "redaction_not_ready"
    redact(tip)
    work(tip)
    assert colours(picture(shared(read_referral(tip))[0]), FACE) == BLACK


@pytest.mark.parametrize("then", ["removed", "less", "removed and another"])
def test_what_was_agreed_on_as_redacted_is_not_passed_on_with_less(
    tip: dict[str, Any], then: str
) -> None:
    redact(tip, *BOTH)
    work(tip)
    refer(tip)
    approve(tip)
    if then == "less":
        redact(tip, FACE)
        work(tip)
        redact(tip, *BOTH)
    else:
        remove(tip)
        if then == "removed and another":
            redact(tip, *BOTH)
    work(tip)
    assert refused(read_referral(tip)) == "redaction_changed"
    # A new one can be agreed on.
    assert refer(tip).status == 201
    assert approve(tip, number=2).status == 200
    assert refused(read_referral(tip, "?number=1")) == "redaction_changed"


def test_what_was_agreed_on_is_passed_on_with_more_hidden(tip: dict[str, Any]) -> None:
    redact(tip, FACE)
    work(tip)
    refer(tip)
    approve(tip)
    wider = {"x": 0.2, "y": 0.2, "width": 0.4, "height": 0.6}
    for regions in ([FACE, PLATE], [PLATE, wider]):
        redact(tip, *regions, by="zhao")
        work(tip)
        [url] = shared(read_referral(tip))
        assert all(colours(picture(url), region) == BLACK for region in regions)


def test_while_a_referral_waits_its_pictures_only_hide_more(tip: dict[str, Any]) -> None:
    redact(tip, FACE)
    work(tip)
    refer(tip)
    assert refused(remove(tip)) == refused(redact(tip, PLATE)) == "referral_pending"
    assert redact(tip, *BOTH).status == 200
    work(tip)
    assert approve(tip).status == 200
    assert remove(tip).status == 204


def test_a_redaction_that_was_added_while_a_referral_waited_is_agreed_on_with_it(
    tip: dict[str, Any],
) -> None:
    refer(tip)
    redact(tip)
    work(tip)
    assert approve(tip).status == 200
    remove(tip)
    assert refused(read_referral(tip)) == "redaction_changed"


def test_other_pictures_are_passed_on_meanwhile() -> None:
    created = file(media=[PHOTO] * 2)
    first, second = (each["media_id"] for each in created["uploads"])
    for media_id in (first, second):
        cloud.add_medium(created["id"], media_id)
    redact(created | {"media_id": first})
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["media"]}
    where = f"/v1/officer/reports/{created['id']}/referral"
    assert refused(call("POST", where, body, officer="wang")) == "redaction_not_ready"
    chosen = call("POST", where, body | {"media_ids": [second]}, officer="wang")
    assert chosen.json["media_ids"] == [second]


# What gets lost


def test_a_lost_message_is_sent_again_until_the_picture_is_made(tip: dict[str, Any]) -> None:
    redact(tip)
    cloud.sweep()
    assert len(wanted()) == 1
    later(minutes=2)
    assert wanted() == []
    # After 3 minutes, then 6, 12 and so on, up to half a day.
    for minutes in (2, 7, 13, 25, 49, 97, 193, 385, 721, 721):
        later(minutes=minutes)
        assert len(wanted()) == 1
        assert (redaction(tip)["state"], redaction(tip)["url"]) == ("processing", None)
    assert redact(tip).json["state"] == "processing"
    later(minutes=721)
    make(wanted())
    record(tip)
    assert redaction(tip)["state"] == "ready"


def test_a_redaction_that_is_delayed_counts_for_the_alarm(
    tip: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    redact(tip)
    cloud.sweep()
    later(minutes=4)
    assert "redaction_delayed" not in caplog.messages
    later(minutes=7)
    [line] = [each for each in caplog.records if each.message == "redaction_delayed"]
    assert line.__dict__["delayed"] == 1


def test_a_lost_result_is_found(tip: dict[str, Any]) -> None:
    redact(tip)
    cloud.sweep()
    make(wanted())
    later(minutes=4)
    assert redaction(tip)["state"] == "ready"
    assert wanted() == []


@pytest.mark.parametrize("name", ["redacted.jpg", "redacted/manifest.json"])
def test_a_function_that_dies_between_its_writes_begins_again(
    tip: dict[str, Any], name: str
) -> None:
    redact(tip)
    cloud.sweep()
    bodies = wanted()

    def die(request: Any) -> None:
        if request.url.split("?")[0].endswith(name):
            inject.crash(request)

    with inject.fault(wiring.bucket().s3, "s3.PutObject", die), pytest.raises(inject.Crash):
        make(bodies)
    record(tip)
    assert redaction(tip)["state"] == "processing"
    make(bodies)
    record(tip)
    assert colours(picture(redaction(tip)["url"]), FACE) == BLACK


def test_a_late_message_makes_what_is_wanted_now(tip: dict[str, Any]) -> None:
    redact(tip, FACE)
    cloud.sweep()
    late = wanted()
    redact(tip, PLATE)
    make(late)
    record(tip)
    ready = redaction(tip)
    assert (ready["state"], ready["regions"]) == ("ready", [PLATE])
    assert colours(picture(ready["url"]), PLATE) == BLACK
    make(late)
    cloud.sweep()
    assert redaction(tip)["url"].split("?")[0] == ready["url"].split("?")[0]


def test_the_result_of_a_replaced_redaction_is_not_recorded(tip: dict[str, Any]) -> None:
    redact(tip, FACE)
    cloud.sweep()
    make(wanted())
    redact(tip, PLATE)
    record(tip)
    assert redaction(tip)["state"] == "processing"


def test_of_two_officers_at_once_both_are_on_record_and_the_later_one_counts(
    tip: dict[str, Any],
) -> None:
    with inject.meanwhile(lambda: redact(tip, FACE, by="li")):
        assert redact(tip, PLATE, by="wang").status == 200
    assert {each["by"] for each in steps(tip)} == {"li", "wang"}
    work(tip)
    assert (redaction(tip)["by"], redaction(tip)["regions"]) == ("wang", [PLATE])


def test_a_proposal_at_the_same_moment_as_a_removal_is_not_approved_without_it(
    tip: dict[str, Any],
) -> None:
    redact(tip)
    work(tip)

    with inject.meanwhile(lambda: remove(tip, by="li")):
        assert refer(tip).status == 201
    assert refused(approve(tip)) == "redaction_changed"


def test_a_removal_at_the_same_moment_as_a_proposal_is_refused(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)

    with inject.meanwhile(lambda: refer(tip, by="li")):
        assert refused(remove(tip)) == "referral_pending"


@pytest.mark.parametrize("dies", [inject.crash, inject.crash_after])
def test_a_call_that_dies_is_repeated_to_the_same_end(tip: dict[str, Any], dies: Any) -> None:
    with inject.dying(how=dies):
        redact(tip)
    if dies is inject.crash:
        assert (redaction(tip), steps(tip)) == (None, [])
    assert redact(tip).status == 200
    work(tip)
    assert redaction(tip)["state"] == "ready"


# What is hostile


def test_what_is_put_over_the_picture_is_seen_by_nobody(tip: dict[str, Any]) -> None:
    redact(tip)
    work(tip)
    url = redaction(tip)["url"]
    name = derived_key(tip["id"], tip["media_id"], "redacted.jpg")
    wiring.bucket().put(name, cloud.photo(), "image/jpeg")
    forged = json.dumps({"id": "forged", "version": "forged"}).encode()
    manifest = derived_key(tip["id"], tip["media_id"], "redacted/manifest.json")
    wiring.bucket().put(manifest, forged, "application/json")
    record(tip)
    assert (
        parse_qs(urlsplit(redaction(tip)["url"]).query)["versionId"]
        == (parse_qs(urlsplit(url).query)["versionId"])
    )
    later(minutes=4)
    assert colours(picture(redaction(tip)["url"]), FACE) == BLACK


def test_what_is_put_over_the_preview_is_not_what_is_redacted(tip: dict[str, Any]) -> None:
    name = derived_key(tip["id"], tip["media_id"], "preview.jpg")
    wiring.bucket().put(name, cloud.photo(colour="red"), "image/jpeg")
    redact(tip)
    work(tip)
    red, _, blue = picture(redaction(tip)["url"]).getpixel((5, 5))  # type: ignore[misc]
    assert blue > red


@pytest.mark.parametrize("preview", [b"", b"no picture", b"\xff\xd8\xff" + b"\0" * 100])
def test_a_preview_that_does_not_decode_is_no_picture_and_no_fault(
    tip: dict[str, Any], preview: bytes
) -> None:
    name = derived_key(tip["id"], tip["media_id"], "preview.jpg")
    version = wiring.bucket().put(name, preview, "image/jpeg")
    key = f"REPORT#{tip['id']}", f"MEDIA#{tip['media_id']}"
    wiring.reports().table.update(Update(*key, put={"preview_version": version}))
    redact(tip)
    work(tip)
    assert redaction(tip)["state"] == "failed"
    assert refused(refer(tip)) == "redaction_not_ready"
    assert redact(tip).json["state"] == "processing"


def test_a_message_about_anything_else_makes_nothing(tip: dict[str, Any]) -> None:
    redact(tip)
    owner, media_id = tip["id"], tip["media_id"]
    for key in (
        f"derived/{owner}/{media_id}/thumb.jpg",
        f"derived/{owner}/{'0' * 16}/preview.jpg",
        f"derived/{'0' * 26}/{media_id}/preview.jpg",
        f"derived/B-{'0' * 16}/{media_id}/preview.jpg",
        f"derived/{owner}/{media_id}/x/preview.jpg",
    ):
        make([events.object_created(os.environ["MEDIA_BUCKET"], key, None)])
    make([events.object_created("another", f"derived/{owner}/{media_id}/preview.jpg", None)])
    assert objects(tip) == []


def refused(reply: Reply) -> str:
    assert reply.status == 409, reply.text
    return str(reply.json["code"])


def wait_in_vain(tip: Mapping[str, Any]) -> None:
    """Let a day pass in which nothing makes the redacted picture, up to its next try."""
    for _ in range(24):
        later(hours=1)
    wanted()
    assert redaction(tip)["state"] == "processing"
    wiring.clock.advance(timedelta(hours=12))
