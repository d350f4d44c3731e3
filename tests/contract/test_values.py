"""Valid bodies get real values by the names of their members, and keep all the others."""

from typing import Any

import pytest

from tests.contract.values import always, in_languages, one_of, settle

VALUES = {
    "bulletin_id": always("B-1"),
    "categories": one_of(["a", "b"]),
    "title": in_languages(["en", "zh"]),
}


@pytest.mark.parametrize(
    ("generated", "sent"),
    [
        ({"text": "x"}, {"text": "x"}),
        ({"bulletin_id": "?"}, {"bulletin_id": "B-1"}),
        ({"bulletin_id": None}, {"bulletin_id": None}),
        ({"items": [{"bulletin_id": "?"}]}, {"items": [{"bulletin_id": "B-1"}]}),
        ({"categories": ["a", "a"]}, {"categories": ["a"]}),
        ({"categories": [{"code": "b", "n": 1}]}, {"categories": [{"code": "b", "n": 1}]}),
        ({"title": {"qq": "x"}}, {"title": {"en": "x"}}),
        ({"title": {"qq": "x", "qr": "y", "qs": "z"}}, {"title": {"en": "x", "zh": "y"}}),
        ({"title": "x"}, {"title": "x"}),
        (7, 7),
    ],
)
def test_a_member_with_a_real_value_gets_it(generated: Any, sent: Any) -> None:
    assert settle(generated, VALUES) == sent


def test_a_generated_code_becomes_the_same_known_one_each_time() -> None:
    chosen = settle({"categories": ["?", "!", "?"]}, VALUES)["categories"]

    assert set(chosen) <= {"a", "b"}
    assert chosen == settle({"categories": ["?", "!"]}, VALUES)["categories"]
