"""Officers sign in at the pool's pages or at another issuer, and the functions know which."""

import re
from typing import Any

import pytest

from tests.template.deployed import Stack, Template

PSEUDO = {
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:1:stack/tipline-dev/"
    "51af3dc0-da77-11e4-872e-1234567db123",
}
OTHER = {
    "Issuer": "https://id.example/realms/police",
    "JwksUri": "https://id.example/realms/police/certs",
    "ClientId": "tipline",
}


class Resolved(Stack):
    """A template with the values of its parameters; of a resource, `Ref` gives its logical id."""

    def __init__(self, template: Template, **values: str) -> None:
        super().__init__(template, PSEUDO | values)
        self.template = template

    def value(self, node: Any) -> Any:
        match super().value(node):
            case {"Ref": name} if name != "AWS::NoValue":
                return name
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self.value({"Ref": found[1]}), text)
            case {"Fn::Join": [between, parts]}:
                return between.join(parts)
            case {"Fn::Select": [index, parts]}:
                return parts[int(index)]
            case {"Fn::Split": [between, text]}:
                return text.split(between)
            case chosen:
                return chosen

    def exists(self, logical_id: str) -> bool:
        return self.holds(self.template["Resources"][logical_id].get("Condition"))

    def output(self, name: str) -> Any:
        output = self.template["Outputs"][name]
        return self.value(output["Value"]) if self.holds(output.get("Condition")) else None

    def variable(self, function: str, name: str) -> Any:
        properties = self.template["Resources"][function]["Properties"]
        return self.value(properties["Environment"]["Variables"][name])

    def client(self, name: str) -> Any:
        return self.value(self.template["Resources"]["OfficersClient"]["Properties"][name])


@pytest.mark.parametrize(
    ("name", "has_secret", "flow", "scope", "other"),
    [
        ("OfficersClient", False, "code", "openid", "ALLOW_USER_SRP_AUTH"),
        ("SystemClient", True, "client_credentials", "tipline/work", "ALLOW_REFRESH_TOKEN_AUTH"),
    ],
    ids=["a person by a code with PKCE", "a machine by its secret"],
)
def test_whoever_signs_in_does_it_in_one_way(
    template: dict[str, Any], name: str, has_secret: bool, flow: str, scope: str, other: str
) -> None:
    client = template["Resources"][name]["Properties"]
    assert client["GenerateSecret"] is has_secret
    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    assert (client["AllowedOAuthFlows"], client["AllowedOAuthScopes"]) == ([flow], [scope])
    assert client["ExplicitAuthFlows"] == [other]


def test_a_refresh_token_counts_once_and_ends_with_the_shift(template: dict[str, Any]) -> None:
    client = template["Resources"]["OfficersClient"]["Properties"]
    assert client["EnableTokenRevocation"] is True
    assert client["RefreshTokenRotation"]["Feature"] == "ENABLED"
    assert (client["RefreshTokenValidity"], client["TokenValidityUnits"]["RefreshToken"]) == (
        12,
        "hours",
    )


@pytest.mark.parametrize(
    ("given", "pages"),
    [
        ({}, []),
        ({"PublicUrl": "https://tips.example"}, ["https://tips.example/console/"]),
        ({"ConsoleOrigin": "https://c.example"}, ["https://c.example/console/"]),
        ({"Domain": "tips.example"}, ["https://tips.example/console/"]),
        (
            {"Domain": "tips.example", "PublicUrl": "https://tips.example"},
            ["https://tips.example/console/"],
        ),
        (
            {"Domain": "tips.example", "ConsoleOrigin": "https://tips.example"},
            ["https://tips.example/console/"],
        ),
        (
            {"PublicUrl": "https://tips.example", "ConsoleOrigin": "https://c.example"},
            ["https://tips.example/console/", "https://c.example/console/"],
        ),
        (
            {"PublicUrl": "https://tips.example", "ConsoleOrigin": "https://tips.example"},
            ["https://tips.example/console/"],
        ),
    ],
)
def test_only_the_console_and_the_operators_own_machine_get_a_code(
    template: dict[str, Any], given: dict[str, str], pages: list[str]
) -> None:
    resolved = Resolved(template, **given)
    expected = [*pages, "http://localhost:8479/callback"]
    assert resolved.client("CallbackURLs") == resolved.client("LogoutURLs") == expected


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://tipline-1234567db123.auth.eu-west-1.amazoncognito.com"),
        ({"SignInPrefix": "police"}, "https://police.auth.eu-west-1.amazoncognito.com"),
        (
            {"AWS::Partition": "aws-us-gov", "AWS::Region": "us-gov-west-1"},
            "https://tipline-1234567db123.auth-fips.us-gov-west-1.amazoncognito.com",
        ),
        (OTHER, "https://id.example/realms/police"),
    ],
)
def test_the_outputs_name_the_sign_in_page(
    template: dict[str, Any], given: dict[str, str], url: str
) -> None:
    assert Resolved(template, **given).output("SignInUrl") == url


