"""Every route, with its examples and changed ones, returns a documented response."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.officers.model import Role
from chalicelib.http import index
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.requests import IF_MATCH, Header
from chalicelib.http.routes import Access, Operation
from tests import cloud
from tests.client import call, new_key
from tests.conftest import examples
from tests.steps import file

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["*", "other", "zh", "2026-11-24T08:30:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=6,
)
WORDS = st.text(max_size=30) | st.sampled_from(
    [
        "0",
        "-1",
        "*",
        "..",
        "%00",
        "null",
        "wang",
        "2026-11-24T08:30:00Z",
        "chaoyang",
        "other",
        "Z" * 26,
        "A" * 500,
    ]
)


@pytest.fixture(scope="module")
def known(aws: Mapping[str, str]) -> dict[str, str]:
    """Return existing ids by the name of the path's parameter, and a receipt."""
    cloud.officer("wang", roles=tuple(Role))
    created = file(media=[{"content_type": "video/mp4", "size": 17 << 20}])
    draft = next(
        operation for operation in index.operations() if operation.name == "draft_bulletin"
    )
    bulletin = call(
        "POST", draft.path, request_examples()[draft.name], key=new_key(), officer="wang"
    ).json
    return {
        "report_id": created["id"],
        "receipt": created["receipt"],
        "media_id": created["uploads"][0]["media_id"],
        "bulletin_id": bulletin["id"],
        "username": "li",
    }


@st.composite
def mutated(draw: st.DrawFn, example: Any) -> Any:
    """Return the example with members changed, removed or added at any depth."""
    if not isinstance(example, dict) or draw(st.integers(0, 9)) == 9:
        return draw(JSON)
    body = dict(example)
    for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=2)) if body else ():
        change = draw(st.sampled_from(["drop", "replace", "deeper"]))
        if change == "drop":
            body.pop(name, None)
        elif name in body:
            body[name] = draw(mutated(body[name]) if change == "deeper" else JSON)
    if draw(st.integers(0, 9)) == 9:
        body[draw(st.text(max_size=10))] = draw(JSON)
    return body


@pytest.mark.parametrize(
    "operation",
    index.operations(),
    ids=[f"{operation.method} {operation.path}" for operation in index.operations()],
)
# A few for each operation, with every run of the tests; `make contract-fuzz` sends thousands.
@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_comes_the_response_is_as_documented(
    operation: Operation, known: Mapping[str, str], data: st.DataObject
) -> None:
    path = "/".join(
        quote(_segment(part, known, data), safe="") for part in operation.path.split("/")
    )
    if operation.query:
        names = st.sampled_from([*operation.query.model_fields, "other"])
        path += "?" + urlencode(data.draw(st.lists(st.tuples(names, WORDS), max_size=2)))
    headers = {}
    if operation.headers & IF_MATCH:
        headers["If-Match"] = data.draw(st.sampled_from(['"1"', '"2"', "*", ""]))
    if 304 in operation.returns:
        headers["If-None-Match"] = data.draw(st.sampled_from(["*", '"a"', "a, b"]))
    reply = call(
        operation.method,
        path,
        data.draw(mutated(request_examples().get(operation.name))) if operation.body else None,
        headers=headers,
        key=new_key() if operation.headers & {Header.KEY, Header.OPTIONAL_KEY} else None,
        receipt=known["receipt"] if operation.access is Access.RECEIPT else None,
        officer="wang" if operation.access is Access.OFFICER else None,
    )
    assert reply.status != 503, reply.text


def _segment(part: str, known: Mapping[str, str], data: st.DataObject) -> str:
    if not part.startswith("{"):
        return part
    good = data.draw(st.integers(0, 4)) < 4
    return known.get(part[1:-1], "x") if good else data.draw(WORDS.filter(bool))
