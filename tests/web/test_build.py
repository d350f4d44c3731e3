"""The web clients are built when something has changed, and only then."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from infra.web.build import ROOT, NotBuilt, build
from infra.web.node import Failed
from tests.local.stack import Stack

IGNORED = shutil.ignore_patterns("node_modules", "__pycache__", "schema.d.ts", "dist")


class RecordingNode:
    """A Node.js that builds two pages, which say for which city."""

    version = "24"

    def __init__(self, fails: str = "") -> None:
        self.calls: list[str] = []
        self.fails = fails

    def npm(self, *arguments: str, folder: Path) -> None:
        self._called("npm")
        (folder / "node_modules").mkdir(exist_ok=True)

    def run(
        self, script: Path, *arguments: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._called(script.stem)
        if script.stem == "vite":
            for page in ("index.html", "console/index.html"):
                path = Path(environment["OUT"]) / page
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(environment["CITY"], encoding="utf-8")

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name == self.fails:
            raise Failed(f"{name} has failed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with sources, and nothing installed or built."""
    for name in ("web", "sdk"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=IGNORED)
    shutil.copytree(ROOT / "city", tmp_path / "city")
    return tmp_path


def built(project: Path, node: RecordingNode | None = None) -> list[str]:
    """Build, and return what was started."""
    node = node or RecordingNode()
    folder = build(project, city=project / "city", say=lambda text: None, node=node)
    assert (folder / "index.html").is_file()
    assert (folder / "console/index.html").is_file()
    return node.calls


def test_a_second_build_starts_no_program(project: Path) -> None:
    assert built(project) == ["npm", "vite"]
    assert built(project) == []


@pytest.mark.parametrize(
    "changed", ["web/report/main.tsx", "sdk/outbox/outbox.ts", "city/city.json"]
)
def test_a_changed_source_is_built_without_npm(project: Path, changed: str) -> None:
    built(project)
    with (project / changed).open("a") as file:
        file.write("\n")
    assert built(project) == ["vite"]
    assert built(project) == []


def test_a_street_map_beside_the_city_is_built_in(project: Path) -> None:
    built(project)
    (project / "city.pmtiles").write_bytes(b"PMTiles")
    assert built(project) == ["vite"]
    assert built(project) == []


def test_the_build_of_another_city_leaves_that_of_the_first_alone(project: Path) -> None:
    other, node = project / "cities" / "city", RecordingNode()
    shutil.copytree(project / "city", other)
    folders = {
        city: build(project, city=city, say=lambda text: None, node=node)
        for city in (project / "city", other, project / "cities" / ".." / "city")
    }
    assert node.calls == ["npm", "vite", "vite"]
    said = [(folder / "index.html").read_text(encoding="utf-8") for folder in folders.values()]
    assert said == [str(project / "city"), str(other), str(project / "city")]


def test_what_is_packaged_is_that_of_the_city_that_was_built_last(project: Path) -> None:
    other, out = project / "other", project / "build" / "web"
    shutil.copytree(project / "city", other)
    for city in (project / "city", other, project / "city"):
        assert build(project, city=city, say=print, node=RecordingNode(), into=out) == out
        assert (out / "index.html").read_text(encoding="utf-8") == str(city)


@pytest.mark.parametrize("changed", ["package.json", "package-lock.json", ".npmrc"])
def test_a_changed_package_is_installed(project: Path, changed: str) -> None:
    built(project)
    with (project / "web" / changed).open("a") as file:
        file.write("\n")
    assert built(project) == ["npm", "vite"]


def test_another_node_installs_anew(project: Path) -> None:
    built(project)
    other = RecordingNode()
    other.version = "26"
    assert built(project, other) == ["npm", "vite"]


def test_a_test_is_no_source(project: Path) -> None:
    built(project)
    (project / "web/shared/new.test.ts").touch()
    assert built(project) == []


@pytest.mark.parametrize("program", ["npm", "vite"])
def test_what_fails_is_named_and_tried_again(project: Path, program: str) -> None:
    with pytest.raises(NotBuilt, match=f"{program} has failed"):
        built(project, RecordingNode(fails=program))
    assert program in built(project)


def test_without_a_registry_the_api_runs_and_its_start_page_says_why(
    project: Path, tmp_path: Path
) -> None:
    for name in ("chalicelib", "infra", ".chalice"):
        shutil.copytree(ROOT / name, project / name, ignore=IGNORED, dirs_exist_ok=True)
    shutil.copy(ROOT / "app.py", project)
    stack = Stack(
        tmp_path / "local",
        root=project,
        npm_config_registry="http://127.0.0.1:9/",
        npm_config_cache=str(tmp_path / "cache"),
        npm_config_fetch_retries="0",
        WEB="on",
    )
    try:
        assert requests.get(f"{stack.api}/v1/health", timeout=10).status_code == 200
        start = requests.get(stack.api, timeout=10)
        assert start.status_code == 200
        assert "The web clients could not be built" in start.text
        assert "ECONNREFUSED" in start.text
        console = requests.get(f"{stack.api}/console/", timeout=10)
        assert console.status_code == 503
        assert "ECONNREFUSED" in console.text
    finally:
        stack.process.terminate()
        stack.process.wait(60)
