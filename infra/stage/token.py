"""`make token STAGE=dev`: sign in to a stage in a browser, and print the access token.

    TOKEN=$(make -s token STAGE=dev)
    curl -H "Authorization: Bearer $TOKEN" …/v1/officer/me

Standard output has the token and nothing else. It is valid for minutes (15, with Cognito) and is
kept nowhere; neither is the refresh token. Without STAGE, `make token OFFICER=officer` is
`infra.local.token`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import IO

from infra.stage.browser import PORT, REDIRECT_URI, listening, open_browser
from infra.stage.faults import run
from infra.stage.oidc import Client, Issuer, SignIn, discover
from infra.stage.target import Target, add_stage, find_target, is_loopback

PATIENCE_S = 300.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.token", description="Sign in, and print the access token."
    )
    add_stage(parser, required=True)
    target = find_target(parser.parse_args(arguments).stage)
    pasted = sys.stdin if sys.stdin.isatty() else None
    print(sign_in(begin(target), show=open_browser, pasted=pasted))
    return 0


def begin(target: Target) -> SignIn:
    """Return a new sign-in to a stage. Raises Refused when its issuer cannot be asked."""
    client = Client(
        client_id=target.output("OfficersClientId"),
        redirect_uri=REDIRECT_URI,
        scope=target.output("SignInScope"),
        audience=target.outputs.get("Audience", ""),
    )
    return SignIn(issuer_of(target), client)


def issuer_of(target: Target) -> Issuer:
    """Return what the issuer of a stage says of itself. Raises Refused when it cannot be asked."""
    return discover(target.output("Issuer"), _discovery_address(target))


def sign_in(
    attempt: SignIn,
    *,
    show: Callable[[str], bool],
    pasted: IO[str] | None,
    patience_s: float = PATIENCE_S,
    port: int = PORT,
) -> str:
    """Return the access token of whoever signs in. `show` opens a page in a browser, if it can.

    Raises Refused when nobody signs in, or the issuer refuses.
    """
    with listening(attempt.is_own, port) as listener:
        url = attempt.url()
        shown = show(url)
        for line in _instructions(url, shown=shown, can_paste=pasted is not None):
            print(line, file=sys.stderr)
        redirect = listener.wait(pasted, patience_s)
    return attempt.access_token(redirect)


def _instructions(url: str, *, shown: bool, can_paste: bool) -> list[str]:
    lines = [
        "Sign in in the browser, at:" if shown else "Open this page in a browser, and sign in:"
    ]
    lines += ["", f"  {url}", ""]
    if can_paste:
        lines.append(
            "If the browser is on another machine, its last page cannot be loaded. Then paste the "
            "address of that page here:"
        )
    return lines


def _discovery_address(target: Target) -> str:
    """Return where the issuer's discovery document is when it is not below the issuer: an emulator
    signs in Cognito's name, and serves everything itself.
    """
    pool = target.outputs.get("OfficersPoolId")
    endpoint = str(target.client("cognito-idp").meta.endpoint_url)
    return f"{endpoint.rstrip('/')}/{pool}" if pool and is_loopback(endpoint) else ""


if __name__ == "__main__":
    run(main)
