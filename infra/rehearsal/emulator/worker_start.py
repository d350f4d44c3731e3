# This text is put before ministack's worker, which then loads the function. It makes the process
# what Lambda's is: names of AWS resolve, all else does not, and log lines are JSON.


def _rehearse() -> None:
    import json
    import logging
    import os
    import socket
    import sys
    import traceback
    from datetime import UTC, datetime
    from typing import Any

    # Without it boto3 and PyJWT call AWS's own addresses, as in the cloud.
    os.environ.pop("AWS_ENDPOINT_URL", None)
    port = int(os.environ.pop("REHEARSAL_TLS_PORT"))
    suffix = "." + os.environ.pop("REHEARSAL_DOMAIN")
    inherited = json.loads(os.environ.pop("REHEARSAL_INHERITED"))
    for name in inherited:
        os.environ.pop(name, None)
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, asked_port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not name or not name.endswith(suffix) or asked_port != 443:
            raise socket.gaierror(
                socket.EAI_NONAME, f"rehearsal: {name}:{asked_port} is no address of this region"
            )
        return resolve("127.0.0.1", port, *more, **named)

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]

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

    import boto3

    logging.getLogger("rehearsal").info(
        "function started", extra={"python": sys.version.split()[0], "boto3": boto3.__version__}
    )


_rehearse()
