"""Notices and pushes: when each goes out, what it says, where it leads, and that it fits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.codes import category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import SMS_MAX, SUBJECT_MAX, Notice, NoticeLinks, cut_sms
from chalicelib.domain.notices.pushes import ends_otherwise, first_push
from chalicelib.domain.reports.events import Matter, NoticeKind, Watched
from chalicelib.domain.reports.report import Proposal, Report, Status
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import geo
from chalicelib.kernel.languages import LANGUAGES, text
from chalicelib.kernel.outbox import MESSAGE_NOTICE_EVERY, Lane, notify_of_message

# What these are about is no report.
OF_NO_REPORT = {
    TwoPersonStep.APPOINTMENT,
    TwoPersonStep.BULLETIN,
    TwoPersonStep.OUTCOME,
    TwoPersonStep.WITHDRAWAL,
    *set(Watched) - {Watched.RESTRICTED},
}
URL = "https://tipline.example/v1/officer/reports/01"


def notices(*, drill: bool = False) -> Iterator[Notice]:
    """Yield a notice of each kind with each combination of labels."""
    places = product(category_codes(), geo.report_districts(), Urgency)
    matters = {
        NoticeKind.APPROVAL: [Matter(step=step) for step in TwoPersonStep],
        NoticeKind.WATCH: [Matter(watched=watched, count=100_000) for watched in Watched],
    }
    for (category, district, urgency), kind in product(places, NoticeKind):
        for matter, count in product(matters.get(kind, [Matter()]), (None, 100_000)):
            yield Notice(
                event_id="E",
                kind=kind,
                at=datetime(2026, 11, 24, tzinfo=UTC),
                url=URL,
                to=("*/*",),
                report_id="01",
                reference=None if {matter.step, matter.watched} & OF_NO_REPORT else "W0W0-M0W0",
                category=category,
                district=district,
                urgency=urgency,
                count=count,
                report_ids=("01",) if count else None,
                drill=drill,
                matter=matter,
            )


def test_an_sms_is_one_part_in_the_citys_first_language_without_a_link() -> None:
    for notice in notices():
        sms = notice.short()
        assert len(sms.encode("utf-16-le")) // 2 <= SMS_MAX, sms
        assert "http" not in sms
        assert not sms.endswith("…"), sms


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_subject_in_one_language_is_one_line_below_a_hundred_characters(language: str) -> None:
    for notice in notices():
        subject = notice.subject(language)
        assert len(subject) <= SUBJECT_MAX < 100, subject
        assert subject.isprintable()


def test_the_subject_in_all_languages_leaves_none_out() -> None:
    for notice in notices():
        subject = notice.subject()
        assert len(subject) <= SUBJECT_MAX, subject
        assert subject.isprintable()
        assert all(notice.subject(each) in subject for each in LANGUAGES), subject


def test_a_drill_says_so_first_in_every_form() -> None:
    for notice in notices(drill=True):
        marked = text("notice.drill", "zh", said="")
        forms = (notice.short(), notice.subject(), notice.subject("zh"), notice.email("zh"))
        assert all(form.startswith(marked) for form in forms)
        assert len(notice.subject()) <= SUBJECT_MAX
        assert notice.body()["drill"] is True
        assert notice.attributes()["drill"] == "yes"


@given(st.text(max_size=90))
def test_a_longer_text_is_cut_to_one_part_between_characters(said: str) -> None:
    cut = cut_sms(said)

    assert len(cut.encode("utf-16-le")) // 2 <= SMS_MAX
    assert cut == said or (cut.endswith("…") and said.startswith(cut[:-1]))


BASE = "https://tips.example.org"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/v1/officer/reports/R1", "/console/reports/R1"),
        (
            "/v1/officer/reports?category=other&district=chaoyang",
            "/console/reports?category=other&district=chaoyang",
        ),
        ("/v1/officer/bulletins/B-1", "/console/bulletins/B-1"),
        ("/v1/officer/exports/E1", "/console/exports/E1"),
        ("/v1/officer/bursts/other.2026-11-29T20", "/console/bursts/other.2026-11-29T20"),
        ("/v1/officer/me", "/console/"),
        ("/v1/admin/officers", "/console/admin/officers"),
        ("/v1/elsewhere", "/v1/elsewhere"),
    ],
)
def test_each_path_of_a_notice_has_its_page(path: str, page: str) -> None:
    assert NoticeLinks(BASE, console=True).to(path) == f"{BASE}{page}"
    assert NoticeLinks(BASE, console=False).to(path) == f"{BASE}{path}"


START = datetime(2026, 11, 25, tzinfo=UTC)


def noticed(pauses: list[float]) -> tuple[list[datetime], list[datetime]]:
    """Return the times of messages with these pauses before them, and of their notices."""
    said, sent, last, now = [], [], None, START
    for pause in pauses:
        now += timedelta(seconds=pause)
        said.append(now)
        task = notify_of_message(last, now)
        if task:
            last = task.not_before or now
            sent.append(last)
    return said, sent


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60))
def test_each_message_is_in_a_notice_within_a_minute_and_no_two_are_closer(
    pauses: list[float],
) -> None:
    said, sent = noticed(pauses)
    for at in said:
        covering = min(each for each in sent if each >= at)
        assert covering - at <= MESSAGE_NOTICE_EVERY + timedelta(seconds=1)
    for one, later in pairwise(sent):
        assert later - one >= MESSAGE_NOTICE_EVERY


NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


def report(**more: Any) -> Report:
    return Report.model_construct(**{"status": Status.NEW, **more})


CLOSED: dict[str, Any] = {"status": Status.CLOSED, "disposition": "resolved", "sealed_reason": b"1"}


PROPOSED = Proposal(disposition="malicious", by="wang", at=NOW)


def test_a_push_waits_between_five_and_thirty_five_minutes_by_chance() -> None:
    soonest = first_push(NOW, lambda below: 0)
    latest = first_push(NOW, lambda below: below - 1)
    assert soonest.due_at == NOW + timedelta(minutes=5)
    assert latest.due_at == NOW + timedelta(minutes=35, seconds=-1)
    assert soonest.lane is Lane.PUSH
    assert len({first_push(NOW).due_at for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        (report(), report(**CLOSED), True),
        (report(), report(status=Status.ACKNOWLEDGED), False),
        (report(), report(duplicate_of="R"), True),
        (report(duplicate_of="R"), report(duplicate_of="S"), False),
        (report(**CLOSED), report(), False),
        (report(**CLOSED), report(**CLOSED), False),
        (report(**CLOSED), report(**CLOSED | {"sealed_reason": b"2"}), True),
        (report(), report(proposal=PROPOSED), False),
        (report(proposal=PROPOSED), report(**CLOSED | {"disposition": "malicious"}), True),
    ],
)
def test_another_outcome_causes_a_push(before: Report, after: Report, causes: bool) -> None:
    assert ends_otherwise(before, after) is causes
