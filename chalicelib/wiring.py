"""The composition root: one cached builder for each collaborator.

A builder reads its settings at first use. Its imports are local, so that a function loads only what
it uses. `reset()` clears all caches.
"""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib.aws import clients
from chalicelib.aws.clients import built_once, client, older_secret, secret
from chalicelib.kernel.config import Settings, check_start
from chalicelib.kernel.times import Clock

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.aws.bucket import MediaBucket
    from chalicelib.aws.kms import ContentKeys, SearchKey, SigningKey
    from chalicelib.aws.listing import Listing
    from chalicelib.aws.queues import EventsQueue, UpkeepQueue, UploadsQueue
    from chalicelib.aws.read_urls import ReadUrls
    from chalicelib.aws.table import Table
    from chalicelib.domain.catalogue.attachments import Platform
    from chalicelib.domain.catalogue.model import Catalogue
    from chalicelib.domain.flood.load_level import Challenges, LoadLevel
    from chalicelib.domain.reports.incidents import PublicDayKey
    from chalicelib.domain.reports.receipts import ReportIds
    from chalicelib.kernel.ids import Identity
    from chalicelib.kernel.paging import Cursors
    from chalicelib.services.bulletins.public import PublicFeeds
    from chalicelib.services.casework.bursts import BurstStores
    from chalicelib.services.casework.errands import Messenger
    from chalicelib.services.casework.gists import Gists
    from chalicelib.services.casework.incidents import IncidentStores
    from chalicelib.services.casework.lists import ListStores
    from chalicelib.services.casework.originals import OriginalStores
    from chalicelib.services.casework.presence import KeptHeadings
    from chalicelib.services.casework.sketches import Sketches
    from chalicelib.services.casework.steps import StepStores
    from chalicelib.services.casework.subject_requests import RequestDesk
    from chalicelib.services.flood.gate import FloodGate
    from chalicelib.services.flood.load_level import LoadWatch
    from chalicelib.services.media.results import MediaOwners
    from chalicelib.services.notices.deliveries import Courier, Secrets
    from chalicelib.services.notices.destinations import DestinationDesk
    from chalicelib.services.notices.notifications import Publisher
    from chalicelib.services.notices.pushes import PushRound
    from chalicelib.services.officers import Admission, CallLimits, OfficerActor
    from chalicelib.services.reports.intake import Intake
    from chalicelib.services.reports.scope import Desk
    from chalicelib.store.audit.ledger import LeafRows
    from chalicelib.store.audit.rows import Audit
    from chalicelib.store.audit.seals import LedgerHeads, Seals
    from chalicelib.store.bulletins.bulletins import Bulletins
    from chalicelib.store.casework.day_keys import LiveDayKey
    from chalicelib.store.casework.errands import Errands
    from chalicelib.store.casework.incidents import Incidents
    from chalicelib.store.casework.rows import Presence, PulseRows
    from chalicelib.store.catalogue import CatalogueChanges, LiveCatalogue
    from chalicelib.store.flood.load_level import LoadCounters, LoadLevels
    from chalicelib.store.flood.sources import Sources
    from chalicelib.store.media.decoding import Decoding
    from chalicelib.store.media.rows import ReportKeys
    from chalicelib.store.notices.announcements import Announcements
    from chalicelib.store.notices.destinations import DeliveryRows, Destinations
    from chalicelib.store.notices.phones import Phones
    from chalicelib.store.notices.pushes import PushRows
    from chalicelib.store.notices.receivers import EventBus, Receivers
    from chalicelib.store.notices.roster import Subscriptions
    from chalicelib.store.notices.topic import Topic, TopicSubscriptions
    from chalicelib.store.officers.rows import Officers
    from chalicelib.store.officers.signing_keys import SigningKeys
    from chalicelib.store.officers.user_pool import UserPool
    from chalicelib.store.reports.contacts import Contacts
    from chalicelib.store.reports.incidents import IncidentCounts
    from chalicelib.store.reports.outbox import Outbox
    from chalicelib.store.reports.reports import Reports
    from chalicelib.store.reports.reviews import ReviewRows
    from chalicelib.store.reports.search_entries import SearchEntries
    from chalicelib.store.statistics.counters import Statistics
    from chalicelib.store.statistics.exports import ExportFiles, ExportRequests
    from chalicelib.store.watch import ActRows, AwsRecord, WatchCounters


