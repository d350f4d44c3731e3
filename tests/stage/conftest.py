"""Fixtures of the commands on a stage."""

from collections.abc import Mapping

import boto3
import pytest

from infra.stage.target import Target


@pytest.fixture
def target(aws: Mapping[str, str], clean: None) -> Target:
    """Return the mocked cloud as a stage, with what commands about officers need of it."""
    outputs = {
        "OfficersTableName": aws["OFFICERS_TABLE"],
        "AuditTableName": aws["AUDIT_TABLE"],
        "ReportsTableName": aws["REPORTS_TABLE"],
        "AuditSecretArn": aws["AUDIT_SECRET"],
        "OfficersPoolId": aws["USER_POOL_ID"],
        "Issuer": aws["ISSUER"],
    }
    return Target("dev", boto3.Session(), None, outputs, api="")
