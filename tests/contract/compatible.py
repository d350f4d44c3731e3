"""Compares the OpenAPI documents with those of the last release: `make contract-release`.

All that a client may rely on is still there, of the same type: operations and their ids,
parameters, bodies, statuses, codes of errors, headers, and each field with its values. More may
come, but nothing that a request must have. The values of a response may become open ones.
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.http import index
from chalicelib.http.docs import DOCUMENTS
from chalicelib.http.openapi.document import document_of
from chalicelib.kernel.config import Api
from infra.release import ROOT, read_releases

_FLAGS = "there are none: what is sent back empty is taken"
_NO_FLAGS = "nobody reads them: where there are none, all is on"
_TAG = "nobody approves what they have not read"
_DECLINES = "null declines an end that waits; all that was taken is taken"
_NO_REASON = "a part has the reason that was approved: what is sent counts no more, null is taken"
_CLOSING = "one step of all ends that take two, not of `malicious` alone"
_KEY_REUSED = "reuse of a key is 422, as the IETF draft says; the code is the same"
_WITH_KEY = (
    "/v1/reports",
    *(f"/v1/reports/{{report_id}}/{each}" for each in ("messages", "positions", "reopen", "media")),
    "/v1/officer/reports",
    *(f"/v1/officer/reports/{{report_id}}/{each}" for each in ("media", "messages", "notes")),
    "/v1/officer/bulletins",
    "/v1/officer/bulletins/{bulletin_id}/media",
)
_SHARDS = "a figure of the tables, which only a new catalogue.json may change; 1 is taken"
_ROLE = "auditor and oversight are roles that stand alone"
_OFFICER = "/v1/admin/officers/{username}"
_SOUNDS = "more kinds of sound are taken; what was taken still is"
_DECLARING = (
    "POST /v1/reports body TextReport",
    "POST /v1/reports body MediaReport",
    "POST /v1/reports/{report_id}/media body",
    "POST /v1/officer/reports body OfficerTextReport",
    "POST /v1/officer/reports body OfficerMediaReport",
)
CHANGED: Mapping[str, Mapping[str, str]] = {
    "0.2.0rc1": {
        "GET /v1/catalogue 200 application/json app flags": _NO_FLAGS,
        "PATCH /v1/admin/catalogue body app flags": _FLAGS,
        "PATCH /v1/admin/catalogue 200 application/json categories [] shards": _SHARDS,
        "PATCH /v1/admin/catalogue body categories [] shards": _SHARDS,
        "POST /v1/officer/exports/{export_id}/approve header If-Match": _TAG,
        "POST /v1/officer/reports/{report_id}/hold/approve header If-Match": _TAG,
        "POST /v1/officer/reports/{report_id}/hold/lift/approve header If-Match": _TAG,
        "POST /v1/officer/reports/{report_id}/malicious/confirm": _CLOSING,
        "PATCH /v1/officer/reports/{report_id} body disposition": _DECLINES,
        "POST /v1/officer/exports/{export_id}/parts/{part} body reason": _NO_REASON,
        f"PUT {_OFFICER} body roles []": _ROLE,
        **{f"POST {each} 409 key_reused": _KEY_REUSED for each in _WITH_KEY},
        **{f"{each} media [] content_type": _SOUNDS for each in _DECLARING},
    }
}
"""What differs on purpose from a release while it is the last one: the place, with all below it,
and the reason.
"""

type Json = Mapping[str, Any]
type Place = tuple[str, ...]
# Where, of which types, whether it must be there, and which values alone it has.
type _Found = tuple[Place, Iterable[str], bool, Iterable[str]]


class Fact(NamedTuple):
    """What a client relies on at a place: its types, with the values if it has no others, and
    whether it must be there.
    """

    types: frozenset[str]
    required: bool
    values: frozenset[str] = frozenset()


def main() -> None:
    last = read_releases(ROOT)[-1]
    before = documents_of(last.commit, ROOT)
    if before is None:
        print(f"Not compared with release {last.version}: this clone has no commit {last.commit}.")
        return
    now = [document_of(index.operations(), api) for api in Api]
    changed = CHANGED.get(last.version, {})
    if wrong := problems(facts(before), facts(now), changed):
        sys.exit("\n".join([*wrong, f"{len(wrong)} differences from release {last.version}"]))
    print(f"All of release {last.version} is still documented, but for {len(changed)} changes.")


def documents_of(commit: str, root: Path) -> list[Json] | None:
    """Return the documents that a commit's own code makes; None in a clone without it."""
    with tempfile.TemporaryDirectory() as folder:
        if not unpack(commit, root, Path(folder)):
            return None
        paths = [Path(folder, "chalicelib", "handlers", "openapi.json")]
        if not paths[0].is_file():  # only 0.2.0rc1 has its one document in git, and cannot make two
            made = [sys.executable, "-m", "infra.openapi", "--into", "documents"]
            subprocess.run(made, cwd=folder, check=True)
            paths = [Path(folder, "documents", name) for name in DOCUMENTS.values()]
        return [json.loads(path.read_bytes()) for path in paths]


