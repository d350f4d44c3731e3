"""The secret of cursors is rotated while officers page through a list."""

import secrets
import uuid

from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage


def test_cursors_of_before_and_after_a_rotation_open_their_pages(
    stage: Stage, officer: Person
) -> None:
    for _ in range(3):
        stage.report("other")
    path = "/v1/officer/reports?category=other&limit=1"
    before = officer.get(path)["next_cursor"]
    stage.client("secretsmanager").put_secret_value(
        SecretId=stage.resources["CursorSecret"], SecretString=secrets.token_hex(32)
    )
    restart(stage)
    page = officer.get(f"{path}&cursor={before}")
    assert len(page["items"]) == 1
    assert len(officer.get(f"{path}&cursor={page['next_cursor']}")["items"]) == 1
    forged = officer.call("GET", f"{path}&cursor={before[:-2]}AA")
    assert (forged.status, forged.json["code"]) == (400, "bad_cursor")


def restart(stage: Stage) -> None:
    """Give the function of officers new processes, as any change of its configuration does."""
    stage.client("lambda").update_function_configuration(
        FunctionName=stage.function("Officers"), Description=str(uuid.uuid4())
    )
