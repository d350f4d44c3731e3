"""The composition root: one cached builder for each collaborator.

A builder reads its settings at first use. Its imports are local, so that a function loads only what
it uses. `reset()` clears all caches.
"""

import gc
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib import clients
from chalicelib.clients import built_once, client, older_secret, secret
from chalicelib.clock import Clock
from chalicelib.config import Settings, check_start

if TYPE_CHECKING:
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.ids import Identity
    from chalicelib.domain.incidents import PublicDayKey
    from chalicelib.domain.paging import Cursors
    from chalicelib.domain.report_ids import ReportIds
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.decoding import Decoding
    from chalicelib.media.exports import ExportFiles
    from chalicelib.media.queue import UploadsQueue
    from chalicelib.media.read_urls import ReadUrls
    from chalicelib.notify.subscriptions import TopicSubscriptions
    from chalicelib.notify.topic import Topic
    from chalicelib.services.admission import Admission
    from chalicelib.services.incidents import Sketches
    from chalicelib.services.intake import Intake
    from chalicelib.services.media_results import MediaOwners
    from chalicelib.services.notifications import Publisher
    from chalicelib.services.public_feeds import PublicFeeds
    from chalicelib.store.announcements import Announcements
    from chalicelib.store.audit import Audit
    from chalicelib.store.aws_record import AwsRecord
    from chalicelib.store.bulletins import Bulletins
    from chalicelib.store.catalogue import CatalogueChanges, LiveCatalogue
    from chalicelib.store.contacts import Contacts
    from chalicelib.store.content_keys import ContentKeys
    from chalicelib.store.day_keys import LiveDayKey
    from chalicelib.store.export_requests import ExportRequests
    from chalicelib.store.incidents import Incidents
    from chalicelib.store.ledger import LeafRows
    from chalicelib.store.ledger_heads import LedgerHeads
    from chalicelib.store.listing import Listing
    from chalicelib.store.looking import Looking
    from chalicelib.store.officers import Officers
    from chalicelib.store.outbox import Outbox
    from chalicelib.store.pulse import PulseRows
    from chalicelib.store.report_keys import ReportKeys
    from chalicelib.store.reports import Reports
    from chalicelib.store.seals import Seals
    from chalicelib.store.search_entries import SearchEntries
    from chalicelib.store.search_key import SearchKey
    from chalicelib.store.signing_key import SigningKey
    from chalicelib.store.statistics import Statistics
    from chalicelib.store.subscriptions import Subscriptions
    from chalicelib.store.table import Table
    from chalicelib.store.upkeep import UpkeepQueue
    from chalicelib.store.user_pool import UserPool
    from chalicelib.store.watch_counters import WatchCounters

# A function with a missing setting must fail at its start, not at a request.
check_start()

# A start makes 130,000 objects, and nearly all of them stay. To look for garbage among them after
# every 2,000, as Python does by itself, takes a tenth of the start. A call of AWS leaves 8 objects
# of 1 KB: at this threshold, 30 MB of garbage at the most.
gc.set_threshold(250_000)

clock = Clock()
_pause: Callable[[float], None] = time.sleep

aws_events, dynamodb, s3 = clients.aws_events, clients.dynamodb, clients.s3


def reset() -> None:
    """Clear every collaborator and setting, and reset the clock. The next use builds them again."""
    global clock, _pause
    clock, _pause = Clock(), time.sleep
    clients.forget_all()


def pause_by(pause: Callable[[float], None]) -> None:
    """Set the function that waits some seconds between retries. Tests pass one that does not."""
    global _pause
    _pause = pause


@built_once
def settings() -> Settings:
    return Settings.from_environment()


@built_once
def bucket() -> "MediaBucket":
    from chalicelib.media.bucket import MediaBucket

    return MediaBucket(s3(), settings().media_bucket)


