"""The headers of the web clients' files, defined once: the local gateway sends them, and a
deployment sets them in CloudFront.

The pages of the API itself (`/docs`, `/bulletins/{id}`, the start page) have their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# A file below it has a hash of its content in its name.
HASHED = "assets/"
_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Origins:
    """With whom the pages talk besides their own origin. Each is an origin without a slash at its
    end; in a template, with its references.

    `storage`: where originals are uploaded to and pictures come from. `sign_in`: the issuer of
    officers' tokens, and its sign-in pages if these have another origin.
    """

    storage: Sequence[str]
    sign_in: Sequence[str] = ()


def security_headers(origins: Origins, *, https: bool) -> dict[str, str]:
    """Return the headers that every file of the web clients has. `https`: the browser is to use
    nothing else from now on.
    """
    headers = {
        "Content-Security-Policy": content_security_policy(origins),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": permissions_policy(),
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
    return headers


def content_security_policy(origins: Origins) -> str:
    """Return the policy: nothing inline, nothing evaluated, no third party."""
    storage, sign_in = list(origins.storage), list(origins.sign_in)
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:", *storage],
        "media-src": ["'self'", "blob:", *storage],
        "connect-src": ["'self'", *storage, *sign_in],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(
        f"{name} {' '.join(dict.fromkeys(sources))}" for name, sources in directives.items()
    )


def permissions_policy() -> str:
    """Return what the pages may ask of a device: camera, place and sound, and nobody in a frame."""
    refused = ("payment", "usb", "serial", "hid", "midi")
    return ", ".join(
        [
            "camera=(self)",
            "geolocation=(self)",
            "microphone=(self)",
            *(f"{feature}=()" for feature in refused),
        ]
    )


def cache_control(path: str) -> str:
    """Return how long a browser keeps the file at `path` (below the root, without a slash before
    it): for ever when its name changes with its content, else not without asking.
    """
    if path.startswith(HASHED):
        return f"public, max-age={_YEAR_S}, immutable"
    return "no-cache"
