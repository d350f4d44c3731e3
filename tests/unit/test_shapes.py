"""The types of views: values are converted, and absent members are left out."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest

from chalicelib.http.shapes import MessageView, Shape, Timestamp, left_out
from chalicelib.kernel.models import NotNull, Record


class Kept(Record):
    at: datetime
    unseen: str = "never shown"
    word: str | None = None


class KeptView(Shape):
    at: Timestamp
    word: Annotated[str | None, NotNull()] = left_out()
    more: int


NOW = datetime(2026, 11, 24, 8, 30, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (None, {"at": "2026-11-24T08:30:00.123Z", "more": 1}),
        ("x", {"at": "2026-11-24T08:30:00.123Z", "word": "x", "more": 1}),
    ],
)
def test_a_view_shows_its_own_fields_and_leaves_out_what_there_is_not(
    word: str | None, shown: Any
) -> None:
    assert KeptView.of(Kept(at=NOW, word=word), more=1).model_dump(mode="json") == shown


def test_a_member_that_may_be_left_out_is_documented_so() -> None:
    schema = KeptView.model_json_schema(mode="serialization")

    assert schema["required"] == ["at", "more"]
    assert schema["properties"]["word"]["type"] == "string"
    assert schema["properties"]["at"] == {
        "title": "At",
        "type": "string",
        "format": "date-time",
    }


def test_only_what_may_be_none_can_be_documented_as_never_null() -> None:
    class Wrong(Shape):
        word: Annotated[str, NotNull()]

    with pytest.raises(TypeError, match="None"):
        Wrong.model_json_schema()


def test_a_message_goes_out_under_the_names_of_the_contract() -> None:
    kept = {"id": "M", "sender": "officer", "text": "…", "sent_at": NOW}

    assert MessageView.model_validate(kept).model_dump(mode="json", by_alias=True) == {
        "id": "M",
        "from": "officer",
        "text": "…",
        "sent_at": "2026-11-24T08:30:00.123Z",
    }
