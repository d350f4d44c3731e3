"""A patch can be applied and removed, and each that is applied has a module of tests."""

from collections.abc import Mapping
from pathlib import Path

from infra.local import moto_patches
from infra.local.moto_patches.patch import Patch


class _Parent:
    inherited = "moto's"


class _Owner(_Parent):
    own = "moto's"


def _look() -> tuple[str, str]:
    return _Owner.own, _Owner.inherited


def test_a_patch_replaces_attributes_and_puts_them_back() -> None:
    patch = Patch((_Owner, "own", "ours"), (_Owner, "inherited", "ours"))
    patch.apply()
    patch.apply()
    assert _look() == ("ours", "ours")
    with patch.removed():
        assert _look() == ("moto's", "moto's")
    assert _look() == ("ours", "ours")
    patch.remove()
    patch.remove()
    assert _look() == ("moto's", "moto's")
    assert "inherited" not in vars(_Owner)


def test_a_patch_that_is_not_applied_stays_so() -> None:
    patch = Patch((_Owner, "own", "ours"))
    with patch.removed():
        pass
    assert _look() == ("moto's", "moto's")


def test_every_patch_is_applied_listed_and_tested(aws: Mapping[str, str]) -> None:
    here = Path(__file__).parent
    package = Path(moto_patches.__file__).parent
    names = {path.stem for path in package.glob("*.py")} - {"__init__", "patch"}
    assert set(moto_patches.PATCHES) == {getattr(moto_patches, name).PATCH for name in names}
    assert [name for name in sorted(names) if not (here / f"test_{name}.py").is_file()] == []
    assert [
        name for name in sorted(names) if f"| `{name}` |" not in str(moto_patches.__doc__)
    ] == []
