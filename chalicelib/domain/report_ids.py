"""All that one Idempotency-Key makes of a report: its receipt, id, reference and media ids."""

from chalicelib.domain.ids import Identity

_CREATE = "create"


class ReportIds:
    """The ids of the report that is sent under `idempotency_key`: the same for a repeated call."""

    def __init__(self, identity: Identity, idempotency_key: str) -> None:
        self._identity = identity
        self.receipt = identity.receipt(idempotency_key)
        self.report_id = identity.report_id(self.receipt)

    @property
    def reference(self) -> str:
        """The short public number."""
        return self._identity.reference(self.report_id)

    def media_id(self, position: int) -> str:
        """Return the id of the `position`-th medium declared with the report."""
        return self._identity.media_id(self.report_id, _CREATE, position)

    def fingerprint(self, canonical_body: bytes) -> str:
        """Return a keyed hash of the body: whether two calls say the same, and nothing else."""
        return self._identity.fingerprint(canonical_body)
