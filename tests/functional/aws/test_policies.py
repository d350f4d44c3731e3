"""Each function can do its work with its own policy and variables, and needs all of them.

A test runs everything that a function does, with that function's rights. A new AWS call must be run
here too; otherwise IAM would be the first to refuse it.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import jwt
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from moto.cloudtrail.models import cloudtrail_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib import wiring
from chalicelib.domain.audit.seals import HOUR, start_of
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.domain.flood.load_level import LoadLevel, LoadState, Override
from chalicelib.domain.officers.model import Role as OfficerRole
from chalicelib.domain.reports.events import NoticeKind, Watched
from chalicelib.handlers import watch
from chalicelib.handlers.media import functions
from chalicelib.handlers.service import scheduled
from chalicelib.http import index
from chalicelib.http.auth import authorize_officer
from chalicelib.http.openapi.operations import request_examples
from chalicelib.http.requests import Header
from chalicelib.kernel import times
from chalicelib.kernel.config import MissingSetting
from chalicelib.kernel.errors import Unavailable
from chalicelib.services.audit.ledger import Sizes
from chalicelib.services.audit.seals import write_digests
from tests import cloud, events
from tests.authorization import RESOURCES
from tests.client import Reply, call, new_key, opening_etag, report, tag_for
from tests.custody import evidence
from tests.decoding import Lambda, returned
from tests.faults import inject
from tests.functional.aws import iam
from tests.functional.aws.grants import Grant, Need, Policy
from tests.functional.second_person.two_person_steps import BurstStep, ExportStep
from tests.ledger import close_long, record, this_hour
from tests.open311 import CODE, Server, use_open311
from tests.receivers import receive
from tests.steps import by_reporter, file
from tests.steps import opened as read_report

pytestmark = pytest.mark.usefixtures("clean")

MIB = 1 << 20
PICTURE = {"content_type": "image/jpeg", "size": 10_000}
FILM = {"content_type": "video/mp4", "size": 17 * MIB}
# How Lambda says that a function has failed.
FAILED = {"X-Amz-Function-Error": "Unhandled"}
CONTACT = {"name": "Wang", "phone": "+86 138 0013 8000"}
ADMIN, CHIEF, LI = "admin", "chief", "li"


@pytest.fixture
def names(aws: Mapping[str, str], clean: None) -> iam.Names:
    everything = tuple(OfficerRole)
    for username in (ADMIN, CHIEF, LI):
        cloud.officer(
            username,
            roles=everything,
            email=f"{username}@police.example",
            phone=f"+8613800000{len(username)}",
        )
    return iam.Names(aws)


@pytest.fixture
def role(request: pytest.FixtureRequest, names: iam.Names) -> Iterator[iam.Role]:
    """Yield the role of the function that the test is named after. Then check that nothing was
    refused, and that every right was used.
    """
    role = iam.Role(_rehearsed(request.node.name), names)
    yield role
    role.require_surroundings()
    assert_none_refused(role)
    assert not role.idle(), "\n".join([f"{role.name} does not need:", *role.idle()])


def _rehearsed(test: str) -> str:
    return test.removeprefix("test_").removesuffix("_does_all_it_is_for_and_may_do_no_more")


def assert_none_refused(role: iam.Role) -> None:
    assert not role.refused, "\n".join(["refused:", *role.refused])


class Api:
    """A client that calls operations by their names, and notes which were called: those of one
    function, or of both. `role` must be allowed to read what a response has addresses of.
    """

    def __init__(self, function: str | None = None, role: iam.Role | None = None) -> None:
        self.called: set[str] = set()
        self._role = role
        self._operations = {
            operation.name: operation
            for route, operation in zip(index.routes(), index.operations(), strict=True)
            if function in (None, route.api)
        }

    def __call__(
        self,
        name: str,
        /,
        *,
        body: Any = None,
        officer: str | None = None,
        receipt: str | None = None,
        version: int | None = None,
        key: str | None = None,
        query: str = "",
        status: int | None = None,
        **path: str,
    ) -> Reply:
        """Call an operation, by default with its documented example. Check for 2xx or `status`."""
        operation = self._operations[name]
        where = operation.path.format(**path)
        match = {"If-Match": f'"{version}"'} if version else {}
        takes_reading = name == "set_gist" or (isinstance(body, dict) and "disposition" in body)
        if takes_reading and officer and version:
            match = {"If-Match": opening_etag(where.removesuffix("/gist"), version, officer)}
        if Header.TAG in operation.headers and officer:
            match = {"If-Match": tag_for(where, officer)}
        reply = call(
            operation.method,
            where + query,
            (body if body is not None else request_examples().get(operation.name))
            if operation.body
            else None,
            officer=officer,
            receipt=receipt,
            key=key or (new_key() if Header.KEY in operation.headers else None),
            headers=match,
        )
        assert reply.status == status if status else reply.status < 400, (
            f"{name}: {reply.status} {reply.text}"
        )
        self.called.add(name)
        if self._role:
            self._role.require_signed(reply.text)
            self._role.require_signed(" ".join(map(str, reply.headers.values())))
        return reply

    def never_called(self) -> set[str]:
        return self._operations.keys() - self.called


def test_every_function_has_its_rehearsal() -> None:
    assert set(iam.POLICIES) <= set(map(_rehearsed, globals()))


def test_a_grant_on_the_topic_does_not_end_a_subscription_as_in_aws(names: iam.Names) -> None:
    topic = os.environ["NOTICES_TOPIC_ARN"]
    call = Need("sns:Unsubscribe", f"{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286")
    for resource in (topic, f"{topic}:*", call.resource):
        role = iam.Role("do_upkeep", names)
        role.policy = Policy((Grant("sns:*", resource, ()),), ())
        assert not role.require(call)
    role.policy = Policy((Grant("sns:Unsubscribe", "*", ()),), ())
    assert role.require(call)


def test_every_resource_in_a_policy_is_of_the_type_that_its_action_takes(names: iam.Names) -> None:
    wrong = [
        f"{name}: {grant}"
        for name in iam.POLICIES
        for grant in iam.Role(name, names).policy.grants
        if not iam.is_of_type(grant.resource, RESOURCES[grant.action])
    ]
    assert wrong == []


def test_what_no_policy_grants_is_refused_by_name(names: iam.Names) -> None:
    role = iam.Role("make_thumbnails", names)
    with role.assumed():
        with pytest.raises(MissingSetting, match="AUDIT_TABLE"):
            _ = wiring.settings().audit_table
        listing = wiring.s3().list_object_versions
        listing(Bucket=os.environ["MEDIA_BUCKET"], Prefix="originals/01/")
        attempts: tuple[Callable[[], object], ...] = (
            lambda: listing(Bucket=os.environ["MEDIA_BUCKET"], Prefix="derived/01/"),
            lambda: wiring.s3().put_object(
                Bucket=os.environ["MEDIA_BUCKET"], Key="originals/01/02", Body=b""
            ),
            lambda: wiring.s3().generate_presigned_post(
                os.environ["MEDIA_BUCKET"], "originals/01/02"
            ),
            lambda: wiring.s3().get_object(
                Bucket=os.environ["MEDIA_BUCKET"], Key="originals/01/02"
            ),
            lambda: wiring.dynamodb().get_item(TableName=os.environ["REPORTS_TABLE"], Key={}),
        )
        for attempt in attempts:
            with pytest.raises(Exception, match=r"AccessDenied.*make_thumbnails may not"):
                attempt()
    refused = [each.split(" on ")[0] for each in role.refused]
    assert [each.removeprefix("make_thumbnails may not ") for each in refused] == [
        "s3:ListBucketVersions", "s3:PutObject", "s3:PutObject", "s3:GetObject", "dynamodb:GetItem",
    ]  # fmt: skip


def test_residents_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    api = Api("residents", role)
    watch.digest_audit(cloud.SCHEDULE, None)  # closes the hour before this one
    bulletin_id, media_id = published_with_picture()
    duplicate, _ = closed_duplicate()
    with role.assumed():
        for name in (
            "get_start_page",
            "get_health",
            "get_catalogue",
            "get_areas",
            "get_openapi",
            "get_docs",
            "get_officers_openapi",
            "get_officers_docs",
            "get_docs_program",
        ):
            api(name)
        api("get_error_page", code="proof_required")
        report_and_write(api)
        end(api, duplicate)
        read_ledger(api)
        upload_in_parts(api)
        lead = read_bulletins(api, bulletin_id, media_id)
        report_in_a_flood(api)
    Api("officers")("resolve_bulletin", officer=LI, bulletin_id=bulletin_id)
    with role.assumed():
        api("read_report", receipt=lead["receipt"], report_id=lead["id"])
    assert api.never_called() == set()


def test_officers_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    api = Api("officers", role)
    proven = evidence(cloud.photo(), officer=LI)
    seen, many = with_media(), ExportStep()
    bursts = BurstStep(), BurstStep()
    cloud.oversight("ombud", "ombud2")
    with role.assumed():
        work_on(api, seen, many)
        export_for_a_court(api, proven)
        oversee(api)
        end_burst(api, *bursts)
        administer(api)
        bulletin_id, media_id = draft(api)
    cloud.upload(bulletin_id, media_id, cloud.photo())
    process_and_record(bulletin_id, media_id)
    with role.assumed():
        publish(api, bulletin_id)
    assert api.never_called() == set()


def read_ledger(api: Api) -> None:
    created = api("create_report").json
    api("get_proof", receipt=created["receipt"], report_id=created["id"])
    latest = api("get_ledger").json["latest"]["head"]["hour"]
    api("get_ledger_hour", hour=latest)
    api("get_ledger_hour", hour="2026-01-01T00", status=404)


def report_and_write(api: Api) -> None:
    body, key = report(contact=CONTACT, media=[PICTURE]), new_key()
    api("create_report", body=report(occurred_at="2199-01-01T00:00:00Z"), status=422)
    created = api("create_report", body=report(), key=new_key()).json
    created = api("create_report", body=body, key=key).json
    api("create_report", body=body, key=key, status=200)
    mine = {"receipt": created["receipt"], "report_id": created["id"]}
    api("renew_grant", **mine, media_id=created["uploads"][0]["media_id"])
    api("add_media", **mine, body={"media": [PICTURE]})
    api("write_message", **mine)
    api("add_position", **mine)
    api("ask_for_pushes", **mine)
    api("end_pushes", **mine)
    api("read_messages", **mine)
    api("read_report_by_receipt", receipt=created["receipt"])
    api("withdraw_report", **mine)
    api("read_report", **mine)


def report_in_a_flood(api: Api) -> None:
    """Report at level 1, which counts the source, and at level 2, which counts the refusal."""
    for level, status in ((LoadLevel.BUSY, 201), (LoadLevel.FLOOD, 429)):
        override = Override(level, wiring.clock.now() + timedelta(hours=1))
        wiring.live_catalogue().learn_load(LoadState(level, override))
        # A network counts once: so it must not have been seen yet.
        wiring.flood_gate.cache_clear()  # type: ignore[attr-defined]
        api("create_report", body=report("other"), status=status)


def closed_duplicate() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a report that was closed as a duplicate, and its original."""
    duplicate, original = (file() for _ in range(2))
    closing = {"status": "closed", "disposition": "duplicate", "reason": "Known."}
    path, link = f"/v1/officer/reports/{duplicate['id']}", {"duplicate_of": original["id"]}
    call("PATCH", path, closing | link, officer=CHIEF, version=1).expect(200)
    return duplicate, original


