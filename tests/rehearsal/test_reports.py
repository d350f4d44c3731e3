"""A report, from the phone to the officers."""

from tests.rehearsal.notices import Notices
from tests.rehearsal.stage import Stage


def test_a_report_is_created_and_officers_are_notified(stage: Stage, notices: Notices) -> None:
    report = stage.report()
    notice = notices.of(report["id"], "report")
    assert notice["url"].startswith(stage.outputs["PublicUrl"])
    assert notice["attributes"]["category"] == "missing_elderly"
