"""The check of a city names the file, the place, what is wrong, and what to do."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.catalogue import model
from chalicelib.kernel import geo
from chalicelib.kernel.city import DEFAULT_FOLDER
from infra.city import areas, texts
from infra.city.check import problems
from infra.packaging import bundle
from tests import street_map

FAROL = Path(__file__).parent / "farol"
FILES = ("city.json", "areas.geojson", "catalogue.json", "texts/pt.json")
ROOT = DEFAULT_FOLDER.parent

type Change = Callable[[Any], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of a city, to spoil."""
    return Path(shutil.copytree(FAROL, tmp_path / "farol"))


def changed(folder: Path, file: str, change: Change) -> list[str]:
    """Change one file, and return what is then wrong."""
    path = folder / file
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return [str(problem) for problem in problems(folder)]


def setting(*path: Any) -> Change:
    """Return the change that sets the value at `path`, whose last member is that value."""
    *above, name, value = path

    def change(content: Any) -> None:
        for each in above:
            content = content[each]
        content[name] = value

    return change


def without(*path: Any) -> Change:
    *above, name = path

    def change(content: Any) -> None:
        for each in above:
            content = content[each]
        del content[name]

    return change


MISTAKES: dict[str, dict[str, list[list[Any]]]] = tomllib.loads(
    Path(__file__).with_name("mistakes.toml").read_text(encoding="utf-8")
)


def steps_to(file: str, place: str) -> list[str | int]:
    """Return the way to a place of a file. Of texts it is a key as it stands."""
    if file.startswith("texts/"):
        return [place]
    return [int(step) if step.isdigit() else step for step in re.findall(r"\w+", place)]


def listed_mistakes() -> Iterator[tuple[str, str, Change]]:
    """Yield the file of each mistake, what is said of it, and the change."""
    for file, each in MISTAKES["set"].items():
        for place, value, said, *elsewhere in each:
            yield file, says(file, place, said, *elsewhere), setting(*steps_to(file, place), value)
    for file, each in MISTAKES["remove"].items():
        for place, said, *elsewhere in each:
            yield file, says(file, place, said, *elsewhere), without(*steps_to(file, place))


def says(file: str, place: str, said: str, elsewhere: str = "") -> str:
    at = elsewhere or place
    return f"{at}: {said}" if at.startswith("texts/") else f"{file}: {at}: {said}"


# What is written better here: half a character, ninety of them, and a part of a list.
OTHERS: list[tuple[str, str, Change]] = [
    ("texts/pt.json", "has \\ud800, which is half a character.", setting("report.drill", "\ud800")),
    (
        "texts/en.json",
        "notice.report.subject: has 130 characters with the longest labels",
        setting("category.theft", "T" * 90),
    ),
    (
        "areas.geojson",
        "features: have no district. Add at least one.",
        lambda content: content["features"].__delitem__(slice(3)),
    ),
]


@pytest.mark.parametrize("city", [DEFAULT_FOLDER, FAROL], ids=["chaoyang", "farol"])
def test_nothing_is_wrong_with_the_cities_here(city: Path) -> None:
    assert problems(city) == []


@pytest.mark.parametrize(("file", "said", "change"), [*listed_mistakes(), *OTHERS])
def test_a_mistake_is_named_with_its_place(
    folder: Path, file: str, said: str, change: Change
) -> None:
    found = changed(folder, file, change)

    assert [each for each in found if said in each], found


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://a.example/v2",
        "https://a.example/v2?city=1",
        "https://a.example/v2?",
        "https://a.example/v2#top",
        "https://me:secret@a.example/v2",
        "https://a.example/v2 ",
        "https://a.example/open 311/v2",
        "https://a.example:80/v2",
        "https://a.example:0/v2",
        "https://a.example:/v2",
        "https://a.example:https/v2",
        "https://a..example/v2",
        "https://a.example//v2",
        "https://a.example/v2//",
        "https://a.example/../v2",
        "https://a.example/v2;city=1",
        "https://a.example/v%32",
        "https://a.example/v2/requests.json",
        "https://a.example/v2/services.XML/",
        "https://localhost/v2",
        "a.example/v2",
    ],
)
def test_an_endpoint_that_makes_a_wrong_address_is_named(folder: Path, endpoint: str) -> None:
    [found] = changed(folder, "catalogue.json", setting("agencies", 2, "endpoint", endpoint))

    assert "agencies[2].endpoint: is no address that can be called" in found
    assert "Write what stands before /requests.json" in found


