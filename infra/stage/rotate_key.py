"""`make rotate-key STAGE=prod KEY=content`: make a new key for what residents will write, or for
the digests of the audit and the files for a court that will be signed.

    python -m infra.stage rotate-key --stage prod --key content   reports
    python -m infra.stage rotate-key --stage prod --key contact   contacts
    python -m infra.stage rotate-key --stage prod --key ledger    digests of the audit
    python -m infra.stage rotate-key --stage prod --key custody   files for a court
    python -m infra.stage rotate-key --key content                the local stack that is running

The new key has the policy and the tags of the one before, and the alias moves to it. The one before
stays, because it opens what was written until now, or its public half checks it: it gets the alias
`<alias>/1`, the next one `<alias>/2`. The command can be run again when it was interrupted.
"""

from collections.abc import Sequence
from typing import Any

from infra.stage.console import Refused, confirm, say
from infra.stage.target import Target, command, find_target, listed, stack_name

KEYS = {
    "content": "reports",
    "contact": "contacts",
    "ledger": "digests of the audit",
    "custody": "files for a court",
}
_SIGNING = ("ledger", "custody")
_COPIED = ("Description", "KeySpec", "KeyUsage", "MultiRegion")
# The tag of a new key with the id of the one before: a second try finds what the first one made.
REPLACES = "replaces"


def main(arguments: Sequence[str]) -> int:
    parser = command("stage rotate-key", "Make a new key for what will be written.")
    parser.add_argument("--key", required=True, help=" or ".join(KEYS))
    asked = parser.parse_args(arguments)
    if asked.key not in KEYS:
        raise Refused(f"Name the key: KEY={'|'.join(KEYS)}")
    rotate_key(find_target(asked.stage), asked.key)
    return 0


def rotate_key(target: Target, key: str) -> str:
    """Put a new key behind the alias of `key` (of KEYS), and return its ARN.

    Raises Refused when the answer is no, or the alias is not there.
    """
    kms = target.client("kms")
    alias = f"alias/{stack_name(target.stage or 'local')}-{key}"
    before = _behind(kms, alias, target)
    if not confirm(f"Make a new key for the {KEYS[key]} of {target.name}?"):
        raise Refused("Nothing was changed.")
    after = _made_before(target, before) or _make(kms, before)
    name = _name_for_good(kms, alias, before["KeyId"])
    kms.update_alias(AliasName=alias, TargetKeyId=after.rpartition("/")[2])
    verb, use = ("signed", "checks") if key in _SIGNING else ("closed", "opens")
    say(f"New {KEYS[key]} are {verb} with {after}.")
    say(f"It has the alias {alias}. The key before has {name} and must stay: it {use} what was")
    say("written until now. Each function takes the new key when Lambda starts it again, within")
    say("some hours, or with the next deployment that changes it. KeyChangesAlarm will go off.")
    return after


def _behind(kms: Any, alias: str, target: Target) -> dict[str, Any]:
    """Return the description of the key behind an alias."""
    try:
        found: dict[str, Any] = kms.describe_key(KeyId=alias)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        raise Refused(
            f"{target.title} has no key {alias}, so an older version is deployed. "
            f"Deploy this one first: make deploy{target.command}"
        ) from None
    return found


def _made_before(target: Target, before: dict[str, Any]) -> str | None:
    """Return the ARN of the key that an interrupted rotation made; None if there is none."""
    found = target.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": REPLACES, "Values": [before["KeyId"]]}], ResourceTypeFilters=["kms"]
    )["ResourceTagMappingList"]
    return str(found[0]["ResourceARN"]) if found else None


def _make(kms: Any, before: dict[str, Any]) -> str:
    """Make a key like the one before, and return its ARN."""
    own = {"KeyId": before["KeyId"]}
    tags = [
        tag
        for tag in listed(kms, "list_resource_tags", "Tags", **own)
        # Those of CloudFormation cannot be set; its own key replaced nothing.
        if not tag["TagKey"].startswith("aws:") and tag["TagKey"] != REPLACES
    ]
    made = kms.create_key(
        Policy=kms.get_key_policy(PolicyName="default", **own)["Policy"],
        Tags=[*tags, {"TagKey": REPLACES, "TagValue": before["KeyId"]}],
        **{name: before[name] for name in _COPIED if name in before},
    )
    return str(made["KeyMetadata"]["Arn"])


def _name_for_good(kms: Any, alias: str, key_id: str) -> str:
    """Return the alias that a replaced key keeps, `<alias>/<number>`; given now, if it has none."""
    names: dict[str, str | None] = {
        each["AliasName"]: each.get("TargetKeyId")
        for each in listed(kms, "list_aliases", "Aliases")
        if each["AliasName"].startswith(f"{alias}/")
    }
    given = next((name for name, target in names.items() if target == key_id), None)
    if given:
        return given
    # Not how many there are: one may have been removed.
    number = max((int(name.rpartition("/")[2]) for name in names), default=0) + 1
    kms.create_alias(AliasName=f"{alias}/{number}", TargetKeyId=key_id)
    return f"{alias}/{number}"
