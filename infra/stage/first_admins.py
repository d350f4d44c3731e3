"""`make first-admins`: appoint the first two admins of a stage or of the local stack.

    python -m infra.stage.first_admins --stage prod --admins zhao,li --names "Zhao Min,Li Wei" \\
                                       --emails zhao@police.example,li@police.example

What is not given is asked for. Prints a first password for each, once. Repeated after a failure, it
completes the rest. Where another issuer manages the users, there are no passwords.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from chalicelib.domain.administration import USERNAME
from chalicelib.http.requests import as_fields
from chalicelib.kernel import errors, times
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, text
from chalicelib.services.administration.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    NotTwoPersons,
    UsernameTaken,
    appoint_first_admins,
)
from infra.stage.faults import Refused, explain, run
from infra.stage.officers import open_officers
from infra.stage.target import Target, add_stage, find_target

# As all that commands say, if the city has it.
ENGLISH = "en" if "en" in LANGUAGES else DEFAULT

Ask = Callable[[str], str]

_TWO_PERSONS = (
    "Name two different persons, each with their own mailbox: "
    "ADMINS=zhao,li NAMES='Zhao Min,Li Wei' EMAILS=zhao@police.example,li@police.example"
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.first_admins", description="Appoint the first two admins."
    )
    add_stage(parser)
    parser.add_argument("--admins", default="", help="two usernames: zhao,li")
    parser.add_argument("--names", default="", help="their names, in this order: Zhao Min,Li Wei")
    parser.add_argument("--emails", default="", help="their e-mail addresses, in this order")
    wanted = parser.parse_args(arguments)
    target = find_target(wanted.stage)
    ask = input if sys.stdin.isatty() else _refuse_to_ask
    persons = read_persons(wanted.admins, wanted.names, wanted.emails, ask)
    for line in describe(appoint(persons, target, datetime.now(UTC)), target):
        print(line)
    return 0


def read_persons(admins: str, names: str, emails: str, ask: Ask) -> list[FirstAdmin]:
    """Return the two persons. Each list is separated by commas; what is empty is asked for.

    Raises Refused when a list has not two members, or one that cannot be stored.
    """
    usernames = _two("ADMINS", admins or ask("Usernames of two persons, such as zhao,li: "))
    for username in usernames:
        if not USERNAME.fullmatch(username):
            raise Refused(
                f"{username!r} cannot be a username. Use up to 64 lower-case letters, digits, "
                "dots, dashes and underscores, beginning with a letter or a digit."
            )
    full_names = (
        _two("NAMES", names) if names else [ask(f"Name of {username}: ") for username in usernames]
    )
    addresses = (
        _two("EMAILS", emails)
        if emails
        else [ask(f"E-mail address of {username}: ") for username in usernames]
    )
    persons = [
        FirstAdmin(username, name.strip(), address.strip())
        for username, name, address in zip(usernames, full_names, addresses, strict=True)
    ]
    for person in persons:
        check(person)
    return persons


def appoint(persons: Sequence[FirstAdmin], target: Target, now: datetime) -> list[AppointedAdmin]:
    """Appoint them in a stage. Raises Refused when there are admins already, or one person only."""
    access = open_officers(target, now)
    try:
        return appoint_first_admins(
            persons,
            actor=access.actor,
            officers=access.officers,
            pool=access.pool,
            subscriptions=access.subscriptions,
        )
    except NotTwoPersons:
        raise Refused(_TWO_PERSONS) from None
    except UsernameTaken as taken:
        raise Refused(
            f"{target.title} has an officer {taken} with another e-mail address. Is it the"
            " same person? If not, choose another username; if so, give that address. Nothing was"
            " changed."
        ) from None
    except AdminsExist as found:
        raise Refused(
            f"{target.title} has admins already: {found}. They appoint officers and other "
            "admins. Nothing was changed."
        ) from None
    except errors.Unavailable as error:
        raise Refused(
            f"Not both were appointed. {explain(error)}\nThen run the same command again: it "
            "completes the rest."
        ) from error


def describe(appointed: Sequence[AppointedAdmin], target: Target) -> list[str]:
    """Return what the operator reads: each admin with the first password, and the next step."""
    lines = [f"{target.title} has two admins."]
    for admin in appointed:
        who = f"{admin.officer.username} ({admin.officer.name})"
        if admin.first_password:
            lines.append(f"  {who}: first password {admin.first_password}")
        elif admin.was_disabled:
            lines.append(f"  {who}: was disabled, and signs in again with their own password")
        else:
            lines.append(f"  {who}: signs in as before")
    if waits := [admin.officer.approves_from for admin in appointed if admin.officer.approves_from]:
        lines.append(
            f"{target.title} has other officers, so they approve nothing before "
            f"{times.render(max(waits))}."
        )
    if any(admin.first_password for admin in appointed):
        lines.append(
            "Each password is shown only now, and is valid for three days. Give each person their "
            "own, by a way that nobody else reads."
        )
    if target.is_local:
        lines += [f"Sign in: make -s token OFFICER={admin.officer.username}" for admin in appointed]
    else:
        lines.append(f"Each signs in on their own machine: make token{target.command}")
    return lines


def _two(variable: str, text: str) -> list[str]:
    members = [member.strip() for member in text.split(",")]
    if len(members) != 2 or not all(members):
        raise Refused(f"{variable}={text} does not name two persons. {_TWO_PERSONS}")
    return members


def check(person: FirstAdmin) -> None:
    """Raise Refused for a name or an address that cannot be stored."""
    try:
        person.appointment()
    except ValidationError as error:
        wrong = as_fields(error).errors[0]
        why = text(f"field.{wrong.code}", ENGLISH, **dict(wrong.params))
        raise Refused(f"The {wrong.field} of {person.username} cannot be stored. {why}") from None


def _refuse_to_ask(question: str) -> str:
    asked = question.strip().rstrip(":")
    raise Refused(f"There is no terminal to ask for this: {asked}. {_TWO_PERSONS}")


if __name__ == "__main__":
    run(main)
