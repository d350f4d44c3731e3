"""What may come all at once, and the limits that it meets on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.catalogue.model import catalogue
from tests.limits import consoles, demand, model, published
from tests.limits.demand import Demand
from tests.limits.model import Limit, Outcome, Then

CREATE = ("POST", "/v1/reports")
WRITE = ("POST", "/v1/reports/{report_id}/messages")
LIST = ("GET", "/v1/officer/reports")
OPEN = ("GET", "/v1/officer/reports/{report_id}")
REPORTS = ("reports in one category", "reports in all categories")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`before` is passed before the sender gets a response. `after` is what follows by itself: each
    has limits of its own. `demands` are what one request asks, and each of what follows.
    """

    name: str
    demands: Sequence[Demand]
    before: Sequence[Limit]
    after: Sequence[Sequence[Limit]] = ()

    def __str__(self) -> str:
        return self.name

    def at(self, rate: float) -> Outcome:
        """Return what becomes of so many requests a second."""
        return model.simulate(self.before, self.after, rate)

    def grown(self) -> "Scenario":
        """Return the same on tables that DynamoDB has let grow to their quota."""
        return replace(
            self,
            before=list(map(_grown, self.before)),
            after=[list(map(_grown, each)) for each in self.after],
        )

    @property
    def limits(self) -> list[Limit]:
        """All limits, the weakest first. What a request and its notice take from one is added."""
        added: dict[str, Limit] = {}
        for each in (*self.before, *(limit for some in self.after for limit in some)):
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
    return [
        *(
            _of_reports(name, *demand.of_reports(environment, some))
            for name, some in zip(REPORTS, (ordinary[-1:], ordinary), strict=True)
        ),
        _asked("messages on one report", WRITE, demand.of_messages(environment)),
        _listed(environment),
        _opened(environment),
        _watched(environment),
        _subscribed(environment),
        _mailed(),
        _with_tenants(),
    ]


def _asked(name: str, route: tuple[str, str], asked: Demand, *more: Limit) -> Scenario:
    """Return what calls of one route meet. `more` are limits beside those that all calls meet."""
    limits = [*model.gateway(*route), *model.functions(asked), *more]
    return Scenario(name, [asked], [*limits, *model.tables(asked, Then.UNAVAILABLE)])


def _of_reports(name: str, created: Demand, notified: Demand, compared: Demand) -> Scenario:
    asked = _asked(name, CREATE, created)
    reading = [each.limit(notified.rounds) for each in model.readers() if not each.is_of_criticals]
    return replace(
        asked,
        demands=[created, notified, compared],
        after=[
            [*reading, *model.tables(notified, Then.DELAYED)],
            [model.comparison(compared.rounds), *model.tables(compared, Then.NOT_COMPARED)],
            [model.ledger(notified.rows["reports LEDGER#"])],
        ],
    )


def _listed(environment: Mapping[str, str]) -> Scenario:
    """Return what lists of 50 meet, of all categories, when all new reports are of one."""
    method, path = LIST
    asked = demand.of_officers(environment, lambda _: (method, f"{path}?limit=50"))
    return _asked("officers' lists of reports", LIST, asked)


def _opened(environment: Mapping[str, str]) -> Scenario:
    method, path = OPEN
    asked = demand.of_officers(environment, lambda one: (method, path.format(report_id=one)))
    rsa, share = published.KMS_RSA, asked.calls["kms.Decrypt"]
    keys = Limit(rsa.what, rsa.per_second, rsa.burst, share, Then.UNAVAILABLE)
    return _asked("officers' openings of reports", OPEN, asked, keys)


def _watched(environment: Mapping[str, str]) -> Scenario:
    steady, _ = consoles.measured(environment)
    return Scenario("pulses of consoles", [steady], consoles.limits(steady))


def _subscribed(environment: Mapping[str, str]) -> Scenario:
    """Return how many officers a topic bears who get notices by e-mail and SMS."""
    filters, share = published.SNS_FILTERS, demand.of_subscriptions(environment)
    limit = Limit(filters.what, 0, filters.burst, share, Then.NOT_SUBSCRIBED, "officers")
    return Scenario("subscriptions by e-mail and SMS", [], [limit])


def _mailed() -> Scenario:
    """Return how many e-mails an officer gets: beyond it the publisher waits, before SNS stops."""
    emails = published.SNS_EMAILS
    limit = Limit(emails.what, emails.per_second, emails.burst, 1, Then.DELAYED)
    return Scenario("notices to one officer", [], [limit])


def _with_tenants() -> Scenario:
    tenants = published.TENANTS
    limit = Limit(tenants.what, 0, tenants.burst, 1, Then.NOT_OPENED, "reports with files")
    return Scenario("files, with `DECODER_ISOLATION=tenant`", [], [limit])