type Built[Collaborator] = Callable[[], Collaborator]
"""A builder that builds once."""

# A function with a missing setting must fail at its start, not at a request.
check_start()

clock = Clock()
_pause: Callable[[float], None] = time.sleep
_receivers: "Receivers | None" = None

aws_events, dynamodb, s3 = clients.aws_events, clients.dynamodb, clients.s3


def reset() -> None:
    """Clear every collaborator and setting, and reset the clock. The next use builds them again."""
    global clock, _pause, _receivers
    clock, _pause, _receivers = Clock(), time.sleep, None
    clients.forget_all()


def pause_by(pause: Callable[[float], None]) -> None:
    """Set the function that waits some seconds between retries. Tests pass one that does not."""
    global _pause
    _pause = pause


def send_events_by(receivers: "Receivers") -> None:
    """Set what sends events. The local stack and tests have receivers on this machine."""
    global _receivers
    _receivers = receivers


@built_once
def settings() -> Settings:
    return Settings.from_environment()


@built_once
def bucket() -> "MediaBucket":
    from chalicelib.aws.bucket import MediaBucket

    return MediaBucket(s3(), settings().media_bucket)


@built_once
def decoding() -> "Decoding":
    """Return the decoder of files: on Lambda a function, on one machine processes of their own."""
    from chalicelib.store.media.decoding import Decoding

    if not (name := settings().decode_function):
        from chalicelib.store.media.environments import ENVIRONMENTS

        return Decoding(ENVIRONMENTS)
    from chalicelib.store.media.decoding import WAIT_S, DecodeFunction

    # One attempt: to repeat a call would open the file twice.
    caller = client("lambda", read_timeout=WAIT_S, retries={"total_max_attempts": 1})
    return Decoding(DecodeFunction(caller, name, tenants=settings().decoder_isolation == "tenant"))


@built_once
def critical_decoding() -> "Decoding":
    """Return the decoder for critical reports. On one machine no other file takes its process;
    on Lambda its caller is a function of its own, with a setting of its own.
    """
    from chalicelib.store.media.decoding import Decoding

    if settings().decode_function:
        return decoding()
    from chalicelib.store.media.environments import CRITICAL_ENVIRONMENTS

    return Decoding(CRITICAL_ENVIRONMENTS)


@built_once
def read_urls() -> "ReadUrls":
    from chalicelib.aws.read_urls import ReadUrls

    name, credentials = settings().media_bucket, clients.credentials()
    return ReadUrls(s3(), name, credentials, lambda: clock.wall_clock())


@built_once
def export_files() -> "ExportFiles":
    from chalicelib.store.statistics.exports import ExportFiles

    return ExportFiles(s3(), settings().media_bucket, settings().export_key, read_urls())


@built_once
def uploads_queue() -> "UploadsQueue":
    from chalicelib.aws.queues import UploadsQueue

    names = settings()
    return UploadsQueue(client("sqs"), names.uploads_queue_url, names.critical_uploads_queue_url)


@built_once
def topic() -> "Topic":
    from chalicelib.store.notices.topic import Topic

    return Topic(client("sns"), settings().notices_topic_arn, _pause)


@built_once
def identity() -> "Identity":
    from chalicelib.kernel.ids import Identity

    return Identity(secret(settings().identity_secret))


@built_once
def cursors() -> "Cursors":
    from chalicelib.kernel.paging import Cursors

    name = settings().cursor_secret

    def ring() -> list[bytes]:
        return [secret(name), *older_secret(name)]

    return Cursors(ring(), renew=ring)


