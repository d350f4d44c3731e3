"""Other agencies to which a report can be referred, as the city's `catalogue.json` has them.

Their names, and how officers hand over a document, are in the city's `texts/`: `agency.<code>` and
`agency_how.<code>`.
"""

from enum import StrEnum
from typing import NamedTuple


class Receives(StrEnum):
    """How an agency receives a report: as a document with its pictures, or a call."""

    DOCUMENT = "document"
    PHONE = "phone"


class Agency(NamedTuple):
    """Another agency. `outside`: it is suggested for reports from outside the districts."""

    code: str
    receives: Receives
    outside: bool = False
