"""`make rehearse-mutations`: break what was packaged, one thing at a time, and see that the
rehearsal fails, with a message that names the cause.

    python -m tests.rehearsal.mutations [NAME …]

It needs what `make rehearse` has packaged. Each mutation is deployed to a cloud of its own, and
only the tests run that should notice it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.packaging import bundle
from infra.packaging.aliases import alias_of
from infra.rehearsal import environments

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "build" / "rehearsal"
MUTATED = ROOT / "build" / "mutated"
TESTS = Path(__file__).parent

type Resources = dict[str, Any]


@dataclass(frozen=True)
class Mutation:
    """Something broken: in the template's resources, or (`module`) in a module of the zip.

    `tests` must fail, and their output must match `says`.
    """

    name: str
    tests: str
    says: str
    change: Callable[[Resources], object] | None = None
    module: str = ""
    replace: tuple[str, str] = ("", "")


def policy_of(resources: Resources, name: str) -> Any:
    """Return the policy of a role or of a key."""
    properties = resources[name]["Properties"]
    return properties.get("KeyPolicy") or properties["Policies"][0]["PolicyDocument"]


def without_right(role: str, action: str, sid: str = "") -> Callable[[Resources], object]:
    """Take an action out of every statement of a role, or out of the one with this Sid."""

    def change(resources: Resources) -> None:
        document = policy_of(resources, role)
        kept = []
        for statement in document["Statement"]:
            assert isinstance(statement["Action"], list)
            actions = [
                each
                for each in statement["Action"]
                if each != action or sid not in ("", statement["Sid"])
            ]
            if actions:
                kept.append(statement | {"Action": actions})
        assert kept != document["Statement"], f"{role} has no {action}"
        document["Statement"] = kept

    return change


def without_statement(name: str, sid: str) -> Callable[[Resources], object]:
    """Take a statement out of the policy of a role or of a key."""

    def change(resources: Resources) -> None:
        document = policy_of(resources, name)
        kept = [each for each in document["Statement"] if each["Sid"] != sid]
        assert kept != document["Statement"], f"{name} has no {sid}"
        document["Statement"] = kept

    return change


def with_query_of_indexes(resources: Resources) -> None:
    """Let residents find reports as officers do."""
    statement = {
        "Effect": "Allow",
        "Action": ["dynamodb:Query"],
        "Resource": {"Fn::Sub": "${ReportsTable.Arn}/index/*"},
    }
    policy_of(resources, "ApiHandlerRole")["Statement"].append(statement)


def without_condition(resources: Resources) -> None:
    """Let residents read every row of the reports table."""
    statements = policy_of(resources, "ApiHandlerRole")["Statement"]
    (reading,) = (each for each in statements if each["Sid"] == "ReadReports")
    del reading["Condition"]


def opened_by_residents(resources: Resources) -> None:
    """Let residents decrypt with the key of contacts, too."""
    without_statement("ContactKey", "NobodyElseOpens")(resources)
    for statement in policy_of(resources, "ContactKey")["Statement"]:
        if statement["Sid"] == "OfficersOpen":
            roles = [{"Fn::GetAtt": [name, "Arn"]} for name in ("ApiHandlerRole", "OfficersRole")]
            statement["Principal"] = {"AWS": roles}


def with_select_of_reads(role: str) -> Callable[[Resources], object]:
    """Demand `dynamodb:Select` of every read, also of those that AWS may not send it with."""

    def change(resources: Resources) -> None:
        changed = 0
        for statement in policy_of(resources, role)["Statement"]:
            condition = statement.get("Condition", {})
            if select := condition.get("StringEqualsIfExists", {}).pop("dynamodb:Select", None):
                condition.setdefault("StringEquals", {})["dynamodb:Select"] = select
                changed += 1
        assert changed, f"{role} has no such condition"

    return change


def with_right_of_decoder(resources: Resources) -> None:
    """Let the decoder read every original."""
    statement = {
        "Sid": "ReadOriginals",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": {"Fn::Sub": "${MediaBucket.Arn}/originals/*"},
    }
    policy_of(resources, "DecodeRole")["Statement"].append(statement)


def without_setting(function: str, name: str) -> Callable[[Resources], object]:
    return lambda resources: resources[function]["Properties"]["Environment"]["Variables"].pop(name)


def with_setting(function: str, name: str, value: Any) -> Callable[[Resources], object]:
    def change(resources: Resources) -> None:
        variables = resources[function]["Properties"]["Environment"]["Variables"]
        assert name in variables
        variables[name] = value

    return change


def with_function(resources: Resources, path: str, function: str) -> None:
    """Send each request to a path to this function."""
    for method in resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"][path].values():
        integration = method.get("x-amazon-apigateway-integration", {})
        if "uri" in integration:
            uri = re.sub(r"\w+Live", alias_of(function), integration["uri"]["Fn::Sub"])
            integration["uri"] = {"Fn::Sub": uri}


def let_in_past_the_alias(function: str) -> Callable[[Resources], object]:
    """Let the gateway call the function itself, as Chalice does."""

    def change(resources: Resources) -> None:
        permission = resources[f"{function}InvokePermission"]["Properties"]
        assert permission["FunctionName"] == {"Ref": alias_of(function)}
        permission["FunctionName"] = {"Ref": function}

    return change


def event(resources: Resources, function: str) -> Any:
    """Return the properties of a function's one event."""
    (found,) = resources[function]["Properties"]["Events"].values()
    return found["Properties"]


