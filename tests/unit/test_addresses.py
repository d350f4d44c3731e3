"""A resident's contact is stored as it was written. An officer's address must be valid for SNS."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.kernel.text import ContactEmail, ContactPhone, NoticeEmail, NoticePhone


def accepts(kind: Any, value: str) -> bool:
    try:
        return bool(TypeAdapter(kind).validate_python(value) == value)
    except ValidationError:
        return False


@pytest.mark.parametrize(
    ("value", "as_contact", "for_notices"),
    [
        ("+8613800000000", True, True),
        ("138 0000 0000", True, False),
        ("010-6505 0000", True, False),
        ("+86 (10) 6505-0000", True, False),
        ("110", False, False),
        ("+0123456789", True, False),
        ("+1" + "2" * 15, True, False),
        ("1" * 26, False, False),
        ("call me", False, False),
        ("٣٣٣٣٣٣٣", False, False),
        ("13800000000\n", False, False),
    ],
)
def test_a_phone_number(value: str, as_contact: bool, for_notices: bool) -> None:
    assert (accepts(ContactPhone, value), accepts(NoticePhone, value)) == (as_contact, for_notices)


@pytest.mark.parametrize(
    ("value", "as_contact", "for_notices"),
    [
        ("wang@police.example", True, True),
        ("wang.li+tips@mail.police.example", True, True),
        ("王@police.example", True, False),
        ("wang@localhost", False, False),
        ("wang li@police.example", False, False),
        ("a@b@police.example", False, False),
        ("w" * 65 + "@police.example", False, False),
        ("w@" + "p" * 250 + ".example", False, False),
        ("wang@police.example\n", False, False),
    ],
)
def test_an_email_address(value: str, as_contact: bool, for_notices: bool) -> None:
    assert (accepts(ContactEmail, value), accepts(NoticeEmail, value)) == (as_contact, for_notices)


@pytest.mark.parametrize("character", "\u200b\u200e\u202e\ufeff\x00\x85\u00ad")
def test_nothing_invisible_is_in_an_address(character: str) -> None:
    assert not accepts(ContactEmail, f"wa{character}ng@police.example")
    assert not accepts(NoticeEmail, f"wa{character}ng@police.example")
    assert not accepts(ContactPhone, f"138{character}00000000")