def end(api: Api, duplicate: Mapping[str, Any]) -> None:
    mine = {"receipt": duplicate["receipt"], "report_id": duplicate["id"]}
    api("write_message", **mine)
    api("add_media", **mine, body={"media": [PICTURE]})
    api("give_feedback", **mine)
    api("reopen_report", **mine)
    api("withdraw_report", **mine)


def upload_in_parts(api: Api) -> None:
    s3 = boto3.client("s3")
    created = api("create_report", body=report(media=[FILM, FILM])).json
    whole, gone = (
        {"receipt": created["receipt"], "report_id": created["id"], "media_id": each["media_id"]}
        for each in created["uploads"]
    )

    def start(numbers: list[int]) -> list[Any]:
        return list(api("grant_parts", **whole, body={"numbers": numbers}).json["parts"])

    with inject.meanwhile(lambda: start([1]), "s3.CreateMultipartUpload"):
        parts = start([1, 2, 3])
    for part, size in zip(parts, (8 * MIB, 8 * MIB, MIB), strict=True):
        s3.upload_part(
            Bucket=os.environ["MEDIA_BUCKET"],
            Key=f"originals/{created['id']}/{whole['media_id']}",
            UploadId=upload_id(part["url"]),
            PartNumber=part["number"],
            Body=bytes(size),
        )
    api("complete_upload", **whole)
    [part] = api("grant_parts", **gone, body={"numbers": [1]}).json["parts"]
    key = f"originals/{created['id']}/{gone['media_id']}"
    s3.abort_multipart_upload(
        Bucket=os.environ["MEDIA_BUCKET"], Key=key, UploadId=upload_id(part["url"])
    )
    api("complete_upload", **gone, status=409)


