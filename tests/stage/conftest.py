"""Fixtures of the commands on a stage."""

from collections.abc import Iterator, Mapping

import boto3
import pytest

from infra.stage.target import Target
from tests import cloud


@pytest.fixture
def target(aws: Mapping[str, str], clean: None) -> Iterator[Target]:
    """Return the mocked cloud as a stage, with what commands about officers need of it."""
    outputs = {
        "OfficersTableName": aws["OFFICERS_TABLE"],
        "AuditTableName": aws["AUDIT_TABLE"],
        "ReportsTableName": aws["REPORTS_TABLE"],
        "AuditSecretArn": aws["AUDIT_SECRET"],
        "OfficersPoolId": aws["USER_POOL_ID"],
        "Issuer": aws["ISSUER"],
    }
    yield Target("dev", boto3.Session(), None, outputs, api="")
    cloud.empty_pool(aws)
