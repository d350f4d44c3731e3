"""Whether an emulated cloud does what ministack cannot. Each probe has the name of its entry in
emulator_gaps.toml, and returns whether the cloud does it as AWS does.

A probe of what our patches correct may also raise ClientError or WaiterError where it does not.
"""

import base64
import hashlib
import io
import json
import secrets
import ssl
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.rehearsal import lambda_filter
from infra.rehearsal.cloud import ROOT, Cloud, Credentials
from tests.rehearsal.waiting import until

ECHO = """
import json, logging

def handler(event, context):
    if "authorizationToken" in event:
        raise Exception("Unauthorized")
    logging.getLogger().setLevel("INFO")
    logging.getLogger("probe").info("seen")
    logging.getLogger("probe").warning("seen")
    return {"statusCode": 200, "body": json.dumps(event.get("requestContext", {}))}
"""
# Code in the place of a function: what is it refused, and which process is it?
CONFINED = """
import ctypes, errno, os, pathlib, sys

LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "prctl(PR_SET_PDEATHSIG)": lambda: LIBC.prctl(1, 9, 0, 0, 0),
    "prctl(PR_SET_NAME)": lambda: LIBC.prctl(15, b"probe", 0, 0, 0),
    "prctl(PR_SET_SECCOMP)": lambda: LIBC.prctl(22, 2, None, 0, 0),
    "ptrace(PTRACE_TRACEME)": lambda: LIBC.ptrace(0, 0, None, None),
    "unshare(CLONE_NEWNS)": lambda: LIBC.unshare(0x20000),
    "seccomp(SECCOMP_GET_ACTION_AVAIL)": lambda: LIBC.syscall(
        {"x86_64": 317, "aarch64": 277}[os.uname().machine], 2, 0, ctypes.byref(ctypes.c_uint(0))
    ),
}

def error(call):
    ctypes.set_errno(0)
    return errno.errorcode.get(ctypes.get_errno(), "") if call() < 0 else ""

def is_written(folder):
    try:
        file = pathlib.Path(folder, f"probe-{os.getpid()}")
        file.write_bytes(b"x")
        file.unlink()
        return True
    except OSError:
        return False

def handler(event, context):
    folders = ("/dev/shm", os.path.dirname(__file__), os.environ["TMPDIR"])
    return {
        "calls": {name: error(call) for name, call in CALLS.items()},
        "written": [is_written(folder) for folder in folders],
        "process": os.getpid(),
    }
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def allow(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Lab:
    """An unpatched cloud, and what several probes need in it."""

    cloud: Cloud

    def client(self, service: str, user: Credentials | None = None) -> Any:
        return self.cloud.client(service, user or ROOT)

    def stack(self, **resources: Any) -> dict[str, str]:
        """Create a stack and return the physical ids. Raises ClientError when it fails."""
        cloudformation, name = self.client("cloudformation"), f"probe-{secrets.token_hex(4)}"
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources})
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )
        found = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def user(self, *actions: str, **more: Any) -> Credentials:
        """Return the keys of a user who may do this, under a Condition, and nothing else."""
        iam, name = self.client("iam"), f"probe-{secrets.token_hex(4)}"
        iam.create_user(UserName=name)
        iam.put_user_policy(
            UserName=name, PolicyName="probe", PolicyDocument=allow(*actions, **more)
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    @cached_property
    def function(self) -> str:
        """The ARN of a function whose role may do nothing."""
        return self._function("quiet")

    @cached_property
    def writing_function(self) -> str:
        """The ARN of a function whose role may write its log."""
        return self._function("writing", "logs:CreateLogStream", "logs:PutLogEvents")

    @cached_property
    def confined(self) -> dict[str, Any]:
        """What a function finds out about the process that it is in."""
        self._function("confined", code=CONFINED)
        found: dict[str, Any] = self.invoke("confined")
        return found

    @cached_property
    def isolated_function(self) -> str:
        """The ARN of a function with tenant isolation."""
        isolated = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
        return self._function("isolated", code=CONFINED, **isolated)

    def invoke(self, function: str, tenant: str | None = None) -> Any:
        """Return what a function returns. Raises ClientError."""
        named = {} if tenant is None else {"TenantId": tenant}
        response = self.client("lambda").invoke(FunctionName=function, Payload=b"{}", **named)
        return json.loads(response["Payload"].read())

    def _function(self, name: str, *actions: str, code: str = ECHO, **more: Any) -> str:
        iam = self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        if actions:
            iam.put_role_policy(RoleName=name, PolicyName="probe", PolicyDocument=allow(*actions))
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("echo.py", code)
        self.client("logs").create_log_group(logGroupName=name)
        created = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role["Role"]["Arn"],
            Handler="echo.handler",
            Code={"ZipFile": archive.getvalue()},
            LoggingConfig={"LogGroup": name, "LogFormat": "JSON"},
            **more,
        )
        return str(created["FunctionArn"])

    def log_of(self, function: str) -> list[str]:
        """Invoke a function, and return what it has logged."""
        self.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        group = function.rsplit(":", 1)[-1]
        events = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"].strip() for event in events]

    @cached_property
    def bucket(self) -> str:
        """A bucket that keeps versions."""
        s3, name = self.client("s3"), "probe-bucket"
        s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.cloud.region}
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self.http.get(url, **more)

    @cached_property
    def http(self) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(self.cloud.certificate))
        return httpx.Client(verify=trusted, trust_env=False)

    def api(self, *, permission: bool = True, authorizer: bool = False) -> str:
        """Make an API of one path, `/here`, with its own form of an unknown one; return its URL.

        Without `permission` it may not call the function of that path. It may never call its
        `authorizer`, which would refuse everybody with 401.
        """
        function = self.writing_function if permission else self.function
        region = self.cloud.region
        functions = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
        integration = {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": f"{functions}{function}/invocations",
        }
        asks = {
            "type": "token",
            "authorizerUri": f"{functions}{self.function}/invocations",
            "authorizerResultTtlInSeconds": 0,
        }
        security = {
            "asks": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": asks,
            }
        }
        body = {
            "swagger": "2.0",
            "info": {"title": "probe", "version": "1"},
            "securityDefinitions": security,
            "paths": {
                "/here": {
                    "get": {
                        "x-amazon-apigateway-integration": integration,
                        "security": [{"asks": []}] if authorizer else [],
                    }
                }
            },
            "x-amazon-apigateway-gateway-responses": {
                "MISSING_AUTHENTICATION_TOKEN": {"statusCode": "404"}
            },
        }
        let_in = {
            "FunctionName": function,
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
        }
        allowed = {"Permission": {"Type": "AWS::Lambda::Permission", "Properties": let_in}}
        made = self.stack(
            **(allowed if permission else {}),
            Api={"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
            Deployment={
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "api"},
            },
        )
        return f"{self.cloud.endpoint}/_aws/execute-api/{made['Api']}/api"


def pages_of_sign_in(lab: Lab) -> bool:
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    client = {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}}}
    properties = {
        "UserPoolId": {"Ref": "Pool"},
        "ClientId": {"Ref": "Client"},
        "UseCognitoProvidedValues": True,
    }
    pages = {"Type": "AWS::Cognito::ManagedLoginBranding", "Properties": properties}
    return bool(lab.stack(Pool=pool, Client=client, Pages=pages))


def selections_of_backups(lab: Lab) -> bool:
    rule = {"RuleName": "daily", "TargetBackupVault": "Default"}
    plan = {"BackupPlanName": "probe", "BackupPlanRule": [rule]}
    selection = {
        "SelectionName": "probe",
        "IamRoleArn": "arn:aws:iam::111122223333:role/probe",
        "Resources": ["arn:aws:dynamodb:*:*:table/*"],
    }
    return bool(
        lab.stack(
            Plan={"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": plan}},
            Selection={
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {"BackupPlanId": {"Ref": "Plan"}, "BackupSelection": selection},
            },
        )
    )


def budgets(lab: Lab) -> bool:
    limit = {"Amount": 1, "Unit": "USD"}
    budget = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    return bool(
        lab.stack(Budget={"Type": "AWS::Budgets::Budget", "Properties": {"Budget": budget}})
    )


def what_a_firewall_guards(lab: Lab) -> bool:
    visible = {
        "SampledRequestsEnabled": False,
        "CloudWatchMetricsEnabled": False,
        "MetricName": "probe",
    }
    acl = {"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": visible}
    guards = {
        "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]},
        "ResourceArn": {"Fn::GetAtt": ["Pool", "Arn"]},
    }
    return bool(
        lab.stack(
            Acl={"Type": "AWS::WAFv2::WebACL", "Properties": acl},
            Pool={"Type": "AWS::Cognito::UserPool", "Properties": {}},
            Guard={"Type": "AWS::WAFv2::WebACLAssociation", "Properties": guards},
        )
    )


def metric_math_alarms(lab: Lab) -> bool:
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    stat = {"Stat": "Sum", "Period": 60, "Metric": metric}
    properties = {
        "Metrics": [
            {"Id": "sum", "Expression": "SUM(METRICS())"},
            {"Id": "one", "ReturnData": False, "MetricStat": stat},
        ],
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
    }
    return bool(lab.stack(Alarm={"Type": "AWS::CloudWatch::Alarm", "Properties": properties}))


def secrets_by_arn(lab: Lab) -> bool:
    made = lab.stack(
        Secret={"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}}
    )
    return made["Secret"].startswith("arn:")


def sending_in_batches(lab: Lab) -> bool:
    topic = lab.client("sns").create_topic(Name="probe")["TopicArn"]
    entries = [{"Id": "1", "Message": "m"}]
    publisher = lab.client("sns", lab.user("sns:Publish"))
    sent = publisher.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    queue = lab.client("sqs").create_queue(QueueName="probe")["QueueUrl"]
    sender = lab.client("sqs", lab.user("sqs:SendMessage"))
    messages = [{"Id": "1", "MessageBody": "m"}]
    return bool(sent and sender.send_message_batch(QueueUrl=queue, Entries=messages))


def table(lab: Lab, name: str) -> None:
    lab.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )


def projections_of_batches(lab: Lab) -> bool:
    table(lab, "probe-of-batches")
    condition = {"Null": {"dynamodb:Attributes": "false"}}
    dynamodb = lab.client("dynamodb", lab.user("dynamodb:BatchGetItem", Condition=condition))
    wanted: Any = {"Keys": [{"pk": {"S": "a"}}], "ProjectionExpression": "pk"}
    return "Responses" in dynamodb.batch_get_item(RequestItems={"probe-of-batches": wanted})


def selects_of_items(lab: Lab) -> bool:
    table(lab, "probe-of-selects")
    condition = {"StringEquals": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}}
    dynamodb = lab.client("dynamodb", lab.user("dynamodb:GetItem", Condition=condition))
    try:
        dynamodb.get_item(
            TableName="probe-of-selects", Key={"pk": {"S": "a"}}, ProjectionExpression="pk"
        )
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "AccessDeniedException")
    return False


def limits_of_resources(lab: Lab) -> bool:
    key = {"AttributeName": "pk", "KeyType": "HASH"}
    names = [f"a{number}" for number in range(101)]
    projection: Any = {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
    try:
        lab.client("dynamodb").create_table(
            TableName="probe-of-limits",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[key],
            GlobalSecondaryIndexes=[
                {"IndexName": "wide", "KeySchema": [key], "Projection": projection}
            ],
        )
    except ClientError:
        return True
    return False


def versions_in_batches(lab: Lab) -> bool:
    s3 = lab.client("s3")
    where: Any = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket="probe-versions", CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket="probe-versions", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="probe-versions", Key="x", Body=b"x")["VersionId"]
    sweeper = lab.client("s3", lab.user("s3:DeleteObjectVersion"))
    deleted = sweeper.delete_objects(
        Bucket="probe-versions", Delete={"Objects": [{"Key": "x", "VersionId": version}]}
    )
    return not deleted.get("Errors")


def pool(lab: Lab, **more: Any) -> str:
    created = lab.client("cognito-idp").create_user_pool(
        PoolName="probe",
        Policies={"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": False}},
        **more,
    )
    return str(created["UserPool"]["Id"])


def long_first_passwords(lab: Lab) -> bool:
    cognito = lab.client("cognito-idp")
    return bool(
        cognito.admin_create_user(UserPoolId=pool(lab), Username="li", MessageAction="SUPPRESS")
    )


def mfa_setup(lab: Lab) -> bool:
    cognito = lab.client("cognito-idp")
    made = pool(lab)
    cognito.set_user_pool_mfa_config(
        UserPoolId=made, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(
        UserPoolId=made, ClientName="probe", ExplicitAuthFlows=flows
    )["UserPoolClient"]["ClientId"]
    password = "a-Long-enough-1"
    cognito.admin_create_user(UserPoolId=made, Username="li", TemporaryPassword=password)
    cognito.admin_set_user_password(
        UserPoolId=made, Username="li", Password=password, Permanent=True
    )
    result = cognito.admin_initiate_auth(
        UserPoolId=made,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "li", "PASSWORD": password},
    )
    return bool(result.get("ChallengeName") == "MFA_SETUP")


def templates_by_virtual_host(lab: Lab) -> bool:
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    lab.client("s3").put_object(Bucket=lab.bucket, Key="t.json", Body=json.dumps(topic))
    return bool(
        lab.client("cloudformation").create_stack(
            StackName="probe-url",
            TemplateURL=f"https://{lab.bucket}.s3.{lab.cloud.region}.amazonaws.com/t.json",
        )
    )


def domain_names_of_requests(lab: Lab) -> bool:
    return "domainName" in lab.get(f"{lab.api()}/here").raise_for_status().json()


def backups_of_deleted_tables(lab: Lab) -> bool:
    dynamodb, name = lab.client("dynamodb"), "probe-of-backups"
    key = {"AttributeName": "pk", "AttributeType": "S"}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[key],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.delete_table(TableName=name)
    return bool(dynamodb.list_backups(TableName=name, BackupType="SYSTEM")["BackupSummaries"])


def changes_of_keys(lab: Lab) -> bool:
    cloudformation, names = lab.client("cloudformation"), {"StackName": "probe-of-keys"}
    administers = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:*",
        "Resource": "*",
    }

    def template(*more: Any) -> str:
        policy = {"Version": "2012-10-17", "Statement": [administers, *more]}
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
        return json.dumps({"Resources": {"Key": key}})

    cloudformation.create_stack(**names, TemplateBody=template())
    cloudformation.get_waiter("stack_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    names["ChangeSetName"] = "another-policy"
    refused = administers | {"Effect": "Deny", "Action": "kms:Decrypt"}
    cloudformation.create_change_set(**names, TemplateBody=template(refused))
    cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    (change,) = cloudformation.describe_change_set(**names)["Changes"]
    return bool(change["ResourceChange"]["Replacement"] == "False")


def changes_of_apis(lab: Lab) -> bool:
    cloudformation, name = lab.client("cloudformation"), {"StackName": "probe-of-apis"}

    def template(path: str) -> str:
        method = {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}
        info = {"title": "probe", "version": "1"}
        body = {"swagger": "2.0", "info": info, "paths": {f"/{path}": method}}
        deployed = {"RestApiId": {"Ref": "Api"}, "StageName": "api"}
        resources = {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
            path: {"Type": "AWS::ApiGateway::Deployment", "Properties": deployed},
        }
        return json.dumps({"Resources": resources})

    def api() -> Any:
        found = cloudformation.describe_stack_resource(**name, LogicalResourceId="Api")
        return found["StackResourceDetail"]["PhysicalResourceId"]

    cloudformation.create_stack(**name, TemplateBody=template("before"))
    cloudformation.get_waiter("stack_create_complete").wait(**name, WaiterConfig={"Delay": 1})
    address = f"{lab.cloud.endpoint}/_aws/execute-api/{api()}/api"
    assert lab.get(f"{address}/before").status_code == 200
    cloudformation.update_stack(**name, TemplateBody=template("after"))
    cloudformation.get_waiter("stack_update_complete").wait(**name, WaiterConfig={"Delay": 1})
    answers = [lab.get(f"{address}/{path}").status_code for path in ("before", "after")]
    return address.split("/")[-2] == api() and answers == [403, 200]


def deployments_of_apis(lab: Lab) -> bool:
    address = lab.api()
    gateway, api = lab.client("apigateway"), {"restApiId": address.split("/")[-2]}
    root = next(each for each in gateway.get_resources(**api)["items"] if each["path"] == "/")
    made = gateway.create_resource(**api, parentId=root["id"], pathPart="new")
    method = {**api, "resourceId": made["id"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type="MOCK")
    return lab.get(f"{address}/new").status_code != 200


def arns_of_roles(lab: Lab) -> bool:
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="probe-of-roles",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    policy = allow("kms:ListKeys", Condition={"ArnEquals": {"aws:PrincipalArn": role}})
    iam.put_role_policy(RoleName="probe-of-roles", PolicyName="probe", PolicyDocument=policy)
    given = lab.client("sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
    session = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return "Keys" in lab.client("kms", session).list_keys()


def apis_as_origins(lab: Lab) -> bool:
    api = lab.api().rsplit("/", 2)[-2]
    domain = f"{api}.execute-api.{lab.cloud.region}.amazonaws.com"
    origin = {
        "Id": "api",
        "DomainName": domain,
        "OriginPath": "/api",
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
        },
    }
    behavior = {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",  # CachingDisabled, of AWS
    }
    config = {"Enabled": True, "Origins": [origin], "DefaultCacheBehavior": behavior}
    properties = {"DistributionConfig": config}
    made = lab.stack(Edge={"Type": "AWS::CloudFront::Distribution", "Properties": properties})
    (edge,) = (
        each["DomainName"]
        for each in lab.client("cloudfront").list_distributions()["DistributionList"]["Items"]
        if each["Id"] == made["Edge"]
    )
    reply = lab.get(f"{lab.cloud.endpoint}/here", headers={"Host": edge})
    return reply.status_code == 200


def tags_of_stacks(lab: Lab) -> bool:
    bucket = lab.stack(Bucket={"Type": "AWS::S3::Bucket"})["Bucket"]
    try:
        tags = lab.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError:
        return False
    return any(tag["Key"] == "aws:cloudformation:stack-name" for tag in tags)


def gateway_responses(lab: Lab) -> bool:
    reply = lab.get(f"{lab.api()}/nowhere")
    assert reply.status_code in (403, 404), reply.text
    return reply.status_code == 404


def locks_of_buckets(lab: Lab) -> bool:
    lock = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 2}},
    }
    properties = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": lock,
    }
    made = lab.stack(Bucket={"Type": "AWS::S3::Bucket", "Properties": properties})
    return bool(lab.client("s3").get_object_lock_configuration(Bucket=made["Bucket"]))


def keys_of_buckets(lab: Lab) -> bool:
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
    encryption = {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": by_default}]
    }
    made = lab.stack(
        Key={"Type": "AWS::KMS::Key", "Properties": {}},
        Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": encryption}},
    )
    found = lab.client("s3").get_bucket_encryption(Bucket=made["Bucket"])
    (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "")
    return bool(key.endswith(made["Key"]))


def queue(lab: Lab) -> tuple[str, str]:
    """Return the URL and the ARN of a new queue."""
    sqs = lab.client("sqs")
    url = sqs.create_queue(QueueName=f"probe-{secrets.token_hex(4)}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def move_tasks(lab: Lab) -> bool:
    (_, source), (_, destination) = queue(lab), queue(lab)
    return bool(
        lab.client("sqs").start_message_move_task(SourceArn=source, DestinationArn=destination)
    )


def keys_of_encrypted_resources(lab: Lab) -> bool:
    key = lab.client("kms").create_key()["KeyMetadata"]["Arn"]
    lab.client("secretsmanager").create_secret(Name="probe", SecretString="s", KmsKeyId=key)
    reader = lab.client("secretsmanager", lab.user("secretsmanager:GetSecretValue"))
    try:
        reader.get_secret_value(SecretId="probe")
    except ClientError:
        return True
    return False


def keys_of_rows(lab: Lab) -> bool:
    key = {"AttributeName": "pk", "AttributeType": "S"}
    lab.client("dynamodb").create_table(
        TableName="probe-of-rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[key],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    condition = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["own#*"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }
    user = lab.user("dynamodb:Query", "dynamodb:PutItem", Condition=condition)
    dynamodb, table = lab.client("dynamodb", user), {"TableName": "probe-of-rows"}

    def query(value: str) -> Any:
        return dynamodb.query(
            **table,
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": "pk"},
            ExpressionAttributeValues={":p": {"S": value}},
        )

    def put(value: str, **more: Any) -> Any:
        return dynamodb.put_item(**table, Item={"pk": {"S": value}}, **more)

    def put_by_transaction(value: str) -> Any:
        write = {"Put": {**table, "Item": {"pk": {"S": value}}}}
        return dynamodb.transact_write_items(TransactItems=[write])

    for call in (query, put, put_by_transaction):
        assert call("own#1")
    return all(
        is_denied(call)
        for call in (
            lambda: query("another#1"),
            lambda: put("another#1"),
            lambda: put_by_transaction("another#1"),
            lambda: put("own#1", ReturnValues="ALL_OLD"),
        )
    )


def is_denied(call: Callable[[], Any]) -> bool:
    return refusal(call) == "AccessDeniedException"


def sources_of_events(lab: Lab) -> bool:
    _, arn = queue(lab)
    mapping = {"FunctionName": lab.function, "EventSourceArn": arn}
    try:
        lab.stack(Source={"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping})
    except WaiterError:
        return True
    return False


def logs_of_functions(lab: Lab) -> bool:
    return not lab.log_of(lab.function)


def log_lines_in_json(lab: Lab) -> bool:
    return any(
        line.startswith("{") and '"seen"' in line for line in lab.log_of(lab.writing_function)
    )


def default_policy_of_topics(lab: Lab) -> bool:
    topic = lab.stack(Topic={"Type": "AWS::SNS::Topic", "Properties": {}})["Topic"]
    try:
        lab.client("sns", lab.user("sns:ListTopics")).publish(TopicArn=topic, Message="m")
    except ClientError:
        return True
    return False


def deliveries_of_rules(lab: Lab) -> bool:
    url, arn = queue(lab)
    events = lab.client("events")
    events.put_rule(Name="probe-closed", EventPattern=json.dumps({"source": ["probe"]}))
    events.put_targets(Rule="probe-closed", Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"Source": "probe", "DetailType": "probe", "Detail": "{}"}])
    return not lab.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=3).get("Messages")


def calls_of_the_gateway(lab: Lab) -> bool:
    return lab.get(f"{lab.api(permission=False)}/here").status_code == 500


def calls_of_authorizers(lab: Lab) -> bool:
    url = f"{lab.api(authorizer=True)}/here"
    reply = lab.get(url, headers={"Authorization": "a token"})
    assert reply.status_code in (401, 500), reply.text
    return reply.status_code == 500


def earlier_states_of_tables(lab: Lab) -> bool:
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    made = lab.stack(Table={"Type": "AWS::DynamoDB::Table", "Properties": properties})
    dynamodb, table = lab.client("dynamodb"), made["Table"]
    found = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return bool(found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED")


def sha256_of_a_form(lab: Lab) -> bool:
    sha256 = base64.b64encode(hashlib.sha256(b"declared").digest()).decode()
    fields = {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": sha256}
    form = lab.client("s3").generate_presigned_post(
        lab.bucket, "photo", Fields=fields, Conditions=[dict([field]) for field in fields.items()]
    )
    reply = lab.http.post(form["url"], data=form["fields"], files={"file": b"another"})
    assert reply.status_code in (204, 400), reply.text
    return reply.status_code == 400


def version_of_an_event(lab: Lab) -> bool:
    url, arn = queue(lab)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ],
    }
    sqs, events = lab.client("sqs"), lab.client("events")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    events.put_rule(Name="probe", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="probe", Targets=[{"Id": "queue", "Arn": arn}])
    lab.client("s3").put_bucket_notification_configuration(
        Bucket=lab.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    lab.client("s3").put_object(Bucket=lab.bucket, Key="seen", Body=b"1")
    (message,) = until(
        lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "the event of an object"
    )
    return bool(json.loads(message["Body"])["detail"]["object"].get("version-id"))


def headers_of_a_version(lab: Lab) -> bool:
    s3 = lab.client("s3")
    version = s3.put_object(Bucket=lab.bucket, Key="named", Body=b"1")["VersionId"]
    url = s3.generate_presigned_url(
        "get_object",
        {
            "Bucket": lab.bucket,
            "Key": "named",
            "VersionId": version,
            "ResponseContentDisposition": "attachment",
        },
    )
    reply = lab.get(url)
    assert reply.status_code == 200, reply.text
    return bool(reply.headers.get("content-disposition") == "attachment")


def ranges_of_versions(lab: Lab) -> bool:
    s3 = lab.client("s3")
    version = s3.put_object(Bucket=lab.bucket, Key="ranged", Body=b"0123456789")["VersionId"]
    named = {"Bucket": lab.bucket, "Key": "ranged", "VersionId": version}
    reply = lab.get(s3.generate_presigned_url("get_object", named), headers={"Range": "bytes=2-4"})
    beyond = refusal(lambda: s3.get_object(**named, Range="bytes=10-"))
    return (reply.status_code, reply.content, beyond) == (206, b"234", "InvalidRange")


def joins_in_conditions(lab: Lab) -> bool:
    empty = {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Subnets"}]}, ""]}
    template = {
        "Parameters": {"Subnets": {"Type": "CommaDelimitedList", "Default": ""}},
        "Conditions": {"IsEmpty": empty, "IsFull": {"Fn::Not": [empty]}},
        "Resources": {
            name: {"Type": "AWS::SNS::Topic", "Condition": name} for name in ("IsEmpty", "IsFull")
        },
    }
    cloudformation, name = lab.client("cloudformation"), {"StackName": "probe-of-conditions"}
    cloudformation.create_stack(**name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(**name, WaiterConfig={"Delay": 1})
    made = cloudformation.list_stack_resources(**name)["StackResourceSummaries"]
    return [each["LogicalResourceId"] for each in made] == ["IsEmpty"]


def upload(lab: Lab, key: str, numbers: tuple[int, ...]) -> Any:
    """Upload two parts, complete them in this order, and return the response."""
    s3, options = lab.client("s3"), {"Bucket": lab.bucket, "Key": key}
    begun = s3.create_multipart_upload(
        **options, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT"
    )
    etags = {
        number: s3.upload_part(
            **options, UploadId=begun["UploadId"], PartNumber=number, Body=bytes(5 << 20)
        )["ETag"]
        for number in (1, 2)
    }
    parts = [{"PartNumber": number, "ETag": etags[number]} for number in numbers]
    return s3.complete_multipart_upload(
        **options, UploadId=begun["UploadId"], MultipartUpload={"Parts": parts}
    )


def checksum_of_all_parts(lab: Lab) -> bool:
    checksum = upload(lab, "whole", (1, 2)).get("ChecksumCRC64NVME", "-")
    return "-" not in checksum


def order_of_parts(lab: Lab) -> bool:
    try:
        upload(lab, "backwards", (2, 1))
    except ClientError:
        return True
    return False


def history_of_events(lab: Lab) -> bool:
    key = lab.client("kms").create_key()["KeyMetadata"]["Arn"]
    lab.client("kms").describe_key(KeyId=key)
    named = {"AttributeKey": "ResourceName", "AttributeValue": key}
    return bool(lab.client("cloudtrail").lookup_events(LookupAttributes=[named])["Events"])


def lists_of_phones(lab: Lab) -> bool:
    sns = lab.client("sns")
    made = sns.create_platform_application(Name="probe", Platform="APNS", Attributes={})
    application = {"PlatformApplicationArn": made["PlatformApplicationArn"]}
    sns.create_platform_endpoint(**application, Token="a1" * 32)
    try:
        return len(sns.list_endpoints_by_platform_application(**application)["Endpoints"]) == 1
    except ClientError:
        return False


def calls_of_the_system(lab: Lab) -> bool:
    return set(lab.confined["calls"].values()) == {"EPERM"}


def folders_of_functions(lab: Lab) -> bool:
    if not lambda_filter.landlock_version():
        pytest.skip("this kernel has no Landlock")
    return bool(lab.confined["written"] == [False, False, True])


def function_of_template(lab: Lab, **more: Any) -> str:
    """Make a function by a template, and return its name."""
    known = lab.client("lambda").get_function_configuration(FunctionName=lab.function)
    properties = {
        "Runtime": "python3.13",
        "Role": known["Role"],
        "Handler": "index.handler",
        "Code": {"ZipFile": ECHO},
        **more,
    }
    made = lab.stack(Function={"Type": "AWS::Lambda::Function", "Properties": properties})
    return made["Function"]


def tenancy_of_templates(lab: Lab) -> bool:
    isolation = {"TenantIsolationMode": "PER_TENANT"}
    function = function_of_template(lab, TenancyConfig=isolation)
    found = lab.client("lambda").get_function_configuration(FunctionName=function)
    return bool(found.get("TenancyConfig") == isolation)


def concurrency_of_templates(lab: Lab) -> bool:
    function = function_of_template(lab, ReservedConcurrentExecutions=1)
    found = lab.client("lambda").get_function_concurrency(FunctionName=function)
    return bool(found.get("ReservedConcurrentExecutions") == 1)


def tenants_of_functions(lab: Lab) -> bool:
    function = lab.isolated_function
    lab.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=1
    )
    first, second, again = (
        lab.invoke(function, tenant)["process"] for tenant in ("report 1", "report 2", "report 1")
    )
    return (
        first == again != second
        # It may have two environments, and has them.
        and refusal(lambda: lab.invoke(function, "report 3")) == "TooManyRequestsException"
        and lab.invoke(function, "report 2")["process"] == second
        and refusal(lambda: lab.invoke(function)) == "InvalidParameterValueException"
        and refusal(lambda: lab.invoke(function, "report#1")) == "InvalidParameterValueException"
        and refusal(lambda: lab.invoke(lab.function, "report 1"))
        == "InvalidParameterValueException"
    )


def callers_of_isolated_functions(lab: Lab) -> bool:
    function, (_, source) = lab.isolated_function, queue(lab)
    functions, name = lab.client("lambda"), {"FunctionName": lab.isolated_function}
    version = functions.publish_version(**name)["Version"]
    refused = [
        refusal(call)
        for call in (
            lambda: functions.create_event_source_mapping(**name, EventSourceArn=source),
            lambda: functions.create_function_url_config(**name, AuthType="AWS_IAM"),
            lambda: functions.put_provisioned_concurrency_config(
                **name, Qualifier=version, ProvisionedConcurrentExecutions=1
            ),
        )
    ]
    mapping = {"FunctionName": function, "EventSourceArn": source}
    try:
        lab.stack(Source={"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping})
    except WaiterError:
        return set(refused) == {"InvalidParameterValueException"}
    return False


def refusal(call: Callable[[], Any]) -> str:
    """Return the code of the error with which a call is refused; "" when it is not."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


