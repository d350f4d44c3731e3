"""The user pool of Cognito, where officers sign in. Their rows say what they may do."""

import contextlib
from enum import Enum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.errors import unavailable
from chalicelib.domain.officers.model import Officer

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef


class SignIn(Enum):
    """Whether a user of the pool can sign in."""

    NEW = "new"
    """There is no user yet, or one who has not signed in yet."""
    ESTABLISHED = "established"
    """They have chosen a password."""
    DISABLED = "disabled"


class UserPool:
    """The users of one pool.

    Every method raises Unavailable when Cognito fails or cannot be reached.
    """

    def __init__(self, client: "CognitoIdentityProviderClient", pool_id: str) -> None:
        self._client = client
        self._id = pool_id

    def follow(self, officer: Officer) -> None:
        """Bring the pool in line with an officer's row: enable or disable the user.

        Repeated, change nothing. Cognito sends a new user an invitation with a first password, if
        they have an e-mail address. A machine is no user: it signs in as a client.
        """
        if officer.active and not officer.is_system:
            self._let_in(officer)
        else:
            self._shut_out(officer.username)

    def sign_in_of(self, username: str) -> SignIn:
        """Return whether a user can sign in."""
        try:
            with unavailable("UserNotFound"):
                user = self._client.admin_get_user(UserPoolId=self._id, Username=username)
        except ClientError:
            return SignIn.NEW
        if user["UserStatus"] == "FORCE_CHANGE_PASSWORD":
            return SignIn.NEW
        return SignIn.ESTABLISHED if user["Enabled"] else SignIn.DISABLED

    def enable(self, username: str) -> None:
        """Let a user sign in again, with the password that they have chosen."""
        with unavailable():
            self._client.admin_enable_user(UserPoolId=self._id, Username=username)

    def set_first_password(self, officer: Officer, password: str) -> None:
        """Create an officer's user, who signs in with `password` once and must then choose another.

        Cognito sends nothing. A user who is there already gets the new password instead of the
        earlier one, and is enabled.
        """
        if self._create(officer, MessageAction="SUPPRESS", TemporaryPassword=password):
            return
        name = officer.username
        with unavailable():
            self._client.admin_set_user_password(
                UserPoolId=self._id, Username=name, Password=password, Permanent=False
            )
        self.enable(name)

    def recreate(self, officer: Officer, password: str) -> None:
        """Delete an officer's user and create it again with a first password.

        It is the only way to take away an authenticator app that everybody must have. It ends every
        sign-in of the user, too. Repeated, it sets another first password.
        """
        with contextlib.suppress(ClientError), unavailable("UserNotFound"):
            self._client.admin_delete_user(UserPoolId=self._id, Username=officer.username)
        self.set_first_password(officer, password)

    def _let_in(self, officer: Officer) -> None:
        invitation: dict[str, Any] = (
            {"DesiredDeliveryMediums": ["EMAIL"]}
            if officer.email
            else {"MessageAction": "SUPPRESS"}
        )
        name = officer.username
        if not self._create(officer, **invitation):
            with unavailable():
                self._client.admin_update_user_attributes(
                    UserPoolId=self._id, Username=name, UserAttributes=_attributes(officer)
                )
        self.enable(name)

    def _create(self, officer: Officer, **invitation: Any) -> bool:
        """Create a user. Return False when there is one."""
        try:
            with unavailable("UsernameExists"):
                self._client.admin_create_user(
                    UserPoolId=self._id,
                    Username=officer.username,
                    UserAttributes=_set(_attributes(officer)),
                    **invitation,
                )
        except ClientError:
            return False
        return True

    def _shut_out(self, username: str) -> None:
        try:
            with unavailable("UserNotFound"):
                self._client.admin_disable_user(UserPoolId=self._id, Username=username)
                self._client.admin_user_global_sign_out(UserPoolId=self._id, Username=username)
        except ClientError:
            return


def _attributes(officer: Officer) -> "list[AttributeTypeTypeDef]":
    # An empty value removes an attribute. Admins must verify an address before they enter it, so it
    # counts as verified.
    return [
        {"Name": "email", "Value": officer.email or ""},
        {"Name": "phone_number", "Value": officer.phone or ""},
        *([{"Name": "email_verified", "Value": "true"}] if officer.email else []),  # type: ignore[list-item]
        *([{"Name": "phone_number_verified", "Value": "true"}] if officer.phone else []),  # type: ignore[list-item]
    ]


def _set(attributes: "list[AttributeTypeTypeDef]") -> "list[AttributeTypeTypeDef]":
    return [attribute for attribute in attributes if attribute.get("Value")]
