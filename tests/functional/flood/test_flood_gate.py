"""What a report needs at each load level, and that no report of a life in danger is refused."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.keys import HEAD, Key
from chalicelib.aws.keys import report as report_partition
from chalicelib.domain.audit.ledger import Event
from chalicelib.domain.flood.load_level import BITS, LIFE, LoadLevel
from chalicelib.domain.flood.sources import DRILL_LIMITS, LIMITS, WINDOW, window_of
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.outbox import Lane, TaskKind
from examples.outbox import prove
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import by_reporter

pytestmark = pytest.mark.usefixtures("at_the_start")

HOME, ELSEWHERE = "198.51.100.7", "192.0.2.1"
NEVER_LIMITED = ("child_abduction", "missing_elderly")


@pytest.fixture
def at_the_start(clean: None, limits_on: None) -> None:
    cloud.officer("chief", roles=(Role.SUPERVISOR,))
    # To the start of a window, so that no test meets its end.
    now = wiring.clock.now()
    wiring.clock.advance(window_of(now) + WINDOW - now)


def set_level(level: LoadLevel, minutes: int = 600) -> None:
    body = {"level": level.value, "minutes": minutes, "reason": "attack"}
    call("PUT", "/v1/officer/load-level", body, officer="chief").expect(200)


def file(
    category: str = "other", *, proof: str | None = None, drill: bool = False, **more: Any
) -> Reply:
    headers = dict(more.pop("headers", {})) | ({"Tipline-Proof": proof} if proof else {})
    return call(
        "POST",
        "/v1/reports",
        report(category, media=more.pop("media", [])) | ({"source": "drill"} if drill else {}),
        key=more.pop("key", None) or new_key(),
        headers=headers,
        source=more.pop("source", HOME),
    )


def fill(source: str = HOME, category: str = "other") -> None:
    """Send as many reports as a source may."""
    replies = [file(category, source=source).status for _ in range(LIMITS.address)]
    assert replies == [201] * LIMITS.address


def unproven(reply: Reply) -> bool:
    head = cloud.head(reply.json["id"])
    return head.report.unproven


# Levels -----------------------------------------------------------------------------------------


def test_in_normal_times_a_report_is_one_call_of_aws() -> None:
    wiring.catalogue()
    file()
    with inject.calls_of_dynamodb() as calls:
        assert file().status == 201
    assert calls == ["PutItem"]


def test_in_normal_times_nobody_is_asked_for_a_proof() -> None:
    health = call("GET", "/v1/health").json
    assert (health["load_level"], health["challenge"]) == (0, None)
    catalogue = call("GET", "/v1/catalogue")
    assert catalogue.json["challenge"] is None
    assert "max-age=60" in catalogue.headers["cache-control"]
    assert not unproven(file())


@pytest.mark.parametrize("level", [LoadLevel.FLOOD, LoadLevel.HEAVY_FLOOD])
def test_in_a_flood_a_report_without_a_proof_is_429_with_a_challenge(level: LoadLevel) -> None:
    set_level(level)
    reply = file()
    assert (reply.status, reply.json["code"], reply.json["proof"]) == (
        429,
        "proof_required",
        "absent",
    )
    assert reply.json["challenge"]["bits"] == BITS[level]
    assert int(reply.headers["retry-after"]) > 0


def test_an_honest_phone_files_in_two_tries_at_level_3() -> None:
    set_level(LoadLevel.HEAVY_FLOOD)
    key = new_key()
    refused = file(key=key)
    proof = prove(refused.json["challenge"], key)
    created = file(key=key, proof=proof)
    assert (refused.status, created.status) == (429, 201)
    assert not unproven(created)
    # On average: a phone of 2018, with half a million hashes a second, needs 2 s.
    challenge = refused.json["challenge"]
    assert challenge["rounds"] * 2 ** challenge["bits"] < 1_250_000


def test_a_phone_that_reads_the_challenge_first_files_in_one_try() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    shown = call("GET", "/v1/health").json
    catalogue = call("GET", "/v1/catalogue")
    assert shown["load_level"] == LoadLevel.FLOOD
    assert shown["challenge"] == catalogue.json["challenge"]
    assert "max-age=20" in catalogue.headers["cache-control"]
    assert file(key=key, proof=prove(shown["challenge"], key)).status == 201


@pytest.mark.parametrize("category", NEVER_LIMITED)
@pytest.mark.parametrize("level", list(LoadLevel))
def test_where_a_life_may_depend_on_it_no_report_is_refused(
    level: LoadLevel, category: str
) -> None:
    set_level(level)
    replies = [file(category) for _ in range(LIMITS.address + 2)]
    assert {reply.status for reply in replies} == {201}
    # It waits for what is proven: beyond the limit, and in a flood always.
    assert unproven(replies[-1])
    assert replies[-1].json["challenge"]
    assert unproven(replies[0]) is (level >= LoadLevel.FLOOD)


@pytest.mark.parametrize("level", list(LoadLevel))
def test_a_drill_is_limited_in_every_category(level: LoadLevel) -> None:
    set_level(level)
    key = new_key()
    body = report("child_abduction", source="drill")
    for _ in range(DRILL_LIMITS.address):
        file(drill=True)
    refused = call("POST", "/v1/reports", body, key=key, source=HOME)
    assert refused.refusal == (429, "proof_required")
    proof = {"Tipline-Proof": prove(refused.json["challenge"], key)}
    assert call("POST", "/v1/reports", body, key=key, source=HOME, headers=proof).status == 201


def test_few_drills_of_a_source_need_no_proof() -> None:
    replies = [file(drill=True) for _ in range(DRILL_LIMITS.address + 1)]
    assert [reply.status for reply in replies] == [201] * DRILL_LIMITS.address + [429]
    assert file().status == 201
    others = [file(drill=True, source=f"198.51.100.{last}") for last in range(100, 119)]
    assert [reply.status for reply in others].count(201) == DRILL_LIMITS.network - 4


def test_in_normal_times_a_neighbours_junk_delays_no_report() -> None:
    for number in range(LIMITS.network // LIMITS.address):
        fill(f"198.51.100.{100 + number}")
    assert file(source=HOME).status == 429
    urgent = file("child_abduction", source=HOME)
    head = cloud.head(urgent.json["id"])
    assert (head.report.lane, head.report.unproven) == (Lane.CRITICAL, False)


def test_an_officers_entry_needs_no_proof() -> None:
    cloud.officer("wang")
    set_level(LoadLevel.HEAVY_FLOOD)
    body = report("other") | {"source": "phone"}
    assert call("POST", "/v1/officer/reports", body, key=new_key(), officer="wang").status == 201


def test_a_flood_has_an_end() -> None:
    set_level(LoadLevel.FLOOD, minutes=5)
    assert file().status == 429
    wiring.clock.advance(timedelta(minutes=5))
    assert file().status == 201


# Sources ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [LoadLevel.NORMAL, LoadLevel.BUSY])
def test_one_source_is_slowed_down_and_no_other(level: LoadLevel) -> None:
    set_level(level)
    fill()
    reply = file()
    assert reply.refusal == (429, "proof_required")
    # There are few reports: it is true of this source, and says so.
    assert "your network" in reply.json["detail"]
    assert file(source=ELSEWHERE).status == 201
    wiring.clock.advance(timedelta(seconds=int(reply.headers["retry-after"])))
    assert file().status == 201


def test_neighbours_in_a_network_share_its_limit() -> None:
    addresses = [f"198.51.100.{n}" for n in range(LIMITS.network // LIMITS.address)]
    for address in addresses:
        fill(address)
    assert file(source="198.51.100.250").status == 429
    assert file(source="198.51.101.1").status == 201


def test_a_proof_lifts_the_limit_of_a_source() -> None:
    fill()
    key = new_key()
    refused = file(key=key)
    proof = prove(refused.json["challenge"], key)
    assert file(key=key, proof=proof).status == 201


def test_from_level_1_on_all_instances_count_together() -> None:
    set_level(LoadLevel.BUSY)
    fill()
    another_instance()
    assert file().status == 429


def test_at_level_0_no_source_is_stored(aws: Mapping[str, str]) -> None:
    fill()
    assert cloud.scan(aws["SOURCES_TABLE"]) == []
    another_instance()
    assert file().status == 201


def test_in_a_flood_no_source_is_stored(aws: Mapping[str, str]) -> None:
    set_level(LoadLevel.FLOOD)
    file()
    file("child_abduction")
    assert cloud.scan(aws["SOURCES_TABLE"]) == []


def test_without_its_table_a_report_is_still_accepted(aws: Mapping[str, str]) -> None:
    set_level(LoadLevel.BUSY)
    calls = []

    def refuse(request: Any) -> Any:
        if aws["SOURCES_TABLE"].encode() not in request.body:
            return None
        calls.append(request)
        return inject.error_response(500, "InternalServerError")(request)

    with inject.fault(wiring.dynamodb(), "dynamodb.*", refuse):
        assert [file().status for _ in range(3)] == [201] * 3
        # It is not asked again by each report.
        assert len(calls) == 5
        assert [file().status for _ in range(LIMITS.address - 2)][-1] == 429


def test_each_hour_has_a_salt_of_its_own_and_the_old_one_is_gone() -> None:
    set_level(LoadLevel.BUSY)
    file()
    before = salts()
    wiring.clock.advance(timedelta(hours=1))
    file()
    after = salts()
    assert len(before) == len(after) == 1
    assert before != after


def test_the_sweep_overwrites_the_salt_when_nobody_reports() -> None:
    set_level(LoadLevel.BUSY)
    file()
    before = salts()
    wiring.clock.advance(timedelta(hours=1))
    another_instance()
    cloud.sweep()
    assert salts() != before


def test_two_instances_agree_on_one_salt() -> None:
    now = wiring.clock.now()
    first = wiring.sources().salt(now)
    another_instance()
    assert wiring.sources().salt(now) == first


def test_a_row_of_a_source_lives_for_an_hour_at_most(aws: Mapping[str, str]) -> None:
    set_level(LoadLevel.BUSY)
    file()
    (row,) = [row for row in cloud.scan(aws["SOURCES_TABLE"]) if row["sk"]["S"] == "COUNT"]
    left = int(row["expires_ttl"]["N"]) - wiring.clock.now().timestamp()
    assert 0 < left <= 3600


# Behind CloudFront ------------------------------------------------------------------------------

SECRET = "the secret of the distribution"


@pytest.fixture
def behind_cloudfront(limits_on: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORIGIN_SECRET_HASH", hashlib.sha256(SECRET.encode()).hexdigest())
    wiring.settings.cache_clear()  # type: ignore[attr-defined]


def viewer(address: str, secret: str = SECRET) -> dict[str, str]:
    return {"CloudFront-Viewer-Address": address, "Tipline-Origin": secret}


@pytest.mark.usefixtures("behind_cloudfront")
def test_behind_cloudfront_the_viewer_is_the_source() -> None:
    for _ in range(LIMITS.address):
        assert file(headers=viewer("198.51.100.7:46532")).status == 201
    assert file(headers=viewer("198.51.100.7:1")).status == 429
    assert file(headers=viewer("[2001:db8::7]:46532")).status == 201
    assert file(headers=viewer("2001:db8::7:46532")).status == 201


@pytest.fixture
def behind_our_own(behind_cloudfront: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CloudFront whose function says who calls, and that passes all other headers on."""
    monkeypatch.setenv("VIEWER_HEADER", "Tipline-Viewer")
    wiring.settings.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("behind_our_own")
