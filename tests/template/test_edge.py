"""The domain and the firewall are there by parameter, and the firewall remembers nobody."""

import json
from typing import Any

import pytest

from chalicelib.http import index
from infra.packaging import templates
from infra.packaging.bundle import Incomplete
from infra.packaging.gateway import complete_firewall
from tests.template.deployed import deployed
from tests.template.firewall import Firewall, Request

DOMAIN = {"Domain": "tips.example.org", "HostedZone": "Z123"}
WALL = {"WebAcl", "WebAclAssociation", "SignInAssociation"}
SETS = {"OfficerNetworksSet", "OfficerNetworksV6Set"}
EDGE = {"DomainCertificate", "ApiDomain", "ApiDomainMapping", "ApiDomainRecord", *WALL, *SETS}
CLOUDFRONT = {"WebClients": "on", "OriginSecret": "s" * 32}
OFFICE = {"OfficerNetworks": "192.0.2.0/24,198.51.100.7/32", "OfficerNetworksV6": "2001:db8::/32"}
ANOTHER_ISSUER = {
    "Issuer": "https://id.example",
    "JwksUri": "https://id.example/j",
    "ClientId": "c",
}


@pytest.fixture
def firewall(template: dict[str, Any]) -> dict[str, Any]:
    return dict(deployed(template)["WebAcl"]["Properties"])


def test_by_default_the_firewall_alone_stands_in_front_of_the_api(template: dict[str, Any]) -> None:
    assert EDGE & deployed(template).keys() == WALL


@pytest.mark.parametrize(
    ("parameters", "there"),
    [
        (DOMAIN, {"DomainCertificate", "ApiDomain", "ApiDomainMapping", "ApiDomainRecord"}),
        ({"Domain": "t.org", "Certificate": "arn:aws:acm:x"}, {"ApiDomain", "ApiDomainMapping"}),
        (
            DOMAIN | {"Certificate": "arn:aws:acm:x"},
            {"ApiDomain", "ApiDomainMapping", "ApiDomainRecord"},
        ),
        ({"Waf": "1"}, WALL),
        ({"Waf": "1"} | ANOTHER_ISSUER, {"WebAcl", "WebAclAssociation"}),
        ({"Waf": "1"} | OFFICE, WALL | SETS),
        ({"Waf": "1", "OfficerNetworksV6": "2001:db8::/32"}, WALL | SETS),
    ],
)
def test_each_parameter_brings_what_it_needs(
    template: dict[str, Any], parameters: dict[str, str], there: set[str]
) -> None:
    assert EDGE & deployed(template, **{"Waf": "0"} | parameters).keys() == there


def test_the_domain_speaks_tls_1_2_with_a_certificate_of_its_own(template: dict[str, Any]) -> None:
    stack = deployed(template, **DOMAIN)
    domain = stack["ApiDomain"]["Properties"]
    assert (domain["DomainName"], domain["SecurityPolicy"]) == ("tips.example.org", "TLS_1_2")
    assert domain["RegionalCertificateArn"] == {"Ref": "DomainCertificate"}
    assert stack["DomainCertificate"]["Properties"]["DomainValidationOptions"] == [
        {"DomainName": "tips.example.org", "HostedZoneId": "Z123"}
    ]


def test_a_certificate_that_is_given_is_used(template: dict[str, Any]) -> None:
    stack = deployed(template, **DOMAIN, Certificate="arn:aws:acm:x")
    assert stack["ApiDomain"]["Properties"]["RegionalCertificateArn"] == "arn:aws:acm:x"


def test_a_domain_without_a_zone_or_a_certificate_is_refused(template: dict[str, Any]) -> None:
    (assertion,) = template["Rules"]["DomainHasACertificate"]["Assertions"]
    assert "HostedZone" in assertion["AssertDescription"]
    given = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in DOMAIN_NEEDS]
    assert assertion["Assert"] == {"Fn::Or": given}


DOMAIN_NEEDS = ("HostedZone", "Certificate")


