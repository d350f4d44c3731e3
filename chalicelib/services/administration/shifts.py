"""The weekly plan of shifts, which admins replace."""

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.notices.roster import NewPlan, Roster
from chalicelib.domain.officers.model import CASEWORKERS, Officer
from chalicelib.kernel import errors
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.officers.rows import Officers


def set_shifts(
    plan: NewPlan,
    version: int,
    *,
    actor: OfficerActor,
    subscriptions: Subscriptions,
    officers: Officers,
) -> Roster:
    """Replace the plan that is at `version`, with an audit record, and return the roster.

    The same plan again makes no new version. With each plan, the next sweep looks at the
    subscriptions of the active officers who are not known to be reachable, and of the members who
    are not active. Raises Stale (it has another version), Invalid (an officer who does not work on
    reports now), Unavailable.
    """
    everybody, roster = officers.all(), subscriptions.roster
    _check_officers(plan, everybody)

    def step() -> Roster:
        before = roster.read()
        if before.plan_version != version:
            raise errors.Stale
        shifts = plan.stored()
        if shifts == before.shifts:
            actor.log_own(Action.OPEN, {"shifts": version})
            return before
        after = before.model_copy(update={"shifts": shifts, "plan_version": version + 1})
        detail = {"shifts": plan.model_dump(mode="json"), "version": after.plan_version}
        roster.replace(before, after, also=[actor.log_own_item(Action.CHANGE, detail)])
        return after

    written = retry_on_conflict(step)
    active = {each.username for each in everybody if each.active}
    for username in sorted((active - written.reachable) | (written.members.keys() - active)):
        subscriptions.request_sync(username, actor.now, after=timedelta(0))
    return written


def _check_officers(plan: NewPlan, officers: Sequence[Officer]) -> None:
    able = {each.username for each in officers if each.active and each.has_role(*CASEWORKERS)}
    wrong = [
        errors.FieldError(f"shifts.{number}.officers.{position}", "unknown_value")
        for number, shift in enumerate(plan.shifts)
        for position, username in enumerate(shift.officers)
        if username not in able
    ]
    if wrong:
        raise errors.Invalid(*wrong)
