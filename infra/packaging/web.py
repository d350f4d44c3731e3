"""Give CloudFront the headers of the web clients: those of `infra/web/headers.py`.

The origins in them are known at deployment: the media bucket, the issuer and its sign-in pages.
"""

from typing import Any

from infra.packaging.bundle import Incomplete
from infra.web.headers import Origins, security_headers

Template = dict[str, Any]

_STORAGE, _ISSUER, _SIGN_IN = "${Storage}", "${IssuerOrigin}", "${SignInOrigin}"
# Headers that CloudFront has a setting for; any other is a custom one.
_CSP, _HSTS = "Content-Security-Policy", "Strict-Transport-Security"
_REFERRER, _SNIFF = "Referrer-Policy", "X-Content-Type-Options"


def complete(template: Template) -> Template:
    """Write the headers, and return the template. Raises Incomplete for a header with a value that
    CloudFront cannot send.
    """
    policy = template["Resources"]["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    headers = security_headers(Origins(storage=[_STORAGE], sign_in=[_SIGN_IN, _ISSUER]), https=True)
    if headers.pop(_SNIFF) != "nosniff":
        raise Incomplete(f"CloudFront sends {_SNIFF}: nosniff, and nothing else")
    policy["SecurityHeadersConfig"] = {
        "ContentSecurityPolicy": {
            "Override": True,
            "ContentSecurityPolicy": {"Fn::Sub": [headers.pop(_CSP), _origins(template)]},
        },
        "StrictTransportSecurity": {"Override": True, **_transport(headers.pop(_HSTS))},
        "ReferrerPolicy": {"Override": True, "ReferrerPolicy": headers.pop(_REFERRER)},
        "ContentTypeOptions": {"Override": True},
    }
    policy["CustomHeadersConfig"] = {
        "Items": [
            {"Header": name, "Value": value, "Override": True} for name, value in headers.items()
        ]
    }
    return template


def _origins(template: Template) -> dict[str, Any]:
    """Return what the origins are called by: of another issuer, its pages are at the issuer."""
    address = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "Issuer"}]}]}
    other = {"Fn::Sub": ["https://${Host}", {"Host": address}]}
    pool = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}"}
    pages = template["Outputs"]["SignInUrl"]["Value"]["Fn::If"][1]
    return {
        "Storage": {"Fn::Sub": "https://${MediaBucket.RegionalDomainName}"},
        "SignInOrigin": {"Fn::If": ["SignsInByPool", pages, other]},
        "IssuerOrigin": {"Fn::If": ["SignsInByPool", pool, other]},
    }


def _transport(value: str) -> dict[str, Any]:
    age, *more = [part.strip() for part in value.split(";")]
    if not age.startswith("max-age=") or not set(more) <= {"includeSubDomains", "preload"}:
        raise Incomplete(f"{_HSTS} is not understood: {value}")
    return {
        "AccessControlMaxAgeSec": int(age.removeprefix("max-age=")),
        "IncludeSubdomains": "includeSubDomains" in more,
        "Preload": "preload" in more,
    }
