"""Real ids for generated cases: what an operation needs to succeed is made by the API first.

A case that is valid by the document alone meets 404 all the time: its ids name nothing. So each
positive case gets the ids, the receipt and the version of things that exist; an operation that uses
its thing up gets a new one each time.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from PIL import Image

from chalicelib.domain.catalogue.codes import agency_codes
from chalicelib.domain.officers.model import Role
from chalicelib.domain.statistics.exports import REPORTS_MAX
from chalicelib.handlers import watch
from chalicelib.kernel.languages import LANGUAGES
from tests import cloud
from tests.client import call, new_key, opening_etag, read_and_approve, report, tag_for
from tests.contract.values import Values, always, from_now, in_languages, one_of
from tests.functional.second_person.two_person_steps import (
    BurstStep,
    ClosingStep,
    HoldLiftStep,
    HoldStep,
    MaskStep,
    ReferralStep,
    RequestStep,
    Step,
)
from tests.steps import leave_by_hand

# Who sends the cases, and who has done what needs a second officer.
OFFICER, COLLEAGUE = "li", "wang"
# Who returns reports about the police, and who has asked for it.
OMBUD, SECOND_OMBUD = "ombud", "ombud2"
# Made anew by the cases of the admin's routes, so it must be nobody who is needed.
RECRUIT = "recruit"
# Nobody but a colleague proposes anything for this one, so that the officer may approve it.
CANDIDATE = "candidate"
DESTINATION = "dispatch"
# Approved by its cases alone, while others propose anew for the first one.
APPROVED_DESTINATION = "dispatch-2"

# Where a report may be, and no officer's scope can.
_NOWHERE = ("outside", "unknown")
_PICTURE = {"content_type": "image/jpeg", "size": 400_000}
_VIDEO_SIZE = 17 << 20
_VIDEO = {"content_type": "video/mp4", "size": _VIDEO_SIZE}


@dataclass(frozen=True, slots=True)
class Supply:
    """What one case gets in the place of generated values, where these are valid."""

    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Scenario:
    """What there is in the mocked cloud. Everything shared is made when it is first needed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._receipts: dict[str, str] = {}
        self._bursts = 0
        for username in (OFFICER, COLLEAGUE):
            cloud.officer(
                username,
                roles=tuple(Role),
                email=f"{username}@police.example",
                phone="+8613800000000",
            )
        cloud.officer(RECRUIT)
        cloud.oversight(OMBUD, SECOND_OMBUD)

    def supply(self, operation: str) -> Supply:
        """Return what a case of this operation ("GET /v1/health") needs to succeed."""
        if supplier := _SUPPLIERS.get(operation):
            return supplier(self)
        if "{incident_id}" in operation:
            return self.incident()
        if "{report_id}" in operation:
            reads = operation.startswith("GET ")
            return (self.report if reads else self.report_again()).mine()
        return self.bulletin.plain() if "{bulletin_id}" in operation else Supply()

    def receipt_of(self, url: str) -> str:
        """Return the receipt of the report that a URL names, or that of a report there is."""
        named = [part for part in urlsplit(url).path.split("/") if part in self._receipts]
        return self._receipts[named[0]] if named else self.report.receipt

    def officer_of(self, url: str) -> str:
        """Return who sends a case to this URL."""
        return OMBUD if "/oversight/return" in url else OFFICER

    def overseen(self, *, asked_by: str | None = None) -> "Reported":
        """A report about the police, with a request to return it if somebody has `asked_by`."""
        made = self.report_again(concerns_police=True)
        if asked_by:
            path, why = f"/v1/officer/reports/{made.id}/oversight/return", {"reason": "It is not."}
            assert call("POST", path, why, officer=asked_by).status == 200
        return made

    def opened(self) -> "Reported":
        made = self.report_again()
        assert call("GET", f"/v1/officer/reports/{made.id}", officer=OFFICER).status == 200
        return made

    def report_again(self, **more: Any) -> "Reported":
        reply = call("POST", "/v1/reports", report(**more), key=new_key()).expect(201)
        self._receipts[reply["id"]] = reply["receipt"]
        media = tuple(upload["media_id"] for upload in reply["uploads"])
        return Reported(reply["id"], reply["receipt"], media)

    @cached_property
    def report(self) -> "Reported":
        """A report that no case uses up."""
        return self.report_again(contact={"phone": "+8613800000000"})

    @cached_property
    def awaiting(self) -> "Reported":
        """A report with a picture and a video that never arrive."""
        return self.report_again(media=[_PICTURE, _VIDEO])

    @cached_property
    def uploaded(self) -> "Reported":
        """A report whose video is up in all its parts; completing it again is no error."""
        made = self.report_again(media=[_VIDEO])
        path = f"/v1/reports/{made.id}/media/{made.media[0]}/parts"
        call("POST", path, {"numbers": [1, 2, 3]}, receipt=made.receipt).expect(200)
        s3, bucket = boto3.client("s3"), self._environment["MEDIA_BUCKET"]
        upload = s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]
        left = _VIDEO_SIZE
        for number in (1, 2, 3):
            size = min(8 << 20, left)
            left -= size
            s3.upload_part(
                Bucket=bucket,
                Key=upload["Key"],
                UploadId=upload["UploadId"],
                PartNumber=number,
                Body=bytes(size),
            )
        return made

    def draft(self, **more: Any) -> "Bulletin":
        body = {
            "channel": "key_cases",
            "title": {"en": "Witnesses wanted"},
            "body": {"en": "Tuesday evening."},
        }
        reply = call("POST", "/v1/officer/bulletins", body | more, officer=COLLEAGUE).expect(201)
        return Bulletin(reply["id"], reply["version"])

    def publish(self, draft: "Bulletin") -> "Bulletin":
        path = f"/v1/officer/bulletins/{draft.id}/approve"
        reply = read_and_approve(path, OFFICER).expect(200)
        return Bulletin(draft.id, reply["version"], draft.picture)

    @cached_property
    def bulletin(self) -> "Bulletin":
        """A published bulletin with a picture."""
        draft = self.draft()
        path = f"/v1/officer/bulletins/{draft.id}"
        reply = call("POST", f"{path}/media", {"media": [_PICTURE]}, officer=COLLEAGUE)
        picture = reply.json["uploads"][0]["media_id"]
        self._send_picture(draft.id, picture)
        ready = call("GET", path, officer=COLLEAGUE).json
        return self.publish(Bulletin(draft.id, ready["version"], picture))

    @cached_property
    def examined(self) -> "Reported":
        """A report with a picture that has its verdict."""
        made = self.report_again(media=[_PICTURE])
        self._send_picture(made.id, made.media[0])
        return made

    def _send_picture(self, owner_id: str, media_id: str) -> None:
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "steelblue").save(out, "JPEG")
        version = cloud.upload(owner_id, media_id, out.getvalue())
        cloud.process(f"originals/{owner_id}/{media_id}", version)
        cloud.record(owner_id, media_id)

    @cached_property
    def values(self) -> Values:
        """What stands for generated ids, codes and times in valid bodies."""
        catalogue = call("GET", "/v1/catalogue").json
        codes = {
            kind: one_of([each["code"] for each in catalogue[kind] if each["code"] not in _NOWHERE])
            for kind in ("categories", "channels", "districts")
        }
        return {
            **codes,
            **dict.fromkeys(("title", "body", "outcome"), in_languages(LANGUAGES)),
            "category": codes["categories"],
            "channel": codes["channels"],
            "district": codes["districts"],
            "agency": one_of(agency_codes()),
            # Of the text of each report.
            "part": always("text"),
            "start": always(0),
            "passage": always("An"),
            "request": always(None),
            "report_ids": always([self.report.id]),
            "media_ids": always([]),
            "url": always("https://events.example/in"),
            # The same each time, as there is room for some only.
            "added": always(
                [{"code": "dumping", "labels": dict.fromkeys(LANGUAGES, "Illegal dumping")}]
            ),
            "bulletin_id": always(self.bulletin.id),
            # A new report has none.
            "messages_seen": always(0),
            "duplicate_of": always(self.report.id),
            "like": always(self.report.id),
            "report_id": always(self.report.id),
            "assignee": always(COLLEAGUE),
            "officers": one_of([OFFICER, COLLEAGUE]),
            # A text message has no language of its own.
            "language": always(None),
            # Some channels ask for it.
            "guardian_consent": always(True),
            "occurred_at": from_now(timedelta(hours=-1)),
            "at": from_now(timedelta(hours=-1)),
            "activates_at": from_now(timedelta(days=1)),
            "expires_at": from_now(timedelta(days=5)),
            "until": from_now(timedelta(days=30)),
            "on": always(str((datetime.now(UTC) + timedelta(days=30)).date())),
        }

    @cached_property
    def closed_hour(self) -> str:
        """The first closed hour of the ledger."""
        watch.digest_audit(cloud.SCHEDULE, None)
        return str(call("GET", "/v1/ledger").json["first"])

    def proposed(self) -> Supply:
        """Something new that a colleague proposes for the candidate."""
        row = {
            "name": f"Candidate {new_key()}",
            "roles": ["officer"],
            "categories": ["*"],
            "districts": ["*"],
        }
        path = f"/v1/admin/officers/{CANDIDATE}"
        call("PUT", path, row, officer=COLLEAGUE).expect(202)
        return _approvable({"username": CANDIDATE}, f"{path}/approve")

    def reader(self) -> Supply:
        """Make the officer the reader of a destination: the call itself names none."""
        self.destination(approved=True, reader=OFFICER)
        return Supply()

    def destination(self, name: str = DESTINATION, *, approved: bool = False, **way: str) -> Supply:
        """Terms of a destination that a colleague proposes, or that two have agreed on."""
        path, made = f"/v1/admin/destinations/{name}", {"name": name}
        assert call("DELETE", path, officer=OFFICER).status == 204
        way = way or {"url": "https://events.example/"}
        body = {**way, "categories": [], "kinds": []}
        assert call("PUT", path, body, officer=COLLEAGUE).status == 202
        supply = _approvable(made, f"{path}/approve")
        if not approved:
            return supply
        assert (
            call("POST", f"{path}/approve", officer=OFFICER, headers=supply.headers).status == 200
        )
        return Supply(made)

    def current_plan(self) -> Supply:
        reply = call("GET", "/v1/officer/shifts", officer=OFFICER)
        return Supply({}, {"If-Match": reply.headers["etag"]})

    def left_by_hand(self) -> Supply:
        made = referred()
        leave_by_hand(made.path["report_id"])
        return made

    @cached_property
    def asked_for(self) -> Supply:
        """An export of more than one zip, which a colleague asks for."""
        return self.export_by(COLLEAGUE)

    @cached_property
    def approved(self) -> Supply:
        """Such an export of the officer's, which a colleague has approved."""
        made = self.export_by(OFFICER)
        path = f"/v1/officer/exports/{made.path['export_id']}/approve"
        assert read_and_approve(path, COLLEAGUE).status == 200
        return made

    @cached_property
    def many(self) -> "list[Reported]":
        """More reports than one zip holds."""
        return [self.report_again(category="lost_and_found") for _ in range(REPORTS_MAX + 1)]

    def export_by(self, officer: str) -> Supply:
        assert len(self.many) > REPORTS_MAX
        body = {"filters": {"category": "lost_and_found"}, "reason": "For the review."}
        reply = call("POST", "/v1/officer/exports", body, officer=officer).expect(202)
        # The last zip has fewer reports than the first.
        return Supply({"export_id": reply["id"], "part": str(reply["parts"])})

    def burst(self, *, asked: bool = False) -> Supply:
        """A burst, without a request to close it or with one of a colleague's."""
        self._bursts += 1
        made = BurstStep(hours_ago=self._bursts)
        if not asked:
            return Supply({"burst_id": made.path["burst_id"]})
        made.begin(COLLEAGUE)
        return _approvable({"burst_id": made.path["burst_id"]}, made.approval)

    def incident(self, made: "Reported | None" = None) -> Supply:
        made = made or self.report_again()
        body = {"like": made.id}
        reply = call("POST", "/v1/officer/incidents", body, officer=COLLEAGUE).expect(201)
        return Supply({"incident_id": reply["id"], "report_id": made.id})

    def closed(self) -> "Reported":
        made = self.report_again()
        change = {"status": "closed", "disposition": "resolved", "reason": "Seen to."}
        reply = call(
            "PATCH", f"/v1/officer/reports/{made.id}", change, officer=COLLEAGUE, version=1
        )
        assert reply.status == 200, reply.text
        return made

    def after(self, operation: str) -> None:
        """Take back what a case changed for all others."""
        if operation == "POST /v1/officer/subscriptions":
            path = "/v1/officer/subscriptions"
            for each in call("GET", path, officer=OFFICER).json["items"]:
                call("DELETE", f"{path}/{each['id']}", officer=OFFICER)
        if operation == "PATCH /v1/admin/catalogue":
            catalogue = call("GET", "/v1/catalogue").json
            active = {
                kind: [{"code": each["code"], "state": "active"} for each in catalogue[kind]]
                for kind in ("categories", "channels")
            }
            call("PATCH", "/v1/admin/catalogue", active, officer=COLLEAGUE).expect(200)


