"""Seal and open the rows and the sketch of a report.

Everything but the sketch is sealed to the report's own key. Sealing needs its public half alone.
Opening needs the private half: a reporter's call derives it from the receipt
(`Identity.content_key`), and an officer gets it with an audit record (`OfficerActor.open`). A
sketch is sealed in the function that sees the report or picture in clear.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.domain.reports.entries import (
    Message,
    Note,
    PlaceAt,
    Position,
    SealedMessage,
    SealedNote,
    SealedPosition,
)
from chalicelib.domain.reports.incidents import PublicDayKey, Sketch
from chalicelib.domain.reports.media import hints
from chalicelib.domain.reports.report import Contact, Content, Medium, Report
from chalicelib.kernel.sealing import PrivateKey, WrappedKey, row_info, seal
from chalicelib.services.audit.words import checked_key, open_text
from chalicelib.store.reports.contacts import SealedContact
from chalicelib.store.reports.media_rows import sketch_info

log = logging.getLogger(__name__)

_CONTENT, _TEXT, _HINT, _PLACE = "content", "text", "hint", "place"


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


def open_content(report: Report, private: PrivateKey) -> Content:
    """Return the content of a report. Raises Unreadable."""
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


def key_of(report: Report) -> bytes:
    """Return the public half of a report's key. Raises Unreadable."""
    return checked_key(report.public_key, keys.report(report.id))


def head_info(report_id: str, name: str) -> bytes:
    """Return the `info` that seals a value of a report's HEAD, so that no other opens as it."""
    return row_info(keys.report(report_id), keys.HEAD, name)


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


def _message(report_id: str, at: datetime, message_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.message(at, message_id), _TEXT)


def _note(report_id: str, at: datetime, note_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.note(at, note_id), _TEXT)


def _position(report_id: str, at: datetime, position_id: str) -> bytes:
    return row_info(keys.report(report_id), keys.position(at, position_id), _PLACE)


def sketch_report(report_id: str, content: Content, key: PublicDayKey | None) -> bytes | None:
    """Return the sealed sketch of what a report says; None when there is nothing to compare, or
    when the key of the day is not known.
    """
    if key is None:
        return None
    place = (content.place["lat"], content.place["lon"]) if content.place else None
    sketch = Sketch.of_report(content.text, place)
    return _sealed(key, sketch, keys.report(report_id), keys.HEAD)


def sketch_picture(
    owner_id: str, media_id: str, picture: str | None, key: PublicDayKey | None
) -> bytes | None:
    """Return the sealed sketch of a picture of a report, by its perceptual hash; None as above."""
    if key is None:
        return None
    pk, sk = keys.media_owner(owner_id), keys.media(media_id)
    return _sealed(key, Sketch.of_picture(picture), pk, sk)


def _sealed(key: PublicDayKey, sketch: Sketch, pk: str, sk: str) -> bytes | None:
    return None if sketch.is_empty else key.seal(sketch, sketch_info(pk, sk))
