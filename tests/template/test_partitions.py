"""The templates work in every partition: China's names end differently."""

import json
import re
from pathlib import Path

import pytest

from infra import template
from infra.packaging import policies

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name for path in (ROOT / "infra").glob("*.yaml"))
# The names of services as principals are the same in all partitions.
PRINCIPAL = re.compile(r'"?Service"?: \[?("?[a-z0-9-]+\.amazonaws\.com\b"?(, )?)+')
# CloudTrail names the service of an event in the same way in all partitions.
EVENT_SOURCE = re.compile(r'"eventSource": \["[a-z0-9-]+\.amazonaws\.com"\]')
# The documentation does not say how KMS names a service in China, so policies have both names.
VIA_SERVICE = re.compile(r"\b[a-z0-9-]+\.\$\{AWS::Region\}\.amazonaws\.com\b")


@pytest.mark.parametrize("name", NAMES)
def test_no_address_and_no_arn_names_one_partition(name: str) -> None:
    meant = policies.statements() if name == "policies.yaml" else template.load(name)
    rest = json.dumps(meant)
    for allowed in (PRINCIPAL, EVENT_SOURCE, VIA_SERVICE):
        rest = allowed.sub("", rest)

    assert "amazonaws.com" not in rest
    assert "arn:aws" not in rest


def test_the_key_may_be_used_through_a_service_under_both_of_its_names() -> None:
    for statements in policies.statements().values():
        for statement in (each for each in statements if each["Sid"] == "UseTheKey"):
            named = [
                each["Fn::Sub"] for each in statement["Condition"]["StringEquals"]["kms:ViaService"]
            ]
            services = {name.split(".")[0] for name in named}
            assert sorted(named) == sorted(
                f"{service}.${{AWS::Region}}.{suffix}"
                for service in services
                for suffix in ("amazonaws.com", "${AWS::URLSuffix}")
            )
