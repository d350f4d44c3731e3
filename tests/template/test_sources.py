"""Whoever knows CloudFormation can read the templates as they are, and so can its tools."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cfnlint.decode.decode import decode

from infra import template
from infra.packaging.package import ROOT
from infra.packaging.templates import TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_source_is_read_by_a_tool_that_knows_cloudformation_alone(name: str) -> None:
    read, faults = decode(str(ROOT / "infra" / name))
    assert not faults
    assert read == template.load(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_source_has_no_alias_which_cloudformation_does_not_take(name: str) -> None:
    source = (ROOT / "infra" / name).read_text(encoding="utf-8")
    tokens = list(yaml.scan(source))
    assert [each for each in tokens if isinstance(each, yaml.AnchorToken | yaml.AliasToken)] == []
    assert "<<" not in [each.value for each in tokens if isinstance(each, yaml.ScalarToken)]


def test_a_tag_that_cloudformation_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("Resources:\n  Alarm: !Alarm {MetricName: Errors}\n")
    with pytest.raises(yaml.constructor.ConstructorError, match="no function !Alarm"):
        template.load("app.yaml", tmp_path)


def test_chalice_by_itself_says_in_one_line_what_to_use(tmp_path: Path) -> None:
    chalice = Path(sys.executable).parent / "chalice"
    done = subprocess.run(
        [str(chalice), "package", "--stage", "any", str(tmp_path / "out")],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "API"},
    )
    assert done.returncode == 1
    assert "make package" in done.stderr
    assert len(done.stderr.splitlines()) == 1
