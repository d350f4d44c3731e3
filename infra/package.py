"""Build and verify what is deployed: `make package` writes build/functions.zip, media.zip and
template.json.

    python -m infra.package [--processor arm64|x86_64] [--build FOLDER]

    project      app.py, chalicelib, the city, .chalice and the dependencies, as Lambda needs them
    → chalice    `chalice package`, with the templates of infra/ merged over its own
    → preflights what the gateway itself responds to pages of other origins
    → throttles  the limits of officers' routes
    → firewall   its response, in the gateway's words
    → functions  compiled, checked for anything missing, zipped again
    → template   one stack, checked by cfn-lint as it is and as SAM will expand it

One zip serves all functions, one template all stages. Deployed stages run on arm64; a rehearsal
runs what was built for the processor of its machine (`infra/rehearsal`).
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from chalicelib.domain import city
from chalicelib.domain.languages import text
from infra import bundle, firewall, gateway_responses, openapi, preflights, throttles
from infra.city import check
from infra.layer import build_layer, pinned

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
LIMIT_MB = 12
TEMPLATES = ("resources.yaml", "app.yaml", "alarms.yaml", "edge.yaml", "backups.yaml")
TEMPLATE_LIMIT = 1_000_000  # CloudFormation's, for a template in S3

# boto3 comes with Lambda's Python. Chalice's packager adds the part of Chalice that runs there, and
# leaves out its command line, which is most of it.
NOT_SHIPPED = ("boto3", "chalice")
SOURCE_ONLY = ("prcoords", "openapi-ui-bundles")  # published without a wheel
PROVIDED = {"boto3", "botocore"}
LAYERED = {"PIL", "_pi_heif", "pi_heif", "av"}
REQUIRED = (
    "app.py",
    "chalice/app.py",
    "chalicelib/config.py",
    "pydantic_core/_pydantic_core.cpython-313-*.so",
    "cryptography/hazmat/bindings/_rust*.so",
    "_cffi_backend.cpython-313-*.so",
    "jwt/__init__.py",
    "openapi_ui_bundles/rapidoc/vendor/rapidoc-min.js",
)

Template = dict[str, Any]


def main() -> None:
    if sys.version_info[:2] != bundle.PYTHON:
        sys.exit(
            "Packaging needs Python 3.13, as in the cloud: `rm -rf .venv`, then "
            "PYTHON=/path/to/python3.13 make package"
        )
    arguments = read_arguments(sys.argv[1:])
    try:
        package(ROOT, arguments.build, bundle.PROCESSORS[arguments.processor])
    except bundle.Incomplete as error:
        sys.exit(f"Not packaged: {error}")


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.package", description="Build and verify what is deployed."
    )
    parser.add_argument(
        "--processor",
        choices=sorted(bundle.PROCESSORS),
        default=bundle.ARM64.lambda_name,
        help="what the functions run on (default: %(default)s)",
    )
    parser.add_argument(
        "--build",
        type=lambda folder: Path(folder).resolve(),
        default=BUILD,
        help="the folder to write to (default: build)",
    )
    return parser.parse_args(arguments)


def package(root: Path, build: Path, processor: bundle.Processor = bundle.ARM64) -> None:
    """Build the project at `root` into `build` for `processor`. Raises bundle.Incomplete, and then
    leaves no template.
    """
    (build / "template.json").unlink(missing_ok=True)
    if found := check.problems(city.FOLDER):
        raise bundle.Incomplete(f"{city.FOLDER} is wrong:\n" + "\n".join(map(str, found)))
    project = stage_project(root, build, processor)
    add_dependencies(root / "requirements.txt", project, processor)
    synthesised = complete(run_chalice(project, build, merge_template(root, processor)))
    functions = build_functions(project, build, processor)
    media = build_layer(root / "requirements-media.txt", build, processor)
    template = locate_code(synthesised, f"functions-{functions}.zip", f"media-{media}.zip")
    verify_template(template, build)
    shutil.copy(build / "packaged.json", build / "template.json")
    for name in ("functions.zip", "media.zip", "template.json"):
        print(f"{bundle.megabytes(build / name):>8}  {build.name}/{name}")


def stage_project(root: Path, build: Path, processor: bundle.Processor) -> Path:
    """Copy the app and its configuration to where Chalice packages it for `processor`, and return
    the folder.
    """
    project = build / "project"
    for name in ("chalicelib", "city", ".chalice"):
        shutil.rmtree(project / name, ignore_errors=True)
    shutil.copytree(
        root / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(city.FOLDER, project / "city")
    # That in the source is of the default city.
    for path, content in openapi.rendered().items():
        (project / path.relative_to(ROOT)).write_text(content, encoding="utf-8")
    (project / ".chalice").mkdir(parents=True)
    for path in (root / ".chalice").glob("*.json"):
        shutil.copy(path, project / ".chalice")
    configuration = project / ".chalice" / "config.json"
    settings = json.loads(configuration.read_text()) | {
        "lambda_architecture": processor.lambda_name
    }
    configuration.write_text(json.dumps(settings))
    shutil.copy(root / "app.py", project)
    return project


def add_dependencies(requirements: Path, project: Path, processor: bundle.Processor) -> None:
    """Install the dependencies into Chalice's folder `vendor`.

    Chalice itself would leave out a wheel that it cannot find, with no more than a warning.
    """
    shipped = [line for line in pinned(requirements) if not line.startswith(NOT_SHIPPED)]
    built = [line for line in shipped if line.startswith(SOURCE_ONLY)]
    bundle.install(set(shipped) - set(built), project / "vendor", processor, built)


def merge_template(root: Path, processor: bundle.Processor) -> Template:
    """Return the templates of `infra/` as one, to be merged over Chalice's, with a layer for
    `processor` and the bodies of the gateway's responses.

    Raises bundle.Incomplete when two define the same name.
    """
    merged: Template = {}
    for name in TEMPLATES:
        template: Template = yaml_parse((root / "infra" / name).read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]
        for section, content in template.items():
            if isinstance(content, dict) and (
                twice := merged.get(section, {}).keys() & content.keys()
            ):
                raise bundle.Incomplete(f"{name} defines again: {', '.join(sorted(twice))}")
            merged[section] = (
                {**merged.get(section, {}), **content} if isinstance(content, dict) else content
            )
    layer = merged["Resources"]["MediaLayer"]["Properties"]
    layer["CompatibleArchitectures"] = [processor.lambda_name]
    gateway_responses.write(merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    merged["Outputs"]["City"] = {"Value": text("name.city", city.city().default_language)}
    return merged


def run_chalice(project: Path, build: Path, merge: Template) -> Template:
    """Run `chalice package` and return the merged template."""
    merge_file, out = build / "merge.json", build / "chalice"
    merge_file.write_text(json.dumps(merge))
    chalice = Path(sys.executable).parent / "chalice"
    command = [
        str(chalice),
        "--project-dir",
        str(project),
        "package",
        "--stage",
        "any",
        "--merge-template",
        str(merge_file),
        str(out),
    ]
    # Chalice needs a region only to name service principals. They are the same in all regions but
    # the isolated ones.
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONSOLE_ORIGIN": preflights.CONSOLE,
        # Chalice works in the project's folder, from where a relative path leads elsewhere.
        "CITY": str(city.FOLDER),
    }
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise bundle.Incomplete(f"chalice package failed:\n{done.stdout}{done.stderr}")
    template: Template = json.loads((out / "sam.json").read_text())
    return template


def complete(template: Template) -> Template:
    """Add what Chalice has no words for, and return the template."""
    return firewall.complete(throttles.complete(preflights.complete(template)))


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
    missing = [pattern for pattern in REQUIRED if not any(tree.glob(pattern))]
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


def locate_code(template: Template, functions: str, media: str) -> Template:
    """Return the template with the functions and the layer loaded from their zips in the bucket.

    The name of a zip contains the hash of its content.
    """
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {
                "Bucket": {"Ref": "ArtefactsBucket"},
                "Key": functions,
            }
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = {
                "Bucket": {"Ref": "ArtefactsBucket"},
                "Key": media,
            }
    return template


def verify_template(template: Template, build: Path) -> None:
    """Raise Incomplete unless cfn-lint accepts the template as written and as SAM expands it.

    Circular dependencies and wrong expansions are visible only in the second.
    """
    packaged, translated = build / "packaged.json", build / "translated.json"
    packaged.write_text(json.dumps(template, ensure_ascii=False, indent=1))
    translated.write_text(json.dumps(translate(template), ensure_ascii=False, indent=1))
    if packaged.stat().st_size > TEMPLATE_LIMIT:
        raise bundle.Incomplete(f"the template is {bundle.megabytes(packaged)}, over 1 MB")
    command = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "--regions",
        "us-east-1",
        "--template",
        str(packaged),
        str(translated),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise bundle.Incomplete(f"cfn-lint refuses the template:\n{done.stdout}{done.stderr}")


def translate(template: Template) -> Template:
    """Return the SAM template as CloudFormation would expand it, offline."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(json.loads(json.dumps(template)), {}, _NoManagedPolicies())


class _NoManagedPolicies(ManagedPolicyLoader):
    """No policies of AWS's own: every role is written out, so SAM need not ask IAM for their
    ARNs.
    """

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        return {}


if __name__ == "__main__":
    main()
