"""The audit bucket: `batches/<hour>/<name>` and `digests/<hour>.json`, and what a comparison with
AWS's own record found: `comparisons/<hour>.json`.
"""

from collections.abc import Iterator

from chalicelib.domain.seals import (
    Batch,
    batch_key,
    digest_key,
    hour_of_digest,
    place_of_batch,
)
from chalicelib.store.locked_objects import LockedObjects, StoredObject


class Seals(LockedObjects):
    """The objects of the audit bucket.

    Every method raises Unavailable when S3 fails or cannot be reached.
    """

    def put_batch(self, hour: str, batch: Batch) -> None:
        self.put(batch_key(hour, batch.name), batch.content)

    def batches(self, hour: str) -> dict[str, StoredObject]:
        """Return the batches of an hour by their names. What has not the name of a batch is left
        out.
        """
        found = ((place_of_batch(each.key), each) for each in self.objects(f"batches/{hour}/"))
        return {place[1]: each for place, each in found if place and each.version}

    def batch(self, stored: StoredObject) -> Batch | None:
        """Return a batch with its content; None when it is gone since it was listed."""
        content = self.read(stored)
        return Batch(stored.key.rpartition("/")[2], content) if content is not None else None

    def first_hour(self) -> str | None:
        """Return the hour of the first batch; None while there is none."""
        for each in self.objects("batches/"):
            if each.version and (place := place_of_batch(each.key)):
                return place[0]
        return None

    def put_digest(self, hour: str, content: bytes) -> bool:
        """Write the digest of an hour. Return False, and change nothing, when it exists."""
        return self.put(digest_key(hour), content)

    def digest(self, hour: str) -> bytes | None:
        return self.content(digest_key(hour))

    def digested_hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the hours that have a digest, in order. With `after`, only later hours."""
        for each in self.objects("digests/", digest_key(after) if after else ""):
            if each.version and (hour := hour_of_digest(each.key)):
                yield hour

    def put_comparison(self, hour: str, content: bytes) -> bool:
        """Write the comparison of an hour. Return False, and change nothing, when it exists."""
        return self.put(f"comparisons/{hour}.json", content)

    def last_comparison(self, after: str, until: str) -> bytes | None:
        """Return the last comparison of the hours after `after`, up to `until`; None when there is
        none.

        An object of a later hour is not ours: it would end all comparisons.
        """
        last = f"comparisons/{until}.json"
        found = self.objects("comparisons/", f"comparisons/{after}.json")
        keys = [each for each in found if each.version and each.key <= last]
        return self.read(keys[-1]) if keys else None
