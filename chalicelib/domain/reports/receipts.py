"""The receipt, ids and keys of a report, and receipts that stand in texts.

A receipt in a text is the secret of a report where others read it. It is found as people type it:
in any case, with blanks and dashes between, in full-width letters, with I, L and O for 1, 1 and 0.
"""

import re
import string
import unicodedata
from collections.abc import Iterator

from chalicelib.domain.audit.ledger import ReceiptKeys, commitments_of, content_commitment
from chalicelib.kernel.ids import ALPHABET, RECEIPT_LENGTH, Identity, report_id_of
from chalicelib.kernel.sealing import PrivateKey, WrappedKey, Wrapper
from chalicelib.kernel.text import INVISIBLE

_CREATE = "create"


class ReportIds:
    """The ids and keys of the report with `idempotency_key`. A repeated call gets the same.

    `body` is that of the call. The report's keys are wrapped for officers by the keys in KMS
    `content` and `contact`.
    """

    def __init__(
        self,
        identity: Identity,
        idempotency_key: str,
        body: bytes,
        *,
        content: Wrapper,
        contact: Wrapper,
    ) -> None:
        self._identity = identity
        self._body = body
        self._content, self._contact = content, contact
        self.receipt = identity.receipt(idempotency_key)
        self._content_key = identity.content_key(self.receipt)
        self.report_id = report_id_of(self._content_key.public)

    @property
    def reference(self) -> str:
        """The short number that a person can read out."""
        return self._identity.reference(self.report_id)

    def opened_by(self, receipt: str) -> str:
        """Return the id of the report that any receipt opens, if there is such a report."""
        return self._identity.report_id(receipt)

    def media_id(self, position: int) -> str:
        """Return the id of the medium at `position` in the report, without a prefix."""
        return self._identity.media_id(self.report_id, _CREATE, position)

    def fingerprint(self, body: bytes) -> str:
        """Return a hash of the body, keyed by the receipt.

        It shows only whether two calls have the same body.
        """
        return self._identity.fingerprint(self.receipt, body)

    def commitments(self) -> dict[str, bytes]:
        """Return the fields of a new report for the ledger."""
        keys = ReceiptKeys.of(self.receipt)
        commitments = commitments_of(keys, content_commitment(self.receipt, self._body))
        return {"ledger_id": keys.ledger_id, "commitments": commitments}

    def content_key(self) -> tuple[PrivateKey, WrappedKey]:
        """Return the key of what the report says, and the same wrapped. Raises Unavailable."""
        return self._content_key, self._content.wrapping_key().wrap(self._content_key)

    def contact_key(self) -> tuple[PrivateKey, WrappedKey]:
        """Return the key of the contact, and the same wrapped. Raises Unavailable."""
        key = self._identity.contact_key(self.receipt)
        return key, self._contact.wrapping_key().wrap(key)


# Read as these letters.
_LETTERS = (ALPHABET + ALPHABET.lower() + "ILOilo", ALPHABET * 2 + "110110")
# Between groups: blanks, dashes, dots and other marks of all kinds, and what is invisible.
_BETWEEN = " \t\n\r\f\v\x1c\x1d\x1e\x1f-._/,:;|+*~="
_BETWEEN_BEYOND_ASCII = rf"[\s\u00b7\u2010-\u2015\u2022\u2212\u30fb]|{INVISIBLE}"
# Where one receipt is looked for, all but letters and digits may stand between its characters.
_MARK = "#"
_MARK_BEYOND_ASCII = r"(?![\x00-\x7f])\W"
_ELSE = "\0"
# Han, kana and Hangul: letters of no receipt. They are most of a text that has any.
_EAST_ASIAN = "[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3]+"
_READING = bytearray(_ELSE.encode() * 256)
for _sign in string.punctuation:
    _READING[ord(_sign)] = ord(_MARK)
for _letter, _read_as in zip(*_LETTERS, strict=True):
    _READING[ord(_letter)] = ord(_read_as)
for _blank in _BETWEEN:
    _READING[ord(_blank)] = ord(" ")
_NO_LETTERS = str.maketrans("", "", " " + _MARK)


def _shape(first: int) -> str:
    """Return the lengths of a receipt's groups when that of the first is `first`.

    Each is one character, the one with this code, so that shapes are found quickly.
    """
    full, rest = divmod(RECEIPT_LENGTH, first)
    return chr(first) * full + (chr(rest) if rest else "")


_SHAPES = {chr(first): _shape(first) for first in range(1, RECEIPT_LENGTH + 1)}


def holds_receipt(text: str, receipt: str) -> bool:
    """Return whether this receipt, in canonical form, is in the text. It is quicker than to look
    at all possible ones.
    """
    return receipt in _read(text).translate(_NO_LETTERS)


def possible_receipts(text: str) -> Iterator[str]:
    """Yield each 26 characters in a row that read as a receipt, in canonical form.

    Ordinary words read so too: whether one is a receipt, only its report's id can tell.
    """
    for run in _read(text).translate(_NO_LETTERS).split(_ELSE):
        for start in range(len(run) - RECEIPT_LENGTH + 1):
            yield run[start : start + RECEIPT_LENGTH]


def likely_receipts(text: str) -> Iterator[str]:
    """Yield what is written as a receipt is: 26 characters in one word or in groups of one length.

    The last group may be shorter. Few texts have any.
    """
    for words in _read(text).replace(_MARK, _ELSE).split(_ELSE):
        if len(words) < RECEIPT_LENGTH:
            continue
        groups = words.split()
        lengths = "".join(map(chr, map(len, groups)))
        for start, first in enumerate(lengths):
            shape = _SHAPES.get(first)
            if shape and lengths.startswith(shape, start):
                yield "".join(groups[start : start + len(shape)])


def _read(text: str) -> str:
    """Return the text with letters in canonical form, blanks, `_MARK` for other marks and `_ELSE`
    for all else.

    All of that is ASCII, which Python reads in a few quick steps.
    """
    if not text.isascii():
        # These patterns are compiled at the first such text, not at the start.
        text = unicodedata.normalize("NFKC", re.sub(_EAST_ASIAN, _ELSE, text)).upper()
        text = re.sub(_BETWEEN_BEYOND_ASCII, " ", text)
        text = re.sub(_MARK_BEYOND_ASCII, _MARK, text)
        text = re.sub(r"[^\x00-\x7f]+", _ELSE, text)
    return text.encode("ascii").translate(_READING).decode("ascii")