def with_prefix(prefix: str) -> Callable[[Resources], object]:
    def change(resources: Resources) -> None:
        detail = resources["UploadsRule"]["Properties"]["EventPattern"]["detail"]
        detail["object"]["key"] = [{"prefix": prefix}]

    return change


def without_viewers(resources: Resources) -> None:
    """Let CloudFront pass on what callers say about themselves."""
    config = resources["WebDistribution"]["Properties"]["DistributionConfig"]
    (api,) = (each for each in config["CacheBehaviors"] if each["PathPattern"] == "/v1/*")
    del api["FunctionAssociations"]


NEVER_READY = r"(the media are ready|the kind media about report \w+): not within"
REPORTS, CASEWORK, AUDIT = "test_reports.py", "test_casework.py", "test_audit.py"
CONFIDENTIAL, WEB = "test_confidential.py", "test_web_clients.py"
DECODER = "test_decoder.py"
MUTATIONS = (
    Mutation(
        "the API may not write reports",
        REPORTS,
        r"ApiHandlerRole.*dynamodb:PutItem on .*ReportsTable",
        without_right("ApiHandlerRole", "dynamodb:PutItem"),
    ),
    Mutation(
        "the API may not use the key",
        REPORTS,
        r"ApiHandlerRole.*kms:Decrypt on",
        without_right("ApiHandlerRole", "kms:Decrypt"),
    ),
    Mutation(
        "the API may not grant uploads",
        REPORTS,
        r"ApiHandlerRole.*s3:PutObject on .*/originals/",
        without_right("ApiHandlerRole", "s3:PutObject"),
    ),
    Mutation(
        "the officers' function may not end subscriptions",
        "test_deactivation.py",
        r"OfficersRole.*sns:Unsubscribe",
        without_right("OfficersRole", "sns:Unsubscribe"),
    ),
    Mutation(
        "the publisher may not publish",
        REPORTS,
        r"PublishNoticesRole.*sns:Publish(Batch)? on",
        without_right("PublishNoticesRole", "sns:Publish"),
    ),
    Mutation(
        "thumbnails are made of nothing",
        REPORTS,
        r"MakeThumbnailsRole.*s3:GetObjectVersion on",
        without_right("MakeThumbnailsRole", "s3:GetObjectVersion"),
    ),
    Mutation(
        "the officers' function may not record what it opens",
        CONFIDENTIAL,
        r"OfficersRole.*dynamodb:PutItem on .*AuditTable",
        without_right("OfficersRole", "dynamodb:PutItem", "AddToTheAudit"),
    ),
    Mutation(
        "the key of reports does not let officers decrypt",
        CONFIDENTIAL,
        r"OfficersRole.*kms:Decrypt on .*:key/mrk-",
        without_statement("ContentKey", "OfficersOpen"),
    ),
    Mutation(
        "the key of contacts lets residents decrypt",
        CONFIDENTIAL,
        r"FAILED .*the_role_of_no_other_function_does\[APIHandler-contact\]",
        opened_by_residents,
    ),
    Mutation(
        "residents may query an index",
        CONFIDENTIAL,
        r"FAILED .*may_not_do_what_officers_may\[list reports by an index\]",
        with_query_of_indexes,
    ),
    Mutation(
        "residents may read rows that are no report's",
        CONFIDENTIAL,
        r"FAILED .*may_not_do_what_officers_may\[read a row that is no report's\]",
        without_condition,
    ),
    Mutation(
        "the residents' function has no key of reports",
        REPORTS,
        r"CONTENT_KEY",
        without_setting("APIHandler", "CONTENT_KEY"),
    ),
    Mutation(
        "thumbnails are made without the key of media",
        REPORTS,
        r"MakeThumbnailsRole.*kms:(Decrypt|GenerateDataKey) on .*:key/",
        without_statement("MakeThumbnailsRole", "UseTheMediaKey"),
    ),
    Mutation(
        "the pictures of officers are signed without the key of media",
        REPORTS,
        r"OfficersRole.*kms:Decrypt on .*:key/",
        without_statement("OfficersRole", "UseTheMediaKey"),
    ),
    Mutation(
        "AWS's record may not be looked up",
        AUDIT,
        r"CompareOpeningsRole.*cloudtrail:LookupEvents",
        without_right("CompareOpeningsRole", "cloudtrail:LookupEvents"),
    ),
    Mutation(
        "a function may not read its queue",
        REPORTS,
        r"does not have permissions to call sqs:ReceiveMessage",
        without_right("RecordMediaRole", "sqs:ReceiveMessage"),
    ),
    Mutation(
        "the seals may not be written",
        AUDIT,
        r"SealAuditRole.*s3:PutObject on",
        without_right("SealAuditRole", "s3:PutObject"),
    ),
    Mutation(
        "a function may not write its log",
        "test_functions.py",
        r"assert set\(\) == \{",
        without_right("DigestAuditRole", "logs:PutLogEvents"),
    ),
    Mutation(
        "results have no event source",
        REPORTS,
        NEVER_READY,
        lambda resources: resources["RecordMedia"]["Properties"].pop("Events"),
    ),
    Mutation(
        "the publisher reads the wrong stream",
        REPORTS,
        r"does not have permissions to call dynamodb:",
        lambda resources: event(resources, "PublishNotices").update(
            Stream={"Fn::Sub": "${AuditTable.StreamArn}"}
        ),
    ),
    Mutation("the rule has the wrong prefix", REPORTS, NEVER_READY, with_prefix("original/")),
    Mutation(
        "the queue takes nothing from the rule",
        REPORTS,
        NEVER_READY,
        lambda resources: resources.pop("ManifestsQueuePolicy"),
    ),
    Mutation(
        "the queue of critical uploads takes nothing from its rule",
        REPORTS,
        r"the critical photo is ready: not within",
        lambda resources: resources.pop("CriticalUploadsQueuePolicy"),
    ),
    Mutation(
        "the bucket sends no events",
        REPORTS,
        NEVER_READY,
        lambda resources: resources["MediaBucket"]["Properties"].pop("NotificationConfiguration"),
    ),
    Mutation(
        "the layer is missing",
        REPORTS,
        r"record_failed",
        lambda resources: resources["Decode"]["Properties"].pop("Layers"),
    ),
    Mutation(
        "the gateway may not call the API",
        REPORTS,
        r"GET /v1/health returned 500: .*Internal server error",
        lambda resources: resources.pop("APIHandlerInvokePermission"),
    ),
    Mutation(
        "the gateway may not call the authorizer by its alias",
        CASEWORK,
        r"Internal server error",
        let_in_past_the_alias("AuthorizeOfficer"),
    ),
    Mutation(
        "an officers' route goes to the residents' function",
        "test_functions.py",
        r"assert 'APIHandler' == 'Officers'",
        lambda resources: with_function(resources, "/v1/officer/me", "APIHandler"),
    ),
    Mutation(
        "the residents' function serves the routes of officers",
        "test_functions.py",
        r"assert \d+ == 404",
        with_setting("APIHandler", "API", "officers"),
    ),
    Mutation(
        "the sweep has no schedule",
        "test_schedules.py",
        r"a sweep by its schedule: not within",
        lambda resources: resources["SweepNormal"]["Properties"].pop("Events"),
    ),
    Mutation(
        "officers' tokens are for another client",
        CASEWORK,
        r"AssertionError: .*Unauthorized",
        with_setting("AuthorizeOfficer", "CLIENT_ID", "another-client"),
    ),
    Mutation(
        "the keys of the issuer are elsewhere",
        CASEWORK,
        r"cognito-idp\.eu-west-1\.amazonaws\.com:443 is no address in ap-east-1",
        with_setting(
            "AuthorizeOfficer", "JWKS_URI", "https://cognito-idp.eu-west-1.amazonaws.com/jwks.json"
        ),
    ),
    Mutation(
        "the bucket of the web clients does not let CloudFront in",
        WEB,
        r"<Code>AccessDenied</Code>",
        lambda resources: resources.pop("WebBucketPolicy"),
    ),
    Mutation(
        "callers say who they are",
        WEB,
        r"FAILED .*a_caller_cannot_say_that_it_is_somebody_else",
        without_viewers,
    ),
    Mutation(
        "the audit is authenticated with another secret",
        AUDIT,
        r"AssertionError: .* altered",
        with_setting("Officers", "AUDIT_SECRET", {"Ref": "CursorSecret"}),
    ),
    Mutation(
        "a secret that is not there",
        REPORTS,
        r"ResourceNotFoundException|secretsmanager:GetSecretValue",
        with_setting("APIHandler", "IDENTITY_SECRET", "tipline-identity"),
    ),
    Mutation(
        "the decoder may read originals",
        DECODER,
        r"FAILED .*code_in_its_place_is_refused_everything\[Decode\]",
        with_right_of_decoder,
    ),
    Mutation(
        "a read is allowed only with the key Select",
        REPORTS,
        r"MakeThumbnailsRole.*dynamodb:GetItem on",
        with_select_of_reads("MakeThumbnailsRole"),
    ),
    Mutation(
        "the code calls what the oldest boto3 does not have",
        REPORTS,
        r'"kind": "AttributeError"',
        module="chalicelib/aws/clients.py",
        replace=("    return client\n", "    client.rename_object\n    return client\n"),
    ),
    Mutation(
        "grants are signed for the global endpoint",
        REPORTS,
        r"no host of this region: .*\.s3\.amazonaws\.com|\.s3\.amazonaws\.com",
        module="chalicelib/aws/clients.py",
        replace=('"addressing_style": "virtual"', '"addressing_style": "auto"'),
    ),
)


