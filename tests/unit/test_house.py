"""House rules that no linter checks, old words, and what the Makefile makes of its variables."""

import ast
import os
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest

from tests.words import Exempt, find, judge, main, read_exceptions

ROOT = Path(__file__).parents[2]
MAX_LINES = 600
MAX_PARAMETERS = 6
MAX_HELPERS, MAX_COPIES = 9, 2

ROOMS = ("domain", "store", "services", "handlers")

LONG_FILES: dict[str, str] = {
    "chalicelib/wiring.py": "One builder for each collaborator, and nothing else."
}

MANY_PARAMETERS: dict[str, str] = {}

# Older than the test of subjects. They go with the next release.
LONG_SUBJECTS = {
    "List the row of migrations, which a release has from its first deployment",
    "Read earlier pages of a report by one step, and test bulletins with one sample",
    "Say why the rooms are in this order, and find the texts of a city's check",
}

NO_SEAM = "a fault inside a decoder, where nothing can be passed in"
REPLACED: dict[str, str] = {
    "tests/unit/test_images.py": NO_SEAM,
    "tests/unit/test_videos.py": NO_SEAM,
    "tests/local/moto_patches/test_dynamodb.py": "a race of moto's, made certain by a wait in it",
    "tests/open311.py": "another folder of a city, which CITY names before the process starts",
    "tests/functional/bulletins/test_outcomes.py": "another folder of a city, as above",
    "tests/functional/http/test_openapi.py": "a command's arguments, and the file that it compares",
}


