"""docs/cost.md says what a stage costs: recomputed from counted calls, units and bytes."""

import re

import pytest

from tests.cost import counted, life, page, prices, stage, usage
from tests.cost.counted import Counted
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


def test_a_life_has_twenty_five_calls(found: Counted) -> None:
    assert sum(step.calls for step in found.long) == 25
    assert life.used(found.long)["gateway_requests"] == 25


def test_intake_is_one_call_and_what_follows_by_itself(found: Counted) -> None:
    first, *rest = life.intake(found.long)
    assert (first.what, first.calls) == ("creates it", 1)
    assert {step.who for step in rest} == {Who.ITSELF}


def test_each_opening_by_an_officer_uses_a_key_once(found: Counted) -> None:
    opened = [step for step in found.long if step.what == "opens it"]
    assert [step.used["kms_asymmetric"] for step in opened] == [1] * 4


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
        assert price.usd[prices.REGION] > 0


def _figures(line: str) -> list[float]:
    return [float(each.replace(",", "")) for each in _NUMBER.findall(line)]
