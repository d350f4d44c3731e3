"""Open311 GeoReport v2, as its client: what is sent to an agency's server, and what that answers.

http://wiki.open311.org/GeoReport_v2, in JSON. Whatever a server answers is untrusted: ids, notes
and reasons are cut and cleaned, and anything else is None. docs/adr/0084.
"""

import html
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from chalicelib.domain.catalogue.model import Agency
from chalicelib.kernel import times
from chalicelib.kernel.models import Record
from chalicelib.kernel.text import clean, is_blank

FORM = "application/x-www-form-urlencoded; charset=utf-8"
# For so long it is tried to send a referral: what does not answer, and what refuses it.
TRIED_FOR, REFUSED_FOR = timedelta(days=7), timedelta(hours=24)
# The status is asked for each hour of the first day, and then each day.
LOOKED_AT_FOR = timedelta(days=90)
_FIRST_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
# A server that lists more keeps back the rest: "first 1000 requests".
_MOST_LISTED = 1000
_ID_LENGTH, _NOTES_LENGTH = 100, 500
# After these tags of a page comes a new line.
_LINES = ("/error", "/title", "/h", "/p", "/li", "/tr", "/div", "br")
# Two systems' times may differ by this much: some compare what they are asked in UTC with the time
# of their own zone (FixMyStreet's `timestamp without time zone`).
_CLOCKS = timedelta(hours=15)


class Words(Record):
    """What an agency gets: an officer's words, the name of the district, and a place in WGS-84 if
    it does not publish what it gets.
    """

    words: str
    district: str
    lat: float | None = None
    lon: float | None = None


class Taken(NamedTuple):
    """How a server has taken a request: by its id, or by a token that will lead to it."""

    request_id: str | None = None
    token: str | None = None


class Progress(NamedTuple):
    """The status of a request, and what is said of it."""

    is_closed: bool
    notes: str | None


def requests_url(agency: Agency) -> str:
    """Return where a form goes, which names the jurisdiction itself."""
    return _address(agency, "requests.json")


def form_of(agency: Agency, words: Words, reference: str, api_key: str | None) -> bytes:
    """Return the body that makes a request. A location is required: the district's name is one."""
    said = {
        "jurisdiction_id": agency.jurisdiction_id,
        "api_key": api_key,
        "service_code": agency.service_code,
        "description": f"{words.words}\n\n{_mark(reference)}",
        "address_string": words.district,
        # It may publish since two officers have agreed on a place.
        "lat": None if agency.publishes else _degrees(words.lat),
        "long": None if agency.publishes else _degrees(words.lon),
    }
    return urlencode({name: value for name, value in said.items() if value is not None}).encode()


def list_url(agency: Agency, since: datetime, until: datetime) -> str:
    """Return the address that lists what the server has got meanwhile."""
    asked = {
        "service_code": agency.service_code,
        "start_date": _moment(since - _CLOCKS),
        "end_date": _moment(until + _CLOCKS),
    }
    return _url(agency, "requests.json", asked)


def token_url(agency: Agency, token: str) -> str:
    return _url(agency, f"tokens/{quote(token, safe='')}.json")


def status_url(agency: Agency, request_id: str) -> str:
    return _url(agency, f"requests/{quote(request_id, safe='')}.json")


def read_taken(body: bytes) -> Taken | None:
    """Return how a request was taken: `Taken()` when the answer does not say it, and None when it
    is none of Open311.
    """
    listed = _items(body)
    for each in listed or ():
        request_id, token = _id(each.get("service_request_id")), _id(each.get("token"))
        if request_id or token:
            return Taken(request_id, token)
    return None if listed is None else Taken()


def read_list(body: bytes, reference: str) -> Taken | None:
    """Return the request with this reference in a list; `Taken()` when it is not there. None when
    the list cannot tell.
    """
    listed = _items(body)
    if listed is None:
        return None
    for each in listed:
        if _mark(reference) in str(each.get("description")):
            request_id = _id(each.get("service_request_id"))
            return Taken(request_id) if request_id else None
    # Ours has a description: one without may be ours, kept back until somebody has read it. What
    # has no id is no request: an error, which some answer with 200, has a description, too.
    is_whole = all(
        isinstance(each.get("description"), str) and _id(each.get("service_request_id"))
        for each in listed
    )
    return Taken() if is_whole and not _may_be_a_page(len(listed)) else None