@dataclass(frozen=True, slots=True)
class Reported:
    id: str
    receipt: str
    media: tuple[str, ...]

    def mine(self, medium: int | None = None) -> Supply:
        path = {"report_id": self.id}
        if medium is not None:
            path["media_id"] = self.media[medium]
        return Supply(path)

    def versioned(self) -> Supply:
        etag = opening_etag(f"/v1/officer/reports/{self.id}", 1, OFFICER)
        return Supply({"report_id": self.id}, {"If-Match": etag})

    def read(self, approval: str, officer: str = OFFICER) -> Supply:
        """It is read by the officer, who then has the tag of what waits."""
        path = f"/v1/officer/reports/{self.id}{approval}"
        return _approvable({"report_id": self.id}, path, officer)


@dataclass(frozen=True, slots=True)
class Bulletin:
    id: str
    version: int
    picture: str = ""

    def plain(self) -> Supply:
        return Supply({"bulletin_id": self.id, "media_id": self.picture})

    def versioned(self) -> Supply:
        return Supply({"bulletin_id": self.id}, {"If-Match": f'"{self.version}"'})

    def read(self) -> Supply:
        path = f"/v1/officer/bulletins/{self.id}/approve"
        return _approvable({"bulletin_id": self.id}, path)


def _approvable(path: Mapping[str, str], approval: str, officer: str = OFFICER) -> Supply:
    """Return what an approval needs: the tag that the officer reads."""
    return Supply(dict(path), {"If-Match": tag_for(approval, officer)})