def upload_id(url: str) -> str:
    return parse_qs(urlsplit(url).query)["uploadId"][0]


def work_on(api: Api, seen: Mapping[str, Any], many: ExportStep) -> None:
    one = {"officer": LI, "report_id": seen["id"]}
    body = report(source="phone", contact=CONTACT)
    other, again = (api("enter_report", officer=LI, body=body).json for _ in range(2))
    for name in ("get_me", "list_templates", "get_statistics", "get_pulse", "read_handover"):
        api(name, officer=LI)
    for query in (
        "",
        "?status=new",
        "?sort=attention",
        f"?assignee={LI}",
        "?bulletin_id=B-1",
        "?incident=0",
        f"?reference={seen['reference']}",
        "?category=other",
    ):
        api("list_reports", officer=LI, query=query)
    api("open_report", **one)
    api("get_pulse", officer=LI, query=f"?looking_at={seen['id']}")
    api("link_duplicates", officer=LI, report_id=other["id"], body={"report_ids": [again["id"]]})
    api("close_duplicates", officer=LI, report_id=other["id"])
    api("open_report", officer=LI, report_id=other["id"])
    api("find_events", officer=LI)
    incident = api("create_incident", officer=LI, body={"like": again["id"]}).json["id"]
    of_it = {"officer": LI, "incident_id": incident}
    for name in ("read_incident", "find_similar"):
        api(name, **of_it)
    api("join_incident", **of_it, body={"report_ids": [other["id"]]})
    api("take_steps", **of_it, body={"status": "acknowledged", "message": "Thank you."})
    chosen = {"reports": [{"id": other["id"], "version": 1}], "assignee": LI}
    api("step_on_chosen", officer=LI, body=chosen)
    api("split_incident", **of_it, body={"report_ids": [other["id"]]})
    api("list_reports", officer=LI)
    api("leave_incident", officer=LI, incident_id=incident, report_id=again["id"])
    api("reveal_contact", **one)
    [medium] = api("open_report", **one).json["media"]
    api("open_original", **one, media_id=medium["media_id"])
    body = {"report_id": seen["id"], "reason": "For the court.", "originals": True}
    api("export_reports", officer=LI, body=body)
    for _ in range(2):
        api("redact_picture", **one, media_id=medium["media_id"])
    api("remove_redaction", **one, media_id=medium["media_id"])
    api("write_officer_message", **one)
    api("write_note", **one)
    api("read_officer_messages", **one)
    api("read_notes", **one)
    api("read_positions", **one)
    api("send_files", **one)
    on = str(times.day_in_city(wiring.clock.now() + timedelta(days=9)))
    api("set_reminder", **one, body={"on": on}, version=1)
    api("keep_report", **one, body={"reason": "It goes on.", "on": on}, version=2)
    api("set_gist", **one, version=3)
    api("mute_report", **one)
    api("mute_report", **one)
    api("end_mute", **one)
    api("follow_report", **one)
    api("unfollow_report", **one)
    api("mark_read", **one, body={}, version=4)
    api("change_report", **one, body={"assignee": CHIEF, "duplicate_of": other["id"]}, version=5)
    api(
        "change_report",
        **one,
        body={"status": "closed", "disposition": "malicious", "reason": "No."},
        version=6,
    )
    api("confirm_closing", report_id=seen["id"], officer=CHIEF)
    until = times.render(wiring.clock.now() + timedelta(days=10))
    api("place_hold", **one, body={"reason": "Evidence.", "until": until})
    api("approve_hold", report_id=seen["id"], officer=CHIEF)
    api("lift_hold", **one)
    api("decline_lift", report_id=seen["id"], officer=CHIEF)
    api("lift_hold", **one)
    api("approve_lift", report_id=seen["id"], officer=CHIEF)
    day = f"{wiring.clock.now():%Y-%m-%d}"
    for name in ("list_own_openings", "count_week"):
        api(name, officer=CHIEF)
    api("list_openings", officer=CHIEF, query=f"?report_id={seen['id']}")
    api("export_openings", officer=CHIEF, body={"report_id": seen["id"]})
    api("list_closings", officer=CHIEF, query=f"?officer={CHIEF}&day={day}")
    api("list_colleagues", officer=LI, query="?category=other&district=outside")
    api("list_agencies", officer=LI)
    api("get_form", officer=LI, query="?category=other")
    for _ in range(2):
        api("propose_referral", **one)
    api("read_referral", report_id=seen["id"], officer=CHIEF)
    api("withdraw_referral", **one)
    api("propose_referral", **one)
    api("decline_referral", report_id=seen["id"], officer=CHIEF, version=2)
    api("propose_referral", **one)
    api("approve_referral", report_id=seen["id"], officer=CHIEF)
    api("hand_over_referral", report_id=seen["id"], officer=CHIEF, version=3, status=409)
    passage = {"part": "text", "start": 0, "passage": "An", "reason": "court"}
    for number, name in enumerate(("withdraw_mask", "decline_mask", "approve_mask"), start=1):
        api("propose_mask", **one, body=passage)
        api("read_mask", report_id=seen["id"], officer=CHIEF, number=str(number))
        who = LI if name == "withdraw_mask" else CHIEF
        api(name, report_id=seen["id"], officer=who, number=str(number))
    body = report(text="An 13842424242 calls.") | {"source": "phone"}
    found = api("enter_report", officer=LI, body=body).json
    api("open_report", officer=LI, report_id=found["id"])
    api("propose_mask", officer=LI, report_id=found["id"], body=passage)
    api("approve_mask", officer=CHIEF, report_id=found["id"], number="1")
    decide_request(api, seen["id"])
    api("read_history", **one)
    api("open_report", officer=LI, report_id="0" * 26, status=404)
    search_and_map(api)
    api("export_reports", officer=LI)
    export_many(api, many)


