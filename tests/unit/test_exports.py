"""The files of an export: a zip has what was put in."""

import io
import zipfile
from datetime import UTC, datetime

from chalicelib.domain.statistics.exports import zip_of

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def test_a_zip_has_the_files_by_their_names() -> None:
    archive = zip_of([("a.json", b"{}" * 1000), ("b.jpg", b"\xff" * 1000)], NOW)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {each.filename: each.file_size for each in opened.infolist()} == {
            "a.json": 2000,
            "b.jpg": 1000,
        }
        assert opened.getinfo("a.json").compress_size < 100
