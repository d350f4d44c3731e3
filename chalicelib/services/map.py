"""The map of officers: how many reports there are in which district, and of which station."""

from datetime import date

from chalicelib.domain.statistics import DistrictCount, count_areas
from chalicelib.services.actor import OfficerActor
from chalicelib.store.audit import Action
from chalicelib.store.statistics import Statistics


def view_map(
    since: date,
    until: date,
    category: str | None,
    *,
    actor: OfficerActor,
    statistics: Statistics,
) -> tuple[DistrictCount, ...]:
    """Return counts of the reports in the officer's scope that were received in these days, both
    included.

    Drills are not counted. A category outside of the scope gives no counts, and writes a denial to
    the audit; else this writes a record. Raises Unavailable.
    """
    officer = actor.officer
    detail = {"map": [since, until]} | ({"category": category} if category else {})
    if category and not officer.sees_category(category):
        actor.log_own(Action.DENIED, detail)
        return ()
    inside = (
        row for row in statistics.rows(since, until) if _is_inside(row["sk"], category, actor)
    )
    areas = count_areas(inside)
    actor.log_own(Action.LIST, detail)
    return areas


def _is_inside(sort_key: str, category: str | None, actor: OfficerActor) -> bool:
    _, row_category, district = sort_key.split("#", 2)
    return category in (None, row_category) and actor.officer.sees(row_category, district)
