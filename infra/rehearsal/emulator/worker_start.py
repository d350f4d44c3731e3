# This text, after names/sitecustomize.py, is put before ministack's worker, which then loads the
# function. It makes the process what Lambda's is: without settings of the rehearsal, and with log
# lines in JSON.


def _become_a_function() -> None:
    import json
    import logging
    import os
    import sys
    import traceback
    from datetime import UTC, datetime
    from typing import Any

    import boto3

    # Without AWS_ENDPOINT_URL boto3 and PyJWT call AWS's own addresses, as in the cloud.
    ministacks = ("AWS_ENDPOINT_URL", "PWD", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
    for name in (*ministacks, *json.loads(os.environ["REHEARSAL_INHERITED"])):
        os.environ.pop(name, None)

    known = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    class Json(logging.Formatter):
        # The fields of Lambda's own JSON format.
        def format(self, record: logging.LogRecord) -> str:
            line: dict[str, Any] = {
                "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            line |= {name: value for name, value in vars(record).items() if name not in known}
            if record.exc_info and record.exc_info[0]:
                kind, error, trace = record.exc_info
                line["errorType"] = kind.__name__
                line["errorMessage"] = str(error)
                line["stackTrace"] = traceback.format_tb(trace)
            return json.dumps(line, default=str)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json())
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("rehearsal").info(
        "function started", extra={"python": sys.version.split()[0], "boto3": boto3.__version__}
    )


_become_a_function()