def test_behind_our_own_cloudfront_its_function_says_who_calls() -> None:
    def by(address: str, claimed: str) -> int:
        headers = viewer(f"{claimed}:1") | {"Tipline-Viewer": address}
        return file(headers=headers).status

    for number in range(LIMITS.address):
        assert by("198.51.100.7", f"192.0.2.{number}") == 201
    assert by("198.51.100.7", "192.0.2.99") == 429
    assert by("2001:db8::7", "192.0.2.99") == 201


@pytest.mark.usefixtures("behind_our_own")
def test_nobody_else_says_who_calls() -> None:
    fill()
    for number in range(3):
        named = {"Tipline-Viewer": f"192.0.2.{number}"}
        assert file(headers=named).status == 429
        assert file(headers=named | {"Tipline-Origin": "guessed"}).status == 429


@pytest.mark.usefixtures("behind_cloudfront")
def test_who_does_not_know_its_secret_cannot_name_another_source() -> None:
    fill()
    for number in range(5):
        for headers in (
            viewer(f"192.0.2.{number}:1", secret="guessed"),
            {"CloudFront-Viewer-Address": f"192.0.2.{number}:1"},
            {"X-Forwarded-For": f"192.0.2.{number}"},
            {"Forwarded": f"for=192.0.2.{number}"},
        ):
            assert file(headers=headers).status == 429


