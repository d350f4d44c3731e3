"""Run ministack with what a rehearsal needs. Its own interpreter runs this file, without the
project on its path.

    <ministack's python> -I launcher.py <settings.json>

The settings: `interpreter` (that functions run under), `region`, `port` (plain HTTP, for tools),
`tls_port` (for functions and phones, by AWS's own names), `certificate`, `key`, `denials` (a file
to which each denial of IAM is appended, one JSON object a line) and `temporary` (a folder).
"""

import asyncio
import importlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

settings: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())


def main() -> None:
    domain = f"{settings['region']}.amazonaws.com"
    ours = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings["port"]),
        "MINISTACK_HOST": domain,
        "MINISTACK_REGION": settings["region"],
        "MINISTACK_ACCOUNT_ID": settings["account"],
        "IOT_MTLS_ENABLED": "0",  # it would listen on all addresses
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": settings.get("log_level", "WARNING"),
    }
    # Functions inherit all of ministack's environment, so it has nothing else.
    os.environ.clear()
    os.environ.update(ours)
    os.environ |= {
        "REHEARSAL_DOMAIN": domain,
        "REHEARSAL_TLS_PORT": str(settings["tls_port"]),
        "REHEARSAL_INHERITED": json.dumps(sorted(ours)),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{settings['port']}",
        "AWS_CA_BUNDLE": settings["certificate"],
        "SSL_CERT_FILE": settings["certificate"],
        "AWS_ACCESS_KEY_ID": settings["root"]["key_id"],
        "AWS_SECRET_ACCESS_KEY": settings["root"]["secret"],
        "TMPDIR": settings["temporary"],
        "PATH": "/usr/bin:/bin",
    }
    tempfile.tempdir = settings["temporary"]
    run_functions_as_lambda_does()
    record_denials(Path(settings["denials"]))
    if settings["patched"]:
        sys.path.insert(0, str(Path(__file__).parent))
        importlib.import_module("patches").apply()
    serve()


def run_functions_as_lambda_does() -> None:
    from ministack.core import lambda_runtime

    start = (Path(__file__).parent / "worker_start.py").read_text()
    lambda_runtime._PYTHON_WORKER_SCRIPT = start + lambda_runtime._PYTHON_WORKER_SCRIPT
    # The name under which ministack looks for the interpreter of a function.
    sys.executable = settings["interpreter"]


def record_denials(log: Path) -> None:
    """Append what IAM denies to `log`: who, which action, on which resource."""
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def recorded(
        access_key_id: str, action: str, service: str, region: str, *more: Any, **named: Any
    ) -> Any:
        denied = enforce(access_key_id, action, service, region, *more, **named)
        if denied is not None:
            resource = named.get("resource_arn", more[0] if more else "*")
            line = {
                "principal": getattr(denied, "principal_arn", "") or "",
                "action": action,
                "resource": resource,
                "why": getattr(denied, "message", None) or getattr(denied, "decision", ""),
            }
            with log.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return denied

    iam_evaluator.enforce = recorded


def serve() -> None:
    from hypercorn.asyncio import serve as listen
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"127.0.0.1:{settings['tls_port']}"]
    config.insecure_bind = [f"127.0.0.1:{settings['port']}"]
    config.certfile, config.keyfile = settings["certificate"], settings["key"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    # Functions end when their pipe to this process does.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(listen(app, config))


if __name__ == "__main__":
    main()
