"""The behaviours of moto that are changed, in tests and in the local stack alike (docs/local.md).

Each patch has a reason on top, a test that fails without it, and one that fails as soon as moto
needs it no more: then the patch goes. moto has no seam for them, so its version is pinned.
"""

from infra.local.moto_patches import core, dynamodb, kms, s3
from infra.local.moto_patches.patch import Patch

PATCHES: tuple[Patch, ...] = tuple(
    patch
    for module in (core, dynamodb, s3, kms)
    for patch in vars(module).values()
    if isinstance(patch, Patch)
)


def apply_patches() -> None:
    """Apply all patches, from now on, in this process. Applying them again changes nothing."""
    for patch in PATCHES:
        patch.apply()
