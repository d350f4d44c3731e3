"""Documents are true: what they name exists, what they count is counted, pages are up to date."""

import ast
import dataclasses
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from chalicelib.domain.catalogue.attachments import (
    MAX_BYTES_PER_REPORT,
    MAX_MEDIA_PER_CALL,
    MAX_MEDIA_PER_REPORT,
    MIB,
)
from chalicelib.domain.flood.sources import DRILL_LIMITS, LIMITS
from chalicelib.domain.reports.entries import (
    MAX_POSITIONS_PER_REPORT,
    MESSAGE_EVERY,
    MESSAGES_AT_ONCE,
    POSITION_EVERY,
    POSITIONS_AT_ONCE,
)
from chalicelib.http.index import EXPOSED_HEADERS
from chalicelib.kernel.config import Settings
from chalicelib.kernel.languages import texts
from chalicelib.kernel.text import LINE_MAX, TEXT_MAX
from infra import template
from infra.reference import errors, settings
from infra.reference.__main__ import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
# A path in a document begins at one of these folders: the root or the app.
FOLDERS = [
    path.name
    for parent in (ROOT, ROOT / "chalicelib")
    for path in parent.iterdir()
    # What a run or a tool leaves behind, `.local` say, is there or not.
    if path.is_dir()
    and (path.name in (".chalice", ".ci") or (path.name[0] not in "._" and path.name != "build"))
]
PASTED = ("local", "events", "mobile")
DIAGRAMS = ("flowchart", "sequenceDiagram", "stateDiagram-v2")
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
)


def named_paths(text: str) -> list[str]:
    """Return the paths of files and folders in `text` that are written as code: `aws/keys.py`."""
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    return [path for path in named if path.partition("/")[0] in FOLDERS]


def exists(path: str) -> bool:
    """Return whether a file, folder, module or name in a module (`aws/keys.report`) exists."""
    module, _, name = path.rpartition(".")
    for parent in (ROOT, ROOT / "chalicelib"):
        if (parent / path).exists() or (parent / f"{path}.py").is_file():
            return True
        source = parent / f"{module}.py"
        if source.is_file() and re.search(rf"(def|class) {name}\b", source.read_text("utf-8")):
            return True
    return False


