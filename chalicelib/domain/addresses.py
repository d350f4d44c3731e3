"""E-mail addresses and phone numbers, as residents and as administrators enter them.

They differ on purpose. A person reads a resident's contact, so it is kept as written: national
numbers, spaces, addresses in any script. Machines read an officer's: SNS sends notices there, and
takes only E.164 numbers and ASCII addresses.
"""

import re
from typing import Annotated, Any, LiteralString, NamedTuple

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from chalicelib.domain.text import clean, shows_nothing

_DOMAIN = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"


class _Pattern(NamedTuple):
    """Annotates a string that a pattern matches as a whole; `code` is the error of any other."""

    pattern: str
    code: LiteralString

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            if not compiled.fullmatch(value):
                raise PydanticCustomError(self.code, "Not of the form that is asked for.")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


def _check_shows(value: str) -> str:
    """Return an address in form C. Raises `bad_characters` for what is invisible in it."""
    if any(shows_nothing(character) for character in value.replace(" ", "")):
        raise PydanticCustomError("bad_characters", "Controls or invisible characters.")
    return clean(value)


_Email = Annotated[str, Field(max_length=254)]
ContactEmail = Annotated[
    _Email, AfterValidator(_check_shows), _Pattern(rf"[^@\s]{{1,64}}@{_DOMAIN}", "bad_email")
]
NoticeEmail = Annotated[
    _Email, _Pattern(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_DOMAIN}", "bad_email")
]
ContactPhone = Annotated[
    str, Field(max_length=25), _Pattern(r"[+0-9][0-9 ()\-]{3,24}", "bad_phone")
]
NoticePhone = Annotated[str, _Pattern(r"\+[1-9][0-9]{6,14}", "bad_phone")]
