"""The packages of npm in the scripts of the web clients, as components: those that the lock file
does not mark as for development alone.
"""

import base64
import json
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL

LOCK = Path("web") / "package-lock.json"
_FOLDER = "node_modules/"
# As npm names it in a lock file.
_ALGORITHMS = {"sha512": HashAlgorithm.SHA_512}


def web_clients(lock: Path) -> Component:
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
        components=[_library(name, package) for name, package in sorted(shipped.items())],
    )


def _library(name: str, package: dict[str, str]) -> Component:
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
