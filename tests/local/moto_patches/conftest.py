"""A test that is tried without a patch, too."""

from collections.abc import Iterator

import pytest

from infra.local.moto_patches.patch import Patch


def fails_without(patch: Patch) -> pytest.MarkDecorator:
    """Try a test twice: as it is, and without the patch, where it must fail. If it does not, moto
    has learned it, and the patch can go.
    """
    alone = pytest.param(patch, marks=pytest.mark.xfail(strict=True), id="moto alone")
    return pytest.mark.parametrize(
        "without", [pytest.param(None, id="patched"), alone], indirect=True
    )


@pytest.fixture(autouse=True)
def without(request: pytest.FixtureRequest, aws: object) -> Iterator[None]:
    if patch := getattr(request, "param", None):
        with patch.removed():
            yield
    else:
        yield
