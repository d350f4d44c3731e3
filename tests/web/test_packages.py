"""What the web clients are made of is pinned, and may be shipped."""

import json
from typing import Any

from infra.web.build import ROOT

# What asks of a copy no more than its notice, which build/web/licences.md has.
SHIPPED = {
    "MIT",
    "Apache-2.0",
    "0BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "(MIT OR Apache-2.0)",
}


def read(name: str) -> Any:
    return json.loads((ROOT / "web" / name).read_text(encoding="utf-8"))


def test_every_package_is_asked_for_in_one_version() -> None:
    package = read("package.json")
    wanted = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in wanted.items() if not version[0].isdecimal()] == []


def test_the_lock_file_names_hashes_and_no_host() -> None:
    packages = {name: lock for name, lock in read("package-lock.json")["packages"].items() if name}
    assert [name for name, lock in packages.items() if "integrity" not in lock] == []
    assert [name for name, lock in packages.items() if "resolved" in lock] == []


def test_what_is_shipped_has_a_permissive_licence() -> None:
    packages = read("package-lock.json")["packages"]
    shipped = {name: lock for name, lock in packages.items() if name and not lock.get("dev")}
    assert {lock["license"] for lock in shipped.values()} <= SHIPPED