def end_burst(api: Api, burst: BurstStep, lifted: BurstStep) -> None:
    api("list_bursts", officer=LI)
    for name in ("propose_ending", "drop_ending", "propose_ending"):
        api(name, officer=LI, burst_id=burst.path["burst_id"])
    api("read_burst", officer=CHIEF, burst_id=burst.path["burst_id"])
    api("lift_out", officer=LI, report_id=lifted.id)
    api("approve_ending", officer=CHIEF, burst_id=burst.path["burst_id"])
    assert burst.has_happened()


def export_many(api: Api, many: ExportStep) -> None:
    many.begin(LI)
    export_id = many.path["export_id"]
    api("count_export", officer=LI)
    api("list_exports", officer=CHIEF)
    for name in ("read_export", "approve_export"):
        api(name, officer=CHIEF, export_id=export_id)
    api("export_part", officer=LI, export_id=export_id, part="2")
    many.begin(LI)
    api("decline_export", officer=CHIEF, export_id=many.path["export_id"])


def export_for_a_court(api: Api, proven: Mapping[str, Any]) -> None:
    body = {"report_id": proven["id"], "reason": "For the court.", "custody": True}
    export_id = api("export_reports", officer=LI, body=body).json["id"]
    for name in ("read_export", "approve_export"):
        api(name, officer=CHIEF, export_id=export_id)
    api("export_part", officer=LI, export_id=export_id, part="1")


def oversee(api: Api) -> None:
    row = {"roles": ["oversight"], "categories": [], "districts": []}
    api("appoint_officer", officer=ADMIN, username="ombud3", body=row)
    api("approve_appointment", officer=CHIEF, username="ombud3")
    entered = report(source="phone", text="京A54321")  # found by its plate, until it is moved
    one = {"report_id": api("enter_report", officer=LI, body=entered).json["id"]}
    api("open_report", officer=LI, **one)
    api("move_to_oversight", officer=LI, **one)
    api("ask_to_return", officer="ombud", **one)
    api("keep_in_oversight", officer="ombud2", **one)
    api("ask_to_return", officer="ombud", **one)
    api("return_report", officer="ombud2", **one)


def search_and_map(api: Api) -> None:
    named = api("enter_report", officer=LI, body=report(source="phone", text="京A12345")).json
    api("open_report", officer=LI, report_id=named["id"])
    found = api("search_reports_by_number", officer=LI, query="?text=A12345").json
    assert [each["id"] for each in found["items"]] == [named["id"]]
    api("get_map", officer=LI)


def administer(api: Api) -> None:
    row = {
        "name": "Wu",
        "active": True,
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
        "email": "wu@police.example",
    }

    api("set_load_level", officer=ADMIN)
    api("lift_load_level", officer=ADMIN)

    def appoint(**more: Any) -> None:
        body = row | more
        proposed = api("appoint_officer", officer=ADMIN, username="wu", body=body).json["proposal"]
        if proposed:
            api("approve_appointment", officer=CHIEF, username="wu")

    appoint()
    appoint()
    api("appoint_officer", officer=ADMIN, username="wu", body=row | {"name": "Wu Jie"})
    api("withdraw_proposal", officer=CHIEF, username="wu")
    subscription = api("create_subscription", officer="wu", body={"protocol": "email"}).json
    api("list_subscriptions", officer="wu")
    api("read_shifts", officer="wu")
    shift = {"name": "Night", "weekdays": ["friday"], "starts": "20:00", "ends": "08:00"}
    body = {"shifts": [shift | {"officers": ["wu"]}]}
    api("set_shift_plan", officer=ADMIN, version=1, body=body)
    appoint(categories=["other"])  # reduces the scope of the subscription
    api("delete_subscription", officer="wu", subscription_id=subscription["id"])
    api("create_subscription", officer="wu", body={"protocol": "email"})
    appoint(active=False)  # ends it
    api("list_officers", officer=ADMIN)
    api("read_officer", officer=ADMIN, username="wu")
    for _ in range(2):
        api("patch_catalogue", officer=ADMIN)
    decide_where_events_go(api)
    api("replace_secret", officer=ADMIN, name="dispatch")
    api("list_destinations", officer=ADMIN)
    api("list_deliveries", officer=ADMIN, name="dispatch")
    api("redeliver", officer=ADMIN, name="dispatch")
    api("end_destination", officer=ADMIN, name="dispatch")
    decide_where_events_go(api, reader=LI)
    api("read_events", officer=LI)


def decide_where_events_go(api: Api, name: str = "dispatch", **way: Any) -> None:
    body = {"categories": [], "kinds": [], **(way or {"url": "https://events.example/"})}
    api("propose_destination", officer=ADMIN, name=name, body=body)
    api("read_destination", officer=ADMIN, name=name)
    api("approve_destination", officer=CHIEF, name=name)


def draft(api: Api) -> tuple[str, str]:
    """Create a bulletin that waits for its picture."""
    bulletin = api("draft_bulletin", officer=LI, key=new_key()).json
    added = api(
        "add_pictures", officer=LI, bulletin_id=bulletin["id"], body={"media": [PICTURE]}
    ).json
    api("change_bulletin", officer=LI, bulletin_id=bulletin["id"], version=added["version"])
    return bulletin["id"], added["uploads"][0]["media_id"]