PROBES: dict[str, Callable[[Lab], bool]] = {
    probe.__name__.replace("_", "-"): probe
    for probe in (
        pages_of_sign_in,
        selections_of_backups,
        budgets,
        what_a_firewall_guards,
        metric_math_alarms,
        secrets_by_arn,
        sending_in_batches,
        projections_of_batches,
        selects_of_items,
        versions_in_batches,
        long_first_passwords,
        templates_by_virtual_host,
        domain_names_of_requests,
        locks_of_buckets,
        keys_of_buckets,
        move_tasks,
        keys_of_encrypted_resources,
        keys_of_rows,
        sources_of_events,
        logs_of_functions,
        log_lines_in_json,
        default_policy_of_topics,
        deliveries_of_rules,
        calls_of_the_gateway,
        calls_of_authorizers,
        earlier_states_of_tables,
        backups_of_deleted_tables,
        changes_of_keys,
        changes_of_apis,
        deployments_of_apis,
        arns_of_roles,
        apis_as_origins,
        ranges_of_versions,
        joins_in_conditions,
        calls_of_the_system,
        folders_of_functions,
        tenancy_of_templates,
        tenants_of_functions,
        callers_of_isolated_functions,
        concurrency_of_templates,
        tags_of_stacks,
        gateway_responses,
        mfa_setup,
        sha256_of_a_form,
        version_of_an_event,
        headers_of_a_version,
        checksum_of_all_parts,
        order_of_parts,
        history_of_events,
        lists_of_phones,
        limits_of_resources,
    )
}
