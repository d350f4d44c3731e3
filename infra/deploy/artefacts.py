"""What `make package` wrote, and the bucket that it is loaded from: the template, the zips, and the
list of components.

Each key holds the SHA-256 of its content, so what is there is not sent again, and an earlier build
can be deployed once more. Every call names the account that must own the bucket: names of buckets
are global, and another account could have taken this one.
"""

import base64
import copy
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.packaging.bundle import megabytes, sha256
from infra.stage.console import Refused, code_of, say
from infra.stage.target import is_loopback

type Template = dict[str, Any]

CLOSED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


@dataclass(frozen=True)
class Packaged:
    """A packaged template in the folder `build`, beside its zips."""

    build: Path
    template: Template

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.template.get("Parameters", {}))

    @cached_property
    def zips(self) -> dict[str, Path]:
        """The zips that the template loads: the key of each in the bucket, and its file."""
        return {
            key: self.build / f"{key.split('-')[0]}.zip" for key in sorted(_keys(self.template))
        }

    @cached_property
    def components(self) -> dict[str, Path]:
        """The list of what is in the zips: its key in the bucket, and its file."""
        listed = self.template.get("Outputs", {}).get("Components")
        return {listed["Value"]: self.build / "sbom.json"} if listed else {}

    def without_protection(self) -> "Packaged":
        """Return the template without deletion protection, for a stack that does not exist yet.

        When its creation fails, CloudFormation deletes what it has made; it cannot delete what is
        protected, and the stack would be stuck (ROLLBACK_FAILED).
        """
        template = copy.deepcopy(self.template)
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::DynamoDB::Table":
                properties.pop("DeletionProtectionEnabled", None)
            elif resource["Type"] == "AWS::Cognito::UserPool":
                properties.pop("DeletionProtection", None)
        return Packaged(self.build, template)


def read_packaged(build: Path) -> Packaged:
    """Return what is in `build`. Raises Refused when nothing was packaged, when the template is
    broken, or when a zip or the list of components is not the one that the template names.
    """
    path = build / "template.json"
    if not path.is_file():
        raise Refused("Nothing is packaged. Run `make package` first.")
    packaged = Packaged(build, _read_template(path))
    for key, file in (packaged.zips | packaged.components).items():
        if not file.is_file() or sha256(file) not in key:
            raise Refused(f"{file} is not what the template names. Run `make package` again.")
    return packaged


def _read_template(path: Path) -> Template:
    try:
        template = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        template = None
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise Refused(f"{path} is not a template. Run `make package` again.")
    return template


def _keys(template: Template) -> set[str]:
    kinds = ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    locations = (
        resource["Properties"].get("CodeUri") or resource["Properties"].get("ContentUri")
        for resource in template["Resources"].values()
        if resource["Type"] in kinds
    )
    return {location["Key"] for location in locations}


@dataclass(frozen=True)
class Artefacts:
    """A bucket of the account in a region. `is_ours` is False for one that the person named: its
    settings are left alone.
    """

    s3: Any
    bucket: str
    account: str
    region: str
    partition: str
    is_ours: bool = True

    def prepare(self) -> None:
        """Create the bucket if there is none, closed to the public and to connections without TLS.

        Raises Refused when it belongs to another account.
        """
        if not self.exists():
            self._create()
        if self.is_ours:
            self.s3.put_public_access_block(**self._owned, PublicAccessBlockConfiguration=CLOSED)
            # An emulator is reached without TLS.
            if not is_loopback(self.s3.meta.endpoint_url):
                self.s3.put_bucket_policy(**self._owned, Policy=json.dumps(self._tls_only()))

    def send_zips(self, packaged: Packaged) -> None:
        """Send the zips that are not there yet, and the list of what is in them."""
        for key, path in (packaged.zips | packaged.components).items():
            digest = bytes.fromhex(sha256(path))
            if not self._holds(key, digest):
                say(f"Sending {path.name} ({megabytes(path)}) ...")
                with path.open("rb") as body:
                    self._put(key, body, digest)

    def send_template(self, template: Template) -> str:
        """Send a template and return its address, as CloudFormation takes it."""
        content = json.dumps(template, ensure_ascii=False).encode()
        digest = hashlib.sha256(content).digest()
        key = f"template-{digest.hex()}.json"
        if not self._holds(key, digest):
            self._put(key, content, digest)
        return self.address(key)

    def address(self, key: str) -> str:
        """Return the URL of an object: in its region, and in path style on this machine."""
        endpoint = self.s3.meta.endpoint_url.rstrip("/")
        if is_loopback(endpoint):
            return f"{endpoint}/{self.bucket}/{key}"
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{host}/{key}"

    @property
    def _owned(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "ExpectedBucketOwner": self.account}

    def exists(self) -> bool:
        """Return whether there is a bucket. Raises Refused when it cannot be used, and when there
        is none that the person named.
        """
        try:
            self.s3.head_bucket(**self._owned)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                if not self.is_ours:
                    raise Refused(
                        f"There is no bucket {self.bucket}. Create it, or leave BUCKET out."
                    ) from None
                return False
            if code_of(error) in ("301", "400"):
                raise Refused(
                    f"The bucket {self.bucket} is in another region than {self.region}. Lambda "
                    "loads code from its own region only. Name another one: BUCKET=…"
                ) from None
            if code_of(error) in ("403", "AccessDenied", "Forbidden"):
                raise Refused(self._not_ours()) from None
            raise
        return True

    def _not_ours(self) -> str:
        return (
            f"The bucket {self.bucket} belongs to another account, or you lack the right "
            f"s3:ListBucket on it. Nothing was sent there. All of AWS shares the names of buckets, "
            "so anybody may have taken this one. If it is yours, ask for the right; else name one "
            "that is: BUCKET=…"
        )

    def _create(self) -> None:
        place: dict[str, Any] = (
            {}
            if self.region == "us-east-1"  # S3 refuses it as a place
            else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        )
        try:
            self.s3.create_bucket(Bucket=self.bucket, **place)
        except ClientError as error:
            # Somebody has taken the name since it was looked up.
            if code_of(error) == "BucketAlreadyExists":
                raise Refused(self._not_ours()) from None
            raise
        say(f"Created the bucket {self.bucket}.")

    def _holds(self, key: str, digest: bytes) -> bool:
        """Return whether an object is there. Raises Refused when its content is another one."""
        try:
            head = self.s3.head_object(**self._owned, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        stored = head.get("ChecksumSHA256")
        # Earlier versions sent it without a checksum.
        found = base64.b64decode(stored) if stored else self._digest(key)
        if found != digest:
            raise Refused(
                f"s3://{self.bucket}/{key} is not what was packaged: somebody has replaced it. "
                "Find out who; then delete it, and deploy again."
            )
        return True

    def _digest(self, key: str) -> bytes:
        hashed = hashlib.sha256()
        for chunk in self.s3.get_object(**self._owned, Key=key)["Body"].iter_chunks(1 << 20):
            hashed.update(chunk)
        return hashed.digest()

    def _put(self, key: str, body: Any, digest: bytes) -> None:
        checksum = base64.b64encode(digest).decode()
        # S3 refuses the object when what arrives has another checksum, and keeps it beside it.
        self.s3.put_object(
            **self._owned, Key=key, Body=body, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum
        )

    def _tls_only(self) -> dict[str, Any]:
        arn = f"arn:{self.partition}:s3:::{self.bucket}"
        deny = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [deny]}
