"""The domain and the firewall are there by parameter, and the firewall remembers nobody."""

import json
from typing import Any

import pytest

from infra.packaging import templates
from infra.packaging.bundle import Incomplete
from infra.packaging.gateway import complete_firewall
from tests.template.deployed import deployed

DOMAIN = {"Domain": "tips.example.org", "HostedZone": "Z123"}
EDGE = {
    "DomainCertificate",
    "ApiDomain",
    "ApiDomainMapping",
    "ApiDomainRecord",
    "WebAcl",
    "WebAclAssociation",
}


@pytest.fixture
def firewall(template: dict[str, Any]) -> dict[str, Any]:
    return dict(deployed(template, Waf="1")["WebAcl"]["Properties"])


def test_by_default_nothing_stands_in_front_of_the_api(template: dict[str, Any]) -> None:
    assert not EDGE & deployed(template).keys()


@pytest.mark.parametrize(
    ("parameters", "there"),
    [
        (DOMAIN, {"DomainCertificate", "ApiDomain", "ApiDomainMapping", "ApiDomainRecord"}),
        ({"Domain": "t.org", "Certificate": "arn:aws:acm:x"}, {"ApiDomain", "ApiDomainMapping"}),
        (
            DOMAIN | {"Certificate": "arn:aws:acm:x"},
            {"ApiDomain", "ApiDomainMapping", "ApiDomainRecord"},
        ),
        ({"Waf": "1"}, {"WebAcl", "WebAclAssociation"}),
    ],
)
def test_each_parameter_brings_what_it_needs(
    template: dict[str, Any], parameters: dict[str, str], there: set[str]
) -> None:
    assert EDGE & deployed(template, **parameters).keys() == there


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


def test_the_firewall_keeps_no_sample_of_a_request(firewall: dict[str, Any]) -> None:
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


def test_a_flood_from_one_address_gets_the_gateways_429(
    template: dict[str, Any], firewall: dict[str, Any]
) -> None:
    limit = firewall["Rules"][0]
    block = limit["Action"]["Block"]["CustomResponse"]
    body = json.loads(firewall["CustomResponseBodies"][block["CustomResponseBodyKey"]]["Content"])
    throttled = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]["THROTTLED"]["responseTemplates"]["application/json"]
    assert block["ResponseCode"] == 429
    assert body | {"request_id": "$context.requestId"} == json.loads(throttled)
    assert {"Name": "Retry-After", "Value": "60"} in block["ResponseHeaders"]
    assert limit["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"


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
