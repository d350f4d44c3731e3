"""The owner of a row is read from its key, in one place."""

import pytest

from chalicelib.aws import keys
from chalicelib.kernel.ids import Owner, OwnerKind


@pytest.mark.parametrize(
    ("pk", "owner"),
    [
        (keys.report("7Q2M"), Owner(OwnerKind.REPORT, "7Q2M")),
        (keys.bulletin("B-7Q2M"), Owner(OwnerKind.BULLETIN, "B-7Q2M")),
        (keys.officer("li#1"), Owner(OwnerKind.OFFICER, "li#1")),
        (keys.digest("other", "unknown", "low"), Owner(OwnerKind.DIGEST, "other#unknown#low")),
    ],
)
def test_a_partition_names_its_owner(pk: str, owner: Owner) -> None:
    assert keys.owner(pk) == owner


@pytest.mark.parametrize("pk", ["BURST#other#2026-11-25T10:00", "", "DUE", "REPORTS#7Q2M"])
def test_a_partition_of_nobody_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="OwnerKind"):
        keys.owner(pk)


def test_the_id_of_a_medium_s_owner_names_its_partition() -> None:
    assert keys.media_owner("7Q2M") == keys.report("7Q2M")
    assert keys.media_owner("B-7Q2M") == keys.bulletin("B-7Q2M")


def test_only_a_reports_head_is_a_report() -> None:
    assert keys.report_id((keys.report("7Q2M"), keys.HEAD)) == "7Q2M"
    assert keys.report_id((keys.report("7Q2M"), keys.media("M1"))) is None
    assert keys.report_id((keys.bulletin("B-7Q2M"), keys.HEAD)) is None
