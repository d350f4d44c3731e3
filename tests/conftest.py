"""Fixtures of all tests: one mocked cloud for each module, from the templates that are deployed."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import wiring
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
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Folders whose files take longest: browsers and stacks in processes of their own. They come first,
# and small files last, so that all workers end together.
LONGEST = ("browser", "local", "cities", "functional", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the folders. `--no-loadscope-reorder` hands out files in this order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.fixture(scope="module")
def aws() -> Iterator[Mapping[str, str]]:
    """Create a mocked cloud for the module, and yield its environment."""
    with cloud.mocked() as environment:
        wiring.reset()
        wiring.pause_by(lambda seconds: None)
        yield environment
        wiring.reset()


@pytest.fixture
def clean(aws: Mapping[str, str]) -> Iterator[None]:
    """Empty tables, queues and the buckets of media and audit after the test. This is faster than
    a new cloud.
    """
    yield
    empty(aws)
    # A test may close hours of the ledger far ahead. The next would go through all of them again.
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[aws["AUDIT_BUCKET"]].keys.clear()


@pytest.fixture
def two_officers(aws: Mapping[str, str], clean: None) -> Iterator[None]:
    """Let two officers write and approve bulletins, with a clock and a catalogue of their own."""
    wiring.reset()
    for username in ("li", "zhao"):
        cloud.officer(username)
    yield
    wiring.reset()


def empty(aws: Mapping[str, str]) -> None:
    """Remove every row, message and object version from the mocked cloud.

    This changes moto's memory directly. With calls of the API, it took a tenth of the time of all
    tests.
    """
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values():
        table.items.clear()
    cloud.forget_phones()
    queues = sqs_backends[DEFAULT_ACCOUNT_ID][REGION]
    for name in queues.queues:
        queues.purge_queue(name)
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[aws["MEDIA_BUCKET"]].keys.clear()
