"""Show each notice as it goes out to officers: one line with whom it is for, with `NOTICES=full`
also the e-mail. Show each push to a phone, which says nothing.
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sns.models import sns_backends

_OFFICERS = "OFFICERS"


class NoticesShown:
    """Takes what moto's topic has sent, in this process, and `show`s it: moto would keep it all,
    and nobody else here reads it. `full` shows the text of each e-mail, too. `officers` is the
    table of officers, whose opaque ids are shown as their usernames.
    """

    def __init__(
        self, topic_arn: str, region: str, officers: str, show: Callable[[str], None], *, full: bool
    ) -> None:
        self._backend = sns_backends[DEFAULT_ACCOUNT_ID][region]
        self._sent = self._backend.topics[topic_arn].sent_notifications
        self._officers = dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables[officers]
        self._show, self._full, self._lock = show, full, threading.Lock()

    def look(self) -> None:
        """Show what has been sent since the last time."""
        with self._lock:
            new = self._sent[:]
            del self._sent[: len(new)]
            phones = list(self._backend.platform_endpoints.values())
            pushed = sum(len(phone.messages) for phone in phones)
            for phone in phones:
                phone.messages.clear()
        names = self._names() if new else {}
        for _, message, subject, attributes, *_ in new:
            to = addressees(attributes or {}, names)
            self._show(shown(message, subject, to, full=self._full))
        for _ in range(pushed):
            self._show("push → a reporter's phone")

    def _names(self) -> dict[str, str]:
        """Return the usernames of all officers by their opaque ids."""
        from chalicelib.domain.notices.notice import officer_address

        rows = (each.attrs for each in self._officers.all_items())
        names = [row["sk"].value for row in rows if row["pk"].value == _OFFICERS]
        return {officer_address(name): name for name in names}


def addressees(attributes: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return whom a notice is for, by its attribute `to`: officers by `names`, a role, or all with
    such a scope.
    """
    to: Collection[str] = json.loads(attributes["to"]["Value"]) if "to" in attributes else ()
    scope = ["all in scope"] if any("/" in each for each in to) else []
    return ", ".join([*scope, *(names.get(each, each) for each in to if "/" not in each)])


def shown(message: str, subject: str | None, to: str, *, full: bool) -> str:
    """Return the line of a notice; with `full` also the text of its e-mail, if it has one."""
    forms: dict[str, Any] = json.loads(message)
    body = json.loads(forms["default"]) if "default" in forms else forms
    facts = " · ".join(
        str(body[name])
        for name in ("kind", "category", "district", "urgency", "reference")
        if body.get(name)
    )
    line = f"notice → {facts} · {subject}" + (f" · to {to}" if to else "")
    return f"{line}\n{forms['email']}" if full and "email" in forms else line
