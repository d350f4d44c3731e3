"""Gists: one line of a report, sealed for lists to the key of a district and month. Write one, and
show those of a list.

The officers' function alone can make such a key, by a call of KMS that CloudTrail records. It keeps
one for a short time, so that a list is not as many calls as it has rows (docs/adr/0075).
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.aws.clients import at_once
from chalicelib.aws.kms import SearchKey
from chalicelib.domain.casework.gists import NewGist
from chalicelib.domain.officers.model import OVERSIGHT
from chalicelib.domain.reports.report import Report, SealedGist, Status
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import PrivateKey, Unreadable, seal
from chalicelib.services.casework.dates import FieldStep, Needs, Stepped, change_field
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk
from chalicelib.services.reports.sealed_rows import head_info
from chalicelib.store.audit.rows import Action, Detail
from chalicelib.store.reports.rows import ListedReport

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=5)
"""How long a process keeps a key."""
PICTURES = "pictures"
SHOWN = (PICTURES, "gists")
"""What the record of a list names: the reports whose pictures it shows, and whose gists."""

_WRITTEN = "written"
_NEEDS = Needs(frozenset(Status) - {Status.WITHDRAWN}, reading=True)
_GIST = "gist"


class Gists:
    """The keys of gists, as this process has them. `search_key` returns what makes them: most
    openings have no gist, and build no client of KMS for it.
    """

    def __init__(self, search_key: Callable[[], SearchKey]) -> None:
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
        made = at_once(self._search_key().key_of_gists, new) if new else []
        kept |= {name: (now, key) for name, key in zip(new, made, strict=True)}
        self._kept = kept
        return {name: kept[name][1] for name in names}


def set_gist(
    report_id: str, wanted: NewGist, match: int | str, *, desk: Desk, gists: Gists
) -> Stepped:
    """Write the gist of a report in the place of an earlier one, or remove it. The record says that
    there is one, and not what it says, which the report outlives.

    All who list the report read it, so it takes one's own opening, of after each mask. Raises
    NotFound, Stale, Conflict (`not_read`; `illegal_transition`: it is withdrawn; `expiring`),
    Unavailable.
    """

    def write(report: Report) -> FieldStep:
        text, before = wanted.text, _WRITTEN if report.gist else None
        gist = gists.seal(report, text, desk.actor.now) if text else None
        after = report.model_copy(update={"gist": gist})
        return FieldStep(after, ("gist", before, _WRITTEN if gist else None))

    return change_field(report_id, write, match, desk=desk, needs=_NEEDS)


def show(
    listed: Sequence[ListedReport],
    action: Action,
    detail: Detail,
    *,
    actor: OfficerActor,
    gists: Gists,
) -> tuple[ListedReport, ...]:
    """Write the audit record of a list, which names the reports whose pictures and gists it shows;
    then return them with their gists. `lists.read_lists` finds both there. Raises Unavailable.
    """
    sealed = {each.id: gist for each in listed if (gist := each.sealed_gist)}
    pictures = [each.id for each in listed if each.fields["thumb"]]
    shown = dict(zip(SHOWN, (pictures, [*sealed]), strict=True))
    actor.log_own(action, {**detail, **{name: ids for name, ids in shown.items() if ids}})
    texts = gists.open(sealed, actor.now) if sealed else {}
    return tuple(each._replace(gist=texts.get(each.id)) for each in listed)


def _info(report_id: str) -> bytes:
    return head_info(report_id, _GIST)
