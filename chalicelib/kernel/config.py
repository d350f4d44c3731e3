"""Settings: the only reader of the environment, but for the city's folder (`kernel/city.py`).

Each function gets only the settings that it uses (`NEEDED`). If one is missing, the function fails
at its start and names it: `MissingSetting: REPORTS_TABLE`.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any, Never


class MissingSetting(Exception):
    """A setting without a default is not set. The message is the name of its variable."""


class Api(StrEnum):
    """The two functions behind the gateway. They have one code, and rights of their own."""

    RESIDENTS = "residents"
    OFFICERS = "officers"


def _setting(description: str, *, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"description": description})


def _optional(description: str) -> Any:
    return _setting(description, default="")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Settings:
    """The settings of this function: names and addresses of the resources that it uses.

    Each field is read from the environment variable with the same name in upper case. Reading a
    field that is not set raises MissingSetting.
    """

    reports_table: str = _setting("Table of reports, with their media, conversations and tasks.")
    audit_table: str = _setting("Table of the audit log.")
    bulletins_table: str = _setting("Table of bulletins, and of admins' changes to the catalogue.")
    officers_table: str = _setting("Table of officers and their subscriptions.")
    contacts_table: str = _setting("Table of the contacts that residents left.")
    sources_table: str = _setting("Table of counters of sources, as tokens, for an hour at most.")
    incidents_table: str = _setting("Table of which reports are like each other, for three days.")
    media_bucket: str = _setting("Bucket of uploaded originals and of the pictures made from them.")
    audit_bucket: str = _setting("Bucket of the audit seals, with Object Lock.")
    uploads_queue_url: str = _setting("URL of the queue of uploads to process.")
    critical_uploads_queue_url: str = _setting(
        "URL of the queue of critical reports' uploads to process."
    )
    decode_function: str = _optional(
        "Name of the function that opens untrusted files. If empty, a process on this machine "
        "does, which a deployed function never has."
    )
    decoder_isolation: str = _setting(
        "`tenant`: what opens the files of one report or bulletin opens no others. `shared`: it "
        "does.",
        default="shared",
    )
    upkeep_queue_url: str = _setting("URL of the queue of upkeep that is due.")
    events_queue_url: str = _setting("URL of the queue of events that are due.")
    notices_topic_arn: str = _setting("SNS topic of notices to officers.")
    issuer: str = _setting("Issuer of officers' access tokens, as in their claim `iss`.")
    jwks_uri: str = _setting("Address of the issuer's public keys.")
    client_id: str = _setting("Client id that officers' access tokens must have.")
    identity_secret: str = _setting("Id of the secret that receipts and ids derive from.")
    cursor_secret: str = _setting(
        "Id of the secret that encrypts cursors. Its previous version stays valid."
    )
    audit_secret: str = _setting("Id of the secret that authenticates each audit row.")
    content_key: str = _setting(
        "KMS key that officers open reports with: the alias that new reports use."
    )
    contact_key: str = _setting(
        "KMS key that officers open contacts with: the alias that new contacts use."
    )
    ledger_key: str = _setting(
        "KMS key that signs digests of the audit and heads of the ledger: the alias that new ones "
        "use."
    )
    incidents_key: str = _setting(
        "KMS key that wraps the keys under which similar reports are found: its alias."
    )
    search_key: str = _setting("KMS key under which reports are found by a number: its alias.")
    export_key: str = _setting("KMS key that encrypts exports: its alias.")
    custody_key: str = _setting("KMS key that signs files for a court: its alias.")
    push_key: str = _setting(
        "KMS key that the tokens of reporters' phones are opened with: the alias that new ones use."
    )
    events_key: str = _setting(
        "KMS key that the secrets which sign events are opened with: the alias that new ones use."
    )
    event_bus: str = _optional(
        "Name of the bus of EventBridge that events can go to. If empty, there is none."
    )
    officers_role: str = _setting("ARN of the role of the one function that opens reports.")
    officers_function: str = _setting("Name of that function.")
    signer_role: str = _setting("ARN of the role of the one function that signs digests and heads.")
    signer_function: str = _setting("Name of that function.")
    audience: str = _optional(
        "Audience that officers' access tokens must have. If empty, the client id. Tokens of "
        "Cognito have none."
    )
    username_claim: str = _optional(
        "Claim of an access token with the officer's username. If empty, the first of `username`, "
        "`preferred_username` and `sub`."
    )
    system_clients: str = _optional(
        "Machines that sign in by client credentials: of each its username and the id of its "
        "client, `name=client id`, with commas between them."
    )
    system_openings: int = _setting(
        "How many reports a machine may open in an hour, by the clock.", default=60
    )
    system_steps: int = _setting(
        "How many steps, notes and messages of a machine are taken in an hour, by the clock.",
        default=120,
    )
    apns_application: str = _optional(
        "SNS platform application that pushes to phones by Apple's APNs. If empty, none is pushed "
        "to."
    )
    fcm_application: str = _optional(
        "SNS platform application that pushes to phones by Google's FCM. If empty, none is pushed "
        "to."
    )
    user_pool_id: str = _optional(
        "Id of the Cognito user pool to update when an admin changes an officer. If empty, no pool "
        "is updated."
    )
    public_url: str = _optional(
        "Public address of the API. If empty, the address of each request is used."
    )
    web_clients: bool = _setting(
        "Whether the web clients are at `PUBLIC_URL`, `on` or `off`: links in notices then lead to "
        "`/console/`, and else to routes of the API; bulletins' pages link to `/`.",
        default=False,
    )
    console_origin: str = _optional(
        "Origin of the officers' console, whose pages may call officers' routes. If empty, no page "
        "may call them."
    )
    api: str = _optional(
        "Whose routes this function serves: `residents` or `officers`. Empty, those of both, which "
        "a deployed function never does."
    )
    origin_secret_hash: str = _optional(
        "SHA-256, in hexadecimal, of what CloudFront sends in `Tipline-Origin`. With the right "
        "value, `VIEWER_HEADER` says who called. If empty, it is not read."
    )
    viewer_header: str = _setting(
        "Header in which CloudFront says who called: `CloudFront-Viewer-Address`, its own, has an "
        "address and a port; any other has an address alone.",
        default="CloudFront-Viewer-Address",
    )
    stage: str = _setting("Name of the stage.", default="local")
    commit: str = _optional(
        "Commit that was packaged, for `GET /v1/health`: packaging writes it. Empty where it is "
        "not known, as on the local stack."
    )
    limits: bool = _setting("Whether abuse limits apply. `off` turns them off.", default=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings that `environment` contains; others stay unset."""
        settings = object.__new__(cls)
        for each in fields(cls):
            value: Any = environment.get(each.name.upper()) or each.default
            if each.type is bool and value is not each.default:
                value = value != "off"
            if each.type is int:
                value = int(value)
            if value is not MISSING:
                settings.__dict__[each.name] = value
        return settings

    def __getattr__(self, name: str) -> Never:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingSetting(name.upper())

    def require(self, *names: str) -> None:
        """Raise MissingSetting if any of `names` is not set. The message lists all that are not."""
        missing = [name.upper() for name in names if self.__dict__.get(name) in (None, "")]
        if missing:
            raise MissingSetting(", ".join(missing))


