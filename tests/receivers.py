"""A receiver of events in the same process, and the destination that leads to it."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.store.notices.receivers import Answer, Receivers
from tests import cloud
from tests.client import call, read_and_approve

PATH = "/v1/admin/destinations/dispatch"
TAKEN = Answer(204)
TERMS: Mapping[str, Any] = {"url": "https://events.example/in", "categories": [], "kinds": []}


class Taken(Receivers):
    """Keeps what was sent, and gives each address its answer, or else `always`."""

    def __init__(self, always: Answer = TAKEN) -> None:
        super().__init__()
        self.always = always
        self.answers: dict[str, Answer] = {}
        self.sent: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.sent.append((url, body, headers))
        return self.answers.get(url, self.always)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body, _ in self.sent]


def receive(always: Answer = TAKEN) -> Taken:
    """Let events go to a receiver of this process from now on."""
    for username in ("admin", "admin2"):
        cloud.officer(username, roles=(Role.ADMIN,))
    taken = Taken(always)
    wiring.send_events_by(taken)
    return taken


def propose(path: str = PATH, **more: Any) -> None:
    call("PUT", path, {**TERMS, **more}, officer="admin").expect(202)


def agree_on(path: str = PATH, **more: Any) -> str:
    """Let two admins agree on a destination, and return its secret."""
    propose(path, **more)
    return str(read_and_approve(f"{path}/approve", "admin2").expect(200).get("secret"))
