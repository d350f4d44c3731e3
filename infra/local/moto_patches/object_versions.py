"""List object versions in S3's order, at the cost of what is listed.

moto copies every version in the bucket for each list, bodies and all, whatever is asked for: beside
one video of 200 MB, a list of one small key took a second and half a gigabyte. It also puts two
versions of one millisecond in the wrong order, and finds nothing more after a version that was
deleted since the last page. Here nothing is copied, and only keys with the prefix are looked at.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, TypedDict, Unpack

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend

from infra.local.moto_patches.patch import Patch

MOST_IN_PAGE = 1000

type _Version = FakeKey | FakeDeleteMarker
type _Page = tuple[list[FakeKey], list[str], list[FakeDeleteMarker], str | None, str | None]


class _Entry(NamedTuple):
    """A version, or, without one, a common prefix. Both names are where the next page goes on."""

    name: str
    version_id: str | None
    version: _Version | None


class _Asked(TypedDict, total=False):
    """The parameters of moto's method beside the bucket."""

    delimiter: str | None
    key_marker: str | None
    max_keys: int | None
    prefix: str
    version_id_marker: str | None


def _list_object_versions(self: S3Backend, bucket_name: str, **asked: Unpack[_Asked]) -> _Page:
    """Return what moto's method returns: versions, common prefixes, delete markers, and the markers
    of the next page, None where there is none.
    """
    max_keys = asked.get("max_keys")
    most = MOST_IN_PAGE if max_keys is None else min(max_keys, MOST_IN_PAGE)
    entries = _entries(
        self.get_bucket(bucket_name),
        asked.get("prefix", ""),
        asked.get("delimiter"),
        asked.get("key_marker") or "",
        asked.get("version_id_marker"),
    )
    found = list(islice(entries, most + 1))
    page = found[:most]
    last = page[-1] if page and len(found) > most else None
    return (
        [entry.version for entry in page if isinstance(entry.version, FakeKey)],
        [entry.name for entry in page if entry.version is None],
        [entry.version for entry in page if isinstance(entry.version, FakeDeleteMarker)],
        last.name if last else None,
        last.version_id if last else None,
    )


def _entries(
    bucket: FakeBucket,
    prefix: str,
    delimiter: str | None,
    key_marker: str,
    version_id_marker: str | None,
) -> Iterator[_Entry]:
    """Go through all that follows the markers: by key, and of a key from newest to oldest."""
    listed = key_marker
    for name in sorted(
        name for name in list(bucket.keys) if name.startswith(prefix) and name >= key_marker
    ):
        head, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        if cut:
            common = prefix + head + cut
            if common != listed:
                listed = common
                yield _Entry(common, None, None)
        elif name != key_marker or version_id_marker:
            after = version_id_marker if name == key_marker else None
            for version in _versions(bucket, name, after):
                yield _Entry(name, version.version_id, version)


def _versions(bucket: FakeBucket, name: str, after: str | None) -> list[_Version]:
    """Return a key's versions after `after`, newest first. If `after` has been deleted, return all:
    who deletes page by page must come to the end.
    """
    # moto appends each new version to its key's list.
    versions: list[_Version] = list(reversed(bucket.keys.getlist(name, [])))
    for place, version in enumerate(versions):
        version.is_latest = place == 0  # type: ignore[union-attr] # moto's response looks for it there
    place = next(
        (place for place, version in enumerate(versions) if version.version_id == after), -1
    )
    return versions[place + 1 :]


PATCH = Patch((S3Backend, "list_object_versions", _list_object_versions))
