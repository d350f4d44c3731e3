"""The web clients are there by parameter: a private bucket, and one CloudFront in front of it and
of the API, which keeps nothing of a viewer and mixes nobody's responses.
"""

import json
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from chalicelib.http import index
from infra.packaging import gateway
from infra.packaging.bundle import Incomplete
from infra.web.headers import Origins, security_headers
from tests.template.deployed import deployed

WEB = {
    "WebBucket",
    "WebBucketPolicy",
    "WebAccess",
    "PagePaths",
    "ViewerSource",
    "ApiRequests",
    "PublicReads",
    "WebHeaders",
    "WebDistribution",
}
ON = {"WebClients": "on", "OriginSecret": "s" * 64, "OriginSecretHash": "0" * 64}
OWN = {
    "PublicUrl": "https://tips.example.org",
    "WebCertificate": "arn:aws:acm:us-east-1:1:certificate/1",
}


@pytest.fixture
def stack(template: dict[str, Any]) -> dict[str, Any]:
    return deployed(template, **ON)


@pytest.fixture
def distribution(stack: dict[str, Any]) -> dict[str, Any]:
    return dict(stack["WebDistribution"]["Properties"]["DistributionConfig"])


def behaviour(distribution: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what CloudFront does with a path: the first behaviour that fits."""
    for each in distribution["CacheBehaviors"]:
        if fnmatchcase(path, each["PathPattern"]):
            return dict(each)
    return dict(distribution["DefaultCacheBehavior"])


# What is there ----------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"WebClients": "elsewhere"} | OWN])
def test_without_the_parameter_nothing_is_there(
    template: dict[str, Any], parameters: dict[str, str]
) -> None:
    assert not (WEB | {"WebRecords"}) & deployed(template, **parameters).keys()


def test_the_parameter_brings_it(stack: dict[str, Any]) -> None:
    assert (WEB | {"WebRecords"}) & stack.keys() == WEB


@pytest.mark.parametrize(
    ("parameters", "on"), [({}, "off"), (ON, "on"), ({"WebClients": "elsewhere"} | OWN, "on")]
)
def test_links_lead_to_the_clients_wherever_they_are(
    template: dict[str, Any], parameters: dict[str, str], on: str
) -> None:
    stack = deployed(template, **parameters)
    for function in ("APIHandler", "PublishCritical", "PublishNotices", "SweepNormal"):
        assert stack[function]["Properties"]["Environment"]["Variables"]["WEB_CLIENTS"] == on


def test_without_an_address_of_its_own_notices_link_to_cloudfronts(stack: dict[str, Any]) -> None:
    variables = stack["PublishCritical"]["Properties"]["Environment"]["Variables"]
    assert variables["PUBLIC_URL"] == {"Fn::Sub": "https://${WebDistribution.DomainName}"}


def test_an_own_address_needs_a_certificate_and_gets_its_records(template: dict[str, Any]) -> None:
    stack = deployed(template, **ON, **OWN, HostedZone="Z1")
    config = stack["WebDistribution"]["Properties"]["DistributionConfig"]
    host = {"Fn::Select": [2, {"Fn::Split": ["/", "https://tips.example.org"]}]}
    assert config["Aliases"] == [host]
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": OWN["WebCertificate"],
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    records = stack["WebRecords"]["Properties"]["RecordSets"]
    assert [(each["Name"], each["Type"]) for each in records] == [(host, "A"), (host, "AAAA")]
    assert "WebRecords" not in deployed(template, **ON, **OWN)


def test_wrong_parameters_are_refused_before_anything_changes(template: dict[str, Any]) -> None:
    rules = template["Rules"]
    assert rules["CloudFrontHasItsSecret"]["RuleCondition"] == {
        "Fn::Equals": [{"Ref": "WebClients"}, "on"]
    }
    [secret] = rules["CloudFrontHasItsSecret"]["Assertions"]
    [address] = rules["WebClientsHaveAnAddress"]["Assertions"]
    assert "OriginSecretHash" in json.dumps(secret["Assert"])
    assert "PublicUrl" in json.dumps(address["Assert"])


# The bucket -------------------------------------------------------------------------------------


def test_the_bucket_is_private_and_this_distribution_alone_reads_it(stack: dict[str, Any]) -> None:
    closed = stack["WebBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    assert len(closed) == 4
    tls, reads = stack["WebBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert reads["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert reads["Action"] == ["s3:GetObject", "s3:ListBucket"]
    assert reads["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(
        ":distribution/${WebDistribution}"
    )


def test_cloudfront_signs_what_it_asks_of_the_bucket(
    stack: dict[str, Any], distribution: dict[str, Any]
) -> None:
    files, _ = distribution["Origins"]
    assert files["OriginAccessControlId"] == {"Fn::GetAtt": ["WebAccess", "Id"]}
    assert files["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    config = stack["WebAccess"]["Properties"]["OriginAccessControlConfig"]
    assert (config["SigningBehavior"], config["SigningProtocol"]) == ("always", "sigv4")


# The behaviours ---------------------------------------------------------------------------------


def test_every_route_of_the_api_reaches_it_but_the_start_page(distribution: dict[str, Any]) -> None:
    for route in index.routes():
        path = route.path.replace("{", "").replace("}", "")
        target = behaviour(distribution, path)
        assert target["TargetOriginId"] == ("web" if path == "/" else "api"), path
        if path != "/":
            assert route.method in target["AllowedMethods"], path
            assert "OPTIONS" in target["AllowedMethods"], path


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/assets/a-1.js", "/worker.js", "/console/", "/console/reports/R1"]
)
def test_everything_else_is_a_file(distribution: dict[str, Any], path: str) -> None:
    target = behaviour(distribution, path)
    assert target["TargetOriginId"] == "web"
    assert target["AllowedMethods"] == ["GET", "HEAD"]
    assert target["ResponseHeadersPolicyId"] == {"Ref": "WebHeaders"}
    assert target["Compress"] is True


def test_nothing_that_depends_on_who_asks_is_kept(distribution: dict[str, Any]) -> None:
    """Only what has neither a token nor a receipt may be kept, and only by the API's own word."""
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    for route in index.routes():
        path = route.path.replace("{", "").replace("}", "")
        if path == "/" or behaviour(distribution, path)["CachePolicyId"] == disabled:
            continue
        assert (route.access, route.method) == ("public", "GET"), path


def test_no_error_is_kept_or_replaced(distribution: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
    kept = {400, 403, 404, 405, 414, 500, 501, 502, 503, 504}
    assert distribution["CustomErrorResponses"] == [
        {"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in sorted(kept)
    ]


def test_what_is_kept_is_kept_for_its_language_and_as_long_as_the_api_says(
    stack: dict[str, Any],
) -> None:
    config = stack["PublicReads"]["Properties"]["CachePolicyConfig"]
    assert (config["MinTTL"], config["DefaultTTL"]) == (0, 0)
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Accept-Language"]}
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def test_the_api_gets_every_header_but_the_host_and_no_cookie(stack: dict[str, Any]) -> None:
    config = stack["ApiRequests"]["Properties"]["OriginRequestPolicyConfig"]
    assert config["HeadersConfig"] == {"HeaderBehavior": "allExcept", "Headers": ["host"]}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}


def test_cloudfront_says_to_the_api_that_it_is_it_and_who_calls(
    stack: dict[str, Any], distribution: dict[str, Any]
) -> None:
    _, api = distribution["Origins"]
    assert api["OriginPath"] == "/api"
    assert api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert api["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]
    assert api["OriginCustomHeaders"] == [{"HeaderName": "Tipline-Origin", "HeaderValue": "s" * 64}]
    variables = stack["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert variables["VIEWER_HEADER"] == "Tipline-Viewer"
    assert variables["ORIGIN_SECRET_HASH"] == "0" * 64
    [function] = behaviour(distribution, "/v1/reports")["FunctionAssociations"]
    assert function["FunctionARN"] == {"Fn::GetAtt": ["ViewerSource", "FunctionARN"]}


@pytest.mark.parametrize("path", ["/nothing", "/console/reports/R1"])
def test_the_page_of_a_path_is_found(distribution: dict[str, Any], path: str) -> None:
    [function] = behaviour(distribution, path)["FunctionAssociations"]
    assert function["FunctionARN"] == {"Fn::GetAtt": ["PagePaths", "FunctionARN"]}


def test_no_token_and_no_receipt_is_redirected_from_http(distribution: dict[str, Any]) -> None:
    assert behaviour(distribution, "/v1/reports/mine")["ViewerProtocolPolicy"] == "https-only"
    for path in ("/", "/console/", "/bulletins/B-1", "/docs"):
        assert behaviour(distribution, path)["ViewerProtocolPolicy"] == "redirect-to-https"


def test_it_keeps_no_logs_and_speaks_http_3(distribution: dict[str, Any]) -> None:
    assert "Logging" not in distribution
    assert distribution["HttpVersion"] == "http2and3"


def test_the_secret_is_shown_to_nobody(template: dict[str, Any]) -> None:
    assert template["Parameters"]["OriginSecret"]["NoEcho"] is True


# The headers ------------------------------------------------------------------------------------


def headers_of(stack: dict[str, Any]) -> dict[str, str]:
    """Return the headers that CloudFront adds, as a browser gets them."""
    config = stack["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    own = config["SecurityHeadersConfig"]
    policy, origins = own["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    for name in origins:
        policy = policy.replace(f"${{{name}}}", f"https://{name}")
    transport = own["StrictTransportSecurity"]
    found = {
        "Content-Security-Policy": policy,
        "Strict-Transport-Security": f"max-age={transport['AccessControlMaxAgeSec']}"
        + ("; includeSubDomains" if transport["IncludeSubdomains"] else ""),
        "Referrer-Policy": own["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff",
    }
    others = config["CustomHeadersConfig"]["Items"]
    assert all(each["Override"] for each in [*own.values(), *others])
    return found | {each["Header"]: each["Value"] for each in others}


def test_the_headers_are_those_of_the_local_gateway(stack: dict[str, Any]) -> None:
    origins = Origins(
        storage=["https://Storage"], sign_in=["https://SignInOrigin", "https://IssuerOrigin"]
    )
    assert headers_of(stack) == security_headers(origins, https=True)


@pytest.mark.parametrize(
    ("parameters", "origin"),
    [
        ({}, ".amazoncognito.com"),
        (
            {
                "Issuer": "https://id.example/realms/police",
                "JwksUri": "https://id.example/jwks",
                "ClientId": "tipline",
            },
            "id.example",
        ),
    ],
)
def test_the_console_may_call_the_issuer_of_the_stage(
    template: dict[str, Any], parameters: dict[str, str], origin: str
) -> None:
    config = deployed(template, **ON, **parameters)["WebHeaders"]["Properties"]
    policy = config["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    _, origins = policy["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert origin in json.dumps(origins["SignInOrigin"])
    assert origins["Storage"] == {"Fn::Sub": "https://${MediaBucket.RegionalDomainName}"}


def test_a_header_that_cloudfront_cannot_send_is_not_packaged() -> None:
    with pytest.raises(Incomplete, match="Strict-Transport-Security"):
        gateway._transport("max-age=1; else")


# The functions ----------------------------------------------------------------------------------

NODE = shutil.which("node") or next(
    (str(path) for path in Path(__file__).parents[2].glob(".venv/bin/node")), None
)


BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def run(function: dict[str, Any], uri: str, **headers: str) -> dict[str, Any]:
    """Run a function of CloudFront on a request, and return what it makes of it."""
    sent = {"tipline-viewer": "203.0.113.1", **headers}
    event = {
        "viewer": {"ip": "192.0.2.7"},
        "request": {"uri": uri, "headers": {name: {"value": said} for name, said in sent.items()}},
    }
    code = f"{function['FunctionCode']}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    assert NODE
    done = subprocess.run([NODE, "-e", code], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


@pytest.mark.skipif(NODE is None, reason="there is no Node.js here")
@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/console/", "/console/index.html"),
        ("/console/reports/R1", "/console/index.html"),
        ("/console/admin/officers/wu.li", "/console/index.html"),
        ("/console/config.json", "/console/config.json"),
        ("/consolation", "/consolation"),
    ],
)
def test_each_path_of_the_console_is_its_page(stack: dict[str, Any], path: str, file: str) -> None:
    assert run(stack["PagePaths"]["Properties"], path)["uri"] == file


@pytest.mark.skipif(NODE is None, reason="there is no Node.js here")
def test_the_console_without_its_slash_is_found(stack: dict[str, Any]) -> None:
    response = run(stack["PagePaths"]["Properties"], "/console")
    assert (response["statusCode"], response["headers"]["location"]["value"]) == (302, "/console/")


@pytest.mark.skipif(NODE is None, reason="there is no Node.js here")
@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/nothing", BROWSER, 302),
        ("/reports/new/", BROWSER, 302),
        ("/nothing", "*/*", None),
        ("/", BROWSER, None),
        ("/licences.md", BROWSER, None),
        ("/console/reports/R1", BROWSER, None),
    ],
)
def test_a_mistyped_address_leads_a_person_to_the_first_page(
    stack: dict[str, Any], path: str, accept: str, status: int | None
) -> None:
    response = run(stack["PagePaths"]["Properties"], path, accept=accept)
    assert response.get("statusCode") == status
    if status:
        assert response["headers"]["location"]["value"] == "/"


@pytest.mark.skipif(NODE is None, reason="there is no Node.js here")
def test_the_api_hears_who_calls_and_nobody_says_it_for_them(stack: dict[str, Any]) -> None:
    request = run(stack["ViewerSource"]["Properties"], "/v1/reports")
    assert request["headers"]["tipline-viewer"] == {"value": "192.0.2.7"}
    assert stack["ViewerSource"]["Properties"]["AutoPublish"] is True
