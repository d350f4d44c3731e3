"""Seal and open what the rows of a report hold: which value of which row is sealed, and as what.

Everything is sealed to the report's own key. Sealing needs its public half alone. Opening needs the
private half: a reporter's call derives it from the receipt (`Identity.content_key`), and an officer
gets it with an audit record (`OfficerActor.open`).
"""

import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.ids import report_id_of
from chalicelib.domain.media import hints
from chalicelib.domain.messages import Message, Note, SealedMessage, SealedNote
from chalicelib.domain.positions import PlaceAt, Position, SealedPosition
from chalicelib.domain.pushes import PhoneToken
from chalicelib.domain.reports import Contact, Content, Medium, Report
from chalicelib.domain.sealing import (
    KEY_BYTES,
    PrivateKey,
    Unreadable,
    WrappedKey,
    WrappingKey,
    row_info,
    seal,
)
from chalicelib.store import keys
from chalicelib.store.audit import Detail, RecordedEntry
from chalicelib.store.contacts import SealedContact
from chalicelib.store.push_rows import SealedToken

log = logging.getLogger(__name__)

_CONTENT, _TEXT, _HINT, _PLACE = "content", "text", "hint", "place"
_WORDS = "words"
_PUSH = "push"

# More than the longest token takes with its platform, as JSON.
_TOKEN_BYTES = 1024


def seal_content(report_id: str, public: bytes, content: Content) -> bytes:
    plaintext = content.model_dump_json(exclude_defaults=True).encode()
    return seal(public, plaintext, head_info(report_id, _CONTENT))


def seal_contact(
    report_id: str, contact: Contact, private: PrivateKey, wrapped: WrappedKey
) -> SealedContact:
    plaintext = contact.model_dump_json(exclude_none=True).encode()
    info = row_info(keys.report(report_id), keys.CONTACT, _CONTENT)
    return SealedContact(seal(private.public, plaintext, info), wrapped)


def open_contact(report_id: str, contact: SealedContact, private: PrivateKey) -> Contact:
    """Return a contact. Raises Unreadable."""
    info = row_info(keys.report(report_id), keys.CONTACT, _CONTENT)
    return Contact.model_validate_json(private.open(contact.sealed, info))


def seal_token(report_id: str, token: PhoneToken, wrapping: WrappingKey) -> SealedToken:
    """Seal the token of a phone to a key of its own. All tokens are sealed to the same length."""
    private = PrivateKey(secrets.token_bytes(KEY_BYTES))
    plaintext = token.model_dump_json().encode().ljust(_TOKEN_BYTES)
    sealed = seal(private.public, plaintext, _token(report_id))
    return SealedToken(sealed, wrapping.wrap(private))


def open_token(report_id: str, token: SealedToken, private: PrivateKey) -> PhoneToken:
    """Return the token of a phone. Raises Unreadable."""
    return PhoneToken.model_validate_json(private.open(token.sealed, _token(report_id)))


def open_content(report: Report, private: PrivateKey) -> Content:
    """Return what a report says. Raises Unreadable."""
    content = private.open(report.sealed, head_info(report.id, _CONTENT))
    return Content.model_validate_json(content)


def seal_message(report: Report, message: Message) -> SealedMessage:
    info = _message(report.id, message.sent_at, message.id)
    sealed = seal(key_of(report), message.text.encode(), info)
    return SealedMessage(**message.model_dump(exclude={"text"}), sealed=sealed)


def seal_note(report: Report, note: Note) -> SealedNote:
    info = _note(report.id, note.at, note.id)
    sealed = seal(key_of(report), note.text.encode(), info)
    return SealedNote(**note.model_dump(exclude={"text"}), sealed=sealed)


def seal_position(
    report: Report, position_id: str, place: PlaceAt, received_at: datetime
) -> SealedPosition:
    info = _position(report.id, received_at, position_id)
    plain = place.model_dump_json(exclude_none=True).encode()
    sealed = seal(key_of(report), plain, info)
    return SealedPosition(id=position_id, sealed=sealed, received_at=received_at)


def open_messages(
    report_id: str, messages: Iterable[SealedMessage], private: PrivateKey
) -> tuple[Message, ...]:
    """Return messages with their texts. An altered one is there, without its text."""
    return tuple(_open_message(report_id, each, private) for each in messages)


def open_notes(
    report_id: str, notes: Iterable[SealedNote], private: PrivateKey
) -> tuple[Note, ...]:
    """Return notes with their texts, as `open_messages` does."""
    return tuple(_open_note(report_id, each, private) for each in notes)