def published_with_picture() -> tuple[str, str]:
    """Return the ids of a published bulletin and of its picture."""
    api = Api("officers")
    bulletin_id, media_id = draft(api)
    cloud.upload(bulletin_id, media_id, cloud.photo())
    process_and_record(bulletin_id, media_id)
    api("approve_bulletin", officer=CHIEF, bulletin_id=bulletin_id)
    return bulletin_id, media_id


def read_bulletins(api: Api, bulletin_id: str, media_id: str) -> dict[str, Any]:
    """Read a published bulletin in each form, and return a lead to it."""
    one: dict[str, Any] = {"bulletin_id": bulletin_id}
    for name in ("list_public_bulletins", "get_json_feed", "get_atom_feed"):
        api(name)
    for name in ("read_bulletin", "get_alert", "show_bulletin"):
        api(name, **one)
    api("show_picture", media_id=media_id, **one)
    return dict(api("create_report", body=report(bulletin_id=bulletin_id)).json)


def publish(api: Api, bulletin_id: str) -> None:
    one: dict[str, Any] = {"bulletin_id": bulletin_id}

    def correct(version: int, words: str) -> int:
        body = {"body": {"en": words}}
        changed = api("change_bulletin", officer=LI, version=version, body=body, **one).json
        return int(changed["version"])

    opened = api("open_bulletin", officer=CHIEF, **one).json
    api("list_bulletins", officer=LI)
    api("approve_bulletin", officer=CHIEF, **one)
    correction = correct(opened["version"], "She wears a grey coat.")
    api("decline_bulletin", officer=CHIEF, version=correction, **one)
    correction = correct(correction, "She wears a dark coat.")
    api("approve_bulletin", officer=CHIEF, **one)
    api("resolve_bulletin", officer=LI, **one)
    api("read_bulletin_history", officer=LI, **one)
    api("withdraw_bulletin", officer=LI, bulletin_id=api("draft_bulletin", officer=LI).json["id"])


def with_media(*contents: bytes, **more: Any) -> dict[str, Any]:
    """Create a report whose pictures are processed and whose notice is published."""
    contents = contents or (cloud.photo(),)
    body = report(**{"contact": CONTACT, "media": [PICTURE for _ in contents], **more})
    created = call("POST", "/v1/reports", body, key=new_key()).json
    for granted, content in zip(created["uploads"], contents, strict=True):
        cloud.upload(created["id"], granted["media_id"], content)
        process_and_record(created["id"], granted["media_id"])
    cloud.stream(cloud.all_keys())
    return dict(created)


def process_and_record(owner_id: str, media_id: str) -> None:
    assert cloud.process(f"originals/{owner_id}/{media_id}", None) == {"batchItemFailures": []}
    assert cloud.record(owner_id, media_id) == {"batchItemFailures": []}


