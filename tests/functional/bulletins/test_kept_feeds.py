"""A process keeps the feeds that it has read. What readers get is as if it read them each time."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws.writes import Delete
from chalicelib.kernel import times
from chalicelib.kernel.times import Clock
from chalicelib.services.bulletins.public import KEPT, SETTLED
from tests import cloud
from tests.client import Reply, call
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import (
    ZHAO,
    approve,
    change,
    drafted,
    end,
    opened,
    published,
)

pytestmark = pytest.mark.usefixtures("aws", "clean", "two_officers")

FEEDS = tuple(
    (f"/v1/bulletins/feed.{form}{query}", {"Accept-Language": language})
    for form in ("json", "atom")
    for query in ("", "?channel=key_cases", "?channel=missing_persons")
    for language in ("en", "zh")
)
_SEEN = ("etag", "cache-control", "content-type", "content-language", "vary")


def feed(**headers: str) -> Reply:
    return call("GET", "/v1/bulletins/feed.json", headers=headers)


def shown() -> list[str]:
    """Return the titles in the feed, in English."""
    return [item["title"] for item in feed(**{"Accept-Language": "en"}).json["items"]]


def keep() -> None:
    """Let the process keep all feeds."""
    for _ in range(2):
        for path, headers in FEEDS:
            call("GET", path, headers=headers)
        wiring.clock.advance(SETTLED)


def new_process() -> None:
    wiring.public_feeds.cache_clear()  # type: ignore[attr-defined]


def all_feeds() -> list[tuple[str, dict[str, str]]]:
    """Return what readers get of every feed, with the headers that caches read."""
    replies = [call("GET", path, headers=headers) for path, headers in FEEDS]
    return [(each.text, {name: each.headers[name] for name in _SEEN}) for each in replies]


def calls_of(read: Callable[[], object]) -> list[str]:
    with inject.fault(wiring.dynamodb(), "dynamodb.*", lambda _: None) as called:
        read()
    return called


class Stopped(Clock):
    """A clock that stands still, so that what it reads can be chosen."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment + self._advanced


@pytest.fixture
def stopped(two_officers: None) -> None:
    """Stop the clock, so that two readings have the same `Cache-Control`."""
    wiring.clock = Stopped(wiring.clock.now())


def in_two_channels() -> None:
    """Publish a bulletin in each, and let one end. The other was the last to change."""
    published()
    end(published(), "withdraw")
    published(channel="missing_persons", guardian_consent=True)


def test_a_feed_that_has_not_changed_is_read_with_one_query() -> None:
    in_two_channels()
    first = calls_of(feed)
    keep()

    assert first == ["Query"] * 2
    for path, headers in FEEDS:
        assert calls_of(lambda at=path, by=headers: call("GET", at, headers=by)) == ["Query"]  # type: ignore[misc]


def corrects_the_code(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", code="found")
    keep()
    end(bulletin, "resolve", code="arrested")


def approves_words(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "withdraw", reason={"en": "Words."})
    keep()
    approve(opened(bulletin))


def withdraws_what_was_resolved(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "resolve", code="found", outcome={"en": "Words."})
    approve(opened(bulletin))
    keep()
    end(bulletin, "withdraw", code="published_in_error")


def expires(_: Mapping[str, Any]) -> None:
    cloud.sweep(timedelta(days=30))


def closes(bulletin: Mapping[str, Any]) -> None:
    end(bulletin, "withdraw")
    cloud.sweep(timedelta(days=30))


CHANGES: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "a publication": lambda _: published(),
    "a publication in another channel": lambda _: published(
        channel="missing_persons", guardian_consent=True
    ),
    "a correction": lambda one: approve(change(opened(one), body={"en": "Another text."}).json),
    "a resolution": lambda one: end(one, "resolve", code="found"),
    "a withdrawal": lambda one: end(one, "withdraw"),
    "another code": corrects_the_code,
    "approved words": approves_words,
    "the withdrawal of what was resolved": withdraws_what_was_resolved,
    "an expiry that is swept": expires,
    "an end of which readers see no more": closes,
}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("what", CHANGES)
def test_after_every_change_a_kept_feed_is_what_a_new_process_reads(what: str) -> None:
    bulletin = published(title={"en": "A NAME"})
    keep()
    before = all_feeds()
    CHANGES[what](bulletin)
    kept = all_feeds()
    new_process()

    assert kept == all_feeds()
    assert kept != before


@pytest.mark.usefixtures("stopped")
def test_a_kept_feed_is_what_a_new_process_reads_without_a_change_too() -> None:
    in_two_channels()
    keep()
    kept = all_feeds()
    new_process()

    assert kept == all_feeds()


def test_a_kept_feed_drops_a_bulletin_at_its_end_without_a_sweep() -> None:
    published(expires_at=times.render(wiring.clock.now() + timedelta(minutes=30)))
    keep()
    assert len(shown()) == 1
    wiring.clock.advance(timedelta(minutes=28, seconds=30))
    soon = feed()
    wiring.clock.advance(timedelta(minutes=1))

    assert int(soon.headers["cache-control"].rpartition("=")[2]) <= 30
    assert calls_of(feed) == ["Query"]
    assert shown() == []


