"""Settings: the only reader of the environment.

A function gets only the settings that it uses (`NEEDED`). One that lacks a setting fails at its
start and names it, `MissingSetting: REPORTS_TABLE`: no request is ever answered without it.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Never


class MissingSetting(Exception):
    """A setting without a default is not in the environment. The message is its variable's name."""


def _setting(description: str, *, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True)
class Settings:
    """What this function's collaborators are called, and where they are.

    Each field is the environment variable of its upper-case name. Reading a field that is not set
    raises MissingSetting.
    """

    reports_table: str = _setting("Table of reports, their media and conversations, and of tasks.")
    audit_table: str = _setting("Table of the audit.")
    bulletins_table: str = _setting("Table of bulletins, and of admins' changes of the catalogue.")
    officers_table: str = _setting("Table of officers and their subscriptions.")
    media_bucket: str = _setting("Bucket of originals and of the pictures made from them.")
    audit_bucket: str = _setting("Bucket of the audit's seals, under Object Lock.")
    uploads_queue_url: str = _setting("Queue of uploads that wait for their pictures.")
    notices_topic_arn: str = _setting("SNS topic of notices to officers.")
    issuer: str = _setting("Issuer of officers' access tokens, as in the claim `iss`.")
    jwks_uri: str = _setting("Address of the issuer's public keys.")
    client_id: str = _setting("Client that officers' tokens must be made for.")
    identity_secret: str = _setting("Secret that receipts and ids are derived from.")
    cursor_secret: str = _setting("Secret that signs cursors; the version before it still holds.")
    audit_secret: str = _setting("Secret that authenticates each audit row.")
    user_pool_id: str = _setting(
        "Cognito user pool that officers' rows are carried over to; empty: others keep the users.",
        default="",
    )
    public_url: str = _setting(
        "Address of the API as the public sees it; empty: as the request came in.", default=""
    )
    console_origin: str = _setting(
        "Origin of the officers' console: its pages may call officers' routes; empty: none may.",
        default="",
    )
    stage: str = _setting("Name of the stage.", default="local")
    limits: bool = _setting("`off` switches abuse limits off.", default=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings that the environment has."""
        settings = object.__new__(cls)
        for each in fields(cls):
            value: Any = environment.get(each.name.upper()) or each.default
            if each.type is bool:
                value = environment.get(each.name.upper(), "on") != "off"
            if value is not MISSING:
                settings.__dict__[each.name] = value
        return settings

    def __getattr__(self, name: str) -> Never:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingSetting(name.upper())

    def require(self, *names: str) -> None:
        """Raise MissingSetting, which names all of `names` that are not set."""
        missing = [name.upper() for name in names if self.__dict__.get(name) in (None, "")]
        if missing:
            raise MissingSetting(", ".join(missing))


_TABLES = ("reports_table", "audit_table", "bulletins_table", "officers_table")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "app": (
        *_TABLES,
        "media_bucket",
        "notices_topic_arn",
        "identity_secret",
        "cursor_secret",
        "audit_secret",
    ),
    "authorize_officer": ("issuer", "jwks_uri", "client_id"),
    "make_thumbnails": ("media_bucket",),
    "record_media": ("reports_table", "bulletins_table", "media_bucket"),
    "publish_notices": ("reports_table", "notices_topic_arn", "public_url"),
    "sweep_tasks": (
        *_TABLES,
        "media_bucket",
        "uploads_queue_url",
        "notices_topic_arn",
        "audit_secret",
        "public_url",
    ),
    "seal_audit": ("audit_bucket",),
    "digest_audit": ("audit_bucket",),
}
"""The settings that each function cannot do without, by the last part of its handler's name."""


def check_start(environment: Mapping[str, str] = os.environ) -> None:
    """Raise MissingSetting when the Lambda function that starts here lacks one of its settings.

    Lambda names the handler in `_HANDLER`; elsewhere there is none, and nothing is checked.
    """
    handler = environment.get("_HANDLER")
    if handler:
        needed = NEEDED[handler.rpartition(".")[2]]
        Settings.from_environment(environment).require(*needed)