@built_once
def decoding() -> "Decoding":
    """Return what opens files: on Lambda a function, on one machine processes of their own."""
    from chalicelib.media.decoding import Decoding

    if not (name := settings().decode_function):
        from chalicelib.media.environments import ENVIRONMENTS

        return Decoding(ENVIRONMENTS)
    from chalicelib.media.decode_function import WAIT_S, DecodeFunction

    # One attempt: to repeat a call would open the file twice.
    caller = client("lambda", read_timeout=WAIT_S, retries={"total_max_attempts": 1})
    return Decoding(DecodeFunction(caller, name, tenants=settings().decoder_isolation == "tenant"))


@built_once
def critical_decoding() -> "Decoding":
    """Return what opens files of critical reports. On one machine no other file takes its process;
    on Lambda its caller is a function of its own, with a setting of its own.
    """
    from chalicelib.media.decoding import Decoding

    if settings().decode_function:
        return decoding()
    from chalicelib.media.environments import CRITICAL_ENVIRONMENTS

    return Decoding(CRITICAL_ENVIRONMENTS)


@built_once
def read_urls() -> "ReadUrls":
    from chalicelib.media.read_urls import ReadUrls

    name, credentials = settings().media_bucket, clients.credentials()
    return ReadUrls(s3(), name, credentials, lambda: clock.wall_clock())


@built_once
def export_requests() -> "ExportRequests":
    from chalicelib.store.export_requests import ExportRequests

    return ExportRequests(_table(settings().reports_table))


@built_once
def export_files() -> "ExportFiles":
    from chalicelib.media.exports import ExportFiles

    return ExportFiles(s3(), settings().media_bucket, settings().export_key, read_urls())


@built_once
def uploads_queue() -> "UploadsQueue":
    from chalicelib.media.queue import UploadsQueue

    names = settings()
    return UploadsQueue(client("sqs"), names.uploads_queue_url, names.critical_uploads_queue_url)


@built_once
def topic() -> "Topic":
    from chalicelib.notify.topic import Topic

    return Topic(client("sns"), settings().notices_topic_arn, _pause)


@built_once
def identity() -> "Identity":
    from chalicelib.domain.ids import Identity

    return Identity(secret(settings().identity_secret))


@built_once
def cursors() -> "Cursors":
    from chalicelib.domain.paging import Cursors

    name = settings().cursor_secret

    def ring() -> list[bytes]:
        return [secret(name), *older_secret(name)]

    return Cursors(ring(), renew=ring)


@built_once
def signing_keys() -> Any:
    """Return the client of the issuer's public keys. It fetches them at most every five minutes.

    Its methods raise PyJWKClientConnectionError when the keys cannot be fetched.
    """
    from jwt import PyJWKClient

    return PyJWKClient(settings().jwks_uri, cache_keys=True, lifespan=300, timeout=3)


def _table(name: str, **more: Any) -> "Table":
    from chalicelib.store.table import Table

    return Table(dynamodb(), name, pause=_pause, **more)


@built_once
def reports() -> "Reports":
    from chalicelib.store.reports import Reports

    return Reports(
        _table(settings().reports_table),
        lambda category: live_catalogue().at(clock.wall_clock()).category(category).shards,
        lambda category, urgency: catalogue().category(category).deadline(urgency),
    )


@built_once
def report_keys() -> "ReportKeys":
    from chalicelib.store.report_keys import ReportKeys

    return ReportKeys(_table(settings().reports_table))


@built_once
def listing() -> "Listing":
    from chalicelib.store.heads import listed_row
    from chalicelib.store.listing import Listing

    return Listing(_table(settings().reports_table), listed_row)


@built_once
def pulse_rows() -> "PulseRows":
    from chalicelib.store.pulse import PulseRows

    return PulseRows(_table(settings().reports_table))


@built_once
def outbox() -> "Outbox":
    from chalicelib.store.outbox import Outbox

    return Outbox(_table(settings().reports_table))


@built_once
def bulletin_outbox() -> "Outbox":
    from chalicelib.store.outbox import Outbox

    return Outbox(_table(settings().bulletins_table))


def outboxes() -> "Mapping[str, Outbox]":
    """Return the outboxes that have upkeep, by the names that messages give them."""
    return {"reports": outbox(), "bulletins": bulletin_outbox()}


