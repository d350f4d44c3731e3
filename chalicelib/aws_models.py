"""The models of AWS's services, as botocore has them: of those that are used here."""

from botocore.loaders import Loader

SERVICES = (
    "cloudtrail",
    "cognito-idp",
    "dynamodb",
    "kms",
    "lambda",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
)
"""Every service that has a client in `wiring`."""


class Models(Loader):
    """Loads the models of `SERVICES`. botocore's own loader first looks through the folders of all
    400 services, to know their names: 15 ms of a start, and more from a cold disk.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the services that may have a client. A `type_name` is a kind of model."""
        return list(SERVICES)