def test_without_the_setting_no_secret_is_right() -> None:
    fill()
    assert file(headers=viewer("192.0.2.1:1", secret="")).status == 429
    assert file(headers=viewer("192.0.2.1:1")).status == 429


@pytest.mark.usefixtures("behind_cloudfront")
def test_viewers_that_cannot_be_read_share_one_limit() -> None:
    strange = [f"{n}.not-an-address:1" for n in range(LIMITS.address)]
    assert {file(headers=viewer(each)).status for each in strange} == {201}
    assert file(headers=viewer("another:1")).status == 429


# Replays ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [LoadLevel.NORMAL, LoadLevel.BUSY, LoadLevel.HEAVY_FLOOD])
def test_a_replay_is_answered_before_anything_is_refused(level: LoadLevel) -> None:
    key = new_key()
    created = file(key=key)
    set_level(level)
    for _ in range(LIMITS.address):
        file()
    assert file().status == 429
    again = file(key=key)
    assert (created.status, again.status) == (201, 200)
    assert again.json["receipt"] == created.json["receipt"]


def test_a_replay_with_other_words_is_still_refused_as_that() -> None:
    key = new_key()
    file(key=key)
    set_level(LoadLevel.FLOOD)
    other = call("POST", "/v1/reports", report("other", text="Other words."), key=key, source=HOME)
    assert other.refusal == (422, "key_reused")


