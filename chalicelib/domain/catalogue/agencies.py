"""Other agencies to which a report can be referred, as the city's `catalogue.json` has them.

Their names, and how officers hand over a document, are in the city's `texts/`: `agency.<code>` and
`agency_how.<code>`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Receives(StrEnum):
    """How an agency receives a report: as a document with its pictures, or a call."""

    DOCUMENT = "document"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class Agency:
    """Another agency. `outside`: it is suggested for reports from outside the districts."""

    code: str
    receives: Receives
    outside: bool = False
