"""The list of components of what is deployed: CycloneDX 1.6, `build/sbom.json`.

It is made from what is in the zips. Each file there belongs to the app, to a distribution that was
installed, or to Chalice; packaging fails at any other. The wheels' own lists (PEP 770) name the
libraries inside their native parts. The web clients' scripts hold packages of npm: those that their
lock file does not mark as for development alone. Equal zips give a list of equal bytes, so it has
no time, and its serial number is derived from its content.
"""

import base64
import importlib.metadata
import json
import uuid
from collections.abc import Iterable
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.packaging import bundle
from infra.packaging.installation import Installed, read_record

WEB_LOCK = Path("web") / "package-lock.json"
APP = ("app.py", "chalicelib", "city")
# Chalice's packager takes its runtime from this environment, without a record of it.
CHALICE = "chalice"
_NO_SERIAL = uuid.UUID(int=0)
_FOLDER = "node_modules/"
# As npm names it in a lock file.
_ALGORITHMS = {"sha512": HashAlgorithm.SHA_512}
# What markers ask for.
_LAMBDA = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}
_LAMBDA |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
_LAMBDA |= {"platform_system": "Linux", "os_name": "posix"}


def write(build: Path, vendor: Path, commit: str | None, lock: Path) -> str:
    """Write `sbom.json` into `build`, of the two zips there, and return its SHA-256.

    `vendor` is where the functions' dependencies were installed, `lock` the lock file of the web
    clients. Raises Incomplete when a file belongs to nobody.
    """
    contents = {
        "functions": [*read_record(vendor), _chalice()],
        "media": read_record(build / "media"),
    }
    for name, installed in contents.items():
        _refuse_unknown(build / name, installed, APP if name == "functions" else ())
    app = Component(name="tipline", version=commit, type=ComponentType.APPLICATION, bom_ref="app")
    app.licenses.add(LicenseFactory().make_from_string("Apache-2.0"))
    zips = [_zip(build / f"{name}.zip", installed) for name, installed in contents.items()]
    web = _web_clients(lock)
    bom = Bom(components=[*zips, web], serial_number=_NO_SERIAL)
    bom.metadata.component = app
    bom.metadata.timestamp = None  # type: ignore[assignment]  # it may be left out
    bom.register_dependency(app, [*zips, web])
    bom.register_dependency(web, web.components)
    for zipped, installed in zip(zips, contents.values(), strict=True):
        bom.register_dependency(zipped, zipped.components)
        by_name = {component.name: component for component in zipped.components}
        for each in installed:
            needed = [by_name[name] for name in sorted(_needed(each) & by_name.keys())]
            bom.register_dependency(by_name[each.name], needed)
    content = JsonV1Dot6(bom).output_as_string(indent=1)
    serial = uuid.uuid5(uuid.NAMESPACE_OID, content)
    target = build / "sbom.json"
    target.write_text(content.replace(_NO_SERIAL.urn, serial.urn) + "\n", encoding="utf-8")
    return bundle.sha256(target)


def _refuse_unknown(tree: Path, installed: Iterable[Installed], own: Iterable[str]) -> None:
    """Raise Incomplete when a file of a tree belongs neither to the app nor to what was
    installed.
    """
    known = {*own, *(name for each in installed for name in each.top_level)}
    # Compiled modules at the top belong to the modules beside them.
    present = {name.split("/")[0] for _, name in bundle.files(tree)} - {"__pycache__"}
    if unknown := sorted(present - known):
        raise bundle.Incomplete(
            f"{tree.name}.zip has files of no known package: {', '.join(unknown)}"
        )


def _zip(path: Path, installed: Iterable[Installed]) -> Component:
    """Return a zip, with what is in it."""
    return Component(
        name=path.name,
        type=ComponentType.FILE,
        bom_ref=path.stem,
        hashes=[_sha256(bundle.sha256(path))],
        components=[_library(path.stem, each) for each in installed],
    )


def _library(zipped: str, installed: Installed) -> Component:
    purl = PackageURL("pypi", name=installed.name, version=installed.version)
    ref = f"{zipped}/{installed.name}"
    return Component(
        name=installed.name,
        version=installed.version,
        purl=purl,
        bom_ref=ref,
        hashes=[_sha256(installed.sha256)] if installed.sha256 else [],
        licenses=_licences(installed.licence),
        components=[_inside(ref, one, number) for number, one in enumerate(installed.inside)],
    )


def _inside(ref: str, found: dict[str, str], number: int) -> Component:
    """Return a library inside a native part. Of its address only what names it is kept: builders
    leave paths of their own machines there.
    """
    purl = PackageURL.from_string(found["purl"]) if found["purl"] else None
    if purl:
        purl = PackageURL(purl.type, purl.namespace, purl.name, purl.version)
    return Component(
        name=found["name"], version=found["version"] or None, purl=purl, bom_ref=f"{ref}/{number}"
    )


def _chalice() -> Installed:
    metadata = importlib.metadata.metadata(CHALICE)
    return Installed(
        name=CHALICE,
        version=metadata["Version"],
        sha256="",
        licence=metadata["License"] or "",
        requires=(),
        top_level=(CHALICE,),
    )


def _needed(installed: Installed) -> set[str]:
    """Return the names of what a distribution needs in Lambda, with what any extra adds: what is
    optional and there is in use.
    """
    requirements = [Requirement(one) for one in installed.requires]
    return {
        canonicalize_name(one.name)
        for one in requirements
        if one.marker is None
        or any(one.marker.evaluate({**_LAMBDA, "extra": extra}) for extra in _extras(one))
    }


def _extras(requirement: Requirement) -> list[str]:
    """Return the extras that may bring a requirement in: those its marker names, and none."""
    words = str(requirement.marker).split('"')
    return ["", *words[1::2]]


def _licences(stated: str) -> list[License]:
    return [LicenseFactory().make_from_string(stated)] if stated else []


def _sha256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _web_clients(lock: Path) -> Component:
    """Return the web clients, with the packages that may be part of them. Each has the hash of its
    archive.
    """
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    shipped = {
        path.rpartition(_FOLDER)[2]: package
        for path, package in packages.items()
        if path and not package.get("dev")
    }
    return Component(
        name="web",
        type=ComponentType.APPLICATION,
        bom_ref="web",
        components=[_npm_library(name, package) for name, package in sorted(shipped.items())],
    )


def _npm_library(name: str, package: dict[str, str]) -> Component:
    scope, _, own = name.rpartition("/")
    algorithm, _, digest = package["integrity"].partition("-")
    return Component(
        name=name,
        version=package["version"],
        purl=PackageURL("npm", namespace=scope or None, name=own, version=package["version"]),
        bom_ref=f"web/{name}",
        hashes=[HashType(alg=_ALGORITHMS[algorithm], content=base64.b64decode(digest).hex())],
        licenses=[LicenseFactory().make_from_string(package["license"])],
    )