def test_a_replay_of_an_unproven_report_stays_one() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    first, again = file("child_abduction", key=key), file("child_abduction", key=key)
    assert (first.status, again.status) == (201, 200)
    assert unproven(again)


def test_media_keep_their_ids_when_a_proof_comes_later() -> None:
    set_level(LoadLevel.FLOOD)
    media = [{"content_type": "image/jpeg", "size": 1000}]
    key = new_key()
    first = file("child_abduction", key=key, media=media)
    path, receipt, later = f"/v1/reports/{first.json['id']}/media", first.json["receipt"], new_key()
    before = call("POST", path, {"media": media}, receipt=receipt, key=later).json["uploads"]
    proof = prove(first.json["challenge"], key)
    again = file("child_abduction", key=key, proof=proof, media=media)
    assert not unproven(again)
    ids = [each["media_id"] for each in (*first.json["uploads"], *before)]
    assert [each["media_id"] for each in again.json["uploads"]] == ids[:1]
    assert not [each for each in ids if each.startswith("C-")]
    same = call("POST", path, {"media": media}, receipt=receipt, key=later).json["uploads"]
    assert [each["media_id"] for each in same] == ids[1:]
    [new] = call("POST", path, {"media": media}, receipt=receipt, key=new_key()).json["uploads"]
    assert new["media_id"].startswith("C-")


def test_an_officer_sees_that_a_report_came_without_a_proof() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    first = file("child_abduction", key=key)
    path = f"/v1/officer/reports/{first.json['id']}"
    cloud.officer("wang")
    assert call("GET", path, officer="wang").json["unproven"] is True
    file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
    assert call("GET", path, officer="wang").json["unproven"] is False


