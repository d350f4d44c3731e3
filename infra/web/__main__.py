"""`make web`: build the clients of a city, and copy them to `build/web`, for any web server.

python -m infra.web --packages    only install what they and the SDK are built with
"""

import sys

from chalicelib.kernel import city
from infra.web.build import ROOT, NotBuilt, build, install
from infra.web.sizes import sizes


def main() -> None:
    try:
        if "--packages" in sys.argv:
            install(say=_say)
            return
        folder = build(city=city.FOLDER, say=_say, into=ROOT / "build" / "web")
    except NotBuilt as error:
        sys.exit(f"The web clients are not built: {error}")
    for size in sizes(folder):
        print(f"{size.kilobytes:6.1f} KB of {size.budget_kb} KB  {size.page}")
    print(f"In {folder}. How a web server serves it: docs/web.md")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
