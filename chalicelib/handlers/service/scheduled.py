"""The functions that run each minute or half hour, or after a change of a report.

They sweep pending tasks, publish notices, count reports, find similar ones, and push to phones.
Sweeps and notices have one function for each lane, so that no flood of others delays a critical
one. Alarms read what the sweeps log: the fields of `Swept`, how many critical reports wait too
long, and the load level.
"""

import logging
from collections.abc import Collection
from typing import Any

from chalice.app import BaseLambdaEvent, Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import wiring
from chalicelib.aws import events
from chalicelib.aws.events import StreamRecord
from chalicelib.aws.keys import Key
from chalicelib.domain.audit.ledger import Recorded
from chalicelib.kernel.errors import Unavailable
from chalicelib.kernel.outbox import Lane
from chalicelib.services.casework.sketches import record_sketches
from chalicelib.services.notices import sweep
from chalicelib.services.notices.escalations import count_unacknowledged
from chalicelib.services.notices.pushes import push_due_reports
from chalicelib.services.reports.ledger import file_new
from chalicelib.services.reports.reviews import ask_for_reviews
from chalicelib.services.statistics.counters import count_changed

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# A run stops this long before Lambda would end it in the middle of a task.
LAST_SECONDS_MS = 10_000
_EVERY_MINUTE = Rate(1, unit=Rate.MINUTES)


@bp.schedule(_EVERY_MINUTE)
def sweep_critical(event: CloudWatchEvent) -> dict[str, Any]:
    """Publish the critical notices that are due, and escalate."""
    done = _sweep_notices(Lane.CRITICAL, event)
    waiting = count_unacknowledged(wiring.outbox(), now=wiring.clock.now())
    log.info("counted", extra={"unacknowledged": waiting})
    return done


@bp.schedule(_EVERY_MINUTE)
def sweep_normal(event: CloudWatchEvent) -> dict[str, Any]:
    """Publish all other notices that are due."""
    return _sweep_notices(Lane.NORMAL, event)


@bp.schedule(_EVERY_MINUTE)
def sweep_upkeep(event: CloudWatchEvent) -> dict[str, Any]:
    """Evaluate the load level, send due events to their queue, ask for the reviews of old reports,
    and send due tasks of upkeep to their queue.
    """
    level = wiring.load_watch().evaluate(wiring.clock.now())
    if level is not None:
        log.info("load_evaluated", extra={"load_level": level.value})
    # A receiver that does not answer leaves many: the level, which a flood waits for, comes first.
    _send_events(event)
    _ask_for_reviews(event)
    return _logged(
        sweep.sweep_upkeep(
            wiring.outboxes(),
            queue=wiring.upkeep_queue(),
            now=wiring.clock.now(),
            time_is_left=lambda: time_is_left(event),
        )
    )


def _send_events(event: CloudWatchEvent) -> None:
    try:
        sent = sweep.sweep_events(
            wiring.outbox(),
            queue=wiring.events_queue(),
            now=wiring.clock.now(),
            time_is_left=lambda: time_is_left(event),
        )
    except Unavailable:
        log.warning("events_not_sent")  # tasks must not wait for it
    else:
        if sent:
            log.info("events_sent", extra={"count": sent})


def _ask_for_reviews(event: CloudWatchEvent) -> None:
    try:
        asked = ask_for_reviews(
            wiring.review_rows(),
            lambda: wiring.catalogue_changes().read().restored().stored(),
            now=wiring.clock.now(),
            time_is_left=lambda: time_is_left(event),
        )
    except Unavailable:
        log.warning("reviews_not_asked")  # tasks must not wait for it
    else:
        if asked:
            log.info("reviews_asked", extra={"count": asked})


def _sweep_notices(lane: Lane, event: CloudWatchEvent) -> dict[str, Any]:
    return _logged(
        sweep.sweep_notices(
            lane,
            wiring.outbox(),
            publisher=wiring.publisher(),
            now=wiring.clock.now(),
            time_is_left=lambda: time_is_left(event),
        )
    )


def _logged(done: sweep.Swept) -> dict[str, Any]:
    log.info("swept", extra=done._asdict())
    return done._asdict()


def time_is_left(event: BaseLambdaEvent, needed_ms: int = LAST_SECONDS_MS) -> bool:
    """Return whether this run has time for one more task."""
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    return remaining is None or remaining() > needed_ms


# The ARN is a placeholder, which infra/app.yaml replaces. Filters are added there.
_STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder"


@bp.on_dynamodb_record(stream_arn=_STREAM, batch_size=100)
def publish_critical(event: DynamoDBEvent) -> dict[str, Any]:
    """Publish the pending critical notices of changed items.

    Lambda repeats what fails. The sweep publishes notices that the stream did not deliver.
    """
    records = events.stream_records(event.to_dict().get("Records") or ())
    return _failures(records, _publish(records, Lane.CRITICAL))


@bp.on_dynamodb_record(stream_arn=_STREAM, batch_size=100)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """File new reports in the ledger, publish all other pending notices of changed items, count
    changed reports, and note that they changed.

    Lambda repeats what fails. The sweep publishes notices that the stream did not deliver.
    """
    records = events.stream_records(event.to_dict().get("Records") or ())
    unfiled = _file(records)
    unsent = _publish(records, Lane.NORMAL)
    changed = [record.key for record in records]
    uncounted = count_changed(
        changed,
        outbox=wiring.outbox(),
        statistics=wiring.statistics(),
        arrivals=wiring.load_counters(),
        changes_seen=lambda places: wiring.pulse_rows().beat(places, wiring.clock.now()),
    )
    return _failures(records, unfiled | unsent | uncounted)


def _file(records: Collection[StreamRecord]) -> frozenset[Key]:
    """Write the first leaves of reports that have none, before anything that SNS could delay.
    Return the keys to try again.
    """
    new = {record.key: Recorded.of_row(record.unfiled) for record in records if record.unfiled}
    try:
        file_new(new.values(), wiring.leaf_rows())
    except Unavailable:
        return frozenset(new)
    return frozenset()


def _publish(records: Collection[StreamRecord], lane: Lane) -> frozenset[Key]:
    """Publish what has a notice in `lane`, by the images. Return the keys to try again."""
    pending = [record.key for record in records if record.lane == lane]
    return wiring.publisher().publish(pending, lanes=(lane,), now=wiring.clock.now()).retry


def _failures(records: Collection[StreamRecord], failed: Collection[Key]) -> dict[str, Any]:
    # Lambda repeats the batch from the first of these numbers on. Repeating the others changes
    # nothing.
    numbers = [record.number for record in records if record.key in failed]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}


@bp.schedule(_EVERY_MINUTE)
def suggest_incidents(event: CloudWatchEvent) -> dict[str, Any]:
    """Record the sketches of new reports, and find which are like each other.

    What a run leaves is done by the next one.
    """
    done = record_sketches(
        wiring.sketches(), now=wiring.clock.now(), time_is_left=lambda: time_is_left(event)
    )
    log.info("sketches_recorded", extra=done)
    return done


@bp.schedule(Rate(30, unit=Rate.MINUTES))
def push_to_phones(event: CloudWatchEvent) -> dict[str, Any]:
    """Push to the phones of reporters who have something to read.

    What a round leaves is done by the next one.
    """
    done = push_due_reports(
        wiring.push_round(), now=wiring.clock.now(), time_is_left=lambda: time_is_left(event)
    )
    log.info("phones_pushed", extra=done)
    return done
