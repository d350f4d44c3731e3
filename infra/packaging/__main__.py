"""Build and verify what is deployed: `make package` writes build/functions.zip, media.zip and
template.json.

    python -m infra.packaging [--processor arm64|x86_64] [--build FOLDER]

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
import sys
from pathlib import Path

from infra.packaging import bundle
from infra.packaging.package import BUILD, ROOT, package


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
