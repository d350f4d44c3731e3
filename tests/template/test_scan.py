"""The scan reads every policy that is deployed, and accepts a finding only for a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.packaging import templates
from infra.scan import __main__ as scan
from infra.scan.__main__ import Exemption, Finding, Unreadable
from infra.scan.policies import Unresolved, policies

OPEN = Finding("CKV_1", "AWS::S3::Bucket.MediaBucket", "Ensure it is closed")


@pytest.fixture(scope="module")
def found(template: dict[str, Any]) -> dict[str, Any]:
    return policies(templates.translate(template))


def test_every_function_and_every_resource_with_a_policy_is_read(
    found: dict[str, Any], statements: dict[str, Any], resources: dict[str, Any]
) -> None:
    roles = {name for name in found if name.endswith("Role")}
    assert len(roles) == len(statements)
    kinds = ("KMS::Key", "S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy")
    assert found.keys() - roles == {
        name for name, each in resources.items() if each["Type"].endswith(kinds)
    }


def test_policies_are_read_with_finished_names(found: dict[str, Any]) -> None:
    assert "Fn::" not in json.dumps(found)
    assert "${" not in json.dumps(found)
    (stream,) = (
        statement["Resource"]
        for statement in found["SealAuditRole"]["Statement"]
        if "dynamodb:GetRecords" in statement["Action"]
    )
    assert stream == "arn:aws:dynamodb:us-east-1:123456789012:table/AuditTable/stream/*"


@pytest.mark.parametrize(
    "resource",
    [
        {"Fn::GetAtt": ["Api", "Arn"]},
        {"Fn::GetAtt": ["Table", "Id"]},
        {"Fn::Join": ["", ["arn:", "x"]]},
    ],
)
def test_a_name_that_is_not_known_stops_the_scan(resource: Any) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "x:Y", "Resource": resource}]}
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": document}]},
    }
    others = {"Api": {"Type": "AWS::Other"}, "Table": {"Type": "AWS::DynamoDB::Table"}}
    with pytest.raises(Unresolved, match=r"infra/scan/policies\.py"):
        policies({"Resources": {"Role": role, **others}})


def test_both_sides_of_a_choice_are_read() -> None:
    choice = {"Fn::If": ["Has", {"Fn::GetAtt": ["Table", "Arn"]}, {"Ref": "AWS::NoValue"}]}
    other = {"Fn::If": ["Has", "arn:one", {"Fn::Sub": "arn:${AWS::Partition}:two"}]}
    statements = [{"Resource": choice}, {"Resource": ["arn:zero", other]}]
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyDocument": {"Statement": statements}}]},
    }
    table = {"Type": "AWS::DynamoDB::Table"}
    found = policies({"Resources": {"Role": role, "Table": table}})["Role"]
    assert [statement["Resource"] for statement in found["Statement"]] == [
        ["arn:aws:dynamodb:us-east-1:123456789012:table/Table"],
        ["arn:zero", "arn:one", "arn:aws:two"],
    ]


def test_a_finding_of_parliament_names_whose_policy_it_is() -> None:
    line = {
        "issue": "RESOURCE_MISMATCH",
        "title": "No resources match for the given action",
        "detail": [{"action": "sns:Unsubscribe", "required_format": "*"}],
        "location": {"line": 1, "filepath": "build/policies/ApiHandlerRole.json"},
    }
    (finding,) = scan.of_parliament(json.dumps(line) + "\n")
    assert finding[:2] == ("RESOURCE_MISMATCH", "ApiHandlerRole")
    assert "sns:Unsubscribe" in finding.detail


def test_a_finding_of_checkov_names_its_resource() -> None:
    failed = {
        "check_id": "CKV_AWS_18",
        "check_name": "Ensure the S3 bucket has access logging enabled",
        "resource": "AWS::S3::Bucket.MediaBucket",
    }
    report = {"summary": {"passed": 1}, "results": {"failed_checks": [failed]}}
    (finding,) = scan.of_checkov(json.dumps(report))
    assert finding[:2] == ("CKV_AWS_18", "AWS::S3::Bucket.MediaBucket")


@pytest.mark.parametrize(
    "report",
    [
        {"passed": 0, "failed": 0, "resource_count": 0},
        {"summary": {"passed": 3, "parsing_errors": 1}, "results": {"failed_checks": []}},
    ],
)
def test_a_scan_that_checked_nothing_does_not_pass(report: Any) -> None:
    with pytest.raises(Unreadable):
        scan.of_checkov(json.dumps(report))


def test_a_finding_without_an_exemption_is_wrong() -> None:
    elsewhere = Exemption("CKV_1", "AWS::SQS::Queue.*", "why")
    assert scan.problems([OPEN], [Exemption("CKV_1", "AWS::S3::Bucket.*", "why")]) == []
    for accepted in ([], [Exemption("CKV_2", "*", "why")], [elsewhere]):
        assert "AWS::S3::Bucket.MediaBucket: CKV_1" in scan.problems([OPEN], accepted)[0]


def test_an_exemption_that_is_not_needed_any_more_is_wrong() -> None:
    (line,) = scan.problems([], [Exemption("CKV_1", "AWS::S3::Bucket.*", "why")])
    assert "not needed any more" in line


def test_every_exemption_has_a_reason(tmp_path: Path) -> None:
    assert scan.exemptions(scan.EXCEPTIONS)
    path = tmp_path / "exceptions.toml"
    for entry in ('rule = "R"\nwhere = "*"', 'rule = "R"\nwhere = "*"\nreason = ""'):
        path.write_text(f"[[exceptions]]\n{entry}\n")
        with pytest.raises(Unreadable, match="why"):
            scan.exemptions(path)


def test_a_scan_without_a_package_or_a_scanner_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="make package"):
        scan.scan(tmp_path, tmp_path)
    (tmp_path / "translated.json").write_text('{"Resources": {}}')
    with pytest.raises(Unreadable, match="make scan"):
        scan.scan(tmp_path, tmp_path)


def test_a_scanner_that_fails_does_not_pass(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho broken >&2\nexit 2\n")
    tool.chmod(0o755)
    with pytest.raises(Unreadable, match="broken"):
        scan.run(tool)
