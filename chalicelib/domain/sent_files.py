"""Files that officers send to a reporter: pictures, cleaned like any other.

Their ids begin with `O-`, and no other id of a medium does. So the key of an object shows who sent
it, and the policy of the officers' function can name what it may upload.
"""

from pydantic import Field

from chalicelib.domain.media import MAX_MEDIA_PER_CALL, DeclaredPicture
from chalicelib.domain.models import Input

PREFIX = "O-"
MAX_SENT_FILES = 10
"""How many officers may send to the reporter of one report."""


class SentFiles(Input):
    """Pictures for the reporter, which are to be uploaded."""

    media: tuple[DeclaredPicture, ...] = Field(
        min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False
    )


def is_sent(media_id: str) -> bool:
    """Return whether officers sent this medium to the reporter."""
    return media_id.startswith(PREFIX)
