"""The function of upkeep: it does all tasks but notices, from its queue."""

import logging
from collections.abc import Mapping
from datetime import datetime
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
from chalicelib.services.reports.retention import expire_report
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


def _reconcile_upload(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    reconcile_upload(
        pending,
        outbox=outbox,
        owners=wiring.media_owners(),
        bucket=wiring.bucket(),
        uploads=wiring.uploads_queue(),
        now=now,
    )


def _remove_later_uploads(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    remove_later_uploads(pending, outbox=outbox, bucket=wiring.bucket())


def _remove_pictures(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    remove_pictures(
        pending,
        outbox=outbox,
        owners=wiring.media_owners(),
        bucket=wiring.bucket(),
        search_entries=wiring.search_entries(),
        now=now,
    )


def _request_redaction(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    request_redaction(
        pending,
        outbox=outbox,
        owners=wiring.media_owners(),
        bucket=wiring.bucket(),
        uploads=wiring.uploads_queue(),
        now=now,
    )


def _forget_exports(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    forget_exports(pending, outbox=outbox, bucket=wiring.bucket(), now=now)


def _record_errand(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    record_errand(
        pending, outbox=outbox, errands=wiring.errands(), actor=Actor.clock(wiring.audit(), now)
    )


def _record_reopening(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    record_reopening(pending, outbox=outbox, actor=Actor.clock(wiring.audit(), now))


def _sync_subscriptions(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    sync_subscriptions(
        pending.owner.id,
        officers=wiring.officers(),
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        now=now,
    )


def _return_reports(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    return_reports(
        pending,
        assignments=wiring.subscriptions().assignments,
        outbox=outbox,
        officers=wiring.officers(),
        actor=Actor.clock(wiring.audit(), now),
    )


def _expire_report(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    expire_report(
        pending,
        outbox=outbox,
        reports=wiring.reports(),
        contacts=wiring.contacts(),
        bucket=wiring.bucket(),
        actor=Actor.clock(wiring.audit(), now),
    )


def _review_report(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    review_report(
        pending, outbox=outbox, reports=wiring.reports(), actor=Actor.clock(wiring.audit(), now)
    )


def _expire_bulletin(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    expire_bulletin(
        pending,
        outbox=outbox,
        bulletins=wiring.bulletins(),
        audit=wiring.audit(),
        bucket=wiring.bucket(),
        now=now,
    )


_WORK: Mapping[Assignment, sweep.Work] = {
    (TaskKind.RECONCILE, OwnerKind.REPORT): _reconcile_upload,
    (TaskKind.RECONCILE, OwnerKind.BULLETIN): _reconcile_upload,
    (TaskKind.PRUNE, OwnerKind.REPORT): _remove_later_uploads,
    (TaskKind.PRUNE, OwnerKind.BULLETIN): _remove_later_uploads,
    (TaskKind.PURGE, OwnerKind.REPORT): _remove_pictures,
    (TaskKind.FORGET, OwnerKind.REPORT): _forget_exports,
    (TaskKind.RECORD, OwnerKind.REPORT): _record_reopening,
    (TaskKind.RECORD, OwnerKind.AGENCY): _record_errand,
    (TaskKind.REDACT, OwnerKind.REPORT): _request_redaction,
    (TaskKind.RECONCILE, OwnerKind.OFFICER): _sync_subscriptions,
    (TaskKind.RETURN, OwnerKind.OFFICER): _return_reports,
    (TaskKind.EXPIRE, OwnerKind.REPORT): _expire_report,
    (TaskKind.REVIEW, OwnerKind.REPORT): _review_report,
    (TaskKind.EXPIRE, OwnerKind.BULLETIN): _expire_bulletin,
}
