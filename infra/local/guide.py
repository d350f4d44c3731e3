"""What `make run` prints first: addresses, officers, and the first report to try."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.officers.model import ALL, CASEWORKERS, Officer
from infra.local.seed import NARROW
from infra.local.stack_file import DEFAULT_PORT

_GUIDE = """\

Tipline is running. Press Ctrl-C to stop it.

{pages}  API        {api}    documentation: {api}/docs
  AWS        {aws}    (moto; access key "{access_key}", secret key "{secret_key}", region {region})
  officers   {officers}

Report with a photo: open a second terminal in this folder, put the path of a JPEG in PHOTO, and
paste this.

PHOTO=photo.jpg; SIZE=$(wc -c < "$PHOTO" | tr -d ' ')
KEY=$(python3 -c 'import uuid; print(uuid.uuid4())')
curl -sS {api}/v1/reports -H 'Content-Type: application/json' -H "Idempotency-Key: $KEY" \\
  -o report.json -d '{{"category":"{category}","text":"A van blocks the crossing",
  "media":[{{"content_type":"image/jpeg","size":'$SIZE'}}]}}'
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
    outputs: Mapping[str, Any], officers: Sequence[Officer], *, has_pages: bool = False
) -> str:
    """Return the text, with the addresses of the running stack. Without officers it says how to
    appoint the first ones. `has_pages`: the web clients are served.
    """
    number = str(outputs["api"]).rpartition(":")[2]
    port = "" if number == str(DEFAULT_PORT) else f" PORT={number}"
    return _GUIDE.format(
        **outputs,
        pages=_PAGES.format(**outputs) if has_pages else "",
        category=NARROW,
        officers=", ".join(f"{officer.username} ({_scope(officer)})" for officer in officers)
        or f"none yet. Appoint two: make first-admins ADMINS={_FIRST},li{port}",
        who=officers[0].username if officers else _FIRST,
        port=port,
    )


def _scope(officer: Officer) -> str:
    categories = "all categories" if ALL in officer.categories else ", ".join(officer.categories)
    if not officer.has_role(*CASEWORKERS):
        categories = "no reports"
    return f"{officer.roles[-1].value}, {categories}"
