"""Fixtures of all tests: one mocked cloud for each module, from the templates that are deployed."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from chalicelib import wiring
from infra.local.moto_patches import dynamodb
from infra.local.resources import REGION
from tests import cloud

os.environ.update(
    # Fake credentials, so that a call that is not mocked fails.
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION=REGION,
    AWS_REGION=REGION,
    AWS_EC2_METADATA_DISABLED="true",
    # moto does not support host names that contain the account's number.
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    # Without this, a queue can be purged only once a minute.
    MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR="false",
)
os.environ.pop("AWS_ENDPOINT_URL", None)
os.environ.pop("AWS_PROFILE", None)

# There is no deadline, because the time of a test depends on the machine. The examples are always
# the same, so that a failure comes from a change; HYPOTHESIS_PROFILE=random makes new ones.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("random", deadline=None, derandomize=False)
# `make test` tries a fifth of them. `make more-tests` runs the same tests with all.
_FEWER = 5
hypothesis.settings.register_profile(
    "quick", hypothesis.settings.get_profile("steady"), max_examples=100 // _FEWER
)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE")

# The folders of `make test`. Those whose files take longest come first, and small files last, so
# that all workers end together.
QUICK = ("browser", "functional", "template", "unit")
LONGEST = ("browser", "local", "cities", "functional", "faults")


def examples(full: int) -> int:
    """Return how many examples a test tries that has a number of its own."""
    is_quick = hypothesis.settings.get_current_profile_name() == "quick"
    return max(full // _FEWER, 1) if is_quick else full


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part",
        choices=("quick", "rest"),
        help="the tests of `make test`, or of `make more-tests`",
    )


def pytest_configure(config: pytest.Config) -> None:
    # Processes that share the work say nothing of it.
    missing = [arg for arg in config.args if not Path(arg.partition("::")[0]).exists()]
    if missing:
        raise pytest.UsageError(f"There is no file or folder {', '.join(missing)}.")
    quick = "quick" if config.getoption("part") == "quick" else "steady"
    hypothesis.settings.load_profile(_PROFILE or quick)


@pytest.hookimpl(trylast=True)  # Hypothesis has marked its tests
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other part, and order the folders: `--no-loadscope-reorder` hands out files in
    this order.
    """
    part = config.getoption("part")
    wanted = [item for item in items if part is None or _is_in(part, item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = sorted(wanted, key=lambda item: (*LONGEST, _folder(item)).index(_folder(item)))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not hasattr(
        session.config, "workerinput"
    ):
        named = " ".join(session.config.args)
        print(f"\nThere is no test to run in {named}.")


def _is_in(part: str, item: pytest.Item) -> bool:
    is_thorough = item.get_closest_marker("thorough") is not None
    if _folder(item) == "browser" and is_thorough and not item.path.stem.endswith("_screens"):
        return False  # `make web-check` runs them: they take many minutes
    if _folder(item) == "browser" and (parameters := getattr(item, "callspec", None)):
        is_thorough |= parameters.params.get("language", "en") != "en"
    is_quick = _folder(item) in QUICK and not is_thorough
    has_examples = item.get_closest_marker("hypothesis") is not None
    return is_quick if part == "quick" else not is_quick or has_examples


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="module")
def aws() -> Iterator[Mapping[str, str]]:
    """Create a mocked cloud for the module, and yield its environment."""
    with cloud.mocked() as environment:
        reset()
        yield environment
        wiring.reset()


@pytest.fixture
def clean(aws: Mapping[str, str]) -> Iterator[None]:
    """Empty the cloud after the test, and the audit's bucket. This is faster than a new cloud."""
    yield
    empty()
    # A test may close hours of the ledger far ahead. The next would go through all of them again.
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[aws["AUDIT_BUCKET"]].keys.clear()


@pytest.fixture(autouse=True)
def _officers(request: pytest.FixtureRequest) -> None:
    """Appoint the officers whom the mark `officers` names."""
    if mark := request.node.get_closest_marker("officers"):
        request.getfixturevalue("clean")
        for username in mark.args:
            cloud.officer(username)
        for username, row in mark.kwargs.items():
            cloud.officer(username, **row)


@pytest.fixture
def fresh(aws: Mapping[str, str]) -> Iterator[None]:
    """Let the test have a clock, collaborators and a catalogue of its own."""
    reset()
    yield
    reset()


def reset() -> None:
    wiring.reset()
    wiring.pause_by(lambda seconds: None)


@pytest.fixture
def full_minute(aws: Mapping[str, str]) -> None:
    """Go to the start of a minute, so that a burst is inside one even on a busy machine."""
    moment = wiring.clock.now()
    wiring.clock.advance(timedelta(minutes=1, seconds=1 - moment.second))


@pytest.fixture
def two_officers(clean: None) -> Iterator[None]:
    """Let two officers write and approve bulletins, with a clock and a catalogue of their own."""
    wiring.reset()
    for username in ("li", "zhao"):
        cloud.officer(username)
    yield
    wiring.reset()


def empty() -> None:
    """Remove every row, message, subscription, user and medium from the mocked cloud.

    This changes moto's memory directly. With calls of the API, it took a tenth of the time of all
    tests.
    """
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values():
        table.items.clear()
    dynamodb.PARTITIONS.clear()
    cloud.forget_kept()
    cloud.forget_phones()
    cloud.forget_sent()
    sns_backends[DEFAULT_ACCOUNT_ID][REGION].subscriptions.clear()
    cognitoidp_backends[DEFAULT_ACCOUNT_ID][REGION].user_pools[
        os.environ["USER_POOL_ID"]
    ].users.clear()
    queues = sqs_backends[DEFAULT_ACCOUNT_ID][REGION]
    for name in queues.queues:
        queues.purge_queue(name)
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[os.environ["MEDIA_BUCKET"]].keys.clear()
