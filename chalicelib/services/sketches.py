"""Seal the sketch of a report or of a picture, in the function that sees it in clear."""

from chalicelib.domain.incidents import PublicDayKey
from chalicelib.domain.reports import Content
from chalicelib.domain.sketches import Sketch
from chalicelib.store import keys
from chalicelib.store.sketch_rows import sketch_info


def sketch_report(report_id: str, content: Content, key: PublicDayKey | None) -> bytes | None:
    """Return the sealed sketch of what a report says; None when there is nothing to compare, or
    when the key of the day is not known.
    """
    if key is None:
        return None
    place = (content.place["lat"], content.place["lon"]) if content.place else None
    sketch = Sketch.of_report(content.text, place)
    return _sealed(key, sketch, keys.report(report_id), keys.HEAD)


def sketch_picture(
    owner_id: str, media_id: str, picture: str | None, key: PublicDayKey | None
) -> bytes | None:
    """Return the sealed sketch of a picture of a report, by its perceptual hash; None as above."""
    if key is None:
        return None
    pk, sk = keys.media_owner(owner_id), keys.media(media_id)
    return _sealed(key, Sketch.of_picture(picture), pk, sk)


def _sealed(key: PublicDayKey, sketch: Sketch, pk: str, sk: str) -> bytes | None:
    return None if sketch.is_empty else key.seal(sketch, sketch_info(pk, sk))
