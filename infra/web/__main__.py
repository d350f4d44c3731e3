"""`make web`: build the clients into `build/web`, for any web server."""

import sys

from chalicelib.kernel import city
from infra.web.build import NotBuilt, build
from infra.web.sizes import sizes


def main() -> None:
    try:
        folder = build(city=city.FOLDER, say=lambda text: print(text, file=sys.stderr))
    except NotBuilt as error:
        sys.exit(f"The web clients are not built: {error}")
    for size in sizes(folder):
        print(f"{size.kilobytes:6.1f} KB of {size.budget_kb} KB  {size.page}")
    print(f"In {folder}. How a web server serves it: docs/web.md")


if __name__ == "__main__":
    main()
