"""The errors of the domain. `handlers/problems.py` maps each to an HTTP status.

Tipline
├── Refused             the caller must change something
│   ├── Malformed       cannot be read (`malformed_json`, `bad_cursor`, `bad_idempotency_key`, …)
│   ├── TooLarge        a body over the limit
│   ├── WrongMediaType  not application/json, or encoded
│   ├── Invalid         readable, but fields are wrong: it names them
│   ├── Unauthenticated no credential
│   ├── Forbidden       the officer's role does not allow it
│   ├── NotFound        unknown, not the caller's, or out of scope: all look the same
│   ├── Gone            deleted by retention
│   ├── Conflict        the state does not allow it (`key_reused`, `illegal_transition`, …)
│   ├── Stale           the version in If-Match is not the present one
│   ├── VersionMissing  no If-Match
│   └── SlowDown        too many requests
└── Unavailable         cannot be done now; nothing was done, or it can be repeated safely

`code` is stable snake_case and part of the API. Its wording is in `domain/texts/` as
`error.<code>`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its dotted path in the body or query, and a stable code.

    `params` are values that its wording or the response may show; they never hold input.
    """

    field: str
    code: str
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def unknown_value(cls, field: str, allowed: Collection[str] = ()) -> Self:
        """Return the error of a value that is none of `allowed`, which must all be public."""
        params = (("allowed", ", ".join(allowed)),) if allowed else ()
        return cls(field, "unknown_value", params)


# A longer list helps nobody, and a hostile body must not become a long response.
MAX_FIELD_ERRORS = 20


class TiplineError(Exception):
    """Base of all. `params` are values that the wording may show; they never hold input."""

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
    code = "invalid"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__()
        self.errors = errors[:MAX_FIELD_ERRORS]


class Unauthenticated(Refused):
    code = "unauthenticated"


class Forbidden(Refused):
    code = "forbidden"


class NotFound(Refused):
    code = "not_found"


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


class Unavailable(TiplineError):
    code = "unavailable"

    def __init__(self, retry_after_s: int = 2) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s
