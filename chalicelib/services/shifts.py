"""The weekly plan of shifts: admins replace it, and it decides whom notices are for."""

from chalicelib import errors
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.roster import Roster
from chalicelib.domain.shift_requests import NewPlan
from chalicelib.services.actor import OfficerActor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action
from chalicelib.store.officers import Officers
from chalicelib.store.roster import RosterRow


def set_shifts(
    plan: NewPlan, version: int, *, actor: OfficerActor, roster: RosterRow, officers: Officers
) -> Roster:
    """Replace the plan that is at `version`, with an audit record, and return the roster.

    The same plan again makes no new version. Raises Stale (it has another version), Invalid (an
    officer who does not work on reports now), Unavailable.
    """
    _check_officers(plan, officers)

    def step() -> Roster:
        before = roster.read()
        if before.plan_version != version:
            raise errors.Stale
        shifts = plan.kept()
        if shifts == before.shifts:
            actor.log_own(Action.OPEN, {"shifts": version})
            return before
        after = before.model_copy(update={"shifts": shifts, "plan_version": version + 1})
        detail = {"shifts": plan.model_dump(mode="json"), "version": after.plan_version}
        roster.replace(before, after, also=[actor.log_own_item(Action.CHANGE, detail)])
        return after

    return retry_on_conflict(step)


def _check_officers(plan: NewPlan, officers: Officers) -> None:
    able = {each.username for each in officers.all() if each.active and each.has_role(*CASEWORKERS)}
    wrong = [
        errors.FieldError(f"shifts.{number}.officers.{position}", "unknown_value")
        for number, shift in enumerate(plan.shifts)
        for position, username in enumerate(shift.officers)
        if username not in able
    ]
    if wrong:
        raise errors.Invalid(*wrong)