def test_authorize_officer_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = wiring.clock.wall_clock()
    claims = {
        "iss": os.environ["ISSUER"], "client_id": os.environ["CLIENT_ID"], "token_use": "access",
        "username": LI, "exp": now + timedelta(minutes=15),
    }  # fmt: skip
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})
    with role.assumed():
        keys = wiring.signing_keys()
        assert keys.uri.startswith(str(claims["iss"]))
        assert keys.jwk_set_cache is not None
        keys.jwk_set_cache.put(
            {
                "keys": [
                    {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": "1", "use": "sig"}
                ]
            }
        )
        response = authorize_officer(events.authorizer_token(f"Bearer {token}"), None)
        assert response["principalId"] == LI


def test_make_thumbnails_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    make_thumbnails(role, "missing_elderly")


def test_make_critical_thumbnails_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    make_thumbnails(role, "child_abduction")


def make_thumbnails(role: iam.Role, category: str) -> None:
    """Do all that a function does with the media of a report of this category."""
    body = report(category, media=[PICTURE | {"reduced": 100_000}] * 4)
    created = call("POST", "/v1/reports", body, key=new_key()).json
    first, second, third, fourth_id = (each["media_id"] for each in created["uploads"])
    version = cloud.upload(created["id"], first, cloud.photo())
    # not a picture, and larger than the part that is read
    cloud.upload(created["id"], second, os.urandom(MIB))
    fourth = cloud.upload(created["id"], fourth_id, cloud.photo())
    early = cloud.upload(created["id"], first, cloud.photo(), reduced=True)
    with role.assumed(), Lambda().running() as opened:
        reduced = f"originals/{created['id']}/{first}/reduced"
        assert cloud.process(reduced, early) == {"batchItemFailures": []}
        assert cloud.process(f"originals/{created['id']}/{first}", version) == {
            "batchItemFailures": []
        }
        assert [tenant for tenant, _ in opened.calls] != [None]
        for media_id in (second, third):
            assert cloud.process(f"originals/{created['id']}/{media_id}", None) == {
                "batchItemFailures": []
            }
    answers = iter([returned({"errorType": "Sandbox.Timedout"}, headers=FAILED), None])
    with role.assumed(), Lambda(lambda: next(answers)).running():
        failed = cloud.process(f"originals/{created['id']}/{fourth_id}", fourth)
        assert failed["batchItemFailures"]
    cloud.record(created["id"], first)
    Api()("redact_picture", officer=LI, report_id=created["id"], media_id=first)
    with role.assumed(), Lambda().running():
        assert cloud.process(f"derived/{created['id']}/{first}/preview.jpg", None) == {
            "batchItemFailures": []
        }
    assert wiring.bucket().read(f"derived/{created['id']}/{first}/redacted.jpg")


def test_the_functions_of_both_queues_have_the_same_rights_and_nothing_in_common() -> None:
    def policy(name: str) -> str:
        return json.dumps(iam.POLICIES[name])

    expected = policy("make_thumbnails")
    for own, critical in (
        ("UploadsQueue", "CriticalUploadsQueue"),
        ("MakeThumbnailsLog", "MakeCriticalThumbnailsLog"),
        ("Decode", "DecodeCritical"),
    ):
        assert f'"{own}"' in expected
        expected = expected.replace(f'"{own}"', f'"{critical}"')
    assert policy("make_critical_thumbnails") == expected


def open_a_file(role: iam.Role) -> None:
    assert not role.variables
    order = {"content_type": "image/jpeg", "size": len(cloud.photo()), "boxes": []}
    event = json.dumps({**order, "data": base64.b64encode(cloud.photo()).decode()})
    name = role.name
    code = f"from chalicelib.handlers.media.decoding import {name}; print({name}({event}, None))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env={})
    assert json.loads(done.stdout)["files"]


def test_decode_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    open_a_file(role)


def test_decode_critical_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    open_a_file(role)


def test_the_thumbnailer_may_read_nothing_else_of_a_report(names: iam.Names) -> None:
    created = file()
    head = {"pk": {"S": f"REPORT#{created['id']}"}, "sk": {"S": "HEAD"}}
    table = os.environ["REPORTS_TABLE"]
    attempts: tuple[Mapping[str, Any], ...] = (
        {"Key": head},
        {"Key": head, "ProjectionExpression": "pk, sk, category"},
        {
            "Key": {"pk": {"S": "OFFICER#li"}, "sk": {"S": "EVENT#subscriptions"}},
            "ProjectionExpression": "pk, sk",
        },
    )
    role = iam.Role("make_thumbnails", names)
    with role.assumed():
        assert wiring.report_keys().public_key(created["id"])
        for attempt in attempts:
            with pytest.raises(ClientError, match="make_thumbnails may not dynamodb:GetItem"):
                wiring.dynamodb().get_item(TableName=table, **attempt)
        with pytest.raises(Unavailable):
            wiring.reports().view(created["id"])
    assert role.refused[-1].startswith("make_thumbnails may not dynamodb:Query")


def test_record_media_does_all_it_is_for_and_may_do_no_more(
    aws: Mapping[str, str], role: iam.Role
) -> None:
    api = Api()
    created = file(media=[PICTURE | {"reduced": 100_000}, PICTURE])
    media = [(created["id"], each["media_id"]) for each in created["uploads"]] + [draft(api)]
    version = cloud.upload(*media[0], cloud.photo(), reduced=True)
    cloud.process(f"originals/{'/'.join(media[0])}/reduced", version)
    with role.assumed():
        cloud.record(*media[0], reduced=True)
    assert read_report(created, officer=LI)["media"][0]["early"]
    for owner_id, media_id in media:
        cloud.process(
            f"originals/{owner_id}/{media_id}", cloud.upload(owner_id, media_id, cloud.photo())
        )
    records = [
        cloud.s3_event(aws["MEDIA_BUCKET"], f"derived/{owner_id}/{media_id}/manifest.json", None)
        for owner_id, media_id in media
    ]
    gone = cloud.s3_event(
        aws["MEDIA_BUCKET"], f"derived/{'0' * 26}/{media[0][1]}/manifest.json", None
    )
    redacted, preview = media[0], f"derived/{'/'.join(media[0])}/preview.jpg"
    with role.assumed():
        response = functions.record_media({"Records": [*records, gone]}, None)
    assert_none_refused(role)
    api("redact_picture", officer=LI, report_id=redacted[0], media_id=redacted[1])
    cloud.process(preview, None)
    made = f"derived/{'/'.join(redacted)}/redacted/manifest.json"
    with role.assumed():
        functions.record_media({"Records": [cloud.s3_event(aws["MEDIA_BUCKET"], made, None)]}, None)
    assert_none_refused(role)
    shown = api("open_report", officer=LI, report_id=redacted[0]).json["media"][0]["redaction"]
    assert shown["state"] == "ready"
    assert response == {"batchItemFailures": []}
    notified = [
        sk
        for pk, sk in cloud.all_keys()
        if pk == f"REPORT#{created['id']}" and sk.startswith("EVENT#")
    ]
    assert len(notified) == 1  # about both media, in place of one for each


def test_publish_critical_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    read_the_stream(scheduled.publish_critical, role)


def test_publish_notices_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    read_the_stream(scheduled.publish_notices, role)


def read_the_stream(reader: Callable[..., Any], role: iam.Role) -> None:
    burst()
    records = events.reports_stream(cloud.all_keys(), image=cloud.stored_image)
    with role.assumed():
        assert reader({"Records": records}, None) == {"batchItemFailures": []}
    assert any(pk.startswith("DIGEST#") for pk, _ in cloud.all_keys())
    assert all(notice["url"].startswith("https://api.test/") for notice in cloud.sent())


def test_sweep_critical_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    sweep_notices(scheduled.sweep_critical, role)


def test_sweep_normal_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    sweep_notices(scheduled.sweep_normal, role)


def sweep_notices(sweep: Callable[..., Any], role: iam.Role) -> None:
    burst()
    with role.assumed():
        wiring.clock.advance(timedelta(minutes=2))
        for _ in range(2):  # the second one sends the digest
            assert sweep(cloud.SCHEDULE, None)["failed"] == 0
    assert any(notice.get("count") for notice in cloud.sent())


def burst() -> None:
    """Create more reports in a minute than are notified singly, critical ones and others, a
    message, and an announcement.
    """
    decide_where_events_go(Api())
    item = wiring.announcements().item(
        NoticeKind.WATCH,
        entry_id="1",
        to=["wu"],
        path="/v1/officer/me",
        watched=Watched.OPENINGS,
        now=wiring.clock.now(),
    )
    wiring.reports().table.transact([item])
    for category in ("lost_and_found", "child_abduction"):
        for _ in range(12):
            file(category=category)
    created = file(category="child_abduction")
    by_reporter("POST", created, "/messages", {"text": "Hurry."}, key=new_key())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """An agency of the city receives by Open311."""
    use_open311(monkeypatch, tmp_path)
    yield Server(lambda: wiring.clock.now())
    catalogue.cache_clear()


def refer(api: Api) -> None:
    one = {"report_id": file("other")["id"]}
    body = {"agency": CODE, "reason": "Theirs.", "words": "A dead tree."}
    api("propose_referral", officer=LI, body=body, **one)
    api("approve_referral", officer=CHIEF, **one)


def test_deliver_events_does_all_it_is_for_and_may_do_no_more(
    role: iam.Role, server: Server
) -> None:
    api = Api()
    taken = receive()
    decide_where_events_go(api)
    decide_where_events_go(api, "bus", bus=True)
    server.gives_tokens = True
    refer(api)
    for pause in (timedelta(0), timedelta(minutes=5)):
        wiring.clock.advance(pause)
        scheduled.sweep_upkeep(cloud.SCHEDULE, None)
        with role.assumed():
            wiring.clock.advance(pause)
            wiring.send_events_by(server)
            cloud.take_events()
    assert len(server.posted) == 1
    for has_ended in (False, True):
        file()
        cloud.stream(cloud.all_keys())
        scheduled.sweep_upkeep(cloud.SCHEDULE, None)
        if has_ended:
            api("end_destination", officer=ADMIN, name="dispatch")
        with role.assumed():
            wiring.send_events_by(taken)
            cloud.take_events()
    assert len(taken.sent) == 2


def test_sweep_upkeep_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    api = Api()
    decide_where_events_go(api)
    file()
    cloud.stream(cloud.all_keys())
    published_bulletin(api)
    with_media()
    minute = times.to_minute(wiring.clock.now() + timedelta(days=30))
    wiring.load_counters().add({"other": 10_000}, minute)
    with role.assumed():
        wiring.clock.advance(timedelta(days=30))
        assert scheduled.sweep_upkeep(cloud.SCHEDULE, None)["due"] > 0
        wiring.clock.advance(timedelta(days=336))
        scheduled.sweep_upkeep(cloud.SCHEDULE, None)


def test_do_upkeep_does_all_it_is_for_and_may_do_no_more(role: iam.Role, server: Server) -> None:
    api = Api()
    forget_to_process(api)
    leave_subscriptions_out_of_sync(api)
    published = published_bulletin(api)
    withdrawn = with_media()
    begin_redactions(api)
    export_and_mask(api)
    for _ in range(2):
        refer(api)
    wiring.send_events_by(server)
    cloud.deliver_events()
    server.close()
    by_reporter("DELETE", withdrawn)
    for _ in range(12):
        file(category="lost_and_found")
    duplicate, original = closed_duplicate()
    left = left_by_its_original(api)
    text = {"text": "One more thing."}
    assert by_reporter("POST", duplicate, "/messages", text).status == 201
    waits = (
        timedelta(minutes=2),
        timedelta(minutes=9),
        *[timedelta(minutes=10)] * 5,
        timedelta(days=1),
        timedelta(days=8),
        timedelta(days=40),
        timedelta(days=50),
        timedelta(days=300),
    )
    for gone in accumulate(waits):
        wiring.clock.advance(gone)
        for sweep in (scheduled.sweep_critical, scheduled.sweep_normal, scheduled.sweep_upkeep):
            sweep(cloud.SCHEDULE, None)
        with role.assumed():
            wiring.clock.advance(gone)
            failed = cloud.do_upkeep()
        assert_none_refused(role)
        assert failed == 0
    assert [sk for pk, sk in cloud.all_keys() if pk == f"REPORT#{withdrawn['id']}"] == ["HEAD"]
    assert call("GET", "/v1/reports/mine", receipt=duplicate["receipt"]).status == 410
    assert wiring.reports().head(original["id"]).row["duplicates"] == 0  # type: ignore[union-attr]
    assert "duplicate_of" not in cloud.head(left["id"]).row
    assert wiring.subscriptions().of("wu") == []
    assert wiring.bulletins().get(published) is None


def left_by_its_original(api: Api) -> Any:
    """Return a duplicate whose original, which a request names, was withdrawn."""
    original, duplicate = file("other"), file("other")
    one = {"officer": CHIEF, "report_id": original["id"]}
    api("change_report", **one, version=1, body={"status": "acknowledged"})
    api("link_duplicates", **one, body={"report_ids": [duplicate["id"]]})
    number = api("register_request", officer=LI).json["number"]
    named = {"report_ids": [original["id"]]}
    api("name_reports", officer=LI, request_number=number, body=named)
    by_reporter("DELETE", original)
    return duplicate


def begin_redactions(api: Api) -> None:
    """Ask for redactions of which one is lost, one is made but not recorded, and one is removed."""
    for number in range(3):
        created = with_media()
        [medium] = api("open_report", officer=CHIEF, report_id=created["id"]).json["media"]
        one = {"officer": CHIEF, "report_id": created["id"], "media_id": medium["media_id"]}
        api("redact_picture", **one)
        if number:
            cloud.process(f"derived/{created['id']}/{medium['media_id']}/preview.jpg", None)
        if number == 2:
            api("remove_redaction", **one)


def decide_request(api: Api, report_id: str) -> None:
    number = api("register_request", officer=LI).json["number"]
    one = {"request_number": number}
    api("list_requests", officer=LI)
    api("name_reports", officer=LI, **one, body={"report_ids": [report_id]})
    for name in ("withdraw_decision", "decline_decision", "approve_decision"):
        api("propose_decision", officer=LI, **one)
        api("read_request", officer=CHIEF, **one)
        api(name, officer=LI if name == "withdraw_decision" else CHIEF, **one)


def export_and_mask(api: Api) -> None:
    """Export a report, then mask a passage of it."""
    one = {"officer": CHIEF, "report_id": file("other")["id"]}
    body = {"report_id": one["report_id"], "reason": "For the court."}
    api("export_reports", officer=CHIEF, body=body)
    passage = {"part": "text", "start": 0, "passage": "An", "reason": "court"}
    api("propose_mask", **one, body=passage)
    api("approve_mask", report_id=one["report_id"], officer=LI, number="1")


def forget_to_process(api: Api) -> None:
    """Create media whose events were lost: processed but not recorded, not processed, never
    uploaded, and uploaded in parts that were never completed.
    """
    created = file(media=[PICTURE, PICTURE, PICTURE, FILM])
    looked_at, there, _, in_parts = (each["media_id"] for each in created["uploads"])
    cloud.process(
        f"originals/{created['id']}/{looked_at}",
        cloud.upload(created["id"], looked_at, cloud.photo()),
    )
    cloud.upload(created["id"], there, cloud.photo())
    critical = file("child_abduction", media=[PICTURE])
    cloud.upload(critical["id"], critical["uploads"][0]["media_id"], cloud.photo())
    api("grant_parts", receipt=created["receipt"], report_id=created["id"], media_id=in_parts)
    bulletin_id, media_id = draft(api)
    cloud.upload(bulletin_id, media_id, cloud.photo())
    draft(api)


def leave_subscriptions_out_of_sync(api: Api) -> None:
    """Create three subscriptions: one to reduce, one to create in SNS, one to remove."""
    for username in (LI, "wu"):
        cloud.officer(username, email=f"{username}@police.example", phone="+8613800000999")
        for protocol in ("email", "sms") if username == LI else ("email",):
            api("create_subscription", officer=username, body={"protocol": protocol})
    email, sms = sorted(wiring.subscriptions().of(LI), key=lambda each: each.protocol)
    wiring.topic_subscriptions().unsubscribe(str(sms.arn))
    wiring.subscriptions().put(sms.model_copy(update={"arn": None}))
    cloud.officer(LI, email=email.address, phone="+8613800000999", categories=("other",))
    assign_to("wu", api)
    cloud.officer("wu", active=False)
    subscriptions, now = wiring.subscriptions(), wiring.clock.now()
    wiring.reports().table.transact([subscriptions.assignments.request_return("wu", now)])
    for username in (LI, "wu"):
        wiring.subscriptions().request_sync(username, wiring.clock.now())


def assign_to(username: str, api: Api) -> None:
    """File a report that is assigned to an officer."""
    created = file(category="other")
    one = {"officer": CHIEF, "report_id": created["id"], "version": 1}
    api("change_report", **one, body={"assignee": username})


def published_bulletin(api: Api) -> str:
    body = {
        "channel": "key_cases",
        "title": {"en": "Witnesses wanted"},
        "body": {"en": "Tuesday evening."},
    }
    bulletin = api("draft_bulletin", officer=CHIEF, body=body).json
    api("approve_bulletin", officer=ADMIN, bulletin_id=bulletin["id"])
    return str(bulletin["id"])


def test_suggest_incidents_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    with role.assumed():
        scheduled.suggest_incidents(cloud.SCHEDULE, None)  # makes the keys of two days
    for _ in range(2):
        body = report(text="A fire in the yard behind the school.")
        call("POST", "/v1/reports", body, key=new_key())
    with_media(cloud.scene(1))
    with role.assumed():
        done = scheduled.suggest_incidents(cloud.SCHEDULE, None)
    assert done["recorded"] >= 3
    assert done["lost"] == 0


def test_push_to_phones_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    api = Api()
    for _ in range(2):
        created = api("create_report", key=new_key()).json
        api("ask_for_pushes", receipt=created["receipt"], report_id=created["id"])
        api("write_officer_message", officer=LI, report_id=created["id"])
    with role.assumed():
        wiring.clock.advance(timedelta(minutes=36))
        assert scheduled.push_to_phones(cloud.SCHEDULE, None)["pushed"] == 2
        for phone in cloud.phones().values():
            phone.attributes["Enabled"] = False
        wiring.clock.advance(timedelta(minutes=30))
        done = scheduled.push_to_phones(cloud.SCHEDULE, None)
    assert (done["erased"], done["failed"]) == (2, 0)
    assert cloud.phones() == {}


def test_seal_audit_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    at = times.render(wiring.clock.now())
    looks = [
        {name: {"S": text} for name, text in row.items()}
        for row in (
            {"pk": "REPORT#1", "sk": f"{at}#{number}", "by": LI, "action": "open", "mac": "m"}
            for number in range(101)
        )
    ]
    with role.assumed():
        seal()
        seal()
        watch.seal_audit({"Records": events.audit_stream(looks)}, None)
    assert [pk for pk, _ in cloud.all_keys() if pk.startswith("NOTICE#")]


def seal() -> None:
    image = {name: {"S": name} for name in ("pk", "sk", "mac")}
    records = events.audit_stream([image])
    assert watch.seal_audit({"Records": records}, None) == {"batchItemFailures": []}


def test_digest_audit_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    hour = this_hour()
    seal()
    with role.assumed():
        go_past(hour)
        for hours in (2, 1):
            wiring.clock.advance(timedelta(hours=hours))
            done = watch.digest_audit(cloud.SCHEDULE, None)
            assert done["digests"] >= 1
            assert done["hours"] >= 1
    record(*range(30), hour=hour)
    with role.assumed():
        go_past(hour)
        write_digests(seals=wiring.seals(), sign=wiring.signing_key().sign, now=wiring.clock.now())
        assert close_long(sizes=Sizes(rows=20)) == 1


def go_past(hour: str) -> None:
    """Go to the middle of the next hour: in its first minutes, this one is not settled."""
    wiring.clock.advance(start_of(hour) + HOUR * 1.5 - wiring.clock.now())


def test_compare_openings_does_all_it_is_for_and_may_do_no_more(role: iam.Role) -> None:
    seal()
    decrypt_unrecorded()
    history: Any = vars(cloudtrail_backends[DEFAULT_ACCOUNT_ID]["us-east-1"])["history"]
    history.append(history[-1] | {"eventID": new_key(), "errorCode": "AccessDenied"})
    with role.assumed():
        for hours in (2, 1):
            wiring.clock.advance(timedelta(hours=hours))
            assert watch.compare_openings(cloud.SCHEDULE, None)["compared_hours"] >= 1


def decrypt_unrecorded() -> None:
    """Let AWS record an opening of the present hour, so that its row is looked for."""
    kms = boto3.client("kms", config=Config(user_agent_extra="opening/NONE.1"))
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(
            CiphertextBlob=b"x",
            KeyId=os.environ["CONTENT_KEY"],
            EncryptionAlgorithm="RSAES_OAEP_SHA_256",
        )
