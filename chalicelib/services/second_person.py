"""Let only a second person complete a step that takes two. Notify those who may be it, and whoever
began a step that was declined.
"""

from collections.abc import Collection

from chalicelib.domain.second_person import TwoPersonStep, refusal
from chalicelib.kernel import errors, times
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action, Subject


def require_second_person(
    step: TwoPersonStep,
    involved: Collection[str],
    *,
    actor: OfficerActor,
    subject: Subject | None = None,
) -> None:
    """Raise Forbidden (`self_approval`, `approves_later`) unless the officer may complete a step.

    `involved` are the officers who began the step or wrote a part of it. A refusal is written to
    the audit of `subject`, or of the officer's day where there is none.
    """
    code = refusal(actor.officer, involved, actor.now)
    if code is None:
        return
    detail = {"step": step.value, "code": code}
    if subject:
        actor.log(subject, Action.DENIED, detail)
    else:
        actor.log_own(Action.DENIED, detail)
    later = actor.officer.approves_from if code == "approves_later" else None
    raise errors.Forbidden(code, **({"at": times.render(later)} if later else {}))
