"""Every fault of AWS becomes Unavailable, except for the codes that a caller expects."""

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib.aws.errors import code_of, unavailable
from chalicelib.kernel import errors


def refused(code: str, message: str = "") -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}}
    return ClientError(response, "PutObject")


@pytest.mark.parametrize(
    "fault",
    [
        refused("InternalError"),
        refused("AccessDenied"),
        refused("NoSuchKey"),
        EndpointConnectionError(endpoint_url="https://s3.test"),
        ReadTimeoutError(endpoint_url="https://s3.test"),
    ],
    ids=["AWS", "denied", "another code", "no way there", "no response"],
)
def test_every_fault_is_unavailable(fault: Exception) -> None:
    with pytest.raises(errors.Unavailable) as raised, unavailable("NoSuchUpload"):
        raise fault
    assert raised.value.__cause__ is fault


@pytest.mark.parametrize("code", ["NotFound", "NotFoundException"])
def test_an_expected_code_passes_as_it_came(code: str) -> None:
    fault = refused(code)
    with pytest.raises(ClientError) as raised, unavailable("NotFound"):
        raise fault
    assert raised.value is fault
    assert code_of(fault) == "NotFound"


def test_a_fault_of_our_own_is_not_blamed_on_aws() -> None:
    with pytest.raises(KeyError), unavailable():
        raise KeyError("a name")


def test_what_is_done_without_a_fault_is_done() -> None:
    with unavailable():
        done = True
    assert done


def test_the_log_holds_the_code_and_never_the_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(errors.Unavailable), unavailable():
        raise refused("SlowDown", "originals/7Q2M is busy")
    [record] = caplog.records
    assert (record.__dict__["call"], record.__dict__["code"]) == ("PutObject", "SlowDown")
    assert "7Q2M" not in str(record.__dict__)
