"""Which reports an officer asks for."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain import ids, times
from chalicelib.domain.codes import CategoryCode, ReportDistrict
from chalicelib.domain.models import Query
from chalicelib.domain.reports import Status
from chalicelib.domain.times import Moment
from chalicelib.domain.workflow import Username

PAGE_MAX = 50
_PAGING = ("cursor", "limit")
# By the time of receipt, which the index is sorted by.
_BY_TIME = ("since", "until")


def _read_limit(value: Any) -> Any:
    is_number = isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}", value, re.ASCII)
    return int(value) if is_number else value


Limit = Annotated[
    int,
    BeforeValidator(_read_limit),
    Field(strict=True, ge=1, le=PAGE_MAX),
    WithJsonSchema(
        {
            "type": "integer",
            "minimum": 1,
            "maximum": PAGE_MAX,
            "description": "How many at most; 20 without it.",
        }
    ),
]
"""How many items a page may hold, in a query."""


def _read_reference(value: str) -> str:
    reference = ids.read_reference(value)
    if reference is None:
        raise PydanticCustomError("unknown_value", "Not a reference.")
    return reference


class ReportQuery(Query):
    """Filters, each of which narrows the list, and the page.

    `since` is included, `until` is not.
    """

    category: CategoryCode | None = None
    status: Status | None = None
    district: ReportDistrict | None = None
    assignee: Username | None = None
    bulletin_id: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    reference: (
        Annotated[
            str,
            AfterValidator(_read_reference),
            WithJsonSchema({"type": "string", "maxLength": 20, "pattern": ids.TYPED_REFERENCE}),
        ]
        | None
    ) = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = None
    limit: Limit = 20

    def filters(self) -> dict[str, str]:
        """Return the filters that are set: what a cursor is bound to, and what goes on record."""
        given = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {
            name: times.render(value) if isinstance(value, datetime) else str(value)
            for name, value in given
            if value is not None and name not in _PAGING
        }

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a listed row is as the filters ask, its time apart."""
        asked = (name for name in type(self).model_fields if name not in (*_PAGING, *_BY_TIME))
        return all(
            getattr(self, name) is None or row.get(name) == getattr(self, name) for name in asked
        )
