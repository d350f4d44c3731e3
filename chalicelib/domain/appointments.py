"""What an admin says of an officer: whether they work here, in which roles, and what they may
see.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.domain import geo
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.officers import ALL, Officer, Role
from chalicelib.domain.reports import Strict
from chalicelib.domain.text import bounded

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def _not_empty(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    if not roles:
        raise PydanticCustomError("required", "An officer has a role.")
    return tuple(dict.fromkeys(roles))


def _category(code: str) -> str:
    if code != ALL and code not in {category.code for category in catalogue().categories}:
        raise PydanticCustomError("unknown_value", "Neither a category nor `*`.")
    return code


def _district(code: str) -> str:
    if code != ALL and code not in geo.districts():
        raise PydanticCustomError("unknown_value", "Neither a district nor `*`.")
    return code


def _email(value: str) -> str:
    if not re.fullmatch(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value, re.ASCII
    ):
        raise PydanticCustomError("bad_email", "Not an e-mail address.")
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", value, re.ASCII):
        raise PydanticCustomError("bad_phone", "Not a telephone number as +8613800000000.")
    return value


class Appointment(Strict):
    """The body of `PUT /v1/admin/officers/{username}`: the whole row. `*` in a scope is everything,
    now and later.

    `email` and `phone` (E.164) are the addresses that notices may go to: enter them only when they
    are known to be the officer's own.
    """

    name: Annotated[str, AfterValidator(lambda value: bounded(value, 100))] | None = None
    active: bool = True
    roles: Annotated[tuple[Role, ...], Field(strict=False), AfterValidator(_not_empty)]
    categories: Annotated[
        tuple[Annotated[str, AfterValidator(_category)], ...], Field(max_length=20, strict=False)
    ]
    districts: Annotated[
        tuple[Annotated[str, AfterValidator(_district)], ...], Field(max_length=40, strict=False)
    ]
    email: Annotated[str, Field(max_length=254), AfterValidator(_email)] | None = None
    phone: Annotated[str, AfterValidator(_phone)] | None = None

    def officer(self, username: str) -> Officer:
        return Officer(username=username, **self.model_dump() | {"name": self.name or ""})
