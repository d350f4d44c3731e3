"""Sign in to a stage of the rehearsal's cloud, and print the access token.

    python -m tests.rehearsal.sign_in --stage practice zhao FIRST_PASSWORD [NEW_PASSWORD]

It fills in the pages as a browser would, in a terminal with the variables that
`make rehearsal-cloud` prints. The new password is asked for at the first sign-in alone.
"""

import argparse
from collections.abc import Sequence
from html.parser import HTMLParser

import httpx

from infra.stage.console import Refused, run
from infra.stage.target import find_target
from infra.stage.token import begin


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal.sign_in", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("username")
    parser.add_argument("password")
    parser.add_argument("new_password", nargs="?", default="")
    wanted = parser.parse_args(arguments)
    attempt = begin(find_target(wanted.stage))
    url = attempt.url()
    page = httpx.get(url)
    login = str(httpx.URL(url).copy_with(raw_path=b"/login"))
    typed = {"username": wanted.username, "password": wanted.password}
    reply = httpx.post(login, data=hidden(page.text) | typed)
    if "new_password" in reply.text:
        if not wanted.new_password:
            raise Refused("This is the first sign-in: give a new password after the first one.")
        new = {"new_password": wanted.new_password, "confirm_password": wanted.new_password}
        reply = httpx.post(login, data=hidden(reply.text) | new)
    if not reply.has_redirect_location:
        raise Refused("The pages refuse this username and password.")
    redirect = httpx.URL(reply.headers["location"])
    print(attempt.access_token(dict(redirect.params)))
    return 0


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    found: dict[str, str] = {}

    class Fields(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if tag == "input" and given.get("type") == "hidden":
                found[str(given["name"])] = given.get("value") or ""

    Fields().feed(page)
    return found


if __name__ == "__main__":
    run(main)
