"""Parameters come from the environment, and a wrong one is named before anything is sent."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra import template
from infra.deploy.checks import misspelt, read_parameters, show
from infra.stage.console import Refused

DECLARED: dict[str, dict[str, Any]] = {
    "Stage": {"Type": "String"},
    "ArtefactsBucket": {"Type": "String"},
    "PublicUrl": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "(https://.*[^/])?",
        "Description": "Address of the API",
    },
    "Waf": {"Type": "String", "Default": "0", "AllowedValues": ["0", "1"]},
    "SpendLimit": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 1000},
    "SignInPrefix": {"Type": "String", "Default": "", "MinLength": 0, "MaxLength": 5},
    "Token": {"Type": "String", "NoEcho": True, "MinLength": 2},
}


def test_a_parameter_is_set_by_the_variable_of_its_name() -> None:
    environment = {"PUBLIC_URL": "https://tips.example", "SIGN_IN_PREFIX": "tips", "HOME": "/"}
    assert read_parameters(DECLARED, environment) == {
        "PublicUrl": "https://tips.example",
        "SignInPrefix": "tips",
    }


def test_an_empty_variable_empties_the_parameter() -> None:
    assert read_parameters(DECLARED, {"PUBLIC_URL": ""}) == {"PublicUrl": ""}


def test_what_a_deployment_sets_itself_is_not_taken_from_the_environment() -> None:
    assert read_parameters(DECLARED, {"STAGE": "x", "ARTEFACTS_BUCKET": "theirs"}) == {}


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("PUBLIC_URL", "http://tips.example", r"must match .*Address of the API"),
        ("PUBLIC_URL", "https://tips.example/", "must match"),
        ("WAF", "yes", "must be one of '0', '1'"),
        ("SPEND_LIMIT", "much", "must be a number"),
        ("SPEND_LIMIT", "-1", "must be at least 0"),
        ("SPEND_LIMIT", "1001", "must be at most 1000"),
        ("SIGN_IN_PREFIX", "longer", "must have at most 5 characters"),
        ("TOKEN", "x", "must have at least 2 characters"),
    ],
)
def test_a_value_that_the_template_refuses_is_named_with_its_variable(
    variable: str, value: str, reason: str
) -> None:
    with pytest.raises(Refused, match=rf"{variable}={value} is not accepted: it {reason}"):
        read_parameters(DECLARED, {variable: value})


def test_each_wrong_variable_is_named() -> None:
    with pytest.raises(Refused, match=r"(?s)PUBLIC_URL=.*WAF=2"):
        read_parameters(DECLARED, {"PUBLIC_URL": "x", "WAF": "2"})


def test_a_secret_value_is_not_shown() -> None:
    assert show("Token", "secret", DECLARED) == "(not shown)"
    assert show("PublicUrl", "", DECLARED) == "(empty)"


def test_the_defaults_of_our_own_template_are_accepted() -> None:
    declared = template.load("app.yaml")["Parameters"]
    environment = {
        template.environment_name(name): str(each["Default"])
        for name, each in declared.items()
        if "Default" in each
    }
    assert len(read_parameters(declared, environment)) == len(environment)


@pytest.mark.parametrize("variable", ["ALARM_EMIAL", "ALARM_MAIL", "alarm_email", "AlarmEmail"])
def test_a_mistyped_variable_is_named_with_the_one_that_is_meant(variable: str) -> None:
    declared = template.load("app.yaml")["Parameters"]
    [said] = misspelt(declared, [variable, "HOME", "PATH", "AWS_REGION"])
    assert said == f"{variable} is no parameter, so it does nothing. Is ALARM_EMAIL meant?"


def test_no_variable_of_a_parameter_or_of_make_is_taken_for_a_mistake() -> None:
    declared = template.load("app.yaml")["Parameters"]
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    known = re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE)
    known += [template.environment_name(name) for name in declared]
    assert misspelt(declared, known) == []


@pytest.mark.parametrize("address", ["x", "ops@", "@city.example", "ops city@x.example"])
def test_an_address_for_alarms_that_is_none_is_refused(address: str) -> None:
    declared = template.load("app.yaml")["Parameters"]
    with pytest.raises(Refused, match="ALARM_EMAIL="):
        read_parameters(declared, {"ALARM_EMAIL": address})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OFFICER_NETWORKS", "192.0.2.0/24"),
        ("OFFICER_NETWORKS", "192.0.2.0/24,198.51.100.7/32"),
        ("OFFICER_NETWORKS_V6", "2001:db8::/32,2001:db8:1:2:3:4:5:6/128"),
    ],
)
def test_networks_of_officers_are_accepted(variable: str, value: str) -> None:
    declared = template.load("app.yaml")["Parameters"]
    assert list(read_parameters(declared, {variable: value}).values()) == [value]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OFFICER_NETWORKS", "192.0.2.1"),
        ("OFFICER_NETWORKS", "0.0.0.0/0"),
        ("OFFICER_NETWORKS", "192.0.2.0/24,"),
        ("OFFICER_NETWORKS", "192.0.2.0/24 198.51.100.7/32"),
        ("OFFICER_NETWORKS", "2001:db8::/32"),
        ("OFFICER_NETWORKS_V6", "192.0.2.0/24"),
        ("OFFICER_NETWORKS_V6", "::/0"),
        ("OFFICER_NETWORKS_V6", "2001:db8::"),
    ],
)
def test_what_the_firewall_takes_for_no_network_is_refused(variable: str, value: str) -> None:
    declared = template.load("app.yaml")["Parameters"]
    with pytest.raises(Refused, match=f"{variable}="):
        read_parameters(declared, {variable: value})
