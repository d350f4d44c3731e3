"""The city that this deployment serves: everything local, read from one folder.

    city.json               languages, emergency number, time zone, datums
    areas.geojson           districts and police-station areas
    catalogue.json          categories and channels, before any change by an admin
    texts/<language>.json   names of the city, and wordings of what the other files define

The folder is `city/` beside `chalicelib/`, in the source tree and in the zip alike. CITY names
another folder, for local runs, tests and packaging. It is read here and not in `config.py`, because
it is no setting of a function: what is deployed has one city, in its zip.

Nothing is checked here, so that a cold start costs no more than reading. `infra/city` checks a
folder before it is run, tested or packaged; docs/city.md describes it.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

DEFAULT_FOLDER = Path(__file__).parents[2] / "city"
FOLDER = Path(os.environ.get("CITY") or DEFAULT_FOLDER).resolve()


class OtherMap(NamedTuple):
    """A map of somebody else's that officers may open at a place. `url` has `{lat}` and `{lon}`,
    which are in `datum`; the text `map.<code>` is its name.
    """

    code: str
    datum: str
    url: str


class City(NamedTuple):
    """The content of `city.json`.

    `languages`: tags in lower case, in the order in which one text follows another where all are
    shown; an SMS is in the first. `default_language`: for a caller who asks for none that there is.
    `time_zone`: its name in the tz database. `datums`: the coordinate systems that apps may send.
    `review_address`: the e-mail address, outside the officers' desk, that is notified of reports
    which nobody reviews in time; None, admins are.
    `oversight_email`: where oversight's own delays are notified, outside the police; None: nowhere.
    `answer_days`: in how many the law asks for an answer to a person who is written about.
    `requests_kept_months`: for how many such a request is kept once it is decided.
    `problem_types`: what the `type` of each problem begins with; its `code` follows. They are here,
    because the gateway and the firewall answer with bodies that are packaged.
    `maps`: maps of others, in the order in which the console offers them.
    """

    languages: tuple[str, ...]
    default_language: str
    time_zone: str
    emergency_number: str
    datums: tuple[str, ...]
    review_address: str | None = None
    oversight_email: str | None = None
    answer_days: int = 30
    requests_kept_months: int = 12
    problem_types: str = "https://tipline.example/errors/"
    maps: tuple[OtherMap, ...] = ()


@cache
def city() -> City:
    """Return the content of `city.json`."""
    data = read("city.json")
    lists = {name: tuple(data[name]) for name in ("languages", "datums")}
    return City(**data | lists | {"maps": tuple(OtherMap(**each) for each in data.get("maps", ()))})


def read(name: str) -> Any:
    """Return the content of one JSON file of the folder. Raises FileNotFoundError without it."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
