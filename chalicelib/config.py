"""Settings: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Where this function's collaborators are. Each field is the environment variable of its
    upper-case name.

    A function is given only what it uses; a name that is missing where it is needed raises KeyError
    at first use (see `wiring`).
    """

    reports_table: str
    audit_table: str
    bulletins_table: str
    officers_table: str
    media_bucket: str
    audit_bucket: str
    uploads_queue_url: str
    notices_topic_arn: str
    issuer: str
    jwks_uri: str
    client_id: str
    user_pool_id: str
    identity_secret: str
    cursor_secret: str
    audit_secret: str
    public_url: str
    console_origin: str
    stage: str
    region: str
    limits: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read all settings; what is not set reads as the empty string."""
        get = environment.get
        return cls(
            reports_table=get("REPORTS_TABLE", ""),
            audit_table=get("AUDIT_TABLE", ""),
            bulletins_table=get("BULLETINS_TABLE", ""),
            officers_table=get("OFFICERS_TABLE", ""),
            media_bucket=get("MEDIA_BUCKET", ""),
            audit_bucket=get("AUDIT_BUCKET", ""),
            uploads_queue_url=get("UPLOADS_QUEUE_URL", ""),
            notices_topic_arn=get("NOTICES_TOPIC_ARN", ""),
            issuer=get("ISSUER", ""),
            jwks_uri=get("JWKS_URI", ""),
            client_id=get("CLIENT_ID", ""),
            user_pool_id=get("USER_POOL_ID", ""),
            identity_secret=get("IDENTITY_SECRET", ""),
            cursor_secret=get("CURSOR_SECRET", ""),
            audit_secret=get("AUDIT_SECRET", ""),
            public_url=get("PUBLIC_URL", ""),
            console_origin=get("CONSOLE_ORIGIN", ""),
            stage=get("STAGE", "local"),
            region=get("AWS_REGION", get("AWS_DEFAULT_REGION", "us-east-1")),
            limits=get("LIMITS", "on") != "off",
        )
