"""Appointments: an admin sets whether an officer is active, their roles and their scope."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.codes import CategoryScope, DistrictScope
from chalicelib.domain.officers.model import Officer, Role
from chalicelib.kernel.models import Input
from chalicelib.kernel.text import Bounded, NoticeEmail, NoticePhone

# `none` stands for nobody in the filter of a list.
USERNAME = re.compile(r"(?!none\Z)[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


_ALONE = frozenset({Role.AUDITOR, Role.OVERSIGHT, Role.SYSTEM})


def _not_empty(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    if not roles:
        raise PydanticCustomError("required", "An officer has a role.")
    return tuple(dict.fromkeys(roles))


def _stands_alone(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    if len(roles) > 1 and not _ALONE.isdisjoint(roles):
        raise PydanticCustomError(
            "stands_alone", "An auditor, a machine, or who is of oversight, has no other role."
        )
    return roles


class Appointment(Input):
    """The body of `PUT /v1/admin/officers/{username}`. It replaces all fields of the officer.

    `*` in a scope means all categories or districts, including later ones. Notices are sent to
    `email` and `phone` (E.164). Enter only addresses that are verified to belong to the officer.
    Who has the role `oversight` has no other, and sees reports about the police alone.
    """

    name: Annotated[str, Bounded(100, one_line=True)] | None = None
    active: bool = True
    roles: Annotated[
        tuple[Role, ...],
        Field(strict=False, json_schema_extra={"minItems": 1}),
        AfterValidator(_not_empty),
        AfterValidator(_stands_alone),
    ]
    categories: Annotated[tuple[CategoryScope, ...], Field(max_length=20, strict=False)]
    districts: Annotated[tuple[DistrictScope, ...], Field(max_length=40, strict=False)]
    email: NoticeEmail | None = None
    phone: NoticePhone | None = None

    def officer(self, username: str) -> Officer:
        return Officer(username=username, **self.model_dump() | {"name": self.name or ""})


class BreakGlassReason(Input):
    """Why an operator appoints an admin alone. It is recorded in clear."""

    reason: Annotated[str, Bounded(300, one_line=True)]
