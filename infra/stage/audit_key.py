"""`make audit-key`: print the public half of the key that signs digests of the audit, as PEM.

    python -m infra.stage.audit_key                the local stack that is running (PORT)
    python -m infra.stage.audit_key --stage prod   a deployed stage

After a rotation it prints the keys before, too: what they signed is still to be checked. Whoever
keeps this outside the account can check the audit without trusting KMS (`make audit-verify KEY=`).
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization

from infra.stage.faults import Refused, code_of, run
from infra.stage.target import Target, add_stage, find_target, stack_name

_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.audit_key",
        description="Print the public half of the key that signs digests of the audit.",
    )
    add_stage(parser)
    for key in find_keys(find_target(parser.parse_args(arguments).stage)):
        print(pem_of(key), end="")
    return 0


def find_keys(target: Target) -> list[bytes]:
    """Return the public halves (DER) of the present key and of those before it, the present first.

    Raises Refused when there is none.
    """
    kms = target.client("kms")
    alias = f"alias/{stack_name(target.stage or 'local')}-ledger"
    earlier = [name for name in _aliases(kms) if name.startswith(f"{alias}/")]
    try:
        return [kms.get_public_key(KeyId=name)["PublicKey"] for name in (alias, *earlier)]
    except ClientError as error:
        if code_of(error) != "NotFound":
            raise
        raise Refused(
            f"{target.title} has no key {alias}, so an older version is deployed. "
            f"Deploy this one first: make deploy{target.command}"
        ) from None


def read_keys(path: str) -> list[bytes]:
    """Return the public keys (DER) in a file, as `make audit-key` printed them. Raises Refused."""
    try:
        blocks = _BLOCK.findall(Path(path).read_bytes())
        keys = [serialization.load_pem_public_key(block) for block in blocks]
    except (OSError, ValueError) as error:
        raise Refused(f"KEY={path} cannot be read: {error}") from None
    if not keys:
        raise Refused(
            f"KEY={path} has no public key. Write a file of them: make -s audit-key > audit.pem"
        )
    return [
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for key in keys
    ]


def pem_of(key: bytes) -> str:
    return (
        serialization.load_der_public_key(key)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _aliases(kms: Any) -> list[str]:
    pages = kms.get_paginator("list_aliases").paginate()
    return sorted(each["AliasName"] for page in pages for each in page["Aliases"])


if __name__ == "__main__":
    run(main)
