"""Declare media and upload them: grants, and uploads in parts.

A client announces its media in one call, before it uploads them. A picture or a small video is
uploaded with one POST, a larger video in parts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws import grants
from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.domain.catalogue.attachments import (
    ACCEPTED,
    MAX_BYTES_PER_REPORT,
    MAX_MEDIA_PER_REPORT,
    PART_SIZE,
    REDUCED_TYPE,
    Declared,
    DeclaredFile,
    MediaKind,
    goes_in_parts,
)
from chalicelib.domain.reports.media import GRANT_LIFE, LAST_GRANT, MediaState, is_sent
from chalicelib.domain.reports.report import Medium, Report, Status
from chalicelib.kernel import errors, outbox
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.files import original_key, reduced_key
from chalicelib.kernel.ids import Identity, random_id
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket


def new_medium(declared: Declared, media_id: str, position: int, now: datetime) -> Medium:
    return Medium(
        media_id=media_id,
        declared_type=declared.content_type,
        declared_size=declared.size,
        declared_sha256=declared.sha256,
        declared_reduced=declared.reduced if isinstance(declared, DeclaredFile) else None,
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
    begin with `prefix`. `replayed`: an earlier call had declared them.
    """

    replayed = False

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

        `known` are the owner's media by id. Raises KeyReused when the earlier call with this
        key declared other media.
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
            raise errors.KeyReused
        self.replayed = True
        return tuple(same)


def _derived(media_id: str) -> str:
    """Return an id without its prefix."""
    return media_id.rpartition("-")[2]


def _declared(medium: Medium) -> tuple[Any, ...]:
    reduced = medium.declared_reduced
    return medium.declared_type, medium.declared_size, medium.declared_sha256, reduced


class UploadGrant(NamedTuple):
    """How to upload one medium: with the form in `post`, or in parts if `post` is None.

    All parts have `part_size` bytes, except a shorter last one. `reduced` is the form for the
    reduced picture, while that has not arrived.
    """

    medium: Medium
    expires_at: datetime
    post: grants.PostGrant | None = None
    reduced: grants.PostGrant | None = None
    part_size: int = PART_SIZE
    part_count: int = 0


class Parts(NamedTuple):
    """What storage has of an upload in parts, and what may be sent; how large it is in parts."""

    part_size: int
    part_count: int
    held: tuple[grants.UploadedPart, ...]
    granted: tuple[grants.PartGrant, ...]


def grant_uploads(
    owner_id: str,
    media: Sequence[Medium],
    *,
    bucket: "MediaBucket",
    signed_at: datetime,
    now: datetime,
) -> tuple[UploadGrant, ...]:
    """Return a grant for each medium that is not uploaded yet and can still come, in their order.

    Grants are computed without a call to AWS. `signed_at` is the time by the wall clock, because S3
    compares it with its own clock.
    """
    return tuple(
        _grant(owner_id, medium, bucket, signed_at, life)
        for medium in media
        if medium.state is MediaState.AWAITING and (life := _life(medium, now))
    )


def declare_media(
    case: Case, declaration: Declaration, *, reports: Reports, now: datetime
) -> tuple[Medium, ...]:
    """Add declared media to a report. Repeated, the call returns the same media; none of a report
    that was withdrawn since.

    On a closed report, they put off the deletion. Raises KeyReused for other media with the same
    key, Conflict (`withdrawn`, `too_many_media`, `too_many_bytes`), Gone when the deletion has
    begun.
    """
    current = case

    def step() -> tuple[Medium, ...]:
        nonlocal current
        existing = declaration.existing({each.media_id: each for each in current.media})
        report = current.report
        if existing:
            return () if report.status is Status.WITHDRAWN else existing
        _require_not_withdrawn(current)
        if report.media_total + len(declaration.media) > MAX_MEDIA_PER_REPORT:
            raise errors.Conflict("too_many_media", limit=str(MAX_MEDIA_PER_REPORT))
        _refuse_too_many_bytes(current, declaration)
        try:
            checked = [(each, upload_check(now)) for each in declaration.media]
            reports.add_media(current, checked, now=now)
        except ConditionFailed:
            fresh = reports.with_media(report.id, consistent=True)
            if fresh and fresh.head.is_expiring:
                raise errors.Gone from None
            if fresh is None or _as_before(report, fresh.report):
                raise errors.Unavailable from None
            current = fresh  # Another call added media, or withdrew the report: decide again.
            raise
        return declaration.media

    return retry_on_conflict(step)


