"""The answers of a form with their labels, as officers and agencies read them."""

from collections.abc import Mapping
from typing import Annotated, Self

from chalicelib.domain.languages import label
from chalicelib.domain.models import NotNull
from chalicelib.domain.reports import Report
from chalicelib.handlers.shapes import Shape, left_out


class AnswerView(Shape):
    """A field of the form and its answer. `value_label` is that of a chosen option.

    The labels are in the language of the request, also of fields that only earlier versions of the
    form had. A label that is not known is the code itself.
    """

    name: str
    label: str
    value: bool | int | str
    value_label: Annotated[str | None, NotNull()] = left_out()

    @classmethod
    def all_of(
        cls, report: Report, details: Mapping[str, bool | int | str] | None, language: str
    ) -> list[Self] | None:
        """Return the answers of a report; None when it has none.

        A report that was moved to another category keeps the form of its first one.
        """
        form = f"detail.{report.first_category or report.category}"
        if details is None:
            return None
        return [
            cls(
                name=name,
                label=label(form, name, language),
                value=value,
                value_label=_option(f"{form}.{name}", value, language),
            )
            for name, value in details.items()
        ]


def _option(field: str, value: object, language: str) -> str | None:
    said = label(field, value, language) if isinstance(value, str) else value
    return str(said) if said != value else None
