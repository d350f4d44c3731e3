"""What a stage can hold: a fill of it by the API alone, and a record of all that it holds."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.notices.roster import Weekday
from chalicelib.domain.statistics.exports import REPORTS_MAX
from tests import media_samples
from tests.rehearsal import cases, uploads
from tests.rehearsal.people import Person, appoint, if_match
from tests.rehearsal.stage import Reply, Stage
from tests.rehearsal.waiting import until

CATEGORY, MANY, ADDED = "traffic_violation", "suspected_offender", "illegal_dumping"
URGENT = ("missing_elderly", "child_abduction")
# Each order of a list of reports, and what it is narrowed to.
LISTS = ("sort=attention", "status=new", "status=acknowledged", "needs_action=true", "unread=true")
PLACE = {"lat": 39.92, "lon": 116.44, "datum": "wgs84"}
PLATE = "京A12345"
PHOTO = media_samples.jpeg(480, 640)
# Those that keep their rows: Sources and Incidents keep theirs for an hour, or three days.
TABLES = ("Reports", "Contacts", "Audit", "Bulletins", "Officers")

# Their answers are of the moment, or of the version itself: only their status is compared.
OF_THE_MOMENT = {
    "/",
    "/docs",
    "/docs-officers",
    "/docs/rapidoc.js",
    "/openapi.json",
    "/openapi-officers.json",
    "/v1/health",
    "/v1/ledger",
    "/v1/officer/handover",
    "/v1/officer/pulse",
    "/v1/officer/stats",
}
# No list goes beyond its page here: each page has a cursor of its own.
QUERIES = {
    "/v1/officer/reports": f"?category={CATEGORY}&limit=50&fold=none",
    "/v1/officer/closings": "?officer=li&day=2026-11-24",
    "/v1/officer/colleagues": f"?category={CATEGORY}&district=chaoyang",
    "/v1/officer/forms": f"?category={CATEGORY}",
    "/v1/officer/map": f"?category={CATEGORY}",
    "/v1/officer/search": f"?text={PLATE}",
}


@dataclass
class Filled:
    """Whom a stage knows, and what was sent to it."""

    stage: Stage
    admin: Person
    officer: Person
    colleague: Person
    reports: dict[str, Any] = field(default_factory=dict)
    bulletins: dict[str, Any] = field(default_factory=dict)
    exports: list[str] = field(default_factory=list)

    def report(self, name: str, category: str = CATEGORY, **more: Any) -> Any:
        """File a report, and keep its receipt under a name."""
        self.reports[name] = self.stage.report(category, **more)
        return self.reports[name]

    def own(self, report: Any, method: str, below: str, body: Any = None) -> Any:
        """Call a route of a report as its reporter."""
        path = f"/v1/reports/{report['id']}{below}"
        key = str(uuid.uuid4()) if method == "POST" else None
        reply = self.stage.call(method, path, body, receipt=report["receipt"], key=key)
        return done(reply)

    def officers(self, report: Any, method: str, below: str, body: Any = None) -> Any:
        """Call a route of a report as an officer."""
        return done(self.officer.call(method, f"{cases.path_of(report)}{below}", body))

    def approve(self, report: Any, below: str) -> None:
        """Let the other officer approve a step of a report."""
        done(self.colleague.approve(f"{cases.path_of(report)}{below}/approve"))


def done(reply: Reply) -> Any:
    """Return the content of a reply that must be a success."""
    assert reply.status < 300, reply.text
    return reply.json if reply.content else None


def fill(stage: Stage, admin: Person) -> Filled:
    """Fill a stage by its API with what it can hold."""
    filled = Filled(stage, admin, appoint(admin, "li"), appoint(admin, "wang"))
    _set_up(filled)
    _work_on_a_report(filled)
    _end_reports(filled)
    _send_files(filled)
    _pass_on(filled)
    _publish(filled)
    _export(filled)
    return filled


def _set_up(filled: Filled) -> None:
    done(filled.officer.call("POST", "/v1/officer/subscriptions", {"protocol": "email"}))
    days = [each.value for each in Weekday]
    shift = {"name": "Duty", "officers": ["li"], "weekdays": days}
    plan = {"shifts": [shift | {"starts": "00:00", "ends": "00:00"}]}
    tag = if_match(filled.admin.call("GET", "/v1/officer/shifts"))
    done(filled.admin.call("PUT", "/v1/admin/shifts", plan, headers=tag))
    proposed = {"name": "Sun", "active": True, "roles": ["officer"], "categories": ["*"]}
    proposed |= {"districts": ["*"], "email": "sun@police.example"}
    done(filled.admin.call("PUT", "/v1/admin/officers/sun", proposed))
    labels = {"en": "Illegal dumping", "zh": "非法倾倒"}
    added = {"code": ADDED, "labels": labels, "urgency": "normal", "details": []}
    done(filled.admin.call("PATCH", "/v1/admin/catalogue", {"added": [added]}))


def _work_on_a_report(filled: Filled) -> None:
    contact = {"phone": "+8613800000044"}
    made = filled.report("worked_on", text=f"A van, {PLATE}.", location=PLACE, contact=contact)
    filled.own(made, "POST", "/messages", {"text": "It is still there."})
    filled.own(made, "POST", "/positions", {"lat": 39.93, "lon": 116.45, "heading": 45})
    cases.change(filled.officer, made, status="acknowledged", assignee="li")
    filled.officers(made, "POST", "/messages", {"text": "We are coming."})
    filled.officers(made, "POST", "/notes", {"text": "Patrol sent."})
    filled.officers(made, "POST", "/follow")
    filled.officers(made, "POST", "/contact", {"reason": "To call back."})
    end = (datetime.now(UTC) + timedelta(days=90)).isoformat(timespec="seconds")
    filled.officers(made, "POST", "/hold", {"reason": "The court asks.", "until": end})
    filled.approve(made, "/hold")
    for category in URGENT:
        filled.report(f"new_{category}", category)
        taken = filled.report(f"taken_{category}", category)
        cases.change(filled.officer, taken, status="acknowledged")
    same = filled.report("duplicate")
    cases.change(filled.colleague, same, duplicate_of=made["id"])


def _end_reports(filled: Filled) -> None:
    for name in ("closed", "answered", "reopened"):
        cases.change(filled.officer, filled.report(name), **cases.CLOSED)
    filled.own(filled.reports["answered"], "POST", "/feedback", {"helped": True})
    filled.own(filled.reports["reopened"], "POST", "/reopen", {"text": "It is back."})
    filled.own(filled.report("withdrawn"), "DELETE", "")


def _send_files(filled: Filled) -> None:
    for name, kind, content in (
        ("photo", "image/jpeg", PHOTO),
        ("video", "video/mp4", media_samples.video([media_samples.scene(320, 240)] * 20)),
        ("recording", "audio/mp4", media_samples.recording(named=True)),
    ):
        made = cases.with_file(filled.stage, kind, content, category=CATEGORY)
        filled.reports[name] = made
        cases.ready(filled.officer, made)
    body = {"media": [{"content_type": "image/jpeg", "size": len(PHOTO)}]}
    sent = filled.officers(filled.reports["closed"], "POST", "/media", body)
    uploads.post(filled.stage, sent["uploads"][0], PHOTO)
    cases.ready(filled.officer, filled.reports["closed"])


def _pass_on(filled: Filled) -> None:
    photo = filled.reports["photo"]
    (medium,) = cases.ready(filled.officer, photo)
    regions = {"regions": [{"x": 0, "y": 0, "width": 1, "height": 1}]}
    filled.officers(photo, "POST", f"/media/{medium['media_id']}/redaction", regions)

    def redacted() -> bool:
        filled.stage.sweep()
        (shown,) = filled.officer.get(cases.path_of(photo))["media"]
        return bool(shown["redaction"]["state"] == "ready")

    until(redacted, "the redacted picture is ready")
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text", "media"]}
    filled.officers(photo, "POST", "/referral", body)
    filled.approve(photo, "/referral")


def _publish(filled: Filled) -> None:
    for name in ("draft", "published", "resolved"):
        text = {
            "channel": "key_cases",
            "title": {"zh": "征集线索", "en": "Witnesses wanted"},
            "body": {"zh": "周二晚上。", "en": "Tuesday evening."},
        }
        made = done(filled.colleague.call("POST", "/v1/officer/bulletins", text))
        filled.bulletins[name] = made
        if name == "draft":
            continue
        path = f"/v1/officer/bulletins/{made['id']}"
        if name == "published":
            body = {"media": [{"content_type": "image/jpeg", "size": len(PHOTO)}]}
            granted = done(filled.colleague.call("POST", f"{path}/media", body))
            uploads.post(filled.stage, granted["uploads"][0], PHOTO)
            until(
                lambda path=path: (  # type: ignore[misc]
                    [each["state"] for each in filled.colleague.get(path)["media"]] == ["ready"]
                ),
                "the picture of the bulletin is ready",
            )
        done(filled.officer.approve(f"{path}/approve"))
    filled.report("lead", MANY, bulletin_id=filled.bulletins["resolved"]["id"])
    solved = {"code": "arrested", "outcome": {"zh": "已破案。", "en": "The case is solved."}}
    path = f"/v1/officer/bulletins/{filled.bulletins['resolved']['id']}/resolve"
    done(filled.officer.call("POST", path, solved))


def _export(filled: Filled) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: filled.stage.report(MANY), range(REPORTS_MAX + 1)))
    reason = {"reason": "For the monthly review."}
    alone = {"report_id": filled.reports["closed"]["id"], "originals": False}
    done(filled.officer.call("POST", "/v1/officer/exports", alone | reason))
    many = {"filters": {"category": MANY}}
    filled.exports.append(
        done(filled.officer.call("POST", "/v1/officer/exports", many | reason))["id"]
    )


def rows(stage: Stage) -> dict[tuple[str, str, str], Any]:
    """Return every row of every table, by table, partition key and sort key."""
    found = {}
    for table in TABLES:
        pages = stage.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=stage.outputs[f"{table}TableName"]):
            for row in page["Items"]:
                found[table, row["pk"]["S"], row["sk"]["S"]] = row
    return found


def objects(stage: Stage) -> set[tuple[str, str, str]]:
    """Return key, version and checksum of all objects of media, deleted ones too."""
    pages = stage.client("s3").get_paginator("list_object_versions")
    return {
        (each["Key"], each["VersionId"], each["ETag"])
        for page in pages.paginate(Bucket=stage.outputs["MediaBucketName"])
        for each in page.get("Versions", ())
    }


def listed(filled: Filled) -> dict[str, list[str]]:
    """Return the ids of the reports in each list of those that are urgent, and of an ordinary
    category.
    """
    path = "/v1/officer/reports?limit=50&fold=none"
    return {
        query: [each["id"] for each in filled.officer.get(f"{path}&{query}")["items"]]
        for query in (
            f"{order}&category={category}" for order in LISTS for category in (*URGENT, CATEGORY)
        )
    }


def answers(filled: Filled, paths: Mapping[str, Any]) -> dict[str, tuple[int, Any]]:
    """Return what each GET of a service's document answers, for all that it was filled with: the
    status, and the content without what signs an address. A picture is its hash.
    """
    found: dict[str, tuple[int, Any]] = {}
    for path, methods in paths.items():
        if "get" not in methods:
            continue
        for label, concrete, access in _calls(filled, path):
            reply = filled.stage.call("GET", concrete + QUERIES.get(path, ""), **access)
            content = _content(filled.stage, reply)
            found[label] = (reply.status, None if path in OF_THE_MOMENT else content)
    return found


def _calls(filled: Filled, path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield a name, the path and the access of each call of a route."""
    officers: dict[str, Any] = {"token": filled.admin.token}
    if path.startswith(("/v1/officer/reports/{", "/v1/reports/")):
        for name, made in filled.reports.items():
            own = {"receipt": made["receipt"]}
            access = officers if "/officer/" in path else own
            yield f"{path} {name}", path.replace("{report_id}", made["id"]), access
    elif "{bulletin_id}" in path:
        for name, made in filled.bulletins.items():
            concrete = path.replace("{bulletin_id}", made["id"])
            if "{media_id}" not in path:
                yield f"{path} {name}", concrete, officers
                continue
            for each in filled.officer.get(f"/v1/officer/bulletins/{made['id']}")["media"]:
                yield f"{path} {name}", concrete.replace("{media_id}", each["media_id"]), officers
    else:
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%H")
        concrete = path.replace("{export_id}", filled.exports[0]).replace("{username}", "li")
        yield path, concrete.replace("{hour}", hour), officers


def _content(stage: Stage, reply: Reply) -> Any:
    if "location" in reply.headers:
        return urlsplit(reply.headers["location"]).path
    if "json" not in reply.headers.get("content-type", ""):
        return reply.text
    return _lasting(stage, reply.json) if reply.status < 400 else reply.json["code"]


def _lasting(stage: Stage, value: Any) -> Any:
    """Return a value with the content of what it links in storage in the place of the link."""
    if isinstance(value, dict):
        return {name: _lasting(stage, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_lasting(stage, each) for each in value]
    if isinstance(value, str) and ".s3." in urlsplit(value).netloc:
        got = stage.internet.send("GET", value)
        assert got.status == 200, got.text
        return hashlib.sha256(got.content).hexdigest()
    return value
