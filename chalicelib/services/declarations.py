"""Declarations: the media that a client announces in one call, before it uploads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import Identity, random_id
from chalicelib.domain.media import ACCEPTED, Declared, MediaKind
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Medium


def new_medium(declared: Declared, media_id: str, position: int, now: datetime) -> Medium:
    return Medium(
        media_id=media_id,
        declared_type=declared.content_type,
        declared_size=declared.size,
        declared_sha256=declared.sha256,
        created_at=now,
        position=position,
    )


def upload_check(now: datetime) -> OutboxTask:
    """Return the task that looks for the uploaded object, because an event of S3 can be lost."""
    return OutboxTask(TaskKind.RECONCILE, now + outbox.UPLOAD_CHECK)


def require_pictures(media: Sequence[Medium]) -> None:
    """Raise Invalid unless all media are declared as pictures."""
    wrong = [
        position
        for position, medium in enumerate(media)
        if ACCEPTED[medium.declared_type].kind is not MediaKind.IMAGE
    ]
    if wrong:
        raise errors.Invalid(
            *(errors.FieldError(f"media.{n}.content_type", "pictures_only") for n in wrong)
        )


class Declaration:
    """The media of one call. Their ids are derived from the owner and the Idempotency-Key, and
    begin with `prefix`.
    """

    def __init__(
        self,
        owner_id: str,
        declared: Sequence[Declared],
        *,
        idempotency_key: str | None,
        identity: Identity,
        now: datetime,
        prefix: str = "",
    ) -> None:
        call = idempotency_key or random_id()
        *ids, self._next_id = (
            prefix + identity.media_id(owner_id, call, position)
            for position in range(len(declared) + 1)
        )
        self.media = tuple(
            new_medium(each, ids[position], position, now) for position, each in enumerate(declared)
        )

    def existing(self, known: Mapping[str, Medium]) -> tuple[Medium, ...] | None:
        """Return the media that an earlier, equal call declared; None when there was none.

        `known` are the owner's media by id. Raises Conflict `key_reused` when the earlier call
        with this key declared other media.
        """
        # The report's lane may have changed since then, and the prefix with it.
        known = {_derived(media_id): medium for media_id, medium in known.items()}
        found = [known.get(_derived(medium.media_id)) for medium in self.media]
        if found[0] is None:
            return None
        same = [each for each in found if each is not None]
        if _derived(self._next_id) in known or [_declared(each) for each in same] != [
            _declared(each) for each in self.media
        ]:
            raise errors.Conflict("key_reused")
        return tuple(same)


def _derived(media_id: str) -> str:
    """Return an id without its prefix."""
    return media_id.rpartition("-")[2]


def _declared(medium: Medium) -> tuple[str, int, str | None]:
    return medium.declared_type, medium.declared_size, medium.declared_sha256
