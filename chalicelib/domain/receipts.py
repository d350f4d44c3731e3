"""Receipts in texts: somebody pastes the secret of a report where others read it.

A receipt is found as people type it: in any case, with blanks and dashes between, in full-width
letters, with I, L and O for 1, 1 and 0.
"""

import re
import unicodedata
from collections.abc import Iterator

from chalicelib.domain.ids import ALPHABET, RECEIPT_LENGTH

_READING = str.maketrans("ILO", "110")
# Where one receipt is looked for, all but letters and digits may stand between its characters.
_BETWEEN = re.compile(r"[\W_\u115f\u1160]+")
# Where any receipt is: blanks, dashes, dots and other marks of all kinds, and what is invisible.
_BETWEEN_GROUPS = re.compile(
    r"[\s\u00ad\u00b7\u200b-\u200f\u2010-\u2015\u2022\u2060\u2212\u30fb\ufeff._/,:;|+*~=\-]+"
)
_RUN = re.compile(f"[{ALPHABET}]{{{RECEIPT_LENGTH},}}")
_WORDS = re.compile(rf"[{ALPHABET}]+(?:{_BETWEEN_GROUPS.pattern}[{ALPHABET}]+)*")


def holds_receipt(text: str, receipt: str) -> bool:
    """Return whether this receipt, in canonical form, is in the text. It is quicker than to look
    at all possible ones.
    """
    return receipt in _BETWEEN.sub("", _read(text))


def possible_receipts(text: str) -> Iterator[str]:
    """Yield each 26 characters in a row that read as a receipt, in canonical form.

    Ordinary words read so too: whether one is a receipt, only its report's id can tell.
    """
    for run in _RUN.findall(_BETWEEN.sub("", _read(text))):
        for start in range(len(run) - RECEIPT_LENGTH + 1):
            yield run[start : start + RECEIPT_LENGTH]


def likely_receipts(text: str) -> Iterator[str]:
    """Yield what is written as a receipt is: 26 characters in one word or in groups of one length.

    The last group may be shorter. Few texts have any.
    """
    for words in _WORDS.findall(_read(text)):
        groups = _BETWEEN_GROUPS.split(words)
        for start, group in enumerate(groups):
            length = len(group)
            full, rest = divmod(RECEIPT_LENGTH, length)
            taken = groups[start : start + full + (1 if rest else 0)]
            lengths = [length] * full + ([rest] if rest else [])
            if [len(each) for each in taken] == lengths:
                yield "".join(taken)


def _read(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper().translate(_READING)
