"""Search: officers find reports by a plate, a phone number or another number.

Only opened reports can be found: an opening enters the tokens of the report under names that one
key in KMS gives them (docs/adr/0038).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.kms import SearchKey
from chalicelib.aws.table import Row
from chalicelib.domain.casework.search_tokens import TOKENS_MAX, tokens_in
from chalicelib.domain.officers.model import Officer
from chalicelib.domain.reports.attention import is_quiet_drill
from chalicelib.domain.reports.entries import Message, Note
from chalicelib.domain.reports.report import OPEN_STATUSES, Content, Status
from chalicelib.kernel import times
from chalicelib.services.notices.escalations import note_reading, reading_of
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.open_cases import OpenCase
from chalicelib.services.reports.scope import Desk
from chalicelib.store.audit.rows import Action
from chalicelib.store.reports.attention import Reading
from chalicelib.store.reports.heads import NOT_EXPIRING
from chalicelib.store.reports.rows import ListedReport
from chalicelib.store.reports.search_entries import FOUND_BY, FoundBy, SearchEntries

if TYPE_CHECKING:
    from chalicelib.aws.listing import Listing
    from chalicelib.domain.catalogue.model import Catalogue
    from chalicelib.services.casework.gists import Gists
    from chalicelib.services.casework.presence import KeptHeadings
    from chalicelib.store.casework.rows import PulseRows

log = logging.getLogger(__name__)

# What was written since, without a token, is read again at each opening, which takes 2 ms for a
# thousand characters. Of the first opening, and of longer texts, it is noted that they have none.
_READ_AGAIN = 10_000
# An opening reads so many characters, for 40 ms at the most; the next one continues. Nothing but an
# opening can read them, so no task can.
_READ_AT_ONCE = 20_000

FOUND_MAX = 50
"""The most reports of one search."""


class Found(NamedTuple):
    """Reports in the officer's scope, newest first. `more`: there are others in their scope."""

    items: tuple[ListedReport, ...]
    more: bool


def search_reports(
    token: str,
    *,
    actor: OfficerActor,
    search_key: SearchKey,
    entries: SearchEntries,
    gists: "Gists",
) -> Found:
    """Return the reports in the officer's scope that have this token, and write an audit record.

    What is outside of the scope looks as if it did not exist. The record has the token's name and
    not the token: it outlives the reports. Raises Unavailable.
    """
    # Imported here: an opening needs this module, and none of what lists need.
    from chalicelib.services.casework.gists import show

    name = search_key.name_of(token)
    sees = actor.officer.sees
    visible = (
        each for each in entries.reports(name, actor.now) if sees(each.category, each.district)
    )
    found = tuple(islice(visible, FOUND_MAX + 1))
    items = found[:FOUND_MAX]
    detail = {"search": name, "count": len(items)}
    items = show(items, Action.SEARCH, detail, actor=actor, gists=gists)
    return Found(items, len(found) > FOUND_MAX)


LOOKED_MAX = 1_000
"""So many open reports are looked at, to say which of them nobody has opened."""
_DECIDING = ("status", "category", "district", FOUND_BY, *NOT_EXPIRING)


@dataclass(frozen=True, slots=True)
class Unopened:
    """How many open reports of a scope no search finds, because nobody has opened them. `complete`
    is False when there are more than were looked at. `next` is the id of the first of them in the
    list by attention.
    """

    count: int
    complete: bool
    next: str | None


def count_unopened(
    *,
    actor: OfficerActor,
    headings: "KeptHeadings",
    rows: "PulseRows",
    listing: "Listing",
    catalogue: "Catalogue",
) -> Unopened | None:
    """Return which open reports of the officer's scope a search has left out. Drills are not
    counted until their reporter adds something. None for oversight, whose reports no opening
    enters. Raises Unavailable.

    What is kept of a list may be some minutes old: the reports themselves say what is true now.
    """
    officer = actor.officer
    if officer.is_oversight:
        return None
    seen = catalogue.seen_by(officer)
    found = headings.read(seen, rows.read(each.code for each in seen), actor.now)
    listed = sorted(
        (row for heading in found for row in heading.rows if not is_quiet_drill(row)),
        key=lambda row: str(row["attention_at"]),
    )
    ids = [row["id"] for row in listed if officer.sees(row["category"], row["district"])]
    heads = listing.read([(keys.report(each), keys.HEAD) for each in ids[:LOOKED_MAX]], _DECIDING)
    left = {keys.owner(row["pk"]).id for row in heads if _is_left_out(row, officer)}
    complete = len(ids) <= LOOKED_MAX and not any(heading.more for heading in found)
    return Unopened(len(left), complete, next((each for each in ids if each in left), None))


