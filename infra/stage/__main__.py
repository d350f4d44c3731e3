"""The commands that work on a deployed stage, or on the local stack that is running (PORT).

    python -m infra.stage redrive --queue uploads --stage prod

`make redrive QUEUE=uploads STAGE=prod` runs it so. Without a command it lists them.
"""

from collections.abc import Sequence
from importlib import import_module

from infra.stage.console import Refused, run

COMMANDS = {
    "agency-key": "agency_key.main",
    "audit-key": "audit.print_keys",
    "audit-verify": "audit.verify_audit",
    "break-glass": "officers.break_glass",
    "custody-key": "audit.print_custody_keys",
    "destroy": "destroy.main",
    "first-admins": "officers.first_admins",
    "ledger-verify": "audit.verify_ledger",
    "logs": "logs.main",
    "migrate": "migrate.main",
    "orphans": "orphans.main",
    "redrive": "redrive.main",
    "reset-sign-in": "officers.reset_sign_in",
    "restore": "restore.main",
    "rollback": "versions.main",
    "rotate-key": "rotate_key.main",
    "status": "status.main",
    "token": "token.main",
}
"""Where each command is, below `infra.stage`. Its module alone is loaded."""


def main(arguments: Sequence[str]) -> int:
    """Run a command. Raises Refused for one that is not known."""
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        raise Refused(f"python -m infra.stage COMMAND …: one of {', '.join(COMMANDS)}")
    module, _, function = COMMANDS[name].partition(".")
    exit_code: int = getattr(import_module(f"infra.stage.{module}"), function)(rest)
    return exit_code


if __name__ == "__main__":
    run(main)
