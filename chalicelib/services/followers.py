"""Follow a report: an officer is notified of what happens to it, whoever is on duty."""

from chalicelib import errors
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import head_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action, about
from chalicelib.store.followers import keep_followers
from chalicelib.store.reports import Reports

MOST_FOLLOWERS = 50


def follow_report(report_id: str, *, actor: OfficerActor, reports: Reports) -> None:
    """Let the officer follow a report, with an audit record. Repeated, change nothing.

    Raises NotFound, Conflict (`too_many_followers`, `expiring`).
    """
    _set_following(report_id, actor=actor, reports=reports, follows=True)


def unfollow_report(report_id: str, *, actor: OfficerActor, reports: Reports) -> None:
    """End that, with an audit record. Repeated, change nothing.

    Raises NotFound, Conflict `expiring`.
    """
    _set_following(report_id, actor=actor, reports=reports, follows=False)


def _set_following(report_id: str, *, actor: OfficerActor, reports: Reports, follows: bool) -> None:
    def step() -> None:
        head = head_in_scope(report_id, actor=actor, reports=reports)
        report = head.report
        if (actor.by in report.followers) is follows:
            return
        require_not_expiring(head)
        others = [each for each in report.followers if each != actor.by]
        if follows and len(others) >= MOST_FOLLOWERS:
            raise errors.Conflict("too_many_followers")
        record = actor.log_item(about(report), Action.CHANGE, {"followed": follows})
        after = [*others, actor.by] if follows else others
        keep_followers(reports.table, head, after, also=[record])

    retry_on_conflict(step)
