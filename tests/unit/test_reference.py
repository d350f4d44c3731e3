"""The reference pages have every error code and every setting, and are up to date."""

import dataclasses
import re
from pathlib import Path

import pytest

from chalicelib.kernel.config import Settings
from chalicelib.kernel.languages import texts
from infra.reference import errors, settings
from infra.reference.__main__ import main

ROOT = Path(__file__).parents[2]
# Codes of base classes, which are never raised, and of an unknown method, for which API Gateway
# returns 404.
NEVER_RETURNED = {"error", "conflict", "method_not_allowed"}


def rows(page: str) -> dict[str, str]:
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
    assert codes - rows(errors.page()).keys() <= NEVER_RETURNED


def test_an_error_is_listed_with_the_routes_that_return_it() -> None:
    listed = rows(errors.page())
    assert listed["unavailable"].endswith("| every route |")
    assert "`POST /v1/reports`" in listed["category_not_active"]
    assert listed["bad_request"].endswith("| the gateway only |")


def test_every_setting_is_on_the_page() -> None:
    listed = rows(settings.page())
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
    assert read - rows(settings.page()).keys() <= {
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
