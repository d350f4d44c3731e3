"""The rows of the media of reports or bulletins: `MEDIA#<media id>`, beside the owner's HEAD."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain import outbox
from chalicelib.domain.media import MediaState
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Medium
from chalicelib.store import keys
from chalicelib.store.sketch_rows import sketch_fields
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.tasks import task_fields
from chalicelib.store.writes import Put, TransactItem, Update


class MediaRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, owner_id: str, media_id: str) -> Medium | None:
        row = self._table.get(*_key(owner_id, media_id), consistent=True)
        return Medium.model_validate(row) if row else None

    def put_item(
        self, owner_id: str, medium: Medium, task: OutboxTask, *, if_absent: bool = True
    ) -> TransactItem:
        """Return the write of a declared medium, with the task to look for its upload."""
        pk, sk = _key(owner_id, medium.media_id)
        known = medium.model_dump(exclude_none=True)
        row: Row = {"pk": pk, "sk": sk, **known, **task_fields(pk, sk, task)}
        return self._table.item(Put(row, if_absent=if_absent))

    def settle_item(
        self, owner_id: str, medium: Medium, settled: Medium, now: datetime
    ) -> TransactItem:
        """Return the write of a verdict. The medium's next task is to remove later uploads.

        `medium` is as it was read, `settled` has the verdict. Fails when the state has changed.
        """
        pk, sk = _key(owner_id, medium.media_id)
        before: dict[str, Any] = medium.model_dump()
        after = settled.model_dump(exclude_none=True)
        changed = {name: value for name, value in after.items() if value != before[name]}
        task = OutboxTask(TaskKind.PRUNE, now + outbox.GRANTS_EXPIRED)
        update = Update(
            pk,
            sk,
            put={
                **changed,
                "completing": None,
                **task_fields(pk, sk, task),
                **_sketch(owner_id, settled, now),
            },
            equal={"state": medium.state.value},
        )
        return self._table.item(update)

    def set_upload_id(self, owner_id: str, media_id: str, upload_id: str) -> str:
        """Store the id of a medium's multipart upload, and return the id that was stored first."""
        update = Update(
            *_key(owner_id, media_id), put={"upload_id": upload_id}, equal={"upload_id": None}
        )
        try:
            self._table.update(update)
        except ConditionFailed as failed:
            return str(failed.item["upload_id"]) if failed.item else upload_id
        return upload_id

    def begin_completion(self, owner_id: str, media_id: str, etags: Sequence[str]) -> None:
        """Store the ETags of the parts of an upload, before S3 is asked to join them.

        A medium that has a verdict already is not changed.
        """
        update = Update(
            *_key(owner_id, media_id),
            put={"completing": tuple(etags)},
            equal={"state": MediaState.AWAITING.value},
        )
        try:
            self._table.update(update)
        except ConditionFailed:
            return  # It has arrived: the next reader of the row sees that.

    def mark_processing(self, owner_id: str, medium: Medium) -> Medium:
        """Mark a medium as uploaded, and return it as it is stored.

        A medium that has a verdict already is not changed.
        """
        update = Update(
            *_key(owner_id, medium.media_id),
            put={"state": MediaState.PROCESSING.value, "completing": None},
            equal={"state": MediaState.AWAITING.value},
        )
        try:
            return Medium.model_validate(self._table.update(update))
        except ConditionFailed as failed:
            return Medium.model_validate(failed.item) if failed.item else medium


def _key(owner_id: str, media_id: str) -> keys.Key:
    return keys.media_owner(owner_id), keys.media(media_id)


def _sketch(owner_id: str, settled: Medium, now: datetime) -> Row:
    """Return what puts a medium with a sketch into the index of sketches."""
    if settled.sealed_sketch is None:
        return {}
    pk, sk = _key(owner_id, settled.media_id)
    listed_at = keys.listed_at(now, owner_id)
    return {**sketch_fields(pk, sk, settled.sealed_sketch), "listed_at": listed_at}
