"""The officers of the local stack: in the user pool and in the officers table."""

from collections.abc import Iterable, Mapping
from typing import Any

import boto3

from chalicelib.domain.catalogue.codes import category_codes
from chalicelib.domain.officers.model import ALL, Officer, Role
from chalicelib.store.officers.rows import Officers

# Of a pool that lives in this process's memory, behind 127.0.0.1.
PASSWORD = "local-officers-only"  # noqa: S105

# The category of the officer with a narrow scope, and of the report in the guide.
NARROW = next(
    (code for code in category_codes() if code == "traffic_violation"), category_codes()[0]
)

OFFICERS = (
    Officer(
        username="officer",
        name="Officer Li",
        categories=(ALL,),
        districts=(ALL,),
        email="officer@tipline.test",
    ),
    Officer(
        username="narrow",
        name="Officer Wang",
        categories=(NARROW,),
        districts=(ALL,),
        email="narrow@tipline.test",
    ),
    Officer(
        username="supervisor",
        name="Supervisor Zhao",
        roles=(Role.OFFICER, Role.SUPERVISOR),
        categories=(ALL,),
        districts=(ALL,),
        email="supervisor@tipline.test",
    ),
    Officer(
        username="admin",
        name="Admin Chen",
        roles=(Role.OFFICER, Role.ADMIN),
        categories=(ALL,),
        districts=(ALL,),
        email="admin@tipline.test",
    ),
    # Two admins appoint an officer.
    Officer(
        username="admin2",
        name="Admin Sun",
        roles=(Role.ADMIN,),
        email="admin2@tipline.test",
    ),
)


def seed_officers(officers: Officers, user_pool_id: str) -> None:
    """Create them."""
    cognito = boto3.client("cognito-idp")
    for officer in OFFICERS:
        officers.put(officer)
        cognito.admin_create_user(
            UserPoolId=user_pool_id, Username=officer.username, MessageAction="SUPPRESS"
        )


def register_console(named: Mapping[str, str], origins: Iterable[str]) -> None:
    """Let officers sign in from the console at these origins, as the template does for those that
    it knows.
    """
    cognito = boto3.client("cognito-idp")
    pool_id, client_id = named["USER_POOL_ID"], named["CLIENT_ID"]
    client = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)[
        "UserPoolClient"
    ]
    pages = [f"{origin}/console/" for origin in origins]
    # Cognito refuses a list that has one page twice.
    cognito.update_user_pool_client(
        UserPoolId=pool_id,
        ClientId=client_id,
        CallbackURLs=list(dict.fromkeys([*client["CallbackURLs"], *pages])),
        LogoutURLs=list(dict.fromkeys([*client["LogoutURLs"], *pages])),
    )


def sign_in(cognito: Any, *, user_pool_id: str, client_id: str, username: str) -> str:
    """Return an access token of a user of the pool.

    moto has no sign-in pages, so the user gets the password here that they would choose there.
    """
    cognito.admin_set_user_password(
        UserPoolId=user_pool_id, Username=username, Password=PASSWORD, Permanent=True
    )
    response = cognito.admin_initiate_auth(
        UserPoolId=user_pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
    )
    return str(response["AuthenticationResult"]["AccessToken"])
