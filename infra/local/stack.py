"""The local stack: AWS in a process of its own (`aws`), the app served as API Gateway would, and
its consumers fed as Lambda would feed them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.store.media.environments import CRITICAL_ENVIRONMENTS, ENVIRONMENTS
from infra.local import clock, stack_file
from infra.local.aws import AwsProcess
from infra.local.console import attribute, guide, keep_log, say

if TYPE_CHECKING:
    from infra.local.gateway.site import Web

REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "local", "local"
# Bytes of an object that may stay in memory; a larger one is an open file. moto's own limit is 5
# MiB.
MOST_IN_MEMORY = 64 * 1024
# Requests that the app may serve at once without waiting for a connection to AWS. On Lambda it
# serves one.
CONNECTIONS = 128

# What `.local/stack.json` says of the resources, and how the environment names them.
_OUTPUTS = {
    "table": "REPORTS_TABLE",
    "bucket": "MEDIA_BUCKET",
    "topic_arn": "NOTICES_TOPIC_ARN",
} | {
    name: name.upper()
    for name in (
        *(f"{table}_table" for table in ("bulletins", "officers", "contacts", "sources", "audit")),
        *("issuer", "jwks_uri", "client_id", "user_pool_id", "audit_bucket", "audit_secret"),
    )
}

# Parts of it are imported only once the environment is set: moto and the app read it then.


class LocalStack:
    """Everything, serving once it is created. Ports 0 take free ones. It sets the process's
    environment: one a process. `lost` is called when AWS's process ends before `close`. `web` is
    the folder of the built web clients, or why they are not built; without it none are served.
    """

    def __init__(
        self,
        port: int,
        aws_port: int,
        *,
        without: Sequence[str],
        lost: Callable[[], None],
        web: Path | str | None = None,
    ) -> None:
        _set_environment(
            {
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_SESSION_TOKEN": "",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(MOST_IN_MEMORY),
            }
        )
        self._start_aws(aws_port, lost)
        self._has_pages = isinstance(web, Path)
        self._load_api(port, web)
        self._feed_consumers(without)
        self._api.start()
        keep_log(stack_file.log_of(self._api.port))
        self._files = stack_file.write(self._api.port, self.outputs())

    def outputs(self) -> dict[str, Any]:
        """Return what `.local/stack.json` says."""
        named = self.environment
        queues = ("critical_uploads", "uploads", "manifests", "upkeep", "events")
        dead_letters = (*queues, "notices", "audit")
        return {
            "api": self.api_url,
            "aws": self.aws_url,
            "region": REGION,
            **{output: named[name] for output, name in _OUTPUTS.items()},
            "queues": {name: named[f"{name.upper()}_QUEUE_URL"] for name in queues},
            "dead_letter_queues": {
                name: named[f"{name.upper()}_DEAD_LETTERS_URL"] for name in dead_letters
            },
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "clock": f"{self.api_url}{clock.PATH}",
            "log": str(stack_file.log_of(self._api.port).resolve()),
        }

    def announce(self, took_s: float) -> None:
        """Print where everything is, and what to try first."""
        from infra.local.seed import NARROW, OFFICERS

        say(f"Ready in {took_s:.1f} s.")
        officers = OFFICERS if _has_seed() else ()
        print(guide(self.outputs(), officers, NARROW, has_pages=self._has_pages), flush=True)

    def why_lost(self) -> str:
        """Return how AWS's process ended."""
        return self._aws.why_lost()

    def close(self) -> None:
        """Stop serving, and remove the files that name this stack."""
        self._api.shutdown()
        self._pollers.stop()
        self._aws.close()
        for environments in (ENVIRONMENTS, CRITICAL_ENVIRONMENTS):
            environments.close()
        stack_file.remove(self._files)

    def _start_aws(self, port: int, lost: Callable[[], None]) -> None:
        self._aws = AwsProcess(port, say=say, lost=lost)
        _import_meanwhile()
        aws_port, self.environment = self._aws.wait()
        self.aws_url = f"http://127.0.0.1:{aws_port}"
        _set_environment(
            {
                **self.environment,
                "AWS_ENDPOINT_URL": self.aws_url,
                "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
                "STAGE": "local",
                "LIMITS": os.environ.get("LIMITS", "off"),
            }
        )

    def _load_api(self, port: int, web: Path | str | None) -> None:
        from app import app
        from chalicelib import wiring
        from chalicelib.aws import clients
        from infra.local.gateway.api_server import ApiServer
        from infra.local.gateway.gateway import both_functions, deployed_throttles
        from infra.local.receiver import LocalReceivers
        from infra.local.seed import register_console, seed_officers

        self.app = app
        # What was imported meanwhile may have read the settings before they were complete.
        wiring.reset()
        throttles = deployed_throttles() if wiring.settings().limits else None
        self._api = ApiServer(app, port, say, both_functions(), throttles, _web(web, self.aws_url))
        self.api_url = f"http://127.0.0.1:{self._api.port}"
        _set_environment(
            {
                "PUBLIC_URL": self.api_url,
                "WEB_CLIENTS": "on",
                "CONSOLE_ORIGIN": os.environ.get("CONSOLE_ORIGIN") or self.api_url,
            }
        )
        wiring.reset()
        wiring.send_events_by(LocalReceivers(say))
        clients.keep_connections(CONNECTIONS)
        clients.aws_events().register("request-created", attribute)
        _warm()
        self._publish_config()
        register_console(self.environment, (self.api_url, os.environ["CONSOLE_ORIGIN"]))
        if _has_seed():
            pool_id = self.environment["USER_POOL_ID"]
            seed_officers(wiring.officers(), wiring.catalogue_changes(), pool_id)

    def _publish_config(self) -> None:
        from infra.local.issuer.issuer import endpoints_at
        from infra.web import config

        document = config.console_config(
            endpoints_at(self.aws_url),
            issuer=self.environment["ISSUER"],
            client_id=self.environment["CLIENT_ID"],
            scope="openid",
            api=self.api_url,
        )
        self._api.site.publish(f"/{config.PATH}", document, config.CONTENT_TYPE)

    def _feed_consumers(self, without: Sequence[str]) -> None:
        from infra.local.triggers.pollers import Pollers

        try:
            self._pollers = Pollers(self.app, self.environment, without)
        except ValueError as error:
            raise SystemExit(f"WITHOUT: {error}") from None
        self._aws.connect(self._pollers.wake)
        self._api.site.advance_clock = self._advance_clock
        self._pollers.start()

    def _advance_clock(self, by: timedelta) -> tuple[datetime, bool]:
        from chalicelib import wiring

        return wiring.clock.advance(by), clock.is_done(self._pollers.run_schedules)


def _web(web: Path | str | None, storage: str) -> "Web | None":
    from infra.local.gateway.site import BuiltWeb, MissingWeb
    from infra.web.headers import Origins

    if isinstance(web, Path):
        # The issuer of the local stack is served where storage is.
        return BuiltWeb(web, Origins(storage=(storage,)))
    return None if web is None else MissingWeb(web)


def _has_seed() -> bool:
    return os.environ.get("SEED") != "off"


def _import_meanwhile() -> None:
    """Import what is needed later, while AWS's process starts. None of it reads the environment
    yet.
    """
    import app  # noqa: F401
    import infra.local.gateway.gateway
    import infra.local.triggers.pollers  # noqa: F401


def _warm() -> None:
    """Build what requests share before they come all at once: boto3 does not make clients in two
    threads safely.
    """
    from chalicelib import wiring

    for build in (
        wiring.identity,
        wiring.cursors,
        wiring.audit,
        wiring.reports,
        wiring.officers,
        wiring.outbox,
        wiring.bucket,
        wiring.topic,
    ):
        build()


def _set_environment(values: Mapping[str, str]) -> None:
    os.environ.update(values)
    os.environ.pop("AWS_PROFILE", None)
