"""The receipt and ids of a report, all derived from one Idempotency-Key."""

from chalicelib.domain.ids import Identity
from chalicelib.domain.sealing import PrivateKey

_CREATE = "create"


class ReportIds:
    """The ids of the report with `idempotency_key`. A repeated call gets the same ids."""

    def __init__(self, identity: Identity, idempotency_key: str) -> None:
        self._identity = identity
        self.receipt = identity.receipt(idempotency_key)
        self.report_id = identity.report_id(self.receipt)

    @property
    def reference(self) -> str:
        """The short number that a person can read out."""
        return self._identity.reference(self.report_id)

    def media_id(self, position: int) -> str:
        """Return the id of the medium at `position` in the report."""
        return self._identity.media_id(self.report_id, _CREATE, position)

    def fingerprint(self, body: bytes) -> str:
        """Return a hash of the body, keyed by the receipt.

        It shows only whether two calls have the same body.
        """
        return self._identity.fingerprint(self.receipt, body)

    @property
    def content_key(self) -> PrivateKey:
        return self._identity.content_key(self.receipt)

    @property
    def contact_key(self) -> PrivateKey:
        return self._identity.contact_key(self.receipt)
