"""The function of upkeep: it does all tasks but notices, from its queue."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.aws import events
from chalicelib.aws.queues import read_message
from chalicelib.kernel.ids import OwnerKind
from chalicelib.kernel.outbox import TaskKind
from chalicelib.services.bulletins.upkeep import expire_bulletin
from chalicelib.services.casework.assignments import return_reports
from chalicelib.services.casework.errands import record_errand
from chalicelib.services.casework.masks import forget_exports
from chalicelib.services.casework.originals import leave_original, return_duplicates
from chalicelib.services.media.reconciliation import (
    reconcile_upload,
    remove_later_uploads,
    remove_pictures,
)
from chalicelib.services.media.results import request_redaction
from chalicelib.services.notices import sweep
from chalicelib.services.notices.subscriptions import sync_subscriptions
from chalicelib.services.officers import Actor
from chalicelib.services.reports.own_report import record_reopening
from chalicelib.services.reports.retention import Beside, expire_report
from chalicelib.services.reports.reviews import review_report
from chalicelib.store.reports.outbox import Assignment, Outbox, PendingTask

bp = Blueprint(__name__)
log = logging.getLogger(__name__)


# The queue's name is a placeholder, which infra/app.yaml replaces.
@bp.on_sqs_message(queue="upkeep", batch_size=1)
def do_upkeep(event: SQSEvent) -> dict[str, Any]:
    """Do the tasks that a message names. A task that fails stays due, and is sent again.

    Alarms read what is logged: how many `failed`.
    """

    def handle(record: Mapping[str, Any]) -> None:
        name, keys = read_message(record["body"])
        failed = sweep.do_upkeep(wiring.outboxes()[name], keys, work=_WORK, now=wiring.clock.now())
        log.info("upkeep_done", extra={"tasks": len(keys), "failed": failed})

    return events.each_record(event.to_dict(), handle)


def _work(use_case: Callable[..., None], **taken: Callable[[], Any]) -> sweep.Work:
    """Return the work of a use case, with what it takes, which is built when it is done."""

    def work(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
        use_case(
            pending, outbox=outbox, now=now, **{name: build() for name, build in taken.items()}
        )

    return work


def _step(use_case: Callable[..., None], **taken: Callable[[], Any]) -> sweep.Work:
    """Return the same of one that writes an audit record: it is the clock that acts."""

    def work(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
        actor = Actor.clock(wiring.audit(), now)
        built = {name: build() for name, build in taken.items()}
        use_case(pending, outbox=outbox, actor=actor, **built)

    return work


def _remove_later_uploads(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    remove_later_uploads(pending, outbox=outbox, bucket=wiring.bucket())


def _sync_subscriptions(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    sync_subscriptions(
        pending.owner.id,
        officers=wiring.officers(),
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        now=now,
    )


def _beside() -> Beside:
    leave = partial(leave_original, stores=wiring.original_stores())
    return Beside(wiring.contacts(), wiring.bucket(), leave)


_UPLOADS = {"owners": wiring.media_owners, "bucket": wiring.bucket, "uploads": wiring.uploads_queue}
_WORK: Mapping[Assignment, sweep.Work] = {
    (TaskKind.RECONCILE, OwnerKind.REPORT): _work(reconcile_upload, **_UPLOADS),
    (TaskKind.RECONCILE, OwnerKind.BULLETIN): _work(reconcile_upload, **_UPLOADS),
    (TaskKind.PRUNE, OwnerKind.REPORT): _remove_later_uploads,
    (TaskKind.PRUNE, OwnerKind.BULLETIN): _remove_later_uploads,
    (TaskKind.PURGE, OwnerKind.REPORT): _work(
        remove_pictures,
        owners=wiring.media_owners,
        bucket=wiring.bucket,
        search_entries=wiring.search_entries,
    ),
    (TaskKind.FORGET, OwnerKind.REPORT): _work(forget_exports, bucket=wiring.bucket),
    (TaskKind.RECORD, OwnerKind.REPORT): _step(record_reopening),
    (TaskKind.RECORD, OwnerKind.AGENCY): _step(record_errand, errands=wiring.errands),
    (TaskKind.REDACT, OwnerKind.REPORT): _work(request_redaction, **_UPLOADS),
    (TaskKind.RECONCILE, OwnerKind.OFFICER): _sync_subscriptions,
    (TaskKind.RETURN, OwnerKind.OFFICER): _step(
        return_reports,
        assignments=lambda: wiring.subscriptions().assignments,
        officers=wiring.officers,
    ),
    (TaskKind.RETURN, OwnerKind.REPORT): _step(return_duplicates, stores=wiring.original_stores),
    (TaskKind.EXPIRE, OwnerKind.REPORT): _step(
        expire_report, reports=wiring.reports, beside=_beside
    ),
    (TaskKind.REVIEW, OwnerKind.REPORT): _step(review_report, reports=wiring.reports),
    (TaskKind.EXPIRE, OwnerKind.BULLETIN): _work(
        expire_bulletin, bulletins=wiring.bulletins, audit=wiring.audit, bucket=wiring.bucket
    ),
}
