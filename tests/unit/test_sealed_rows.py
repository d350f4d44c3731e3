from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.measures import DeclinedReferral, Hold, Part, Referral, Referrals
from chalicelib.domain.reports.report import Content, Medium, Report, Status
from chalicelib.kernel.ids import report_id_of
from chalicelib.kernel.sealing import PrivateKey, Unreadable
from chalicelib.services.reports.open_cases import (
    open_case,
    open_declined,
    open_own,
    open_referral,
    seal_declined_reason,
    seal_referral_reason,
)
from chalicelib.services.reports.sealed_rows import seal_content
from chalicelib.store.reports.rows import Head, ReadCase

KEY = PrivateKey(b"k" * 32)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ALTERED = b"altered"


def _case(**fields: object) -> ReadCase:
    report = Report(
        id="R",
        reference="K7Q2-M9XT",
        category="other",
        urgency=Urgency.LOW,
        district="unknown",
        received_at=NOW,
        public_key=KEY.public,
        wrapped_key=b"w",
        wrapping_key="arn",
        sealed=seal_content("R", KEY.public, Content(text="A door stands open.")),
    )
    head = Head({**report.model_dump(), **fields})
    return ReadCase(head, ())


HOLD = Hold(by="li", asked_at=NOW, until=NOW, sealed_reason=ALTERED).model_dump()
REFERRAL = Referral(
    number=1, agency="a", by="li", at=NOW, sealed_reason=ALTERED, include=(Part.TEXT,)
)
DECLINED = DeclinedReferral(referral=REFERRAL, by="wang", at=NOW, sealed_reason=ALTERED)
MEDIUM = Medium(
    media_id="M", declared_type="image/jpeg", declared_size=1, created_at=NOW, sealed_hint=ALTERED
)
NOT_FOR_REPORTERS = {
    "reason of a hold": _case(hold=HOLD),
    "reason of a referral": _case(referrals=Referrals(passed_on=(REFERRAL,)).model_dump()),
    "reason of what was declined": _case(referrals=Referrals(declined=DECLINED).model_dump()),
    "hint of a medium": replace(_case(), media=(MEDIUM,)),
    "reason while the report is open": _case(sealed_reason=ALTERED),
}


@pytest.mark.parametrize("case", NOT_FOR_REPORTERS.values(), ids=NOT_FOR_REPORTERS)
def test_a_reporters_call_does_not_open_what_it_does_not_show(
    case: ReadCase, caplog: pytest.LogCaptureFixture
) -> None:
    assert meets_what_was_altered(case, caplog)
    caplog.clear()
    assert open_own(case, KEY).text == "A door stands open."
    assert not caplog.records


def meets_what_was_altered(case: ReadCase, caplog: pytest.LogCaptureFixture) -> bool:
    """Return whether an officer's opening finds it: a report's own texts end it, others do not."""
    try:
        open_case(case, KEY)
    except Unreadable:
        return True
    return [record.getMessage() for record in caplog.records] == ["sealed_text_altered"]


def test_a_reporters_call_opens_the_reason_of_a_closed_report() -> None:
    with pytest.raises(Unreadable):
        open_own(_case(status=Status.CLOSED, sealed_reason=ALTERED), KEY)


def test_the_reason_of_a_referral_opens_under_its_own_number_alone() -> None:
    report = _case().report.model_copy(update={"id": report_id_of(KEY.public)})
    sealed = seal_referral_reason(report, 1, "Theirs.")
    referral = REFERRAL.model_copy(update={"sealed_reason": sealed})
    assert open_referral(report, referral, KEY).reason == "Theirs."
    with pytest.raises(Unreadable):
        open_referral(report, referral.model_copy(update={"number": 2}), KEY)


def test_the_reason_of_what_was_declined_opens_as_nothing_else() -> None:
    report = _case().report.model_copy(update={"id": report_id_of(KEY.public)})
    proposed = seal_referral_reason(report, 1, "Theirs.")
    sealed = seal_declined_reason(report, 1, "Too much.")
    referral = REFERRAL.model_copy(update={"sealed_reason": proposed})
    declined = DECLINED.model_copy(update={"referral": referral, "sealed_reason": sealed})
    assert open_declined(report, declined, KEY).reason == "Too much."
    second = {"number": 2, "sealed_reason": seal_referral_reason(report, 2, "Theirs.")}
    for altered in (
        {"sealed_reason": proposed},
        {"referral": referral.model_copy(update=second)},
        {"referral": referral.model_copy(update={"sealed_reason": sealed})},
    ):
        with pytest.raises(Unreadable):
            open_declined(report, declined.model_copy(update=altered), KEY)
