"""The composition root of pushes to reporters' phones, on top of `wiring`."""

from typing import TYPE_CHECKING

from chalicelib import wiring
from chalicelib.clients import built_once, client

if TYPE_CHECKING:
    from chalicelib.domain.pushes import Platform
    from chalicelib.notify.phones import Phones
    from chalicelib.services.push_rounds import PushRound
    from chalicelib.store.content_keys import ContentKeys
    from chalicelib.store.push_rows import PushRows


def offered() -> "tuple[Platform, ...]":
    """Return the platforms whose phones can get a push."""
    return tuple(platform for platform, arn in _applications().items() if arn)


@built_once
def push_rows() -> "PushRows":
    from chalicelib.store.push_rows import PushRows

    names = wiring.settings()
    return PushRows(wiring._table(names.reports_table), wiring._table(names.contacts_table))


@built_once
def push_keys() -> "ContentKeys":
    """Return the key in KMS that wraps the keys of tokens."""
    from chalicelib.store.content_keys import ContentKeys

    return ContentKeys(wiring._kms(), wiring.settings().push_key, pause=wiring._pause)


@built_once
def phones() -> "Phones":
    from chalicelib.notify.phones import Phones

    return Phones(client("sns"), _applications())


def push_round() -> "PushRound":
    """Return what a round of pushes reads and writes."""
    from chalicelib.services.push_rounds import PushRound

    return PushRound(wiring.outbox(), push_rows(), push_keys(), phones())


def _applications() -> "dict[Platform, str]":
    from chalicelib.domain.pushes import Platform

    names = wiring.settings()
    return {Platform.APNS: names.apns_application, Platform.FCM: names.fcm_application}
