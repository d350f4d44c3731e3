"""The behaviours of moto that are changed, in tests and in the local stack alike.

| module | moto, without it |
|---|---|
| `atomicity` | lets requests of DynamoDB interleave, inside a condition and inside a transaction |
| `transactions` | copies whole tables for each transaction, and cuts off who reads their streams |
| `queries` | goes through and sorts the whole table for each Query |
| `conversions` | converts whole items for each attribute that is read, and asks a value its type |
| `lookups` | lists its folder, and parses the same expressions again, for each request |
| `updates` | copies an update's expression and walks through it ten times, and copies items whole |
| `sizes` | measures a whole item for each attribute that is set |
| `records` | makes images that a stream does not show, and writes a record again for each reader |
| `request_ids` | looks for the place of a request's id at each place of a response |
| `streams` | keeps every record of a stream, and every iterator |
| `instances` | keeps every message, record and object that ever existed |
| `bodies` | takes a body of S3 only as bytes in memory, and reads it without its lock |
| `multipart` | joins the parts of an upload in memory, and takes them in any order |
| `object_versions` | copies every body to list versions, orders them by the clock and loses pages |
| `key_pairs` | makes or reads a pair of RSA keys for each key and user pool, and decrypts nothing |
| `event_history` | keeps no record of calls, and CloudTrail's LookupEvents is not there |
| `object_events` | sends the uploader's address and one sequencer, and two events too many |

Each has a test that fails without the patch, and one that fails as soon as moto needs it no more:
then the patch goes. moto has no seam for them, so its version is pinned.
"""

from infra.local.moto_patches import (
    atomicity,
    bodies,
    conversions,
    event_history,
    instances,
    key_pairs,
    lookups,
    multipart,
    object_events,
    object_versions,
    queries,
    records,
    request_ids,
    sizes,
    streams,
    transactions,
    updates,
)
from infra.local.moto_patches.patch import Patch

PATCHES: tuple[Patch, ...] = (
    atomicity.PATCH,
    transactions.PATCH,
    queries.PATCH,
    conversions.PATCH,
    lookups.PATCH,
    updates.PATCH,
    sizes.PATCH,
    records.PATCH,
    request_ids.PATCH,
    streams.PATCH,
    instances.PATCH,
    bodies.PATCH,
    multipart.PATCH,
    object_versions.PATCH,
    object_events.PATCH,
    key_pairs.PATCH,
    event_history.PATCH,
)


def apply_patches() -> None:
    """Apply all patches, from now on, in this process. Applying them again changes nothing."""
    for patch in PATCHES:
        patch.apply()
