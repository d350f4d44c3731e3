"""Sources of reports, as tokens that nobody can turn back into an address.

An address is read from a request, hashed under a salt that is overwritten each hour, counted, and
forgotten. It is in no row, log or error. A token also depends on the window that it is counted in,
so two windows cannot be linked.
"""

import hmac
import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

# A source is counted in windows of this length.
WINDOW = timedelta(minutes=10)
# How long a salt is used. Then it is overwritten, and with it goes what its tokens mean.
SALT_LIFE = timedelta(hours=1)
SALT_BYTES = 32
# Longer texts are no address: an IPv6 address with a zone and a port has less.
_LONGEST = 64
# A text is compared with others if it has so many.
_FEWEST_LETTERS = 12
_V4_NETWORK, _V6_NETWORK, _V6_LINE = 24, 48, 64


class Source(NamedTuple):
    """An address and its network: /24 of IPv4; of IPv6 a /64 and its /48. Neither may be stored or
    logged.
    """

    address: str
    network: str

    def __repr__(self) -> str:
        # So that no error and no log shows it by accident.
        return "Source(…)"


# Anyone who hides it shares this one with all others who do.
UNKNOWN = Source("", "")


class Tokens(NamedTuple):
    """A source as it is counted in one window."""

    address: str
    network: str


class Kind(StrEnum):
    """The reports of a source, each kind counted for itself, and of each kind the proven ones: junk
    of a neighbour must not decide how soon officers learn of a child. In categories that are never
    limited each urgency is a kind: a flood of one costs another no turn.
    """

    OTHER = "other"
    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    DRILL = "drill"


class Limits(NamedTuple):
    """Reports of one kind without a proof that are accepted in one window."""

    address: int
    network: int


# A mobile carrier has thousands of customers behind one address. So a limit is far above what they
# send in a quiet hour, and a phone that is over it can still prove work.
LIMITS = Limits(address=30, network=120)
# So many addresses of one network are sources of their own.
ADDRESSES_OF_NETWORK = LIMITS.network // LIMITS.address
# Of the reports without a proof of one address in a flood, and of those with one text, so many are
# no burst yet.
FEW = 3
LAST_TURN = 2
# A drill helps nobody, so who needs many proves work, in any category and at any load level.
DRILL_LIMITS = Limits(address=3, network=12)
# Of the reports without a proof of one network, so many in a window count towards the load level.
# Fewer than make a flood of a quiet category (60 in a minute), so that no network alone makes one.
COUNTED_OF_NETWORK = 30


class Counts(NamedTuple):
    """How many reports of a kind a source has sent in a window, this one included."""

    address: int
    network: int

    def over(self, kind: Kind) -> int:
        """Return how many reports the source is over its limit; 0 or less while it is not."""
        limits = DRILL_LIMITS if kind is Kind.DRILL else LIMITS
        return max(self.address - limits.address, self.network - limits.network)

    @property
    def turn(self) -> int:
        """The turn of this report, from 0: all addresses take turns, so that nobody's second report
        stands before somebody's first. Networks take theirs, too: a line can have many addresses.
        """
        nth = max(self.address, -(-self.network // ADDRESSES_OF_NETWORK))
        return 0 if nth == 1 else 1 if nth <= FEW + 1 else LAST_TURN


def read_source(text: str | None) -> Source | None:
    """Return the source with this address; None when it is none.

    An IPv4 address that is written as IPv6 is read as IPv4.
    """
    if not text or len(text) > _LONGEST:
        return None
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address):
        # One line has all addresses of a /64.
        line = ip_network((address, _V6_LINE), strict=False).network_address
        return Source(str(line), _network(address, _V6_NETWORK))
    return Source(str(address), _network(address, _V4_NETWORK))


def _network(address: IPv4Address | IPv6Address, prefix: int) -> str:
    return str(ip_network((address, prefix), strict=False))


def read_viewer_address(header: str | None) -> Source | None:
    """Return the source that CloudFront names in `CloudFront-Viewer-Address`; None when it is none.

    It is the address, a colon and the port. IPv6 is without brackets: `2001:db8::1:46532`.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
    """
    if not header or len(header) > _LONGEST:
        return None
    address, colon, port = header.strip().rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) < 65_536):
        return None
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    return read_source(address)


def window_of(now: datetime) -> datetime:
    """Return the start of the window that `now` is in."""
    return _floor(now, WINDOW)


def salt_hour(now: datetime) -> datetime:
    """Return the start of the hour whose salt counts at `now`."""
    return _floor(now, SALT_LIFE)


def tokens_of(
    source: Source, kind: Kind, salt: bytes, now: datetime, *, proven: bool = False
) -> Tokens:
    """Return the tokens of a source, for one kind of reports, in the window of `now`."""
    what = (window_of(now).isoformat(), f"proven_{kind}" if proven else kind)
    return Tokens(*(_token(salt, *what, *part) for part in source._asdict().items()))


def text_token(said: str | None, kind: Kind, salt: bytes, now: datetime) -> str | None:
    """Return the token of a text in the window of `now`, for one kind of reports. Digits and signs
    make no other text; a short one, which is like no other, has none.
    """
    letters = "".join(filter(str.isalpha, (said or "").casefold()))
    if len(letters) < _FEWEST_LETTERS:
        return None
    return _token(salt, window_of(now).isoformat(), kind, "text", letters)


def _token(salt: bytes, *what: str) -> str:
    return hmac.digest(salt, "|".join(("tipline/source/1", *what)).encode(), "sha256")[:16].hex()


def _floor(now: datetime, length: timedelta) -> datetime:
    seconds = int(length.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


class Memory:
    """Counters of sources in the memory of one instance, of the present window only.

    There are at most `most` of them; beyond that the one that was not seen for longest goes.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._window: datetime | None = None
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, tokens: Tokens, now: datetime) -> Counts:
        """Count one report of a source."""
        return Counts(*(self.count_one(token, now) for token in tokens))

    def count_one(self, token: str, now: datetime) -> int:
        """Count one report with a token, and return how many there were."""
        with self._lock:
            self._start(window_of(now))
            return self._add(token)

    def learn(self, tokens: Tokens, counts: Counts, now: datetime) -> None:
        """Take over what all instances together have counted, if it is more."""
        with self._lock:
            self._start(window_of(now))
            for token, count in zip(tokens, counts, strict=True):
                self._counts[token] = max(count, self._counts.get(token, 0))

    def _start(self, window: datetime) -> None:
        if window != self._window:
            self._window = window
            self._counts.clear()

    def _add(self, token: str) -> int:
        self._counts[token] = self._counts.pop(token, 0) + 1
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        return self._counts[token]
