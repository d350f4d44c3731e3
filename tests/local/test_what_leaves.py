"""What leaves the local stack by itself reaches whom it is for: events, referrals, pushes."""

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from werkzeug import Request, Response

from tests.local.stack import ROOT, Stack, eventually, free_port
from tests.loopback import serving

pytestmark = pytest.mark.slow

FAROL = ROOT / "tests" / "cities" / "farol"
PHONE = "5e" * 32


class Agency(NamedTuple):
    port: int
    prints: IO[str]


@pytest.fixture(scope="module")
def agency() -> Iterator[Agency]:
    """The server of an agency that docs/local.md names."""
    port = free_port()
    command = [sys.executable, "-m", "tests.open311", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Agency(port, process.stdout)
        process.kill()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, agency: Agency) -> Iterator[Stack]:
    """A stack of a city whose agency listens on this machine."""
    folder = tmp_path_factory.mktemp("city") / "city"
    shutil.copytree(FAROL, folder)
    catalogue = folder / "catalogue.json"
    catalogue.write_text(catalogue.read_text().replace("9311", str(agency.port)))
    running = Stack(tmp_path_factory.mktemp("local"), CITY=str(folder))
    yield running
    running.process.kill()


def file(stack: Stack, category: str, text: str, **more: Any) -> dict[str, Any]:
    body = {"category": category, "text": text, **more}
    created = stack.call("POST", "/v1/reports", body, Idempotency_Key=str(uuid.uuid4()))
    stack.expect(rf"notice → report · {category} · .* · {created['reference']}")
    return dict(created)


def test_an_event_arrives_signed(stack: Stack) -> None:
    path, sent = "/v1/admin/destinations/coast-radio", list[tuple[bytes, dict[str, str]]]()

    def take(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        sent.append((request.get_data(), headers))
        return Response(status=202)

    with serving(take) as address:
        url = f"https://radio.localhost:{address.rpartition(':')[2]}/tips?from=farol"
        stack.call("PUT", path, {"url": url, "categories": [], "kinds": []}, officer="admin")
        secret = stack.read_and_approve(f"{path}/approve", "admin2")["secret"]
        created = file(stack, "person_at_sea", "Um homem à deriva num colchão, a norte do molhe.")
        stack.run("clock", "1m")
        stack.expect(r"event → report · radio\.localhost:\d+ · 202")

    [(body, headers)] = sent
    event = Webhook(secret).verify(body, headers)
    assert event["data"] == {"kind": "report", "report_id": created["id"], "urgency": "critical"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"critical", b"normal"), headers)


def test_a_referral_is_delivered_and_its_reporter_reads_that_it_is_done(
    stack: Stack, agency: Agency
) -> None:
    words = "Grade de esgoto partida em frente à lota."
    created = file(stack, "anything", "A grade está partida, caí lá com a bicicleta.")
    path = f"/v1/officer/reports/{created['id']}/referral"
    proposed = {"agency": "streets", "reason": "É das ruas.", "words": words}
    stack.call("POST", path, proposed, officer="officer")
    stack.read_and_approve(f"{path}/approve", "supervisor")
    stack.run("clock", "1m")
    stack.expect(r"agency → POST · open311\.localhost:\d+ · 200")
    came = json.loads(agency.prints.readline())
    assert came["description"].startswith(words)
    assert "bicicleta" not in str(came)

    receipt = {"Authorization": f"Receipt {created['receipt']}"}

    def is_done() -> bool:
        stack.run("clock", "1h")
        [passed_on] = stack.call("GET", "/v1/reports/mine", **receipt)["passed_on"]
        return bool(passed_on["state"] == "done")

    eventually(is_done)


def test_a_push_goes_to_the_phone_once(stack: Stack) -> None:
    created = file(stack, "theft", "Levaram a caixa de ferramentas da carrinha branca.")
    own = f"/v1/reports/{created['id']}"
    receipt = {"Authorization": f"Receipt {created['receipt']}"}
    stack.call("PUT", f"{own}/push", {"platform": "apns", "token": PHONE}, **receipt)
    stack.run("clock", "2h")
    assert not any("push →" in line for line in stack.lines)

    reply = {"text": "Temos a caixa. Traga a fatura, por favor."}
    stack.call("POST", f"/v1/officer{own.removeprefix('/v1')}/messages", reply, officer="officer")
    stack.run("clock", "2h")
    stack.expect(r"push → a reporter's phone")
    assert sum("push →" in line for line in stack.lines) == 1
    phones = stack.client("sns").list_platform_applications()["PlatformApplications"]
    known = [
        phone["Attributes"]["Token"]
        for each in phones
        for phone in stack.client("sns").list_endpoints_by_platform_application(
            PlatformApplicationArn=each["PlatformApplicationArn"]
        )["Endpoints"]
    ]
    assert known == [PHONE]
