"""Three floods, and the limits that each meets on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.catalogue.model import catalogue
from tests.limits import demand, model, published
from tests.limits.demand import Demand
from tests.limits.model import Limit, Outcome, Then

CREATE = ("POST", "/v1/reports")
WRITE = ("POST", "/v1/reports/{report_id}/messages")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`before` is passed before the sender gets a response, `after` when officers are notified.
    `created` and `notified` are what one request asks.
    """

    name: str
    created: Demand
    notified: Demand
    before: Sequence[Limit]
    after: Sequence[Limit]

    def __str__(self) -> str:
        return self.name

    def at(self, rate: float) -> Outcome:
        """Return what becomes of so many requests a second."""
        return model.simulate(self.before, self.after, rate)

    def grown(self) -> "Scenario":
        """Return the same on tables that DynamoDB has let grow to their quota."""
        return replace(
            self, before=list(map(_grown, self.before)), after=list(map(_grown, self.after))
        )

    @property
    def limits(self) -> list[Limit]:
        """All limits, the weakest first. What a request and its notice take from one is added."""
        added: dict[str, Limit] = {}
        for each in (*self.before, *self.after):
            first = added.get(each.name)
            added[each.name] = replace(first, share=first.share + each.share) if first else each
        return sorted(added.values(), key=lambda limit: limit.breaks_at)


def _grown(limit: Limit) -> Limit:
    most = published.TABLE_WRITES
    is_new = limit.name.startswith(model.NEW)
    return replace(limit, per_second=most.per_second, burst=most.burst) if is_new else limit


def all_of(environment: Mapping[str, str]) -> list[Scenario]:
    """Measure what requests ask of the mocked cloud, and return all scenarios."""
    # Those of which the application may refuse reports: the others are the lane of criticals.
    ordinary = [each.code for each in catalogue().categories if not each.never_limited]
    messages = demand.of_messages(environment)
    return [
        _of_reports("reports in one category", *demand.of_reports(environment, ordinary[-1:])),
        _of_reports("reports in all categories", *demand.of_reports(environment, ordinary)),
        Scenario(
            "messages on one report",
            messages,
            Demand(),
            [
                *model.gateway(*WRITE),
                *model.functions(messages),
                *model.tables(messages, Then.UNAVAILABLE),
            ],
            [],
        ),
    ]


def _of_reports(name: str, created: Demand, notified: Demand) -> Scenario:
    return Scenario(
        name,
        created,
        notified,
        [
            *model.gateway(*CREATE),
            *model.functions(created),
            *model.tables(created, Then.UNAVAILABLE),
        ],
        [
            *(
                reader.limit(notified.calls)
                for reader in model.readers()
                if not reader.is_of_criticals
            ),
            *model.tables(notified, Then.DELAYED),
        ],
    )
