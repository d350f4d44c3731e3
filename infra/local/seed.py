"""The officers of the local stack: in the user pool and in the officers table."""

from collections.abc import Iterable, Mapping
from typing import Any

import boto3

from chalicelib.domain.catalogue.codes import category_codes
from chalicelib.domain.officers.model import ALL, Officer, Role, active_oversight
from chalicelib.store.catalogue import CatalogueChanges
from chalicelib.store.officers.rows import Officers
from infra.local.resources import MACHINE

# Of a pool that lives in this process's memory, behind 127.0.0.1.
PASSWORD = "local-officers-only"  # noqa: S105

# The category of the officer with a narrow scope, and of the report in the guide.
NARROW = next(
    (code for code in category_codes() if code == "traffic_violation"), category_codes()[0]
)


def _officer(
    username: str, name: str, *roles: Role, categories: tuple[str, ...] = (ALL,)
) -> Officer:
    """Create an officer of all districts."""
    scope = {"categories": categories, "districts": (ALL,)} if Role.OFFICER in roles else {}
    return Officer(
        username=username, name=name, roles=roles, email=f"{username}@tipline.test", **scope
    )


OFFICERS = (
    _officer("officer", "Officer Li", Role.OFFICER),
    _officer("narrow", "Officer Wang", Role.OFFICER, categories=(NARROW,)),
    _officer("supervisor", "Supervisor Zhao", Role.OFFICER, Role.SUPERVISOR),
    _officer("admin", "Admin Chen", Role.OFFICER, Role.ADMIN),
    # Two admins appoint an officer.
    _officer("admin2", "Admin Sun", Role.ADMIN),
    _officer("auditor", "Auditor Qian", Role.AUDITOR),
    # Without two of them, no report about the police is taken.
    _officer("oversight", "Ombudsman Zhou", Role.OVERSIGHT),
    _officer("oversight2", "Ombudsman Wu", Role.OVERSIGHT),
    # A machine: no user of the pool, and without an address.
    Officer(
        username=MACHINE, name="Dispatch", roles=(Role.SYSTEM,), categories=(ALL,), districts=(ALL,)
    ),
)


def seed_officers(officers: Officers, changes: CatalogueChanges, user_pool_id: str) -> None:
    """Create them, and take reports about the police from now on."""
    cognito = boto3.client("cognito-idp")
    for officer in OFFICERS:
        officers.put(officer)
        if not officer.is_system:
            cognito.admin_create_user(
                UserPoolId=user_pool_id, Username=officer.username, MessageAction="SUPPRESS"
            )
    changes.table.transact([changes.count_oversight(lambda: active_oversight(OFFICERS))])


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
