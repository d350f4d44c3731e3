"""Apply a bucket's cross-origin rules, for the webviews of apps and for browsers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

import re
from collections.abc import Mapping
from typing import Any

from infra.local.s3.errors import S3Error, bad_request

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def preflight(rules: list[Any], headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers that allow what a preflight asks for. Raises S3Error when no rule does."""
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin or not method:
        raise bad_request(
            "BadRequest",
            "Insufficient information. Origin and Access-Control-Request-Method request headers "
            "needed.",
        )
    if not rules:
        raise S3Error(
            "403 Forbidden", "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."
        )
    asked = [
        name.strip().lower()
        for name in headers.get("access-control-request-headers", "").split(",")
        if name.strip()
    ]
    for rule in rules:
        allowed = [name.lower() for name in rule.allowed_headers or ()]
        if _allows(rule, origin, method) and all(
            any(_matches(pattern, name) for pattern in allowed) for name in asked
        ):
            response = _response_of(rule, origin)
            if asked:
                response.append(("Access-Control-Allow-Headers", ", ".join(asked)))
            if rule.max_age_seconds is not None:
                response.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
            return response
    raise S3Error(
        "403 Forbidden",
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
        "Origin, request method / "
        "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by "
        "the resource's CORS spec.",
    )


def response_headers(
    rules: list[Any], headers: Mapping[str, str], method: str
) -> list[tuple[str, str]]:
    """Return the headers that let a page of that origin read a response; none when no rule allows
    it.
    """
    origin = headers.get("origin")
    rule = next((rule for rule in rules if origin and _allows(rule, origin, method)), None)
    return _response_of(rule, origin) if rule is not None and origin else []


def _response_of(rule: Any, origin: str) -> list[tuple[str, str]]:
    anyone = "*" in rule.allowed_origins
    response = [
        ("Access-Control-Allow-Origin", "*" if anyone else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule.allowed_methods)),
        ("Vary", VARY),
    ]
    if not anyone:
        response.append(("Access-Control-Allow-Credentials", "true"))
    if rule.exposed_headers:
        response.append(("Access-Control-Expose-Headers", ", ".join(rule.exposed_headers)))
    return response


def _allows(rule: Any, origin: str, method: str) -> bool:
    return method in rule.allowed_methods and any(
        _matches(pattern, origin) for pattern in rule.allowed_origins
    )


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
