"""What a firewall of the template does with a request: its rules, read as AWS WAF reads them
(https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html).
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote


class Request(NamedTuple):
    """`address` is the one that connects, `headers` have names in lower case."""

    path: str
    address: str
    headers: Mapping[str, str] = MappingProxyType({})
    method: str = "GET"


class Firewall:
    """The web ACL of the resources of a stack whose parameters are decided."""

    def __init__(self, resources: dict[str, Any]) -> None:
        self._resources = resources
        self.rules = {each["Name"]: each for each in resources["WebAcl"]["Properties"]["Rules"]}

    def blocked_by(self, request: Request) -> list[str]:
        """Return the rules that refuse a request whatever came before it, in their order."""
        return [
            name
            for name, rule in self.rules.items()
            if "RateBasedStatement" not in rule["Statement"]
            and "ManagedRuleGroupStatement" not in rule["Statement"]
            and self._matches(rule["Statement"], request)
        ]

    def counted_by(self, request: Request) -> dict[str, str]:
        """Return the rules that count a request towards a limit, each with what it counts for."""
        return {
            name: _counted_for(rule["Statement"]["RateBasedStatement"], request)
            for name, rule in self.rules.items()
            if "RateBasedStatement" in rule["Statement"]
            and self._is_in_scope(rule["Statement"]["RateBasedStatement"], request)
        }

    def read_by(self, request: Request) -> list[str]:
        """Return the rules of AWS that look at a request."""
        return [
            name
            for name, rule in self.rules.items()
            if (group := rule["Statement"].get("ManagedRuleGroupStatement"))
            and self._matches(group.get("ScopeDownStatement"), request)
        ]

    def _is_in_scope(self, rate: dict[str, Any], request: Request) -> bool:
        forwarded = rate.get("ForwardedIPConfig", {}).get("HeaderName")
        if forwarded and forwarded not in request.headers:
            return False
        return self._matches(rate.get("ScopeDownStatement"), request)

    def _matches(self, statement: Any, request: Request) -> bool:
        match statement:
            case None:
                return True
            case {"AndStatement": {"Statements": parts}}:
                return all(self._matches(each, request) for each in parts)
            case {"OrStatement": {"Statements": parts}}:
                return any(self._matches(each, request) for each in parts)
            case {"NotStatement": {"Statement": inner}}:
                return not self._matches(inner, request)
            case {"IPSetReferenceStatement": reference}:
                return self._is_of_set(reference, request)
            case {"RegexMatchStatement": found}:
                return re.search(found["RegexString"], _field(found, request)) is not None
            case {"ByteMatchStatement": found}:
                field, wanted = _field(found, request), found["SearchString"]
                return _POSITIONS[found["PositionalConstraint"]](field, str(wanted))
        raise ValueError(f"no statement of a firewall: {statement}")

    def _is_of_set(self, reference: dict[str, Any], request: Request) -> bool:
        config = reference.get("IPSetForwardedIPConfig")
        said = request.headers.get(config["HeaderName"]) if config else request.address
        named = self._resources[reference["Arn"]["Fn::GetAtt"][0]]["Properties"]["Addresses"]
        if isinstance(named, dict):
            separator, text = named["Fn::Split"]
            named = text.split(separator)
        return said is not None and any(ip_address(said) in ip_network(each) for each in named)


def _field(statement: dict[str, Any], request: Request) -> str:
    match statement["FieldToMatch"]:
        case {"SingleHeader": {"Name": name}}:
            field = request.headers.get(name, "")
        case {"UriPath": _}:
            field = request.path
        case {"Method": _}:
            field = request.method
        case other:
            raise ValueError(f"no field of a request: {other}")
    for each in statement["TextTransformations"]:
        field = _TRANSFORMATIONS[each["Type"]](field)
    return field


_POSITIONS: dict[str, Callable[[str, str], bool]] = {
    "EXACTLY": str.__eq__,
    "STARTS_WITH": str.startswith,
    "ENDS_WITH": str.endswith,
}
_TRANSFORMATIONS: dict[str, Any] = {
    "NONE": str,
    "URL_DECODE": unquote,
    "NORMALIZE_PATH": lambda path: posixpath.normpath(path.replace("//", "/")),
}


def _counted_for(rate: dict[str, Any], request: Request) -> str:
    match rate:
        case {"AggregateKeyType": "IP"}:
            return request.address
        case {"AggregateKeyType": "FORWARDED_IP", "ForwardedIPConfig": {"HeaderName": name}}:
            return request.headers[name]
        case {"AggregateKeyType": "CONSTANT"}:
            return "all"
    raise ValueError(f"no key of a rate: {rate}")