def diagrams(text: str) -> list[str]:
    return re.findall(r"^```mermaid\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ] == []


@each_document
def test_a_path_that_is_named_is_there(document: Path) -> None:
    assert [
        path for path in named_paths(document.read_text(encoding="utf-8")) if not exists(path)
    ] == []


def test_a_path_that_the_code_names_is_there() -> None:
    sources = [
        path for folder in ("chalicelib", "infra") for path in ROOT.glob(f"{folder}/**/*.py")
    ]
    named = {
        f"{source.relative_to(ROOT)}: {path}"
        for source in sources
        for path in named_paths(source.read_text(encoding="utf-8"))
        if not exists(path) and "." in path
    }
    assert sorted(named) == []


def test_the_map_has_every_floor_and_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    chalicelib = ROOT / "chalicelib"
    floors = {f"{path.name}/" for path in chalicelib.iterdir() if (path / "__init__.py").exists()}
    rooms = {
        path.stem
        for floor in ("domain", "store", "services", "handlers")
        for path in (chalicelib / floor).iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert sorted(name for name in floors | rooms if f"| `{name}` |" not in text) == []


@each_document
def test_a_command_of_make_that_is_named_is_there(document: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = re.findall(r"`make (?:-s )?([a-z-]+)", document.read_text(encoding="utf-8"))
    assert [name for name in named if name not in targets] == []


def test_the_readme_links_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert sorted(pages - set(re.findall(r"\]\(([^)#]+)", readme))) == []


@each_document
def test_a_diagram_is_of_a_known_kind(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert text.count("```mermaid") == len(diagrams(text))
    assert [
        diagram for diagram in diagrams(text) if diagram.split(maxsplit=1)[0] not in DIAGRAMS
    ] == []


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}.md" for name in PASTED)])
def test_what_is_no_command_says_what_it_is(page: str) -> None:
    fences = re.findall(r"^```(.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    # `tests/local/test_readme.py` pastes what is `sh`.
    assert set(fences[::2]) <= {"sh", "json", "http", "text", "mermaid"}
    assert set(fences[1::2]) == {""}


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
]


def words(name: str) -> str:
    """Return a page with its line breaks as blanks."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("page", "claim", "types"),
    [
        (
            "docs/data.md",
            r"(\w+) DynamoDB tables and (\w+) buckets, defined in `infra/resources.yaml`",
            ("AWS::DynamoDB::Table", "AWS::S3::Bucket"),
        ),
        (
            "docs/operations.md",
            r"(\w+) secrets and (\w+) keys decide who can read what",
            ("AWS::SecretsManager::Secret", "AWS::KMS::Key"),
        ),
    ],
)
def test_a_figure_of_resources_is_that_of_the_template(
    page: str, claim: str, types: tuple[str, ...]
) -> None:
    resources = template.load("resources.yaml")["Resources"].values()
    counted = Counter(each["Type"] for each in resources)
    found = re.search(claim, words(page))
    assert found
    assert [number.lower() for number in found.groups()] == [NUMBERS[counted[t]] for t in types]


def test_no_page_counts_what_changes_with_each_change() -> None:
    counted = re.compile(r"\b\d[\d,]* (?:tests|operations|faults)\b", re.IGNORECASE)
    assert {
        page.name: found for page in PAGES if (found := counted.findall(page.read_text()))
    } == {}


def test_each_entry_of_the_changelog_is_one_line() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("## [Unreleased]")[2]
    lines = [line for line in text.splitlines() if line]
    assert [line for line in lines if len(line) > 120 or line.startswith(" ")] == []


@pytest.mark.parametrize("page", ["README.md", "docs/overview.md"])
def test_readers_learn_at_once_what_was_never_tried_on_aws(page: str) -> None:
    assert "**Never tried on AWS**" in words(page)


def test_a_flaw_is_reported_to_an_address_that_exists() -> None:
    text = words("SECURITY.md")
    assert "*Report a vulnerability*" in text
    assert re.findall(r"<[^>]+>|placeholder", text) == []


_SUM = re.compile(r"\| \*\*all\*\* \| \*\*([\d.]+)\*\* \|")


def test_the_first_sentence_of_the_cost_says_the_sum_of_its_table() -> None:
    text = words("docs/cost.md")
    (said,), (counted, *_) = re.findall(r"about (\d+) US dollars", text), _SUM.findall(text)
    assert int(said) == round(float(counted))


INVARIANTS = [f"I{number}" for number in range(1, 17)]


def invariants() -> dict[str, str]:
    """Return the row of each invariant."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    return {row[1]: row[0] for row in re.finditer(r"^\| (I\d+) \|.*$", text, re.MULTILINE)}


def named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)


@cache
def known_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_invariant_has_a_row() -> None:
    assert list(invariants()) == INVARIANTS


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_the_tests_of_an_invariant_exist(invariant: str) -> None:
    tests = named(invariants()[invariant])
    assert tests
    assert [test for file, test in tests if test not in known_in(file)] == []


PAGE = ROOT / "docs" / "security.md"
COLUMNS = 4


def breaches() -> dict[str, list[str]]:
    """Return the cells of each row of the table of breaches, by its first cell."""
    table = PAGE.read_text(encoding="utf-8").partition("| breach |")[2].partition("\n\n")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]
    return {row[0]: row for row in cells}


def shown_by() -> dict[str, str]:
    """Return what the page names for each row of the table, by the row's first cell."""
    text = PAGE.read_text(encoding="utf-8").partition("### Shown by")[2].partition("\n## ")[0]
    return dict(re.findall(r"(?m)^- \*\*(.+?)\*\*: (.+)$", text))


def named_tests(text: str) -> list[str]:
    return re.findall(r"`([\w/]+\.py::\w+)`", text)


def is_a_test(named: str) -> bool:
    """Return whether a test such as `unit/test_docs.py::test_…` is a function of its file."""
    file, _, name = named.partition("::")
    return (ROOT / "tests" / file).is_file() and name in known_in(f"tests/{file}")


def test_every_named_test_exists() -> None:
    named = named_tests(PAGE.read_text(encoding="utf-8"))
    assert named
    assert [test for test in named if not is_a_test(test)] == []


def test_every_row_is_shown_by_a_test() -> None:
    found = breaches()
    assert len(found) > 10
    assert {name: len(row) for name, row in found.items()} == dict.fromkeys(found, COLUMNS)
    shown = shown_by()
    assert list(shown) == list(found)
    assert [name for name, text in shown.items() if not named_tests(text)] == []


# Codes of base classes, which are never raised.
NEVER_RETURNED = {"error", "conflict"}


def lines_of(page: str) -> dict[str, str]:
    """Return the lines of all tables by the name in their first cell."""
    return dict(re.findall(r"^\| `([\w-]+)` \|(.*)$", page, re.MULTILINE))


def test_the_pages_are_up_to_date() -> None:
    main(["--check"])


def test_a_stale_page_fails_the_check_and_says_what_to_run(tmp_path: Path) -> None:
    main([], tmp_path)
    main(["--check"], tmp_path)
    (tmp_path / "settings.md").write_text("stale")

    with pytest.raises(SystemExit, match=r"settings\.md is not up to date: run `make docs`"):
        main(["--check"], tmp_path)


@pytest.mark.parametrize("kind", ["error", "field", "reject"])
def test_every_code_is_on_the_page(kind: str) -> None:
    codes = {key.split(".")[1] for key in texts("en") if key.startswith(f"{kind}.")}
    assert codes - lines_of(errors.page()).keys() <= NEVER_RETURNED


def test_an_error_is_listed_with_the_routes_that_return_it() -> None:
    listed = lines_of(errors.page())
    assert listed["unavailable"].endswith("| every route |")
    assert "`POST /v1/reports`" in listed["category_not_active"]
    assert listed["bad_request"].endswith("| the gateway only |")


def test_every_setting_is_on_the_page() -> None:
    listed = lines_of(settings.page())
    assert {each.name.upper() for each in dataclasses.fields(Settings)} <= listed.keys()
    assert "`residents`, `officers`, `make_thumbnails`" in listed["REPORTS_TABLE"]


def test_every_variable_that_the_local_stack_reads_is_on_the_page() -> None:
    read = {
        name
        for path in (ROOT / "infra").rglob("*.py")
        for name in re.findall(
            r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"', path.read_text(encoding="utf-8")
        )
    }
    assert {"WITHOUT", "LOCAL_DIR"} <= read
    read = {name for name in read if not name.startswith("REHEARSAL_")}  # between its processes
    # The AWS SDK, an emulator, Python or the system reads them too.
    assert read - lines_of(settings.page()).keys() <= {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "GATEWAY_PORT",  # ministack's own
        "PATH",
        "SSL_CERT_FILE",
    }


def test_a_variable_of_make_has_its_targets_and_its_description() -> None:
    variables = "## The port,\n## of us\nPORT ?= 80\nVENV := .venv\n"
    makefile = f"{variables}run: x ## Run\n\t@serve $(PORT)\n\nx:\n\t@y\n"
    assert list(settings.make_variables(makefile)) == [("PORT", "80", "The port, of us", ("run",))]


def test_every_variable_of_make_is_described() -> None:
    variables = settings.make_variables((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert [each.name for each in variables if not each.description] == []


def test_apps_are_told_the_limits_and_the_headers_of_the_code() -> None:
    page = words("docs/mobile.md")
    limits = page.partition("## Limits")[2].partition("## Drills")[0]
    for said in (
        f"{TEXT_MAX:,} characters",
        f"{LINE_MAX}; its `max_length`",
        f"{MAX_MEDIA_PER_CALL} in a call; in a report {MAX_MEDIA_PER_REPORT},",
        f"{MAX_BYTES_PER_REPORT // MIB} MiB together",
        f"{MESSAGES_AT_ONCE} at once, then one in {MESSAGE_EVERY.seconds} s",
        f"{MAX_POSITIONS_PER_REPORT} in all; {POSITIONS_AT_ONCE} at once, then one in "
        f"{POSITION_EVERY.seconds} s",
        f"{LIMITS.address} from an address and {LIMITS.network} from its network",
        f"{DRILL_LIMITS.address} and {DRILL_LIMITS.network}, the same way",
    ):
        assert said in limits, said
    readable = page.partition("It may read ")[2].partition(", on error")[0]
    assert tuple(re.findall("`(.+?)`", readable)) == EXPOSED_HEADERS
