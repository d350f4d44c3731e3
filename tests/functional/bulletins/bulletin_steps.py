"""The words of an outcome or a withdrawal, to be begun and completed by whomever a test chooses."""

from datetime import timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Content
from chalicelib.kernel.ids import bulletin_id, random_id
from tests.client import call

WORDS = "Words of one officer."


class _Ending:
    """Of a bulletin that others have written and approved."""

    below, name = "", ""

    def __init__(self) -> None:
        self.id = _published_bulletin().id
        self.path = {"bulletin_id": self.id}
        self.approval = f"/v1/officer/bulletins/{self.id}/approve"

    def begin(self, officer: str) -> None:
        """Do what the first person does. Fails unless it is accepted."""
        self._end(officer, WORDS)

    def swap(self, officer: str) -> None:
        """Put other words in their place."""
        self._end(officer, f"{WORDS} And more.")

    def _end(self, officer: str, words: str) -> None:
        body: dict[str, Any] = {"code": "no_longer_sought", self.name: {"en": words}}
        reply = call("POST", f"/v1/officer/bulletins/{self.id}/{self.below}", body, officer=officer)
        assert reply.status == 200, reply.text

    def has_happened(self) -> bool:
        """Return whether readers see the words, in a feed or as an alert."""
        paths = ("feed.json", "feed.atom", f"{self.id}/cap")
        return any(
            WORDS in call("GET", f"/v1/bulletins/{path}", headers={"Accept-Language": "en"}).text
            for path in paths
        )

    def version(self) -> str:
        """Return the ETag of what an `If-Match` with a version would name now."""
        found = wiring.bulletins().get(self.id)
        return f'"{found.version if found else 0}"'


class OutcomeStep(_Ending):
    below, name = "resolve", "outcome"


class WithdrawalStep(_Ending):
    below, name = "withdraw", "reason"


def _published_bulletin() -> Bulletin:
    now, bulletins = wiring.clock.now(), wiring.bulletins()
    content = Content(
        channel="key_cases",
        title={"en": "Witnesses wanted"},
        body={"en": "Tuesday evening."},
        expires_at=now + timedelta(days=30),
    )
    drafted = Bulletin(
        id=bulletin_id(random_id()),
        content=content,
        authors=("writer",),
        created_at=now,
        created_by="writer",
    )
    bulletins.create(drafted)
    published = {
        "state": BulletinState.PUBLISHED,
        "published": content,
        "published_version": 1,
        "published_at": now,
        "approved_by": "approver",
        "expires_at": content.expires_at,
    }
    after = drafted.model_copy(update=published)
    return bulletins.replace(drafted, after, by="approver", now=now)
