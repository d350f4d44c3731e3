"""The composition root: one cached builder per collaborator. Imports are lazy, so that a function
loads only what it uses.

Each builder reads its settings at first use; `reset()` forgets all of them.
"""

import threading
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from chalicelib.clock import Clock
from chalicelib.config import Settings, check_start

if TYPE_CHECKING:
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.ids import Identity
    from chalicelib.domain.paging import Cursors
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.queue import UploadsQueue
    from chalicelib.notify.subscriptions import TopicSubscriptions
    from chalicelib.notify.topic import Topic
    from chalicelib.services.media_results import MediaOwners
    from chalicelib.services.notifications import Publisher
    from chalicelib.store.audit import Audit
    from chalicelib.store.bulletins import Bulletins
    from chalicelib.store.catalogue import CatalogueChanges, LiveCatalogue
    from chalicelib.store.listing import Listing
    from chalicelib.store.officers import Officers
    from chalicelib.store.outbox import Outbox
    from chalicelib.store.reports import Reports
    from chalicelib.store.seals import Seals
    from chalicelib.store.statistics import Statistics
    from chalicelib.store.subscriptions import Subscriptions
    from chalicelib.store.table import Table
    from chalicelib.store.user_pool import UserPool

# A function that lacks a setting must fail here, at its start, and not at a request.
check_start()

_builders: list[Any] = []
_building = threading.RLock()
clock = Clock()
_pause: Callable[[float], None] = time.sleep


def _built_once[T](build: Callable[[], T]) -> Callable[[], T]:
    cached = cache(build)

    @wraps(build)
    def built() -> T:
        # boto3's sessions may not make clients from several threads at once. In Lambda there is
        # one; locally there are many.
        with _building:
            return cached()

    built.cache_clear = cached.cache_clear  # type: ignore[attr-defined]
    _builders.append(cached)
    return built


def reset() -> None:
    """Forget every collaborator and setting, and set the clock right: the next use builds anew."""
    global clock, _pause
    clock, _pause = Clock(), time.sleep
    for cached in _builders:
        cached.cache_clear()


def pause_by(pause: Callable[[float], None]) -> None:
    """Wait between tries by `pause` from now on: tests do not wait."""
    global _pause
    _pause = pause


@_built_once
def settings() -> Settings:
    return Settings.from_environment()


@_built_once
def _session() -> Any:
    import boto3

    return boto3.session.Session()


def _client(service: str, **more: Any) -> Any:
    from botocore.config import Config

    # Within API Gateway's 29 s: three tries of 3 s at most, and their pauses.
    options: dict[str, Any] = {
        "connect_timeout": 2,
        "read_timeout": 3,
        "retries": {"mode": "standard", "total_max_attempts": 3},
    } | more
    return _session().client(service, config=Config(**options))


@_built_once
def dynamodb() -> Any:
    # `Table` does the retries, for all of DynamoDB's reasons in one place. What it sends it has
    # packed itself: checked again, attribute by attribute, a write would take a quarter longer.
    return _client("dynamodb", retries={"total_max_attempts": 1}, parameter_validation=False)


@_built_once
def s3() -> Any:
    # SigV4 by name: in us-east-1 boto3 would still sign forms the old way.
    return _client("s3", signature_version="s3v4")


@_built_once
def bucket() -> "MediaBucket":
    from chalicelib.media.bucket import MediaBucket

    return MediaBucket(s3(), settings().media_bucket)


@_built_once
def uploads_queue() -> "UploadsQueue":
    from chalicelib.media.queue import UploadsQueue

    return UploadsQueue(_client("sqs"), settings().uploads_queue_url)


@_built_once
def topic() -> "Topic":
    from chalicelib.notify.topic import Topic

    return Topic(_client("sns"), settings().notices_topic_arn)


@_built_once
def identity() -> "Identity":
    from chalicelib.domain.ids import Identity

    return Identity(_secret(settings().identity_secret))


@_built_once
def cursors() -> "Cursors":
    from chalicelib.domain.paging import Cursors

    name = settings().cursor_secret

    def ring() -> list[bytes]:
        return [_secret(name), *_older_secret(name)]

    return Cursors(ring(), renew=ring)


