"""What the local stack shows of a notice."""

import json

import pytest

from chalicelib.domain.addressees import groups_of, officer_address
from infra.local.notices import addressees, shown

FORMS = {
    "default": json.dumps({"kind": "report", "category": "other", "reference": "ABCD-EFGH"}),
    "email": "New report\n新报告",
    "sms": "New",
}
LINE = "notice → report · other · ABCD-EFGH · Subject"


@pytest.mark.parametrize(
    ("full", "expected"), [(False, LINE), (True, f"{LINE}\nNew report\n新报告")]
)
def test_the_text_of_the_email_is_shown_if_it_is_asked_for(full: bool, expected: str) -> None:
    assert shown(json.dumps(FORMS), "Subject", "", full=full) == expected


def test_a_message_in_one_form_has_a_line_only() -> None:
    assert shown(FORMS["default"], "Subject", "wang", full=True) == f"{LINE} · to wang"


def test_whom_it_is_for_is_shown_by_name() -> None:
    names = {officer_address(each): each for each in ("wang", "li")}

    def shown_to(*to: str) -> str:
        return addressees({"to": {"Type": "String.Array", "Value": json.dumps(to)}}, names)

    assert shown_to(officer_address("li"), "role:supervisor", "unknown") == (
        "li, role:supervisor, unknown"
    )
    assert shown_to(*groups_of("other", "chaoyang"), officer_address("wang")) == (
        "all in scope, wang"
    )
    assert addressees({}, names) == ""
