"""Watch a stack while CloudFormation changes it: one line for what goes on, and the first cause of
a failure.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from botocore import exceptions as aws

from infra.stage.console import say
from infra.stage.faults import code_of

type Event = Mapping[str, Any]
type Pause = Callable[[float], None]

INTERVAL_S = 4.0
QUIET_S = 20.0  # between two lines that are not in a terminal
PATIENCE = 15  # reads in a row that may fail: the network of a laptop comes back
NAMES_SHOWN = 3

_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
_CONSEQUENCES = ("cancelled", "canceled")


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
class Progress:
    """What is printed of the events of a stack; a failure always has a line. `total` is the number
    of resources that change.
    """

    total: int
    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    _done: set[str] = field(default_factory=set)
    _running: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._line = StatusLine(self.out, self.clock)

    def show(self, events: Sequence[Event], stack: str) -> None:
        """Show new events, the oldest first."""
        for event in events:
            self._take(event, stack)
        count = f"{min(len(self._done), self.total)} of {self.total}"
        now = ", ".join(list(self._running)[:NAMES_SHOWN])
        more = len(self._running) - NAMES_SHOWN
        line = f"{count} done" + (f", now {now}" if now else "")
        self._line.show(line + (f" and {more} more" if more > 0 else ""))

    def end(self) -> None:
        self._line.end()

    def _take(self, event: Event, stack: str) -> None:
        name, status = event["LogicalResourceId"], str(event["ResourceStatus"])
        if name == stack:
            return
        if status.endswith("_IN_PROGRESS"):
            self._running[name] = status
        else:
            self._running.pop(name, None)
        if status.endswith("_COMPLETE"):
            self._done.add(name)
        if is_cause(event):
            self.end()
            say(f"failed: {name}: {event.get('ResourceStatusReason', 'no reason given')}")


def watch(cloudformation: Any, stack_id: str, progress: Progress, pause: Pause = time.sleep) -> str:
    """Wait until CloudFormation has finished with the stack, and return its status.

    A connection that is lost for a minute does not end the wait.
    """
    seen: set[str] = set()
    failed = 0
    while True:
        try:
            stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            events = [
                e for e in operation_events(cloudformation, stack_id) if e["EventId"] not in seen
            ]
            failed = 0
        except (aws.HTTPClientError, aws.ConnectionError, aws.ClientError) as error:
            failed += 1
            if failed > PATIENCE or (
                isinstance(error, aws.ClientError) and not code_of(error).startswith("Throttl")
            ):
                raise
            pause(INTERVAL_S)
            continue
        seen |= {event["EventId"] for event in events}
        progress.show(events, stack["StackName"])
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status.endswith("_CLEANUP_IN_PROGRESS"):
            progress.end()
            return status
        pause(INTERVAL_S)


def operation_events(cloudformation: Any, stack_id: str) -> list[Event]:
    """Return the events of the stack's last operation, the oldest first.

    CloudFormation gives the newest first, in pages of a hundred; a failed first deployment has
    about three hundred.
    """
    found: list[Event] = []
    for event in _events(cloudformation, stack_id):
        found.append(event)
        is_stack = event.get("PhysicalResourceId") == event["StackId"]
        if is_stack and event["ResourceStatus"] in _BEGINNINGS:
            break
    return found[::-1]


def first_cause(events: Sequence[Event]) -> Event | None:
    """Return the event with the first failure, not one that another failure brought with it."""
    return next(filter(is_cause, events), None)


def is_cause(event: Event) -> bool:
    reason = event.get("ResourceStatusReason", "").lower()
    return (
        str(event["ResourceStatus"]).endswith("_FAILED")
        and event.get("PhysicalResourceId") != event.get("StackId")
        and not any(word in reason for word in _CONSEQUENCES)
    )


def _events(cloudformation: Any, stack_id: str) -> Iterator[Event]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        yield from page["StackEvents"]
