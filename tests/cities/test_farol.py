"""An invented city: another country, other districts and categories, and a language that the code
does not have. Everything is reached as people reach it: over the ports of a running stack.
"""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.local.stack import ROOT, Stack

pytestmark = pytest.mark.slow  # a process of its own for each city

FAROL = Path(__file__).parent / "farol"
ON_THE_ISLET = {"lat": 38.03, "lon": -33.89}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("farol"), CITY=str(FAROL))
    yield running
    if running.process.poll() is None:
        running.process.kill()


def ask(stack: Stack, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send a request in Portuguese, unless `headers` say otherwise, and return its response."""
    sent = {"Accept-Language": "pt-PT,en;q=0.5"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return requests.request(method, stack.api + path, json=body, headers=sent, timeout=20)


def bearer(stack: Stack, officer: str) -> str:
    return "Bearer " + stack.run("token", officer).stdout.strip()


def report(stack: Stack, **more: Any) -> Any:
    body = {"category": "person_at_sea", "text": "Um homem num bote."} | more
    return ask(stack, "POST", "/v1/reports", body, Idempotency_Key=str(uuid.uuid4()))


def test_everything_that_holds_for_any_city_holds_for_it() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "0", "--no-cov", "tests/city"]
    environment = {**os.environ, "CITY": str(FAROL)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_beside_a_stack_of_another_city_each_shows_its_own(tmp_path: Path) -> None:
    with ExitStack() as ends:
        stacks = []
        for city in (FAROL, ROOT / "city"):
            stacks.append(Stack(tmp_path / city.name, CITY=str(city), WEB="on"))
            ends.callback(stacks[-1].end, signal.SIGTERM)
        pages = [requests.get(each.api, timeout=20).text for each in stacks]
    assert [re.findall("<title>(.*)</title>", page) for page in pages] == [["Farol"], ["Chaoyang"]]


def test_a_report_in_the_third_language_goes_from_the_shore_to_an_officer(stack: Stack) -> None:
    details = {"people": 2, "craft": "boat"}
    created = report(stack, location=ON_THE_ISLET, details=details)

    assert created.status_code == 201, created.text
    assert created.json()["district"] == "quays"
    assert created.json()["emergency"] == {
        "number": "112",
        "text": "Se alguém está em perigo neste momento, ligue 112. Não espere por uma resposta"
        " aqui.",
    }
    stack.expect(f"Nova comunicação {created.json()['reference']}: Pessoa em perigo no mar, Cais")
    path = f"/v1/officer/reports/{created.json()['id']}"
    opened = ask(stack, "GET", path, Authorization=bearer(stack, "officer"))
    assert (opened.json()["details"], opened.json()["district"]) == (details, "quays")


def test_an_earlier_form_is_still_filled_in_and_keeps_its_labels(stack: Stack) -> None:
    created = report(stack, category="theft", details={"seen": "thief"})
    assert created.status_code == 201, created.text
    officer, path = bearer(stack, "officer"), f"/v1/officer/reports/{created.json()['id']}"
    shown = ask(stack, "GET", path, Authorization=officer).json()
    assert shown["details_version"] == 1
    [answer] = shown["answers"]
    assert (answer["label"], answer["value_label"]) == ("Viu o ladrão?", "Sim")

    forms = "/v1/officer/forms?category=theft"
    present = ask(stack, "GET", forms, Authorization=officer).json()
    earlier = ask(stack, "GET", f"{forms}&version=1", Authorization=officer).json()
    assert present["versions"] == earlier["versions"] == [2, 1]
    assert [each["name"] for each in present["details"]] == ["what", "time"]
    assert [each["name"] for each in earlier["details"]] == ["what", "seen"]
    unknown = ask(stack, "GET", f"{forms}&version=3", Authorization=officer)
    assert unknown.status_code == 404


def test_a_place_in_a_chinese_datum_is_refused(stack: Stack) -> None:
    refused = report(stack, location=ON_THE_ISLET | {"datum": "gcj02"})

    assert refused.json()["title"] == "Verifique os dados"
    assert refused.json()["errors"] == [
        {
            "field": "location.datum",
            "code": "unknown_value",
            "detail": "Este valor não é conhecido. Verifique-o ou escolha um dos permitidos.",
            "allowed": ["wgs84"],
        }
    ]


def test_a_text_of_the_city_replaces_that_of_every_city(stack: Stack) -> None:
    at_sea = {"category": "theft", "text": "A boat.", "location": {"lat": 0, "lon": 0}}
    key = {"Idempotency-Key": str(uuid.uuid4()), "Accept-Language": "en"}
    created = ask(stack, "POST", "/v1/reports", at_sea, **key)

    [note] = created.json()["notes"]
    assert note.startswith("This place is not on our island.")


def test_the_gateway_has_all_three_languages(stack: Stack) -> None:
    unknown = ask(stack, "GET", "/v1/nowhere").json()

    assert unknown["title"] == "Não encontrado / Not found / 未找到"


def test_a_bulletin_is_published_in_its_languages(stack: Stack) -> None:
    draft = {
        "channel": "sea_warnings",
        "title": {"pt": "Bote desaparecido", "zh": "小船失踪"},
        "body": {"pt": "Um bote azul.", "zh": "蓝色小船。"},
        "area": {"district": "lighthouse_hill"},
    }
    officer, supervisor = bearer(stack, "officer"), bearer(stack, "supervisor")
    drafted = ask(stack, "POST", "/v1/officer/bulletins", draft, Authorization=officer)
    assert drafted.status_code == 201, drafted.text
    bulletin = f"/v1/officer/bulletins/{drafted.json()['id']}"
    tag = ask(stack, "GET", bulletin, Authorization=supervisor).headers["ETag"]
    approved = ask(stack, "POST", f"{bulletin}/approve", Authorization=supervisor, If_Match=tag)
    assert approved.status_code == 200, approved.text

    feed = ask(stack, "GET", "/v1/bulletins/feed.json").json()
    assert feed["title"] == "Avisos da polícia, Farol"
    assert feed["authors"] == [{"name": "Polícia de Farol"}]
    [item] = feed["items"]
    assert (item["title"], item["tags"]) == ("Bote desaparecido", ["Avisos no mar"])
    assert "Zona: Monte do Farol" in item["content_text"]
    alert = ask(stack, "GET", f"/v1/bulletins/{drafted.json()['id']}/cap").text
    assert "<category>Safety</category>" in alert
    assert "<language>zh</language>" in alert


def test_the_areas_carry_labels(stack: Stack) -> None:
    areas = ask(stack, "GET", "/v1/areas").json()

    assert [each["properties"]["label"] for each in areas["features"]] == [
        "Cidade Velha",
        "Monte do Farol",
        "Cais",
        "Esquadra do Porto",
    ]


def test_the_start_page_is_the_citys(stack: Stack) -> None:
    page = ask(stack, "GET", "/").text

    assert '<html lang="pt">' in page
    assert "<h1>Lanterna</h1>" in page
    assert "110" not in page


def ran(program: str, folder: Path, *arguments: str, **environment: str) -> str:
    """Run a program in a folder, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_what_is_packaged_is_the_city(tmp_path: Path) -> None:
    program = (
        "import json, sys; from pathlib import Path;"
        "from infra.packaging import bundle, package, templates;"
        "project = package.stage_project(package.ROOT, Path(sys.argv[1]), bundle.ARM64);"
        "print(json.dumps(templates.merge_template(package.ROOT, bundle.ARM64)))"
    )
    merged = ran(program, ROOT, str(tmp_path), CITY=str(FAROL))

    project = tmp_path / "project"
    packaged = {path.relative_to(project / "city"): path for path in project.glob("city/**/*.*")}
    assert {name: path.read_bytes() for name, path in packaged.items()} == {
        path.relative_to(FAROL): path.read_bytes() for path in FAROL.glob("**/*.*")
    }
    addresses = {
        each["Properties"]["Endpoint"]: each["Properties"]["FilterPolicy"]["to"]
        for each in json.loads(merged)["Resources"].values()
        if each["Type"] == "AWS::SNS::Subscription" and "FilterPolicy" in each["Properties"]
    }
    for category, email in (
        ("other", "inspetoria@farol.test"),
        ("oversight", "provedor@farol.example"),
    ):
        whom = (
            "from chalicelib.domain.notices import notice;"
            f"print(*notice.outside_the_desk('{category}'))"
        )
        assert ran(whom, project, CITY="").split()[-1:] == addresses[email]
    found = "from chalicelib.kernel import city; print(city.FOLDER, city.city().emergency_number)"
    assert ran(found, project, CITY="").split() == [str(project / "city"), "112"]
    served = (
        "import sys; from app import app; from chalice.test import Client\n"
        "with Client(app) as client: print(client.http.get(sys.argv[1]).body.decode())\n"
        "assert 'chalicelib.http.openapi' not in sys.modules, 'made by a request'"
    )
    documents = [
        ran(served, project, path, CITY="") for path in ("/openapi.json", "/openapi-officers.json")
    ]
    assert ["person_at_sea" in document for document in documents] == [True, True]
    for elsewhere in ("chaoyang", "朝阳", "110"):
        assert not any(elsewhere in document for document in documents)
        assert elsewhere not in merged
    responses = json.loads(merged)["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][
        "x-amazon-apigateway-gateway-responses"
    ]
    assert "ligue 112. / " in responses["THROTTLED"]["responseTemplates"]["application/json"]
