"""Each notice fits where it is read: a subject in one line of a mail, an SMS in one part.

Every kind is tried with all labels of categories, districts, urgencies and matters.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalogue.codes import category_codes
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.notice import SMS_MAX, SUBJECT_MAX, Notice, cut_sms
from chalicelib.domain.reports.events import Matter, NoticeKind, Watched
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import geo
from chalicelib.kernel.languages import LANGUAGES, text

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
