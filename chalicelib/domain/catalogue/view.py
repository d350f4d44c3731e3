"""The catalogue as the public reads it, in one language."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.domain.catalogue import attachments
from chalicelib.domain.catalogue.model import (
    Catalogue,
    Category,
    Channel,
    ChoiceField,
    DetailField,
    Entry,
    IntegerField,
    TextField,
)
from chalicelib.kernel import geo, times
from chalicelib.kernel.languages import text
from chalicelib.kernel.text import TEXT_MAX


def public_view(catalogue: Catalogue, language: str, now: datetime) -> dict[str, Any]:
    """Return the body of `GET /v1/catalogue`.

    It depends on the catalogue, the language and the states alone, so its ETag changes only when
    one of them does.
    """
    number = catalogue.emergency.number
    return {
        "categories": [_category(category, language, now) for category in catalogue.categories],
        "channels": [_channel(channel, language, now) for channel in catalogue.channels],
        "districts": [
            {"code": code, "label": text(f"district.{code}", language)}
            for code in geo.report_districts()
        ],
        "oversight": {
            "offered": catalogue.offers_oversight,
            "text": text("oversight.offered", language),
            "elsewhere": text("oversight.elsewhere", language),
        },
        "limits": _limits(),
        "emergency": {"number": number, "text": text("emergency.text", language)},
        "app": {**catalogue.app._asdict(), "emergency_number": number},
    }


def _entry(entry: Entry, kind: str, language: str, now: datetime) -> dict[str, Any]:
    state, activation = entry.state_at(now), entry.activation
    return {
        "code": entry.code,
        "label": text(f"{kind}.{entry.code}", language),
        "state": state.value,
        "state_label": text(f"lifecycle.{state}", language),
        "activates_at": times.render(activation) if activation and state is entry.state else None,
    }


def _category(category: Category, language: str, now: datetime) -> dict[str, Any]:
    return {
        **_entry(category, "category", language, now),
        "urgency": category.urgency,
        "emergency": category.emergency,
        "blur": category.blur,
        "details_version": category.details_version,
        "details": form_view(category.code, category.details, language),
    }


def form_view(category: str, fields: Iterable[DetailField], language: str) -> list[dict[str, Any]]:
    """Return the fields of a form of a category, with their labels."""
    return [_field(category, field, language) for field in fields]


def _channel(channel: Channel, language: str, now: datetime) -> dict[str, Any]:
    return {
        **_entry(channel, "channel", language, now),
        "guardian_consent": channel.guardian_consent,
        "fed_by": list(channel.fed_by),
    }


def _field(category: str, field: DetailField, language: str) -> dict[str, Any]:
    key = f"detail.{category}.{field.name}"
    view: dict[str, Any] = {
        "name": field.name,
        "label": text(key, language),
        # Never true: a category with a text or a picture is a whole report.
        "required": False,
        "type": field.type,
    }
    match field:
        case TextField():
            view["max_length"] = field.max_length
        case IntegerField():
            view |= {"minimum": field.minimum, "maximum": field.maximum}
        case ChoiceField():
            view["options"] = [
                {"code": option, "label": text(f"{key}.{option}", language)}
                for option in field.options
            ]
    return view


def _limits() -> dict[str, Any]:
    return {
        "text_max": TEXT_MAX,
        "media_per_call": attachments.MAX_MEDIA_PER_CALL,
        "media_per_report": attachments.MAX_MEDIA_PER_REPORT,
        "media_bytes_per_report": attachments.MAX_BYTES_PER_REPORT,
        "post_max_bytes": attachments.POST_MAX_BYTES,
        "part_size": attachments.PART_SIZE,
        "parts_per_call": attachments.MAX_PARTS_PER_CALL,
        "media": [
            {
                "content_type": content_type,
                "kind": accepted.kind.value,
                "max_bytes": accepted.max_bytes,
            }
            for content_type, accepted in attachments.ACCEPTED.items()
        ],
    }
