"""`make redrive QUEUE=uploads`: send dead letters to their queue again, in the local stack that is
running or, with `STAGE=prod`, in a deployed stage.

    python -m infra.stage redrive --queue uploads [--stage prod] [--purge]

With `uploads` it also makes everything due now that waits in the table to be tried again, whether
or not there is still a message of it.

The dead letters of `notices` and `audit` come from a stream. They only name records, and nothing
can send those again: `--purge` (`PURGE=1`) deletes the messages when you have understood them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.table import Table
from chalicelib.store.reports.outbox import Outbox
from infra.stage.console import Pause, Refused, code_of, confirm, say
from infra.stage.tables import require_tables
from infra.stage.target import Target, command, find_target, is_loopback, output_title

UPLOADS = ("critical_uploads", "uploads")
QUEUES = (*UPLOADS, "manifests", "upkeep", "events", "notices", "audit")
POLL_S = 2.0
AT_ONCE = 10  # as many as SQS gives in one response
HIDDEN_S = 30
# Emulators have no StartMessageMoveTask. Some fail at it with a 500.
_UNKNOWN = {"InvalidAction", "UnknownOperation", "UnsupportedOperation", "NotImplemented", "500"}

FROM_STREAM = {
    "notices": (
        "These messages name records of the reports table's stream that publish_critical or "
        "publish_notices could not process. Their notices are tasks in the table, and the sweep "
        "has sent them: nothing is left to be done but to find the cause (make logs{command} "
        "FUNCTION=publish_notices)."
    ),
    "audit": (
        "These messages name records of the audit's stream that were not sealed within a day. "
        "Their rows exist, with their HMAC, but no seal proves that they are complete. Find the "
        "cause (make logs{command} FUNCTION=seal_audit), run make audit-verify{command}, and tell "
        "whoever is responsible for the data."
    ),
}


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue. `source_url` is the queue that its messages came from; None when they
    came from a stream.
    """

    name: str
    sqs: Any
    url: str
    source_url: str | None

    def count(self) -> int:
        """Return how many messages it has, those included that somebody is reading."""
        return sum(self._counts(self.url))

    def source_counts(self) -> tuple[int, int]:
        """Return how many messages wait in the queue that these came from, and how many are in
        work.
        """
        return self._counts(self.source_url)

    def _counts(self, url: str | None) -> tuple[int, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


def main(arguments: Sequence[str]) -> int:
    parser = command("stage redrive", "Send dead letters to their queue again.")
    parser.add_argument("--queue", required=True, help=", ".join(QUEUES))
    parser.add_argument("--purge", action="store_true", help="delete the messages instead")
    wanted = parser.parse_args(arguments)
    if wanted.queue not in QUEUES:
        raise Refused(f"Name the queue: QUEUE={'|'.join(QUEUES)}")
    target = find_target(wanted.stage)
    letters = find_letters(wanted.queue, target)
    if wanted.queue in UPLOADS and not wanted.purge:
        hastened = hasten_uploads(target, datetime.now(UTC))
        print(
            f"{hastened} delayed pictures and redactions are due now; the sweep begins in a minute."
        )
        if in_work := letters.source_counts()[1]:
            print(
                f"In work: {in_work}. What fails there is tried again for up to 18 minutes, and is "
                "a dead letter only then: run this again."
            )
    count = letters.count()
    if not count:
        print(f"There are no dead letters of {wanted.queue} in {target.name}.")
    elif wanted.purge:
        purge(letters, count, target)
    elif letters.source_url is None:
        raise Refused(
            f"{letter_count(count)} of {wanted.queue}. "
            f"{FROM_STREAM[wanted.queue].format(command=target.command)}\n"
            f"Then delete them: make redrive{target.command} QUEUE={wanted.queue} PURGE=1"
        )
    else:
        # The local stack's SQS would print a traceback for a move task.
        redrive(letters, count, has_move_tasks=not target.is_local)
        print(f"Watch what becomes of them: make status{target.command}")
    return 0


def hasten_uploads(target: Target, now: datetime) -> int:
    """Make every picture and redaction that is delayed due now, and return how many."""
    require_tables(target, "reports", "bulletins")
    # The tables repeat a call themselves.
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    tables = (target.output(f"{name}TableName") for name in ("Reports", "Bulletins"))
    return sum(Outbox(Table(dynamodb, name)).make_due(now) for name in tables)


def find_letters(name: str, target: Target) -> DeadLetters:
    """Return the dead letters of a queue of the target."""
    title = output_title(name)
    source = None if name in FROM_STREAM else target.output(f"{title}QueueUrl")
    return DeadLetters(name, target.client("sqs"), target.output(f"{title}DeadLettersUrl"), source)


def purge(letters: DeadLetters, count: int, target: Target) -> None:
    """Delete all messages, after a question. Raises Refused when more have come since."""
    question = f"Delete {letter_count(count)} of {letters.name} in {target.name} for ever?"
    if not confirm(question):
        raise Refused("Nothing was deleted.")
    if (more := letters.count() - count) > 0:
        raise Refused(
            f"Nothing was deleted: {letter_count(more)} came since the question. Look at what is "
            "there now, and run it again."
        )
    try:
        letters.sqs.purge_queue(QueueUrl=letters.url)
    except letters.sqs.exceptions.PurgeQueueInProgress:
        raise Refused("A purge is running. SQS takes one a minute: try again then.") from None
    say(
        f"Deleted {letter_count(count)}. SQS takes up to a minute for it, and "
        "what arrives meanwhile may go, too."
    )


def redrive(
    letters: DeadLetters, count: int, pause: Pause = time.sleep, *, has_move_tasks: bool = True
) -> None:
    """Send all messages to the queue that they came from. Raises Refused when SQS stops before."""
    say(f"Sending {letter_count(count)} to the queue of {letters.name} again ...")
    if not has_move_tasks:
        _say_sent(move_one_by_one(letters))
        return
    source, destination = (_arn(letters.sqs, url) for url in (letters.url, letters.source_url))
    try:
        letters.sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    except ClientError as error:
        if code_of(error).rpartition(".")[2] in _UNKNOWN and is_loopback(
            letters.sqs.meta.endpoint_url
        ):
            _say_sent(move_one_by_one(letters))
            return
        raise
    while True:
        task = letters.sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        moved = task.get("ApproximateNumberOfMessagesMoved", 0)
        if task["Status"] != "RUNNING":
            break
        say(f"{moved} of {count} sent")
        pause(POLL_S)
    if task["Status"] != "COMPLETED":
        raise Refused(
            f"SQS stopped after {moved} of {count} ({task['Status']}): "
            f"{task.get('FailureReason', 'no reason given')}. The rest are still dead letters."
        )
    _say_sent(moved)


def move_one_by_one(letters: DeadLetters) -> int:
    """Receive, send and delete each message, and return how many were moved. Only for emulators:
    what is sent this way is a new message.
    """
    moved = 0
    while True:
        found = letters.sqs.receive_message(
            QueueUrl=letters.url,
            MaxNumberOfMessages=AT_ONCE,
            VisibilityTimeout=HIDDEN_S,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not found:
            return moved
        for message in found:
            letters.sqs.send_message(
                QueueUrl=letters.source_url,
                MessageBody=message["Body"],
                MessageAttributes=message.get("MessageAttributes", {}),
            )
            letters.sqs.delete_message(QueueUrl=letters.url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1


def letter_count(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"


def _say_sent(count: int) -> None:
    say(f"Sent {letter_count(count)}.")


def _arn(sqs: Any, url: str | None) -> str:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])
