"""What goes wrong in a command is a sentence that says what to do, never a traceback."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from botocore import exceptions as aws

from chalicelib.kernel.errors import Unavailable
from infra.stage.console import INTERRUPTED, Refused, explain, guarded, wrapped
from tests.local.stack import ROOT


def refusal(
    code: str, message: str = "", *, operation: str = "DescribeStacks", status: int = 400
) -> aws.ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return aws.ClientError(response, operation)  # type: ignore[arg-type]


DENIED = (
    "User: arn:aws:iam::123456789012:user/zhao is not authorized to perform: "
    "dynamodb:Query on resource: arn:aws:dynamodb:us-east-1:123456789012:table/reports because no "
    "identity-based policy allows the dynamodb:Query action"
)

FAULTS: dict[str, tuple[BaseException, str]] = {
    "no region": (aws.NoRegionError(), "Set AWS_REGION"),
    "a region that is none": (aws.InvalidRegionError(region_name="eu west"), "Correct AWS_REGION"),
    "an unknown profile": (aws.ProfileNotFound(profile="prd"), "no profile prd"),
    "no credentials": (aws.NoCredentialsError(), "aws sso login"),
    "half of the credentials": (
        aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        "aws sso login",
    ),
    "an ended single sign-on": (aws.UnauthorizedSSOTokenError(), "Sign in again"),
    "a token that cannot be read": (
        aws.TokenRetrievalError(provider="sso", error_msg="expired"),
        "Sign in again",
    ),
    "expired credentials": (refusal("ExpiredToken"), "expired"),
    "expired credentials, by DynamoDB": (refusal("ExpiredTokenException"), "expired"),
    "unknown credentials": (refusal("InvalidClientTokenId"), "does not accept your credentials"),
    "unknown credentials, by a JSON service": (
        refusal("UnrecognizedClientException"),
        "does not accept your credentials",
    ),
    "a missing right": (
        refusal("AccessDeniedException", DENIED, operation="Query"),
        "lack the right dynamodb:Query on arn:aws:dynamodb:us-east-1:123456789012:table/reports.",
    ),
    "a missing right, by S3's HEAD": (
        refusal("403", "Forbidden", operation="HeadBucket"),
        "lack the right s3:ListBucket",
    ),
    "a lost table": (
        refusal("ResourceNotFoundException", "Requested resource not found", operation="Query"),
        "A table is missing (Query). `make status` names it",
    ),
    "a busy service": (refusal("ThrottlingException"), "Wait a minute"),
    "a wrong clock": (refusal("RequestTimeTooSkewed"), "Set the clock"),
    "a region that is not enabled": (refusal("OptInRequired"), "Enable it"),
    "a fault of the service": (refusal("InternalFailure", status=500), "in a few minutes"),
    "anything else that is refused": (
        refusal("ValidationError", "Stack is busy"),
        "AWS refuses DescribeStacks: Stack is busy",
    ),
    "no connection": (
        aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        "http://127.0.0.1:1 cannot be reached",
    ),
    "a slow connection": (
        aws.ReadTimeoutError(endpoint_url="https://sqs.us-east-1.amazonaws.com"),
        "cannot be reached",
    ),
    "a proxy that refuses": (
        aws.ProxyConnectionError(proxy_url="http://proxy"),
        "cannot be reached",
    ),
    "a certificate that is not trusted": (
        aws.SSLError(endpoint_url="https://aws", error=OSError("self-signed")),
        "not trusted",
    ),
    "an argument that botocore refuses": (
        aws.ParamValidationError(report="Invalid length"),
        "Invalid length",
    ),
    "a wait that was too long": (
        aws.WaiterError(name="TableExists", reason="Max attempts exceeded", last_response={}),
        "did not finish in time",
    ),
    "a wait that was refused": (
        aws.WaiterError(
            name="TableExists",
            reason="An error occurred",
            last_response={"Error": {"Code": "ExpiredToken", "Message": ""}},
        ),
        "expired",
    ),
    "a fault that the app has named": (Unavailable(), "Try again"),
    "a file that is missing": (FileNotFoundError(2, "No such file", "build/x"), "build/x"),
    "a defect": (KeyError("Stacks"), "A defect of this command: KeyError"),
}


@pytest.mark.parametrize(("error", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_a_sentence(error: BaseException, said: str) -> None:
    sentence = explain(error)
    assert said in sentence
    assert sentence[0].isupper() or sentence.startswith(("http", "build"))
    assert "Traceback" not in sentence


def test_the_cause_of_an_unavailable_service_is_named() -> None:
    error = Unavailable()
    error.__cause__ = refusal("AccessDeniedException", DENIED)
    assert "dynamodb:Query" in explain(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refused("Set STAGE."), 1), (refusal("ExpiredToken"), 1), (KeyboardInterrupt(), INTERRUPTED)],
    ids=["refused", "AWS", "Ctrl-C"],
)
def test_a_command_that_fails_exits_with_a_code_and_a_sentence(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: Sequence[str]) -> int:
        raise error

    assert guarded(fail, []) == code
    printed = capsys.readouterr()
    assert (printed.out, "Traceback" in printed.err) == ("", False)
    assert printed.err.strip()


def test_frames_of_a_defect_are_shown_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(arguments: Sequence[str]) -> int:
        raise KeyError("Stacks")

    guarded(fail, [])
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv("DEBUG", "1")
    guarded(fail, [])
    assert "Traceback" in capsys.readouterr().err


def test_a_command_that_works_exits_with_its_own_code() -> None:
    assert guarded(lambda arguments: len(arguments), ["--all"]) == 1


def test_a_long_sentence_is_wrapped_and_its_command_stays_whole() -> None:
    command = "make redrive STAGE=prod NAMES='Zhao Min,Li Wei' PURGE=1"
    text = f"One two three four five six seven eight nine ten: {command} and `aws sso login` again."

    lines = wrapped(text, 30).splitlines()

    assert lines == [
        "One two three four five six",
        "seven eight nine ten:",
        command,
        "and `aws sso login` again.",
    ]


def test_what_the_application_logs_is_not_printed() -> None:
    """In a process of its own: pytest has handlers for what is logged."""
    program = (
        "import logging; from infra.stage.console import guarded;"
        "log = logging.getLogger('chalicelib.aws.table');"
        "guarded(lambda _: log.warning('dynamodb_failed') or 0, [])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
