"""`make web-check`: lint, types, unit tests, sizes, and the browser tests in all their languages.

python -m infra.web.check                   all of it
python -m infra.web.check --without-browser what takes seconds, for `make check`
python -m infra.web.check tests/browser/…   with these browser tests, or other arguments of pytest
"""

import subprocess
import sys

from chalicelib.http import index
from chalicelib.http.openapi import document
from chalicelib.http.openapi.document import written
from chalicelib.kernel import city
from infra.web.build import ROOT, NotBuilt, build, install
from infra.web.node import Failed, InstalledNode
from infra.web.sizes import sizes

_WEB, _SDK = ROOT / "web", ROOT / "sdk"
_WITHOUT_BROWSER = "--without-browser"
# JSON that is written by hand.
_JSON = (".chalice", "chalicelib/http/examples", "city", "tests/cities", "tests/events")


def main() -> None:
    try:
        install(say=_say)
        folder = build(city=city.FOLDER, say=_say)
    except NotBuilt as error:
        sys.exit(f"The web clients are not built: {error}")
    wrong = [f"{name}:\n{found}" for name, found in _tools()]
    wrong += [
        f"{size.page} loads {size.kilobytes:.1f} KB, over {size.budget_kb} KB"
        for size in sizes(folder)
        if not size.holds
    ]
    if wrong:
        sys.exit("\n\n".join(wrong))
    if _WITHOUT_BROWSER in sys.argv:
        _say("Lint, types, unit tests and sizes hold.")
        return
    _say("Lint, types, unit tests and sizes hold. The browser tests, in all languages ...")
    chosen = sys.argv[1:] or ["-n", "auto", "tests/browser"]
    tests = [sys.executable, "-m", "pytest", "--no-cov", *chosen]
    sys.exit(subprocess.run(tests, cwd=ROOT, check=False).returncode)


def _tools() -> list[tuple[str, str]]:
    """Return what Biome, TypeScript and the unit tests find wrong, with the types of today."""
    node, found = InstalledNode(), []
    modules = _WEB / "node_modules"
    biome = modules / "@biomejs" / "biome" / "bin" / "biome"
    whole = ROOT / "build" / "openapi.json"
    whole.write_text(written(document(index.operations(), open_values=False)), encoding="utf-8")
    generator = modules / "openapi-typescript" / "bin" / "cli.js"
    compiler = modules / "typescript" / "bin" / "tsc"
    types = (_WEB / "shared" / "schema.d.ts", _SDK / "schema.ts")
    for name, folder, script, arguments in (
        ("types of the API", _WEB, generator, (str(whole), "--output", str(types[0]))),
        ("types of the SDK", _SDK, generator, ("../openapi.json", "--output", str(types[1]))),
        ("types of anything", _SDK, _SDK / "testing" / "untyped.mjs", tuple(map(str, types))),
        ("lint", _WEB, biome, ("lint", "--error-on-warnings")),
        ("lint of the SDK", _SDK, biome, ("lint", "--error-on-warnings")),
        ("types", _WEB, compiler, ("--noEmit",)),
        ("the SDK", _SDK, compiler, ()),
        ("unit tests", _WEB, modules / "vitest" / "vitest.mjs", ("run",)),
        ("JSON, which `make format` mends", ROOT, biome, ("format", *_JSON)),
    ):
        try:
            node.run(script, *arguments, folder=folder, environment={"CITY": str(city.FOLDER)})
        except Failed as error:
            found.append((name, str(error)))
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