def main(names: list[str]) -> int:
    wanted = [each for each in MUTATIONS if not names or each.name in names]
    if unknown := set(names) - {each.name for each in wanted}:
        sys.exit(f"There is no mutation {', '.join(sorted(unknown))}.")
    unnoticed = [mutation.name for mutation in wanted if not is_noticed(mutation)]
    for name in unnoticed:
        print(f"NOT NOTICED: {name}")
    return 1 if unnoticed else 0


def is_noticed(mutation: Mutation) -> bool:
    """Deploy what is broken and run the tests. Return whether they fail for the right reason."""
    mutate(mutation, PACKAGED, MUTATED)
    started = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-o", "norecursedirs=.*", "--color=no"),
            str(TESTS / mutation.tests),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "BUILD": str(MUTATED),
            "BOTO3": environments.FLOOR,
            # What never comes is waited for this long, and only by the tests.
            "PATIENCE": "25",
            "DRILL": "off",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(mutation.says, done.stdout)
    noticed = done.returncode == 1 and found is not None
    line = next(
        (line.strip() for line in done.stdout.splitlines() if re.search(mutation.says, line)), ""
    )
    took = time.monotonic() - started
    print(f"{'failed' if noticed else 'PASSED'}  {took:4.0f} s  {mutation.name}: {line[:160]}")
    if not noticed:
        (MUTATED / f"{mutation.name}.log").write_text(done.stdout + done.stderr)
    sys.stdout.flush()
    return noticed


