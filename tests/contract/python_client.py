"""Generates a Python client of a document and builds each operation's request with it.

The generator must say nothing: each of its warnings means that it leaves something out. Each body
is then constructed, from the document's own example, by the model that the client has for it, and
must come out as it went in. No attribute may be of type Any. Each response is read by it with a new
value in each place that is open: what we add tomorrow breaks no client of today.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args, get_type_hints

import attrs
import httpx

from tests.contract import tomorrow

PACKAGE = "generated_client"
CONFIG = Path(__file__).with_suffix(".yaml")
SHOWN = 30
_HEADERS = {"idempotency_key": "0b0d9b5a-6c3e-4f5e-9d4b-1c2d3e4f5a6b", "if_match": '"1"'}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", type=Path)
    path: Path = parser.parse_args().document
    document = json.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        problems = generate(path, Path(folder) / PACKAGE)
        sys.path.insert(0, folder)
        problems += [f"{place} is of type Any" for place in untyped()]
        bodies = list(examples(document))
        for method, route, example in bodies:
            try:
                build(Path(folder) / PACKAGE, method, route, example)
            except Exception as error:
                problems.append(f"{method} {route}: {type(error).__name__}: {error}")
        problems += unread(Path(folder) / PACKAGE, document)
    if problems:
        # The first and the last: one cause often has a warning for every operation.
        shown = [*problems[:SHOWN], "…", *problems[-SHOWN:]]
        shown = problems if len(problems) <= 2 * SHOWN else shown
        sys.exit("\n".join([*shown, f"{len(problems)} problems of the Python client"]))
    print(f"openapi-python-client: no warning, {len(bodies)} bodies constructed")


def generate(document: Path, output: Path) -> list[str]:
    """Write the client; return the generator's warnings, each on a line."""
    command = [
        sys.executable,
        "-m",
        "openapi_python_client",
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    options = ["--path", str(document), "--config", str(CONFIG), "--output-path", str(output)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    said = re.split(r"\n\n(?=WARNING |ERROR |Unable )", done.stdout + done.stderr)
    warnings = [_on_a_line(each) for each in said if re.match(r"WARNING|ERROR|Unable", each)]
    if done.returncode and not warnings:
        warnings = [_on_a_line(done.stdout + done.stderr)]
    if not output.is_dir():
        sys.exit("\n".join(warnings))
    return warnings


def _on_a_line(text: str) -> str:
    # The generator prints some values as objects at an address.
    return " ".join(re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", "…", text).split())[:300]


def examples(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Give method, path and each example body of each operation that takes one."""
    for route, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            several = content.get("examples", {"": {"value": content.get("example")}})
            for example in several.values():
                yield method, route, example["value"]


def build(client: Path, method: str, route: str, example: Any) -> None:
    """Construct the body and the request. Raises an error when the client cannot."""
    module = module_of(client, method, route)
    hints = get_type_hints(module._get_kwargs)
    body = construct(hints["body"], example)
    arguments: dict[str, Any] = {"body": body}
    for name in hints.keys() - {"body", "return"}:
        if name in _HEADERS:
            arguments[name] = _of(hints[name], _HEADERS[name])
        elif f"{{{name}}}" in route:
            arguments[name] = "x"
    sent = module._get_kwargs(**arguments)
    request = httpx.Request(**sent | {"url": f"http://localhost{sent['url']}"})
    if not same(json.loads(request.content), example):
        raise ValueError(f"sends {request.content.decode()}")


def unread(client: Path, document: Any) -> Iterator[str]:
    """Give each response of tomorrow that the client of today cannot read, or does not keep."""
    caller = importlib.import_module(f"{PACKAGE}.client").Client(
        base_url="http://localhost", raise_on_unexpected_status=True
    )
    for route, methods in document["paths"].items():
        for method, operation in methods.items():
            module = module_of(client, method, route)
            for status, answer in operation["responses"].items():
                for medium in tomorrow.resolved(answer).get("content", {}).values():
                    for example in tomorrow.examples(medium):
                        later = tomorrow.of_tomorrow(example, medium["schema"], set())
                        response = httpx.Response(int(status), json=later)
                        try:
                            read = module._parse_response(client=caller, response=response)
                            kept = same(read.to_dict(), later)
                        except Exception as error:
                            yield f"{method} {route} {status}: {type(error).__name__}: {error}"
                        else:
                            if not kept:
                                yield f"{method} {route} {status} loses something"


def construct(kind: Any, example: Any) -> Any:
    """Return the model of the example; of several kinds, the first that takes all of it."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    wrong: list[str] = []
    for each in kinds:
        try:
            model = each.from_dict(example)
            if same(model.to_dict(), example):
                return model
            wrong.append(f"{each.__name__} loses something")
        except Exception as error:
            wrong.append(f"{each}: {error!r}")
    raise ValueError(f"cannot be constructed: {'; '.join(wrong)}")


def same(sent: Any, example: Any) -> bool:
    """Whether both say the same. The client writes a time's zone in its own way."""
    if isinstance(sent, dict) and isinstance(example, dict):
        both = sent.keys() == example.keys()
        return both and all(same(sent[name], example[name]) for name in example)
    if isinstance(sent, list) and isinstance(example, list):
        return len(sent) == len(example) and all(map(same, sent, example))
    if isinstance(sent, str) and isinstance(example, str) and sent != example:
        try:
            return datetime.fromisoformat(sent) == datetime.fromisoformat(example)
        except ValueError:
            return False
    return bool(sent == example)


def _of(kind: Any, value: str) -> Any:
    """Return the value as the client takes it: a string, or what a client makes of one."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return value if str in kinds else kinds[0](value)


def module_of(client: Path, method: str, route: str) -> ModuleType:
    """Return the client's module of an operation. Raises LookupError when it has none."""
    wanted = f'"method": "{method}",\n        "url": "{route}"'
    for path in (client / "api").glob("*/*.py"):
        if wanted in path.read_text(encoding="utf-8"):
            return importlib.import_module(f"{PACKAGE}.api.{path.parent.name}.{path.stem}")
    raise LookupError("the client has no such operation")


def untyped() -> Iterator[str]:
    """Give each attribute of the client's models that may be anything.

    The generator gives each open object a dictionary for members of later versions; an object that
    has nothing but this one is untyped itself.
    """
    models = importlib.import_module(f"{PACKAGE}.models")
    for name in models.__all__:
        model = getattr(models, name)
        if not attrs.has(model):
            continue
        fields = attrs.fields(model)
        for field in fields:
            is_rest = field.name == "additional_properties"
            if re.search(r"\bAny\b", str(field.type)) and (len(fields) == 1 or not is_rest):
                yield f"{name}.{field.name}"


if __name__ == "__main__":
    main()
