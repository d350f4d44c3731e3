"""What can go wrong, in the domain's words. Which HTTP status each becomes is said in
`handlers/problems.py`.

Tipline
├── Refused                     the caller must change something
│   ├── Malformed               what was sent cannot be read (`malformed_json`, `bad_cursor`, `bad_idempotency_key`, …)
│   ├── TooLarge                a body over the limit
│   ├── WrongMediaType          not application/json, or encoded
│   ├── Invalid                 readable, but fields are wrong: every one is named
│   ├── Unauthenticated         no credential
│   ├── Forbidden               the officer's role does not allow it
│   ├── NotFound                unknown, not the caller's, or out of scope: never told apart
│   ├── Gone                    deleted by retention
│   ├── Conflict                the state does not allow it (`key_reused`, `illegal_transition`, `category_not_active`, …)
│   ├── Stale                   the version in If-Match is not the present one
│   ├── VersionMissing          no If-Match
│   └── SlowDown                too many requests
└── Unavailable                 cannot now: nothing was done, or it will be the same when repeated

`code` is stable snake_case and part of the API; its wording stands in `domain/texts/` under
`error.<code>`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its dotted path in the body or query, a stable code, and values its wording
    may show (never input).
    """

    field: str
    code: str
    params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def unknown_value(cls, field: str, allowed: Collection[str] = ()) -> Self:
        """Return the error of a value that is none of `allowed`; name them only if all are public."""
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
