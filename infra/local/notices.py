"""Show each notice as it goes out to officers: one line, with `NOTICES=full` also the e-mail. Show
each push to a phone, which says nothing.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import PlatformEndpoint, sns_backends


class NoticesShown:
    """Takes what moto's topic has sent, in this process, and `show`s it: moto would keep it all,
    and nobody else here reads it. `full` shows the text of each e-mail, too.
    """

    def __init__(
        self, topic_arn: str, region: str, show: Callable[[str], None], *, full: bool
    ) -> None:
        self._backend = sns_backends[DEFAULT_ACCOUNT_ID][region]
        self._sent = self._backend.topics[topic_arn].sent_notifications
        self._show, self._full, self._lock = show, full, threading.Lock()

    def look(self) -> None:
        """Show what has been sent since the last time."""
        with self._lock:
            new = self._sent[:]
            del self._sent[: len(new)]
            pushed = [self._take(phone.messages) for phone in self._phones()]
        for _, message, subject, *_ in new:
            self._show(shown(message, subject, full=self._full))
        for _ in range(sum(pushed)):
            self._show("push → a reporter's phone")

    def _phones(self) -> list[PlatformEndpoint]:
        return list(self._backend.platform_endpoints.values())

    @staticmethod
    def _take(messages: dict[str, str]) -> int:
        count = len(messages)
        messages.clear()
        return count


def shown(message: str, subject: str | None, *, full: bool) -> str:
    """Return the line of a notice; with `full` also the text of its e-mail, if it has one."""
    forms: dict[str, Any] = json.loads(message)
    body = json.loads(forms["default"]) if "default" in forms else forms
    facts = " · ".join(
        str(body[name])
        for name in ("kind", "category", "district", "urgency", "reference")
        if body.get(name)
    )
    line = f"notice → {facts} · {subject}"
    return f"{line}\n{forms['email']}" if full and "email" in forms else line
