"""Gists in officers' work: write one, and show those of a list."""

from collections.abc import Sequence

from chalicelib.domain.casework.gists import NewGist
from chalicelib.domain.reports.report import Report, Status
from chalicelib.services.casework.dates import FieldStep, Needs, Stepped, change_field
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.gists import Gists
from chalicelib.services.reports.scope import Desk
from chalicelib.store.audit.rows import Action, Detail
from chalicelib.store.reports.rows import ListedReport

PICTURES = "pictures"
SHOWN = (PICTURES, "gists")
"""What the record of a list names: the reports whose pictures it shows, and whose gists."""

_WRITTEN = "written"
_NEEDS = Needs(frozenset(Status) - {Status.WITHDRAWN}, reading=True)


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
