"""What the web clients ask for one report: the list by which its cost is counted.

SEEN=write writes it anew (`make cost SEE=1`), once it is known why the clients ask something else.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenPage, browser, open_page, stack, wrong
from tests.browser.officers import Resident, sign_in
from tests.browser.residents import Resident as Visitor
from tests.cost import calls
from tests.cost.calls import Act, Call, Seen, Visit
from tests.local.stack import Stack

__all__ = ["browser", "open_page", "stack", "wrong"]

REPORT = {"category": "missing_elderly", "text": "An old man in a grey coat, alone at the stop."}
# What a page does by itself after some time is not of a visit: the test lets it come.
BY_ITSELF = """
const wait = setTimeout;
window.setTimeout = (act, ms, ...more) => ms >= 5000 ? 0 : wait(act, ms, ...more);
"""
# Nothing more is asked after so long; after a step a pulse comes later.
QUIET_MS, QUIET_AFTER_STEP_MS = 500, 2_600


class Recorder:
    """Record what a page asks, by what is done. Pulses have a mark that the test changes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.acts: list[Act] = []
        self._calls: list[Call] = []
        self._waiting: set[Request] = set()
        self._mark, self._by_itself = 0, False
        page.route("**/v1/officer/pulse*", self._pulse)
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def act(self, does: str, do: Callable[[], object]) -> None:
        """Do something, and record what the page asks because of it."""
        self._calls = []
        do()
        self._settle()
        self.acts.append(Act(does, tuple(self._calls)))

    def step(self, does: str, do: Callable[[], None]) -> None:
        """Do what changes a report: the next pulse has another mark."""

        def changed() -> None:
            do()
            self._settle(QUIET_AFTER_STEP_MS)
            self._mark += 1
            with self._alone():
                self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
                self._settle()

        self.act(does, changed)

    def visit(self) -> Visit:
        """Return what was done since the last time."""
        done, self.acts = tuple(self.acts), []
        return done

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Leave out the pulse that comes by itself."""
        self._by_itself = True
        yield
        self._by_itself = False

    def _begin(self, request: Request) -> None:
        call = Call.of(request.method, request.url)
        if call is None or not call.route.startswith("/v1/"):
            return
        self._waiting.add(request)
        if not (self._by_itself and call.route == "/v1/officer/pulse"):
            self._calls.append(call)

    def _end(self, request: Request) -> None:
        self._waiting.discard(request)

    def _pulse(self, route: Route) -> None:
        # What a change brings to the pulse comes by a stream, sooner or later.
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"mark": f"seen-{self._mark}"})

    def _settle(self, patience_ms: int = QUIET_MS) -> None:
        quiet = 0
        while quiet < patience_ms:
            before = len(self._calls)
            self.page.wait_for_timeout(100)
            is_quiet = not self._waiting and len(self._calls) == before
            quiet = quiet + 100 if is_quiet else 0


@pytest.fixture
def seen(open_page: OpenPage, stack: Stack) -> Seen:
    return Seen(*_console(open_page, stack), _reporter(open_page("about:blank"), stack))


def test_the_clients_ask_what_the_cost_of_a_report_is_counted_by(seen: Seen) -> None:
    if os.environ.get("SEEN") == "write":
        calls.FILE.write_text(seen.written(), encoding="utf-8")
    assert seen.written() == calls.seen().written(), calls.__doc__


def _console(open_page: OpenPage, stack: Stack) -> tuple[Visit, tuple[Visit, ...]]:
    first, resident = Resident(stack.api, **REPORT), Resident(stack.api, **REPORT)
    page = open_page("about:blank")
    page.add_init_script(BY_ITSELF)
    recorder = Recorder(page)

    def begin() -> None:
        page.goto(f"{stack.api}/console/")
        sign_in(page)
        expect(page.get_by_role("link", name=resident.reference)).to_be_visible()

    def open_of(reference: str) -> Callable[[], None]:
        def opened() -> None:
            page.get_by_role("link", name=reference).click()
            expect(page.locator("#next-step")).to_be_visible()

        return opened

    def back() -> None:
        page.locator(".report__head a").click()
        expect(page.get_by_role("link", name=first.reference)).to_be_visible()

    def press(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("button", name=name, exact=True).click()

    def reply() -> None:
        page.get_by_label("Message to the reporter").fill("Is he still there?")
        press("Send")()
        expect(page.get_by_text("Sent.")).to_be_visible()

    def note() -> None:
        page.get_by_label("New note").fill("A patrol looks for him.")
        press("Add the note")()

    def close() -> None:
        press("Close…")()
        dialog = page.get_by_role("dialog", name="Close the report")
        dialog.get_by_label("Resolved").check()
        dialog.get_by_label("What the reporter reads").fill("He is at home again.")
        dialog.get_by_role("button", name="Close the report").click()
        expect(page.get_by_role("button", name="Reopen")).to_be_visible()

    recorder.act("signs in", begin)
    recorder.act("opens a first report", open_of(first.reference))
    recorder.act("goes back to the list", back)
    session = recorder.visit()
    visits = []
    for steps in (
        {"acknowledges it": press("Acknowledge and take")},
        {"replies": reply, "begins work": press("Start work")},
        {"writes a note": note},
        {"closes it": close},
    ):
        if "writes a note" in steps:
            resident.write("He has gone into the park.")
        recorder.act("opens it", open_of(resident.reference))
        for does, do in steps.items():
            recorder.step(does, do)
        recorder.act("goes back to the list", back)
        visits.append(recorder.visit())
    return session, tuple(visits)


def _reporter(page: Page, stack: Stack) -> Visit:
    page.add_init_script(BY_ITSELF)
    recorder, visitor = Recorder(page), Visitor(page)

    def begin() -> None:
        page.goto(f"{stack.api}/")
        visitor.begin()

    def look() -> None:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def write() -> None:
        page.locator("#message").fill("He has gone into the park.")
        page.locator("form button[type=submit]").click()
        expect(page.locator(".message", has_text="He has gone into the park.")).to_be_visible()

    recorder.act("begins a report", begin)
    recorder.act("creates it", lambda: visitor.finish(REPORT["text"]))
    recorder.act("reads it", visitor.button("open_mine").click)
    recorder.act("reads it again", look)
    recorder.act("writes a message", write)
    return recorder.visit()
