"""Which addresses events may be sent to: only public ones.

Otherwise an admin, or the owner of a name, could have us ask what only we reach.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError


def is_public(address: str) -> bool:
    """Return whether an IP address may be connected to: it belongs to no private, local, shared or
    reserved range, and no IPv4 address is hidden in it.
    """
    found = ipaddress.ip_address(address)
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    if found.version == 6 and found not in _GLOBAL_UNICAST:
        return False  # among them those that stand for an IPv4 address: mapped, NAT64
    return found.is_global and not (found.is_multicast or found.is_reserved)


# https://www.iana.org/assignments/ipv6-unicast-address-assignments
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# What some versions of Python take for public: protocols, 6to4, Azure's own, Teredo, documents.
_NEVER = [
    ipaddress.ip_network(each)
    for each in (
        *("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"),
        *("2001::/23", "2002::/16", "3fff::/20"),
    )
]


def https_address(value: str) -> str:
    """Return the address of a receiver. What its name resolves to is checked at each delivery."""
    try:
        parts = urlsplit(value)
        port, host = 443 if parts.port is None else parts.port, parts.hostname or ""
    except ValueError:
        raise PydanticCustomError("bad_destination", "No address.") from None
    plain = value.isascii() and value.isprintable() and not set(value) & set(' "<>\\^`{|}#@')
    if not plain or parts.scheme != "https" or not (port == 443 or 1024 <= port < 65536):
        raise PydanticCustomError("bad_destination", "Not https, or not plain.")
    literal = _literal(host)
    if not is_public(literal) if literal else "." not in host.strip("."):
        raise PydanticCustomError("forbidden_address", "Not public.")
    return value


def _literal(host: str) -> str | None:
    """Return the address that a host stands for without being resolved: also `2130706433`."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
