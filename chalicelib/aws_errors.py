"""One translator of AWS's faults into the domain's: whatever AWS or the way there fails by is
`Unavailable`, except the codes that a caller expects.

DynamoDB has its own in `store/table.py`, with its retries.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors

log = logging.getLogger(__name__)


@contextmanager
def unavailable(*expected: str) -> Iterator[None]:
    """Raise Unavailable for every fault of AWS or of the way there.

    A response with one of the `expected` codes (see `code_of`) is raised as it came, a ClientError.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in expected:
            raise
        # The code alone: a message may quote keys and addresses.
        log.warning("aws_failed", extra={"call": error.operation_name, "code": code_of(error)})
        raise errors.Unavailable from error
    except BotoCoreError as error:
        log.warning("aws_failed", extra={"code": type(error).__name__})
        raise errors.Unavailable from error


def code_of(error: ClientError) -> str:
    """Return AWS's code for an error, without the `Exception` that some services end it with."""
    return error.response["Error"]["Code"].removesuffix("Exception")