def test_the_pool_signs_in_unless_another_issuer_is_named(template: dict[str, Any]) -> None:
    own = Resolved(template)
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/OfficersPool"
    assert own.variable("AuthorizeOfficer", "ISSUER") == own.output("Issuer") == issuer
    assert own.variable("AuthorizeOfficer", "JWKS_URI") == f"{issuer}/.well-known/jwks.json"
    assert own.variable("AuthorizeOfficer", "CLIENT_ID") == "OfficersClient"
    assert own.variable("Officers", "USER_POOL_ID") == own.output("OfficersPoolId")
    assert own.exists("OfficersDomain")
    assert own.exists("OfficersPages")


def test_another_issuer_takes_the_place_of_the_pool(template: dict[str, Any]) -> None:
    claims = {"Audience": "https://api.example", "UsernameClaim": "oid"}
    other = Resolved(template, **OTHER, **claims)
    assert other.variable("AuthorizeOfficer", "ISSUER") == OTHER["Issuer"]
    assert other.variable("AuthorizeOfficer", "JWKS_URI") == OTHER["JwksUri"]
    assert other.variable("AuthorizeOfficer", "CLIENT_ID") == OTHER["ClientId"]
    assert other.variable("AuthorizeOfficer", "AUDIENCE") == claims["Audience"]
    assert other.variable("AuthorizeOfficer", "USERNAME_CLAIM") == claims["UsernameClaim"]
    assert other.variable("Officers", "USER_POOL_ID") == ""
    assert (other.output("Issuer"), other.output("OfficersClientId")) == (
        OTHER["Issuer"],
        OTHER["ClientId"],
    )
    assert other.output("OfficersPoolId") is None


def test_the_users_stay_when_another_issuer_is_named_but_nobody_signs_in_there(
    template: dict[str, Any],
) -> None:
    other = Resolved(template, **OTHER)
    assert other.exists("OfficersPool")
    assert not any(
        other.exists(name) for name in ("OfficersClient", "OfficersDomain", "OfficersPages")
    )


def test_a_stage_in_china_has_no_user_pool(template: dict[str, Any]) -> None:
    china = Resolved(template, **{"AWS::Partition": "aws-cn"}, **OTHER)
    names = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::Cognito::")
    ]
    assert len(names) == 6
    assert not any(china.exists(name) for name in names)


@pytest.mark.parametrize(
    ("given", "clients", "has_own"),
    [
        ({}, "", False),
        ({"SystemName": "dispatch"}, "dispatch=SystemClient", True),
        (
            {"SystemName": "dispatch", "SystemClients": "dispatch=7new,maps=8m"},
            "dispatch=SystemClient,dispatch=7new,maps=8m",
            True,
        ),
        (OTHER | {"SystemName": "dispatch", "SystemClients": "maps=m"}, "maps=m", False),
    ],
)
def test_the_authorizer_knows_the_clients_of_machines(
    template: dict[str, Any], given: dict[str, str], clients: str, has_own: bool
) -> None:
    resolved = Resolved(template, **given)
    function = template["Resources"]["AuthorizeOfficer"]["Properties"]
    between, parts = function["Environment"]["Variables"]["SYSTEM_CLIENTS"]["Fn::Join"]
    named = [resolved.value(each) for each in parts]
    assert between.join(each for each in named if isinstance(each, str)) == clients
    assert resolved.exists("SystemClient") is has_own
    assert resolved.exists("SystemScopes") is ("Issuer" not in given)
    assert (resolved.output("SystemClientId") is not None) is has_own
    pattern = template["Parameters"]["SystemClients"]["AllowedPattern"]
    assert re.fullmatch(pattern, given.get("SystemClients", ""))


@pytest.mark.parametrize("missing", [(), *((name,) for name in OTHER), tuple(OTHER)])
def test_another_issuer_is_named_whole_or_not_at_all(
    template: dict[str, Any], missing: tuple[str, ...]
) -> None:
    given = {name: value for name, value in OTHER.items() if name not in missing}
    (assertion,) = template["Rules"]["AnotherIssuer"]["Assertions"]
    accepted = Resolved(template, **given).holds(assertion["Assert"])
    assert accepted is (len(missing) in (0, len(OTHER)))


@pytest.mark.parametrize(
    ("prefix", "accepted"),
    [
        ("", True),
        ("police-dev2", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("Police", False),
        ("-police", False),
        ("police-", False),
        ("my-aws-stage", False),
        ("cognito1", False),
        ("amazonia", False),
    ],
)
def test_the_pages_prefix_is_one_that_cognito_accepts(
    template: dict[str, Any], prefix: str, accepted: bool
) -> None:
    pattern = template["Parameters"]["SignInPrefix"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, prefix)) is accepted


def test_the_pages_are_in_chinese_too(template: dict[str, Any]) -> None:
    """Only managed login is translated. It needs a style and the plan Essentials."""
    resources = template["Resources"]
    assert resources["OfficersDomain"]["Properties"]["ManagedLoginVersion"] == 2
    assert resources["OfficersPages"]["Properties"]["UseCognitoProvidedValues"] is True
    assert resources["OfficersPool"]["Properties"]["UserPoolTier"] == "ESSENTIALS"
