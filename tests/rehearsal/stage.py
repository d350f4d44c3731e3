"""The deployed stage: what the template made in the rehearsal's cloud, and how clients reach it."""

import json
import ssl
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from chalicelib.aws.table import Table
from chalicelib.domain.flood.load_level import LoadLevel, Override
from chalicelib.store.flood.load_level import LoadLevels
from examples.outbox import prove
from infra.packaging.aliases import ALIAS, BY_ALIAS
from infra.rehearsal.cloud import Cloud, without_settings_of_aws
from tests import events

ROOT = Path(__file__).parents[2]
NAME = "rehearsal"
STACK = f"tipline-{NAME}"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


class Internet:
    """Sends requests to AWS's own host names, which lead to the emulated cloud."""

    def __init__(self, cloud: Cloud) -> None:
        trusted = ssl.create_default_context(cafile=str(cloud.certificate))
        self._port = cloud.port
        self._domains = (
            f".{cloud.region}.amazonaws.com",
            f".{cloud.region}.amazoncognito.com",
            ".cloudfront.net",
        )
        self._client = httpx.Client(
            verify=trusted, trust_env=False, timeout=40, limits=httpx.Limits(max_connections=50)
        )

    def send(self, method: str, url: str, **more: Any) -> Reply:
        """Send a request, without following redirects."""
        address = httpx.URL(url)
        assert address.scheme == "https", f"not over TLS: {url}"
        assert address.host.endswith(self._domains), f"no host of this region: {address.host}"
        headers = {"Host": address.host, **(more.pop("headers", None) or {})}
        response = self._client.request(
            method,
            address.copy_with(host="127.0.0.1", port=self._port),
            headers=headers,
            extensions={"sni_hostname": address.host},
            **more,
        )
        return Reply(response.status_code, response.headers, response.content)


class Stage:
    """A deployed stage, and a client of its API. Operators' commands are those of `root`."""

    def __init__(self, cloud: Cloud, root: Path = ROOT) -> None:
        self.cloud, self.internet, self.root = cloud, Internet(cloud), root
        self.sweeps = 0

    def deploy(self, build: Path, **parameters: str) -> str:
        """Deploy what was packaged, as an operator does, and return what was printed.

        Parameters are named as in the environment: `WEB_CLIENTS="on"`.
        """
        done = self.try_deploy(build, **parameters)
        assert done.returncode == 0, f"The deployment failed.\n{done.stdout}{done.stderr}"
        return done.stdout

    def try_deploy(self, build: Path, **parameters: str) -> "subprocess.CompletedProcess[str]":
        return self.command(
            "infra.deploy",
            "--build",
            str(build),
            **parameters,  # type: ignore[arg-type]  # none is named timeout
        )

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @cached_property
    def resources(self) -> Mapping[str, str]:
        """The physical ids, by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=STACK)
            for each in page["StackResourceSummaries"]
            if "PhysicalResourceId" in each
        }

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        receipt: str | None = None,
        token: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call the API at its public address."""
        sent = dict(headers or {})
        if receipt:
            sent["Authorization"] = f"Receipt {receipt}"
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if key:
            sent["Idempotency-Key"] = key
        content = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            content = json.dumps(body).encode()
        return self.internet.send(
            method, self.outputs["PublicUrl"] + path, content=content, headers=sent
        )

    def report(self, category: str = "missing_elderly", **more: Any) -> Any:
        """Create a report, and return the response's content."""
        reply = self.send_report({"category": category, **more}, str(uuid.uuid4()))
        assert reply.status == 201, reply.text
        return reply.json

    def send_report(self, body: Mapping[str, Any], key: str) -> Reply:
        """Send a report, with a proof of work if one is asked for."""
        body = {"text": "An old man in a blue coat, alone."} | dict(body)
        reply = self.call("POST", "/v1/reports", body, key=key)
        if reply.status == 429:  # all of them come from one address
            proof = {"Tipline-Proof": prove(reply.json["challenge"], key)}
            reply = self.call("POST", "/v1/reports", body, key=key, headers=proof)
        return reply

    def function(self, logical_id: str) -> str:
        """Return the deployed name of a function."""
        return self.resources[logical_id]

    def versions(self) -> dict[str, str]:
        """Return the version that serves, by the function's logical id."""
        return {
            name: self.client("lambda").get_alias(FunctionName=self.function(name), Name=ALIAS)[
                "FunctionVersion"
            ]
            for name in BY_ALIAS
        }

    def reconfigure(self, logical_id: str, **settings: Any) -> None:
        """Change a function's settings, and let the version with them serve."""
        functions, name = self.client("lambda"), {"FunctionName": self.function(logical_id)}
        functions.update_function_configuration(**name, **settings)
        if logical_id in BY_ALIAS:
            version = functions.publish_version(**name)["Version"]
            functions.update_alias(**name, Name=ALIAS, FunctionVersion=version)

    def invoke(self, logical_id: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function and return its result. Fails when it fails."""
        response = self.client("lambda").invoke(
            FunctionName=self.function(logical_id), Payload=json.dumps(event)
        )
        result = json.loads(response["Payload"].read())
        assert "FunctionError" not in response, f"{logical_id}: {result}"
        return result

    def sweep(self) -> None:
        """Run all tasks that are due, without waiting for the next minute."""
        for sweep in ("SweepCritical", "SweepNormal", "SweepUpkeep"):
            self.invoke(sweep, events.load("schedule"))
        self.sweeps += 1

    def set_level(self, level: LoadLevel) -> None:
        """Set the load level, as an officer does in an exercise. Functions keep it for a minute."""
        table = Table(self.client("dynamodb"), self.outputs["BulletinsTableName"])
        until = datetime.now(UTC) + timedelta(hours=6)
        LoadLevels(table).set_override(Override(level, until))

    def command(
        self, name: str, *arguments: str, timeout: float | None = None, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command of an operator on this stage: `infra.stage redrive`. Raises TimeoutExpired
        after `timeout` seconds.
        """
        return run(
            self.cloud,
            name,
            "--stage",
            NAME,
            *arguments,
            root=self.root,
            timeout=timeout,
            **environment,
        )

    def log_lines(self, logical_id: str) -> list[str]:
        """Return the lines of a log group, the oldest first. Of a group that is not there: none."""
        if logical_id not in self.resources:
            return []
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=self.resources[logical_id])
            for event in page["events"]
        ]

    def own_lines(self, logical_id: str) -> list[str]:
        """Return the lines that the function wrote, and those that tell of its failure."""
        platform = ("START RequestId", "END RequestId", "REPORT RequestId")
        return [
            line
            for line in self.log_lines(logical_id)
            if not line.startswith(platform) and '"logger": "botocore' not in line
        ]


def run(
    cloud: Cloud,
    name: str,
    *arguments: str,
    root: Path = ROOT,
    timeout: float | None = None,
    **variables: str,
) -> "subprocess.CompletedProcess[str]":
    """Run a command as somebody with the deployer's keys and nothing else of AWS's."""
    environment = without_settings_of_aws() | cloud.environment | variables
    if not (root / "infra" / "stage" / "__main__.py").is_file():
        name = name.replace(" ", ".").replace("-", "_")  # the modules of release 0.2.0rc1
    return subprocess.run(
        [sys.executable, "-m", *name.split(), *arguments],
        cwd=root,
        env=environment | {"YES": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