@_built_once
def signing_keys() -> Any:
    """Return the issuer's public keys, fetched when first needed and every five minutes.

    Their use raises PyJWKClientConnectionError when they cannot be fetched.
    """
    from jwt import PyJWKClient

    return PyJWKClient(settings().jwks_uri, cache_keys=True, lifespan=300, timeout=3)


def _table(name: str) -> "Table":
    from chalicelib.store.table import Table

    return Table(dynamodb(), name, pause=_pause)


@_built_once
def reports() -> "Reports":
    from chalicelib.store.reports import Reports

    return Reports(
        _table(settings().reports_table),
        lambda category: live_catalogue().shards_to_write(category, clock.wall_clock()),
    )


@_built_once
def listing() -> "Listing":
    from chalicelib.store.listing import Listing

    return Listing(_table(settings().reports_table))


@_built_once
def outbox() -> "Outbox":
    from chalicelib.store.outbox import Outbox

    return Outbox(_table(settings().reports_table))


@_built_once
def bulletin_outbox() -> "Outbox":
    from chalicelib.store.outbox import Outbox

    return Outbox(_table(settings().bulletins_table))


@_built_once
def media_owners() -> "MediaOwners":
    from chalicelib.domain.ids import OwnerKind
    from chalicelib.services.bulletin_media import BulletinMedia
    from chalicelib.services.report_media import ReportMedia

    return {
        OwnerKind.REPORT: ReportMedia(reports()),
        OwnerKind.BULLETIN: BulletinMedia(bulletins()),
    }


@_built_once
def publisher() -> "Publisher":
    from chalicelib.services.notifications import Publisher
    from chalicelib.store.bursts import Bursts

    return Publisher(
        outbox(), Bursts(_table(settings().reports_table)), topic(), settings().public_url
    )


@_built_once
def statistics() -> "Statistics":
    from chalicelib.store.statistics import Statistics

    return Statistics(_table(settings().reports_table))


@_built_once
def subscriptions() -> "Subscriptions":
    from chalicelib.store.subscriptions import Subscriptions

    return Subscriptions(_table(settings().officers_table), _table(settings().reports_table))


@_built_once
def topic_subscriptions() -> "TopicSubscriptions":
    from chalicelib.notify.subscriptions import TopicSubscriptions

    return TopicSubscriptions(_client("sns"), settings().notices_topic_arn)


@_built_once
def officers() -> "Officers":
    from chalicelib.store.officers import Officers

    return Officers(_table(settings().officers_table))


@_built_once
def pool() -> "UserPool":
    from chalicelib.store.user_pool import UserPool

    return UserPool(_client("cognito-idp"), settings().user_pool_id)


@_built_once
def bulletins() -> "Bulletins":
    from chalicelib.store.bulletins import Bulletins

    return Bulletins(_table(settings().bulletins_table))


@_built_once
def audit() -> "Audit":
    from chalicelib.store.audit import Audit

    return Audit(_table(settings().audit_table), _secret(settings().audit_secret))


@_built_once
def seals() -> "Seals":
    from chalicelib.store.seals import Seals

    return Seals(s3(), settings().audit_bucket)


@_built_once
def bulletin_listing() -> "Listing":
    from chalicelib.store.listing import Listing

    return Listing(_table(settings().bulletins_table))


@_built_once
def catalogue_changes() -> "CatalogueChanges":
    from chalicelib.store.catalogue import CatalogueChanges

    return CatalogueChanges(_table(settings().bulletins_table))


@_built_once
def live_catalogue() -> "LiveCatalogue":
    from chalicelib.store.catalogue import LiveCatalogue

    return LiveCatalogue(lambda: catalogue_changes().read())


def catalogue() -> "Catalogue":
    """Return the catalogue as it is, admins' changes at most a true minute late, whatever the clock
    of lifecycles says.
    """
    return live_catalogue().at(clock.wall_clock())


def _secret(name: str, stage: str = "AWSCURRENT") -> bytes:
    response = _secrets().get_secret_value(SecretId=name, VersionStage=stage)
    return str(response["SecretString"]).encode()


def _older_secret(name: str) -> list[bytes]:
    """Return the key before the last rotation: what it signed is valid as long as a cursor
    lives.
    """
    try:
        return [_secret(name, "AWSPREVIOUS")]
    except _secrets().exceptions.ResourceNotFoundException:
        return []


@_built_once
def _secrets() -> Any:
    return _client("secretsmanager")
