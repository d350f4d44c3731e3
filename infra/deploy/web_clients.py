"""The web clients of a stage: the secret of their CloudFront, and their files.

Their bucket has the files of `build/web`, and `console/config.json`, which only a deployment knows.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from infra.stage.console import Refused, say
from infra.stage.target import Target, parameters_of
from infra.stage.token import Issuer, issuer_of
from infra.web import config
from infra.web.files import files
from infra.web.headers import cache_control

FOLDER = "web"
PAGE = "index.html"
# Whatever else has a name of its own for each content, or is asked for again each time.
PAGES = ("/", "/index.html", "/console*")


class _Sent(NamedTuple):
    name: str
    content: bytes
    content_type: str


def parameters(
    given: Mapping[str, str], present: Mapping[str, Any] | None, build: Path, partition: str
) -> dict[str, str]:
    """Return the parameters that the web clients need besides those that are `given`.

    When they are turned on, CloudFront gets a new secret. Raises Refused when they cannot be
    served.
    """
    before = parameters_of(present)
    if given.get("WebClients", before.get("WebClients")) != "on":
        return {}
    if partition != "aws":
        raise Refused(
            f"WEB_CLIENTS=on is for the partition aws, not {partition}: CloudFront is another one "
            "there, or none. Serve build/web with a web server, and set WEB_CLIENTS=elsewhere."
        )
    if not (build / FOLDER / PAGE).is_file():
        raise Refused("The web clients are not built. Run `make web`, then deploy again.")
    if before.get("WebClients") == "on" or "OriginSecret" in given:
        return {}
    secret = secrets.token_hex(32)
    return {"OriginSecret": secret, "OriginSecretHash": hashlib.sha256(secret.encode()).hexdigest()}


def publish(target: Target, build: Path) -> None:
    """Send the files of the web clients, pages last, and let CloudFront forget the pages that it
    keeps. Nothing is done for a stage without them.

    Files of earlier builds stay: a page that is open may still ask for them.
    """
    if target.outputs.get("WebClients") != "on":
        return
    say("Sending the web clients ...")
    s3, bucket = target.client("s3"), target.output("WebBucketName")
    for each in _all(target, build):
        s3.put_object(
            Bucket=bucket,
            Key=each.name,
            Body=each.content,
            ContentType=each.content_type,
            CacheControl=cache_control(each.name),
        )
    target.client("cloudfront").create_invalidation(
        DistributionId=target.output("WebDistributionId"),
        InvalidationBatch={
            "Paths": {"Quantity": len(PAGES), "Items": list(PAGES)},
            "CallerReference": str(uuid4()),
        },
    )


def next_step(target: Target) -> str | None:
    """Return what is to be done before officers can sign in to the console; None for nothing."""
    named = parameters_of(target.description)
    if target.outputs.get("WebClients") != "on" or named.get("PublicUrl"):
        return None
    # CloudFront's own address depends on the API, and so on the client of the user pool.
    address = target.output("PublicUrl")
    return (
        f"make deploy{target.command} PUBLIC_URL={address}: officers can sign in to the console "
        "only at an address that the user pool knows. Or that of a domain of yours, with "
        "WEB_CERTIFICATE"
    )


def _all(target: Target, build: Path) -> Iterator[_Sent]:
    yield _Sent(config.PATH, _config(target), config.CONTENT_TYPE)
    for each in files(build / FOLDER):
        yield _Sent(each.name, each.path.read_bytes(), each.content_type)


def _config(target: Target) -> bytes:
    issuer = issuer_of(target)
    return config.console_config(
        {
            "authorization_endpoint": issuer.authorization_endpoint,
            "token_endpoint": issuer.token_endpoint,
            "end_session_endpoint": issuer.end_session_endpoint or _logout(target, issuer),
        },
        issuer=issuer.issuer,
        client_id=target.output("OfficersClientId"),
        scope=target.output("SignInScope"),
        api=target.output("PublicUrl"),
    )


def _logout(target: Target, issuer: Issuer) -> str:
    """Return where Cognito signs out, which its discovery document need not say; "" of another
    issuer.
    """
    pages = target.output("SignInUrl")
    return "" if pages == issuer.issuer else f"{pages}/logout"
