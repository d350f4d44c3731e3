"""Turn errors into problem details: `application/problem+json` (RFC 9457), the same on all routes.

    {"type": "https://…/errors/<code>", "code": …, "title": …, "status": …, "detail": …,
     "request_id": …,
     "errors": [{"field": …, "code": …, "detail": …,    for 422 only, at most 20
                 "allowed": […]}],                      if the allowed values are public
     "more": true,                                      only if other fields are wrong too
     "legal": […],                                      only for `illegal_transition`
     "reason": …, "reason_text": …,                     only for `media_rejected`
     "challenge": {…}, "proof": …}                      only for `proof_required`

A problem contains no input and no details of the program. The gateway's own errors have the same
shape (infra/app.yaml).
"""

from functools import reduce
from typing import Any

from chalicelib.kernel import errors
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import text, texts

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = city().problem_types

STATUS: dict[type[errors.TiplineError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.WrongMethod: 405,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.WrongMediaType: 415,
    errors.Invalid: 422,
    errors.VersionMissing: 428,
    errors.SlowDown: 429,
    errors.Unavailable: 503,
}


def status_of(error: errors.TiplineError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: errors.TiplineError, language: str, request_id: str) -> dict[str, Any]:
    """Return the body of the response to an error, with its texts in `language`."""
    legal = [code for code in error.params.get("legal", "").split(", ") if code]
    params = error.params | ({"legal": _named(legal, language)} if "legal" in error.params else {})
    body: dict[str, Any] = {
        "type": TYPE_BASE + error.code,
        "code": error.code,
        "title": text(f"error.{error.code}.title", language),
        "status": status_of(error),
        "detail": text(f"error.{error.code}.detail", language, **params),
        "request_id": request_id,
    }
    if isinstance(error, errors.Invalid):
        body["errors"] = [_field(each, language) for each in error.errors]
        if error.more:
            body["more"] = True
    if error.code == "illegal_transition":
        body["legal"] = legal
    if reason := error.params.get("reason"):
        body |= {"reason": reason, "reason_text": text(f"reject.{reason}", language)}
    if isinstance(error, errors.ProofRequired):
        body |= {"challenge": error.challenge, "proof": error.proof}
    return body


def _field(error: errors.FieldError, language: str) -> dict[str, Any]:
    params = dict(error.params)
    entry: dict[str, Any] = {
        "field": error.field,
        "code": error.code,
        "detail": text(_wording_of(error, language), language, **params),
    }
    return entry | ({"allowed": params["allowed"].split(", ")} if "allowed" in params else {})


def _wording_of(error: errors.FieldError, language: str) -> str:
    """Return the key of a field's text: that for this field, or its limit, if there is one."""
    name = error.field.rpartition(".")[2]
    special = (f"field.{error.code}.{each}" for each in (name, *dict(error.params)))
    known = texts(language)
    return next((key for key in special if key in known), f"field.{error.code}")


def _named(steps: list[str], language: str) -> str:
    """Return the names of steps in `language`, joined into one phrase."""
    if not steps:
        return text("step.none", language)
    # The example in the OpenAPI document is not a step, and has no name.
    named = [texts(language).get(f"step.{step}", step) for step in steps]
    return reduce(
        lambda before, following: text("step.list", language, before=before, following=following),
        named,
    )


def headers_of(error: errors.TiplineError) -> dict[str, str]:
    """Return the headers that only this kind of error has."""
    if isinstance(error, errors.SlowDown):
        wait = str(error.retry_after_s)
        return {"Retry-After": wait, "RateLimit": f'"default";r=0;t={wait}'}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer, Receipt"}
    return {}