def _refuse_too_many_bytes(case: Case, declaration: Declaration) -> None:
    """Raise Conflict `too_many_bytes` when all media together would be too large.

    What never arrived does not count.
    """
    media = [each for each in case.media if each.reason is not RejectReason.NOT_RECEIVED]
    together = sum(each.declared_size for each in (*media, *declaration.media))
    if together > MAX_BYTES_PER_REPORT * (1 + case.report.media_asked):
        raise errors.Conflict("too_many_bytes")


def renew_grant(
    case: Case, media_id: str, *, bucket: "MediaBucket", signed_at: datetime, now: datetime
) -> UploadGrant:
    """Return a new grant for one medium.

    Raises NotFound, Conflict (`not_awaiting` when it is uploaded already, `media_rejected`,
    `withdrawn`).
    """
    medium = _pending_upload(case, media_id)
    return _grant(case.report.id, medium, bucket, signed_at, _required_life(medium, now))


def grant_parts(
    case: Case,
    media_id: str,
    numbers: Sequence[int],
    *,
    bucket: "MediaBucket",
    reports: Reports,
    now: datetime,
) -> Parts:
    """Start or resume an upload in parts.

    Return the parts that S3 has, and a URL for each part in `numbers` that it does not have. A part
    of the wrong size does not count, so that the client sends it again. Raises NotFound, Invalid,
    Conflict (`not_awaiting`, `media_rejected`, `withdrawn`, `not_in_parts`, `upload_gone`).
    """
    medium = _in_parts(_pending_upload(case, media_id))
    key = original_key(case.report.id, media_id)
    if medium.upload_id is None:
        _required_life(medium, now)
    upload_id = medium.upload_id or _start(case.report.id, medium, key, bucket, reports)
    stored = tuple(
        part
        for part in bucket.list_parts(key, upload_id)
        if part.size == grants.part_length(medium.declared_size, part.number)
    )
    have = {part.number for part in stored}
    wanted = [number for number in numbers if number not in have]
    count = grants.part_count(medium.declared_size)
    # With every part held, the upload need only be completed: that is said to the end.
    life = GRANT_LIFE if len(have) == count else _required_life(medium, now)
    granted = bucket.part_urls(
        key,
        upload_id=upload_id,
        size=medium.declared_size,
        numbers=wanted,
        expires_s=int(life.total_seconds()),
    )
    return Parts(PART_SIZE, count, stored, granted)


def complete_upload(
    case: Case, media_id: str, *, bucket: "MediaBucket", reports: Reports, now: datetime
) -> Medium:
    """Join the parts of an upload, and return the medium. Repeated, return the same medium. Parts
    that are all there are joined also after their time, until the upload is cancelled.

    Raises NotFound, Conflict (`parts_missing`, `size_mismatch`, `media_rejected`, `withdrawn`, …),
    and Unavailable while it is not known whether the object exists. The next verdict shows it.
    """
    medium = _in_parts(_known(case, media_id))
    if medium.reason is RejectReason.NOT_RECEIVED:
        raise _rejected(medium.reason)
    if medium.reason is RejectReason.WITHDRAWN:
        raise errors.Conflict("withdrawn")
    if medium.state is not MediaState.AWAITING:
        return medium
    _require_not_withdrawn(case)
    if medium.upload_id is None:
        _required_life(medium, now)
        raise errors.Conflict("upload_not_started")
    key = original_key(case.report.id, media_id)
    try:
        etags = bucket.part_etags(key, upload_id=medium.upload_id, size=medium.declared_size)
        reports.media.begin_completion(case.report.id, media_id, etags)
    except errors.Conflict as conflict:
        # An earlier call may have joined the parts: S3 returns the same again for the same list.
        if conflict.code in ("parts_missing", "size_mismatch"):
            _required_life(medium, now)
        if conflict.code != "upload_gone" or medium.completing is None:
            raise
        etags = medium.completing
    bucket.complete_multipart(
        key, upload_id=medium.upload_id, size=medium.declared_size, etags=etags
    )
    return reports.media.mark_processing(case.report.id, medium)


