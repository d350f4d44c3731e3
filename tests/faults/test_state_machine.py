"""Any events in any order, including a crash at any AWS call, keep every promise.

A model stores what the API acknowledged. After every step, the invariants of docs/reliability
compare it with the tables, S3 and the published notices. `TIPLINE_EXAMPLES=500` makes more runs,
and other ones each time; without it, the runs are the same everywhere.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.attributes import unpack
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.media import Manifest, MediaState
from chalicelib.domain.reports.outlines import PUT_OFF_AT_MOST, WITHDRAWN_RETENTION, retention
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.domain.reports.workflow import TRANSITIONS
from chalicelib.handlers.media import functions
from chalicelib.kernel import times
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.files import derived_key, original_key
from chalicelib.kernel.ids import Identity
from chalicelib.kernel.outbox import ACKNOWLEDGE_WITHIN, LONGEST_PAUSE, UPLOAD_PATIENCE
from chalicelib.services.notices.escalations import ESCALATE_EVERY
from chalicelib.services.reports.open_cases import open_case
from chalicelib.store.audit.rows import of_report
from chalicelib.store.reports.duplicates import RETURN_SK
from tests import cloud, events
from tests.client import Reply, appoint, call, new_key, opening_etag, read_and_approve, report
from tests.conftest import empty
from tests.decoding import derive
from tests.faults import inject
from tests.faults.ends import REASON, End, changed_by, takes_two
from tests.places import place_of

EXAMPLES = int(os.environ.get("TIPLINE_EXAMPLES", "0"))

PHOTO = cloud.photo((60, 40))
NOT_A_PICTURE = b"not a picture"
ORDER = {
    MediaState.AWAITING: 0,
    MediaState.PROCESSING: 1,
    MediaState.READY: 2,
    MediaState.REJECTED: 2,
}
BACKLOG = timedelta(minutes=2)
NEVER_CAME = {"not_received", "withdrawn"}

Rows = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Tip:
    """What one reporter's phone knows, and which steps of officers were acknowledged."""

    key: str
    body: dict[str, Any]
    id: str
    receipt: str
    promised: bool = False
    version: int = 1
    steps: list[str] = field(default_factory=lambda: ["new"])
    texts: list[str] = field(default_factory=list)
    media_ids: list[str] = field(default_factory=list)
    first_versions: dict[str, str] = field(default_factory=dict)
    states: dict[str, MediaState] = field(default_factory=dict)
    positions: int = 0
    reopened: bool = False
    withdrawn: bool = False
    gone: bool = False
    moved: bool = False
    end: End | None = None
    was_critical: bool = False
    confirmed: int = 0

    @property
    def unseen(self) -> bool:
        """Whether no officer but of oversight sees it."""
        return self.gone or self.moved


# Where the process crashes in a step: at which call of which client, and before or after the call.
# Most steps have no crash.
dying = st.one_of(
    st.none(),
    st.none(),
    st.tuples(
        st.sampled_from(["dynamodb", "s3", "sns"]),
        st.integers(0, 5),
        st.sampled_from([inject.crash, inject.crash_after]),
    ),
)
which = st.integers(0, 3)

# Whom reports are assigned to, and what becomes of the account.
ABLE: dict[str, Any] = {"roles": ["officer"], "categories": ["*"], "districts": ["*"], "name": "Z"}
BECOMES: Mapping[str, dict[str, Any]] = {
    "able": ABLE,
    "of a smaller scope": ABLE | {"categories": ["other"]},
    "no officer": ABLE | {"roles": ["admin"]},
    "inactive": ABLE | {"active": False},
}
DONE = {"status": "closed", "disposition": "resolved", "reason": "Done."}
ALWAYS = {"weekdays": ["monday"], "starts": "00:00", "ends": "00:00", "name": "Duty"}

type Head = Mapping[str, Any]

# Why an open report waits (I16). That nobody attends to it is one fact of its row, and the rules
# beside it say when that must not be said.
WAITS: tuple[Callable[[Head], object], ...] = (lambda head: not head.get("attended"),)


# What an officer adds to a report, by the end of the path.
WORDS: Mapping[str, Mapping[str, Any]] = {
    "messages": {"text": "We come."},
    "notes": {"text": "We come."},
    "contact": {"reason": "To call."},
    "referral": {"agency": "city_services", "reason": "Theirs.", "include": ["text"]},
}


def is_urgent(head: Head) -> bool:
    return bool(head["urgency"] == "critical")


def is_open(head: Head) -> bool:
    going = "status" not in head or "expiring" in head
    return not going and head["status"] in ("new", "acknowledged", "in_progress")


def latest_notice(head: Head, now: datetime) -> datetime | None:
    """Return when officers must be notified of a report that waits; None if its category has no
    deadline. They have some minutes after a first notice, however late.
    """
    if is_urgent(head):
        return now + ESCALATE_EVERY
    if "deadline" not in head:
        return None
    deadline = after = timedelta(minutes=int(head["deadline"]))
    while times.parse(head["received_at"]) + after <= now:
        after *= 2
    return max(times.parse(head["received_at"]) + after, now + min(ACKNOWLEDGE_WITHIN, deadline))


