"""The notices that leave the stage, as a queue that is subscribed to its topic gets them."""

import json
from collections.abc import Callable
from typing import Any

from chalicelib.domain.notices.bursts import kind_of_digest
from chalicelib.domain.reports.events import CAUSED_BY_OFFICERS, NoticeKind
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

Notice = dict[str, Any]


class Notices:
    def __init__(self, stage: Stage) -> None:
        self._sqs, self._arrived = stage.client("sqs"), []  # type: tuple[Any, list[Notice]]
        self._queue = self._sqs.create_queue(QueueName="notices-of-the-rehearsal")["QueueUrl"]
        (arn,) = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ].values()
        topic = stage.outputs["NoticesTopicArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        stage.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def all(self) -> list[Notice]:
        """Return every notice so far: its body, with `attributes` and `subject`."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                attributes = {
                    name: value["Value"] for name, value in envelope["MessageAttributes"].items()
                }
                self._arrived.append(
                    json.loads(envelope["Message"])
                    | {"attributes": attributes, "subject": envelope["Subject"]}
                )
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return self._arrived

    def one(self, fits: Callable[[Notice], bool], what: str) -> Notice:
        """Wait for a notice that fits, and return it."""
        return until(lambda: next(filter(fits, self.all()), None), f"a notice of {what}", 120)

    def of(self, report_id: str, kind: str) -> Notice:
        """Wait for a notice about a report, or the digest that names it: ten a minute go alone."""
        wanted = NoticeKind(kind)
        kinds = {wanted} if wanted in CAUSED_BY_OFFICERS else {wanted, kind_of_digest(wanted)}

        def fits(notice: Notice) -> bool:
            named = (notice["report_id"], *notice.get("report_ids", ()))
            return notice["kind"] in kinds and report_id in named

        return self.one(fits, f"the kind {kind} about report {report_id}")
