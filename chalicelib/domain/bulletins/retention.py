"""How long a bulletin is kept: what is deleted when, and how far that is done.

    draft       90 days after its last change: withdrawn by the clock
    published   at its end: expired
    withdrawn   after 1 day: its pictures are deleted
    ended       after 30 days: readers see nothing more of it, no step is possible, and its pictures
                are deleted
                after 1 year: everything is deleted
    withdrawn before it was published: everything after 30 days

Officers need the text and its versions for leads and complaints that come later. They have the
pictures in their own files.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.bulletins.model import TRACE_LIFE, Bulletin, BulletinState

IDLE_DRAFT_LIFE = timedelta(days=90)
# No grant to upload a picture, and no processing of one, lives that long.
WITHDRAWN_PICTURES_LIFE = timedelta(days=1)
DOSSIER_LIFE = timedelta(days=365)
UNPUBLISHED_LIFE = timedelta(days=30)


class Stage(StrEnum):
    """What the clock does next with a bulletin."""

    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    CLOSE = "close"
    DELETE_PICTURES = "delete_pictures"
    DELETE = "delete"


class Due(NamedTuple):
    stage: Stage
    at: datetime


def next_stage(bulletin: Bulletin) -> Due | None:
    """Return what the clock must do next with a bulletin, and when."""
    if bulletin.state is BulletinState.DRAFT:
        return Due(Stage.WITHDRAW, (bulletin.written_at or bulletin.created_at) + IDLE_DRAFT_LIFE)
    if bulletin.state is BulletinState.PUBLISHED:
        return Due(Stage.EXPIRE, bulletin.expires_at) if bulletin.expires_at else None
    ended_at = bulletin.over_since
    if ended_at is None:
        return None
    withdrawn = bulletin.state is BulletinState.WITHDRAWN
    if withdrawn and not bulletin.pictures_deleted_at:
        return Due(Stage.DELETE_PICTURES, ended_at + WITHDRAWN_PICTURES_LIFE)
    if not bulletin.published_at:
        return Due(Stage.DELETE, ended_at + UNPUBLISHED_LIFE)
    if not bulletin.closed_at:
        return Due(Stage.CLOSE, ended_at + TRACE_LIFE)
    # Only when no step is possible: an expired bulletin can be renewed until then.
    if not bulletin.pictures_deleted_at:
        return Due(Stage.DELETE_PICTURES, ended_at + TRACE_LIFE)
    return Due(Stage.DELETE, ended_at + DOSSIER_LIFE)
