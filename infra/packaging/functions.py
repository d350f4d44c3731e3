"""The zip of all functions: what Chalice packaged, compiled, checked and zipped again."""

import ast
import json
import shutil
import sys
import zipfile
from pathlib import Path

from infra.packaging import bundle

LIMIT_MB = 12
PROVIDED = {"boto3", "botocore"}
LAYERED = {"PIL", "_pi_heif", "pi_heif", "av"}
REQUIRED = (
    "app.py",
    "chalice/app.py",
    "chalicelib/kernel/config.py",
    "pydantic_core/_pydantic_core.cpython-313-*.so",
    "cryptography/hazmat/bindings/_rust*.so",
    "_cffi_backend.cpython-313-*.so",
    "jwt/__init__.py",
    "openapi_ui_bundles/rapidoc/vendor/rapidoc-min.js",
    # Only packages import these.
    "annotated_types/__init__.py",
    "typing_extensions.py",
    "typing_inspection/__init__.py",
)


def build_functions(project: Path, build: Path, processor: bundle.Processor) -> str:
    """Compile, check and zip what Chalice packaged, and return the SHA-256 of functions.zip."""
    tree = build / "functions"
    shutil.rmtree(tree, ignore_errors=True)
    with zipfile.ZipFile(build / "chalice" / "deployment.zip") as archive:
        archive.extractall(tree)
    # Beside chalicelib, as in the source. Chalice takes nothing along from there.
    shutil.copytree(project / "city", tree / "city")
    refuse_incomplete(tree, project, processor)
    bundle.compile_modules(tree, "/var/task")
    target = build / "functions.zip"
    digest = bundle.write_zip(tree, target)
    bundle.refuse_over(LIMIT_MB, target)
    return digest


def refuse_incomplete(tree: Path, project: Path, processor: bundle.Processor) -> None:
    """Raise Incomplete when `tree` lacks a file of the project, a native module or anything that is
    imported, or holds what does not belong there.
    """
    required = (*REQUIRED, _time_zone(project))
    missing = [pattern for pattern in required if not any(tree.glob(pattern))]
    missing += [
        f"{folder}/{name}"
        for folder in ("chalicelib", "city")
        for _, name in bundle.files(project / folder)
        if not (tree / folder / name).is_file()
    ]
    present = (
        {path.name.split(".")[0] for path in tree.iterdir()}
        | set(sys.stdlib_module_names)
        | PROVIDED
        | LAYERED
    )
    missing += sorted(imported_modules(tree) - present)
    if missing:
        raise bundle.Incomplete(f"the functions' zip lacks {', '.join(missing)}")
    if foreign := bundle.foreign_libraries(tree, processor):
        raise bundle.Incomplete(
            f"the functions' zip holds libraries not for {processor.lambda_name}: "
            f"{', '.join(foreign)}"
        )
    if stowaways := [name for name in (*PROVIDED, *LAYERED) if (tree / name).exists()]:
        raise bundle.Incomplete(
            f"the functions' zip holds what comes from elsewhere: {', '.join(stowaways)}"
        )


def _time_zone(project: Path) -> str:
    """Return the file of the city's time zone. `zoneinfo` finds it by its name: nothing imports it.

    Lambda's system has no time zones.
    """
    city = json.loads((project / "city" / "city.json").read_bytes())
    return f"tzdata/zoneinfo/{city['time_zone']}"


def imported_modules(tree: Path) -> set[str]:
    """Return the top-level names of all modules that the app's code imports, anywhere in a file but
    under TYPE_CHECKING.
    """
    names: set[str] = set()
    pending: list[ast.AST] = [
        ast.parse(path.read_bytes())
        for path in [tree / "app.py", *(tree / "chalicelib").rglob("*.py")]
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
        elif not (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        ):
            pending += ast.iter_child_nodes(node)
    return names
