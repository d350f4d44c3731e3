"""A patch can be applied and removed, and each is tested; what is changed of all services."""

import cProfile
import gc
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from moto import backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeKey, s3_backends
from moto.sqs.models import Message

from infra.local import moto_patches
from infra.local.moto_patches import core, dynamodb, kms, s3
from infra.local.moto_patches.patch import Patch
from tests import cloud
from tests.local.moto_patches.conftest import fails_without


@pytest.mark.parametrize("module", [core, dynamodb, kms, s3], ids=lambda module: module.__name__)
def test_every_patch_is_applied_listed_and_tested(aws: Mapping[str, str], module: Any) -> None:
    service = module.__name__.rpartition(".")[2]
    tests = Path(__file__).with_name(f"test_{service}.py").read_text()
    listed = (Path(__file__).parents[3] / "docs" / "local.md").read_text()
    patches = {name: each for name, each in vars(module).items() if isinstance(each, Patch)}
    assert patches
    for name, patch in patches.items():
        assert patch in moto_patches.PATCHES
        assert f"| `{service}.{name}` |" in listed
        assert f"without({service}.{name})" in tests or f"{service}.{name}.removed()" in tests


# What nobody uses any more -----------------------------------------------------------------------


def _send(aws: Mapping[str, str]) -> None:
    cloud.client("sqs").send_message(QueueUrl=aws["UPLOADS_QUEUE_URL"], MessageBody="{}")


@fails_without(core.INSTANCES)
def test_deleted_messages_are_forgotten(aws: Mapping[str, str], clean: None) -> None:
    models: tuple[Any, ...] = (Message, FakeKey)
    tracked = [len(model.instances_tracked) for model in models]
    bucket, client = aws["MEDIA_BUCKET"], cloud.client("s3")
    version = client.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    kept = weakref.ref(s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, "a"))
    client.delete_object(Bucket=bucket, Key="a", VersionId=version)
    gc.collect()
    assert kept() is None
    _send(aws)
    assert [len(model.instances_tracked) for model in models] == tracked


# What is the same for each request ---------------------------------------------------------------


def test_modules_are_those_that_moto_finds() -> None:
    modules = set(backends.list_of_moto_modules())
    with core.LOOKUPS.removed():
        assert modules == set(backends.list_of_moto_modules())


def test_a_service_answers_at_the_addresses_that_moto_makes_each_time_alone(
    aws: Mapping[str, str],
) -> None:
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    known = backend.urls
    assert backend.urls is known
    with core.LOOKUPS.removed():
        assert backend.urls is not backend.urls
        assert backend.urls == known


def test_moto_alone_lists_the_methods_each_time(aws: Mapping[str, str]) -> None:
    def lists() -> int:
        profile = cProfile.Profile()
        profile.runcall(cloud.client("dynamodb").list_tables)
        names = [getattr(each.code, "co_name", "") for each in profile.getstats()]
        return names.count("method_names_from_class")

    assert lists() == 0
    with core.LOOKUPS.removed():
        assert lists() == 1
