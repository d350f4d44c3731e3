"""What a reporter sends and gets: input, contact, receipts, and what stays on record of an id."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.reports.receipts import holds_receipt, likely_receipts, possible_receipts
from chalicelib.domain.reports.report import Submission
from chalicelib.kernel import ids
from chalicelib.kernel.ids import ALPHABET, read_receipt
from chalicelib.kernel.text import ContactEmail, ContactPhone, NoticeEmail, NoticePhone


@pytest.mark.parametrize("name", ["lat", "lon", "accuracy_m"])
@pytest.mark.parametrize("number", [1e-308, 5e-324, 1e-131])
def test_a_number_too_small_to_be_kept_counts_as_zero(name: str, number: float) -> None:
    place = {"lat": 39.92, "lon": 116.44, "accuracy_m": 20.0, name: number}
    body = json.dumps({"category": "other", "text": "A", "location": place})
    location = Submission.model_validate_json(body).location
    assert location is not None
    assert getattr(location, name) == 0
    assert location.model_dump(mode="json", exclude={"datum", "address"}) == {**place, name: 0}


def stored(kind: Any, value: str) -> str:
    """Return what is stored of an address or a number. Raises ValidationError."""
    return str(TypeAdapter(kind).validate_python(value))


def accepts(kind: Any, value: str) -> bool:
    """Return whether it is accepted as it is."""
    try:
        return stored(kind, value) == value
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
    for email in (ContactEmail, NoticeEmail):
        assert stored(email, f"{character}wa{character}ng@police.example") == "wang@police.example"
    for phone in (ContactPhone, NoticePhone):
        assert stored(phone, f"{character}+86138{character}00000000") == "+8613800000000"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+86\xa0138\u20290013\t8000", "+86 138 0013 8000"),
        ("\u3000138\u20110013\u22128000", "138-0013-8000"),
        ("０１０（８８８８）－９９９９", "010(8888)-9999"),
        ("138  0013 8000 ", "138  0013 8000 "),
    ],
)
def test_a_contacts_number_has_spaces_dashes_and_digits_of_usual_width(
    written: str, number: str
) -> None:
    assert stored(ContactPhone, written) == number


RECEIPT = "7M3XK9QZ4TB8N2VW6YH01DCEFG"
TYPED = [
    RECEIPT,
    RECEIPT.lower(),
    RECEIPT.replace("0", "O").replace("1", "l"),
    RECEIPT.replace("1", "I"),
    "-".join([RECEIPT[:13], RECEIPT[13:]]),
    "7M3XK 9QZ4T B8N2V W6YH0 1DCEF G",
    "7m3x-k9qz-4tb8-n2vw-6yho-ldce-fg",
    "7M3X\n K9QZ\n 4TB8\n N2VW\n 6YH0\n 1DCE\n FG",
    "7M3X–K9QZ–4TB8–N2VW–6YH0–1DCE–FG",
    "".join(chr(ord(each) + 0xFEE0) for each in RECEIPT),
    "\u200b".join(RECEIPT),
    " ".join(RECEIPT),
    "7M3X, K9QZ, 4TB8, N2VW, 6YH0, 1DCE, FG",
    "7M3XK:9QZ4T:B8N2V:W6YH0:1DCEF:G",
    "7M3X | K9QZ | 4TB8 | N2VW | 6YH0 | 1DCE | FG",
    "7M3X+K9QZ+4TB8+N2VW+6YH0+1DCE+FG",
]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(
    "text", ["{}", "我的回执是{}，谢谢", "(receipt: {})", "Look: {}. Thank you!"]
)
def test_a_receipt_is_found_as_people_type_it(text: str, typed: str) -> None:
    assert RECEIPT in set(possible_receipts(text.format(typed)))
    assert RECEIPT in set(likely_receipts(text.format(typed)))


@pytest.mark.parametrize("between", "京あン한éU中々")
def test_a_receipt_with_other_letters_between_is_none(between: str) -> None:
    text = f"{RECEIPT[:13]}{between}{RECEIPT[13:]}"
    assert list(possible_receipts(text)) == []
    assert list(likely_receipts(text)) == []


@pytest.mark.parametrize(
    "between", ['" "', "] [", "、", "→", "\u2800", "\ufe0f", "\u034f", "\u3164", " (", "#"]
)
def test_a_receipt_is_possible_whatever_stands_between(between: str) -> None:
    text = f"My receipt: {between.join(RECEIPT[at : at + 5] for at in range(0, 26, 5))}."
    assert RECEIPT in set(possible_receipts(text))
    assert holds_receipt(text, RECEIPT)


def test_a_receipt_in_groups_of_any_length_is_possible() -> None:
    assert RECEIPT in set(possible_receipts("it is 7M3XK 9QZ 4TB8N2VW6 YH01D CEFG here"))


@given(st.text(ALPHABET, min_size=26, max_size=26), st.text(), st.text())
def test_what_the_service_reads_as_a_receipt_is_found_in_any_text(
    receipt: str, before: str, after: str
) -> None:
    text = f"{before}|{receipt.lower()}|{after}"
    assert read_receipt(receipt.lower()) in set(possible_receipts(text))
    assert receipt in set(likely_receipts(text))


ORDINARY = [
    "An old man in a blue coat, alone at the bus stop. He does not know the way home.",
    "Plate 京A12345, about 10:30, next to 15 Chaoyang North Road, telephone 010-6505 0000.",
    "Ein Mann mit blauem Mantel steht allein an der Haltestelle und weiß den Weg nicht.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_costs_no_read(text: str) -> None:
    assert list(likely_receipts(text)) == []


UNKNOWN = "7Q2MX0ZB4K9TJ6VHWD1RCN8E5A"


@pytest.mark.parametrize("text", ["7Q2MX0ZB4K9TJ6VH", "B-7Q2MX0ZB4K9TJ6VH", "C-7Q2MX0ZB4K9TJ6VH"])
def test_the_id_of_a_medium_or_a_bulletin_stays(text: str) -> None:
    assert ids.on_record(text) == text


def test_what_may_be_a_receipt_leaves_a_hash() -> None:
    kept = ids.on_record(UNKNOWN)
    assert kept.startswith("sha256:")
    assert UNKNOWN not in kept
    assert kept == ids.on_record(UNKNOWN) != ids.on_record(UNKNOWN[::-1])
    for typed in (UNKNOWN, UNKNOWN.lower(), f"{UNKNOWN[:9]}-{UNKNOWN[9:]}".lower()):
        assert ids.name_on_record(typed) == kept


@pytest.mark.parametrize(
    "text", ["", "Wang", "B-Wang", UNKNOWN.lower(), UNKNOWN[:25], f"B-{UNKNOWN}", UNKNOWN + "A"]
)
def test_anything_else_leaves_nothing(text: str) -> None:
    assert ids.on_record(text) == "no id"


def test_the_filters_of_a_list_stay_without_what_is_no_id() -> None:
    query = ReportQuery(bulletin_id="Wang", assignee="wang", category="other")
    assert query.on_record() == {"bulletin_id": "no id", "assignee": "wang", "category": "other"}
    assert query.filters()["bulletin_id"] == "Wang"
    assert ReportQuery(assignee=UNKNOWN).on_record() == {"assignee": ids.on_record(UNKNOWN)}
    assert ReportQuery().on_record() == {}