@pytest.mark.parametrize(
    "endpoint",
    ["https://a.example", "https://a.example/", "https://A.example:8443/Open_311/v2.1/~city/"],
)
def test_an_endpoint_may_end_with_its_host_or_a_slash(folder: Path, endpoint: str) -> None:
    assert changed(folder, "catalogue.json", setting("agencies", 2, "endpoint", endpoint)) == []


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()

    assert f"{file}: is not there. Write it" in str(problems(folder)[0])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"languages": [', "city.json: line 1, column 16: is not JSON"),
        (b'{"languages": [], "languages": []}', "city.json: languages: is there twice"),
        (b'{"languages": NaN}', "city.json: has NaN, which is not JSON"),
        (b'{"languages": "\xff"}', "city.json: is not UTF-8, from byte 15 on"),
        (b"[" * 200_000, "city.json: has too many brackets inside each other"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Path, content: bytes, expected: str) -> None:
    (folder / "city.json").write_bytes(content)

    assert any(expected in str(problem) for problem in problems(folder))


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_place_of_a_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (folder / file).mkdir()

    assert f"{file}: cannot be read (Is a directory)." in str(problems(folder)[0])


def test_a_file_that_is_none_of_a_city_is_named(folder: Path) -> None:
    (folder / "district.geojson").write_text("{}")

    assert [str(each) for each in problems(folder)] == [
        "district.geojson: is no file of a city. Remove it."
    ]


def test_files_of_the_system_are_ignored(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"\0")

    assert problems(folder) == []


@pytest.mark.parametrize(
    ("lon", "lat", "said"),
    [
        ((10, 10.2), (44, 44.1), "10.00–10.20° E, 44.00–44.10° N, 1 district"),
        ((44, 44.1), (10, 10.2), "44.00–44.10° E, 10.00–10.20° N, 1 district"),
        ((-34.1, -33.8), (-38.1, -38), "33.80–34.10° W, 38.00–38.10° S, 1 district"),
        ((-0.2, 0.3), (51, 52), "0.20° W to 0.30° E, 51.00–52.00° N, 1 district"),
    ],
)
def test_where_a_city_lies_is_said_for_a_person(
    lon: tuple[float, float], lat: tuple[float, float], said: str
) -> None:
    (west, east), (south, north) = lon, lat
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {
        "properties": {"code": "all", "kind": "district"},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    }

    assert areas.describe({"features": [area]}) == said


def with_streets(folder: Path, south: float = 37.9, *, content: bytes | None = None) -> list[str]:
    """Put a street map beside the city, and return what is then wrong."""
    path = folder.with_suffix(".pmtiles")
    street_map.write(path, west=-34.2, south=south, east=-33.8, north=38.2)
    if content is not None:
        path.write_bytes(content)
    return [str(problem) for problem in problems(folder)]


def test_a_street_map_beside_the_folder_shows_all_areas(folder: Path) -> None:
    assert with_streets(folder) == []
    [wrong] = with_streets(folder, south=38.05)
    assert wrong.startswith("../farol.pmtiles: does not show all areas")
    [wrong] = with_streets(folder, content=b"PK")
    assert wrong.startswith("../farol.pmtiles: is no PMTiles file of version 3")
    path = folder.with_suffix(".pmtiles")
    with_streets(folder)
    content = bytearray(path.read_bytes())
    content[99] = 2
    [wrong] = with_streets(folder, content=bytes(content))
    assert wrong.startswith("../farol.pmtiles: has pictures")


def test_a_file_of_areas_that_is_too_large_is_named(folder: Path) -> None:
    [wrong] = changed(folder, "areas.geojson", setting("description", "x" * 1_000_000))

    assert "Simplify its borders." in wrong


def test_all_mistakes_are_named_at_once(folder: Path) -> None:
    changed(folder, "city.json", setting("time_zone", "Nowhere"))
    changed(folder, "catalogue.json", setting("channels", 0, "fed_by", []))
    found = changed(
        folder, "areas.geojson", without("features", 1, "geometry", "coordinates", 0, 4)
    )

    assert {each.partition(":")[0] for each in found} == {
        "city.json",
        "catalogue.json",
        "areas.geojson",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)


@st.composite
def spoilt(draw: st.DrawFn, content: Any) -> Any:
    """Return the content with one value replaced or removed, at any depth."""
    names = list(content) if isinstance(content, dict) else list(range(len(content)))
    name = draw(st.sampled_from(names))
    inner = content[name]
    if isinstance(inner, dict | list) and inner and draw(st.integers(0, 4)):
        content[name] = draw(spoilt(inner))
    elif draw(st.booleans()):
        content[name] = draw(JSON)
    else:
        del content[name]
    return content


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_content_is_too_strange_for_the_check(folder: Path, file: str, data: Any) -> None:
    content = data.draw(spoilt(json.loads((FAROL / file).read_text(encoding="utf-8"))))
    (folder / file).write_text(json.dumps(content), encoding="utf-8")

    found = problems(folder)

    if file == "areas.geojson" and not any(problem.file == file for problem in found):
        assert geo.read_areas(content)


def checked(*arguments: str) -> subprocess.CompletedProcess[str]:
    return ran("infra.city", *arguments)


def ran(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_names_each_text_that_must_show_the_emergency_number() -> None:
    page = (ROOT / "docs" / "city.md").read_text("utf-8")
    reference = json.loads((texts.GENERAL / "en.json").read_text("utf-8"))
    urgent = [key for key, wording in reference.items() if "{emergency_number}" in wording]

    assert [key for key in urgent if f"`{key}`" not in page] == []


def test_the_page_explains_each_member_of_the_catalogue() -> None:
    page = (ROOT / "docs" / "city.md").read_text("utf-8")
    types = (model.Category, model.Channel, model.App, model.Raise)
    fields = (model.TextField, model.IntegerField, model.BooleanField, model.ChoiceField)
    members = {name for each in (*types, *fields) for name in get_type_hints(each)}

    assert sorted(name for name in members if f"`{name}`" not in page) == []


def test_the_command_prints_each_mistake_with_the_path_of_its_file(folder: Path) -> None:
    changed(folder, "city.json", setting("time_zone", "Nowhere"))

    done = checked(str(folder))

    assert done.returncode == 1
    assert f"{folder}/city.json: time_zone: 'Nowhere' is not in the tz database." in done.stdout
    assert "1 to correct" in done.stderr


def test_the_command_accepts_a_city_that_can_be_run() -> None:
    done = checked(str(FAROL))

    assert (done.returncode, done.stderr) == (0, "")
    assert "33.88–34.10° W, 38.00–38.10° N, 3 districts, 1 station" in done.stdout


@pytest.mark.skipif(sys.version_info[:2] != bundle.PYTHON, reason="packaging needs this Python")
def test_a_city_that_is_wrong_is_not_packaged(folder: Path) -> None:
    changed(folder, "city.json", setting("datums", ["gcj02"]))

    done = ran("infra.packaging", CITY=str(folder))

    assert done.returncode == 1
    assert "Not packaged" in done.stderr
    assert "city.json: datums: lack wgs84" in done.stderr
