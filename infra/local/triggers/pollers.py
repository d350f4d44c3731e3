"""Feed the very functions that Lambda calls. Which functions there are is read from the Chalice
app; from where and how they are fed, from `infra/app.yaml`.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.utils import to_cfn_resource_name

from chalicelib.store.media.environments import CRITICAL_ENVIRONMENTS, ENVIRONMENTS
from infra import template
from infra.local.console import serving
from infra.local.requests import Change
from infra.local.triggers.consumers import (
    HASTE,
    MOST_AT_ONCE,
    Function,
    QueueConsumer,
    Schedule,
    function_at,
    period_of,
)
from infra.local.triggers.streams import StreamConsumer, Track

# The function that makes the key of the day, without which no report is compared with others.
KEEPS_THE_DAY = "suggest_incidents"
# Loops are woken when there is something; this often they look all the same, for what has become
# visible again.
LOOK_EVERY_S = 1.0
# In a stream nothing becomes visible again.
LOOK_AT_STREAM_EVERY_S = 60.0
# What is written within this time is read together: at every write, three functions would read one
# record each, which took more of the processor than all requests. Lambda itself looks four times a
# second.
GATHER_S = 0.05

# What is deployed as these functions opens files here.
_DECODERS = {"Decode": ENVIRONMENTS, "DecodeCritical": CRITICAL_ENVIRONMENTS}

_log = logging.getLogger(__name__)


class Loop(threading.Thread):
    """Calls `work` until it returns false, then waits to be woken or for `every_s`; once woken, for
    `gather_s` more, so that what comes together is worked on together.
    """

    def __init__(
        self, name: str, work: Callable[[], bool], every_s: float, gather_s: float = 0
    ) -> None:
        super().__init__(name=f"poller-{name}", daemon=True)
        self._function = name
        self._work, self._every_s, self._gather_s = work, every_s, gather_s
        self._woken, self._ending = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Work soon."""
        self._woken.set()

    def end(self) -> None:
        """End the thread after what it is doing now."""
        self._ending.set()
        self._woken.set()

    def run(self) -> None:
        """Work until `end`."""
        while not self._ending.is_set():
            self._woken.clear()
            try:
                with serving(self._function):
                    more = self._work()
            except Exception:
                if self._ending.is_set():
                    return
                _log.exception("The trigger %s failed", self.name)
                more = False
            if not more:
                self._woken.wait(self._every_s)
                self._ending.wait(self._gather_s)


class Pollers:
    """Feeds all event functions of `app` but those named in `without`. `environment` is what
    `create_resources` returned.

    Raises ValueError when `without` names a function that does not exist.
    """

    def __init__(
        self, app: Chalice, environment: Mapping[str, str], without: Collection[str] = ()
    ) -> None:
        sources = {source.name: source for source in app.event_sources}
        if unknown := set(without) - set(sources):
            raise ValueError(
                f"There is no function {', '.join(sorted(unknown))}. "
                f"Choose from: {', '.join(sorted(sources))}."
            )
        self._environment = environment
        self._resources = template.load("app.yaml")["Resources"]
        self._schedules: list[Schedule] = []
        self._loops: list[Loop] = []
        self._queues: list[QueueConsumer] = []
        self._by_change: dict[Change, list[Loop]] = {Change.QUEUE: [], Change.TABLE: []}
        for name in sorted(sources.keys() - set(without)):
            self._add(name, sources[name])

    def start(self) -> None:
        """Start all loops. A stage has the key of the day long before a report comes: here, what
        makes it runs first, or the reports of the first minutes would be compared with none.
        """
        for schedule in self._schedules:
            if schedule.name == KEEPS_THE_DAY:
                schedule.run()
        for loop in self._loops:
            loop.start()

    def wake(self, change: Change) -> None:
        """Wake the loops that `change` may have given something to do."""
        for loop in self._by_change.get(change, ()):
            loop.wake()

    def run_schedules(self) -> None:
        """Run all scheduled functions now, in the caller's thread."""
        for schedule in self._schedules:
            schedule.run()

    def stop(self, patience_s: float = 3) -> None:
        """End all loops. Wait that long for what a function is doing now, then leave it."""
        for loop in self._loops:
            loop.end()
        until = time.monotonic() + patience_s
        for loop in self._loops:
            if loop.is_alive():
                loop.join(max(0, until - time.monotonic()))
        for queue in self._queues:
            queue.join(until - time.monotonic())

    def _add(self, name: str, source: Any) -> None:
        function = function_at(name, source.handler_string)
        if isinstance(source, ScheduledEventConfig):
            schedule = Schedule(name, period_of(source.schedule_expression), function)
            self._schedules.append(schedule)
            self._loops.append(Loop(name, schedule.work, LOOK_EVERY_S))
        elif isinstance(source, SQSEventConfig):
            for mapping in self._mappings(name):
                self._add_queue(name, function, mapping)
        elif isinstance(source, DynamoDBEventConfig):
            for mapping in self._mappings(name):
                self._add_stream(name, function, mapping)
        else:
            raise TypeError(f"{name}: {type(source).__name__} is not carried locally")

    def _add_loop(self, change: Change, loop: Loop) -> None:
        self._by_change[change].append(loop)
        self._loops.append(loop)

    def _add_queue(self, name: str, function: Function, mapping: Any) -> None:
        # Whoever has files opened waits for a process of this machine, and there are few.
        variables = self._resources[to_cfn_resource_name(name)]["Properties"]["Environment"]
        decoder = variables["Variables"].get("DECODE_FUNCTION", {}).get("Ref")
        most = _DECODERS[decoder].most if decoder else MOST_AT_ONCE
        queue = QueueConsumer(mapping, function, self._environment, most=most)
        self._queues.append(queue)
        gather_s = mapping.get("MaximumBatchingWindowInSeconds", 0) / HASTE
        loop = Loop(name, queue.work, LOOK_EVERY_S, gather_s)
        queue.handled = loop.wake
        self._add_loop(Change.QUEUE, loop)

    def _add_stream(self, name: str, function: Function, mapping: Any) -> None:
        """Add a loop that reads the stream, and one for each track, which it wakes."""
        stream = StreamConsumer(mapping, function, self._environment)

        def read() -> bool:
            more = stream.work()
            for loop, track in zip(loops, stream.tracks, strict=True):
                if track.has_any():
                    loop.wake()
            return more

        def deliver(track: Track) -> bool:
            worked = track.work()
            if stream.waits_for_room:
                reader.wake()
            return worked

        gather_s = max(GATHER_S, mapping.get("MaximumBatchingWindowInSeconds", 0) / HASTE)
        reader = Loop(name, read, LOOK_AT_STREAM_EVERY_S, gather_s)
        loops = [
            Loop(name, partial(deliver, track), LOOK_AT_STREAM_EVERY_S) for track in stream.tracks
        ]
        self._add_loop(Change.TABLE, reader)
        self._loops += loops

    def _mappings(self, name: str) -> list[Any]:
        """Return the event source mappings of a function in the template."""
        function = self._resources[to_cfn_resource_name(name)]
        return [event["Properties"] for event in function["Properties"]["Events"].values()]
