"""What a patch of moto is: attributes that are replaced, and can be put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = object()


class Patch:
    """`replacements` says which attributes of which classes or modules become what."""

    def __init__(self, *replacements: tuple[Any, str, Any]) -> None:
        self._replacements = replacements
        self._originals: list[Any] | None = None

    def apply(self) -> None:
        """Replace the attributes, unless they are replaced already."""
        if self._originals is not None:
            return
        # Inherited attributes are looked up anew once the replacement is gone.
        self._originals = [vars(owner).get(name, _ABSENT) for owner, name, _ in self._replacements]
        for owner, name, replacement in self._replacements:
            setattr(owner, name, replacement)

    def remove(self) -> None:
        """Put back what the attributes were, if they are replaced."""
        if self._originals is None:
            return
        for (owner, name, _), original in zip(self._replacements, self._originals, strict=True):
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._originals = None

    @contextmanager
    def removed(self) -> Iterator[None]:
        """Show moto as it is while this holds: for the tests of the patch itself."""
        was_applied = self._originals is not None
        self.remove()
        try:
            yield
        finally:
            if was_applied:
                self.apply()
