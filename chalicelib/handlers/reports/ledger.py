"""The public routes of the ledger, and its schemas."""

import base64
from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.audit.seals import is_hour
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response, conditional, public_response
from chalicelib.http.routes import Routes
from chalicelib.http.shapes import Shape, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.models import NotNull, left_out
from chalicelib.services.audit.ledger import last_hour
from chalicelib.services.reports.proofs import Proof, ProvenLeaf
from chalicelib.store.audit.seals import ClosedHour

_HEX, _BASE64 = "^[0-9a-f]{64}$", "^[A-Za-z0-9+/]+=*$"

Hour = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}$")]
Sha256 = Annotated[str, Field(pattern=_HEX)]
Base64 = Annotated[str, Field(pattern=_BASE64)]


class HeadView(Shape):
    """The head of an hour (UTC). `root` is that of the tree of its `size` leaves.

    `previous` is the SHA-256 of the head before, as JSON with sorted members and no blanks; null
    for the first one. `audit` is the SHA-256 of the audit's digest of the hour, if it has one.
    """

    hour: Hour
    size: int
    root: Sha256
    previous: Sha256 | None
    audit: Sha256 | None


class SignedHead(Shape):
    """A head with its signature: ECDSA on P-256 with SHA-256 (DER, base64).

    It covers `tipline/ledger/1`, a line feed, and the head as JSON with sorted members and no
    blanks. `key` is the public half of the key (SubjectPublicKeyInfo, DER, base64). Compare it with
    one that you have from elsewhere.
    """

    head: HeadView
    signature: Base64
    key: Base64

    @classmethod
    def of_hour(cls, closed: ClosedHour) -> Self:
        return cls(
            head=HeadView.model_validate(closed.head),
            signature=base64.b64encode(closed.signature).decode(),
            key=base64.b64encode(closed.key).decode(),
        )


class ClosedHourView(SignedHead):
    """A signed head with all leaves of its tree: 32 bytes each, one after the other, in base64."""

    leaves: Base64


class LedgerView(Shape):
    """The latest head, and which hours there are: each from `first` on. Null before the first."""

    first: Hour | None
    latest: SignedHead | None


class ProvenLeafView(Shape):
    """A recorded event of a report, and the audit path of its leaf.

    `data` is in hexadecimal. Until the hour is closed, `hour`, `position` and `path` are left out.
    """

    event: int
    n: int
    data: Annotated[str, Field(pattern="^([0-9a-f]{2})*$")]
    leaf: Sha256
    hour: Annotated[Hour | None, NotNull()] = left_out()
    position: Annotated[int | None, NotNull()] = left_out()
    path: Annotated[list[Sha256] | None, NotNull()] = left_out()

    @classmethod
    def of_proven(cls, proven: ProvenLeaf) -> Self:
        leaf, closed = proven.leaf, proven.closed
        return cls(
            event=leaf.event,
            n=leaf.n,
            data=leaf.data.hex(),
            leaf=proven.hash.hex(),
            hour=closed.head.hour if closed else None,
            position=proven.position,
            path=[each.hex() for each in proven.path] if closed else None,
        )


class ProofView(Shape):
    """The proof that a report was filed, and of its result. Keep it with the receipt.

    `heads` are those of the hours in `leaves`. `latest` is the last hour that is closed. While a
    leaf is in no head yet, the proof is not complete, and `complete_by` says when it will be: load
    it again then. When that time is over, `late` is true: the service is at fault and is notified.
    A drill has no `ledger_id` and no leaves.
    """

    report_id: str
    ledger_id: Sha256 | None
    latest: Hour | None
    leaves: list[ProvenLeafView]
    heads: list[SignedHead]
    complete_by: Annotated[Timestamp | None, NotNull()] = left_out()
    late: Annotated[bool | None, NotNull()] = left_out()

    @classmethod
    def of_proof(cls, proof: Proof) -> Self:
        return cls(
            report_id=proof.report_id,
            ledger_id=proof.ledger_id.hex() if proof.ledger_id else None,
            latest=proof.latest,
            leaves=[ProvenLeafView.of_proven(proven) for proven in proof.leaves],
            heads=[SignedHead.of_hour(closed) for closed in proof.heads],
            complete_by=proof.complete_by,
            late=proof.late or None,
        )


routes = Routes("Ledger")

_FOR_GOOD = "public, max-age=31536000, immutable"
# Lambda returns up to 6 MB. A longer hour, of more than 64,000 events, is loaded from S3.
_LONGEST = 4 * 1024 * 1024


@routes.get("/v1/ledger", returns={200: LedgerView, 304: None})
def get_ledger(call: Call) -> Response:
    """Get the latest head of the ledger.

    The ledger is a public log of commitments (RFC 9162). Each hour is closed with a signed head. It
    says nothing of any report to anybody who has not the receipt. Anyone who stores the heads can
    show that nothing was changed later.
    """
    heads = wiring.ledger_heads()
    last = last_hour(heads, call.now)
    closed = heads.closed([last] if last else [])
    view = LedgerView(
        first=next(heads.hours(), None), latest=SignedHead.of_hour(closed[0]) if closed else None
    )
    return public_response(view.model_dump(mode="json"), call, vary="")


@routes.get(
    "/v1/ledger/{hour}",
    returns={200: ClosedHourView, 302: None, 304: None},
    raises=(errors.NotFound,),
)
def get_ledger_hour(call: Call) -> Response:
    """Get a closed hour of the ledger, with all its leaves.

    It never changes: keep it. An hour that is not closed yet is 404; it is closed a few minutes
    after its end. A very long hour is a redirect (302) to where it can be loaded.
    """
    hour, heads = call.path["hour"], wiring.ledger_heads()
    stored = heads.hour(hour) if is_hour(hour) else None
    if stored and stored.size > _LONGEST:
        return Response(None, 302, {"Location": heads.address(stored)})
    content = heads.read(stored) if stored else None
    if content is None:
        raise errors.NotFound
    return conditional(content.decode(), call, {"Cache-Control": _FOR_GOOD})
