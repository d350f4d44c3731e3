"""The engine of steps that take two persons: one officer begins a request, another completes it.

Whoever completes it has read it: their own reading of this version gave them its tag.
"""

import hmac

from chalicelib.domain.second_person import Request, refusal
from chalicelib.kernel import errors, times
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action, Subject


def tag_of(request: Request, actor: OfficerActor) -> str:
    """Return the tag of a request that this officer reads now, for a response that shows all of it.

    The reading must be on record. The tag is good for this officer and this version alone.
    """
    what = (request.step.value, request.about, request.version)
    return f'"{actor.audit.opening_tag(actor.by, what)}"'


def require_read(request: Request, tag: str, actor: OfficerActor) -> None:
    """Raise Stale unless `tag` is of this request, as it is now, and of this officer."""
    if not hmac.compare_digest(tag, tag_of(request, actor)):
        raise errors.Stale


def require_second_person(
    request: Request, tag: str, *, actor: OfficerActor, subject: Subject | None = None
) -> None:
    """Raise unless the officer may complete a request, and has read exactly this one.

    Raises Stale from `require_read`; Forbidden (`self_approval`, `approves_later`), with a denial
    in the audit of `subject`, or of the officer's day where there is none.
    """
    require_read(request, tag, actor)
    code = refusal(actor.officer, request.involved, actor.now)
    if code is None:
        return
    detail = {"step": request.step.value, "code": code}
    if subject:
        actor.log(subject, Action.DENIED, detail)
    else:
        actor.log_own(Action.DENIED, detail)
    later = actor.officer.approves_from if code == "approves_later" else None
    raise errors.Forbidden(code, **({"at": times.render(later)} if later else {}))
