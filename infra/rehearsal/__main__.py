"""`make rehearsal-cloud`: run an emulated cloud until Ctrl-C, and print the variables with which
`make deploy STAGE=practice` and the other commands use it.

| environment | |
|---|---|
| `CLOUD_PORT` (any free one) | where it listens, on 127.0.0.1 |
| `BOTO3` (1.36.0, the oldest that is supported) | the boto3 that functions run with |
"""

import os
import signal
import sys
import threading

from infra.packaging import bundle
from infra.rehearsal import environments
from infra.rehearsal.cloud import Cloud, NotStarted, running


def main() -> None:
    """Run the cloud. Exits with the reason when it cannot."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        processor = bundle.this_machine().lambda_name
        function = environments.function(os.environ.get("BOTO3") or environments.FLOOR)
        with running(function, read_port()) as cloud:
            print(guide(cloud, processor), flush=True)
            # In short waits, because a signal does not end a long one on every system.
            while not ended.wait(0.5):
                pass
    except (bundle.Incomplete, environments.NotInstalled, NotStarted) as error:
        sys.exit(f"No rehearsal: {error}")
    print("Stopped. All that was in the cloud is gone.")


def read_port() -> int:
    text = os.environ.get("CLOUD_PORT") or "0"
    if not (text.isascii() and text.isdigit()):
        sys.exit(f"CLOUD_PORT={text} is not a port. Give a number, or nothing for any free one.")
    return int(text)


def guide(cloud: Cloud, processor: str) -> str:
    """Return what to type in another terminal."""
    exports = "\n".join(f"export {name}={value}" for name, value in cloud.environment.items())
    return f"""\
The rehearsal's cloud runs on 127.0.0.1:{cloud.port} (region {cloud.region}). Ctrl-C ends it.
In another terminal, in this folder:

unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
{exports}
export PROCESSOR={processor}

make deploy STAGE=practice YES=1
make status STAGE=practice

In that terminal, AWS's host names lead to this cloud, in Python only. For other programs:
  aws --endpoint-url {cloud.endpoint} sts get-caller-identity
  curl --cacert {cloud.certificate} --connect-to ::127.0.0.1:{cloud.port} \
https://<id>.execute-api.{cloud.region}.amazonaws.com/api/v1/health

What IAM denies is in {cloud.folder / "denials.jsonl"}
What ministack says is in {cloud.folder / "ministack.log"}"""


if __name__ == "__main__":
    main()