def open_positions(
    report_id: str, positions: Iterable[SealedPosition], private: PrivateKey
) -> tuple[Position, ...]:
    """Return positions with their places. An altered one is there, without its place."""
    return tuple(_open_position(report_id, each, private) for each in positions)


def seal_words(public: bytes, key: keys.Key, words: Detail) -> bytes:
    """Seal what a person wrote into the audit row with this key, about a report.

    Raises Unreadable.
    """
    plaintext = json.dumps(words, ensure_ascii=False).encode()
    return seal(checked_key(public, key[0]), plaintext, row_info(*key, _WORDS))


def open_entry(entry: RecordedEntry, private: PrivateKey) -> RecordedEntry:
    """Return an audit record with what a person wrote in its detail.

    What does not open was altered, like a record that is not verified.
    """
    if entry.sealed is None or entry.key is None:
        return entry
    words = open_text(entry.sealed, row_info(*entry.key, _WORDS), private)
    if words is None:
        return entry._replace(detail=None, verified=False)
    return entry._replace(detail=_merged(entry.detail or {}, json.loads(words)))


def require_key_of(report_id: str, public: bytes) -> None:
    """Raise Unreadable unless this is the public half of the report's key.

    Somebody else's key on the row would let them read what is written from now on.
    """
    checked_key(public, keys.report(report_id))


def key_of(report: Report) -> bytes:
    """Return the public half of a report's key. Raises Unreadable."""
    return checked_key(report.public_key, keys.report(report.id))


def head_info(report_id: str, name: str) -> bytes:
    """Return what a value of a report's HEAD is sealed with, so that no other opens as it."""
    return row_info(keys.report(report_id), keys.HEAD, name)


def checked_key(public: bytes, partition: str) -> bytes:
    """Return the public half of the key of the report in this partition. Raises Unreadable."""
    if keys.report(report_id_of(public)) != partition:
        log.error("content_key_altered")
        raise Unreadable
    return public


def _merged(detail: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(detail)
    for name, value in words.items():
        known = merged.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            value = _merged(known, value)
        merged[name] = value
    return merged


def open_media(report_id: str, media: Iterable[Medium], private: PrivateKey) -> tuple[Medium, ...]:
    """Return media with their hints. One whose hint was altered is there, without it."""
    return tuple(_open_medium(report_id, each, private) for each in media)


def _open_medium(report_id: str, medium: Medium, private: PrivateKey) -> Medium:
    if medium.sealed_hint is None:
        return medium
    info = row_info(keys.report(report_id), keys.media(medium.media_id), _HINT)
    opened = open_text(medium.sealed_hint, info, private)
    if opened is None:
        return medium
    hint = hints().validate_json(opened)
    shown = hints().dump_python(hint, mode="json", exclude_none=True)
    return medium.model_copy(update={"hint": shown})


def _open_message(report_id: str, message: SealedMessage, private: PrivateKey) -> Message:
    text = open_text(message.sealed, _message(report_id, message.sent_at, message.id), private)
    return Message(
        id=message.id,
        sender=message.sender,
        text=text or "",
        sent_at=message.sent_at,
        by=message.by,
        altered=True if text is None else None,
    )


def _open_note(report_id: str, note: SealedNote, private: PrivateKey) -> Note:
    text = open_text(note.sealed, _note(report_id, note.at, note.id), private)
    altered = True if text is None else None
    return Note(id=note.id, by=note.by, text=text or "", at=note.at, altered=altered)


def _open_position(report_id: str, position: SealedPosition, private: PrivateKey) -> Position:
    at, found = position.received_at, None
    text = open_text(position.sealed, _position(report_id, at, position.id), private)
    if text is not None:
        found = dict(PlaceAt.model_validate_json(text))
    altered = True if found is None else None
    return Position(id=position.id, received_at=at, altered=altered, **(found or {}))


def open_text(sealed: bytes, info: bytes, private: PrivateKey) -> str | None:
    """Return the text of one row among many; None when it was altered.

    One altered row must not close all others to those who need them.
    """
    try:
        return private.open(sealed, info).decode()
    except Unreadable:
        log.error("sealed_text_altered")  # an alarm counts this line
        return None


def _token(report_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.PUSH, _PUSH)


def _message(report_id: str, at: datetime, message_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.message(at, message_id), _TEXT)


def _note(report_id: str, at: datetime, note_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.note(at, note_id), _TEXT)


def _position(report_id: str, at: datetime, position_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.position(at, position_id), _PLACE)