def begun(make: Callable[[], Step], by: str = COLLEAGUE) -> Supply:
    """Return the ids of a new step that takes two persons, which this one has begun."""
    return Supply(_begun(make, by).path)


def read(make: Callable[[], Step]) -> Supply:
    """Return what the officer's approval of a colleague's step needs."""
    step = _begun(make, COLLEAGUE)
    return _approvable(step.path, step.approval)


def referred() -> Supply:
    """Return a report's first referral, which a colleague has begun."""
    return Supply(begun(ReferralStep).path, {"If-Match": '"1"'})


def _begun(make: Callable[[], Step], by: str) -> Step:
    step = make()
    step.begin(by)
    return step


_REPORT, _MINE, _BULLETIN = (
    "/v1/officer/reports/{report_id}",
    "/v1/reports/{report_id}",
    "/v1/officer/bulletins/{bulletin_id}",
)
_EXPORT = "/v1/officer/exports/{export_id}"
_REQUEST = "/v1/officer/requests/{request_number}"
_BURST = "/v1/officer/bursts/{burst_id}"
_INCIDENT = "/v1/officer/incidents/{incident_id}"
# Others get a new report, or the shared one where they only read, or what else their path names.
_SUPPLIERS: Mapping[str, Callable[[Scenario], Supply]] = {
    "GET /v1/ledger/{hour}": lambda there: Supply({"hour": there.closed_hour}),
    f"POST {_MINE}/feedback": lambda there: there.closed().mine(),
    f"POST {_MINE}/reopen": lambda there: there.closed().mine(),
    f"POST {_MINE}/media/{{media_id}}/grant": lambda there: there.awaiting.mine(0),
    f"POST {_MINE}/media/{{media_id}}/parts": lambda there: there.awaiting.mine(1),
    f"POST {_MINE}/media/{{media_id}}/complete": lambda there: there.uploaded.mine(0),
    f"GET {_BURST}": lambda there: there.burst(),
    f"POST {_BURST}/ending": lambda there: there.burst(),
    f"POST {_BURST}/ending/approve": lambda there: there.burst(asked=True),
    f"DELETE {_BURST}/ending": lambda there: Supply(there.burst(asked=True).path),
    # The report that is named in each body.
    f"POST {_INCIDENT}/split": lambda there: there.incident(there.report),
    f"PATCH {_REPORT}": lambda there: there.report_again().versioned(),
    f"POST {_REPORT}/contact": lambda there: there.report.mine(),
    f"POST {_REPORT}/media/{{media_id}}/original": lambda there: there.examined.mine(0),
    f"POST {_REPORT}/media/{{media_id}}/redaction": lambda there: there.examined.mine(0),
    f"DELETE {_REPORT}/media/{{media_id}}/redaction": lambda there: there.examined.mine(0),
    f"POST {_REPORT}/review": lambda there: there.report_again().versioned(),
    f"PUT {_REPORT}/reminder": lambda there: there.report_again().versioned(),
    f"PUT {_REPORT}/gist": lambda there: there.report_again().versioned(),
    f"POST {_REPORT}/oversight": lambda there: there.opened().mine(),
    f"POST {_REPORT}/oversight/return": lambda there: there.overseen().mine(),
    f"DELETE {_REPORT}/oversight/return": lambda there: there.overseen(asked_by=OMBUD).mine(),
    f"POST {_REPORT}/oversight/return/approve": lambda there: there.overseen(
        asked_by=SECOND_OMBUD
    ).read("/oversight/return/approve", OMBUD),
    f"DELETE {_REPORT}/hold": lambda there: begun(HoldStep),
    f"POST {_REPORT}/hold/approve": lambda there: read(HoldStep),
    f"POST {_REPORT}/hold/lift/approve": lambda there: read(HoldLiftStep),
    f"POST {_REPORT}/hold/lift/decline": lambda there: begun(HoldLiftStep),
    f"GET {_REPORT}/referral": lambda there: begun(ReferralStep),
    f"DELETE {_REPORT}/referral": lambda there: begun(ReferralStep, OFFICER),
    f"POST {_REPORT}/referral/approve": lambda there: read(ReferralStep),
    f"POST {_REPORT}/referral/decline": lambda there: referred(),
    f"POST {_REPORT}/referral/handed-over": lambda there: there.left_by_hand(),
    f"GET {_REQUEST}": lambda there: Supply(RequestStep().path),
    f"POST {_REQUEST}/reports": lambda there: Supply(RequestStep().path),
    f"POST {_REQUEST}/decision": lambda there: Supply(RequestStep().path),
    f"DELETE {_REQUEST}/decision": lambda there: begun(RequestStep, OFFICER),
    f"POST {_REQUEST}/decision/approve": lambda there: read(RequestStep),
    f"POST {_REQUEST}/decision/decline": lambda there: begun(RequestStep),
    f"GET {_REPORT}/masks/{{number}}": lambda there: begun(MaskStep),
    f"DELETE {_REPORT}/masks/{{number}}": lambda there: begun(MaskStep, OFFICER),
    f"POST {_REPORT}/masks/{{number}}/approve": lambda there: read(MaskStep),
    f"POST {_REPORT}/masks/{{number}}/decline": lambda there: begun(MaskStep),
    f"POST {_REPORT}/read": lambda there: there.report_again().versioned(),
    f"POST {_REPORT}/closing/confirm": lambda there: read(ClosingStep),
    f"GET {_EXPORT}": lambda there: there.asked_for,
    f"POST {_EXPORT}/approve": lambda there: _approvable(
        there.asked_for.path, f"/v1/officer/exports/{there.asked_for.path['export_id']}/approve"
    ),
    f"POST {_EXPORT}/decline": lambda there: there.export_by(COLLEAGUE),
    f"POST {_EXPORT}/parts/{{part}}": lambda there: there.approved,
    f"PATCH {_BULLETIN}": lambda there: there.draft().versioned(),
    f"POST {_BULLETIN}/approve": lambda there: there.draft().read(),
    f"POST {_BULLETIN}/decline": lambda there: there.draft().versioned(),
    f"POST {_BULLETIN}/media": lambda there: there.draft().plain(),
    f"POST {_BULLETIN}/resolve": lambda there: there.publish(there.draft(about="child")).plain(),
    f"POST {_BULLETIN}/withdraw": lambda there: there.publish(there.draft()).plain(),
    "GET /v1/admin/officers/{username}": lambda there: Supply({"username": RECRUIT}),
    "PUT /v1/admin/officers/{username}": lambda there: Supply({"username": RECRUIT}),
    "POST /v1/admin/officers/{username}/approve": lambda there: there.proposed(),
    "DELETE /v1/admin/officers/{username}/proposal": lambda there: Supply({"username": RECRUIT}),
    "GET /v1/admin/destinations/{name}": lambda there: there.destination(),
    "PUT /v1/admin/destinations/{name}": lambda there: Supply({"name": DESTINATION}),
    "POST /v1/admin/destinations/{name}/approve": lambda there: there.destination(
        APPROVED_DESTINATION
    ),
    "POST /v1/admin/destinations/{name}/secret": lambda there: there.destination(approved=True),
    "GET /v1/admin/destinations/{name}/deliveries": lambda there: there.destination(),
    "POST /v1/admin/destinations/{name}/redeliver": lambda there: there.destination(),
    "DELETE /v1/admin/destinations/{name}": lambda there: there.destination(),
    "GET /v1/officer/events": lambda there: there.reader(),
    "PUT /v1/admin/shifts": lambda there: there.current_plan(),
    "GET /errors/{code}": lambda there: Supply({"code": "proof_required"}),
}
