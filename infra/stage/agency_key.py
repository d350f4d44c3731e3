"""`make agency-key STAGE=prod AGENCY=streets`: keep the key of an agency's server of Open311.

    python -m infra.stage agency-key --stage prod --agency streets
    python -m infra.stage agency-key --agency streets              the local stack that is running

The key is asked for, or read from standard input, so that no shell keeps it. It is sealed to
`EventsKey`, which only the function that goes out can open, and takes the place of an earlier one;
an audit record says who has set it. docs/adr/0084.
"""

import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from chalicelib.aws.kms import ContentKeys
from chalicelib.aws.table import Table
from chalicelib.domain.catalogue.model import agency
from chalicelib.services.casework.errands import key_name
from chalicelib.services.notices.destinations import seal_secret
from chalicelib.store.audit.rows import Action
from chalicelib.store.notices.destinations import Destinations
from infra.stage.console import Refused, say
from infra.stage.officers import open_officers
from infra.stage.target import Target, command, find_target, stack_name

_LONGEST = 500


def main(arguments: Sequence[str]) -> int:
    parser = command("stage agency-key", "Keep the key of an agency's server of Open311.")
    parser.add_argument("--agency", default="", help="the code of the agency: streets")
    asked = parser.parse_args(arguments)
    target = find_target(asked.stage)
    known = agency(asked.agency)
    if known is None or not known.is_sent_to:
        raise Refused(
            "Name an agency of the city that receives by open311: AGENCY=streets. For another city "
            "than the default one, name its folder, too: CITY=path."
        )
    said = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    keep_key(target, known.code, said.strip(), datetime.now(UTC))
    say(f"{target.title} sends the new key to {known.code} from now on.")
    return 0


def keep_key(target: Target, code: str, key: str, now: datetime) -> None:
    """Keep a key in the place of an earlier one. Raises Refused for none."""
    if not 0 < len(key) <= _LONGEST or not key.isprintable():
        raise Refused(f"Give a key of 1 to {_LONGEST} characters.")
    actor = open_officers(target, now).actor
    once = {"retries": {"total_max_attempts": 1}}
    alias = f"alias/{stack_name(target.stage or 'local')}-events"
    rows = Destinations(Table(target.client("dynamodb", **once), target.output("ReportsTableName")))
    name = key_name(code)
    secret = seal_secret(name, key, ContentKeys(target.client("kms", **once), alias))
    record = actor.log_own_item(Action.CHANGE, {"agency": code, "key": "set"})
    rows.table.transact([rows.secrets_item(name, [secret]), record])
