import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.reports.receipts import holds_receipt, likely_receipts, possible_receipts
from chalicelib.kernel.ids import ALPHABET, read_receipt

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