class Tipline(RuleBasedStateMachine):
    pictures: Any

    @initialize(
        category=st.sampled_from(["child_abduction", "other"]),
        media=st.integers(0, 2),
        had_by=st.sampled_from(["nobody", "its original", "its assignee", "who ends it"]),
    )
    def open(self, category: str, media: int, had_by: str) -> None:
        empty()
        cloud.forget_sent()
        wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())
        for username in ("wang", "li", "zhao", "chen"):
            cloud.officer(username)
        for username in ("admin", "admin2"):
            cloud.officer(username, roles=(Role.ADMIN,))
        cloud.oversight("ombud", "ombud2")
        self.zhao, self.before = "able", Rows()
        self.identity: Identity = wiring.identity()
        self.tips: list[Tip] = []
        self.ever: set[str] = set()
        self.last_due: dict[str, datetime] = {}
        self.last_head: dict[str, Mapping[str, Any]] = {}
        self.file(category, True, media, None)
        if had_by == "who ends it":
            self.propose(0, "li", "unfounded", None)
        elif had_by != "nobody":
            self.look(0)
            is_original = had_by == "its original"
            taken = {"status": "acknowledged"} if is_original else {"assignee": "zhao"}
            self.change(self.tips[0], taken, dies=None)
            if is_original:
                self.file("missing_elderly", False, 0, None)
                self.link(1, 0, None)

    # Residents

    @precondition(lambda self: len(self.tips) < 4)
    @rule(
        category=st.sampled_from(["child_abduction", "missing_elderly", "other"]),
        contact=st.booleans(),
        media=st.integers(0, 2),
        dies=dying,
    )
    def file(self, category: str, contact: bool, media: int, dies: Any) -> None:
        body = report(category, text=f"Tip {len(self.tips)}.")
        body |= {"contact": {"phone": "13800000000"}} if contact else {}
        body |= {"media": [{"content_type": "image/jpeg", "size": 10_000}] * media} if media else {}
        key = new_key()
        receipt = self.identity.receipt(key)
        tip = Tip(key, body, self.identity.report_id(receipt), receipt)
        prefix = "C-" if category == "child_abduction" else ""
        tip.media_ids = [
            prefix + self.identity.media_id(tip.id, "create", number) for number in range(media)
        ]
        self.tips.append(tip)
        self.ever.add(tip.id)
        self.send(tip, dies, (201, 503))

    @precondition(lambda self: self.tips)
    @rule(number=which, dies=dying)
    def send_again(self, number: int, dies: Any) -> None:
        tip = self.tip(number)
        self.send(
            tip, dies, (410,) if tip.gone else (200, 503) if tip.promised else (200, 201, 503)
        )

    def send(self, tip: Tip, dies: Any, expected: tuple[int, ...]) -> None:
        reply = self.attempt(dies, lambda: call("POST", "/v1/reports", tip.body, key=tip.key))
        if reply is None:
            return
        assert reply.status in expected, (reply.status, reply.text)
        if reply.status in (200, 201):
            assert (reply.json["id"], reply.json["receipt"]) == (tip.id, tip.receipt)
            tip.promised = True

    @precondition(lambda self: self.promised())
    @rule(number=which)
    def send_something_else_under_the_same_key(self, number: int) -> None:
        tip = self.promised()[number % len(self.promised())]
        reply = call("POST", "/v1/reports", tip.body | {"text": "Something else."}, key=tip.key)
        if tip.withdrawn and not tip.gone:
            # Nothing is left to compare a body with.
            assert (reply.status, reply.json["status"]) == (200, "withdrawn")
            return
        assert reply.status == (410 if tip.gone else 422)
        assert tip.id not in reply.text

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying)
    def write(self, number: int, dies: Any) -> None:
        tip = self.promised()[number % len(self.promised())]
        words, key = f"Message {len(tip.texts)}.", new_key()
        path = f"/v1/reports/{tip.id}/messages"
        for _ in range(2):  # without a response, the client tries again
            reply = self.attempt(
                dies, lambda: call("POST", path, {"text": words}, key=key, receipt=tip.receipt)
            )
            dies = None
        assert reply is not None
        # The second is a replay, unless the first has died.
        expected = (410,) if tip.gone else (409,) if tip.withdrawn else (200, 201)
        assert reply.status in expected or (reply.status == 410 and self.is_expiring(tip)), reply
        if reply.status in (200, 201):
            tip.texts.append(words)

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying)
    def move(self, number: int, dies: Any) -> None:
        tip, key = self.promised()[number % len(self.promised())], new_key()
        path, place = f"/v1/reports/{tip.id}/positions", {"lat": 39.9, "lon": 116.4}
        for _ in range(2):
            reply = self.attempt(
                dies, lambda: call("POST", path, place, key=key, receipt=tip.receipt)
            )
            dies = None
        assert reply is not None
        # The second is a replay, unless the first has died.
        expected = (410,) if tip.gone else (409,) if tip.withdrawn else (200, 201)
        assert reply.status in expected or (reply.status == 410 and self.is_expiring(tip)), reply
        tip.positions += reply.status in (200, 201)

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying)
    def reopen(self, number: int, dies: Any) -> None:
        tip, key = self.promised()[number % len(self.promised())], new_key()
        words, path = f"Reopened {len(tip.texts)}.", f"/v1/reports/{tip.id}/reopen"
        for _ in range(2):
            reply = self.attempt(
                dies, lambda: call("POST", path, {"text": words}, key=key, receipt=tip.receipt)
            )
            dies = None
        assert reply is not None
        possible = tip.steps[-1] == "closed" and not (tip.withdrawn or tip.reopened)
        expected = (410,) if tip.gone else (200, 201) if possible else (409,)
        assert reply.status in expected or (reply.status == 410 and self.is_expiring(tip)), reply
        if reply.status in (200, 201):
            tip.texts.append(words)
            tip.steps.append("acknowledged")
            tip.reopened, tip.end = True, None

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying)
    def withdraw(self, number: int, dies: Any) -> None:
        tip = self.promised()[number % len(self.promised())]
        reply = self.attempt(
            dies, lambda: call("DELETE", f"/v1/reports/{tip.id}", receipt=tip.receipt)
        )
        if reply is None:
            tip.withdrawn = tip.withdrawn or self.head(tip)["status"] == "withdrawn"
            tip.end = None if tip.withdrawn else tip.end
            return
        assert reply.status == (410 if tip.gone else 204) or (
            reply.status == 410 and self.is_expiring(tip)
        ), reply
        tip.withdrawn = tip.withdrawn or reply.status == 204
        tip.end = None if tip.withdrawn else tip.end

    # S3 and the queues

    @precondition(lambda self: self.awaiting())
    @rule(number=which, content=st.sampled_from([PHOTO, NOT_A_PICTURE]))
    def upload(self, number: int, content: bytes) -> None:
        tip, media_id = self.awaiting()[number % len(self.awaiting())]
        version = cloud.upload(tip.id, media_id, content)
        tip.first_versions.setdefault(media_id, version)

    @precondition(lambda self: self.uploaded())
    @rule(number=which, dies=dying)
    def look_at_an_upload(self, number: int, dies: Any) -> None:
        tip, media_id = self.uploaded()[number % len(self.uploaded())]
        self.attempt(
            dies,
            lambda: self.make_thumbnails(
                original_key(tip.id, media_id), tip.first_versions[media_id]
            ),
        )

    @precondition(lambda self: self.uploaded())
    @rule(number=which, dies=dying)
    def record_a_verdict(self, number: int, dies: Any) -> None:
        tip, media_id = self.uploaded()[number % len(self.uploaded())]
        response = self.attempt(dies, lambda: cloud.record(tip.id, media_id))
        assert response in (None, {"batchItemFailures": []})

    @rule()
    def take_what_was_put_before_the_thumbnailer_again(self) -> None:
        sqs = wiring.uploads_queue()._client
        for queue, function in (
            ("UPLOADS_QUEUE_URL", functions.make_thumbnails),
            ("CRITICAL_UPLOADS_QUEUE_URL", functions.make_critical_thumbnails),
        ):
            url = os.environ[queue]
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                batch = events.queue_batch(message["Body"])
                self.attempt(None, partial(function, batch, None))

    # Time and the stream

    @rule(dies=dying, backwards=st.booleans())
    def stream(self, dies: Any, backwards: bool) -> None:
        items = [(row["pk"], row["sk"]) for own in self.rows().values() for row in own.values()]
        self.attempt(dies, lambda: cloud.stream(items[::-1] if backwards else items))

    @rule(dies=dying)
    def sweep(self, dies: Any) -> None:
        self.attempt(dies, cloud.sweep)
        self.notice_what_is_gone()

    @rule(
        by=st.sampled_from(
            [
                {"seconds": 30},
                {"minutes": 2},
                {"minutes": 11},
                {"hours": 25},
                {"days": 31},
                {"days": 91},
            ]
        )
    )
    def let_time_pass(self, by: dict[str, int]) -> None:
        wiring.clock.advance(timedelta(**by))

    # Officers

    @precondition(lambda self: self.promised())
    @rule(
        number=which,
        dies=dying,
        stale=st.booleans(),
        step=st.sampled_from(
            [
                {"status": "acknowledged", "assignee": "wang"},
                {"status": "in_progress"},
                DONE,
                {"status": "closed", "disposition": "unfounded", "reason": "Nothing there."},
                {"urgency": "critical"},
                {"urgency": "high"},
                {"category": "other"},
                {"category": "missing_elderly"},
                {"urgency": "low", "category": "other"},
                {"assignee": "zhao"},
                {"assignee": None},
                {"duplicate_of": None},
                {},
            ]
        ),
    )
    def take_a_step(self, number: int, dies: Any, stale: bool, step: dict[str, Any]) -> None:
        tip = self.promised()[number % len(self.promised())]
        self.change(tip, step, dies=dies, stale=stale)

    @precondition(lambda self: len(self.promised()) > 1)
    @rule(number=which, other=which, dies=dying)
    def link(self, number: int, other: int, dies: Any) -> None:
        tips = self.promised()
        tip, original = tips[number % len(tips)], tips[other % len(tips)]
        # It may be its own original, or have duplicates, and the other one may be going.
        self.change(tip, {"duplicate_of": original.id}, dies=dies, may_be_refused=True)

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying)
    def move_to_oversight(self, number: int, dies: Any) -> None:
        tip = self.promised()[number % len(self.promised())]
        path = f"/v1/officer/reports/{tip.id}"
        call("GET", path, officer="wang")
        why = {"reason": "It names an officer."}
        reply = self.attempt(dies, lambda: call("POST", f"{path}/oversight", why, officer="wang"))
        assert reply is None or reply.status in ((404,) if tip.unseen else (204, 409)), reply
        if not tip.unseen and self.head(tip).get("category") == "oversight":
            tip.moved, tip.end = True, None
            tip.version += 1
            tip.steps = tip.steps if tip.steps[-1] == "closed" else ["new"]

    @precondition(lambda self: self.held())
    @rule(how=st.sampled_from(["withdrawn", "closed", "moved", "given back"]), dies=dying)
    def end_an_original(self, how: str, dies: Any) -> None:
        tip = self.held()[0]
        if how == "closed":
            self.change(tip, DONE, dies=dies)
        elif how == "given back":
            self.change(tip, {"category": "traffic_violation", "assignee": None}, dies=dies)
        else:
            ends = self.withdraw if how == "withdrawn" else self.move_to_oversight
            ends(self.promised().index(tip), dies)

    @precondition(lambda self: self.promised())
    @rule(
        number=which,
        officer=st.sampled_from(["wang", "li"]),
        disposition=st.sampled_from(["unfounded", "resolved"]),
        dies=dying,
    )
    def propose(self, number: int, officer: str, disposition: str, dies: Any) -> None:
        tip = self.promised()[number % len(self.promised())]
        step = {"status": "closed", "disposition": disposition, "reason": REASON}
        self.change(tip, step, dies=dies, officer=officer)

    @precondition(lambda self: self.waiting())
    @rule(number=which, step=st.sampled_from([{"urgency": "high"}, {"category": "other"}]))
    def move_what_waits(self, number: int, step: dict[str, Any]) -> None:
        self.change(self.waiting()[number % len(self.waiting())], step, dies=None)

    @precondition(lambda self: self.promised())
    @rule(number=which, is_author=st.booleans(), dies=dying)
    def confirm(self, number: int, is_author: bool, dies: Any) -> None:
        tip, path, officer = self.asked(number, is_author=is_author)
        reply = self.attempt(dies, lambda: read_and_approve(f"{path}/closing/confirm", officer))
        if reply is None:
            done = self.head(tip).get("version") == tip.version + 1
        elif tip.unseen:
            done = False
            assert reply.status == 404
        elif tip.end and not is_author:
            done = reply.status == 201
            assert done or self.is_expiring(tip), reply
        else:
            done = False
            assert reply.status in ((403,) if tip.end else (409, 412)), "one officer ends it"
        if done:
            assert not is_author, "one officer ends it"
            tip.confirmed += 1
            self.took(tip, Status.CLOSED, None)

    @precondition(lambda self: self.promised())
    @rule(number=which, is_author=st.booleans(), dies=dying)
    def decline_or_take_back(self, number: int, is_author: bool, dies: Any) -> None:
        tip, path, officer = self.asked(number, is_author=is_author)
        step = {"disposition": None} | ({} if is_author else {"reason": "She was seen."})
        match = {"If-Match": f'"{tip.version}"'}
        before = self.rows()
        reply = self.attempt(
            dies, lambda: call("PATCH", path, step, officer=officer, headers=match)
        )
        done = reply.status == 200 if reply else self.head(tip).get("version") == tip.version + 1
        if done:
            assert tip.end, "there was nothing to decline"
            self.took(tip, Status(tip.steps[-1]), None)
        elif reply:
            refused = (404,) if tip.unseen else () if tip.end else (409,)
            assert reply.status in refused or self.is_expiring(tip), reply
        assert changed_by(before, self.rows(), keys.report(tip.id)) == []

    @rule(becomes=st.sampled_from(list(BECOMES)))
    def change_who_has_reports(self, becomes: str) -> None:
        appoint("zhao", BECOMES[becomes])
        self.zhao = becomes

    @rule(on_duty=st.booleans())
    def change_the_shifts(self, on_duty: bool) -> None:
        reply = call("GET", "/v1/officer/shifts", officer="wang")
        officers = ["zhao"] if on_duty and self.zhao in ("able", "of a smaller scope") else ["wang"]
        plan = {"shifts": [ALWAYS | {"officers": officers}]}
        match = {"If-Match": reply.headers["etag"]}
        call("PUT", "/v1/admin/shifts", plan, officer="admin", headers=match).expect(200)

    def change(
        self,
        tip: Tip,
        step: dict[str, Any],
        *,
        dies: Any,
        stale: bool = False,
        may_be_refused: bool = False,
        officer: str = "wang",
    ) -> None:
        version = tip.version - 1 if stale else tip.version
        target = Status(step.get("status", tip.steps[-1]))
        if step.get("assignee") == "zhao":
            may_be_refused = self.zhao != "able"
        legal = not tip.withdrawn and (
            target.value == tip.steps[-1] or target in TRANSITIONS[Status(tip.steps[-1])]
        )
        path = f"/v1/officer/reports/{tip.id}"
        opens = "category" in step or step == {"urgency": "high"}
        opens |= "duplicate_of" in step and (tip.steps[-1] == "closed" or tip.end is not None)
        after = self.end_after(tip, step, officer)
        proposes = legal and "disposition" in step and after is not None
        if proposes:
            target = Status(tip.steps[-1])
            call("GET", path, officer=officer)
        before = (self.rows(), self.shown(tip)) if proposes else None
        reply = self.attempt(
            dies, lambda: self.step_by(path, step, version, opens=opens, officer=officer)
        )
        if before:
            assert changed_by(before[0], self.rows(), keys.report(tip.id)) == []
            assert self.shown(tip) == before[1], "the reporter reads of an end that waits"
        if reply is None:
            if self.head(tip).get("version") != tip.version + 1:
                return
            # It was carried out, but its response was lost.
            assert legal
            assert not stale
            self.took(tip, target, after)
            return
        if tip.unseen:
            assert reply.status == 404
        elif may_be_refused and legal and not stale and reply.status in (422, 503):
            assert self.head(tip).get("version", tip.version) == tip.version
        elif stale:
            assert reply.status == 412
        elif reply.status == 503:
            assert self.is_expiring(tip)
        else:
            assert reply.status == (200 if legal else 409), reply.text
            if legal:
                assert reply.json["version"] == tip.version + 1
                self.took(tip, target, after)

    @staticmethod
    def step_by(
        path: str, step: dict[str, Any], version: int, *, opens: bool, officer: str = "wang"
    ) -> Reply:
        """Take a step at a version; to end or move a report, by an opening of that version."""
        if "disposition" in step:
            opened = call("GET", path, officer=officer).json or {}
            seen = {"messages_seen": opened.get("message_count", 0)}
            return call("PATCH", path, step | seen, officer=officer, version=version)
        if step and not opens:
            return call("PATCH", path, step, officer=officer, version=version)
        match = {"If-Match": opening_etag(path, version, officer)}
        if not step:
            return call("POST", f"{path}/read", {}, officer=officer, headers=match)
        return call("PATCH", path, step, officer=officer, headers=match)

    @staticmethod
    def took(tip: Tip, target: Status, end: End | None) -> None:
        tip.version += 1
        tip.steps.append(target.value)
        if end and end is not tip.end:
            end.since = wiring.clock.now()
        tip.end = end

    def end_after(self, tip: Tip, step: dict[str, Any], officer: str) -> End | None:
        """Return the end that waits of a report after a step that is legal."""
        head = self.head(tip)
        if "urgency" not in head:
            return None
        disposition, end = step.get("disposition"), tip.end
        if disposition and takes_two(head, disposition, was_critical=tip.was_critical):
            is_same = end is not None and end.disposition == disposition
            authors = {officer} | (end.authors if end and is_same else set())
            return End(disposition, authors, wiring.clock.now())
        moves = any(step.get(name, head[name]) != head[name] for name in ("urgency", "category"))
        reopens = tip.steps[-1] == "closed" and step.get("status", "closed") != "closed"
        return None if disposition or moves or reopens else end

    def shown(self, tip: Tip) -> Mapping[str, Any]:
        """Return what a reporter reads of a report, without what is signed anew each time."""
        reply = call("GET", "/v1/reports/mine", receipt=tip.receipt)
        return {**reply.json, "media": []}

    @precondition(lambda self: self.promised())
    @rule(number=which, days=st.sampled_from([10, 200]), dies=dying)
    def hold(self, number: int, days: int, dies: Any) -> None:
        tip = self.promised()[number % len(self.promised())]
        path = f"/v1/officer/reports/{tip.id}/hold"
        body = {
            "reason": "Evidence.",
            "until": times.render(wiring.clock.now() + timedelta(days=days)),
        }
        for asked in (
            lambda: call("POST", path, body, officer="wang"),
            lambda: read_and_approve(path + "/approve", "li"),
        ):
            reply = self.attempt(dies, asked)
            assert reply is None or reply.status in (
                (404,) if tip.unseen else (200, 201, 409, 412)
            ), reply
            dies = None

    @precondition(lambda self: self.promised())
    @rule(number=which)
    def lift_the_hold(self, number: int) -> None:
        tip = self.promised()[number % len(self.promised())]
        path, why = f"/v1/officer/reports/{tip.id}/hold", {"reason": "The trial is over."}
        reply = call("DELETE", path, why, officer="li")
        assert reply.status in ((404,) if tip.unseen else (202, 204, 409, 503)), reply
        reply = read_and_approve(path + "/lift/approve", "wang")
        assert reply.status in ((404,) if tip.unseen else (204, 409, 412, 503)), reply

    @precondition(lambda self: self.promised())
    @rule(number=which, dies=dying, below=st.sampled_from([*WORDS]))
    def add_something(self, number: int, dies: Any, below: str) -> None:
        tip = self.promised()[number % len(self.promised())]
        path = f"/v1/officer/reports/{tip.id}/{below}"
        reply = self.attempt(dies, lambda: call("POST", path, WORDS[below], officer="li"))
        assert reply is None or reply.status in ((404,) if tip.unseen else (200, 201, 409)), reply

    @precondition(lambda self: self.promised())
    @rule(number=which)
    def look(self, number: int) -> None:
        tip = self.promised()[number % len(self.promised())]
        before = len(wiring.audit().rows(of_report(tip.id)))
        opened = call("GET", f"/v1/officer/reports/{tip.id}", officer="li")
        assert opened.status == (404 if tip.unseen else 200)
        # A denial about a report that is gone is with the officer's own records.
        shown = 0 if tip.gone else 1
        assert len(wiring.audit().rows(of_report(tip.id))) == before + shown
        if tip.moved and not tip.gone:
            assert call("GET", f"/v1/officer/reports/{tip.id}", officer="ombud").status == 200
        mine = call("GET", "/v1/reports/mine", receipt=tip.receipt)
        assert mine.status == (410 if tip.gone else 200)
        if not tip.gone:
            assert mine.json["text"] == tip.body["text"]
            assert set(tip.texts) <= {message["text"] for message in mine.json["messages"]}
            # What was taken back is shown no more, not even to its reporter.
            is_shown = mine.json["status"] != "withdrawn"
            for medium in mine.json["media"]:
                assert bool(medium["thumbnail_url"]) == (medium["state"] == "ready" and is_shown)

    # Invariants

    @invariant()
    def all_holds(self) -> None:
        rows = self.rows()
        self.everything_promised_stands(rows)
        self.there_is_one_report_for_each_key(rows)
        self.all_is_notified_or_pending(rows)
        self.changes_are_on_record_and_legal()
        self.each_is_where_it_belongs(rows)
        self.nobody_is_left_in_silence(rows)
        self.an_end_that_waits_is_none(rows)
        self.what_is_ready_has_its_pictures()
        self.last_due |= {
            tip.id: due
            for tip in self.promised()
            if (due := self.due(tip, rows[keys.report(tip.id)]["HEAD"]))
        }
        self.before = rows
        self.last_head = {
            tip.id: head
            for tip in self.promised()
            if "status" in (head := rows[keys.report(tip.id)]["HEAD"])
        }

    def everything_promised_stands(self, rows: Rows) -> None:
        for tip in self.promised():
            own = rows.get(keys.report(tip.id), {})
            head = own.get("HEAD", {})
            if tip.gone:
                assert set(own) == {"HEAD"}
                tombstone = {"pk", "sk", "form", "id", "deleted_at", "expires_ttl"}
                assert tombstone <= set(head) <= tombstone | {"ledger_id", "leaves", "evidence"}
                continue
            assert head, "I1: promised and not there"
            if "deleted_at" in head:
                continue  # deleted by a sweep that crashed in this step; the next rule notices it
            case = wiring.reports().view(tip.id, consistent=True)
            assert case
            said = open_case(case, wiring.identity().content_key(tip.receipt))
            assert said.content.text == tip.body["text"]
            assert head["version"] == tip.version, "I5"
            assert head["status"] == ("withdrawn" if tip.withdrawn else tip.steps[-1]), "I5"
            if not head.get("expiring"):
                assert set(tip.texts) <= {each.text for each in said.messages}, "I1: a message"
                went = [sk for sk in own if sk.startswith("POSITION#")]
                assert len(went) == head.get("positions", 0) == tip.positions, "I1: a position"
                assert {sk for sk in own if sk.startswith("MEDIA#")} == {
                    keys.media(media_id) for media_id in tip.media_ids
                }
                contact = wiring.contacts().read(tip.id)
                assert bool(contact) == ("contact" in tip.body and not tip.withdrawn)
            for media_id in tip.media_ids:
                medium = own.get(keys.media(media_id))
                if medium:
                    state = MediaState(medium["state"])
                    before = tip.states.get(media_id, MediaState.AWAITING)
                    assert state is before or ORDER[state] > ORDER[before], "I6"
                    tip.states[media_id] = state
                    if state is MediaState.REJECTED:
                        self.is_no_fault_of_ours(Medium.model_validate(medium))
                    if state is MediaState.READY:
                        assert medium["version_id"] == tip.first_versions[media_id], (
                            "F9: the first upload counts"
                        )

    def there_is_one_report_for_each_key(self, rows: Rows) -> None:
        heads = {
            pk.removeprefix("REPORT#")
            for pk, own in rows.items()
            if pk.startswith("REPORT#") and "HEAD" in own
        }
        assert heads <= {tip.id for tip in self.tips}, "I4"
        assert {tip.id for tip in self.promised()} <= heads, "I4"

    def all_is_notified_or_pending(self, rows: Rows) -> None:
        sent = cloud.sent()
        notified = {
            report_id
            for notice in sent
            for report_id in [notice["report_id"], *(notice.get("report_ids") or ())]
            if report_id
        }
        assert notified <= self.ever, "I3"
        gathered = {
            report_id
            for pk, own in rows.items()
            if pk.startswith("DIGEST#")
            for row in own.values()
            for report_id in row["report_ids"]
        }
        for tip in self.promised():
            own = rows.get(keys.report(tip.id), {})
            pending = [
                row
                for sk, row in own.items()
                if row.get("task") == "notify" and (sk == "HEAD" or row.get("kind") == "report")
            ]
            assert (
                tip.gone
                or own["HEAD"].get("deleted_at")
                or tip.id in notified | gathered
                or pending
            ), "I2"

    def changes_are_on_record_and_legal(self) -> None:
        items = wiring.dynamodb().scan(TableName=os.environ["AUDIT_TABLE"], ConsistentRead=True)[
            "Items"
        ]
        actions = [(item["pk"]["S"], item["action"]["S"]) for item in items]
        changes = Counter(
            about
            for (about, action), item in zip(actions, items, strict=True)
            if action == "change" and "version" in json.loads(item["detail"]["S"])
        )
        confirmations = Counter(about for about, action in actions if action == "confirm")
        for tip in self.promised():
            made = tip.version - 1 - tip.moved - tip.confirmed
            assert changes[keys.report(tip.id)] == made, "I5, I8"
            assert confirmations[keys.report(tip.id)] == tip.confirmed, "I5, I8"
            pairs = zip(tip.steps, tip.steps[1:], strict=False)
            assert all(a == b or Status(b) in TRANSITIONS[Status(a)] for a, b in pairs), "I5"

    def each_is_where_it_belongs(self, rows: Rows) -> None:
        for tip in self.promised():
            head = rows[keys.report(tip.id)]["HEAD"]
            if "status" not in head:
                continue
            assert (head["attention_shard"], head["attention_at"]) == place_of(head), "I10"
            waits = head.get("task") in ("escalate", "overdue")
            assert not waits or (is_open(head) and any(why(head) for why in WAITS))

    def nobody_is_left_in_silence(self, rows: Rows) -> None:
        now = wiring.clock.now()
        for tip in self.promised():
            head = rows[keys.report(tip.id)]["HEAD"]
            if not is_open(head):
                continue
            waits = any(why(head) for why in WAITS)
            held = self.is_held(head, rows)
            taken = head["status"] != "new" and not is_urgent(head)
            assert waits or held or taken or "found_by" in head, "I16: unopened, and attended to"
            assert waits or held or not self.was_given_back(head, rows), "I16: given back"
            latest = latest_notice(head, now)
            if waits and latest:
                assert head.get("task") in ("notify", "escalate", "overdue"), "I16: no task"
                assert times.parse(head["due_at"]) <= latest, "I16: too late"

    def an_end_that_waits_is_none(self, rows: Rows) -> None:
        """Fail unless it is as it was proposed, and has a task of its own. What else a report is
        stays, by what the other invariants expect of it.
        """
        for tip in self.promised():
            own, end = rows[keys.report(tip.id)], tip.end
            head = own["HEAD"]
            if "status" not in head or "expiring" in head:
                continue
            tip.was_critical |= is_urgent(head)
            proposal = head.get("proposal")
            assert bool(proposal) == bool(end), "an end waits, or none does"
            if not end or not proposal:
                continue
            authors = {proposal["by"], *proposal.get("others", ())}
            assert (proposal["disposition"], authors) == (end.disposition, end.authors)
            event = next((row for sk, row in own.items() if sk.endswith("#approval")), {})
            assert event.get("task") == "notify", "I16: no task of an end that waits"
            latest = end.latest_notice(head["urgency"], wiring.clock.now())
            assert times.parse(event["due_at"]) <= latest, "I16: too late"

    def is_held(self, head: Head, rows: Rows) -> bool:
        """Return whether somebody works on the original of a report, or has not been looked for."""
        own = rows.get(keys.report(head.get("duplicate_of", "")), {})
        original = own.get("HEAD", {})
        works = is_open(original) and original["status"] != "new" and original.get("attended")
        is_sought = RETURN_SK in own or "expiring" in original
        return not is_urgent(head) and bool(works or is_sought)

    def was_given_back(self, head: Head, rows: Rows) -> bool:
        """Return whether somebody had a report until this step, and nobody has it any more."""
        before = self.before.get(head["pk"], {}).get("HEAD", {})
        if not is_open(before):
            is_again = before.get("reopened_at") != head.get("reopened_at")
            return bool(before) and is_again and "assignee" not in head
        left = "assignee" in before and "assignee" not in head
        let_go = self.is_held(before, self.before) and not self.is_held(head, rows)
        return left or (let_go and head["status"] == "new" and not is_urgent(head))

    def what_is_ready_has_its_pictures(self) -> None:
        names = self.pictures_there()
        for tip in self.promised():
            # Those of a withdrawn report go: the end of the run looks for them.
            if tip.withdrawn or tip.gone or self.is_expiring(tip):
                continue
            for media_id, state in tip.states.items():
                if state is MediaState.READY:
                    assert derived_key(tip.id, media_id, "thumb.jpg") in names, "I7"

    def pictures_there(self) -> set[str]:
        found = wiring.s3().list_objects_v2(Bucket=os.environ["MEDIA_BUCKET"], Prefix="derived/")
        return {one["Key"] for one in found.get("Contents", [])}

    def teardown(self) -> None:
        """Check the end, without faults: every upload that came has its verdict, every notice is
        published, every due task is complete, and the lists have every report once, newest first.
        """
        if not hasattr(self, "tips"):
            return
        self.finish_uploads()
        for _ in range(3):
            cloud.sweep(BACKLOG)
        self.notice_what_is_gone()
        names = self.pictures_there()
        for tip in self.promised():
            if tip.withdrawn:
                assert not any(tip.id in name for name in names), "I7: pictures of a withdrawn one"
        notified = {
            each
            for notice in cloud.sent()
            for each in [notice["report_id"], *(notice.get("report_ids") or ())]
        }
        existing = [tip for tip in self.promised() if not tip.gone]
        assert {tip.id for tip in existing} <= notified, "I2"
        self.who_waits_is_heard_of(existing)
        for tip in existing:
            due = self.due(tip, self.head(tip))
            assert due is None or due > wiring.clock.now() - BACKLOG, "I13: kept too long"
            rows = wiring.audit().rows(of_report(tip.id))
            recorded = [row for row in rows if "reopened" in str(row.get("detail"))]
            assert len(recorded) == tip.reopened, "I8: reopened"
        listed: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = call(
                "GET", f"/v1/officer/reports?limit=1{cursor and '&cursor=' + cursor}", officer="li"
            ).json
            # The order is that of the exact times, which no officer sees.
            heads = [wiring.reports().head(item["id"]) for item in page["items"]]
            listed += [head.row["listed_at"] for head in heads if head]
            cursor = page["next_cursor"]
        assert listed == sorted(set(listed), reverse=True), "I10"
        seen = {tip.id for tip in existing if not tip.moved}
        assert {item.partition("#")[2] for item in listed} >= seen, "I10"
        empty()

    def who_waits_is_heard_of(self, tips: list[Tip]) -> None:
        """Fail unless officers are notified again, in time, of each report that waits."""
        now = wiring.clock.now()
        due = {
            tip.id: latest
            for tip in tips
            if is_open(head := self.head(tip))
            and any(why(head) for why in WAITS)
            and (latest := latest_notice(head, now))
        }
        ends = {
            tip.id: tip.end.latest_notice(self.head(tip)["urgency"], now)
            for tip in tips
            if tip.end and not self.is_expiring(tip)
        }
        cloud.forget_sent()
        for moment in sorted({*due.values(), *ends.values()}):
            cloud.sweep(max(moment - wiring.clock.now(), timedelta()))
            cloud.sweep(timedelta(seconds=1))
        heard = {
            each
            for notice in cloud.sent()
            for each in [notice["report_id"], *(notice.get("report_ids") or ())]
        }
        assert due.keys() <= heard, "I16: nobody was notified"
        asked = {each["report_id"] for each in cloud.sent() if each["kind"] == "approval"}
        assert ends.keys() <= asked, "I16: nobody was asked to confirm an end"

    def finish_uploads(self) -> None:
        """Let nothing be processed for days. Then each upload without a verdict gets one."""
        for _ in range(4):
            cloud.sweep(max(UPLOAD_PATIENCE, LONGEST_PAUSE))
        sqs = cloud.client("sqs")
        for name in ("UPLOADS_QUEUE_URL", "CRITICAL_UPLOADS_QUEUE_URL"):
            queue = {"QueueUrl": os.environ[name]}
            while found := sqs.receive_message(**queue, MaxNumberOfMessages=10).get("Messages"):
                for message in found:
                    sent = json.loads(message["Body"])["detail"]["object"]
                    self.make_thumbnails(sent["key"], sent["version-id"])
                    sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
        for tip, media_id in self.uploaded():
            if self.is_expiring(tip):
                continue
            cloud.record(tip.id, media_id)
            medium = wiring.reports().media.get(tip.id, media_id)
            assert medium is not None
            assert medium.state.is_verdict, "I15: an upload that came has no verdict"
            self.is_no_fault_of_ours(medium)

    def is_no_fault_of_ours(self, medium: Medium) -> None:
        came = medium.version_id is not None
        reasons = {None, "unsupported_format", "withdrawn"} if came else NEVER_CAME
        assert medium.reason in reasons, "I15: rejected by a fault of ours"

    # Helpers of the rules

    def attempt(self, dies: Any, do: Any) -> Any:
        """Return the result of a step, or None when the process crashed."""
        if dies is None:
            return do()
        service, position, moment = dies
        client = {"dynamodb": wiring.dynamodb(), "s3": wiring.s3(), "sns": wiring.topic()._client}[
            service
        ]
        with inject.fault(client, f"{service}.*", inject.at(position, moment)):
            try:
                return do()
            except inject.Crash:
                return None

    def make_thumbnails(self, key: str, version: str) -> None:
        """Do what the function does, without the decoding, which is slow and tested elsewhere."""
        bucket = wiring.bucket()
        first = bucket.first_version(key)
        if first is None or first.version_id != version:
            return
        if bucket.read(key, version) != PHOTO:
            cloud.process(key, version)
            return
        _, report_id, media_id = key.split("/")
        try:
            wiring.report_keys().public_key(report_id)
        except NotFound:
            return
        thumb = bucket.put(
            derived_key(report_id, media_id, "thumb.jpg"), self.pictures.thumb, "image/jpeg"
        )
        preview = bucket.put(
            derived_key(report_id, media_id, "preview.jpg"), self.pictures.preview, "image/jpeg"
        )
        manifest = Manifest(
            state=MediaState.READY,
            content_type="image/jpeg",
            size=first.size,
            version_id=version,
            thumb_version=thumb,
            preview_version=preview,
        )
        bucket.put(
            derived_key(report_id, media_id, "manifest.json"),
            manifest.model_dump_json(exclude_none=True).encode(),
            "application/json",
        )

    def notice_what_is_gone(self) -> None:
        """Find the reports that a sweep has deleted. Fail if one was deleted too early."""
        for tip in self.promised():
            head = self.head(tip)
            if tip.gone or "deleted_at" not in head:
                continue
            due = self.last_due.get(tip.id)
            assert due, "I13: nothing was due"
            assert times.parse(head["deleted_at"]) >= due, "I13: too soon"
            self.was_read_or_a_year_old(tip, times.parse(head["deleted_at"]))
            versions = (
                wiring.s3()
                .list_object_versions(Bucket=os.environ["MEDIA_BUCKET"])
                .get("Versions", [])
            )
            assert not [one for one in versions if tip.id in one["Key"]], "I13: objects are left"
            tip.gone = True

    def was_read_or_a_year_old(self, tip: Tip, deleted_at: datetime) -> None:
        before = self.last_head.get(tip.id)
        if before is None or tip.withdrawn:
            return
        unread = before["unread"] or before.get("unread_media")
        year_old = deleted_at >= times.parse(before["closed_at"]) + PUT_OFF_AT_MOST
        assert not unread or year_old, "I13: unread"

    def due(self, tip: Tip, head: Mapping[str, Any]) -> datetime | None:
        """Return when the report must be deleted, by the rules."""
        if head.get("status") not in ("closed", "withdrawn"):
            return None
        if tip.withdrawn:
            due = times.parse(head["closed_at"]) + WITHDRAWN_RETENTION
        else:
            due = times.parse(head["decided_at"]) + retention(head.get("disposition"))
            due = max(due, times.parse(head.get("put_off_until", head["decided_at"])))
        return max(due, times.parse(head["held_until"])) if head.get("held_until") else due

    def rows(self) -> Rows:
        found: Rows = {}
        for item in wiring.dynamodb().scan(
            TableName=os.environ["REPORTS_TABLE"], ConsistentRead=True
        )["Items"]:
            row = unpack(item)
            found.setdefault(row["pk"], {})[row["sk"]] = row
        return found

    def head(self, tip: Tip) -> dict[str, Any]:
        found = wiring.reports().head(tip.id)
        return found.row if found else {}

    def is_expiring(self, tip: Tip) -> bool:
        head = self.head(tip)
        return bool(head.get("expiring") or head.get("deleted_at"))

    def tip(self, number: int) -> Tip:
        return self.tips[number % len(self.tips)]

    def promised(self) -> list[Tip]:
        return [tip for tip in self.tips if tip.promised]

    def waiting(self) -> list[Tip]:
        return [tip for tip in self.promised() if tip.end]

    def asked(self, number: int, *, is_author: bool) -> tuple[Tip, str, str]:
        """Return a report, one whose end waits if there is one, its path, and an author of that
        end, or who is none.
        """
        tips = self.waiting() or self.promised()
        tip = tips[number % len(tips)]
        authors = sorted(tip.end.authors) if tip.end else ["wang"]
        others = [each for each in ("wang", "li", "chen") if each not in authors]
        return tip, f"/v1/officer/reports/{tip.id}", authors[0] if is_author else others[0]

    def held(self) -> list[Tip]:
        """Return the originals that somebody works on, for their duplicates too."""
        heads = [self.before[keys.report(tip.id)]["HEAD"] for tip in self.promised()]
        linked = [head for head in heads if "duplicate_of" in head and is_open(head)]
        of = {head["duplicate_of"] for head in linked if self.is_held(head, self.before)}
        return [tip for tip in self.promised() if tip.id in of and not tip.unseen]

    def awaiting(self) -> list[tuple[Tip, str]]:
        return [
            (tip, media_id)
            for tip in self.promised()
            for media_id in tip.media_ids
            if not tip.gone and not self.is_expiring(tip)
        ]

    def uploaded(self) -> list[tuple[Tip, str]]:
        return [(tip, media_id) for tip in self.promised() for media_id in tip.first_versions]


@pytest.mark.slow
def test_whatever_happens_in_whatever_order_what_was_promised_holds(aws: Mapping[str, str]) -> None:
    Tipline.pictures = derive("image/jpeg", PHOTO)
    run_state_machine_as_test(
        Tipline,
        settings=settings(
            max_examples=EXAMPLES or 12,
            stateful_step_count=30,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
