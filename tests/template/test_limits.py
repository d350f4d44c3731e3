"""A template over one of AWS's limits is not packaged, and ours is over none."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.packaging import bundle, limits, templates
from infra.packaging.limits import LIMITS, Limit

Template = dict[str, Any]

# What is in none of our templates yet.
ABSENT = ("filter policies", "of what a tenant-isolated")


@pytest.fixture(scope="module")
def expanded(template: Template) -> Template:
    """The template as CloudFormation gets it from SAM."""
    return templates.translate(template)


def properties(template: Template, name: str) -> Any:
    return template["Resources"][name]["Properties"]


def metrics(template: Template, more: int) -> None:
    queries = properties(template, "UploadEventsAlarm")["Metrics"]
    # A formula and a metric for each rule: as many more as AWS takes.
    queries += [copy.deepcopy(queries[-1]) for _ in range(11 - len(queries) + more)]


def indexes(template: Template, count: int, attributes: int) -> None:
    table = properties(template, "OfficersTable")
    names = [f"a{number}" for number in range(attributes)]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
    table["GlobalSecondaryIndexes"] = [
        {"IndexName": f"i{number}", "Projection": projection} for number in range(count)
    ]


def projected_by_a_table(template: Template, more: int) -> None:
    indexes(template, 5, 20)
    last = properties(template, "OfficersTable")["GlobalSecondaryIndexes"]
    last.append({"IndexName": "i", "Projection": {"NonKeyAttributes": ["a"] * more}})


def variables(template: Template, more: int) -> None:
    function = properties(template, "DigestAudit")
    function["Environment"] = {"Variables": {"NAME": "v" * (4092 + more)}}


def policies(template: Template, more: int) -> None:
    role = properties(template, "DigestAuditRole")
    # The quotes and brackets count, spaces do not.
    role["Policies"] = [{"PolicyDocument": ["s" * (10_236 + more) + " \n"]}]


def policies_beside(template: Template, more: int) -> None:
    policies(template, 0)
    if more:
        attached = {"Roles": [{"Ref": "DigestAuditRole"}], "PolicyDocument": {}}
        template["Resources"]["More"] = {"Type": "AWS::IAM::Policy", "Properties": attached}


def entries(section: str, most: int) -> Callable[[Template, int], None]:
    def add(template: Template, more: int) -> None:
        wanted = most + more - len(template[section])
        resource = {"Type": "AWS::SNS::Topic"}
        template[section] |= {f"More{number}": resource for number in range(wanted)}

    return add


def size(template: Template, more: int) -> None:
    template["Description"] = ""
    template["Description"] = "d" * (1_000_000 + more - len(limits.as_sent(template)))


def paths(template: Template, more: int) -> None:
    api = properties(template, "RestAPI")
    # The root is a resource, and each part of a path.
    api["Body"]["paths"] = {f"/v1/{number}": {} for number in range(298 + more)}


def targets(template: Template, more: int) -> None:
    rule = properties(template, "UploadsRule")
    rule["Targets"] *= 5 + more


def filter_policies(template: Template, more: int) -> None:
    subscription = {"TopicArn": {"Ref": "NoticesTopic"}, "FilterPolicy": {}}
    template["Resources"] = {
        f"S{number}": {"Type": "AWS::SNS::Subscription", "Properties": subscription}
        for number in range(200 + more)
    }


def readers(template: Template, more: int) -> None:
    for number in range(more):
        reader = template["Resources"]["PublishNoticesPublishNoticesDynamodbEventSource"]
        template["Resources"][f"Reader{number}"] = reader


def visibility(template: Template, more: int) -> None:
    timeout = properties(template, "DoUpkeep")["Timeout"]
    properties(template, "UpkeepQueue")["VisibilityTimeout"] = 6 * timeout - more


def visibility_by_alias(template: Template, more: int) -> None:
    alias = {"FunctionName": {"Ref": "DoUpkeep"}, "Name": "live"}
    template["Resources"]["Live"] = {"Type": "AWS::Lambda::Alias", "Properties": alias}
    properties(template, "DoUpkeepDoUpkeepSqsEventSource")["FunctionName"] = {"Ref": "Live"}
    visibility(template, more)


def tenancy(kind: str, **more_of_it: Any) -> Callable[[Template, int], None]:
    def isolate(template: Template, more: int) -> None:
        function = properties(template, "DigestAudit")
        function["TenancyConfig"] = {"TenantIsolationMode": "PER_TENANT"}
        if more and kind:
            of = {"FunctionName": {"Ref": "DigestAudit"}, **more_of_it}
            template["Resources"]["More"] = {"Type": f"AWS::Lambda::{kind}", "Properties": of}
        elif more:
            function |= more_of_it

    return isolate


PROVISIONED = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}
# What makes the template as large as AWS takes, and `more` than that.
BREAKS: list[tuple[str, Callable[[Template, int], None]]] = [
    ("metrics in its formula", metrics),
    ("attributes in all its INCLUDE projections", projected_by_a_table),
    ("attributes in its projection", lambda template, more: indexes(template, 1, 20 + more)),
    ("indexes", lambda template, more: indexes(template, 20 + more, 1)),
    ("bytes of environment variables", variables),
    ("characters of inline policies", policies),
    ("characters of inline policies", policies_beside),
    ("resources", entries("Resources", 500)),
    ("outputs", entries("Outputs", 200)),
    ("parameters", entries("Parameters", 200)),
    ("bytes", size),
    ("resources (parts of paths)", paths),
    ("targets", targets),
    ("filter policies", filter_policies),
    ("of what a tenant-isolated", tenancy("EventSourceMapping", EventSourceArn="arn")),
    ("of what a tenant-isolated", tenancy("Url")),
    ("of what a tenant-isolated", tenancy("Alias", **PROVISIONED)),
    ("of what a tenant-isolated", tenancy("Version", **PROVISIONED)),
    ("of what a tenant-isolated", tenancy("", SnapStart={"ApplyOn": "PublishedVersions"})),
    ("readers", readers),
    ("seconds less of visibility", visibility),
    ("seconds less of visibility", visibility_by_alias),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.what)
def test_our_template_keeps_within_a_limit_of_aws(expanded: Template, limit: Limit) -> None:
    counted = dict(limit.counted(expanded))
    assert all(found <= limit.most for found in counted.values()), counted
    assert counted or limit.what.startswith(ABSENT)


@pytest.mark.parametrize(("what", "exceed"), BREAKS, ids=[what for what, _ in BREAKS])
def test_a_template_over_a_limit_is_not_packaged(
    expanded: Template, what: str, exceed: Callable[[Template, int], None]
) -> None:
    full, over = copy.deepcopy(expanded), copy.deepcopy(expanded)
    exceed(full, 0)
    limits.refuse_over(full)
    exceed(over, 1)
    with pytest.raises(bundle.Incomplete) as refused:
        limits.refuse_over(over)
    [line] = str(refused.value).splitlines()[1:]
    [limit] = [each for each in LIMITS if each.what.startswith(what) and each.page in line]
    assert f"{limit.most:,} (https://docs.aws.amazon.com/{limit.page})" in line


def test_each_limit_is_broken_once_on_purpose() -> None:
    for limit in LIMITS:
        assert any(limit.what.startswith(what) for what, _ in BREAKS), limit.what
        assert limit.page.endswith(".html")


def test_what_is_packaged_is_counted(template: Template, tmp_path: Any) -> None:
    over = copy.deepcopy(template)
    metrics(over, 1)
    with pytest.raises(bundle.Incomplete, match="UploadEventsAlarm has 11 metrics in its formula"):
        templates.verify_template(over, tmp_path)


def test_a_value_is_taken_to_be_as_long_as_it_may_become() -> None:
    short, long = {"Ref": "Table"}, {"Fn::Sub": "${Table.Arn}/index/*"}
    assert len(limits.written({"Fn::If": ["HasOne", short, long]})) == 148
    assert limits.written({"Fn::Join": [":", [{"Ref": "AWS::AccountId"}, "x"]]}) == "123456789012:x"
    assert limits.written({"Action": ["a", "b"]}) == '{\'Action\':["a","b"]}'