def test_a_proof_that_comes_later_gives_a_report_its_place() -> None:
    set_level(LoadLevel.FLOOD)
    cloud.forget_sent()
    key = new_key()
    first = file("child_abduction", key=key)
    report_id = first.json["id"]
    head = cloud.head(report_id)
    assert head.task
    assert head.task.lane is Lane.NORMAL
    proof = prove(first.json["challenge"], key)
    again = file("child_abduction", key=key, proof=proof)
    assert (again.status, again.json["challenge"]) == (200, None)
    assert again.json["receipt"] == first.json["receipt"]
    proven = cloud.head(report_id)
    assert proven.task
    assert (proven.report.unproven, proven.task.lane) == (False, Lane.CRITICAL)
    assert proven.task.due_at == head.task.due_at
    cloud.stream([(f"REPORT#{report_id}", "HEAD")])
    assert [notice["report_id"] for notice in cloud.sent()] == [report_id]


def filed_in_a_flood() -> tuple[str, Reply, list[Key]]:
    """File a child abduction without a proof in a flood. Return its Idempotency-Key, the response,
    and the key of its HEAD for the stream.
    """
    set_level(LoadLevel.FLOOD)
    cloud.forget_sent()
    key = new_key()
    first = file("child_abduction", key=key)
    return key, first, [(report_partition(first.json["id"]), HEAD)]


@pytest.mark.parametrize("swept", [False, True], ids=["before the digest", "after the digest"])
def test_a_proof_that_comes_after_a_digest_has_it_brings_a_notice_of_its_own(swept: bool) -> None:
    key, first, item = filed_in_a_flood()
    cloud.stream(item)
    if swept:
        cloud.sweep()
    digests = cloud.sent()
    file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
    for _ in range(2):
        cloud.stream(item)
    more = cloud.sent()[len(digests) :]
    assert [(each["kind"], each["report_id"]) for each in more] == [("report", first.json["id"])]
    after = cloud.head(first.json["id"])
    assert after.task
    assert (after.report.unproven, after.task.kind) == (False, TaskKind.ESCALATE)
    assert [each.event for each in after.recorded.leaves] == [Event.FILED, Event.CONTENT]


def test_a_proof_that_comes_while_a_digest_takes_it_brings_a_notice_of_its_own() -> None:
    """The publisher had read it as one without a proof."""
    key, first, item = filed_in_a_flood()
    proof = prove(first.json["challenge"], key)
    with inject.meanwhile(lambda: file("child_abduction", key=key, proof=proof)):
        cloud.stream(item)
    cloud.stream(item)
    assert [each["report_id"] for each in cloud.sent()] == [first.json["id"]]


def test_a_second_proof_brings_no_second_notice() -> None:
    key, first, item = filed_in_a_flood()
    cloud.stream(item)
    for _ in range(3):
        file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
        cloud.stream(item)
    assert [each["kind"] for each in cloud.sent()] == ["report"]


def test_a_report_that_an_officer_has_read_by_then_is_notified_once() -> None:
    key, first, item = filed_in_a_flood()
    cloud.officer("wang")
    cloud.stream(item)
    path = f"/v1/officer/reports/{first.json['id']}"
    assert call("POST", f"{path}/notes", {"text": "Read."}, officer="wang").status == 201
    file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
    cloud.stream(item)
    assert cloud.sent() == []


@contextmanager
def before_a_proof_is_written(act: Callable[[], object]) -> Iterator[None]:
    """Let `act` happen after the call has read the report: its first update counts the source."""
    updates: list[Any] = []

    def before(request: Any) -> None:
        updates.append(request)
        if len(updates) == 2:
            act()

    with inject.fault(wiring.dynamodb(), "dynamodb.UpdateItem", before):
        yield


def test_a_proof_beside_a_notice_counts_all_the_same() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    first = file("child_abduction", key=key)
    with before_a_proof_is_written(lambda: cloud.stream([(f"REPORT#{first.json['id']}", "HEAD")])):
        file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
    assert not unproven(first)


def test_a_proof_of_what_is_withdrawn_meanwhile_changes_nothing() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    first = file("child_abduction", key=key)
    with before_a_proof_is_written(lambda: by_reporter("DELETE", first.json)):
        again = file("child_abduction", key=key, proof=prove(first.json["challenge"], key))
    assert (again.status, unproven(first)) == (200, True)


