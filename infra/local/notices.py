"""Show each notice as it goes out to officers."""

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends


class NoticesShown:
    """Takes what moto's topic has sent, in this process, and `show`s it: moto would keep it all,
    and nobody else here reads it.
    """

    def __init__(self, topic_arn: str, region: str, show: Callable[[str], None]) -> None:
        self._sent = sns_backends[DEFAULT_ACCOUNT_ID][region].topics[topic_arn].sent_notifications
        self._show, self._lock = show, threading.Lock()

    def look(self) -> None:
        """Show what has been sent since the last time."""
        with self._lock:
            new = self._sent[:]
            del self._sent[: len(new)]
        for _, message, subject, *_ in new:
            self._show(_line(message, subject))


def _line(message: str, subject: str | None) -> str:
    body: dict[str, Any] = json.loads(message)
    if "default" in body:
        body = json.loads(body["default"])
    facts = " · ".join(
        str(body[name])
        for name in ("kind", "category", "district", "urgency", "reference")
        if body.get(name)
    )
    return f"notice → {facts} · {subject}"
