"""docs/cost.md says what a stage costs: recomputed from counted calls, units and bytes."""

import re

import pytest

from tests.cost import calls, counted, district, life, page, prices, stage, usage
from tests.cost.counted import Counted
from tests.cost.district import District
from tests.cost.life import Who

# It plays whole lives of reports.
pytestmark = pytest.mark.slow

# Random ids make compressed responses a little longer or shorter.
_RELATIVE, _ABSOLUTE = 0.02, 0.03
_NUMBER = re.compile(r"\d[\d,]*\.?\d*")


@pytest.fixture(scope="module")
def found() -> Counted:
    return counted.count()


def test_the_page_says_what_is_counted(found: Counted) -> None:
    text = page.DOCUMENT.read_text(encoding="utf-8")
    written = text.partition(page.MARKS.begin)[2].partition(page.MARKS.end)[0].strip()
    made = page.tables(found)
    assert _NUMBER.sub("0", written) == _NUMBER.sub("0", made), "run `make cost WRITE=1`"
    for line, now in zip(written.splitlines(), made.splitlines(), strict=True):
        assert _figures(line) == pytest.approx(_figures(now), rel=_RELATIVE, abs=_ABSOLUTE), line


def test_a_life_has_the_calls_that_the_clients_were_seen_to_make(found: Counted) -> None:
    # The reporter looks four times, and was seen to do it once.
    visits, looks = calls.seen().visits, 3
    acts = [act for visit in (*visits, calls.seen().reporter) for act in visit]
    count = sum(len(act.calls) for act in acts) + looks
    assert sum(step.calls for step in found.long) == count
    assert life.used(found.long)["gateway_requests"] == count


def test_intake_is_one_call_and_what_follows_by_itself(found: Counted) -> None:
    first, *rest = life.intake(found.long)
    assert (first.what, first.calls) == ("creates it", 1)
    assert {step.who for step in rest} == {Who.ITSELF}


def test_a_visit_opens_a_report_once_and_no_step_does(found: Counted) -> None:
    opened = [step.what for step in found.long if step.used.get("kms_asymmetric")]
    assert [what for what in opened if what != "seals of the audit"] == ["opens it"] * 4


def test_a_district_is_counted_by_what_is_given(found: Counted) -> None:
    def cost_of(*words: str) -> float:
        asked = District.read(words) if words else District()
        lines = district.month(asked, found.short, found.fixed, found.extras)
        return usage.cost(usage.added(lines.values()))

    usual = cost_of()
    assert usual == cost_of("reports=3000", "photos=1800", "videos=60", "consoles=6", "hours=8")
    more = ("reports=6000", "photos=2000", "videos=70", "readers=4", "consoles=7", "hours=9")
    for word in more:
        assert cost_of(word) > usual, word
    # Without any reports and consoles it is a stage, and the one rule more of CloudFront.
    alone = usage.cost(usage.added(found.fixed.values())) + 1
    assert cost_of("reports=0", "consoles=0") == pytest.approx(alone)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("consols=2", "consols=2: give some of reports, photos, "),
        ("", "No figures: give some of reports, photos, "),
        *((f"reports={each}", "takes a whole number up to 1000000000") for each in ("", "x", "-1")),
        ("hours=1.5", "hours takes a whole number up to 24, in digits alone, as in hours=8"),
        ("hours=25", "a whole number up to 24"),
        ("reports=٣", "in digits alone"),
        ("reports=5 reports=6", "reports is given twice"),
    ],
)
def test_a_word_that_is_no_figure_of_a_district_is_refused(words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        District.read(words.split())


def test_the_lines_of_lambda_are_counted_where_it_writes_them() -> None:
    deployed = stage.deployed()
    assert not deployed.lambda_lines
    quiet, loud = (
        each.run("residents", 1, 1)["log_bytes"]
        for each in (deployed, deployed._replace(lambda_lines=True))
    )
    assert loud > quiet + 300


def test_what_has_no_price_is_refused() -> None:
    with pytest.raises(ValueError, match="no price for gold"):
        usage.cost({"gold": 1})


def test_each_price_names_a_page_of_aws() -> None:
    for price in prices.prices().values():
        assert price.source.startswith("https://aws.amazon.com/"), price
        assert price.usd > 0


def _figures(line: str) -> list[float]:
    return [float(each.replace(",", "")) for each in _NUMBER.findall(line)]
