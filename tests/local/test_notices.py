"""What the local stack shows of a notice."""

import json

import pytest

from infra.local.notices import shown

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
    assert shown(json.dumps(FORMS), "Subject", full=full) == expected


def test_a_message_in_one_form_has_a_line_only() -> None:
    assert shown(FORMS["default"], "Subject", full=True) == LINE
