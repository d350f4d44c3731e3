"""The lint of the web clients knows the rules of hooks, and takes Preact's for hooks."""

import shutil
from pathlib import Path

import pytest

from infra.web.build import ROOT, install
from infra.web.node import Failed, InstalledNode

BIOME = ROOT / "web" / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
COMPONENT = """import { useEffect, useState } from 'preact/hooks';

export function Named({ name, on }: { name: string; on: boolean }) {
  const [shown, setShown] = useState('');
  <BEFORE>useEffect(() => setShown(name), [<READ>]);
  return <p>{on && shown}</p>;
}
"""


@pytest.fixture(scope="module", autouse=True)
def biome() -> None:
    install(say=print)


def lint(folder: Path, before: str, read: str) -> None:
    web = folder / "web"
    web.mkdir()
    # The one of the folder above is the root, and is for JSON alone.
    shutil.copy(ROOT / "biome.json", folder)
    shutil.copy(ROOT / "web" / "biome.jsonc", web)
    component = COMPONENT.replace("<BEFORE>", before).replace("<READ>", read)
    (web / "named.tsx").write_text(component)
    arguments = ("lint", "--error-on-warnings", "--reporter=github")
    InstalledNode().run(BIOME, *arguments, folder=web, environment={})


def test_hooks_that_keep_their_rules_pass(tmp_path: Path) -> None:
    lint(tmp_path, before="", read="name")


@pytest.mark.parametrize(
    ("before", "read", "rule"),
    [
        ("if (on) return null;\n  ", "name", "useHookAtTopLevel"),
        ("", "", "useExhaustiveDependencies"),
    ],
)
def test_a_hook_out_of_order_and_a_forgotten_dependency_are_found(
    tmp_path: Path, before: str, read: str, rule: str
) -> None:
    with pytest.raises(Failed, match=rule):
        lint(tmp_path, before, read)
