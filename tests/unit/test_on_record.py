"""What stays on record of an id that a caller named is neither a text nor a receipt."""

import pytest

from chalicelib.domain.casework.query import ReportQuery
from chalicelib.kernel import ids

RECEIPT = "7Q2MX0ZB4K9TJ6VHWD1RCN8E5A"


@pytest.mark.parametrize("text", ["7Q2MX0ZB4K9TJ6VH", "B-7Q2MX0ZB4K9TJ6VH", "C-7Q2MX0ZB4K9TJ6VH"])
def test_the_id_of_a_medium_or_a_bulletin_stays(text: str) -> None:
    assert ids.on_record(text) == text


def test_what_may_be_a_receipt_leaves_a_hash() -> None:
    kept = ids.on_record(RECEIPT)
    assert kept.startswith("sha256:")
    assert RECEIPT not in kept
    assert kept == ids.on_record(RECEIPT) != ids.on_record(RECEIPT[::-1])
    for typed in (RECEIPT, RECEIPT.lower(), f"{RECEIPT[:9]}-{RECEIPT[9:]}".lower()):
        assert ids.name_on_record(typed) == kept


@pytest.mark.parametrize(
    "text", ["", "Wang", "B-Wang", RECEIPT.lower(), RECEIPT[:25], f"B-{RECEIPT}", RECEIPT + "A"]
)
def test_anything_else_leaves_nothing(text: str) -> None:
    assert ids.on_record(text) == "no id"


def test_the_filters_of_a_list_stay_without_what_is_no_id() -> None:
    query = ReportQuery(bulletin_id="Wang", assignee="wang", category="other")
    assert query.on_record() == {"bulletin_id": "no id", "assignee": "wang", "category": "other"}
    assert query.filters()["bulletin_id"] == "Wang"
    assert ReportQuery(assignee=RECEIPT).on_record() == {"assignee": ids.on_record(RECEIPT)}
    assert ReportQuery().on_record() == {}
