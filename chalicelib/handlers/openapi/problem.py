"""The schema of an error, as `handlers/problems.py` writes it."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.domain.models import NotNull
from chalicelib.handlers.shapes import ChallengeView, Shape, left_out


class FieldProblem(Shape):
    """A wrong field.

    `field` is its dotted path. `code` is stable. `allowed` lists the allowed values, if they are
    public.
    """

    field: str
    code: str
    detail: str
    allowed: Annotated[list[str] | None, NotNull()] = left_out()


class Problem(Shape):
    """An error (RFC 9457).

    `code` is stable. Each response lists its codes; later versions may add others. `errors` lists
    the wrong fields, for 422: at most 20, and `more` is true if others are wrong too. `legal` lists
    the possible steps, for `illegal_transition`. `challenge` and `proof` are for `proof_required`:
    what a proof must be made for, and what is wrong with the one that was sent.
    """

    type: str
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    title: str
    status: int
    detail: str
    request_id: str
    errors: Annotated[list[FieldProblem] | None, NotNull()] = left_out()
    more: Annotated[bool | None, NotNull()] = left_out()
    legal: Annotated[list[str] | None, NotNull()] = left_out()
    challenge: Annotated[ChallengeView | None, NotNull()] = left_out()
    proof: Annotated[
        Literal["absent", "malformed", "foreign", "expired", "wrong"] | None, NotNull()
    ] = left_out()
