"""E-mail addresses and phone numbers, as residents and as administrators enter them.

They differ on purpose. A person reads a resident's contact, so it is kept as written: national
numbers, spaces, addresses in any script. Machines read an officer's: SNS sends notices there, and
takes only E.164 numbers and ASCII addresses.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_DOMAIN = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"


def _email(pattern: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("bad_email", "Not an e-mail address.")
        return value

    return AfterValidator(check)


def _phone(pattern: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("bad_phone", "Not a phone number.")
        return value

    return AfterValidator(check)


_Email = Annotated[str, Field(max_length=254)]
ContactEmail = Annotated[_Email, _email(rf"[^@\s]{{1,64}}@{_DOMAIN}")]
NoticeEmail = Annotated[_Email, _email(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_DOMAIN}")]
ContactPhone = Annotated[str, Field(max_length=25), _phone(r"[+0-9][0-9 ()\-]{3,24}")]
NoticePhone = Annotated[str, _phone(r"\+[1-9][0-9]{6,14}")]
