"""Masks: a passage of a text that two officers replace by a mark, for the sake of a third person.

One officer proposes which passage, and why; another reads it, and approves. Then the mark stands in
its place. The passage is gone, or it is stored under a legal hold alone (docs/adr/0068).
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.text import TEXT_MAX, ReporterText

MARK = "███"
"""What stands in place of a passage, whatever its length."""

# All are in the report's row, and the end of a hold deletes what it keeps in one transaction.
MOST_PENDING = 20
MOST_APPROVED = 50


class MaskPart(StrEnum):
    """The text that a passage is in. The address is that of the report's place."""

    TEXT = "text"
    ADDRESS = "address"
    DETAIL = "detail"
    MESSAGE = "message"
    NOTE = "note"

    @property
    def path(self) -> str:
        """The path of the text in a `Content`; of a detail, that of all."""
        apart = {MaskPart.ADDRESS: "location.address", MaskPart.DETAIL: "details"}
        return apart.get(self, self.value)


class MaskReason(StrEnum):
    """Why a passage is masked. The reporter reads the words of it (`mask.*` of the texts)."""

    THIRD_PERSON = "third_person"
    ERASURE = "erasure"
    CORRECTION = "correction"
    COURT = "court"


class NewMask(Input):
    """Which passage is to be masked, and why.

    `part` is the text that it is in. `name` is that of a `detail`, or the `id` of a `message` or
    `note`; null for the others. `passage` is what stands there, word for word, and `start` how many
    characters stand before it, each a code point of Unicode. `request` is the number of a request
    that is about the report, and that the mask carries out.
    """

    part: Annotated[MaskPart, Field(strict=False)]
    name: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    start: Annotated[int, Field(ge=0, le=TEXT_MAX)]
    passage: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
    reason: Annotated[MaskReason, Field(strict=False)]
    request: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class MaskRefusal(Input):
    """Why a mask is declined. Colleagues read it in the history."""

    reason: ReporterText


class Mask(Record):
    """A mask as it is stored: where the passage is, and not what it says.

    `number` counts the proposals of a report; none is given twice. `start` and `end` are where the
    passage is in its text as that is now. Once approved, the mark is at `start`, as the text was
    then; `is_held`: a legal hold keeps the passage. `asked` is the number of the
    request that it carries out.
    """

    number: int
    part: MaskPart
    name: str | None = None
    start: int
    end: int
    reason: MaskReason
    by: str
    at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    is_held: bool = False
    asked: str | None = None

    def request(self, report_id: str, sealed: bytes) -> Request:
        """Return it as another officer approves it: the text as it is sealed now, and the place."""
        text = hashlib.sha256(sealed).hexdigest()
        version = f"{self.number}/{self.start}/{self.end}/{text}"
        return Request(TwoPersonStep.MASK, report_id, version, {self.by})

    def is_same(self, other: "Mask") -> bool:
        """Return whether another one, by the same officer, is of the same passage and reason."""
        return self.by == other.by and self.reason is other.reason and self._place == other._place

    def overlaps(self, other: "Mask") -> bool:
        """Return whether another one is of the same text, and of some of the same characters."""
        return self._text == other._text and self.start < other.end and other.start < self.end

    def after(self, applied: "Mask") -> "Mask":
        """Return it with its place in the text after another one, which it does not overlap."""
        if self._text != applied._text or self.start < applied.start:
            return self
        moved = len(MARK) - (applied.end - applied.start)
        return self.model_copy(update={"start": self.start + moved, "end": self.end + moved})

    @property
    def _text(self) -> tuple[str, str | None]:
        return self.part, self.name

    @property
    def _place(self) -> tuple[str, str | None, int, int]:
        return (*self._text, self.start, self.end)


class Masks(Record):
    """The masks of a report. `last` is the number of the latest proposal. `ended` is the number of
    the latest that was declined, and `ended_by` who declined it.
    """

    last: int = 0
    pending: tuple[Mask, ...] = ()
    approved: tuple[Mask, ...] = ()
    ended: int | None = None
    ended_by: str | None = None

    def waiting(self, number: int) -> Mask:
        """Return the proposal with this number. Raises Conflict `no_mask`."""
        found = next((each for each in self.pending if each.number == number), None)
        if found is None:
            raise errors.Conflict("no_mask")
        return found

    def approved_by(self, number: int, by: str) -> Mask | None:
        """Return the mask with this number, if this officer has approved it."""
        return next(
            (each for each in self.approved if (each.number, each.approved_by) == (number, by)),
            None,
        )

    def with_proposal(self, mask: Mask) -> "Masks":
        """Return the masks with one more proposal. Raises Conflict (`too_many_masks`,
        `mask_overlaps`).
        """
        if len(self.pending) >= MOST_PENDING or len(self.approved) >= MOST_APPROVED:
            raise errors.Conflict("too_many_masks")
        if any(mask.overlaps(each) for each in self.pending):
            raise errors.Conflict("mask_overlaps")
        return self.model_copy(update={"last": mask.number, "pending": (*self.pending, mask)})

    def without(self, mask: Mask, declined_by: str | None = None) -> "Masks":
        """Return the masks without a proposal, which was taken back, or declined by an officer."""
        update: dict[str, object] = {"pending": self._others(mask)}
        if declined_by:
            update |= {"ended": mask.number, "ended_by": declined_by}
        return self.model_copy(update=update)

    def with_approved(self, mask: Mask) -> "Masks":
        """Return the masks after one was approved: what waits has moved with the text. From then
        on it ends with the mark, since how long the passage was can show which name it had. Raises
        Conflict `too_many_masks`.
        """
        if len(self.approved) >= MOST_APPROVED:
            raise errors.Conflict("too_many_masks")
        pending = tuple(each.after(mask) for each in self._others(mask))
        marked = mask.model_copy(update={"end": mask.start + len(MARK)})
        return self.model_copy(update={"pending": pending, "approved": (*self.approved, marked)})

    def _others(self, mask: Mask) -> tuple[Mask, ...]:
        return tuple(each for each in self.pending if each.number != mask.number)


NO_MASKS = Masks.model_construct()
"""Those of a report without any. Nothing in them is checked, so most need not build the model."""


def masked(text: str, mask: Mask) -> str:
    """Return a text with the mark in place of the passage."""
    return text[: mask.start] + MARK + text[mask.end :]


def leaf_data(mask: Mask) -> bytes:
    """Return the data of a `masked` leaf: which kind of text, and why. It has no word of it."""
    return _leaf_data(mask.part, mask.reason)


def _leaf_data(part: MaskPart, reason: MaskReason) -> bytes:
    return f"{part}/{reason}".encode()


LEAVES = tuple(_leaf_data(part, reason) for part in MaskPart for reason in MaskReason)
"""The data that a `masked` leaf can have."""
