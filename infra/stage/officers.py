"""The officers of a stage for an operator: rows, users, and the audit of what the operator does."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Table
from chalicelib.domain.officers.model import is_admin
from chalicelib.kernel.errors import TiplineError
from chalicelib.services.officers import OperatorActor
from chalicelib.store.audit.rows import Audit
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.notices.roster import Subscriptions
from chalicelib.store.officers.rows import Officers
from chalicelib.store.officers.user_pool import UserPool
from infra.stage.faults import Refused
from infra.stage.presence import require_tables
from infra.stage.target import Target


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


def has_admins(target: Target) -> bool | None:
    """Return whether a stage has active admins; None when that cannot be read."""
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    try:
        officers = Officers(Table(dynamodb, target.output("OfficersTableName"))).all()
    except (Refused, TiplineError):
        return None
    return any(is_admin(officer) for officer in officers)