def _is_left_out(head: Row, officer: Officer) -> bool:
    is_open = head.get("status") in OPEN_STATUSES and NOT_EXPIRING.keys().isdisjoint(head)
    return is_open and FOUND_BY not in head and officer.sees(head["category"], head["district"])


def enter_opened(
    opened: OpenCase, *, search_key: Callable[[], SearchKey], entries: SearchEntries, desk: Desk
) -> None:
    """Enter the tokens of an opened report that are not entered yet; of a long one some, and the
    next opening more. `search_key` is called only when there are some. With them, or alone, write
    that an officer has read it: both change its HEAD, and what waits for a reading ends.

    Nothing is entered of a withdrawn one; of one about the police, only that it was opened; and
    nothing when a machine opens it, since nobody has read it then. Nothing is raised: what fails is
    logged, and the next opening tries again.
    """
    if desk.actor.officer.is_system:
        return
    head = opened.case.head
    reading = reading_of(head, desk.actor.now)
    is_noted = False
    try:
        is_noted = _enter(opened, search_key, entries, reading)
    except Exception as error:
        # An officer who opens a report must read it, also when the search fails.
        log.warning("search_entries_failed", extra={"error": type(error).__name__})
    if not is_noted:
        note_reading(head, reading, reports=desk.reports)


def _enter(
    opened: OpenCase,
    search_key: Callable[[], SearchKey],
    entries: SearchEntries,
    reading: Reading | None,
) -> bool:
    """Enter tokens, and return whether the reading was written with them."""
    head = opened.case.head
    before = FoundBy.of(head)
    known = before or FoundBy()
    room = TOKENS_MAX - len(known.names)
    if opened.report.status is Status.WITHDRAWN or room <= 0:
        return False
    if opened.report.concerns_police:
        return before is None and entries.add(head, known, (), reading)
    texts = list(_texts_of(opened.content)) if before is None else []
    messages, notes = _after(opened, known)
    messages = _within(_READ_AT_ONCE - sum(map(len, texts)), messages)
    texts += [each.text for each in messages]
    notes = _within(_READ_AT_ONCE - sum(map(len, texts)), notes)
    texts += [each.text for each in notes]
    tokens = tokens_in(texts)
    if before and not tokens and sum(map(len, texts)) <= _READ_AGAIN:
        return False
    made = search_key().names_of(tokens) if tokens else []
    names = [each for each in made if each not in known.names][:room]
    found_by = FoundBy(
        (*known.names, *names),
        _latest([_message_key(each) for each in messages], known.messages),
        _latest([_note_key(each) for each in notes], known.notes),
    )
    if reading and entries.add(head, found_by, names, reading):
        return True
    # A notice may have come in between: then the tokens are entered all the same.
    entries.add(head, found_by, names)
    return False


def _after(opened: OpenCase, known: FoundBy) -> tuple[list[Message], list[Note]]:
    """Return the messages and notes that came after those whose tokens were entered."""
    return (
        [each for each in opened.messages if _message_key(each) > known.messages],
        [each for each in opened.notes if _note_key(each) > known.notes],
    )


def _within[Entry: (Message, Note)](room: int, entries: list[Entry]) -> list[Entry]:
    """Return the first of these that have so many characters together."""
    lengths = accumulate(len(each.text) for each in entries)
    return [each for each, length in zip(entries, lengths, strict=True) if length <= room]


def _message_key(message: Message) -> str:
    return keys.message(message.sent_at, message.id)


def _note_key(note: Note) -> str:
    return keys.note(note.at, note.id)


def _latest(sort_keys: list[str], before: str) -> str:
    return max(sort_keys, default=before)


def _texts_of(content: Content) -> Iterator[str]:
    """Yield what a report says: first the answers, where a plate has a field of its own."""
    for answer in (content.details or {}).values():
        # A time is a long number that nobody searches for.
        if isinstance(answer, str) and not _is_time(answer):
            yield answer
    if content.text:
        yield content.text
    address = (content.location or {}).get("address")
    if isinstance(address, str):
        yield address


def _is_time(answer: str) -> bool:
    try:
        times.parse(answer)
    except ValueError:
        return False
    return True
