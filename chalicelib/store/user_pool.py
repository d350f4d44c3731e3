"""The user pool of Cognito: who can sign in. An officer's row says what they may do."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws_errors import unavailable
from chalicelib.domain.officers import Officer

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef


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
        they have an e-mail address.
        """
        if officer.active:
            self._let_in(officer)
        else:
            self._shut_out(officer.username)

    def _let_in(self, officer: Officer) -> None:
        # An empty value removes an attribute. Admins must verify an address before they enter it,
        # so it counts as verified.
        attributes: list[AttributeTypeTypeDef] = [
            {"Name": "email", "Value": officer.email or ""},
            {"Name": "phone_number", "Value": officer.phone or ""},
            *([{"Name": "email_verified", "Value": "true"}] if officer.email else []),  # type: ignore[list-item]
            *([{"Name": "phone_number_verified", "Value": "true"}] if officer.phone else []),  # type: ignore[list-item]
        ]
        name = officer.username
        invitation: dict[str, Any] = (
            {"DesiredDeliveryMediums": ["EMAIL"]}
            if officer.email
            else {"MessageAction": "SUPPRESS"}
        )
        try:
            with unavailable("UsernameExists"):
                self._client.admin_create_user(
                    UserPoolId=self._id,
                    Username=name,
                    UserAttributes=_set(attributes),
                    **invitation,
                )
        except ClientError:
            with unavailable():
                self._client.admin_update_user_attributes(
                    UserPoolId=self._id, Username=name, UserAttributes=attributes
                )
        with unavailable():
            self._client.admin_enable_user(UserPoolId=self._id, Username=name)

    def _shut_out(self, username: str) -> None:
        try:
            with unavailable("UserNotFound"):
                self._client.admin_disable_user(UserPoolId=self._id, Username=username)
                self._client.admin_user_global_sign_out(UserPoolId=self._id, Username=username)
        except ClientError:
            return


def _set(attributes: "list[AttributeTypeTypeDef]") -> "list[AttributeTypeTypeDef]":
    return [attribute for attribute in attributes if attribute.get("Value")]
