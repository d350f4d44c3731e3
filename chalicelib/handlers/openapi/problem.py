"""The one shape of an error, as `handlers/problems.py` writes it."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.models import NotNull
from chalicelib.handlers.shapes import Shape, left_out


class FieldProblem(Shape):
    """A wrong field: its dotted path, and a stable code. `allowed`: the values there are, where
    they are public.
    """

    field: str
    code: str
    detail: str
    allowed: Annotated[list[str] | None, NotNull()] = left_out()


class Problem(Shape):
    """RFC 9457. `code` is stable, and each response lists its own; others may be added. `errors`:
    the wrong fields, for 422. `legal`: the steps that are legal, where one was not.
    """

    type: str
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    title: str
    status: int
    detail: str
    request_id: str
    errors: Annotated[list[FieldProblem] | None, NotNull()] = left_out()
    legal: Annotated[list[str] | None, NotNull()] = left_out()
