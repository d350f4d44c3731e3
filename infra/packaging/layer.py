"""The media layer: Pillow, pi-heif and PyAV for the one function that opens pictures and videos."""

from pathlib import Path

from infra.packaging import bundle, installation
from infra.packaging.locked import Lock

LIMIT_MB = 45
# The native part of each decoder: a layer without one of them would reject every upload.
REQUIRED = ("PIL/_imaging.cpython-313-*.so", "_pi_heif.cpython-313-*.so", "av/_core*.so")


def build_layer(requirements: Path, build: Path, processor: bundle.Processor, lock: Lock) -> str:
    """Build `media.zip` under `build` from a requirements file, and return its SHA-256.

    Raises bundle.Incomplete when a wheel is missing, is not the one in `lock` or not for
    `processor`, or when the zip is over 45 MB.
    """
    tree = build / "media"
    installation.install(pinned(requirements), tree, processor, lock)
    bundle.compile_modules(tree, "/opt/python")
    if missing := [pattern for pattern in REQUIRED if not any(tree.glob(pattern))]:
        raise bundle.Incomplete(f"the media layer lacks {', '.join(missing)}")
    if foreign := bundle.foreign_libraries(tree, processor):
        raise bundle.Incomplete(
            f"the media layer holds libraries not for {processor.lambda_name}: {', '.join(foreign)}"
        )
    target = build / "media.zip"
    digest = bundle.write_zip(tree, target, prefix="python/")
    bundle.refuse_over(LIMIT_MB, target)
    return digest


def pinned(requirements: Path) -> list[str]:
    """Return the requirements in a file, without comments."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]
