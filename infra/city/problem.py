"""What is wrong with a city's folder."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake. `file` is relative to the folder, `place` is in the file or empty, `wrong` says
    what is wrong and what to do.
    """

    file: str
    place: str
    wrong: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.wrong) if part)
