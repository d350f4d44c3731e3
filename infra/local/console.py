"""What the running stack prints: first addresses, officers and a report to try, then lines that
begin with the local time.

Of the program's log, warnings and errors are shown: beside each event the kind of what went wrong
and the id of the request, which its response has too, and below a fault its frames.
"""

import contextlib
import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from chalicelib.domain.officers.model import ALL, WITH_MACHINES, Officer
from chalicelib.kernel.config import Api
from infra.local.requests import CALLER_HEADER
from infra.local.stack_file import DEFAULT_PORT

# In the cloud every extra is in the log. Of these alone it is certain that they are names of
# classes, codes and the gateway's own numbers.
SHOWN = ("error", "kind", "code", "request_id")
# The function that this thread runs.
_serving: ContextVar[str] = ContextVar("serving", default=Api.RESIDENTS)
# The logger of the gateway's access log.
ACCESS = "infra.local.gateway.access"
_OF_LOGGERS = {ACCESS: "gateway", "chalicelib.http.auth": "authorize_officer"}
MOST_LOG_BYTES = 10_000_000
# What every record has, and no extra.
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_GUIDE = """\

Tipline is running. Press Ctrl-C to stop it.

{pages}  API        {api}    documentation: {api}/docs
  AWS        {aws}    (moto; access key "{access_key}", secret key "{secret_key}", region {region})
  officers   {officers}

Report with a photo: open a second terminal in this folder, put the path of a JPEG in PHOTO, and
paste this.

PHOTO=photo.jpg; SIZE=$(wc -c < "$PHOTO" | tr -d ' ')
KEY=$(python3 -c 'import uuid; print(uuid.uuid4())')
SHA256=$(python3 -c 'import hashlib
print(hashlib.sha256(open(0, "rb").read()).hexdigest())' < "$PHOTO")
curl -sS {api}/v1/reports -H 'Content-Type: application/json' -H "Idempotency-Key: $KEY" \\
  -o report.json -d '{{"category":"{category}","text":"A van blocks the crossing",
  "media":[{{"content_type":"image/jpeg","size":'$SIZE',"sha256":"'$SHA256'"}}]}}'
python3 -c 'import json
upload = json.load(open("report.json"))["uploads"][0]
print("url =", upload["url"])
for name, value in upload["fields"].items(): print(f"form-string = \\"{{name}}={{value}}\\"")
' | curl -sS -K - -F "file=@$PHOTO" -w 'uploaded: %{{http_code}}\\n'

See it as its reporter, then as an officer:

RECEIPT=$(python3 -c 'import json; print(json.load(open("report.json"))["receipt"])')
curl -sS {api}/v1/reports/mine -H "Authorization: Receipt $RECEIPT"
curl -sS {api}/v1/officer/reports -H "Authorization: Bearer $(make -s token OFFICER={who}{port})"

Move the clock of sweeps and lifecycles: make clock ADVANCE=5m{port}
Requests and notices appear below.
"""
_PAGES = """\
  residents  {api}/
  console    {api}/console/
"""
# An admin whom the guide appoints when there is nobody.
_FIRST = "zhao"


def guide(
    outputs: Mapping[str, Any], officers: Sequence[Officer], category: str, *, has_pages: bool
) -> str:
    """Return what is printed first, with the addresses of the running stack and the category of the
    report. Without officers it says how to appoint the first ones. `has_pages`: the web clients
    are served.
    """
    number = str(outputs["api"]).rpartition(":")[2]
    port = "" if number == str(DEFAULT_PORT) else f" PORT={number}"
    return _GUIDE.format(
        **outputs,
        pages=_PAGES.format(**outputs) if has_pages else "",
        category=category,
        officers=", ".join(f"{officer.username} ({_scope(officer)})" for officer in officers)
        or f"none yet. Appoint two: make first-admins ADMINS={_FIRST},li{port}",
        who=officers[0].username if officers else _FIRST,
        port=port,
    )


def _scope(officer: Officer) -> str:
    categories = "all categories" if ALL in officer.categories else ", ".join(officer.categories)
    if not officer.has_role(*WITH_MACHINES):
        categories = "no reports"
    elif officer.is_oversight:
        categories = "reports about the police"
    return f"{officer.roles[-1].value}, {categories}"


def say(text: str) -> None:
    """Print on standard output."""
    # Whoever stopped reading must not stop the stack.
    with contextlib.suppress(OSError):
        sys.stdout.write(_stamped(text) + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def serving(function: str) -> Iterator[None]:
    """Attribute what this thread logs to `function`."""
    token = _serving.set(function)
    try:
        yield
    finally:
        _serving.reset(token)


def attribute(request: Any, **_: Any) -> None:
    """Say in a request to AWS which function makes it: an event handler of botocore's."""
    request.headers[CALLER_HEADER] = _serving.get()


def show_log() -> None:
    """Show this process's log on standard error, from now on."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Line())
    logging.getLogger().addHandler(handler)


def keep_log(path: Path) -> None:
    """Write the app's log and the gateway's access log to `path` from now on, as JSON lines like
    those of Lambda, for `make logs`. What was there is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handler = RotatingFileHandler(path, maxBytes=MOST_LOG_BYTES, backupCount=1, delay=True)
    handler.setFormatter(_JsonLine())
    for name in ("chalicelib", ACCESS):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        more = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "function": _OF_LOGGERS.get(record.name) or _serving.get(),
        }
        return json.dumps(line | more, ensure_ascii=False, default=str)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _stamped(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = [str(vars(record)[name]) for name in SHOWN if name in vars(record)]
        line = " · ".join([f"{record.levelname.lower()} → {record.getMessage()}", *facts])
        # Frames hold lines of our code, and no values.
        return "\n".join([line, *(frame.rstrip() for frame in vars(record).get("frames", ()))])


def _stamped(text: str) -> str:
    stamp = time.strftime("%H:%M:%S")
    return "\n".join(f"{stamp}  {line}" for line in text.splitlines())