@built_once
def upkeep_queue() -> "UpkeepQueue":
    from chalicelib.store.upkeep import UpkeepQueue

    return UpkeepQueue(client("sqs"), settings().upkeep_queue_url)


@built_once
def media_owners() -> "MediaOwners":
    from chalicelib.domain.ids import OwnerKind
    from chalicelib.services.bulletin_media import BulletinMedia
    from chalicelib.services.report_media import ReportMedia

    return {
        OwnerKind.REPORT: ReportMedia(reports()),
        OwnerKind.BULLETIN: BulletinMedia(bulletins(), announcements()),
    }


@built_once
def announcements() -> "Announcements":
    from chalicelib.store.announcements import Announcements

    return Announcements(_table(settings().reports_table))


@built_once
def watch_counters() -> "WatchCounters":
    from chalicelib.store.watch_counters import WatchCounters

    return WatchCounters(_table(settings().reports_table))


@built_once
def publisher() -> "Publisher":
    from chalicelib.domain.notice_links import NoticeLinks
    from chalicelib.services.notifications import Publisher
    from chalicelib.store.bursts import Bursts
    from chalicelib.store.digests import Digests

    table = _table(settings().reports_table)
    links = NoticeLinks(settings().public_url, settings().web_clients)
    return Publisher(outbox(), Bursts(table), Digests(table), topic(), links)


@built_once
def statistics() -> "Statistics":
    from chalicelib.store.statistics import Statistics

    return Statistics(_table(settings().reports_table))


@built_once
def subscriptions() -> "Subscriptions":
    from chalicelib.store.subscriptions import Subscriptions

    return Subscriptions(_table(settings().officers_table), _table(settings().reports_table))


@built_once
def topic_subscriptions() -> "TopicSubscriptions":
    from chalicelib.notify.subscriptions import TopicSubscriptions

    return TopicSubscriptions(client("sns"), settings().notices_topic_arn)


@built_once
def officers() -> "Officers":
    from chalicelib.store.officers import Officers

    return Officers(_table(settings().officers_table))


@built_once
def pool() -> "UserPool":
    from chalicelib.store.user_pool import UserPool

    return UserPool(client("cognito-idp"), settings().user_pool_id)


@built_once
def bulletins() -> "Bulletins":
    from chalicelib.store.bulletins import Bulletins

    return Bulletins(_table(settings().bulletins_table))


@built_once
def public_feeds() -> "PublicFeeds":
    from chalicelib.services.public_feeds import PublicFeeds

    return PublicFeeds(bulletins())


@built_once
def contacts() -> "Contacts":
    from chalicelib.store.contacts import Contacts

    return Contacts(_table(settings().contacts_table))


@built_once
def _kms() -> Any:
    # `ContentKeys` does the retries.
    return client("kms", retries={"total_max_attempts": 1})


@built_once
def content_keys() -> "ContentKeys":
    """Return the key in KMS that wraps the keys of reports."""
    from chalicelib.store.content_keys import ContentKeys

    return ContentKeys(_kms(), settings().content_key, pause=_pause)


@built_once
def contact_keys() -> "ContentKeys":
    """Return the key in KMS that wraps the keys of contacts."""
    from chalicelib.store.content_keys import ContentKeys

    return ContentKeys(_kms(), settings().contact_key, pause=_pause)


def report_ids(idempotency_key: str, body: bytes) -> "ReportIds":
    """Return the ids and keys of the report that a call with this key and body creates."""
    from chalicelib.domain.report_ids import ReportIds

    keys = {"content": content_keys(), "contact": contact_keys()}
    return ReportIds(identity(), idempotency_key, body, **keys)


def intake() -> "Intake":
    """Return what intake reads and writes now."""
    from chalicelib.services.intake import Intake

    return Intake(reports(), contacts(), _BulletinLookup(), catalogue(), day_key())


def prepare_intake() -> None:
    """Make the clients of AWS that intake needs."""
    reports()
    content_keys()
    clients.secrets()


class _BulletinLookup:
    """Loads the store of bulletins for the rare report that names one."""

    def takes_leads(self, bulletin_id: str) -> bool:
        return bulletins().takes_leads(bulletin_id)


