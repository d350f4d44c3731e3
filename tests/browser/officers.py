"""Officers at the console, and the residents whose reports they work on."""

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Page, expect

from tests.approvals import match_of

LI, WANG, ZHAO, CHEN = "Officer Li", "Officer Wang", "Supervisor Zhao", "Admin Chen"


def sign_in(page: Page, name: str = LI) -> None:
    """Choose an officer on the local sign-in page, and come back to the console."""
    # The console's own button for the account has the same name.
    page.wait_for_url("**/login?*")
    page.get_by_role("button", name=name).click()
    expect(page.locator(".frame")).to_be_visible()


def sign_in_by_clock(page: Page) -> Page:
    """Sign in where the test moves the clock, once the first pulse is over: the next one waits."""
    page.clock.install()
    sign_in(page)
    expect(page.locator(".counts")).to_contain_text(re.compile(r"\d"))
    return page


class Resident:
    """Somebody with a report and its receipt. Reports of one text may be one row of the queue."""

    def __init__(self, api: str, category: str = "other", text: str = "Parked cars.", **more: Any):
        self._api = api
        body = {"category": category, "text": text, **more}
        created = self._post("/v1/reports", body, **{"Idempotency-Key": str(uuid.uuid4())})
        self.id: str = created["id"]
        self.reference: str = created["reference"]
        self.uploads: list[dict[str, Any]] = created["uploads"]
        self._receipt = {"Authorization": f"Receipt {created['receipt']}"}

    def upload(self, number: int, content: bytes, page: Page) -> None:
        """Send the file of a declared picture, and wait until officers can see it."""
        upload = self.uploads[number]
        sent = requests.post(
            upload["url"], data=upload["fields"], files={"file": ("photo.jpg", content)}, timeout=30
        )
        assert sent.ok, sent.text
        wait_until(page, lambda: self.read()["media"][number]["state"] == "ready")

    def write(self, text: str) -> None:
        self._post(f"/v1/reports/{self.id}/messages", {"text": text}, **self._receipt)

    def go(self, lat: float, lon: float) -> None:
        """Say where it is now."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"/v1/reports/{self.id}/positions"
        self._post(path, {"lat": lat, "lon": lon}, **self._receipt, **key)

    def withdraw(self) -> None:
        response = requests.delete(
            f"{self._api}/v1/reports/{self.id}", headers=self._receipt, timeout=10
        )
        assert response.ok, response.text

    def read(self) -> dict[str, Any]:
        """Return the report as its reporter sees it."""
        response = requests.get(f"{self._api}/v1/reports/mine", headers=self._receipt, timeout=10)
        response.raise_for_status()
        report: dict[str, Any] = response.json()
        return report

    def _post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        response = requests.post(f"{self._api}{path}", json=body, headers=headers, timeout=10)
        assert response.ok, response.text
        created: dict[str, Any] = response.json()
        return created


def resident_with_picture(api: str, page: Page, **more: Any) -> Resident:
    """Return a resident whose picture officers can see."""
    content = picture()
    media = [{"content_type": "image/jpeg", "size": len(content)}]
    resident = Resident(api, media=media, **more)
    resident.upload(0, content, page)
    return resident


def picture() -> bytes:
    """Return a photo that nobody has taken."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((800, 600)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def wait_until(page: Page, reached: Callable[[], bool]) -> None:
    """Wait for what the page does not show; at most 20 s."""
    for _ in range(100):
        if reached():
            return
        page.wait_for_timeout(200)
    raise AssertionError("It did not come")


type OfficerApi = Callable[..., requests.Response]


def officer_api(stack: Any, username: str) -> OfficerApi:
    """Return calls of the API as an officer at another machine."""
    token = stack.run("token", username).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}

    def call(method: str, path: str, body: Any = None, **more: str) -> requests.Response:
        response = requests.request(
            method, f"{stack.api}{path}", json=body, headers={**headers, **more}, timeout=30
        )
        assert response.ok, response.text
        return response

    return call


def change_report(call: OfficerApi, report_id: str, **change: Any) -> None:
    """Read a report, and change it, as an officer at another machine."""
    path = f"/v1/officer/reports/{report_id}"
    call("PATCH", path, change, **{"If-Match": call("GET", path).headers["ETag"]})


def approve(stack: Any, username: str, path: str) -> requests.Response:
    """Read what waits, and approve it, as an officer at another machine."""
    call = officer_api(stack, username)

    def read(shown: str) -> tuple[Any, str | None]:
        response = call("GET", shown)
        return response.json(), response.headers.get("ETag")

    return call("POST", path, **match_of(read, path))
