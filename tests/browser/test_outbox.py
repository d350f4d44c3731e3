"""What sends a resident's reports, in a real browser against a real stack, without screens.

The engine is built for these tests alone and served in place of an asset, so it runs within the
policy of the page. A browser process of its own, since it is killed.
"""

import contextlib
import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request

from chalicelib.aws.grants import PART_SIZE
from infra.web.build import ROOT
from infra.web.node import InstalledNode
from tests import media_samples
from tests.browser import chromium
from tests.browser.residents import stored
from tests.local.stack import Stack

WEB = ROOT / "web"
# Less than the machine can, so that the kill comes in the midst of a video.
BYTES_A_SECOND = 4 << 20

type Launch = Callable[..., Page]


@pytest.fixture(scope="module")
def engine(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine as one script. The stack has installed what builds it."""
    folder = tmp_path_factory.mktemp("engine")
    InstalledNode().run(
        WEB / "node_modules" / "vite" / "bin" / "vite.js",
        *("build", "--logLevel", "error", "--outDir", str(folder)),
        *("--config", str(ROOT / "sdk" / "testing" / "vite.config.ts")),
        folder=WEB,
        environment={},
    )
    return (folder / "engine.js").read_text()


@pytest.fixture
def launch(browser: Browser, stack: Stack, engine: str, tmp_path: Path) -> Iterator[Launch]:
    """Start a browser with the profile of this test, and open the engine in it."""
    started: list[BrowserContext] = []

    def launched(*, puts: list[int] | None = None) -> Page:
        context = browser.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium.find(),
            args=chromium.arguments(),
            base_url=stack.api,
            service_workers="block",
        )
        started.append(context)
        context.set_default_timeout(60_000)
        context.route(
            "**/assets/engine.js",
            lambda route: route.fulfill(body=engine, content_type="text/javascript"),
        )
        page = context.new_page()
        if puts is not None:  # the page goes on with what waits as soon as it is open
            page.on("request", lambda request: puts.extend(_part(request)))
        page.goto("/")
        page.evaluate("import('/assets/engine.js')")
        page.evaluate("engine.open()")
        return page

    yield launched
    for context in started:
        with contextlib.suppress(Error):
            context.close()


def choose(page: Page, *paths: Path) -> None:
    """Choose files as a person does."""
    page.evaluate(
        """() => {
            const input = document.createElement('input');
            input.type = 'file';
            input.multiple = true;
            document.body.replaceChildren(input);
        }"""
    )
    page.set_input_files("input", paths)


def report(page: Page, text: str) -> None:
    page.evaluate("text => engine.report({ category: 'other', text })", text)


def wait_until_sent(page: Page) -> dict[str, Any]:
    page.evaluate("engine.whenAll('sent')")
    entries: list[dict[str, Any]] = page.evaluate("engine.entries()")
    assert [file["state"] for entry in entries for file in entry["files"]] == ["sent"] * sum(
        len(entry["files"]) for entry in entries
    )
    return entries[0]


def kill(profile: Path) -> None:
    """Kill the browser that has this profile, at once."""
    wanted = f"--user-data-dir={profile}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


def held_parts(stack: Stack, entry: dict[str, Any]) -> set[int]:
    """The parts of the only medium that storage says it has."""
    headers = {"Authorization": f"Receipt {entry['receipt']}"}
    own = requests.get(f"{stack.api}/v1/reports/mine", headers=headers, timeout=30).json()
    [medium] = own["media"]
    response = requests.post(
        f"{stack.api}/v1/reports/{entry['reportId']}/media/{medium['media_id']}/parts",
        json={"numbers": []},
        headers=headers,
        timeout=30,
    )
    return {part["number"] for part in response.json()["held"]}


@pytest.mark.thorough
@pytest.mark.slow  # a video is made, and sent at the pace of a good line
def test_killed_in_the_midst_of_a_video_it_goes_on_where_it_was(
    launch: Launch, stack: Stack, tmp_path: Path
) -> None:
    video = tmp_path / "video.mp4"
    media_samples.large_video(video, 24 << 20)
    page = launch()
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": BYTES_A_SECOND,
        },
    )
    choose(page, video)
    digest = page.evaluate("engine.digest()")
    report(page, "a video")
    page.evaluate("engine.whenShare(0.5)")
    [entry] = page.evaluate("engine.entries()")
    kill(tmp_path / "profile")
    held = held_parts(stack, entry)

    puts: list[int] = []
    page = launch(puts=puts)
    sent = wait_until_sent(page)
    assert (sent["key"], sent["receipt"]) == (entry["key"], entry["receipt"])
    parts = set(range(1, -(-sent["files"][0]["size"] // PART_SIZE) + 1))
    assert held
    assert held < parts
    assert sorted(puts) == sorted(parts - held)
    [original] = stored(stack, sent["reportId"])
    assert hashlib.sha256(original).hexdigest() == digest
    assert hashlib.sha256(video.read_bytes()).hexdigest() != digest

    page.evaluate("engine.confirm()")
    assert page.evaluate("engine.entries()") == []


def _part(request: Request) -> list[int]:
    number = parse_qs(urlsplit(request.url).query).get("partNumber", [""])[0]
    return [int(number)] if request.method == "PUT" and number else []
