"""Package the project, step by step."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chalicelib.http import docs
from chalicelib.kernel import city
from infra import openapi
from infra.city import check
from infra.migrations import all_migrations
from infra.packaging import bundle, gateway, policies, sbom
from infra.packaging.bundle import build_functions, build_layer
from infra.packaging.installation import Lock, install, pinned, read_lock
from infra.packaging.templates import (
    Template,
    complete,
    locate_code,
    merge_template,
    verify_template,
)

ROOT = Path(__file__).parents[2]

# boto3 comes with Lambda's Python. Chalice's packager adds the part of Chalice that runs there, and
# leaves out its command line, which is most of it.
NOT_SHIPPED = ("boto3", "chalice")
CHANGED = "+changes"


def package(root: Path, build: Path, processor: bundle.Processor = bundle.ARM64) -> None:
    """Build the project at `root` into `build` for `processor`. Raises bundle.Incomplete, and then
    leaves no template.
    """
    (build / "template.json").unlink(missing_ok=True)
    if found := check.problems(city.FOLDER):
        raise bundle.Incomplete(f"{city.FOLDER} is wrong:\n" + "\n".join(map(str, found)))
    project = stage_project(root, build, processor)
    lock = read_lock(root)
    add_dependencies(root / "requirements.txt", project, processor, lock)
    packaged = run_chalice(project, build, merge_template(root, processor))
    synthesised = complete(packaged, project / ".chalice")
    functions = build_functions(project, build, processor)
    install(pinned(root / "requirements-media.txt"), build / "media", processor, lock)
    media = build_layer(build, processor)
    zips = (build / "functions.zip", build / "media.zip")
    bundle.refuse_unzipped_over(bundle.UNZIPPED_LIMIT, *zips)
    template = locate_code(synthesised, f"functions-{functions}.zip", f"media-{media}.zip")
    commit = commit_of(root)
    if commit:
        write_commit(template, commit)
    if migrations := all_migrations():
        template["Outputs"]["Migrations"] = {"Value": migrations[-1].number}
    components = sbom.write(build, project / "vendor", commit, root / sbom.WEB_LOCK)
    template["Outputs"]["Components"] = {"Value": f"sbom-{components}.json"}
    verify_template(template, build)
    shutil.copy(build / "packaged.json", build / "template.json")
    for name in ("functions.zip", "media.zip", "sbom.json", "template.json"):
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
    shutil.copytree(city.FOLDER, project / "city", ignore=shutil.ignore_patterns(".*"))
    openapi.write_documents(project / Path(docs.__file__).parent.relative_to(ROOT))
    (project / ".chalice").mkdir(parents=True)
    settings = json.loads((root / ".chalice" / "config.json").read_text()) | {
        "lambda_architecture": processor.lambda_name
    }
    for name, function in settings["stages"]["any"]["lambda_functions"].items():
        function["iam_policy_file"] = f"policy-{name}.json"
        policy = json.dumps(policies.policy(name, root))
        (project / ".chalice" / function["iam_policy_file"]).write_text(policy)
    (project / ".chalice" / "config.json").write_text(json.dumps(settings))
    shutil.copy(root / "app.py", project)
    return project


def add_dependencies(
    requirements: Path, project: Path, processor: bundle.Processor, lock: Lock
) -> None:
    """Install the dependencies into Chalice's folder `vendor`.

    Chalice itself would leave out a wheel that it cannot find, with no more than a warning.
    """
    shipped = [line for line in pinned(requirements) if not line.startswith(NOT_SHIPPED)]
    install(shipped, project / "vendor", processor, lock)


def run_chalice(project: Path, build: Path, merge: Template) -> Template:
    """Run `chalice package` and return the merged template."""
    merge_file, out = build / "merge.json", build / "chalice"
    merge_file.write_text(json.dumps(merge))
    chalice = Path(sys.executable).parent / "chalice"
    command = [str(chalice), "--project-dir", str(project), "package", "--stage", "any"]
    command += ["--merge-template", str(merge_file), str(out)]
    # Chalice needs a region only to name service principals. They are the same in all regions but
    # the isolated ones.
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONSOLE_ORIGIN": gateway.CONSOLE,
        # Chalice works in the project's folder, from where a relative path leads elsewhere.
        "CITY": str(city.FOLDER),
        # All routes, whatever a shell has set.
        "API": "",
    }
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise bundle.Incomplete(f"chalice package failed:\n{done.stdout}{done.stderr}")
    template: Template = json.loads((out / "sam.json").read_text())
    return template


def commit_of(root: Path) -> str | None:
    """Return the short id of the commit of a folder, with CHANGED when files differ from it; None
    without git.
    """
    short = _git(root, "rev-parse", "--short=10", "HEAD")
    if not short:
        return None
    return short + (CHANGED if _git(root, "status", "--porcelain", "--", ".") else "")


def write_commit(template: Template, commit: str) -> None:
    """Write the commit into a template: an output for operators, and what the API says of itself,
    which goes back with the code.
    """
    template["Outputs"]["Version"] = {"Value": commit}
    residents = template["Resources"]["APIHandler"]["Properties"]
    residents["Environment"]["Variables"]["COMMIT"] = commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