_TABLES = ("reports_table", "audit_table", "bulletins_table", "officers_table")
_PUBLISHING = ("reports_table", "notices_topic_arn", "public_url")
_THUMBNAILS = ("reports_table", "incidents_table", "media_bucket", "decode_function")
NEEDED: Mapping[str, tuple[str, ...]] = {
    Api.RESIDENTS: (
        "reports_table",
        "contacts_table",
        "bulletins_table",
        "sources_table",
        "incidents_table",
        "content_key",
        "contact_key",
        "push_key",
        "media_bucket",
        "audit_bucket",
        "identity_secret",
        "cursor_secret",
    ),
    Api.OFFICERS: (
        *_TABLES,
        "contacts_table",
        "incidents_table",
        "content_key",
        "contact_key",
        "search_key",
        "export_key",
        "custody_key",
        "events_key",
        "media_bucket",
        "audit_bucket",
        "notices_topic_arn",
        "identity_secret",
        "cursor_secret",
        "audit_secret",
    ),
    "authorize_officer": ("issuer", "jwks_uri", "client_id"),
    "make_thumbnails": _THUMBNAILS,
    "make_critical_thumbnails": _THUMBNAILS,
    "record_media": ("reports_table", "bulletins_table", "media_bucket"),
    "publish_critical": _PUBLISHING,
    "publish_notices": _PUBLISHING,
    "sweep_critical": _PUBLISHING,
    "sweep_normal": _PUBLISHING,
    "sweep_upkeep": (
        "reports_table",
        "bulletins_table",
        "sources_table",
        "upkeep_queue_url",
        "events_queue_url",
    ),
    "do_upkeep": (
        *_TABLES,
        "contacts_table",
        "media_bucket",
        "uploads_queue_url",
        "critical_uploads_queue_url",
        "notices_topic_arn",
        "audit_secret",
    ),
    "suggest_incidents": ("reports_table", "incidents_table", "incidents_key"),
    "deliver_events": ("reports_table", "events_key"),
    "push_to_phones": ("reports_table", "contacts_table", "push_key"),
    "seal_audit": ("audit_bucket", "officers_table", "reports_table"),
    "digest_audit": ("reports_table", "audit_bucket", "ledger_key"),
    "compare_openings": (
        "audit_bucket",
        "reports_table",
        "content_key",
        "contact_key",
        "ledger_key",
        "officers_role",
        "officers_function",
        "signer_role",
        "signer_function",
    ),
}
"""The settings that each function requires, by its name."""

_APP = "app"  # the handler of both functions behind the gateway


def check_start(environment: Mapping[str, str] = os.environ) -> None:
    """Raise MissingSetting if the Lambda function that starts lacks one of its settings.

    Lambda sets `_HANDLER` to the name of the handler. Outside Lambda nothing is checked.
    """
    function = starting_function(environment)
    if function:
        settings = Settings.from_environment(environment)
        settings.require(*NEEDED[_api_of(settings) if function == _APP else function])


def starting_function(environment: Mapping[str, str] = os.environ) -> str:
    """Return the last part of the handler's name of this Lambda function; empty outside Lambda."""
    return environment.get("_HANDLER", "").rpartition(".")[2]


def _api_of(settings: Settings) -> Api:
    if settings.api not in list(Api):
        raise MissingSetting(f"API must be one of {', '.join(Api)}")
    return Api(settings.api)
