"""Let AWS's host names lead to the rehearsal's cloud, in every Python that starts with this folder
on PYTHONPATH and with REHEARSAL_PORT and REHEARSAL_REGION set.

Names that AWS does not have in this region lead nowhere. So do those that it has, but that a new
bucket cannot be reached by: `s3.amazonaws.com` knows no bucket of a region that opened after March
2019. All other names lead where they always do, except in a function (REHEARSAL_ALONE): it may
call AWS and nobody else.
"""

import os
import socket
from typing import Any

# Services without a region.
_GLOBAL = ("iam", "sts", "budgets", "route53", "cloudfront")


def _direct(port: int, region: str, *, alone: bool) -> None:
    resolve = socket.getaddrinfo
    regional = (f".{region}.amazonaws.com", f".{region}.amazoncognito.com", ".cloudfront.net")
    known = {f"{service}.amazonaws.com" for service in _GLOBAL}

    def getaddrinfo(host: Any, asked_port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if asked_port == 443 and (name.endswith(regional) or name in known):
            return resolve("127.0.0.1", port, *more, **named)
        if alone or name.endswith((".amazonaws.com", ".amazoncognito.com", ".cloudfront.net")):
            raise socket.gaierror(
                socket.EAI_NONAME, f"{name}:{asked_port} is no address in {region} (rehearsal)"
            )
        return resolve(host, asked_port, *more, **named)

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]


if "REHEARSAL_PORT" in os.environ:
    _direct(
        int(os.environ["REHEARSAL_PORT"]),
        os.environ["REHEARSAL_REGION"],
        alone="REHEARSAL_ALONE" in os.environ,
    )