def _may_be_a_page(count: int) -> bool:
    """Return whether a list may go on: it has as many as a server lists, or as a page has."""
    return count >= _MOST_LISTED or (count > 0 and 0 in (count % 10, count % 25))


def read_progress(body: bytes, request_id: str) -> Progress | None:
    """Return how far this request is; None when the answer does not say it."""
    for each in _items(body) or ():
        status = str(each.get("status")).strip().lower()
        if _id(each.get("service_request_id")) == request_id and status in ("open", "closed"):
            return Progress(status == "closed", _notes(each.get("status_notes")))
    return None


def read_refusal(status: int, body: bytes) -> str:
    """Return the reason that a server gives instead of an id: its errors, its page as text, or the
    status alone.
    """
    said = body.decode("utf-8-sig", "replace")
    errors = [_error(each) for each in _items(said, "errors") or ()]
    text = "\n".join(errors) if errors and all(errors) else _text_of(said)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return _notes("\n".join(line for line in lines if line)) or f"HTTP {status}"


def next_look(accepted_at: datetime, now: datetime) -> datetime | None:
    """Return when the status is asked for again; None when it is not any more."""
    again = now + (_HOUR if now < accepted_at + _FIRST_DAY else _FIRST_DAY)
    return again if again < accepted_at + LOOKED_AT_FOR else None


def _url(agency: Agency, path: str, asked: dict[str, str | None] | None = None) -> str:
    query = {"jurisdiction_id": agency.jurisdiction_id, **(asked or {})}
    said = urlencode({name: value for name, value in query.items() if value is not None})
    return _address(agency, path) + (f"?{said}" if said else "")


def _address(agency: Agency, path: str) -> str:
    return f"{str(agency.endpoint).rstrip('/')}/{path}"


def _moment(at: datetime) -> str:
    return times.render(at.replace(microsecond=0)).replace(".000Z", "Z")


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.5f}"


def _mark(reference: str) -> str:
    return f"Ref. {reference}"


def _items(body: bytes | str, name: str = "service_requests") -> list[dict[str, Any]] | None:
    """Return the objects of an answer; None for one that is no list of objects. Some servers name
    their list.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = said.get(name, said) if isinstance(said, dict) else said
    found = found if isinstance(found, list) else [found]
    return found if all(isinstance(each, dict) for each in found) else None


def _id(value: Any) -> str | None:
    is_said = isinstance(value, str | int) and not isinstance(value, bool)
    said = str(value).strip() if is_said else ""
    is_one = 0 < len(said) <= _ID_LENGTH and said.isprintable() and " " not in said
    return said if is_one else None


def _error(said: dict[str, Any]) -> str:
    """Return an error of Open311 as a line; an empty one for anything else."""
    found = [str(said[name]) for name in ("code", "description") if said.get(name) is not None]
    return ": ".join(found)


def _text_of(page: str) -> str:
    """Return the text of a page of HTML or XML, or of what is neither. No parser reads it: it may
    be made to cost one its time.
    """
    first, *others = page.replace("<![CDATA[", "").replace("]]>", "").split("<")
    seen, is_hidden = [first], False
    for tag, _, text in (each.partition(">") for each in others):
        name = tag[:7].lower()
        is_hidden = name.startswith(("script", "style")) or (
            is_hidden and not name.startswith(("/script", "/style"))
        )
        seen.append("\n" if name.startswith(_LINES) else " ")
        if not is_hidden:
            seen.append(" ".join(text.split()))
    return html.unescape("".join(seen))


def _notes(value: Any) -> str | None:
    """Return a note as any text is stored; of a half of a pair of surrogates, nothing."""
    if not isinstance(value, str):
        return None
    whole = value[: 4 * _NOTES_LENGTH].encode(errors="ignore").decode()
    note = clean(whole).strip()[:_NOTES_LENGTH]
    return None if is_blank(note) else note
