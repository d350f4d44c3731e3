"""Gists: one line of a report, sealed for lists to the key of a district and month.

The officers' function alone can make such a key, by a call of KMS that CloudTrail records. It keeps
one for a short time, so that a list is not as many calls as it has rows (docs/adr/0075).
"""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from chalicelib.aws.clients import at_once
from chalicelib.aws.kms import SearchKey
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.report import Report, SealedGist
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import PrivateKey, Unreadable, seal
from chalicelib.services.reports.sealed_rows import head_info

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=5)
"""How long a process keeps a key."""

_GIST = "gist"


class Gists:
    """The keys of gists, as this process has them. `search_key` makes them."""

    def __init__(self, search_key: SearchKey) -> None:
        self._search_key = search_key
        self._kept: dict[str, tuple[datetime, PrivateKey]] = {}

    def seal(self, report: Report, text: str, now: datetime) -> SealedGist:
        """Return a gist, sealed to the key of the report's district and this month. Raises
        Unavailable.
        """
        place = OVERSIGHT if report.concerns_police else report.district
        name = f"{place}#{now:%Y-%m}"
        key = self._keys([name], now)[name]
        return SealedGist(key=name, sealed=seal(key.public, text.encode(), _info(report.id)))

    def open(self, gists: Mapping[str, SealedGist], now: datetime) -> dict[str, str]:
        """Return the texts of gists by report. The audit record must be written before.

        A gist that does not open is left out, and so are all while KMS fails: a list must not wait
        for them.
        """
        try:
            known = self._keys({each.key for each in gists.values()}, now)
        except errors.Unavailable:
            log.warning("gists_unavailable")
            return {}
        texts = {}
        for report_id, gist in gists.items():
            try:
                texts[report_id] = known[gist.key].open(gist.sealed, _info(report_id)).decode()
            except Unreadable:
                log.error("gist_altered")
        return texts

    def text_of(self, report: Report, now: datetime) -> str | None:
        """Return the gist of a report that was opened; None without one, as in `open`."""
        return self.open({report.id: report.gist}, now).get(report.id) if report.gist else None

    def _keys(self, names: Collection[str], now: datetime) -> dict[str, PrivateKey]:
        kept = {name: found for name, found in self._kept.items() if now - found[0] < KEPT}
        new = [name for name in names if name not in kept]
        made = at_once(self._search_key.key_of_gists, new)
        kept |= {name: (now, key) for name, key in zip(new, made, strict=True)}
        self._kept = kept
        return {name: kept[name][1] for name in names}


def _info(report_id: str) -> bytes:
    return head_info(report_id, _GIST)