def unpack(commit: str, root: Path, folder: Path) -> bool:
    """Write the files of a commit into a folder; return False in a clone without it."""
    command = ["git", "-C", str(root), "archive", commit]
    archive = subprocess.run(command, check=False, capture_output=True)
    if archive.returncode != 0:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(folder, filter="data")
    return True


def problems(
    before: Mapping[Place, Fact], now: Mapping[Place, Fact], changed: Mapping[str, str]
) -> list[str]:
    """Return the differences that are not in `changed`, and what is there without a difference."""
    unused, found = set(changed), []
    for place, difference in _differences(before, now):
        named = {each for each in changed if f"{place} ".startswith(f"{each} ")}
        unused -= named
        found += [] if named else [f"{place}: {difference}"]
    return [*found, *(f"{place} is as before: take it out of CHANGED" for place in sorted(unused))]


def _differences(
    before: Mapping[Place, Fact], now: Mapping[Place, Fact]
) -> Iterator[tuple[str, str]]:
    """Yield each place where a client of the release would be wrong, and how."""
    for place, old in before.items():
        new = now.get(place)
        if new is None:
            yield " ".join(place), "is gone"
        elif new.types != old.types and (
            _is_sent(place) or new.values or new.types != old.types - old.values
        ):
            was, now_is = (" | ".join(sorted(fact.types)) for fact in (old, new))
            yield " ".join(place), f"was {was}, is {now_is}"
        elif new.required != old.required and new.required == _is_sent(place):
            yield " ".join(place), "is now required" if new.required else "may now be missing"
    for place, new in now.items():
        if place not in before and new.required and _is_sent(place) and place[:-1] in before:
            yield " ".join(place), "is new, and required"


def _is_sent(place: Place) -> bool:
    return len(place) > 1 and place[1].split()[0] in ("path", "query", "header", "body")


def facts(documents: Iterable[Json]) -> dict[Place, Fact]:
    """Return all that clients of these documents rely on, by its place."""
    found: dict[Place, Fact] = {}
    for document in documents:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                whole = _expanded(operation, document)
                for place, types, required, values in _of_operation(
                    f"{method.upper()} {path}", whole
                ):
                    # A choice gives several types to one place.
                    known = found.get(place, Fact(frozenset(), required))
                    found[place] = Fact(
                        known.types | {*types, *values}, required, known.values | {*values}
                    )
    return found


def _of_operation(name: str, operation: Json) -> Iterator[_Found]:
    yield (name,), [operation["operationId"], *map(str, operation["security"])], True, ()
    for each in operation["parameters"]:
        place = (name, f"{each['in']} {each['name']}")
        yield from _of_schema(place, each["schema"], each["required"])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from _of_schema((name, "body"), content["schema"])
    for status, response in operation["responses"].items():
        yield (name, status), [], True, ()
        for header in response.get("headers", {}):
            yield (name, status, header), [], True, ()
        for kind, content in response.get("content", {}).items():
            yield from _of_schema((name, status, kind), content["schema"])
            # Those of a problem are the codes that it may have.
            for code in content.get("examples", {}):
                yield (name, status, code), [], True, ()


def _of_schema(place: Place, schema: Json, required: bool = True) -> Iterator[_Found]:
    options = schema.get("anyOf") or schema.get("oneOf") or []
    several = sum(option != {"type": "null"} for option in options) > 1
    for option in options:
        # Of several objects each has a place of its own, named as clients name its class.
        name = [option["title"]] if several and "title" in option else []
        yield from _of_schema((*place, *name), option, required)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    types = [*types, *(schema[word] for word in ("const", "format") if word in schema)]
    yield place, map(str, types), required, tuple(map(str, schema.get("enum", [])))
    for name, field in schema.get("properties", {}).items():
        yield from _of_schema((*place, name), field, name in schema.get("required", ()))
    for word, below in (("items", "[]"), ("additionalProperties", "*")):
        if isinstance(schema.get(word), dict):
            yield from _of_schema((*place, below), schema[word])


def _expanded(value: Any, document: Json) -> Any:
    """Return a part of a document with what its references name in their place."""
    if isinstance(value, list):
        return [_expanded(each, document) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target: Any = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return _expanded(target, document)
    return {name: _expanded(each, document) for name, each in value.items()}


if __name__ == "__main__":
    main()