def test_no_file_is_longer_than_a_reader_holds_in_mind() -> None:
    long = {
        f"{path.relative_to(ROOT)}": f"{lines} lines"
        for folder in ("chalicelib", "infra")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert_excepted(long, LONG_FILES)


def test_no_subject_uses_one_above_it_on_whatever_floor() -> None:
    """The contracts of import-linter hold on each floor; this, for all of them together."""
    order = subjects()
    graph = grimp.build_graph("chalicelib", cache_dir=None)
    upward = [
        f"{module} imports {used}"
        for module in sorted(graph.modules)
        for used in graph.find_modules_directly_imported_by(module)
        if (above := room(used)) and (own := room(module)) and order[above] < order[own]
    ]
    assert upward == []


def subjects() -> dict[str, int]:
    """Return the place of each room in the contract of subjects, the uppermost first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each["name"].startswith("Subjects"))
    return {name.strip("()"): place for place, name in enumerate(layers)}


def room(module: str) -> str | None:
    """Return the subject of a module; None beside the four floors that have rooms."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[1] in ROOMS else None


def test_no_use_case_takes_more_than_six_parameters() -> None:
    many = {}
    for path in sorted((ROOT / "chalicelib" / "services").rglob("*.py")):
        for function in functions(path):
            count = len(parameters(function))
            if count > MAX_PARAMETERS and not function.name.startswith("_"):
                many[f"{path.stem}.{function.name}"] = f"{count} parameters"
    assert_excepted(many, MANY_PARAMETERS)


def test_a_commit_says_in_72_characters_what_it_changes() -> None:
    last = tomllib.loads((ROOT / "releases.toml").read_text(encoding="utf-8"))["release"][-1]
    command = ["git", "-C", str(ROOT), "log", "--format=%s", f"{last['commit']}..HEAD"]
    log = subprocess.run(command, capture_output=True, text=True, check=False)
    if log.returncode:
        pytest.skip("without the history since the last release")
    is_named = re.compile(r"(?!Merge branch ').{1,72}").fullmatch
    assert {each for each in log.stdout.splitlines() if not is_named(each)} == LONG_SUBJECTS


def test_some_words_are_old_in_the_code_of_the_product_alone() -> None:
    line = '"""Return what whoever asks may see."""'
    found = find({"chalicelib/a.py": line, "docs/a.md": line})
    assert [(one.path, one.word) for one in found] == [
        ("chalicelib/a.py", "return what"),
        ("chalicelib/a.py", "whoever"),
    ]


def test_no_test_replaces_a_part_of_the_program() -> None:
    """Tests pass in what varies. They may set an environment variable or the search path."""
    replaced = {
        f"{path.relative_to(ROOT)}": "setattr"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if any(
            isinstance(node, ast.Attribute) and node.attr == "setattr"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    }
    assert_excepted(replaced, REPLACED)


def test_no_helper_is_defined_in_ten_test_modules() -> None:
    names, copies = Counter[str](), Counter[str]()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for function in functions(path):
            if not function.name.startswith("test_") and not function.decorator_list:
                names[function.name] += 1
                copies[f"{function.name}: {ast.dump(ast.Module(function.body, []))}"] += 1
    often = "it belongs into tests/steps.py, or needs a name that says what it does here"
    assert {name for name, count in names.items() if count > MAX_HELPERS} == set(), often
    assert {text.partition(":")[0] for text, count in copies.items() if count > MAX_COPIES} == set()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions at the top of a module, which are its use cases."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    taken = function.args
    return [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]


def assert_excepted(found: Mapping[str, str], excepted: Mapping[str, str]) -> None:
    new = [f"{name}: {what}" for name, what in found.items() if name not in excepted]
    assert not new, f"to be mended, or listed here with a reason: {new}"
    unused = sorted(set(excepted) - set(found))
    assert not unused, f"no longer needed, to be taken from the list: {unused}"


VARIABLES = (
    "STAGE",
    "SINCE",
    "QUEUE",
    "PURGE",
    "DELETE",
    "DATA",
    "CHECK",
    "STRICT",
    "WRITE",
    "ONLY",
)


def printed(*arguments: str, **environment: str) -> str:
    """Return the commands of a call of make that no other call of make leads to."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS")) and name not in VARIABLES
    }
    done = subprocess.run(
        ["make", "-n", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


each_switch = pytest.mark.parametrize(
    ("target", "variable", "flag"),
    [
        ("redrive", "PURGE", "--purge"),
        ("orphans", "DELETE", "--delete"),
        ("destroy", "DATA", "--data"),
        ("openapi", "CHECK", "--check"),
        ("docs", "CHECK", "--check"),
        ("migrate", "CHECK", "--dry-run"),
        ("words", "STRICT", "--strict"),
        ("load", "WRITE", "--write"),
    ],
)


@each_switch
def test_1_is_a_yes(target: str, variable: str, flag: str) -> None:
    assert flag in printed(target, f"{variable}=1")


@each_switch
@pytest.mark.parametrize("value", ["", "0", "no", "off", "11"])
def test_no_other_value_is_a_yes(target: str, variable: str, flag: str, value: str) -> None:
    assert flag not in printed(target, f"{variable}={value}")


@pytest.mark.parametrize(
    ("target", "variable", "value", "argument"),
    [("logs", "SINCE", "-5m", '--since="-5m"'), ("redrive", "QUEUE", "--help", '--queue="--help"')],
)
def test_a_value_that_begins_with_a_dash_stays_a_value(
    target: str, variable: str, value: str, argument: str
) -> None:
    assert argument in printed(target, f"{variable}={value}")


def test_make_test_runs_its_folders_or_what_is_named() -> None:
    assert "--part=quick --cov" in printed("test")
    assert printed("tests") == printed("test")
    named = printed("test", "ONLY=tests/unit/test_geo.py")
    assert "--no-cov tests/unit/test_geo.py" in named
    assert "--part" not in named


@pytest.mark.parametrize("target", ["run", "web", "package", "agency-key"])
def test_a_command_about_a_city_is_about_the_one_that_is_named(target: str) -> None:
    said = [
        line for line in printed(target, "CITY=tests/cities/farol").splitlines() if "CITY" in line
    ]
    assert said
    assert all(line.replace('"', "").startswith("CITY=tests/cities/farol ") for line in said)


def test_no_command_takes_the_address_of_the_docs_for_the_setting(tmp_path: Path) -> None:
    (asks := tmp_path / "Makefile").write_text("asked:\n\t@env\n")
    arguments = ("--no-print-directory", "-f", "Makefile", "-f", str(asks), "asked")
    environment = {"PATH": os.environ["PATH"], "API": "http://127.0.0.1:8000", "OTHER": "1"}
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert {"API", "OTHER"} & names == {"OTHER"}


def test_an_empty_stage_is_a_stage_that_is_given() -> None:
    assert '--stage=""' in printed("status", "STAGE=")
    assert '--stage=""' in printed("status", STAGE="")
    assert "--stage" not in printed("status")


def test_the_cost_of_no_district_is_asked_for_unless_one_is_given() -> None:
    assert "--district" not in printed("cost")
    assert "--district" in printed("cost", "DISTRICT=reports=500")
    assert "--district" in printed("cost", DISTRICT="reports=500")


TEXTS = {
    "docs/a.md": "Officers are told.\nNothing here.\nIt was Struck Off and is owed; an "
    "outstanding task.",
    "b.py": "told_apart = 1  # one can be told from another",
}


def test_each_word_is_found_with_its_line_and_not_inside_another() -> None:
    assert [(one.path, one.line, one.word) for one in find(TEXTS)] == [
        ("docs/a.md", 1, "told"),
        ("docs/a.md", 3, "struck off"),
        ("docs/a.md", 3, "owed"),
        ("b.py", 1, "told"),
    ]


def test_an_exception_covers_its_lines_and_one_that_covers_nothing_is_named() -> None:
    used = Exempt("docs/*", "Struck Off", "a quotation")
    unused = Exempt("docs/*", "genuine", "a name")
    left, idle = judge(find(TEXTS), [used, unused])
    assert [(one.path, one.line) for one in left] == [("docs/a.md", 1), ("b.py", 1)]
    assert idle == [unused]


def test_every_exception_has_a_reason() -> None:
    assert all(exception.reason for exception in read_exceptions())


def test_no_exception_is_unused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "unused" not in capsys.readouterr().out
