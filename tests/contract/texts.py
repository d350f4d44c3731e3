"""What is right of a text and no schema can say: it is measured without what nobody sees."""

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.kernel.text import clean


def explains(check: str, message: str, case: Any, response: Any) -> bool:
    """Return whether a check failed only since a text was blank, or had another length as it was
    sent than as it is kept.
    """
    status = response.status_code
    if check == "positive_data_acceptance" and status == 422:
        return {each["code"] for each in json.loads(response.content)["errors"]} == {"blank"}
    if check == "negative_data_rejection" and status < 300 and "Length`" in message:
        return any(clean(text) != text for text in _texts([case.body, case.query]))
    return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