@pytest.mark.parametrize(
    ("parameters", "address"),
    [
        ({}, ""),
        (DOMAIN, {"Fn::Sub": "https://${Domain}"}),
        (DOMAIN | {"PublicUrl": "https://other.example"}, "https://other.example"),
    ],
)
def test_the_public_address_follows_the_domain(
    template: dict[str, Any], parameters: dict[str, str], address: Any
) -> None:
    stack = deployed(template, **parameters)
    variables = stack["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert variables["PUBLIC_URL"] == address
    for function in ("PublishCritical", "PublishNotices", "SweepCritical", "SweepNormal"):
        variables = stack[function]["Properties"]["Environment"]["Variables"]
        own = {"Fn::Sub": OWN_ADDRESS}
        assert variables["PUBLIC_URL"] == (address or own)


OWN_ADDRESS = "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api"


def test_domain_and_firewall_are_of_the_stage_that_serves(template: dict[str, Any]) -> None:
    expanded = templates.translate(template)["Resources"]
    assert expanded["ApiDomainMapping"]["Properties"]["Stage"] == {"Ref": "RestAPIapiStage"}
    assert expanded["WebAclAssociation"]["Properties"]["ResourceArn"]["Fn::Sub"].endswith(
        "/restapis/${RestAPI}/stages/${RestAPIapiStage}"
    )


def test_the_firewall_keeps_no_sample_of_a_request(template: dict[str, Any]) -> None:
    stack = deployed(template, **CLOUDFRONT, **OFFICE)
    firewall = stack["WebAcl"]["Properties"]
    for each in (firewall, *firewall["Rules"]):
        assert each["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_no_log_of_the_firewall_is_configured(resources: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in resources.values()}
    assert "AWS::WAFv2::LoggingConfiguration" not in kinds


def test_no_report_is_refused_for_what_it_says(firewall: dict[str, Any]) -> None:
    """The managed rules that read a body only count, and so does the one that wants a
    User-Agent.
    """
    counting = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: {
            each["Name"]
            for each in rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
            if each["ActionToUse"] == {"Count": {}}
        }
        for rule in firewall["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    # https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
    assert counting == {
        "AWSManagedRulesCommonRuleSet": {
            "SizeRestrictions_BODY",
            "CrossSiteScripting_BODY",
            "EC2MetaDataSSRF_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "NoUserAgent_HEADER",
        },
        "AWSManagedRulesKnownBadInputsRuleSet": {
            "JavaDeserializationRCE_BODY",
            "Log4JRCE_BODY",
            "ReactJSRCE_BODY",
        },
    }


@pytest.mark.parametrize(
    "rule", ["officers-one-address", "officers-one-viewer", "officers-together", "one-address"]
)
def test_what_a_limit_of_the_firewall_refuses_gets_the_gateways_429(
    template: dict[str, Any], rule: str
) -> None:
    stack = deployed(template, **CLOUDFRONT)
    block = Firewall(stack).rules[rule]["Action"]["Block"]["CustomResponse"]
    bodies = stack["WebAcl"]["Properties"]["CustomResponseBodies"]
    body = json.loads(bodies[block["CustomResponseBodyKey"]]["Content"])
    throttled = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]["THROTTLED"]["responseTemplates"]["application/json"]
    assert block["ResponseCode"] == 429
    assert body | {"request_id": "$context.requestId"} == json.loads(throttled)
    assert {"Name": "Retry-After", "Value": "60"} in block["ResponseHeaders"]


ME, ADMINS = "/api/v1/officer/me", "/v1/admin/officers"
# Ways to write a path that the gateway, or what is before it, may read as the same.
ODD = ["/v1/%6Ffficer/me", "/v1//officer/me", "/v1/x/../officer/me", "/v1/officer"]
STRANGER, OFFICER, OF_CLOUDFRONT = "203.0.113.9", "192.0.2.30", "130.176.0.1"


def by_cloudfront(viewer: str, secret: str = CLOUDFRONT["OriginSecret"]) -> dict[str, str]:
    """Return the headers that CloudFront adds."""
    return {"tipline-viewer": viewer, "tipline-origin": secret}


@pytest.mark.parametrize("path", [ME, ADMINS, *ODD])
def test_an_address_has_a_limit_of_its_own_on_officers_routes(
    template: dict[str, Any], path: str
) -> None:
    firewall = Firewall(deployed(template))
    counted = firewall.counted_by(Request(path, STRANGER))
    assert counted == {"officers-one-address": STRANGER, "officers-together": "all"}
    rate = firewall.rules["officers-one-address"]["Statement"]["RateBasedStatement"]
    assert (rate["Limit"], rate["EvaluationWindowSec"]) == (3000, 60)


def test_a_viewer_of_cloudfront_is_counted_under_their_own_address(
    template: dict[str, Any],
) -> None:
    firewall = Firewall(deployed(template, **CLOUDFRONT))
    asked = Request(ME, OF_CLOUDFRONT, by_cloudfront(STRANGER))
    counted = {"officers-one-viewer": STRANGER, "officers-together": "all"}
    assert firewall.counted_by(asked) == counted
    # On residents' routes the API alone counts them.
    assert firewall.counted_by(asked._replace(path="/v1/reports/mine")) == {}


def test_who_does_not_know_the_secret_is_counted_by_where_they_connect_from(
    template: dict[str, Any],
) -> None:
    firewall = Firewall(deployed(template, **CLOUDFRONT))
    for headers in ({}, {"tipline-viewer": OFFICER}, by_cloudfront(OFFICER, "guessed")):
        counted = firewall.counted_by(Request(ME, STRANGER, headers))
        assert counted == {"officers-one-address": STRANGER, "officers-together": "all"}


def test_officers_routes_together_get_what_the_gateway_gives_one(template: dict[str, Any]) -> None:
    rate = Firewall(deployed(template)).rules["officers-together"]["Statement"]
    a_minute = rate["RateBasedStatement"]["Limit"]
    assert a_minute == 60 * template["Parameters"]["OfficerThrottleRate"]["Default"]


def test_no_address_is_refused_a_new_report_for_how_many_it_sends(template: dict[str, Any]) -> None:
    """How urgent a report is, a firewall does not see."""
    for parameters in ({}, CLOUDFRONT):
        firewall = Firewall(deployed(template, **parameters))
        assert firewall.counted_by(Request("/api/v1/reports", STRANGER)) == {}
        read = firewall.counted_by(Request("/v1/reports/mine", STRANGER))
        assert read == {"one-address": STRANGER}


@pytest.mark.parametrize("path", [ME, ADMINS, *ODD])
@pytest.mark.parametrize(
    ("address", "passes"),
    [
        (OFFICER, True),
        ("198.51.100.7", True),
        ("2001:db8::7", True),
        (STRANGER, False),
        ("198.51.100.8", False),
        ("2001:db9::7", False),
    ],
)
def test_once_officers_networks_are_named_nobody_else_gets_anything_there(
    template: dict[str, Any], path: str, address: str, passes: bool
) -> None:
    firewall = Firewall(deployed(template, **OFFICE))
    assert firewall.blocked_by(Request(path, address)) == ([] if passes else ["officers-networks"])
    assert firewall.rules["officers-networks"]["Action"] == {"Block": {}}


def test_officers_networks_are_those_of_cloudfronts_viewers(template: dict[str, Any]) -> None:
    firewall = Firewall(deployed(template, **CLOUDFRONT, **OFFICE))

    def passes(address: str, headers: dict[str, str]) -> bool:
        return not firewall.blocked_by(Request(ME, address, headers))

    assert passes(OF_CLOUDFRONT, by_cloudfront(OFFICER))
    assert passes(OF_CLOUDFRONT, by_cloudfront("2001:db8::7"))
    assert passes(OFFICER, {})
    assert not passes(OF_CLOUDFRONT, by_cloudfront(STRANGER))
    assert not passes(STRANGER, {"tipline-viewer": OFFICER})
    assert not passes(STRANGER, by_cloudfront(OFFICER, "guessed"))


def test_residents_call_from_anywhere_whatever_officers_networks_are(
    template: dict[str, Any],
) -> None:
    firewall = Firewall(deployed(template, **CLOUDFRONT, **OFFICE))
    for path in ("/api/v1/reports", "/v1/reports/mine", "/v1/catalogue", "/docs-officers"):
        assert not firewall.blocked_by(Request(path, STRANGER))


def test_officers_networks_come_before_every_count(template: dict[str, Any]) -> None:
    """So strangers use up nothing of what officers have together."""
    rules = Firewall(deployed(template, **CLOUDFRONT, **OFFICE)).rules
    assert [each["Priority"] for each in rules.values()] == list(range(7))
    assert next(iter(rules)) == "officers-networks"


# What the pool answers: its pages, its tokens, and the operations of its own API.
OPERATION = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
SIGN_IN = [
    Request("/login", STRANGER),
    Request("/oauth2/authorize", STRANGER),
    Request("/oauth2/token", STRANGER, method="POST"),
    Request("/", STRANGER, OPERATION, "POST"),
    Request("/", STRANGER, method="POST"),
    Request("/v1/reports", STRANGER, OPERATION, "POST"),
    Request("/service/AWSCognitoIdentityProviderService/operation/SignUp", STRANGER),
]


@pytest.mark.parametrize("request_", SIGN_IN, ids=lambda each: each.path)
def test_only_officers_networks_reach_the_sign_in_pages(
    template: dict[str, Any], request_: Request
) -> None:
    for parameters in (OFFICE, CLOUDFRONT | OFFICE):
        firewall = Firewall(deployed(template, **parameters))
        assert firewall.blocked_by(request_) == ["officers-networks"]
        assert firewall.blocked_by(request_._replace(address=OFFICER)) == []


def test_who_checks_a_token_reads_the_public_keys_from_anywhere(template: dict[str, Any]) -> None:
    firewall = Firewall(deployed(template, **OFFICE))
    keys = "/.well-known/jwks.json"
    assert firewall.blocked_by(Request(f"/pool{keys}", STRANGER)) == []
    assert firewall.blocked_by(Request(f"{ME}{keys}", STRANGER)) == ["officers-networks"]


@pytest.mark.parametrize("request_", SIGN_IN, ids=lambda each: each.path)
def test_an_address_has_a_limit_on_the_sign_in_pages(
    template: dict[str, Any], request_: Request
) -> None:
    stack = deployed(template)
    counted = Firewall(stack).counted_by(request_)
    assert counted["officers-one-address"] == STRANGER
    # What officers have together is not for strangers at sign-in to use up.
    assert "officers-together" not in counted
    association = stack["SignInAssociation"]["Properties"]
    assert association["ResourceArn"] == {"Fn::GetAtt": ["OfficersPool", "Arn"]}
    assert association["WebACLArn"] == stack["WebAclAssociation"]["Properties"]["WebACLArn"]


def test_no_rule_of_aws_reads_the_addresses_that_a_sign_in_goes_back_to(
    template: dict[str, Any],
) -> None:
    """They would refuse `make token`, which is sent back to 127.0.0.1."""
    firewall = Firewall(deployed(template))
    for path in ("/login", "/oauth2/authorize", "/logout", "/mfa"):
        assert firewall.read_by(Request(path, STRANGER)) == []
        # An office signs in from one address: no limit of residents is in its way.
        assert firewall.counted_by(Request(path, STRANGER)) == {"officers-one-address": STRANGER}


def test_the_rules_of_aws_read_all_that_runs_a_function(template: dict[str, Any]) -> None:
    """Also when somebody says in a header that it is for the pool."""
    firewall = Firewall(deployed(template))
    for route in index.routes():
        path = route.path.replace("{", "").replace("}", "")
        for written in (path, f"/api{path}", f"/x/..{path}", path.replace("/v1", "/%761")):
            for headers in ({}, OPERATION):
                asked = Request(written, STRANGER, headers, route.method)
                assert firewall.read_by(asked) == ["common", "known-bad-inputs"], asked


def test_officers_networks_without_the_firewall_are_refused(template: dict[str, Any]) -> None:
    rule = template["Rules"]["OfficerNetworksNeedTheFirewall"]
    given = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in OFFICE]
    assert rule["RuleCondition"] == {"Fn::Or": given}
    assert rule["Assertions"][0]["Assert"] == {"Fn::Equals": [{"Ref": "Waf"}, "1"]}


def test_a_response_that_is_too_long_for_the_firewall_is_refused() -> None:
    body = json.dumps({"detail": "人" * 1400, "request_id": "$context.requestId"})
    responses = {"THROTTLED": {"responseTemplates": {"application/json": body}}}
    definition = {"x-amazon-apigateway-gateway-responses": responses}
    resources = {
        "RestAPI": {"Properties": {"DefinitionBody": definition}},
        "WebAcl": {"Properties": {}},
    }
    with pytest.raises(Incomplete, match="4096"):
        complete_firewall({"Resources": resources})
