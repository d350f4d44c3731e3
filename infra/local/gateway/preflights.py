"""What the gateway says to a preflight, made from the same routes as the deployed one's.

`tests/template/test_preflights.py` compares the two.
"""

from collections.abc import Mapping

from chalice.app import RouteEntry

from infra.local.gateway.events import Headers


def preflight_headers(methods: Mapping[str, RouteEntry]) -> Headers:
    """Return the headers for one path, given its methods; none when no page may call them."""
    allowing = [method for method, entry in methods.items() if entry.cors is not None]
    # Chalice refuses to package a path whose methods differ in this.
    headers = methods[allowing[0]].cors.get_access_control_headers() if allowing else {}
    if not headers:
        return ()
    return [
        ("Content-Type", "application/json"),
        ("Access-Control-Allow-Methods", ",".join([*allowing, "OPTIONS"])),
        *headers.items(),
    ]