def test_a_replay_of_a_proven_report_is_not_counted() -> None:
    set_level(LoadLevel.FLOOD)
    key = new_key()
    proof = prove(call("GET", "/v1/health").json["challenge"], key)
    created = file("child_abduction", key=key, proof=proof)
    assert (created.status, created.json["challenge"]) == (201, None)
    with inject.calls_of_dynamodb() as calls:
        assert file("child_abduction", key=key, proof=proof).status == 200
    assert calls == ["GetItem"]


# Proofs that are none ---------------------------------------------------------------------------


@pytest.fixture
def challenge(limits_on: None) -> dict[str, Any]:
    set_level(LoadLevel.FLOOD)
    found: dict[str, Any] = call("GET", "/v1/health").json["challenge"]
    return found


def refused(reply: Reply) -> str:
    assert reply.status == 429
    return str(reply.json["proof"])


def test_a_proof_is_good_for_one_report(challenge: dict[str, Any]) -> None:
    key = new_key()
    proof = prove(challenge, key)
    assert file(key=key, proof=proof).status == 201
    assert refused(file(proof=proof)) == "wrong"
    assert file(key=key, proof=proof).status == 200


def test_a_challenge_that_somebody_made_is_none(challenge: dict[str, Any]) -> None:
    key = new_key()
    version, _, rounds, expires, mac = challenge["challenge"].split(".")
    easier = dict(challenge, challenge=f"{version}.1.{rounds}.{expires}.{mac}", bits=1)
    fewer = dict(challenge, challenge=f"{version}.1.8.{expires}.{'0' * 32}", bits=1)
    longer = dict(challenge, challenge=f"{version}.1.8.{int(expires) + 9**9}.{mac}", bits=1)
    for forged in (easier, fewer, longer):
        assert refused(file(key=key, proof=prove(forged, key))) == "foreign"


def test_a_challenge_of_another_stage_is_none(challenge: dict[str, Any]) -> None:
    from chalicelib.domain.flood.load_level import Challenges
    from chalicelib.kernel.ids import Identity

    other = Challenges(Identity(b"another stage").challenge_mac)
    theirs = other.at(LoadLevel.NORMAL, wiring.clock.now()).as_json()
    key = new_key()
    assert refused(file(key=key, proof=prove(theirs, key))) == "foreign"


def test_a_proof_counts_until_its_challenge_expires(challenge: dict[str, Any]) -> None:
    early, late = new_key(), new_key()
    proofs = [prove(challenge, key) for key in (early, late)]
    wiring.clock.advance(LIFE - timedelta(minutes=1))
    assert file(key=early, proof=proofs[0]).status == 201
    wiring.clock.advance(timedelta(minutes=2))
    assert refused(file(key=late, proof=proofs[1])) == "expired"


def test_a_proof_still_counts_when_the_level_has_risen(challenge: dict[str, Any]) -> None:
    key = new_key()
    proof = prove(challenge, key)
    set_level(LoadLevel.HEAVY_FLOOD)
    assert file(key=key, proof=proof).status == 201


@pytest.mark.parametrize(
    "proof",
    ["1", ":", "1.16.8.1.0:1", "x" * 9_000, "1.16.8.99999999999." + "0" * 32 + ":" + "9" * 5_000],
)
def test_what_is_no_proof_is_said_to_be_none(challenge: dict[str, Any], proof: str) -> None:
    assert refused(file(proof=proof)) == "malformed"
    assert file("child_abduction", proof=proof).status == 201


# Rows -------------------------------------------------------------------------------------------


def another_instance() -> None:
    """Go on as another instance of the function, at the same time."""
    built: tuple[Any, ...] = (wiring.flood_gate, wiring.sources, wiring.load_watch)
    for each in built:
        each.cache_clear()


def salts() -> list[bytes]:
    return [
        bytes(row["salt"]["B"])
        for row in cloud.scan(os.environ["SOURCES_TABLE"])
        if row["pk"]["S"] == "SALT"
    ]
