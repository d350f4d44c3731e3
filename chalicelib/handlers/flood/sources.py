"""Read the address of a request, for the counters of sources alone."""

import hashlib
import hmac

from chalicelib import wiring
from chalicelib.domain.flood.sources import UNKNOWN, Source, read_source, read_viewer_address
from chalicelib.http.requests import Call

ORIGIN_HEADER = "tipline-origin"
# It has an address and a port; another header has an address alone.
CLOUDFRONTS_OWN = "CloudFront-Viewer-Address"


def source_of(call: Call) -> Source:
    """Return the source of a request: what CloudFront says, if it was CloudFront, or else whom the
    gateway has a connection with. `X-Forwarded-For` is not read: callers write it.
    """
    if _is_from_cloudfront(call):
        header = wiring.settings().viewer_header
        read = read_viewer_address if header == CLOUDFRONTS_OWN else read_source
        found = read(call.header(header))
    else:
        identity = call.request.context.get("identity") or {}
        found = read_source(identity.get("sourceIp"))
    return found or UNKNOWN


def _is_from_cloudfront(call: Call) -> bool:
    wanted, sent = wiring.settings().origin_secret_hash, call.header(ORIGIN_HEADER)
    if not wanted or not sent:
        return False
    return hmac.compare_digest(hashlib.sha256(sent.encode()).hexdigest(), wanted.lower())
