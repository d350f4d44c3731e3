"""Translate faults of AWS into `Unavailable`, except codes that a caller expects.

`aws/table.py` translates those of DynamoDB itself, because it also does the retries.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.kernel import errors

log = logging.getLogger(__name__)


@contextmanager
def unavailable(*expected: str) -> Iterator[None]:
    """Turn every fault of AWS, or of the connection to it, into Unavailable.

    Raises Unavailable; ClientError, unchanged, for a response with one of the `expected` codes (see
    `code_of`).
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in expected:
            raise
        # Only the code is logged, because a message may contain keys and addresses.
        log.warning("aws_failed", extra={"call": error.operation_name, "code": code_of(error)})
        raise errors.Unavailable from error
    except BotoCoreError as error:
        log.warning("aws_failed", extra={"code": type(error).__name__})
        raise errors.Unavailable from error


def code_of(error: ClientError) -> str:
    """Return the error code of AWS, without the suffix `Exception` that some services add."""
    return error.response["Error"]["Code"].removesuffix("Exception")
