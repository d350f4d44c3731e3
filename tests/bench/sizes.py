"""How large is what Lambda loads."""

from infra.packaging.bundle import FUNCTIONS_MB
from tests.bench import rows as table
from tests.bench.cold import BUILD, ensure_packaged

_LIMITS = {
    "functions.zip": ("all functions", FUNCTIONS_MB),
    "media.zip": ("the layer of make_thumbnails", 45),
}


def rows() -> list[table.Row]:
    ensure_packaged()
    return [
        table.row(
            f"{name}, {what}",
            "",
            [round((BUILD / name).stat().st_size / 1_000_000, 1)],
            at_most=limit,
            unit=" MB",
        )
        for name, (what, limit) in _LIMITS.items()
    ]
