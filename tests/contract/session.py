"""One run of schemathesis, in this process: some operations, as one role, on a cloud of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import schemathesis
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema

from tests.client import new_key
from tests.contract import stack, texts
from tests.contract.exceptions import Finding
from tests.contract.outcomes import Outcome, Role, Share, Tally
from tests.contract.scenario import OFFICER, OMBUD, Scenario, Supply
from tests.contract.values import settle

SEED = 20261124
# For each operation, beside what schemathesis makes of its examples and its schemas' edges.
OWNERS_EXAMPLES = 60
OTHERS_EXAMPLES = 10


def run(document: Mapping[str, Any], share: Share) -> Outcome:
    """Send cases to a share of the operations; return what came of it."""
    outcome = Outcome(share.role)
    with stack.running() as environment, stack.served() as address:
        config = _config(address, thorough=share.thorough)
        schema = schemathesis.openapi.from_dict(dict(document), config=config)
        with _real_ids(schema, share.role, Scenario(environment)):
            for event in from_schema(schema.include(name=list(share.names))).execute():
                if isinstance(event, events.ScenarioFinished):
                    _count(outcome, event)
                elif isinstance(event, events.NonFatalError | events.FatalError):
                    _note_error(outcome, event)
    return outcome


def _config(address: str, *, thorough: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": address,
            # The bucket that a picture's redirect leads to is not served.
            "max-redirects": 0,
            # A finding is one line of the table; the cases after it count too.
            "continue-on-failure": True,
            "generation": {
                "deterministic": True,
                "database": "none",
                "max-examples": OWNERS_EXAMPLES if thorough else OTHERS_EXAMPLES,
                # A smaller example of the same finding is not worth the time.
                "no-shrink": True,
                # Headers and queries that nobody declared are ignored, and are no cases of ours.
                "allow-extra-parameters": False,
                # Each request gets the role's credential; a check looks what happens without.
                "with-security-parameters": False,
            },
            "phases": {
                "examples": {"enabled": thorough},
                "coverage": {"enabled": thorough},
                "fuzzing": {
                    # Values of responses are other ones in each run, and so would be the cases.
                    "extra-data-sources": {"responses": False},
                    "error-feedback": {"enabled": False},
                },
                "stateful": {"enabled": False},
            },
        }
    )


@contextmanager
def _real_ids(schema: Any, role: Role, scenario: Scenario) -> Iterator[None]:
    """Give each case its credential, and valid ones what they need to succeed."""
    supplies: dict[str, Supply] = {}

    def supply_of(case: Any) -> Supply:
        name = case.operation.label
        if name not in supplies:
            supplies[name] = scenario.supply(name)
        return supplies[name]

    schema.auth.set_from_requests(_Credential(role, scenario))

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        if not _is_invalid(case, ParameterLocation.HEADER):
            case.headers.update(supply_of(case).headers)
            if "Idempotency-Key" in case.headers:
                # Generated ones repeat, and with another body that is a conflict.
                case.headers["Idempotency-Key"] = new_key()
        # New ones, not changed ones: cases share what was generated.
        if case.path_parameters and not _is_invalid(case, ParameterLocation.PATH):
            case.path_parameters = dict(case.path_parameters) | {
                name: value
                for name, value in supply_of(case).path.items()
                if name in case.path_parameters
            }
        if case.query and not _is_invalid(case, ParameterLocation.QUERY):
            # A cursor is signed; the one to go on with is in a response.
            cursors = "cursor", "after"
            query = {name: value for name, value in case.query.items() if name not in cursors}
            case.query = settle(query, scenario.values)
        if isinstance(case.body, dict) and not _is_invalid(case, ParameterLocation.BODY):
            case.body = settle(case.body, scenario.values)

    @schemathesis.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        if response.status_code < 300:
            supplies.pop(case.operation.label, None)
            scenario.after(case.operation.label)

    try:
        yield
    finally:
        # They are every schema's, and the next run in this process has its own.
        hooks.unregister(before_call)
        hooks.unregister(after_call)


def _is_invalid(case: Any, location: ParameterLocation) -> bool:
    return case.meta is not None and bool(case.meta.is_negative_at(location))


class _Credential(requests.auth.AuthBase):
    """The role's own, put on when a request goes out: by then it is known which report it is of."""

    def __init__(self, role: Role, scenario: Scenario) -> None:
        self._role, self._scenario = role, scenario
        self._bearers = {each: f"Bearer {stack.token(each)}" for each in (OFFICER, OMBUD)}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        bearer = self._bearers[self._scenario.officer_of(url)]
        receipt = f"Receipt {self._scenario.receipt_of(url)}"
        request.headers["Authorization"] = bearer if self._role is Role.OFFICER else receipt
        return request


def _count(outcome: Outcome, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        node = recorder.cases[case_id]
        # What a check sends to look closer is no case of its own.
        if node.parent_id is not None or interaction.response is None:
            continue
        tally = outcome.tallies.setdefault(node.value.operation.label, Tally())
        status = interaction.response.status_code
        tally.cases += 1
        tally.statuses[status] += 1
        if node.value.meta is not None and node.value.meta.generation.mode.is_positive:
            tally.valid += 1
            tally.succeeded += status < 400
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            sent = failure.case_id or case_id
            case, response = recorder.cases[sent].value, recorder.interactions[sent].response
            if response and texts.explains(check.name, failure.message, case, response):
                continue
            finding = Finding(
                check.name, case.operation.label, response.status_code if response else 0
            )
            outcome.findings[finding] += 1
            body = response.content[:600].decode("utf-8", "replace") if response else ""
            message = " ".join(f"{failure.title}: {failure.message}".split())
            outcome.examples.setdefault(
                finding, f"{message}\n{check.failure_info.code_sample}\n{body}"
            )


def _note_error(outcome: Outcome, event: Any) -> None:
    value = getattr(event, "value", None) or getattr(event, "exception", None)
    label = getattr(event, "label", "the run")
    outcome.errors.append(f"{label}: {' '.join(str(value).split())[:300]}")
