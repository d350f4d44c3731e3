"""Approve as an officer does: read what waits, then send the tag that this reading gave."""

from collections.abc import Callable, Mapping
from typing import Any

NO_TAG = f'"{"0" * 20}"'
_WHOLE = "/v1/officer/bulletins/"
# By the end of an approval's path: what shows the request, below the path before, and where in it.
_SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "/closing/confirm": ("", ("proposal",)),
    "/hold/lift/approve": ("", ("hold", "lift")),
    "/hold/approve": ("", ("hold",)),
    "/referral/approve": ("/referral", ()),
    "/ending/approve": ("", ("ending",)),
    "/oversight/return/approve": ("", ("returning",)),
    "/decision/approve": ("", ("decision",)),
}


def match_of(read: Callable[[str], tuple[Any, str | None]], approval: str) -> dict[str, str]:
    """Return the `If-Match` of the approval with this path.

    `read` returns the body and the ETag of a GET by its path, None for both when it is refused. The
    ETag approves what is opened as a whole. Where nothing waits, the tag is one that nobody has.
    """
    path, where = _split(approval)
    found, etag = read(path)
    for name in where:
        found = (found or {}).get(name)
    if path.startswith(_WHOLE):
        return {"If-Match": etag or NO_TAG}
    return {"If-Match": str((found or {}).get("tag", NO_TAG))}


def _split(approval: str) -> tuple[str, tuple[str, ...]]:
    path = approval.partition("?")[0]
    for end, (below, where) in _SHOWN.items():
        if path.endswith(end):
            return path.removesuffix(end) + below, where
    of_admins = path.startswith(("/v1/admin/officers/", "/v1/admin/destinations/"))
    return path.removesuffix("/approve"), ("proposal",) if of_admins else ()
