import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from chalicelib.aws.clients import SERVICES, Models, s3_client

_CODE = Path(__file__).parents[2] / "chalicelib"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_used_has_its_model(service: str) -> None:
    assert Models().load_service_model(service, "service-2")["operations"]


def test_the_service_of_every_client_is_known() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in _CODE.rglob("*.py"))
    assert {"s3", *re.findall(r'\bclient\("([a-z0-9-]+)"', code)} == set(SERVICES)


def test_no_other_service_is_looked_for() -> None:
    with pytest.raises(UnknownServiceError):
        Models().load_service_model("ec2", "service-2")


# A call of each service that says least: its address and its signature are what counts.
_CALLS = {
    "cloudtrail": "list_trails",
    "cognito-idp": "list_user_pools",
    "dynamodb": "list_tables",
    "kms": "list_keys",
    "lambda": "list_functions",
    "s3": "list_buckets",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sqs": "list_queues",
}


@cache
def session(loader: Any) -> Any:
    made = botocore.session.Session()
    made.register_component("data_loader", loader())
    made.set_credentials("testing", "testing")
    return made


def addressed(loader: Any, service: str, region: str) -> tuple[Any, ...]:
    """Return where a call goes, and for which region and service it is signed."""
    sent: list[Any] = []

    def respond(request: Any, **_: Any) -> None:
        sent.append(request)
        raise InterruptedError

    create = partial(session(loader).create_client, region_name=region)
    client: Any = s3_client(create) if service == "s3" else create(service)
    client.meta.events.register("before-send", respond)
    more = {"MaxResults": 1} if service == "cognito-idp" else {}
    with pytest.raises(InterruptedError):
        getattr(client, _CALLS[service])(**more)
    scope = re.findall(rb"Credential=testing/\d+/(\S+),", sent[0].headers["Authorization"])
    return sent[0].url, scope, client.meta.partition, client.meta.endpoint_url


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_call_goes_where_all_of_botocores_data_send_it(service: str, region: str) -> None:
    assert addressed(Models, service, region) == addressed(Loader, service, region)
