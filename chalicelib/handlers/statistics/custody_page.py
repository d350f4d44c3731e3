"""`custody.html`: what a file for a court is and holds, to print. One file that needs nothing else,
in all languages of the city. It repeats `custody.json`; that is what counts.
"""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from chalicelib.domain.audit.ledger import Event
from chalicelib.kernel.languages import LANGUAGES, text

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 10.5pt/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
 padding: 0 1rem; color: #000; background: #fff }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; margin-block: .5rem }}
th, td {{ border: 1px solid #888; padding: .2rem .4rem; text-align: start; vertical-align: top;
 overflow-wrap: anywhere }}
th:first-child {{ width: 22% }}
code {{ font-size: 9pt; overflow-wrap: anywhere }}
section + section {{ break-before: page; margin-top: 3rem }}
tr {{ break-inside: avoid }}
</style>
</head>
<body>
{sections}
</body>
</html>
"""
_CODE = re.compile("`([^`]+)`")
_EXPLAINED = ("about", "shows", "check", "keys", "camera", "limits")


def custody_page(said: Mapping[str, Any], content: str) -> str:
    """Return the page of a file for a court. `said` is its `custody.json`, `content` the text of
    the report.
    """
    return _PAGE.format(
        language=LANGUAGES[0],
        title=escape(f"{text('custody.title', LANGUAGES[0])} {said['report']['reference']}"),
        sections="\n".join(_section(said, content, each) for each in LANGUAGES),
    )


def _section(said: Mapping[str, Any], content: str, language: str) -> str:
    def word(name: str, **fields: Any) -> str:
        return escape(text(f"custody.{name}", language, **fields))

    report = said["report"]
    facts = {
        "reference": report["reference"],
        "received": report["received_at"],
        "made": f"{said['at']}, {said['by']}",
        "approved": said["approved_by"],
        "reason": said["reason"],
        "zip": f"{said['part']} / {said['parts']}",
        "content": content,
    }
    return "\n".join(
        (
            f'<section lang="{language}" dir="auto">',
            f"<h1>{word('title')}</h1>",
            *(f"<p>{_CODE.sub(r'<code>\1</code>', word(name))}</p>" for name in _EXPLAINED),
            _rows((word(name), value) for name, value in facts.items()),
            f"<h2>{word('originals')}</h2>",
            *(_original(each, word) for each in said["originals"]),
            f"<h2>{word('history')}</h2>",
            _table(
                [word(name) for name in ("time", "who", "step", "sealed")],
                [
                    [each["at"], each["by"], _step(each), each["sealed_in"] or word("not_sealed")]
                    for each in said["history"]
                ],
            ),
            f"<h2>{word('ledger')}</h2>",
            _rows(
                (Event(leaf["event"]).name.lower(), leaf.get("hour") or word("not_sealed"))
                for leaf in said["ledger"]["leaves"]
            ),
            "</section>",
        )
    )


def _original(original: Mapping[str, Any], word: Any) -> str:
    redaction = original["redaction"]
    facts = {
        "medium": original["media_id"],
        "file": original["file"] or word("elsewhere", part=original["part"] or "-"),
        "sha256": original["sha256"],
        "checksum": _short(original["checksum"]),
        "version": original["version"],
        "verdict": " ".join(filter(None, (original["verdict"], original["verdict_reason"]))),
        "later_uploads": original["later_uploads"],
    }
    if redaction:
        facts["redacted"] = ", ".join(
            filter(None, (redaction["at"], redaction["by"], redaction["reason"]))
        )
    return _rows((word(name), value) for name, value in facts.items())


def _step(entry: Mapping[str, Any]) -> str:
    return f"{entry['action']} {_short(entry['detail']) if entry['verified'] else '!'}"


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _rows(rows: Iterable[tuple[str, Any]]) -> str:
    """Return a table of facts. The names are HTML, the values are not."""
    cells = (f"<tr><th>{name}</th><td>{_cell(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return escape("" if value is None else str(value)).replace("\n", "<br>")