@built_once
def signing_keys() -> "SigningKeys":
    from chalicelib.store.officers.signing_keys import SigningKeys

    return SigningKeys(settings().jwks_uri)


def _table(name: str, **more: Any) -> "Table":
    from chalicelib.aws.table import Table

    return Table(dynamodb(), name, pause=_pause, **more)


def _rows[Rows](module: str, name: str, table: str) -> Built[Rows]:
    """Return the builder of a class of `store` that has the rows of one table."""

    def build() -> Rows:
        rows: Callable[[Table], Rows] = getattr(import_module(f"chalicelib.store.{module}"), name)
        return rows(_table(getattr(settings(), f"{table}_table")))

    return built_once(build)


export_requests: Built["ExportRequests"] = _rows("statistics.exports", "ExportRequests", "reports")
review_rows: Built["ReviewRows"] = _rows("reports.reviews", "ReviewRows", "reports")
report_keys: Built["ReportKeys"] = _rows("media.rows", "ReportKeys", "reports")
incident_counts: Built["IncidentCounts"] = _rows("reports.incidents", "IncidentCounts", "reports")
pulse_rows: Built["PulseRows"] = _rows("casework.rows", "PulseRows", "reports")
outbox: Built["Outbox"] = _rows("reports.outbox", "Outbox", "reports")
destinations: Built["Destinations"] = _rows("notices.destinations", "Destinations", "reports")
delivery_rows: Built["DeliveryRows"] = _rows("notices.destinations", "DeliveryRows", "reports")
errands: Built["Errands"] = _rows("casework.errands", "Errands", "reports")
announcements: Built["Announcements"] = _rows("notices.announcements", "Announcements", "reports")
watch_counters: Built["WatchCounters"] = _rows("watch", "WatchCounters", "reports")
act_rows: Built["ActRows"] = _rows("watch", "ActRows", "reports")
statistics: Built["Statistics"] = _rows("statistics.counters", "Statistics", "reports")
search_entries: Built["SearchEntries"] = _rows("reports.search_entries", "SearchEntries", "reports")
leaf_rows: Built["LeafRows"] = _rows("audit.ledger", "LeafRows", "reports")
load_counters: Built["LoadCounters"] = _rows("flood.load_level", "LoadCounters", "reports")
contacts: Built["Contacts"] = _rows("reports.contacts", "Contacts", "contacts")
presence: Built["Presence"] = _rows("casework.rows", "Presence", "incidents")
incidents: Built["Incidents"] = _rows("casework.incidents", "Incidents", "incidents")
officers: Built["Officers"] = _rows("officers.rows", "Officers", "officers")
bulletin_outbox: Built["Outbox"] = _rows("reports.outbox", "Outbox", "bulletins")
bulletins: Built["Bulletins"] = _rows("bulletins.bulletins", "Bulletins", "bulletins")
catalogue_changes: Built["CatalogueChanges"] = _rows("catalogue", "CatalogueChanges", "bulletins")
load_levels: Built["LoadLevels"] = _rows("flood.load_level", "LoadLevels", "bulletins")
sources: Built["Sources"] = _rows("flood.sources", "Sources", "sources")


@built_once
def _kms() -> Any:
    # `ContentKeys` does the retries.
    return client("kms", retries={"total_max_attempts": 1})


def _wrapping(setting: str) -> "Built[ContentKeys]":
    """Return the builder of a key in KMS that wraps other keys."""

    def build() -> "ContentKeys":
        from chalicelib.aws.kms import ContentKeys

        return ContentKeys(_kms(), getattr(settings(), setting), pause=_pause)

    return built_once(build)


# They wrap the keys of reports, of contacts, of what signs events, and of the tokens of phones.
content_keys = _wrapping("content_key")
contact_keys = _wrapping("contact_key")
events_keys = _wrapping("events_key")
push_keys = _wrapping("push_key")


