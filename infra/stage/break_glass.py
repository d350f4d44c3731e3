"""`make break-glass`: appoint one admin of a stage whose admins cannot appoint anybody any more.

    python -m infra.stage.break_glass --stage prod --admin wu --name "Wu Jie" \\
                                      --email wu@police.example --reason "Both admins have left"

It is refused while two admins are left. What is not given is asked for. It prints a first password,
once. The reason and the name of whoever runs it in AWS are on record. Repeated after a failure, it
completes the rest. The admin approves nothing for a day.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from chalicelib.domain.administration import USERNAME, BreakGlassReason
from chalicelib.http.requests import as_fields
from chalicelib.kernel import errors, times
from chalicelib.kernel.languages import text
from chalicelib.services.administration.appointments import Registry
from chalicelib.services.administration.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    UsernameTaken,
    appoint_admin_alone,
)
from infra.stage.console import ask
from infra.stage.faults import Refused, explain, run
from infra.stage.first_admins import ENGLISH, check
from infra.stage.officers import open_officers
from infra.stage.target import Target, add_stage, find_target

_GIVE = "ADMIN=wu NAME='Wu Jie' EMAIL=wu@police.example REASON='…'"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.break_glass",
        description="Appoint one admin where the admins who are left cannot.",
    )
    add_stage(parser)
    parser.add_argument("--admin", default="", help="the username: wu")
    parser.add_argument("--name", default="", help="the name: Wu Jie")
    parser.add_argument("--email", default="", help="the e-mail address")
    parser.add_argument("--reason", default="", help="why two admins cannot do it; it is recorded")
    wanted = parser.parse_args(arguments)
    target = find_target(wanted.stage)
    person = read_person(
        wanted.admin or _ask("Username: "),
        wanted.name or _ask("Name: "),
        wanted.email or _ask("E-mail address: "),
    )
    reason = read_reason(wanted.reason or _ask("Why can two admins not do it? "))
    for line in describe(appoint(person, reason, target, datetime.now(UTC)), target):
        print(line)
    return 0


def read_person(username: str, name: str, email: str) -> FirstAdmin:
    """Return the person. Raises Refused for what cannot be stored."""
    if not USERNAME.fullmatch(username):
        raise Refused(f"{username!r} cannot be a username. {_GIVE}")
    person = FirstAdmin(username, name.strip(), email.strip())
    check(person)
    return person


def read_reason(given: str) -> str:
    """Return the reason. Raises Refused for one that cannot be read or stored."""
    try:
        return BreakGlassReason.model_validate({"reason": given.strip()}).reason
    except ValidationError as error:
        wrong = as_fields(error).errors[0]
        why = text(f"field.{wrong.code}", ENGLISH, **dict(wrong.params))
        raise Refused(f"The reason cannot be recorded. {why}") from None


def appoint(person: FirstAdmin, reason: str, target: Target, now: datetime) -> AppointedAdmin:
    """Appoint the admin in a stage. Raises Refused while two admins are left."""
    access = open_officers(target, now)
    registry = Registry(access.officers, access.subscriptions, access.announcements, access.pool)
    try:
        return appoint_admin_alone(person, reason, actor=access.actor, registry=registry)
    except UsernameTaken as taken:
        raise Refused(
            f"{target.title} has an officer {taken} with another e-mail address. Choose another "
            "username, or give that address if it is the same person. Nothing was changed."
        ) from None
    except AdminsExist as found:
        raise Refused(
            f"{target.title} has these admins: {found}. Two of them appoint officers and other "
            "admins. One who cannot sign in: make reset-sign-in. One who has left: another admin "
            "deactivates them. Nothing was changed."
        ) from None
    except errors.Unavailable as error:
        raise Refused(
            f"The appointment is not complete. {explain(error)}\nThen run the same command again: "
            "it completes the rest."
        ) from error


def describe(appointed: AppointedAdmin, target: Target) -> list[str]:
    """Return what the operator reads: the first password, and when the admin may approve."""
    officer = appointed.officer
    who = f"{officer.username} ({officer.name})"
    password = appointed.first_password
    lines = [
        f"{who}: first password {password}" if password else f"{who}: signs in as before",
        *(["It is shown only now, and is valid for three days."] if password else []),
    ]
    if officer.approves_from:
        lines.append(f"Approves nothing before {times.render(officer.approves_from)}.")
    command = f"OFFICER={officer.username}" if target.is_local else target.command.strip()
    return [*lines, f"Signs in: make token {command}"]


def _ask(question: str) -> str:
    return ask(question, instead=f"give {_GIVE}")


if __name__ == "__main__":
    run(main)
