"""The officers of a stage for an operator, who is on record with all of this.

    python -m infra.stage first-admins --stage prod --admins zhao,li --names "Zhao Min,Li Wei" \\
                                       --emails zhao@police.example,li@police.example
    python -m infra.stage break-glass --stage prod --admin wu --name "Wu Jie" \\
                                      --email wu@police.example --reason "Both admins have left"
    python -m infra.stage reset-sign-in --stage prod --officer wang

`make first-admins` appoints the first two admins of a stage or of the local stack, and
`make break-glass` one admin of a stage whose admins cannot appoint anybody any more: it is refused
while two are left, its reason is on record, and that admin approves nothing for a day. What is not
given is asked for. Both print a first password for each, once; repeated after a failure, they
complete the rest. Where another issuer manages the users, there are no passwords.

`make reset-sign-in` lets an officer who has lost a password or a phone start again. It prints a
first password, once. The officer keeps rights and history; the old password, authenticator app and
sign-ins end. For a day the account approves nothing that takes two persons. A token that was issued
before is valid for up to 15 minutes more: deactivate the officer first if somebody else may have
it.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from chalicelib.aws.table import Table
from chalicelib.domain.administration import USERNAME, BreakGlassReason
from chalicelib.domain.officers.model import WAIT, Officer, is_admin
from chalicelib.http.requests import as_fields
from chalicelib.kernel import errors, times
from chalicelib.kernel.errors import TiplineError
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, text
from chalicelib.services.administration.appointments import Registry
from chalicelib.services.administration.appointments import reset_sign_in as reset_in_pool
from chalicelib.services.administration.first_admins import (
    AdminsExist,
    AppointedAdmin,
    FirstAdmin,
    NotTwoPersons,
    UsernameTaken,
    appoint_admin_alone,
    appoint_first_admins,
)
from chalicelib.services.officers import OperatorActor
from chalicelib.store.audit.rows import Audit
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.officers.rows import Officers
from chalicelib.store.officers.user_pool import UserPool
from infra.stage import console
from infra.stage.console import Refused, explain
from infra.stage.tables import require_tables
from infra.stage.target import Target, command, find_target

# As all that commands say, if the city has it.
ENGLISH = "en" if "en" in LANGUAGES else DEFAULT

Ask = Callable[[str], str]

# Usernames have no slash.
TRIAL = "trial/officer"

_TWO_PERSONS = (
    "Name two different persons, each with their own mailbox: "
    "ADMINS=zhao,li NAMES='Zhao Min,Li Wei' EMAILS=zhao@police.example,li@police.example"
)
_GIVE = "ADMIN=wu NAME='Wu Jie' EMAIL=wu@police.example REASON='…'"


def first_admins(arguments: Sequence[str]) -> int:
    parser = command("stage first-admins", "Appoint the first two admins.")
    parser.add_argument("--admins", default="", help="two usernames: zhao,li")
    parser.add_argument("--names", default="", help="their names, in this order: Zhao Min,Li Wei")
    parser.add_argument("--emails", default="", help="their e-mail addresses, in this order")
    wanted = parser.parse_args(arguments)
    target = find_target(wanted.stage)
    ask = input if sys.stdin.isatty() else _refuse_to_ask
    persons = read_persons(wanted.admins, wanted.names, wanted.emails, ask)
    print(*describe_first(appoint_first(persons, target, datetime.now(UTC)), target), sep="\n")
    return 0


def break_glass(arguments: Sequence[str]) -> int:
    parser = command("stage break-glass", "Appoint one admin where the admins who are left cannot.")
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
    appointed = appoint_alone(person, reason, target, datetime.now(UTC))
    print(*describe_alone(appointed, target), sep="\n")
    return 0


def reset_sign_in(arguments: Sequence[str]) -> int:
    parser = command("stage reset-sign-in", "Reset an officer's sign-in.")
    parser.add_argument("--officer", default="", help="the officer's username")
    wanted = parser.parse_args(arguments)
    print(*reset(wanted.officer, find_target(wanted.stage), datetime.now(UTC)), sep="\n")
    return 0


@dataclass(frozen=True, slots=True)
class OfficersAccess:
    """`actor` is whoever runs the command. `pool` is None where another issuer has the users."""

    actor: OperatorActor
    officers: Officers
    pool: UserPool | None
    subscriptions: Subscriptions
    announcements: Announcements


def open_officers(target: Target, now: datetime) -> OfficersAccess:
    """Return the officers of a stage. Raises Refused when an older version is deployed, or a table
    is missing.
    """
    require_tables(target, "officers", "audit", "reports")
    # The tables repeat a call themselves.
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    rows = Table(dynamodb, target.output("OfficersTableName"))
    reports = Table(dynamodb, target.output("ReportsTableName"))
    secret = target.client("secretsmanager").get_secret_value(
        SecretId=target.output("AuditSecretArn")
    )["SecretString"]
    audit = Audit(Table(dynamodb, target.output("AuditTableName")), secret.encode())
    operator = target.client("sts").get_caller_identity()["Arn"]
    pool_id = target.outputs.get("OfficersPoolId")
    return OfficersAccess(
        actor=OperatorActor.of(operator, audit, now),
        officers=Officers(rows),
        pool=UserPool(target.client("cognito-idp"), pool_id) if pool_id else None,
        subscriptions=Subscriptions(rows, reports),
        announcements=Announcements(reports),
    )


@contextmanager
def trial_officer(target: Target, category: str) -> Iterator[str]:
    """Let somebody see drills of a category, and nothing else, for as long as the context lasts;
    yield their username, which no token can name. What they do is in the audit as of any officer.
    """
    officers = _officers(target)
    trial = Officer(username=TRIAL, name=TRIAL, categories=(category,), drills_only=True)
    officers.begin_trial(trial)
    try:
        yield TRIAL
    finally:
        officers.end_trial(TRIAL)


def _officers(target: Target) -> Officers:
    # The tables repeat a call themselves.
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    return Officers(Table(dynamodb, target.output("OfficersTableName")))


def has_admins(target: Target) -> bool | None:
    """Return whether a stage has active admins; None when that cannot be read."""
    try:
        officers = _officers(target).all()
    except (Refused, TiplineError):
        return None
    return any(is_admin(officer) for officer in officers)


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


def appoint_first(
    persons: Sequence[FirstAdmin], target: Target, now: datetime
) -> list[AppointedAdmin]:
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
            " same person? If not, choose another username; if so, give that address. An auditor"
            " becomes no admin. Nothing was changed."
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


def describe_first(appointed: Sequence[AppointedAdmin], target: Target) -> list[str]:
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
        field, why = _first_fault(error)
        raise Refused(f"The {field} of {person.username} cannot be stored. {why}") from None


def _first_fault(error: ValidationError) -> tuple[str, str]:
    """Return the first field that is wrong, and why."""
    wrong = as_fields(error).errors[0]
    return wrong.field, text(f"field.{wrong.code}", ENGLISH, **dict(wrong.params))


def _refuse_to_ask(question: str) -> str:
    asked = question.strip().rstrip(":")
    raise Refused(f"There is no terminal to ask for this: {asked}. {_TWO_PERSONS}")


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
        raise Refused(f"The reason cannot be recorded. {_first_fault(error)[1]}") from None


def appoint_alone(person: FirstAdmin, reason: str, target: Target, now: datetime) -> AppointedAdmin:
    """Appoint the admin in a stage. Raises Refused while two admins are left."""
    access = open_officers(target, now)
    registry = Registry(access.officers, access.subscriptions, access.announcements, access.pool)
    try:
        return appoint_admin_alone(person, reason, actor=access.actor, registry=registry)
    except UsernameTaken as taken:
        raise Refused(
            f"{target.title} has an officer {taken} with another e-mail address. Choose another "
            "username, or give that address if it is the same person. An auditor becomes no admin. "
            "Nothing was changed."
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


def describe_alone(appointed: AppointedAdmin, target: Target) -> list[str]:
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
    return console.ask(question, instead=f"give {_GIVE}")


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
        officer, password = reset_in_pool(
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
