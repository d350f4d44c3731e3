"""Periods: from a day or time to a later one."""

from datetime import date, timedelta

from chalicelib import errors


def require_period(
    since: date | None, until: date | None, *, longest: timedelta | None = None
) -> None:
    """Raise Invalid when a period ends before it begins, or is too long. An end may be open."""
    if since is None or until is None:
        return
    if since > until:
        raise errors.Invalid(errors.FieldError("since", "after_until"))
    if longest is not None and until - since > longest:
        days = str(longest.days)
        raise errors.Invalid(errors.FieldError("since", "period_too_long", (("days", days),)))