def _as_before(report: Report, fresh: Report) -> bool:
    deciding = ("media_total", "status", "closed_at", "put_off_until")
    return all(getattr(fresh, name) == getattr(report, name) for name in deciding)


def _life(medium: Medium, now: datetime) -> timedelta:
    """Return how long a new grant is valid: nothing when the file could come too late."""
    return max(timedelta(), min(GRANT_LIFE, medium.created_at + LAST_GRANT - now))


def _required_life(medium: Medium, now: datetime) -> timedelta:
    life = _life(medium, now)
    if not life:
        raise _rejected(RejectReason.NOT_RECEIVED)
    return life


def _grant(
    owner_id: str, medium: Medium, bucket: "MediaBucket", signed_at: datetime, life: timedelta
) -> UploadGrant:
    if goes_in_parts(medium.declared_type, medium.declared_size):
        return UploadGrant(
            medium, signed_at + life, part_count=grants.part_count(medium.declared_size)
        )
    post = bucket.post_grant(
        original_key(owner_id, medium.media_id),
        content_type=medium.declared_type,
        max_bytes=medium.declared_size,
        sha256_hex=medium.declared_sha256,
        expires_s=int(life.total_seconds()),
    )
    reduced = None
    if medium.declared_reduced and medium.reduced_version is None:
        reduced = bucket.post_grant(
            reduced_key(owner_id, medium.media_id),
            content_type=REDUCED_TYPE,
            max_bytes=medium.declared_reduced,
            sha256_hex=None,
            expires_s=int(life.total_seconds()),
        )
    return UploadGrant(medium, post.expires_at, post=post, reduced=reduced)


def _known(case: Case, media_id: str) -> Medium:
    # What officers sent is not the reporter's to upload.
    medium = None if is_sent(media_id) else case.medium(media_id)
    if medium is None:
        raise errors.NotFound
    return medium


def _pending_upload(case: Case, media_id: str) -> Medium:
    medium = _known(case, media_id)
    _require_not_withdrawn(case)
    if medium.state is MediaState.REJECTED and medium.reason:
        raise _rejected(medium.reason)
    if medium.state is not MediaState.AWAITING:
        raise errors.Conflict("not_awaiting")
    return medium


def _rejected(reason: RejectReason) -> errors.Conflict:
    return errors.Conflict("media_rejected", reason=reason)


def _require_not_withdrawn(case: Case) -> None:
    if case.report.status is Status.WITHDRAWN:
        raise errors.Conflict("withdrawn")


def _in_parts(medium: Medium) -> Medium:
    if not goes_in_parts(medium.declared_type, medium.declared_size):
        raise errors.Conflict("not_in_parts")
    return medium


def _start(
    report_id: str, medium: Medium, key: str, bucket: "MediaBucket", reports: Reports
) -> str:
    """Start an upload in parts and return its id.

    When two calls start one at the same time, both use the upload that was stored first, and the
    other is aborted.
    """
    started = bucket.start_multipart(key, medium.declared_type)
    stored = reports.media.set_upload_id(report_id, medium.media_id, started)
    if stored != started:
        bucket.abort_multipart(key, started)
    return stored
