"""The check of a city names the file, the place, what is wrong, and what to do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
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


def ring(content: Any, feature: int = 1) -> Any:
    return content["features"][feature]["geometry"]["coordinates"][0]


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


def repeat_feature(content: Any) -> None:
    again = json.loads(json.dumps(content["features"][2]))
    again["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 10]]],
    }
    content["features"].append(again)


type Cases = dict[str, tuple[Change, str]]
"""What a change does, the change, and what is said of it."""

OF_THE_CITY: Cases = {
    "a fact is missing": (without("time_zone"), "city.json: time_zone: is missing"),
    "a fact is unknown": (setting("mayor", "x"), "city.json: mayor: is not known"),
    "a fact has another type": (
        setting("emergency_number", 112),
        'city.json: emergency_number: is a number. Write it in quotes: "112".',
    ),
    "the time zone is mistyped": (
        setting("time_zone", "Atlantic/Azorez"),
        "city.json: time_zone: 'Atlantic/Azorez' is not in the tz database. Did you mean"
        " 'Atlantic/Azores'?",
    ),
    "the number cannot be dialled": (
        setting("emergency_number", "police"),
        "city.json: emergency_number: 'police' cannot be dialled",
    ),
    "a datum is unknown": (
        setting("datums", ["wgs84", "nad27"]),
        "city.json: datums: 'nad27' is not known. Use some of: wgs84, gcj02, bd09.",
    ),
    "the address for reviews is none": (
        setting("review_address", "the inspectorate"),
        "city.json: review_address: 'the inspectorate' is no e-mail address",
    ),
    "WGS-84 is not accepted": (setting("datums", ["gcj02"]), "city.json: datums: lack wgs84"),
    "another map needs a datum that is not the city's": (
        setting("maps", 0, "datum", "gcj02"),
        "city.json: maps[0].datum: 'gcj02' is not one of datums",
    ),
    "another map's code is none": (
        setting("maps", 0, "code", "Open Street"),
        "city.json: maps[0].code: is no code of its own",
    ),
    "another map has no name": (
        setting("maps", 0, "code", "amap"),
        "texts/pt.json: map.amap: is missing",
    ),
    **{
        f"another map's address is {url!r}": (
            setting("maps", 0, "url", url),
            "city.json: maps[0].url: is no address of a place",
        )
        for url in (
            "https://map.example/?at={lat}",
            "https://map.example/?at={lat},{lon},{name}",
            "http://map.example/?at={lat},{lon}",
            "https://{lat}{lon}/",
            "javascript:open('{lat},{lon}')",
        )
    },
    "there is no language": (setting("languages", []), "city.json: languages: are none"),
    "a language's tag has capitals": (
        setting("languages", ["pt", "en", "zh", "pt-BR"]),
        "city.json: languages: 'pt-BR' is not a tag in lower case",
    ),
    "a language is there twice": (
        setting("languages", ["pt", "en", "zh", "pt"]),
        "city.json: languages: name one twice",
    ),
    "the default language is no language": (
        setting("default_language", "fr"),
        "city.json: default_language: 'fr' is not one of languages",
    ),
    "a language has no texts": (
        setting("languages", ["pt", "en", "zh", "fr"]),
        "texts/fr.json: is not there. Write it",
    ),
    "texts have no language": (
        setting("languages", ["pt", "en"]),
        "texts/zh.json: is of no language of the city. Add 'zh' to languages",
    ),
}

OF_AREAS: Cases = {
    "areas are no collection": (
        setting("type", "Feature"),
        'areas.geojson: type: is not "FeatureCollection"',
    ),
    "there is no area": (
        setting("features", []),
        "areas.geojson: features: is not a list of areas",
    ),
    "a ring is not closed": (
        lambda content: ring(content).pop(),
        "areas.geojson: features[1] (lighthouse_hill).geometry.coordinates: ring 0 is not closed",
    ),
    "a ring crosses itself": (
        lambda content: ring(content).__setitem__(
            slice(1, 3), [ring(content)[2], ring(content)[1]]
        ),
        "areas.geojson: features[1] (lighthouse_hill).geometry: is not a valid area:"
        " Self-intersection[-34.05 38.05]",
    ),
    "districts overlap": (
        lambda content: content["features"][0]["geometry"]["coordinates"].pop(),
        "areas.geojson: features[0] (old_town): overlaps lighthouse_hill, around -34.05",
    ),
    "a station lies across districts": (
        lambda content: ring(content, 3).__setitem__(
            slice(None),
            [[-34.02, 38.0], [-33.95, 38.0], [-33.95, 38.1], [-34.02, 38.1], [-34.02, 38.0]],
        ),
        "areas.geojson: features[3] (harbour_station): does not lie in one district",
    ),
    "latitude comes first": (
        lambda content: ring(content).__setitem__(0, [38.0, -134.0]),
        "areas.geojson: features[1] (lighthouse_hill).geometry.coordinates: ring 0 has latitude"
        " before longitude: [38.0, -134.0]. Exchange them.",
    ),
    "a position is off the earth": (
        lambda content: ring(content).__setitem__(0, [500000.0, 4200000.0]),
        "ring 0 has a position off the earth: [500000.0, 4200000.0]. Use degrees of WGS-84.",
    ),
    "a position is no numbers": (
        lambda content: ring(content).__setitem__(0, ["-34.06", "38.04"]),
        "ring 0 has the position ['-34.06', '38.04']. Write longitude and latitude, two numbers.",
    ),
    "an area is a point": (
        setting("features", 1, "geometry", {"type": "Point", "coordinates": [0, 0]}),
        "features[1] (lighthouse_hill).geometry.type: is 'Point'. An area is a Polygon",
    ),
    "a code has a capital": (
        setting("features", 1, "properties", "code", "Hill"),
        "areas.geojson: features[1] (Hill).properties.code: is 'Hill'. Write lower-case letters",
    ),
    "a code is reserved": (
        setting("features", 1, "properties", "code", "outside"),
        "'outside' means a report without a district. Choose another.",
    ),
    "a code is there twice": (
        repeat_feature,
        "areas.geojson: features: have the code 'quays' 2 times",
    ),
    "a kind is unknown": (
        setting("features", 1, "properties", "kind", "ward"),
        "features[1] (lighthouse_hill).properties.kind: is 'ward'. Write district or station.",
    ),
    "there is no district": (
        lambda content: content["features"].__delitem__(slice(3)),
        "areas.geojson: features: have no district. Add at least one.",
    ),
    "an area has no label": (
        setting("features", 1, "properties", "code", "new_town"),
        "texts/zh.json: district.new_town: is missing. Write its text.",
    ),
}

OF_THE_CATALOGUE: Cases = {
    "a category lacks a member": (
        without("categories", 0, "urgency"),
        "catalogue.json: categories[0].urgency: is missing",
    ),
    "an urgency is unknown": (
        setting("categories", 0, "urgency", "extreme"),
        "catalogue.json: categories[0].urgency: Input should be 'low', 'normal', 'high' or",
    ),
    "a field has an unknown type": (
        setting("categories", 0, "details", 0, "type", "number"),
        "catalogue.json: categories[0].details[0].type: Should be one of: text, integer, boolean,",
    ),
    "a field lacks what its type has": (
        without("categories", 0, "details", 1, "options"),
        "catalogue.json: categories[0].details[1].options: is missing",
    ),
    "a channel is tried": (
        setting("channels", 0, "state", "shadow"),
        "catalogue.json: channels[0].state: is shadow, which is for categories. Choose another.",
    ),
    "an earlier form is not kept": (
        without("categories", 1, "earlier", 0),
        "catalogue.json: categories[1].earlier: has the versions [], and details_version is 2.",
    ),
    "no agency is for what is outside": (
        setting("agencies", 0, "outside", False),
        "catalogue.json: agencies: have 0 for reports from outside the districts. Set outside for",
    ),
    "an agency is there twice": (
        setting("agencies", 1, "code", "coastguard"),
        "catalogue.json: agencies: have 'coastguard' 2 times",
    ),
    "an agency receives in no known way": (
        setting("agencies", 0, "receives", "pigeon"),
        "catalogue.json: agencies[0].receives: Input should be 'document', 'phone' or 'open311'",
    ),
    "an agency has no address": (
        without("agencies", 2, "endpoint"),
        "catalogue.json: agencies[2].endpoint: is missing. An agency that receives by open311 has",
    ),
    "an agency has an address that nobody may call": (
        setting("agencies", 2, "endpoint", "https://10.0.0.1/v2"),
        "catalogue.json: agencies[2].endpoint: is no address that can be called: Not public.",
    ),
    "an agency that gets documents has a server": (
        setting("agencies", 2, "receives", "document"),
        "catalogue.json: agencies[2]: has no server of Open311: keep code, receives and outside",
    ),
    "a category is there twice": (
        setting("categories", 0, "code", "theft"),
        "catalogue.json: categories: have 'theft' 2 times",
    ),
    "there is no category": (
        setting("categories", []),
        "catalogue.json: categories: are none. Add at least one that is active and always open.",
    ),
    "the category that is always open is not active": (
        setting("categories", 2, "state", "planned"),
        "catalogue.json: categories: have 'anything' always open, and its state is planned. Make",
    ),
    "there is no channel": (
        setting("channels", []),
        "catalogue.json: channels: have none that is active. Make at least one active",
    ),
    "no channel is active": (
        setting("channels", 0, "state", "planned"),
        "catalogue.json: channels: have none that is active. Make at least one active",
    ),
    "no category is always open": (
        setting("categories", 2, "always_open", False),
        "catalogue.json: categories: have 0 that are always open. Set always_open for exactly one",
    ),
    "a raising answer is none of the field": (
        setting("categories", 0, "details", 1, "raises", {"urgency": "high", "answers": ["raft"]}),
        "catalogue.json: categories[0].details[1].raises.answers: 'raft' is no answer",
    ),
    "a channel is fed by an unknown category": (
        setting("channels", 0, "fed_by", ["smuggling"]),
        "catalogue.json: channels[0].fed_by: names the category 'smuggling', which is not there",
    ),
    "a channel has no category of CAP": (
        setting("channels", 0, "cap_category", "Sea"),
        "catalogue.json: channels[0].cap_category: Input should be 'Geo', 'Met'",
    ),
    "an active category has an activation time": (
        setting("categories", 0, "activates_at", "2027-01-01T00:00:00Z"),
        "catalogue.json: categories[0].activates_at: is for what is planned, paused",
    ),
    "there are too many shards": (
        setting("categories", 0, "shards", 65),
        "catalogue.json: categories[0].shards: is 65. Write 1 to 64.",
    ),
    "a detail is not an object": (
        setting("categories", 0, "details", [5]),
        "catalogue.json: categories[0].details[0]: is not an object.",
    ),
}

OF_PORTUGUESE: Cases = {
    "a field of an earlier form has no label": (
        without("detail.theft.seen"),
        "texts/pt.json: detail.theft.seen: is missing. Write its text.",
    ),
    "an agency has no name": (
        without("agency.coastguard"),
        "texts/pt.json: agency.coastguard: is missing. Write its text.",
    ),
    "a text is missing": (
        without("error.slow_down.title"),
        "texts/pt.json: error.slow_down.title: is missing. Write its text.",
    ),
    "a key is mistyped": (
        setting("distrct.quays", "Cais"),
        "texts/pt.json: distrct.quays: is a text of nothing. Remove it, or correct its key.",
    ),
    "the emergency number is not said": (
        setting("error.unavailable.detail", "Tente de novo."),
        "texts/pt.json: error.unavailable.detail: does not say the emergency number",
    ),
    "a value is not shown": (
        setting("bulletin.until", "Fim."),
        "texts/pt.json: bulletin.until: does not show {at}. Add it.",
    ),
    "a placeholder is unknown": (
        setting("template.thank_you.text", "{referencia} {reference}"),
        "texts/pt.json: template.thank_you.text: shows {referencia}, which nothing fills in",
    ),
    "a brace is alone": (
        setting("role.officer", "Agente {"),
        "texts/pt.json: role.officer: has a brace without its pair",
    ),
    "a value has a format": (
        setting("notice.report.subject", "{reference:d} {category} {district} {urgency}"),
        "notice.report.subject: has more than a name in the braces of {reference}.",
    ),
    "a value has a conversion": (
        setting("report.drill", "Em {city!q}."),
        "texts/pt.json: report.drill: has more than a name in the braces of {city}. Write {city}.",
    ),
    "a value has a value in its format": (
        setting("report.drill", "Em {city:{foo}}."),
        "texts/pt.json: report.drill: has more than a name in the braces of {city}. Write {city}.",
    ),
    "a value has two pairs of braces": (
        setting("report.drill", "Em {{city}}."),
        "texts/pt.json: report.drill: cannot be filled in",
    ),
    "a text has half a character": (
        setting("report.drill", "A\ud800"),
        "texts/pt.json: has \\ud800, which is half a character.",
    ),
    "a text is blank": (setting("role.officer", " "), "role.officer: is empty. Write its text."),
    "a text ends with a blank": (
        setting("role.officer", "Agente "),
        "role.officer: begins or ends with a blank. Remove it.",
    ),
    "a text is a number": (
        setting("role.officer", 7),
        "role.officer: is not a text. Write one, in quotes.",
    ),
    "an SMS is too long": (
        setting("notice.message.sms", "Chegou uma mensagem: {reference}, {category}, {district}."),
        "texts/pt.json: notice.message.sms: has 76 characters with the longest labels, over 70",
    ),
    "a subject has two lines": (
        setting("notice.break_glass.subject", "Um\nadministrador"),
        "texts/pt.json: notice.break_glass.subject: is the subject of an e-mail: one line",
    ),
}

OF_ENGLISH: Cases = {
    "a label is missing": (
        without("detail.person_at_sea.craft.boat"),
        "texts/en.json: detail.person_at_sea.craft.boat: is missing",
    ),
    "an instruction does not say the emergency number": (
        setting("bulletin.instruction.sea_warnings", "Watch out."),
        "texts/en.json: bulletin.instruction.sea_warnings: does not say the emergency number",
    ),
    "a name shows a value": (
        setting("category.anything", "Anything in {city}"),
        "texts/en.json: category.anything: is a name, and shows no values. Write it out.",
    ),
    "the gateway would take a text for a variable": (
        setting("error.not_found.title", "$0"),
        "texts/en.json: error.not_found.title: has a $, which the gateway takes for a variable",
    ),
    "a subject is too long": (
        setting("category.theft", "T" * 90),
        "texts/en.json: notice.report.subject: has 130 characters with the longest labels",
    ),
}

OF_CHINESE: Cases = {
    "the police have no name": (without("name.police"), "texts/zh.json: name.police: is missing")
}

CASES = {
    "city.json": OF_THE_CITY,
    "areas.geojson": OF_AREAS,
    "catalogue.json": OF_THE_CATALOGUE,
    "texts/pt.json": OF_PORTUGUESE,
    "texts/en.json": OF_ENGLISH,
    "texts/zh.json": OF_CHINESE,
}


@pytest.mark.parametrize("city", [DEFAULT_FOLDER, FAROL], ids=["chaoyang", "farol"])
def test_nothing_is_wrong_with_the_cities_here(city: Path) -> None:
    assert problems(city) == []


@pytest.mark.parametrize(("file", "case"), [(file, case) for file in CASES for case in CASES[file]])
def test_a_mistake_is_named_with_its_place(folder: Path, file: str, case: str) -> None:
    change, expected = CASES[file][case]

    found = changed(folder, file, change)

    assert [each for each in found if expected in each], found


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
    found = changed(folder, "areas.geojson", lambda content: ring(content).pop())

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
