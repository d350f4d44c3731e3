"""What a command says and asks. What goes wrong becomes a sentence that says what to do.

No command ends in a traceback. With `DEBUG=1` a defect of the command itself shows its frames.
"""

import logging
import os
import re
import shutil
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn, TextIO

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from chalicelib.kernel.errors import TiplineError

type Pause = Callable[[float], None]

QUIET_S = 20.0  # between two lines that are not in a terminal
# What the application logs is no part of a command's output. Without a handler, Python would print
# warnings to standard error.
_UNHEARD = logging.NullHandler()
_NO_BREAK = "\u00a0"
_VARIABLE = r"[A-Z_]+=(?:'[^']*'|\S+)"
_COMMAND = re.compile(rf"`[^`]*`|(?:make (?:-s )?[a-z-]+|{_VARIABLE})(?: {_VARIABLE})*")

INTERRUPTED = 130  # as a shell reports a process that Ctrl-C ended

SIGN_IN = "Sign in again (`aws sso login`, or new keys), or name another profile with AWS_PROFILE=…"

_EXPIRED = {"ExpiredToken", "RequestExpired", "ExpiredTokenException"}
_UNKNOWN_CREDENTIALS = {
    "InvalidClientTokenId",
    "UnrecognizedClient",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "IncompleteSignature",
}
_DENIED = {"AccessDenied", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "403"}
_BUSY = {
    "Throttling",
    "Throttled",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequests",
    "SlowDown",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
}
BAR = 30  # columns
_CLOCK = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_NO_TABLE = "Requested resource not found"  # DynamoDB's words
# The right's name where it is not the operation's.
_RIGHTS = {"HeadBucket": "s3:ListBucket", "HeadObject": "s3:GetObject"}


class Refused(Exception):
    """The command did nothing more. The message says why, and what to do."""