def test_a_kept_feed_drops_an_end_after_thirty_days_without_a_sweep() -> None:
    end(published(), "withdraw")
    wiring.clock.advance(timedelta(days=30) - timedelta(minutes=10))
    keep()
    assert len(shown()) == 1
    wiring.clock.advance(timedelta(minutes=10))

    assert calls_of(feed) == ["Query"]
    assert shown() == []


def test_the_tag_of_a_kept_feed_is_that_of_what_it_holds() -> None:
    bulletin = published()
    keep()
    tag = {"If-None-Match": feed().headers["etag"]}
    assert calls_of(lambda: feed(**tag)) == ["Query"]
    assert feed(**tag).status == 304
    end(bulletin, "withdraw")

    assert feed(**tag).status == 200


def test_of_two_publications_at_once_none_is_missing_in_a_kept_feed() -> None:
    published(title={"en": "FIRST"})
    keep()
    waiting = [drafted(title={"en": title}) for title in ("SECOND", "THIRD")]
    with ThreadPoolExecutor(2) as pool:
        approvals = list(pool.map(approve, waiting))

    assert [each.status for each in approvals] == [200, 200]
    assert sorted(shown()) == ["FIRST", "SECOND", "THIRD"]


@pytest.mark.usefixtures("stopped")
def test_two_changes_that_say_they_were_at_the_same_time_are_two() -> None:
    moment = wiring.clock.now()
    bulletin = published()
    keep()
    later, wiring.clock = wiring.clock, Stopped(moment)
    end(bulletin, "resolve")
    wiring.clock = later

    assert shown() == ["Resolved: Key cases"]


def test_half_a_transaction_is_not_kept() -> None:
    """DynamoDB may show one row of a transaction for a moment before it shows the others."""
    bulletin = published()
    keep()
    before = public_rows()
    end(bulletin, "withdraw", by=ZHAO)
    after = public_rows()
    changed = {key: row for key, row in after.items() if key[1] == "CHANGED"}
    show(before | changed)
    feed()
    show(after)
    wiring.clock.advance(SETTLED)

    assert shown() == ["Withdrawn: Key cases"]


def test_what_another_change_slips_into_is_not_kept_under_its_mark() -> None:
    bulletin = published()
    keep()
    new_process()
    feed()
    wiring.clock.advance(SETTLED)

    def meanwhile(_: Any) -> None:
        with inject.fault(wiring.dynamodb(), "dynamodb.Query", lambda _: None):
            assert end(bulletin, "withdraw").status == 200

    # The first query has read the bulletin and the mark, the second one will find its end.
    with inject.fault(
        wiring.dynamodb(), "dynamodb.Query", inject.at(1, inject.times(1, meanwhile))
    ):
        feed()

    assert calls_of(feed) == ["Query"] * 3
    assert shown() == ["Withdrawn: Key cases"]


def test_what_no_change_tells_of_shows_after_an_hour() -> None:
    """A restored table may have a part of a transaction."""
    published()
    keep()
    show({key: row for key, row in public_rows().items() if key[1] == "CHANGED"})
    wiring.clock.advance(KEPT)

    assert shown() == []


def test_every_read_of_a_feed_is_consistent() -> None:
    published()
    consistent: list[bool] = []

    def note(request: Any) -> None:
        consistent.append(json.loads(request.body)["ConsistentRead"])

    with inject.fault(wiring.dynamodb(), "dynamodb.Query", note):
        keep()
        feed()
    assert len(consistent) > 3
    assert all(consistent)


@pytest.mark.parametrize("kept", [(), ("pk", "sk", "at")])
def test_without_its_mark_a_feed_is_read_each_time(kept: tuple[str, ...]) -> None:
    """The row of a change is missing, or of the version that had no mark."""
    published(title={"en": "A NAME"})
    keep()
    show(
        {
            key: {name: row[name] for name in kept} if key[1] == "CHANGED" else row
            for key, row in public_rows().items()
            if key[1] != "CHANGED" or kept
        }
    )

    for _ in range(2):
        assert calls_of(feed)[-2:] == ["Query"] * 2
        assert shown() == ["A NAME"]
        wiring.clock.advance(SETTLED)


def test_a_feed_is_not_shown_when_nobody_can_say_whether_it_has_changed() -> None:
    published()
    keep()
    down = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", down):
        reply = feed()

    assert reply.refusal == (503, "unavailable")


_PARTITIONS = tuple(
    f"PUBLIC#{ended}{channel}" for ended in ("", "ENDED#") for channel in ("*", "key_cases")
)


def public_rows() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows that readers see, by their keys."""
    table = wiring.bulletins().table
    found = [row for partition in _PARTITIONS for row in table.query(partition)[0]]
    return {(row["pk"], row["sk"]): row for row in found}


def show(wanted: Mapping[tuple[str, str], dict[str, Any]]) -> None:
    """Make these the rows that readers see."""
    table = wiring.bulletins().table
    for pk, sk in public_rows().keys() - wanted.keys():
        table.delete(Delete(pk, sk))
    for row in wanted.values():
        table.put(row)
