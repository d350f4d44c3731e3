"""Where the link of a notice leads: to a page of the console, or to a route of the API where no
console is.
"""

from typing import NamedTuple

# The console's page of each route, by what its path begins with: the first that fits.
_PAGES = (
    ("/v1/officer/me", "/console/"),
    ("/v1/officer/", "/console/"),
    ("/v1/admin/", "/console/admin/"),
)


class NoticeLinks(NamedTuple):
    """`public_url` is the address of the API, without a slash at its end; `console` says whether
    the console is there, too.
    """

    public_url: str
    console: bool

    def to(self, path: str) -> str:
        """Return the link for a path of the API. Tasks have such paths: one that was written before
        there was a console leads there too.
        """
        if self.console:
            for route, page in _PAGES:
                if path.startswith(route):
                    return f"{self.public_url}{page}{path.removeprefix(route)}"
        return f"{self.public_url}{path}"
