"""The receipt and ids of a report, all derived from one Idempotency-Key."""

from chalicelib.domain.ids import Identity

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

    def opened_by(self, receipt: str) -> str:
        """Return the id of the report that any receipt opens, if there is such a report."""
        return self._identity.report_id(receipt)

    def media_id(self, position: int) -> str:
        """Return the id of the medium at `position` in the report."""
        return self._identity.media_id(self.report_id, _CREATE, position)

    def fingerprint(self, canonical_body: bytes) -> str:
        """Return a keyed hash of the body. It shows only whether two calls have the same body."""
        return self._identity.fingerprint(canonical_body)
