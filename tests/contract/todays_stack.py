"""A plugin of pytest for a release's own tests in a browser: their stack is that of the tree in
`TODAY`, and serves the release's built web clients. So their pages meet today's API.
"""

import os
from pathlib import Path
from typing import Any

from infra.web.build import build
from tests.local import stack


class TodaysStack(stack.Stack):
    def __init__(self, folder: Path, **settings: Any) -> None:
        if settings.get("WEB") == "on":
            settings["WEB"] = str(build(city=stack.ROOT / "city", say=print))
        super().__init__(folder, root=Path(os.environ["TODAY"]), **settings)


# Before a conftest takes it.
stack.Stack = TodaysStack  # type: ignore[misc]