def mutate(mutation: Mutation, packaged: Path, mutated: Path) -> Path:
    """Write a copy of what was packaged, with the mutation, to the folder `mutated`."""
    mutated.mkdir(parents=True, exist_ok=True)
    text = (packaged / "template.json").read_text(encoding="utf-8")
    for name in ("functions.zip", "media.zip", "sbom.json"):
        shutil.copy(packaged / name, mutated)
    shutil.copytree(packaged / "web", mutated / "web", dirs_exist_ok=True)
    if mutation.module:
        tree = mutated_tree(mutation, packaged, mutated)
        digest = bundle.write_zip(tree, mutated / "functions.zip")
        text = re.sub(r"functions-[0-9a-f]{64}\.zip", f"functions-{digest}.zip", text)
    template = json.loads(text)
    if mutation.change:
        mutation.change(template["Resources"])
        # What depended on a resource that is gone.
        for resource in template["Resources"].values():
            if not set(resource.get("DependsOn", ())) <= set(template["Resources"]):
                resource.pop("DependsOn")
    (mutated / "template.json").write_text(json.dumps(template), encoding="utf-8")
    return mutated


def mutated_tree(mutation: Mutation, packaged: Path, mutated: Path) -> Path:
    """Return a copy of the functions' files with the module changed."""
    tree = mutated / "functions"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(packaged / "functions", tree)
    module = tree / mutation.module
    source = module.read_text(encoding="utf-8")
    assert mutation.replace[0] in source, f"{mutation.module} has no {mutation.replace[0]}"
    module.write_text(source.replace(*mutation.replace), encoding="utf-8")
    # Its compiled form is loaded without a check.
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
        compiled.unlink()
    return tree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
