"""The clients of AWS, each built once, at its first use. `wiring` passes them on."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache, wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


SERVICES = (
    "cloudtrail",
    "cognito-idp",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
)
"""Every service that has a client in `wiring`."""


class Models(Loader):
    """Loads the models of `SERVICES`. botocore's own loader first looks through the folders of all
    400 services, to know their names: 15 ms of a start, and more from a cold disk.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the services that may have a client. A `type_name` is a kind of model."""
        return list(SERVICES)


_REGIONAL = Config(
    # In us-east-1 boto3 would otherwise sign POST forms with an older version.
    signature_version="s3v4",
    # With boto3's defaults, grants would name the global host of S3. Outside us-east-1 it answers
    # 400, or redirects with 307, and a phone loses its upload.
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
)
_LOOPBACK = Config(s3={"addressing_style": "path"})


def s3_client(
    create: Callable[..., Any], *, endpoint_url: str | None = None, config: Config | None = None
) -> "S3Client":
    """Return a client that signs by SigV4 for `<bucket>.s3.<region>.<suffix of the partition>`.

    `create` makes clients: a method of a session of boto3 or botocore. On a loopback endpoint the
    bucket is in the path instead, because no host name below `localhost` is sure to resolve.
    """
    options = (config or Config()).merge(_REGIONAL)
    client: S3Client = create("s3", endpoint_url=endpoint_url, config=options)
    # The address may come from the environment, so it is known only now. botocore itself puts the
    # bucket into the path for an IP address, but not for this name.
    if (urlsplit(client.meta.endpoint_url).hostname or "").endswith("localhost"):
        client = create("s3", endpoint_url=endpoint_url, config=options.merge(_LOOPBACK))
    return client


_builders: list[Any] = []
_building = threading.RLock()


def built_once[T](build: Callable[[], T]) -> Callable[[], T]:
    """Return a builder that builds at its first call, and again after `forget_all`."""
    cached = cache(build)

    @wraps(build)
    def built() -> T:
        # A session must not create clients in several threads at once. The local stack
        # has many threads; Lambda has one.
        with _building:
            return cached()

    built.cache_clear = cached.cache_clear  # type: ignore[attr-defined]
    _builders.append(cached)
    return built


def forget_all() -> None:
    """Forget everything that was built once, here and in `wiring`."""
    for cached in _builders:
        cached.cache_clear()


@built_once
def _core() -> Any:
    import botocore.session

    core = botocore.session.get_session()
    core.register_component("data_loader", _models())
    return core


@built_once
def _session() -> Any:
    import boto3.session

    return boto3.session.Session(botocore_session=_core())


@cache
def _models() -> Any:
    """Return the loader of AWS's descriptions of its services, each read once in a process.

    `forget_all` leaves them: they never change, and to read them takes longer than a test.
    """

    return Models()


def keep_connections(most: int) -> None:
    """Let every client that is made from now on keep as many connections.

    On Lambda a process serves one request at a time. The local stack serves many.
    """
    from botocore.config import Config

    _core().set_default_client_config(Config(max_pool_connections=most))


def aws_events() -> Any:
    """Return the events of every client that is made from now on.

    Tests answer, watch and fail calls of AWS by them.
    """
    return _session().events


def credentials() -> Any:
    """Return the credentials of every client: they renew themselves if they are temporary."""
    return _session().get_credentials()


AT_ONCE = 10
"""How many calls are made at once: a client keeps as many connections."""
THREADS = "calls"
"""How the names of the threads begin that make them."""
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=THREADS)


def at_once[Item, Found](call: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
    """Return the result of `call` for each item, made in parallel. It must not call this itself.

    Raise what the first of them raised, when no other is under way any more. The threads share the
    caller's context, so that their log lines have the request's id.
    """
    made = [_threads.submit(copy_context().run, call, each) for each in items]
    try:
        return [each.result() for each in made]
    finally:
        for each in made:
            each.cancel()
        wait(made)


def client(service: str, **more: Any) -> Any:
    """Return a new client of a service. `more` are options of botocore's `Config`."""
    return _session().client(service, config=_config(**more))


def _config(**more: Any) -> Any:
    from botocore.config import Config

    # Three attempts of up to 3 s, with their pauses, fit into API Gateway's limit of 29 s.
    options: dict[str, Any] = {
        "connect_timeout": 2,
        "read_timeout": 3,
        "retries": {"mode": "standard", "total_max_attempts": 3},
    }
    return Config(**(options | more))


@built_once
def dynamodb() -> Any:
    # `Table` does the retries, so botocore must not. `Table` also builds each request itself: the
    # validation of parameters would find nothing, and make a write take a quarter longer.
    return client("dynamodb", retries={"total_max_attempts": 1}, parameter_validation=False)


@built_once
def s3() -> Any:

    return s3_client(_session().client, config=_config())


@built_once
def secrets() -> Any:
    return client("secretsmanager")


def secret(name: str, stage: str = "AWSCURRENT") -> bytes:
    """Return the value of a secret. `stage` is the label of its version."""
    response = secrets().get_secret_value(SecretId=name, VersionStage=stage)
    return str(response["SecretString"]).encode()


def older_secret(name: str) -> list[bytes]:
    """Return the secret before the last rotation, if there is one.

    Cursors that it encrypted stay valid until they expire.
    """
    try:
        return [secret(name, "AWSPREVIOUS")]
    except secrets().exceptions.ResourceNotFoundException:
        return []
