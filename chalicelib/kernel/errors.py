"""The errors of the domain. `http/problems.py` maps each to an HTTP status.

Tipline
├── Refused             the caller must change something
│   ├── Malformed       the request cannot be parsed (`malformed_json`, `bad_cursor`, …)
│   ├── TooLarge        the body is over the limit
│   ├── WrongMediaType  the body is not application/json, or is compressed
│   ├── Invalid         fields are wrong; the error names each
│   │   └── KeyReused       the Idempotency-Key was used with other content
│   ├── Unauthenticated no credential
│   ├── Forbidden       the officer's role does not allow it
│   ├── NotFound        unknown, not the caller's, or out of scope; the response does not say which
│   ├── Gone            deleted by retention
│   ├── WrongMethod     the path has no such method; `Allow` lists those that it has
│   ├── Conflict        the current state does not allow it (`illegal_transition`, `withdrawn`, …)
│   ├── Stale           the version in If-Match is not the current one
│   ├── VersionMissing  no If-Match
│   └── SlowDown        too many requests
│       ├── TooManyCalls    too many of one officer; others are served
│       └── ProofRequired   too many reports; one with a proof of work is accepted
└── Unavailable         a service failed; the same request can be repeated safely

`code` is stable snake_case and part of the API. Its wording is in `kernel/texts/` as
`error.<code>`.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Self


class FieldError(NamedTuple):
    """One wrong field: its dotted path in the body or query, and a stable code.

    `params` are values for the text of the error. They must never contain input.
    """

    field: str
    code: str
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def unknown_value(cls, field: str, allowed: Collection[str] = ()) -> Self:
        """Return the error for a value that is not in `allowed`. The response shows `allowed`."""
        params = (("allowed", ", ".join(allowed)),) if allowed else ()
        return cls(field, "unknown_value", params)


# Limited, so that a hostile body cannot cause a long response.
MAX_FIELD_ERRORS = 20


class TiplineError(Exception):
    """Base of all errors. `params` are values for its text. They must never contain input."""

    code = "error"

    def __init__(self, code: str | None = None, /, **params: str) -> None:
        self.code = code or type(self).code
        self.params = params
        super().__init__(self.code)


class Refused(TiplineError):
    pass


class Malformed(Refused):
    code = "malformed_json"


class TooLarge(Refused):
    code = "body_too_large"


class WrongMediaType(Refused):
    code = "unsupported_media_type"


class Invalid(Refused):
    """`more`: other fields are wrong too, and are not named."""

    code = "invalid"

    def __init__(self, *errors: FieldError, more: bool = False) -> None:
        super().__init__()
        self.errors = errors[:MAX_FIELD_ERRORS]
        self.more = more or len(errors) > MAX_FIELD_ERRORS


class KeyReused(Invalid):
    """It names the header as its wrong field, so that no app takes an empty list for its files."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__(FieldError("Idempotency-Key", "key_reused"))


class Unauthenticated(Refused):
    code = "unauthenticated"


class Forbidden(Refused):
    code = "forbidden"


class NotFound(Refused):
    code = "not_found"


class WrongMethod(Refused):
    """Only the gateway returns it: `infra/packaging/gateway.py`."""

    code = "method_not_allowed"


class Gone(Refused):
    code = "deleted"


class Conflict(Refused):
    code = "conflict"


class Stale(Refused):
    code = "stale_version"


class VersionMissing(Refused):
    code = "version_required"


class SlowDown(Refused):
    code = "slow_down"

    def __init__(self, retry_after_s: int = 30) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class TooManyCalls(SlowDown):
    code = "too_many_calls"


class ProofRequired(SlowDown):
    """`challenge` is what the proof must be made for; `proof` says what is wrong with the one that
    was sent, if any.
    """

    code = "proof_required"

    def __init__(
        self,
        retry_after_s: int = 60,
        *,
        challenge: Mapping[str, Any] | None = None,
        proof: str = "absent",
    ) -> None:
        super().__init__(retry_after_s)
        self.challenge = challenge
        self.proof = proof


class Unavailable(TiplineError):
    code = "unavailable"

    def __init__(self, retry_after_s: int = 2) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s
