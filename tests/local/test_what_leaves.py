"""What leaves the local stack by itself reaches whom it is for: events, referrals, pushes."""

import json
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from werkzeug import Request, Response

from tests.local.stack import ROOT, Stack, eventually
from tests.loopback import serving
from tests.open311 import Server, respond_by

pytestmark = pytest.mark.slow

FAROL = ROOT / "tests" / "cities" / "farol"
PHONE = "5e" * 32


@pytest.fixture(scope="module")
def agency() -> Server:
    return Server(lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, agency: Server) -> Iterator[Stack]:
    """A stack of a city whose agency listens on this machine."""
    folder = tmp_path_factory.mktemp("city") / "city"
    shutil.copytree(FAROL, folder)
    with serving(respond_by(agency)) as address:
        catalogue = folder / "catalogue.json"
        catalogue.write_text(catalogue.read_text().replace("9311", address.rpartition(":")[2]))
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


def test_a_referral_is_delivered_and_its_reporter_reads_it(stack: Stack, agency: Server) -> None:
    words = "Grade de esgoto partida em frente à lota."
    created = file(stack, "anything", "A grade está partida, caí lá com a bicicleta.")
    path = f"/v1/officer/reports/{created['id']}/referral"
    proposed = {"agency": "streets", "reason": "É das ruas.", "words": words}
    stack.call("POST", path, proposed, officer="officer")
    stack.read_and_approve(f"{path}/approve", "supervisor")
    stack.run("clock", "1m")
    stack.expect(r"agency → POST · open311\.localhost:\d+ · 200")
    [request] = agency.requests.values()
    assert request["description"].startswith(words)
    assert "bicicleta" not in json.dumps(agency.posted)

    receipt = {"Authorization": f"Receipt {created['receipt']}"}

    def reads_it() -> bool:
        stack.run("clock", "1s")
        [passed_on] = stack.call("GET", "/v1/reports/mine", **receipt)["passed_on"]
        return bool(passed_on["state"] == "accepted")

    eventually(reads_it)


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
    phones = stack.client("sns").list_platform_applications()["PlatformApplications"]
    known = [
        phone["Attributes"]["Token"]
        for each in phones
        for phone in stack.client("sns").list_endpoints_by_platform_application(
            PlatformApplicationArn=each["PlatformApplicationArn"]
        )["Endpoints"]
    ]
    assert known == [PHONE]
