"""`make -s token OFFICER=officer`: prints an access token of a seeded officer of the running stack,
and nothing else.
"""

import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import stack_file
from infra.local.seed import OFFICERS, sign_in


def main(username: str) -> None:
    stack = stack_file.read(int(os.environ.get("PORT") or stack_file.DEFAULT_PORT))
    if username not in {officer.username for officer in OFFICERS}:
        raise SystemExit(
            f"No such officer. There are: {', '.join(officer.username for officer in OFFICERS)}."
        )
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url=stack["aws"],
        region_name=stack["region"],
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106
    )
    try:
        print(
            sign_in(
                cognito,
                user_pool_id=stack["user_pool_id"],
                client_id=stack["client_id"],
                username=username,
            )
        )
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"The local stack at {stack['aws']} gave no token: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "officer")
