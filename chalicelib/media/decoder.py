"""Which decoder opens which type of file. Imported by the zygote alone."""

from functools import partial

from chalicelib.domain.media import ACCEPTED, Heard, Hint, Looked, MediaKind, Pictures, Sound
from chalicelib.media.marked import MARKED, MarkedPreview
from chalicelib.media.zygote import Decoder, Decoders, Read

# libde265, which decodes HEIC, ends the process when it cannot start a thread, at any setting.
THREADED = frozenset({"image/heic", "image/heif"})


def load_decoders() -> Decoders:
    """Return the decoder of each accepted type, and of a preview with marked areas. A library that
    is missing leaves other types as they are.
    """
    for model in (Hint, Looked, Heard):
        model.model_rebuild()
    Heard(duration_s=1, codec="aac").model_dump_json()
    Looked(width=1, height=1, hint=Hint(lat=1.0, lon=1.0)).model_dump_json()
    return {content_type: _load(content_type) for content_type in (*ACCEPTED, MARKED)}


def _load(content_type: str) -> Decoder | Exception:
    try:
        if content_type == MARKED:
            from chalicelib.media import images

            return Decoder(_redact)
        if ACCEPTED[content_type].kind is MediaKind.VIDEO:
            from chalicelib.media import videos

            return Decoder(lambda size, read: videos.derive(read, size))
        if ACCEPTED[content_type].kind is MediaKind.AUDIO:
            from chalicelib.media import sounds

            sounds.try_encoder()
            return Decoder(partial(_derive_sound, content_type))
        from chalicelib.media import images

        images.load_decoder(content_type)
        return Decoder(partial(_derive_image, content_type), content_type in THREADED)
    except Exception as error:  # whatever a library raises at its import
        return error


def _derive_sound(content_type: str, size: int, read: Read) -> Sound:
    from chalicelib.media import sounds

    return sounds.derive(read(0, size), content_type)


def _derive_image(content_type: str, size: int, read: Read) -> Pictures:
    from chalicelib.media import images

    return images.derive(read(0, size), content_type)


def _redact(size: int, read: Read) -> Pictures:
    from chalicelib.media import images

    marked = MarkedPreview.unpack(read(0, size))
    return images.redact(marked.preview, marked.areas)
