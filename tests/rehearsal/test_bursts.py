"""Many reports at once: the first notices go alone, the rest in a digest."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.notices.bursts import ALONE_PER_CATEGORY
from tests.rehearsal.notices import Notice, Notices
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until

REPORTS = 3 * ALONE_PER_CATEGORY
CATEGORY = "lost_and_found"


def test_a_burst_ends_in_a_digest_that_names_the_rest(stage: Stage, notices: Notices) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: stage.report(CATEGORY)["id"], range(REPORTS)))

    def all_named() -> list[Notice] | None:
        stage.sweep()
        found = [notice for notice in notices.all() if notice["category"] == CATEGORY]
        named = {notice["report_id"] for notice in found}
        named |= {report for notice in found for report in notice.get("report_ids", ())}
        return found if set(made) <= named else None

    found = until(all_named, "a notice or a digest of each report")
    digests = [notice for notice in found if notice["kind"] == "digest"]
    alone = [notice for notice in found if notice["kind"] == "report"]
    assert digests
    # The burst may have begun in one minute and ended in the next.
    assert ALONE_PER_CATEGORY <= len(alone) <= 2 * ALONE_PER_CATEGORY
    assert sum(digest["count"] for digest in digests) == REPORTS - len(alone)
