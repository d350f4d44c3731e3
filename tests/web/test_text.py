"""What the clients take away from a text, and what the service does."""

import json
import subprocess
import unicodedata
from pathlib import Path

from chalicelib.kernel.text import clean, clean_address, clean_number
from infra.web.node import InstalledNode
from tests.web.cutter import ROOT

_COMMAND = ROOT / "sdk" / "testing" / "clean.ts"


def is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code < 0xFDF0


# Those that Node.js alone knows may have another form there. Those that never will be any are in.
KNOWN = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) not in ("Cn", "Cs") or is_noncharacter(code)
]
WALES = "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbwls") + "\U000e007f"
TEXTS = [
    f".{'.'.join(KNOWN)}.",
    *(f"{each}1{each}" for each in ("\n", "\r\n", "\u3000", "\u202a", "\ufeff", "\v")),
    *(f"a{WALES[:end]}b{WALES}{WALES[2:]}" for end in range(len(WALES))),
    f"\U000e0061{WALES[:2]}\u202a{WALES[2:]}",
    "e\u202a\u0301 e\u200b\u0301",
]


def test_the_clients_remove_what_the_service_removes_of_all_unicode(tmp_path: Path) -> None:
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps(TEXTS), encoding="ascii")
    cleaned = subprocess.run(
        [str(InstalledNode().program), str(_COMMAND), str(texts)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    for cleaner, found in zip(
        (clean, clean_address, clean_number), json.loads(cleaned), strict=True
    ):
        for text, by_client in zip(TEXTS, found, strict=True):
            by_service = cleaner(text)
            # Never both whole: a difference of two million characters takes minutes to print.
            pairs = zip(by_client.split("."), by_service.split("."), strict=False)
            differ = [
                (ascii(client), ascii(service)) for client, service in pairs if client != service
            ]
            assert differ[:5] == []
            assert len(by_client) == len(by_service)
