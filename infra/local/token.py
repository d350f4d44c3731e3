"""`make -s token OFFICER=officer`: print an access token of an officer of the running stack, and
nothing else. The officer is a seeded one, or one who was appointed since.
"""

import sys
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import stack_file
from infra.local.seed import sign_in


def main(username: str) -> None:
    """Sign the officer in. Exits with the reason when it cannot."""
    stack = stack_file.read()
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url=stack["aws"],
        region_name=stack["region"],
        aws_access_key_id=stack["access_key"],
        aws_secret_access_key=stack["secret_key"],
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
    except cognito.exceptions.UserNotFoundException:
        raise SystemExit(_unknown(username, _usernames(cognito, stack["user_pool_id"]))) from None
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(
            f"The local stack at {stack['aws']} could not sign {username} in: {error}"
        ) from None


def _unknown(username: str, known: Sequence[str]) -> str:
    if not known:
        return "There are no officers yet. Appoint the first two: make first-admins"
    return f"There is no officer {username}. Choose from: {', '.join(known)}."


def _usernames(cognito: Any, user_pool_id: str) -> list[str]:
    users = cognito.list_users(UserPoolId=user_pool_id)["Users"]
    return sorted(str(user["Username"]) for user in users)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "officer")
