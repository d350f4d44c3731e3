"""After the report: places, a reopening, an answer, files of both sides, and a new category."""

import io
import uuid
from typing import Any

import pytest
from PIL import Image

from chalicelib.domain.reports.closing import HELPED
from chalicelib.media_decoding.boxes import is_bare_sound
from tests import events, media_samples
from tests.rehearsal import cases, uploads
from tests.rehearsal.notices import Notices
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

# Of this category there are not so many in a minute that their notices are in a digest.
CATEGORY, ADDED = "other", "illegal_dumping"
PHOTO = media_samples.jpeg(480, 640)


def own(stage: Stage, report: Any, method: str = "GET", below: str = "", body: Any = None) -> Any:
    """Call a route of the report as its reporter, which must succeed."""
    path = f"/v1/reports/{report['id']}{below}"
    reply = stage.call(method, path, body, receipt=report["receipt"])
    assert reply.status < 300, reply.text
    return reply.json


def test_a_reporter_says_where_he_is_now(stage: Stage, officer: Person, notices: Notices) -> None:
    made = stage.report(CATEGORY, location={"lat": 39.92, "lon": 116.44})
    own(stage, made, "POST", "/positions", {"lat": 39.93, "lon": 116.45, "heading": 45})
    notices.of(made["id"], "message")
    shown = officer.get(f"{cases.path_of(made)}/positions")["items"]
    assert [position["heading"] for position in shown] == [45]


def test_a_closed_report_is_reopened_once_and_that_is_on_record(
    stage: Stage, officer: Person, notices: Notices
) -> None:
    made = stage.report(CATEGORY)
    cases.change(officer, made, **cases.CLOSED)
    own(stage, made, "POST", "/reopen", {"text": "He is missing again."})
    assert own(stage, made)["status"] == "in_progress"
    notices.of(made["id"], "message")
    cases.let_its_time_come(stage, made, "record")

    def recorded() -> bool:
        history = officer.get(f"{cases.path_of(made)}/history")["items"]
        return "reopened" in {(each["detail"] or {}).get("step") for each in history}

    until(recorded, "the reopening is on record")


def test_answers_to_the_one_question_are_counted(stage: Stage, officer: Person) -> None:
    before = _answers(stage)
    made = stage.report(CATEGORY)
    cases.change(officer, made, **cases.CLOSED)
    assert own(stage, made)["question"]
    own(stage, made, "POST", "/feedback", {"helped": True})
    assert _answers(stage) == before + 1
    # Officers see those of a month when it has passed.
    assert officer.get("/v1/officer/stats")["helped"] == {}


def test_where_no_application_is_named_no_push_is_offered(stage: Stage) -> None:
    made = stage.report(CATEGORY)
    path, token = f"/v1/reports/{made['id']}/push", {"platform": "apns", "token": "a1" * 32}
    assert stage.call("GET", "/v1/catalogue").json["push"] == []
    refused = stage.call("PUT", path, token, receipt=made["receipt"])
    assert (refused.status, refused.json["code"]) == (409, "push_not_offered")
    assert stage.call("DELETE", path, receipt=made["receipt"]).status == 204
    assert set(stage.invoke("PushToPhones", events.load("schedule")).values()) == {0}


def _answers(stage: Stage) -> int:
    pages = (
        stage.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stage.outputs["ReportsTableName"], ProjectionExpression=HELPED)
    )
    return sum(int(row[HELPED]["N"]) for page in pages for row in page["Items"] if row)


def test_a_reporter_sees_the_picture_that_an_officer_sends(stage: Stage, officer: Person) -> None:
    made = stage.report(CATEGORY)
    body = {"media": [{"content_type": "image/jpeg", "size": len(PHOTO)}]}
    sent = officer.call("POST", f"{cases.path_of(made)}/media", body)
    assert sent.status == 201, sent.text
    uploads.post(stage, sent.json["uploads"][0], PHOTO)
    cases.ready(officer, made)
    (shown,) = own(stage, made)["media"]
    assert shown["from"] == "officer"
    got = stage.internet.send("GET", shown["preview_url"])
    with Image.open(io.BytesIO(got.content)) as picture:
        assert picture.format == "JPEG"


def test_officers_hear_a_clean_copy_of_a_recording(stage: Stage, officer: Person) -> None:
    content = media_samples.recording(named=True)
    made = cases.with_file(stage, "audio/mp4", content, category=CATEGORY)
    (medium,) = cases.ready(officer, made)
    copy = stage.internet.send("GET", medium["playback_url"])
    assert copy.status == 200, copy.text
    assert is_bare_sound(copy.content)


@pytest.fixture(scope="module")
def added(admin: Person) -> str:
    """A category that an admin has added, as a trial."""
    what = {
        "name": "what",
        "type": "choice",
        "labels": {"en": "What was dumped?", "zh": "倾倒了什么？"},
        "options": [{"code": "rubble", "labels": {"en": "Rubble", "zh": "建筑垃圾"}}],
    }
    labels = {"en": "Illegal dumping", "zh": "非法倾倒"}
    category = {"code": ADDED, "labels": labels, "urgency": "normal", "details": [what]}
    done = admin.call("PATCH", "/v1/admin/catalogue", {"added": [category]})
    assert done.status == 200, done.text
    return ADDED


def test_a_category_that_an_admin_adds_takes_reports_as_a_trial(
    added: str, stage: Stage, officer: Person, notices: Notices
) -> None:
    body = {"category": added, "text": "Behind the school.", "details": {"what": "rubble"}}
    key = str(uuid.uuid4())

    def filed() -> Any:
        # A function that has just read the catalogue reads it again after some seconds only.
        reply = stage.send_report(body, key)
        assert reply.status in (201, 422), reply.text
        return reply.json if reply.status == 201 else None

    made = until(filed, "a report of the added category")
    notice = notices.of(made["id"], "report")
    assert "Illegal dumping" in str(notice)
    rows = until(
        lambda: officer.get(f"/v1/officer/reports?category={added}")["items"], "it is listed"
    )
    assert [row["id"] for row in rows] == [made["id"]]
    (answer,) = officer.get(cases.path_of(made))["answers"]
    assert answer["value_label"] == "Rubble"
    assert officer.get(f"/v1/officer/forms?category={added}")["label"] == "Illegal dumping"
