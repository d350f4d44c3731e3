"""`make -s token OFFICER=officer`: print an access token of an officer of the running stack, and
nothing else. The officer is a seeded one, or one who was appointed since.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import stack_file
from infra.local.issuer.issuer import TOKEN
from infra.local.resources import MACHINE
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
            _machine_token(cognito, stack)
            if username == MACHINE
            else sign_in(
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


def _machine_token(cognito: Any, stack: dict[str, Any]) -> str:
    """Return a token of the machine, as it gets one: by its client's credentials."""
    pool_id = stack["user_pool_id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    client_id = next(each["ClientId"] for each in clients if each["ClientId"] != stack["client_id"])
    client = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client["UserPoolClient"]["ClientSecret"],
    }
    with urlopen(f"{stack['aws']}{TOKEN}", urlencode(form).encode()) as response:  # noqa: S310
        return str(json.load(response)["access_token"])


def _unknown(username: str, known: Sequence[str]) -> str:
    if not known:
        return "There are no officers yet. Appoint the first two: make first-admins"
    return f"There is no officer {username}. Choose from: {', '.join(known)}."


def _usernames(cognito: Any, user_pool_id: str) -> list[str]:
    users = cognito.list_users(UserPoolId=user_pool_id)["Users"]
    return sorted(str(user["Username"]) for user in users)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "officer")