@built_once
def reports() -> "Reports":
    from chalicelib.store.reports.reports import Reports

    return Reports(
        _table(settings().reports_table),
        lambda category: live_catalogue().at(clock.wall_clock()).category(category).shards,
        lambda category, urgency: catalogue().category(category).deadline(urgency),
    )


def desk(actor: "OfficerActor") -> "Desk":
    """Return an officer at work on reports."""
    from chalicelib.services.reports.scope import Desk

    return Desk(actor, reports(), settings().system_openings, settings().system_steps)


def request_desk(actor: "OfficerActor") -> "RequestDesk":
    """Return an officer at work on requests of third persons."""
    from chalicelib.services.casework.subject_requests import RequestDesk
    from chalicelib.store.casework.subject_requests import SubjectRequests

    requests = SubjectRequests(_table(settings().reports_table))
    return RequestDesk(desk(actor), requests, announcements(), contact_keys())


def original_stores() -> "OriginalStores":
    """Return the collaborators of what happens when nobody works on an original any more."""
    from chalicelib.services.casework.originals import OriginalStores
    from chalicelib.store.casework.subject_requests import SubjectRequests

    requests = SubjectRequests(_table(settings().reports_table))
    return OriginalStores(reports().duplicates, requests, officers(), subscriptions().assignments)


def burst_stores() -> "BurstStores":
    """Return the collaborators of the use cases of bursts."""
    from chalicelib.services.casework.bursts import BurstStores
    from chalicelib.store.casework.endings import BurstEndings

    endings = BurstEndings(_table(settings().reports_table))
    return BurstStores(listing(), whole_catalogue(), endings, announcements(), pulse_rows())


def incident_stores() -> "IncidentStores":
    """Return the collaborators of the use cases of incidents."""
    from chalicelib.services.casework.incidents import IncidentStores

    return IncidentStores(listing(), incident_counts(), incidents(), step_stores(), gists())


def step_stores() -> "StepStores":
    """Return the collaborators of a step on many reports."""
    from chalicelib.services.casework.steps import StepStores

    return StepStores(officers(), identity())


def list_stores() -> "ListStores":
    """Return the collaborators of a list of reports."""
    from chalicelib.services.casework.lists import ListStores

    return ListStores(listing(), cursors(), whole_catalogue(), officers(), gists())


@built_once
def listing() -> "Listing":
    from chalicelib.aws.listing import Listing
    from chalicelib.store.reports.heads import listed_row

    return Listing(_table(settings().reports_table), listed_row)


@built_once
def kept_headings() -> "KeptHeadings":
    from chalicelib.services.casework.presence import KeptHeadings

    return KeptHeadings(listing())


def outboxes() -> "Mapping[str, Outbox]":
    """Return the outboxes that have upkeep, by the names that messages give them."""
    return {"reports": outbox(), "bulletins": bulletin_outbox()}


@built_once
def upkeep_queue() -> "UpkeepQueue":
    from chalicelib.aws.queues import UpkeepQueue

    return UpkeepQueue(client("sqs"), settings().upkeep_queue_url)


@built_once
def events_queue() -> "EventsQueue":
    from chalicelib.aws.queues import EventsQueue

    return EventsQueue(client("sqs"), settings().events_queue_url)


def destination_desk(actor: "OfficerActor") -> "DestinationDesk":
    """Return an admin at work on the destinations of events."""
    from chalicelib.services.notices.destinations import DestinationDesk

    rows = destinations(), delivery_rows(), officers(), reports(), announcements()
    return DestinationDesk(actor, *rows, events_keys(), bool(settings().event_bus))


def receivers() -> "Receivers":
    return _receivers or _public_receivers()


@built_once
def _public_receivers() -> "Receivers":
    from chalicelib.store.notices.receivers import Receivers

    return Receivers()


@built_once
def event_bus() -> "EventBus":
    from chalicelib.store.notices.receivers import EventBus

    name = settings().event_bus
    return EventBus(client("events") if name else None, name)


