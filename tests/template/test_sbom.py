"""The list of components names everything in the zips, and nothing else."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra.packaging import bundle, installation, package, sbom
from tests.template import wheels

LOCK = package.ROOT / sbom.WEB_LOCK
INSIDE = {
    "components": [
        {
            "name": "openssl",
            "version": "4",
            "purl": "pkg:generic/openssl@4?download_url=file://here",
        }
    ]
}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as packaging leaves it: two trees, two zips, and what was installed."""
    folder = tmp_path_factory.mktemp("packaged")
    index = folder / "index"
    index.mkdir()
    inside = {
        "inner.py": "",
        "inner-1.0.dist-info/sboms/a.json": json.dumps(INSIDE),
        "inner.libs/libheif-9cc4da60.so.1.23.0": "",
    }
    optional = ("inner; extra == 'more'", "absent; python_version < '3'")
    lock = wheels.lock(
        {
            "outer": wheels.wheel(index, "outer", {"outer/__init__.py": ""}, optional),
            "inner": wheels.wheel(index, "inner", inside),
        }
    )
    build = folder / "build"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(index))
        for tree, requirements in (
            ("functions", ["outer==1.0", "inner==1.0"]),
            ("media", ["inner==1.0"]),
        ):
            installation.install(requirements, build / tree, bundle.ARM64, lock)
    for name in ("app.py", "chalicelib/kernel/config.py", "city/city.json", "chalice/app.py"):
        (build / "functions" / name).parent.mkdir(parents=True, exist_ok=True)
        (build / "functions" / name).touch()
    for tree in ("functions", "media"):
        bundle.write_zip(build / tree, build / f"{tree}.zip")
    return build


@pytest.fixture
def build(packaged: Path, tmp_path: Path) -> Path:
    """Return a copy of it, which a test may change."""
    return shutil.copytree(packaged, tmp_path / "build")


def written(build: Path, commit: str | None = "0123456789") -> dict[str, Any]:
    sbom.write(build, build / "functions", commit, LOCK)
    content: dict[str, Any] = json.loads((build / "sbom.json").read_text())
    return content


def components(document: dict[str, Any], zipped: str) -> dict[str, dict[str, Any]]:
    (found,) = (one for one in document["components"] if one["name"] == zipped)
    return {one["name"]: one for one in found["components"]}


def inside(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the native parts of the layer are made of."""
    (inner,) = components(document, "media.zip").values()
    return {one["name"]: one for one in inner["components"]}


def test_it_names_what_is_in_each_zip(build: Path) -> None:
    document = written(build)
    assert list(components(document, "functions.zip")) == ["chalice", "inner", "outer"]
    assert list(components(document, "media.zip")) == ["inner"]


def test_a_component_has_its_archives_hash_its_licence_and_its_purl(
    packaged: Path, build: Path
) -> None:
    outer = components(written(build), "functions.zip")["outer"]
    archive = bundle.sha256(packaged.parent / "index" / "outer-1.0-py3-none-any.whl")
    assert outer["hashes"] == [{"alg": "SHA-256", "content": archive}]
    assert outer["licenses"] == [{"license": {"id": "MIT"}}]
    assert outer["purl"] == "pkg:pypi/outer@1.0"


def test_it_names_what_the_scripts_of_the_web_clients_hold(build: Path) -> None:
    packages = components(written(build), "web")
    locked = json.loads(LOCK.read_text())["packages"]["node_modules/@preact/signals"]
    signals = packages["@preact/signals"]
    assert signals["purl"] == f"pkg:npm/%40preact/signals@{locked['version']}"
    assert signals["licenses"] == [{"license": {"id": "MIT"}}]
    digest = base64.b64decode(locked["integrity"].removeprefix("sha512-")).hex()
    assert signals["hashes"] == [{"alg": "SHA-512", "content": digest}]
    assert "preact" in packages
    assert "vite" not in packages


def test_a_zip_has_its_hash(build: Path) -> None:
    zips = [one for one in written(build)["components"] if one["name"].endswith(".zip")]
    hashes = {one["name"]: one["hashes"][0]["content"] for one in zips}
    assert hashes == {name: bundle.sha256(build / name) for name in ("functions.zip", "media.zip")}


def test_it_names_the_libraries_that_a_wheel_brings_along(build: Path) -> None:
    assert inside(written(build))["libheif"]["version"] == "1.23.0"


def test_it_names_what_a_native_part_is_made_of_but_no_path_of_its_builder(build: Path) -> None:
    openssl = inside(written(build))["openssl"]
    assert (openssl["name"], openssl["version"]) == ("openssl", "4")
    assert openssl["purl"] == "pkg:generic/openssl@4"


def test_it_says_what_needs_what(build: Path) -> None:
    needs = {one["ref"]: one.get("dependsOn", []) for one in written(build)["dependencies"]}
    assert needs["app"] == ["functions", "media", "web"]
    assert needs["media"] == ["media/inner"]
    assert needs["functions/outer"] == ["functions/inner"]
    assert needs["functions/inner"] == []


def test_it_fits_the_schema_of_cyclonedx(build: Path) -> None:
    written(build)
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    content = (build / "sbom.json").read_text()
    assert validator.validate_str(content) is None
    assert validator.validate_str(content.replace('"SHA-256"', '"SHA-7"')) is not None


def test_equal_zips_give_equal_bytes(build: Path) -> None:
    first, second = (sbom.write(build, build / "functions", "a", LOCK) for _ in range(2))
    assert first == second
    first = written(build)["serialNumber"]
    (build / "media.zip").write_bytes(b"another one")
    assert written(build)["serialNumber"] != first


def test_a_file_that_belongs_to_nobody_is_named(build: Path) -> None:
    (build / "media" / "stowaway.py").touch()
    with pytest.raises(
        bundle.Incomplete, match=r"media\.zip has files of no known.*: stowaway\.py"
    ):
        written(build)


def test_without_git_the_app_has_no_version(build: Path) -> None:
    assert "version" not in written(build, None)["metadata"]["component"]
