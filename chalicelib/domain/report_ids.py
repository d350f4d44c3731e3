"""The receipt, ids and keys of a report, all derived from one Idempotency-Key."""

from chalicelib.domain.ids import Identity, report_id_of
from chalicelib.domain.ledger import ReceiptKeys, commitments_of, content_commitment
from chalicelib.domain.sealing import PrivateKey, WrappedKey, Wrapper

_CREATE = "create"


class ReportIds:
    """The ids and keys of the report with `idempotency_key`. A repeated call gets the same.

    `body` is that of the call. The report's keys are wrapped for officers by the keys in KMS
    `content` and `contact`.
    """

    def __init__(
        self,
        identity: Identity,
        idempotency_key: str,
        body: bytes,
        *,
        content: Wrapper,
        contact: Wrapper,
    ) -> None:
        self._identity = identity
        self._body = body
        self._content, self._contact = content, contact
        self.receipt = identity.receipt(idempotency_key)
        self._content_key = identity.content_key(self.receipt)
        self.report_id = report_id_of(self._content_key.public)

    @property
    def reference(self) -> str:
        """The short number that a person can read out."""
        return self._identity.reference(self.report_id)

    def opened_by(self, receipt: str) -> str:
        """Return the id of the report that any receipt opens, if there is such a report."""
        return self._identity.report_id(receipt)

    def media_id(self, position: int) -> str:
        """Return the id of the medium at `position` in the report, without a prefix."""
        return self._identity.media_id(self.report_id, _CREATE, position)

    def fingerprint(self, body: bytes) -> str:
        """Return a hash of the body, keyed by the receipt.

        It shows only whether two calls have the same body.
        """
        return self._identity.fingerprint(self.receipt, body)

    def commitments(self) -> dict[str, bytes]:
        """Return what a new report keeps for the ledger."""
        keys = ReceiptKeys.of(self.receipt)
        commitments = commitments_of(keys, content_commitment(self.receipt, self._body))
        return {"ledger_id": keys.ledger_id, "commitments": commitments}

    def content_key(self) -> tuple[PrivateKey, WrappedKey]:
        """Return the key of what the report says, and the same wrapped. Raises Unavailable."""
        return self._content_key, self._content.wrapping_key().wrap(self._content_key)

    def contact_key(self) -> tuple[PrivateKey, WrappedKey]:
        """Return the key of the contact, and the same wrapped. Raises Unavailable."""
        key = self._identity.contact_key(self.receipt)
        return key, self._contact.wrapping_key().wrap(key)