def source_of_events() -> str:
    return f"urn:tipline:{settings().stage}"


@built_once
def _signing_secrets() -> "Secrets":
    from chalicelib.services.notices.deliveries import Secrets

    return Secrets(destinations(), events_keys())


def courier() -> "Courier":
    """Return the collaborators of a delivery. Secrets stay in this process's memory."""
    from chalicelib.services.notices.deliveries import Courier

    return Courier(
        outbox(),
        delivery_rows(),
        destinations(),
        _signing_secrets(),
        reports(),
        receivers(),
        event_bus(),
        source=source_of_events(),
        wall_clock=clock.wall_clock,
    )


def messenger() -> "Messenger":
    """Return the collaborators of an errand to an agency."""
    from chalicelib.services.casework.errands import Messenger

    return Messenger(outbox(), errands(), _signing_secrets(), receivers())


@built_once
def media_owners() -> "MediaOwners":
    from chalicelib.kernel.ids import OwnerKind
    from chalicelib.services.bulletins.upkeep import BulletinMedia
    from chalicelib.services.media.results import ReportMedia

    return {
        OwnerKind.REPORT: ReportMedia(reports()),
        OwnerKind.BULLETIN: BulletinMedia(bulletins(), announcements()),
    }


@built_once
def publisher() -> "Publisher":
    from chalicelib.domain.notices.notice import NoticeLinks
    from chalicelib.services.notices.notifications import Publisher
    from chalicelib.store.notices.digests import Bursts, Digests

    table = _table(settings().reports_table)
    links = NoticeLinks(settings().public_url, settings().web_clients)
    return Publisher(
        outbox(), Bursts(table), Digests(table), topic(), links, clock=lambda: clock.now()
    )


@built_once
def subscriptions() -> "Subscriptions":
    from chalicelib.store.notices.roster import Subscriptions

    return Subscriptions(_table(settings().officers_table), _table(settings().reports_table))


@built_once
def topic_subscriptions() -> "TopicSubscriptions":
    from chalicelib.store.notices.topic import TopicSubscriptions

    return TopicSubscriptions(client("sns"), settings().notices_topic_arn)


@built_once
def pool() -> "UserPool":
    from chalicelib.store.officers.user_pool import UserPool

    return UserPool(client("cognito-idp"), settings().user_pool_id)


@built_once
def public_feeds() -> "PublicFeeds":
    from chalicelib.services.bulletins.public import PublicFeeds

    return PublicFeeds(bulletins())


def report_ids(idempotency_key: str, body: bytes) -> "ReportIds":
    """Return the ids and keys of a report created with this key and body."""
    from chalicelib.domain.reports.receipts import ReportIds

    keys = {"content": content_keys(), "contact": contact_keys()}
    return ReportIds(identity(), idempotency_key, body, **keys)


def intake() -> "Intake":
    """Return the collaborators of intake."""
    from chalicelib.services.reports.intake import Intake

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
    from chalicelib.store.casework.day_keys import LiveDayKey, read_public

    # One try: a report is not to wait for it.
    table = _table(settings().incidents_table, pauses=())
    return LiveDayKey(lambda day: read_public(table, day))


def day_key() -> "PublicDayKey | None":
    """Return the public half of the key of this day; None while it is not known."""
    return live_day_key().at(clock.now())


@built_once
def search_key() -> "SearchKey":
    """Return the key in KMS under which reports are found by a number."""
    from chalicelib.aws.kms import SearchKey

    # An opening waits for it: at most two tries of two seconds.
    limits = {"connect_timeout": 1, "read_timeout": 1}
    two = {"mode": "standard", "total_max_attempts": 2}
    return SearchKey(client("kms", retries=two, **limits), settings().search_key)


@built_once
def gists() -> "Gists":
    """Return the keys of gists, which this process keeps for a short time."""
    from chalicelib.services.casework.gists import Gists

    return Gists(search_key)