def run(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command with the process's arguments, and exit with its code; with 1 and a sentence on
    standard error when it fails.
    """
    sys.exit(guarded(main, sys.argv[1:]))


def guarded(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Return the exit code of a command. A failure is a sentence on standard error, and 1."""
    logging.getLogger("chalicelib").addHandler(_UNHEARD)
    try:
        return main(arguments)
    except KeyboardInterrupt:
        print("\nStopped. What AWS has begun goes on there.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has stopped reading. Python would complain once more as it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("DEBUG") == "1" and not isinstance(error, Refused):
            traceback.print_exception(error)
        text = explain(error)
        print(wrapped(text, _columns()) if sys.stderr.isatty() else text, file=sys.stderr)
        return 1


def say(text: str) -> None:
    """Print a line with the time. It is seen at once, also through a pipe."""
    print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)  # noqa: DTZ005  the reader's own time


def confirm(question: str) -> bool:
    """Return whether the person says yes. `YES=1` is a yes, and no other value. Raises Refused
    without a terminal.
    """
    if os.environ.get("YES") == "1":
        return True
    return ask(f"{question} [y/N] ", instead="set YES=1 to answer it").strip().lower() in (
        "y",
        "yes",
    )


def ask(question: str, *, instead: str) -> str:
    """Return what the person types. Without a terminal, raises Refused: do `instead`."""
    if not sys.stdin.isatty():
        raise Refused(f"{question.strip()} There is no terminal to answer in: {instead}.")
    try:
        return input(question)
    except EOFError:
        return ""


@dataclass
class StatusLine:
    """A line that is rewritten in a terminal; elsewhere a new one now and then."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    _shown_at: float | None = None
    _line: str = ""

    def show(self, line: str) -> None:
        if self.out.isatty():
            width = shutil.get_terminal_size().columns - 1
            text = f"{time.strftime('%H:%M:%S')}  {line}"
            self.out.write("\r\033[K" + (text if len(text) < width else text[: width - 1] + "…"))
            self.out.flush()
        elif line != self._line and (
            self._shown_at is None or self.clock() - self._shown_at >= QUIET_S
        ):
            self._shown_at = self.clock()
            say(line)
        self._line = line

    def end(self) -> None:
        """Leave the line that was rewritten."""
        if self._line and self.out.isatty():
            self.out.write("\r\033[K")
            self.out.flush()


@dataclass
class RowProgress:
    """How many rows of about `total` were read, in a status line. Threads may add to it."""

    total: int
    line: StatusLine = field(default_factory=StatusLine)
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rows: int) -> None:
        with self._lock:
            self._seen += rows
            self.line.show(progress(self._seen, self.total))


def progress(seen: int, total: int) -> str:
    """Return a bar with its figures. `total` may be less than there are by now."""
    bar = "#" * int((min(1.0, seen / total) if total else 0.0) * BAR)
    return f"[{bar:.<{BAR}}] {seen:,} of about {total:,} rows"


def wrapped(text: str, width: int) -> str:
    """Return a text in lines of at most `width` columns. A command, and a line that is indented,
    stay whole, so that they can be copied.
    """
    lines = []
    for line in text.splitlines():
        if len(line) <= width or line[:1].isspace():
            lines.append(line)
            continue
        # textwrap breaks at the blanks of ASCII only.
        joined = _COMMAND.sub(lambda found: found[0].replace(" ", _NO_BREAK), line)
        lines += textwrap.wrap(joined, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(_NO_BREAK, " ")


def _columns() -> int:
    """Return how wide the terminal of standard error is; 80 if it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def explain(error: BaseException) -> str:
    """Return a sentence or two about an error: what happened, and what to do."""
    match error:
        case Refused():
            return str(error)
        case TiplineError() if error.__cause__ is not None:
            return explain(error.__cause__)
        case TiplineError():
            return f"The service could not do it ({error.code}). Try again in a minute."
        case aws.WaiterError():
            return _waiter(error)
        case aws.ClientError():
            return _refusal(error)
        case aws.BotoCoreError():
            return _before_an_answer(error)
        case ResponseParserError():
            return (
                "What was reached did not answer as AWS does. Check AWS_ENDPOINT_URL, and whether "
                "the network asks you to sign in."
            )
        case ValueError() if str(error).startswith("Invalid endpoint: "):
            return (
                f"{error}. It is not an address, such as http://127.0.0.1:4566. Correct or unset "
                "AWS_ENDPOINT_URL."
            )
        case OSError() if error.filename:
            return f"{error.filename}: {error.strerror}."
    return (
        f"A defect of this command: {type(error).__name__}: {error}. "
        "Run it again with DEBUG=1, and report what it prints."
    )


def code_of(error: aws.ClientError) -> str:
    """Return the error code of AWS, without the suffix `Exception` that some services add."""
    return str(error.response["Error"].get("Code", "")).removesuffix("Exception")


def message_of(error: aws.ClientError) -> str:
    """Return what AWS says about an error; "" when it says nothing."""
    return str(error.response["Error"].get("Message") or "").strip()


def _refusal(error: aws.ClientError) -> str:
    code, operation = code_of(error), error.operation_name
    message = message_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED:
        return f"Your credentials have expired. {SIGN_IN}"
    if code in _UNKNOWN_CREDENTIALS:
        return f"AWS does not accept your credentials ({code}). {SIGN_IN}"
    if code in _DENIED:
        return _missing_right(operation, message)
    if code in _BUSY:
        return f"AWS is busy ({operation}: {code}). Wait a minute and run the command again."
    if code in _CLOCK:
        return "This machine's clock is wrong, so AWS refuses the request. Set the clock."
    if code == "ResourceNotFound" and message.startswith(_NO_TABLE):
        return f"A table is missing ({operation}). `make status` names it, and what to do."
    if code == "OptInRequired":
        return f"The account has not enabled this region or service ({operation}). Enable it."
    if isinstance(status, int) and status >= 500:
        return f"AWS has a fault ({operation}: {code}). Run the command again in a few minutes."
    return f"AWS refuses {operation}: {message or code}"


def _missing_right(operation: str, message: str) -> str:
    named = re.search(r"not authorized to perform:?\s+([a-z0-9-]+:\w+)", message)
    right = named[1] if named else _RIGHTS.get(operation, operation)
    on = re.search(r"on resource:?\s+(\S+)", message)
    where = f" on {on[1].rstrip('.,')}" if on else ""
    return (
        f"You lack the right {right}{where}. Ask whoever runs the account for it, or use "
        "a profile that has it: AWS_PROFILE=…"
    )


def _before_an_answer(error: aws.BotoCoreError) -> str:
    """Return the sentence for a request that got no response, or was never sent."""
    details = error.kwargs
    match error:
        case aws.NoRegionError():
            return "No region is set. Set AWS_REGION=…, or name a profile that has one."
        case aws.InvalidRegionError():
            return "AWS_REGION does not name a region, such as eu-west-1. Correct AWS_REGION."
        case aws.ProfileNotFound():
            return (
                f"There is no profile {details.get('profile')} in your AWS configuration. "
                "Correct AWS_PROFILE; `aws configure list-profiles` lists those that exist."
            )
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return f"No AWS credentials were found. {SIGN_IN}"
        case (
            aws.CredentialRetrievalError()
            | aws.TokenRetrievalError()
            | aws.SSOError()
            | aws.UnauthorizedSSOTokenError()
        ):
            return f"Your sign-in is no longer valid. {SIGN_IN}"
        case aws.SSLError():
            return f"The connection to {details.get('endpoint_url')} is not trusted: {error}"
        case aws.HTTPClientError() | aws.ConnectionError():
            where = details.get("endpoint_url") or details.get("proxy_url") or "AWS"
            return (
                f"{where} cannot be reached. Check the network, AWS_REGION and AWS_ENDPOINT_URL, "
                "then run the command again."
            )
    return f"AWS cannot be asked: {error}"


def _waiter(error: aws.WaiterError) -> str:
    last = error.last_response
    if isinstance(last, dict) and "Error" in last:
        return _refusal(aws.ClientError(last, error.kwargs.get("name", "the request")))
    return f"AWS did not finish in time: {error}"
