"""Build and verify what is deployed: `make package` writes build/functions.zip, media.zip and
template.json.

    python -m infra.packaging [--processor arm64|x86_64] [--build FOLDER]

    project      app.py, chalicelib, the city, .chalice and the dependencies, as Lambda needs them
    → chalice    `chalice package`, with the templates of infra/ merged over its own
    → templates  the second function behind the gateway, and which serves each route
    → aliases    by which requests and events reach functions
    → gateway    its own responses, preflights, throttles; the firewall; headers of the web clients
    → bundle     the zips: compiled, checked for anything missing, zipped again
    → templates  one stack, checked by cfn-lint as it is and as SAM will expand it

One zip serves all functions, one template all stages. Deployed stages run on arm64; a rehearsal
runs what was built for the processor of its machine (`infra/rehearsal`).
"""

import argparse
import os
import sys
import traceback
from pathlib import Path

from infra.packaging import bundle
from infra.packaging.bundle import BUILD, alone_in

ROOT = Path(__file__).parents[2]
INTERRUPTED = 130  # as a shell reports a process that Ctrl-C ended


def main() -> None:
    if sys.version_info[:2] != bundle.PYTHON:
        sys.exit(
            "Packaging needs Python 3.13, as in the cloud: `rm -rf .venv`, then "
            "PYTHON=/path/to/python3.13 make package"
        )
    arguments = read_arguments(sys.argv[1:])
    try:
        build(arguments.build, bundle.PROCESSORS[arguments.processor])
    except bundle.Incomplete as error:
        sys.exit(f"Not packaged: {error}")
    except KeyboardInterrupt:
        print("\nStopped. Nothing is packaged.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get("DEBUG"):
            traceback.print_exception(error)
        sys.exit(f"Not packaged: {explain(error, ROOT)}. Nothing was sent.")


def build(folder: Path, processor: bundle.Processor) -> None:
    """Package the project into a folder, alone."""
    # It imports the project, which may have an error of its own.
    from infra.packaging.package import package

    with alone_in(folder):
        package(ROOT, folder, processor)


def explain(error: Exception, root: Path) -> str:
    """Return what is wrong, and where: the file of the project that the error comes from."""
    if isinstance(error, SyntaxError) and error.filename:
        place, line, what = Path(error.filename), error.lineno, error.msg
    else:
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(root)
            and not Path(frame.filename).relative_to(root).parts[0].startswith(".")
        ]
        place, line, what = Path(own[-1].filename), own[-1].lineno, str(error)
    shown = place.relative_to(root) if place.is_relative_to(root) else place
    return f"{shown}, line {line}: {type(error).__name__}: {what}"


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.packaging", description="Build and verify what is deployed."
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


if __name__ == "__main__":
    main()
