"""A missing setting stops its function at the start, with an error that names it."""

import os
import subprocess
import sys
from dataclasses import fields

import pytest

from chalicelib.kernel.config import NEEDED, Api, MissingSetting, Settings, check_start


def test_a_function_without_one_of_its_settings_does_not_start() -> None:
    environment = {"_HANDLER": "chalicelib.handlers.media.functions.record_media"}
    environment |= {"MEDIA_BUCKET": "media", "BULLETINS_TABLE": "bulletins"}
    with pytest.raises(MissingSetting, match=r"^REPORTS_TABLE$"):
        check_start(environment)

    check_start(environment | {"REPORTS_TABLE": "reports"})


def test_an_empty_setting_is_a_missing_one() -> None:
    with pytest.raises(MissingSetting, match=r"^AUDIT_BUCKET$"):
        check_start(
            {
                "_HANDLER": "chalicelib.handlers.watch.seal_audit",
                "REPORTS_TABLE": "reports",
                "OFFICERS_TABLE": "officers",
                "AUDIT_BUCKET": "",
            }
        )


def test_all_missing_settings_are_named_at_once() -> None:
    with pytest.raises(MissingSetting, match=r"^ISSUER, CLIENT_ID$"):
        check_start({"_HANDLER": "chalicelib.http.auth.authorize_officer", "JWKS_URI": "x"})


@pytest.mark.parametrize(
    ("api", "missing"), [(Api.RESIDENTS, "reports_table"), (Api.OFFICERS, "audit_secret")]
)
def test_the_api_lacking_a_setting_stops_at_import(api: Api, missing: str) -> None:
    given = {name.upper(): "x" for name in NEEDED[api] if name != missing} | {"API": api}
    started = subprocess.run(
        [sys.executable, "-c", "import app"],
        env={"PATH": os.environ["PATH"], "_HANDLER": "app.app", **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert started.stderr.strip().endswith(f"MissingSetting: {missing.upper()}")


@pytest.mark.parametrize("api", ["", "both"])
def test_a_deployed_api_must_be_that_of_residents_or_of_officers(api: str) -> None:
    with pytest.raises(MissingSetting, match=r"^API must be one of residents, officers$"):
        check_start({"_HANDLER": "app.app", "API": api})


def test_outside_lambda_nothing_is_checked() -> None:
    check_start({})


def test_reading_a_setting_that_is_not_there_names_it() -> None:
    with pytest.raises(MissingSetting, match=r"^REPORTS_TABLE$"):
        _ = Settings.from_environment({}).reports_table


def test_what_has_a_default_is_never_missing() -> None:
    settings = Settings.from_environment({})
    assert (settings.stage, settings.limits, settings.public_url) == ("local", True, "")
    assert not Settings.from_environment({"LIMITS": "off"}).limits


def test_every_setting_is_described_and_every_need_is_a_setting() -> None:
    known = {field.name for field in fields(Settings)}
    assert all(field.metadata["description"] for field in fields(Settings))
    assert {name for needed in NEEDED.values() for name in needed} <= known
