"""The tables of docs/cost.md."""

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.rows import ROOT
from tests.cost import counted, district, life
from tests.cost.counted import MILLION, Counted
from tests.cost.district import District
from tests.cost.fixed import bare
from tests.cost.life import Step, Who
from tests.cost.prices import AS_OF, prices
from tests.cost.usage import Usage, added, by_group, cost, times
from tests.load import page

DOCUMENT = ROOT / "docs" / "cost.md"
MARKS = page.Marks("<!-- make cost writes from here -->", "<!-- to here -->")
# In US dollars: for a million reports, for a month of a stage without reports and firewall, and for
# a month of the usual district.
BUDGET, STAGE_BUDGET, DISTRICT_BUDGET = 340, 22, 38


def tables(found: Counted) -> str:
    """Return all tables, with their headings."""
    parts = (
        ("A month of a district", of_district(found, District())),
        ("An empty stage, in a month", _stage(found)),
        ("What comes on top", _extras(found)),
        ("What a million reports cost", _bills(found)),
        ("The calls of a report, and what follows from them", _steps(found.long)),
        ("The prices", _prices()),
    )
    return "\n\n".join(f"## {title}\n\n{table}" for title, table in parts)


def of_district(found: Counted, given: District) -> str:
    """Return the table of a district, with its budget if it is the usual one."""
    lines = district.month(given, found.short, found.fixed, found.extras)
    budget = DISTRICT_BUDGET if given == District() else None
    return _lines(lines, budget)


def _stage(found: Counted) -> str:
    whole = _lines(found.fixed)
    alone = cost(bare(found.fixed))
    return f"{whole}\n| without the firewall | {_usd(alone)} |\n{_against(alone, STAGE_BUDGET)}"


def _against(amount: float, budget: float) -> str:
    """Return the last row of a table: the budget, and whether it is met."""
    return f"| budget | {budget}: {_met(amount, budget)} |"


def _met(amount: float, budget: float) -> str:
    return "met" if amount <= budget else "not met"


def write(content: str) -> None:
    """Put the tables into the page."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(page.replaced(text, MARKS, content), encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 10 else f"{amount:,.1f}"


def _bills(found: Counted) -> str:
    columns = [
        by_group(counted.total(found.long)),
        by_group(counted.total(found.short)),
        by_group(counted.total(life.intake(found.long))),
        by_group(counted.total(life.intake(found.short))),
    ]
    head = (
        "US dollars for",
        f"{district.calls(found.long)} calls each, texts of 3 KB",
        "of 200 characters",
        "intake alone, 3 KB",
        "of 200 characters",
    )
    rows = [[group, *(_usd(each.get(group, 0)) for each in columns)] for group in columns[0]]
    sums = [sum(each.values()) for each in columns]
    totals = ["**all**", *(f"**{_usd(each)}**" for each in sums)]
    budgets = ["budget", *(f"{BUDGET}: {_met(each, BUDGET)}" for each in sums[:2]), "", ""]
    return _table(head, [*rows, totals, budgets])


def _steps(steps: Sequence[Step]) -> str:
    """Return what each kind of step uses, all of its kind together."""
    kinds = dict.fromkeys((step.who, step.what) for step in steps if step.who is not Who.KEPT)
    rows = []
    for who, what in kinds:
        alike = [step for step in steps if (step.who, step.what) == (who, what)]
        used = added(step.used for step in alike)
        rows.append(
            [
                who,
                what,
                sum(step.calls for step in alike) or "",
                f"{used.get('write_units', 0):.1f}",
                f"{used.get('read_units', 0):.1f}",
                _usd(cost(times(used, MILLION))),
            ]
        )
    whole = life.used(steps)
    units = [f"{whole[name]:.1f}" for name in ("write_units", "read_units")]
    rows.append(["**all**", "", district.calls(steps), *units, _usd(cost(counted.total(steps)))])
    head = ("who", "does", "calls", "write units", "read units", "US dollars for a million")
    return _table(head, rows)


def _extras(found: Counted) -> str:
    kept = added(step.used for step in found.short if step.who is Who.KEPT)
    rows = [
        [f"{each.amount:,} {each.what}", _usd(cost(each.used))] for each in found.extras.values()
    ]
    for group, part in _kept(kept).items():
        rows.append([f"1,000 reports of 200 characters, kept: {group}", _usd(part)])
    return _table(("what", "US dollars"), rows)


def _kept(kept: Usage) -> Mapping[str, float]:
    names = {
        "table_byte_months": "tables and indexes",
        "recovery_byte_months": "point-in-time recovery",
        "table_backup_byte_months": "daily backups, 35 full copies",
    }
    return {what: cost({name: kept[name] * 1000}) for name, what in names.items()}


def _lines(monthly: Mapping[str, Usage], budget: float | None = None) -> str:
    rows = [[what, _usd(cost(used))] for what, used in monthly.items()]
    whole = cost(added(monthly.values()))
    rows.append(["**all**", f"**{_usd(whole)}**"])
    table = _table(("what", "US dollars a month"), rows)
    return table if budget is None else f"{table}\n{_against(whole, budget)}"


def _prices() -> str:
    rows = []
    for price in prices().values():
        per = "" if price.per == 1 else _per(price)
        usd = f"{price.usd:.10f}".rstrip("0").rstrip(".")
        rows.append([price.unit, usd, per, price.seen, price.source])
    head = ("what", "US dollars", "for", "seen on", "source")
    return f"As of {AS_OF}, us-east-1.\n\n{_table(head, rows)}"


def _per(price: object) -> str:
    per = int(getattr(price, "per", 1))
    return "a GB" if per == 10**9 else f"{per:,}"