@built_once
def sketches() -> "Sketches":
    """Return the stores of sketches, with the keys of the days."""
    from chalicelib.services.casework.sketches import Sketches
    from chalicelib.store.casework.day_keys import DayKeys
    from chalicelib.store.reports.media_rows import SketchRows

    days = DayKeys(_table(settings().incidents_table), client("kms"), settings().incidents_key)
    return Sketches(SketchRows(_table(settings().reports_table)), days, incidents())


@built_once
def call_limits() -> "CallLimits":
    from chalicelib.services.officers import CallLimits

    return CallLimits()


@built_once
def admission() -> "Admission":
    from chalicelib.services.officers import Admission

    return Admission(officers(), audit(), content_keys())


@built_once
def audit() -> "Audit":
    from chalicelib.store.audit.rows import Audit

    return Audit(_table(settings().audit_table), secret(settings().audit_secret))


@built_once
def seals() -> "Seals":
    from chalicelib.store.audit.seals import Seals

    return Seals(s3(), settings().audit_bucket)


@built_once
def signing_key() -> "SigningKey":
    """Return the key in KMS that signs the digests of the audit."""
    from chalicelib.aws.kms import SigningKey

    return SigningKey(client("kms"), settings().ledger_key)


@built_once
def custody_key() -> "SigningKey":
    """Return the key in KMS that signs files for a court."""
    from chalicelib.aws.kms import SigningKey

    return SigningKey(client("kms"), settings().custody_key)


@built_once
def ledger_heads() -> "LedgerHeads":
    from chalicelib.store.audit.seals import LedgerHeads

    return LedgerHeads(s3(), settings().audit_bucket)


@built_once
def aws_record() -> "AwsRecord":
    from chalicelib.store.watch import AwsRecord

    # More lookups than two a second are throttled.
    patient = client("cloudtrail", retries={"mode": "standard", "total_max_attempts": 10})
    return AwsRecord(patient, client("kms"))


@built_once
def bulletin_listing() -> "Listing":
    from chalicelib.aws.listing import Listing

    return Listing(_table(settings().bulletins_table))


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
    """Return the current catalogue, for callers that read reports of all categories.

    Raises Unavailable rather than leave out what admins have added.
    """
    return live_catalogue().whole(clock.wall_clock())


@built_once
def load_watch() -> "LoadWatch":
    from chalicelib.services.flood.load_level import LoadWatch

    return LoadWatch(load_levels(), load_counters(), statistics().rows, sources())


@built_once
def challenges() -> "Challenges":
    from chalicelib.domain.flood.load_level import Challenges

    return Challenges(identity().challenge_mac)


@built_once
def flood_gate() -> "FloodGate":
    """Return the gate that admits reports in a flood. It counts in memory."""
    from chalicelib.services.flood.gate import FloodGate

    return FloodGate(load_level, challenges, sources, load_counters)


def load_level(now: "datetime") -> "LoadLevel":
    """Return the load level at `now`. A change appears in it within a minute, as in `catalogue`."""
    return live_catalogue().load(clock.wall_clock()).level_at(now)


def offered() -> "tuple[Platform, ...]":
    """Return the platforms whose phones can get a push."""
    return tuple(platform for platform, arn in _applications().items() if arn)


@built_once
def push_rows() -> "PushRows":
    from chalicelib.store.notices.pushes import PushRows

    names = settings()
    return PushRows(_table(names.reports_table), _table(names.contacts_table))


@built_once
def phones() -> "Phones":
    from chalicelib.store.notices.phones import Phones

    return Phones(client("sns"), _applications())


def push_round() -> "PushRound":
    """Return the collaborators of a round of pushes."""
    from chalicelib.services.notices.pushes import PushRound

    return PushRound(outbox(), push_rows(), push_keys(), phones())


def _applications() -> "dict[Platform, str]":
    from chalicelib.domain.catalogue.attachments import Platform

    names = settings()
    return {Platform.APNS: names.apns_application, Platform.FCM: names.fcm_application}
