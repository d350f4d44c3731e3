"""Run ministack with what a rehearsal needs. Its own interpreter runs this file, without the
project on its path.

    <ministack's python> -I launcher.py <settings.json>

The settings: `interpreter` (that functions run under), `node` (Node.js), `region`, `account`,
`port`, `certificate` and `key`, `root` (the account's own keys), `denials` (a file to which each
denial of IAM is appended, one JSON object a line), `temporary` (a folder),
`select_of_items` (whether IAM sees `dynamodb:Select` of reads of single items) and `tenancy`
(whether the account may have functions with tenant isolation).
"""

import asyncio
import hashlib
import importlib
import json
import os
import re
import signal
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).parent
settings: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())


def main() -> None:
    set_environment()
    serve_apis_at_their_own_address()
    run_functions_as_lambda_does()
    run_functions_of_cloudfront()
    sys.path.insert(0, str(HERE))
    importlib.import_module("patches").apply()
    rights = importlib.import_module("rights")
    rights.apply(select_of_items=settings["select_of_items"])
    for name in ("tables", "tenants"):
        importlib.import_module(name).apply()
    rights.record_denials(Path(settings["denials"]))
    serve()


def set_environment() -> None:
    """Set ministack's environment, all of it: functions inherit it."""
    ours = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings["port"]),
        "MINISTACK_REGION": settings["region"],
        "MINISTACK_ACCOUNT_ID": settings["account"],
        "IOT_MTLS_ENABLED": "0",  # it would listen on all addresses
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "WARNING",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": settings["certificate"],
        "MINISTACK_SSL_KEY": settings["key"],
        "REHEARSAL_PORT": str(settings["port"]),
        "REHEARSAL_REGION": settings["region"],
        "REHEARSAL_ALONE": "1",
        "REHEARSAL_TENANCY": "on" if settings["tenancy"] else "off",
    }
    for_functions = {
        "AWS_CA_BUNDLE": settings["certificate"],
        "SSL_CERT_FILE": settings["certificate"],
        "AWS_ACCESS_KEY_ID": settings["root"]["key_id"],
        "AWS_SECRET_ACCESS_KEY": settings["root"]["secret"],
        "TMPDIR": settings["temporary"],
        "PATH": "/usr/bin:/bin",
    }
    inherited = json.dumps(["REHEARSAL_INHERITED", *ours])
    os.environ.clear()
    os.environ.update({**ours, **for_functions, "REHEARSAL_INHERITED": inherited})
    tempfile.tempdir = settings["temporary"]


def serve_apis_at_their_own_address() -> None:
    """Take a request to `<id>.execute-api.<region>.amazonaws.com` for one to that API.

    MINISTACK_HOST would do so, and take every other host of the region for a bucket's.
    """
    from ministack import app

    domain = re.escape(f"{settings['region']}.amazonaws.com")
    app._EXECUTE_API_RE = re.compile(rf"^([a-f0-9]{{8}})\.execute-api\.{domain}$")


def run_functions_as_lambda_does() -> None:
    from ministack.core import lambda_runtime

    names = (HERE.parent / "names" / "sitecustomize.py").read_text()
    start = (HERE / "worker_start.py").read_text()
    worker = lambda_runtime._PYTHON_WORKER_SCRIPT
    lambda_runtime._PYTHON_WORKER_SCRIPT = f"{names}\n{start}\n{worker}"
    # The name under which ministack looks for the interpreter of a function.
    sys.executable = settings["interpreter"]
    extract_code_once(lambda_runtime)


def run_functions_of_cloudfront() -> None:
    """Run them with the project's own Node.js. A machine need not have another."""
    from ministack.core import node_pool

    node_pool._NODE_BINARY = settings["node"]


def extract_code_once(lambda_runtime: Any) -> None:
    """Let all processes of a function share one copy of its code, as they share the zip. Twenty
    copies would take longer to write than the functions to run.
    """
    copies, lock = Path(settings["temporary"]) / "code", threading.Lock()

    class Archive(zipfile.ZipFile):
        def extractall(self, path: Any = None, *given: Any, **named: Any) -> None:
            digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
            copy, target = copies / digest, Path(path)
            with lock:
                if not copy.is_dir():
                    super().extractall(copy)
            target.rmdir()
            target.symlink_to(copy)

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=Archive, BadZipFile=zipfile.BadZipFile, LargeZipFile=zipfile.LargeZipFile
    )


def serve() -> None:
    from hypercorn.asyncio import serve as listen
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"127.0.0.1:{settings['port']}"]
    config.certfile, config.keyfile = settings["certificate"], settings["key"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(listen(app, config, shutdown_trigger=never))


async def never() -> None:
    """Leave signals to this process: hypercorn would wait for every connection."""
    # Functions end when their pipe to this process does.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
