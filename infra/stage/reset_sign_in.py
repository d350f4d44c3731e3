"""`make reset-sign-in OFFICER=wang`: let an officer who has lost a password or a phone start again.

    python -m infra.stage.reset_sign_in --stage prod --officer wang

Prints a first password, once. The officer keeps rights and history; the old password,
authenticator app and sign-ins end. For a day the account approves nothing that takes two persons.
A token that was issued before is valid for up to 15 minutes more: deactivate the officer first if
somebody else may have it.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.domain.officers.model import WAIT
from chalicelib.kernel import errors
from chalicelib.services.administration.appointments import reset_sign_in
from infra.stage.faults import Refused, run
from infra.stage.officers import open_officers
from infra.stage.target import Target, add_stage, find_target


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.reset_sign_in", description="Reset an officer's sign-in."
    )
    add_stage(parser)
    parser.add_argument("--officer", default="", help="the officer's username")
    wanted = parser.parse_args(arguments)
    for line in reset(wanted.officer, find_target(wanted.stage), datetime.now(UTC)):
        print(line)
    return 0


def reset(username: str, target: Target, now: datetime) -> list[str]:
    """Reset the sign-in, and return what the operator reads. Raises Refused when there is no such
    officer, or another issuer has the users.
    """
    if not username:
        raise Refused("Name the officer: OFFICER=wang")
    access = open_officers(target, now)
    if access.pool is None:
        raise Refused(
            f"Officers of {target.name} sign in at {target.output('Issuer')}. Reset it there."
        )
    try:
        officer, password = reset_sign_in(
            username, actor=access.actor, officers=access.officers, pool=access.pool
        )
    except errors.NotFound:
        raise Refused(
            f"{target.title} has no active officer {username}. Usernames are in lower case; admins "
            "list them: GET /v1/admin/officers"
        ) from None
    hours = WAIT // timedelta(hours=1)
    return [
        f"{officer.username} ({officer.name}): first password {password}",
        "It is shown only now, and is valid for three days. Give it to the officer by a way that "
        "nobody else reads. The page then asks for a new password and a new authenticator app.",
        f"The account approves nothing for {hours} hours.",
    ]


if __name__ == "__main__":
    run(main)