@built_once
def live_day_key() -> "LiveDayKey":
    from chalicelib.store.day_keys import LiveDayKey, read_public

    # One try: a report is not to wait for it.
    table = _table(settings().incidents_table, pauses=())
    return LiveDayKey(lambda day: read_public(table, day))


def day_key() -> "PublicDayKey | None":
    """Return the public half of the key of this day; None while it is not known."""
    return live_day_key().at(clock.now())


@built_once
def looking() -> "Looking":
    from chalicelib.store.looking import Looking

    return Looking(_table(settings().incidents_table))


@built_once
def incidents() -> "Incidents":
    from chalicelib.store.incidents import Incidents

    return Incidents(_table(settings().incidents_table))


@built_once
def search_entries() -> "SearchEntries":
    from chalicelib.store.search_entries import SearchEntries

    return SearchEntries(_table(settings().reports_table))


@built_once
def search_key() -> "SearchKey":
    """Return the key in KMS under which reports are found by a number."""
    from chalicelib.store.search_key import SearchKey

    # An opening waits for it: at most two tries of two seconds.
    limits = {"connect_timeout": 1, "read_timeout": 1}
    two = {"mode": "standard", "total_max_attempts": 2}
    return SearchKey(client("kms", retries=two, **limits), settings().search_key)


@built_once
def sketches() -> "Sketches":
    """Return what recording sketches reads and writes, with the keys of the days."""
    from chalicelib.services.incidents import Sketches
    from chalicelib.store.day_keys import DayKeys
    from chalicelib.store.sketch_rows import SketchRows

    days = DayKeys(_table(settings().incidents_table), client("kms"), settings().incidents_key)
    return Sketches(SketchRows(_table(settings().reports_table)), days, incidents())


@built_once
def admission() -> "Admission":
    from chalicelib.services.admission import Admission

    return Admission(officers(), audit(), content_keys())


@built_once
def audit() -> "Audit":
    from chalicelib.store.audit import Audit

    return Audit(_table(settings().audit_table), secret(settings().audit_secret))


@built_once
def seals() -> "Seals":
    from chalicelib.store.seals import Seals

    return Seals(s3(), settings().audit_bucket)


@built_once
def signing_key() -> "SigningKey":
    """Return the key in KMS that signs the digests of the audit."""
    from chalicelib.store.signing_key import SigningKey

    return SigningKey(client("kms"), settings().ledger_key)


@built_once
def leaf_rows() -> "LeafRows":
    from chalicelib.store.ledger import LeafRows

    return LeafRows(_table(settings().reports_table))


@built_once
def ledger_heads() -> "LedgerHeads":
    from chalicelib.store.ledger_heads import LedgerHeads

    return LedgerHeads(s3(), settings().audit_bucket)


@built_once
def aws_record() -> "AwsRecord":
    from chalicelib.store.aws_record import AwsRecord

    # More lookups than two a second are throttled.
    patient = client("cloudtrail", retries={"mode": "standard", "total_max_attempts": 10})
    return AwsRecord(patient, client("kms"))


@built_once
def bulletin_listing() -> "Listing":
    from chalicelib.store.listing import Listing

    return Listing(_table(settings().bulletins_table))


@built_once
def catalogue_changes() -> "CatalogueChanges":
    from chalicelib.store.catalogue import CatalogueChanges

    return CatalogueChanges(_table(settings().bulletins_table))


@built_once
def live_catalogue() -> "LiveCatalogue":
    from chalicelib.store.catalogue import LiveCatalogue

    return LiveCatalogue(lambda: catalogue_changes().read_live())


def catalogue() -> "Catalogue":
    """Return the current catalogue. Changes by admins appear in it within a minute.

    That minute is real time: it does not depend on how far `clock.now()` was moved forward.
    """
    return live_catalogue().at(clock.wall_clock())


def whole_catalogue() -> "Catalogue":
    """Return the current catalogue, for whoever reads reports of all categories.

    Raises Unavailable rather than leave out what admins have added.
    """
    return live_catalogue().whole(clock.wall_clock())
