"""Officers' route of the search by a number."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib import wiring
from chalicelib.domain.models import Query
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.search_tokens import AS_TYPED, token_of
from chalicelib.handlers.list_views import ListedReportView
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Shape
from chalicelib.services.search import search_reports

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


def _read_token(text: str) -> str:
    token = token_of(text)
    if token is None:
        raise PydanticCustomError("not_searchable", "Not one plate, phone number or number.")
    return token


class SearchQuery(Query):
    """What to search for."""

    text: Annotated[
        str,
        Field(min_length=1, max_length=60),
        AfterValidator(_read_token),
        WithJsonSchema({"type": "string", "maxLength": 60, "pattern": AS_TYPED}),
    ] = Field(
        description="One plate, phone number or other number, typed in any way: 4 to 20 letters "
        "and digits, at least two of them digits. Also full-width, and in other digits."
    )


class SearchResult(Shape):
    """Reports that have the number, newest first, as lists show them.

    `more` says that there are others in the officer's scope. `searched` says among which reports:
    what nobody has opened yet is not found.
    """

    items: list[ListedReportView]
    more: bool
    searched: Literal["opened_reports"]


@routes.get("/v1/officer/search", query=SearchQuery, returns=SearchResult)
def search_reports_by_number(call: Call) -> Response:
    """Search for a plate, a phone number or another number.

    Returns the latest 50 reports in the officer's scope that have exactly this number in their
    text, their answers, their address, a message or a note. Spaces, dashes and dots in it count for
    nothing, nor do upper and lower case, and `+86` before a mobile number. Names and words are not
    searched.

    Only reports that an officer has opened are found, since nothing else could read them before. Of
    a report, 16 numbers are kept. Withdrawn reports are not found.
    """
    found = search_reports(
        call.query.text,
        actor=call.actor,
        search_key=wiring.search_key(),
        entries=wiring.search_entries(),
    )
    items = [ListedReportView.listed(each) for each in found.items]
    return Response(SearchResult(items=items, more=found.more, searched="opened_reports"))
