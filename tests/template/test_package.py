"""A bundle that would not run in the cloud is refused here."""

import copy
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.packaging import bundle, installation, package, templates
from tests.rehearsal.mutations import MUTATIONS, Mutation

ARM64 = b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little")
X86_64 = b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(
        tmp_path / "project",
        {
            "app.py": "import chalicelib.kernel.config",
            "chalicelib/kernel/config.py": "import json",
            "chalicelib/a.json": "{}",
            "city/city.json": '{"time_zone": "Asia/Shanghai"}',
        },
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What Chalice would have packaged of the project, whole."""
    tree = write(
        tmp_path / "tree",
        {
            "app.py": "import chalicelib.kernel.config",
            "chalice/app.py": "",
            "chalicelib/kernel/config.py": "import json",
            "chalicelib/a.json": "{}",
            "city/city.json": '{"time_zone": "Asia/Shanghai"}',
            "jwt/__init__.py": "",
            "annotated_types/__init__.py": "",
            "typing_extensions.py": "",
            "typing_inspection/__init__.py": "",
            "tzdata/zoneinfo/Asia/Shanghai": "TZif2",
        },
    )
    for name in (
        "pydantic_core/_pydantic_core.cpython-313-aarch64-linux-gnu.so",
        "cryptography/hazmat/bindings/_rust.abi3.so",
        "openapi_ui_bundles/rapidoc/vendor/rapidoc-min.js",
        "_cffi_backend.cpython-313-aarch64-linux-gnu.so",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(ARM64)
    return tree


def test_a_whole_bundle_is_taken(tree: Path, project: Path) -> None:
    bundle.refuse_incomplete(tree, project, bundle.ARM64)


@pytest.mark.parametrize(
    "missing",
    [
        "chalice/app.py",
        "chalicelib/a.json",
        "city/city.json",
        "pydantic_core/_pydantic_core.cpython-313-aarch64-linux-gnu.so",
        "jwt/__init__.py",
        "annotated_types/__init__.py",
        "typing_extensions.py",
        "typing_inspection/__init__.py",
        "tzdata/zoneinfo/Asia/Shanghai",
    ],
)
def test_a_missing_file_is_named(tree: Path, project: Path, missing: str) -> None:
    (tree / missing).unlink()
    with pytest.raises(bundle.Incomplete, match=missing.split(".")[0]):
        bundle.refuse_incomplete(tree, project, bundle.ARM64)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("chalicelib/kernel/config.py", b"def a():\n import boto3, elsewhere", "lacks elsewhere$"),
        ("_cffi_backend.cpython-313-aarch64-linux-gnu.so", X86_64, "not for arm64: _cffi_backend"),
    ],
    ids=["a module that is imported is missing", "a library is for another processor"],
)
def test_what_does_not_fit_is_named(
    tree: Path, project: Path, file: str, content: bytes, said: str
) -> None:
    (tree / file).write_bytes(content)
    with pytest.raises(bundle.Incomplete, match=said):
        bundle.refuse_incomplete(tree, project, bundle.ARM64)


def test_a_module_imported_for_types_alone_need_not_be_there(tree: Path, project: Path) -> None:
    (tree / "chalicelib/kernel/config.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mypy_boto3_s3\n"
    )
    bundle.refuse_incomplete(tree, project, bundle.ARM64)


def test_a_rehearsal_is_packaged_for_the_processor_of_its_machine(
    tree: Path, project: Path
) -> None:
    for library in [path for path in tree.rglob("*") if ".so" in path.suffixes]:
        library.write_bytes(X86_64)
    bundle.refuse_incomplete(tree, project, bundle.PROCESSORS["x86_64"])
    with pytest.raises(bundle.Incomplete, match="not for arm64"):
        bundle.refuse_incomplete(tree, project, bundle.ARM64)


def test_the_configuration_and_the_layer_name_the_processor(tmp_path: Path) -> None:
    processor = bundle.PROCESSORS["x86_64"]
    project = package.stage_project(package.ROOT, tmp_path, processor)
    configuration = json.loads((project / ".chalice" / "config.json").read_text())
    assert configuration["lambda_architecture"] == "x86_64"
    merged = templates.merge_template(package.ROOT, processor)
    layer = merged["Resources"]["MediaLayer"]["Properties"]
    assert layer["CompatibleArchitectures"] == ["x86_64"]


@pytest.mark.parametrize("name", ["boto3", "botocore", "PIL", "_pi_heif", "av"])
def test_what_comes_with_the_runtime_or_the_layer_stays_out_of_the_zip(
    tree: Path, project: Path, name: str
) -> None:
    (tree / name).mkdir()
    with pytest.raises(bundle.Incomplete, match=f"from elsewhere: {name}"):
        bundle.refuse_incomplete(tree, project, bundle.ARM64)


def test_equal_content_gives_equal_bytes_whenever_it_was_written(tmp_path: Path) -> None:
    first, second = (
        write(tmp_path / "1", {"b.py": "x = 1", "a/c.txt": "d"}),
        write(tmp_path / "2", {"a/c.txt": "d", "b.py": "x = 1"}),
    )
    (first / "b.py").touch()
    (second / "b.py").chmod(0o600)
    assert bundle.write_zip(first, tmp_path / "1.zip", "python/") == bundle.write_zip(
        second, tmp_path / "2.zip", "python/"
    )
    assert zipfile.ZipFile(tmp_path / "1.zip").namelist() == ["python/a/c.txt", "python/b.py"]


def test_compiled_modules_are_loaded_without_their_source_being_looked_at(tmp_path: Path) -> None:
    tree = write(tmp_path, {"module.py": "x = 1"})
    bundle.compile_modules(tree, "/var/task")
    (tree / "module.py").write_text("x = 2")
    seen = subprocess.run(
        [sys.executable, "-c", "import module; print(module.x)"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == "1"
    assert b"/var/task/module.py" in next((tree / "__pycache__").iterdir()).read_bytes()


def test_a_bundle_over_its_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "media.zip").write_bytes(bytes(1_000_001))
    bundle.refuse_over(2, tmp_path / "media.zip")
    with pytest.raises(bundle.Incomplete, match=r"media\.zip is 1\.0 MB, over 1 MB"):
        bundle.refuse_over(1, tmp_path / "media.zip")


def test_code_and_layer_over_a_limit_together_are_refused(tmp_path: Path) -> None:
    zips = [tmp_path / "functions.zip", tmp_path / "media.zip"]
    for each in zips:
        bundle.write_zip(write(tmp_path / each.stem, {"a.so": "x" * 600}), each)
    bundle.refuse_unzipped_over(1200, *zips)
    with pytest.raises(bundle.Incomplete, match=r"media\.zip unzipped are 1,200 bytes, over 1,199"):
        bundle.refuse_unzipped_over(1199, *zips)


def test_what_a_requirement_brings_along_is_pinned_too(tmp_path: Path) -> None:
    for name in ("pyjwt-2.15.1", "typing_extensions-4.16.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
    installation.refuse_unpinned(tmp_path, ["PyJWT[crypto]==2.15.1", "typing-extensions==4.16.0"])
    with pytest.raises(bundle.Incomplete, match=r"typing-extensions==4\.16\.0"):
        installation.refuse_unpinned(
            tmp_path, ["PyJWT[crypto]==2.15.1", "typing-extensions==4.15.0"]
        )


@pytest.mark.parametrize(
    ("name", "floor", "reason"),
    [
        ("pillow", (13,), "no known overflow in a decoder"),
        ("av", (19,), "no known overflow in a decoder"),
        ("cryptography", (50,), "it has HPKE"),
        ("boto3", (1, 36), "it knows ChecksumType"),
    ],
)
def test_what_is_locked_is_new_enough(name: str, floor: tuple[int, ...], reason: str) -> None:
    """A scanner of known flaws finds nothing where the index has no such list."""
    version = installation.read_lock(package.ROOT).wheels[name].version
    assert tuple(map(int, version.split(".")[: len(floor)])) >= floor, reason


def test_no_two_templates_define_the_same(tmp_path: Path) -> None:
    twice = {
        f"infra/{name}": "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}"
        for name in templates.TEMPLATES
    }
    with pytest.raises(bundle.Incomplete, match="defines again: Queue"):
        templates.merge_template(write(tmp_path, twice), bundle.ARM64)


def test_a_packaged_template_names_its_city(template: dict[str, Any]) -> None:
    assert template["Outputs"]["City"] == {"Value": "Chaoyang"}
    assert "child_abduction=1 " in template["Outputs"]["Shards"]["Value"]


def write(folder: Path, content: dict[str, str]) -> Path:
    for name, text in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_of_the_rehearsal_changes_what_is_packaged(
    resources: dict[str, Any], mutation: Mutation
) -> None:
    if mutation.change:
        mutated = copy.deepcopy(resources)
        mutation.change(mutated)
        assert mutated != resources
    else:
        assert mutation.replace[0] in (package.ROOT / mutation.module).read_text("utf-8")
