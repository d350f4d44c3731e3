"""Categories that an admin adds without a release: sent, stored and read.

The fields of such a category are declared as in the city's `catalogue.json`, with their labels.
When they change, the version of the form grows, and the earlier form stays.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.model import (
    BooleanField,
    ChoiceField,
    DetailField,
    Form,
    IntegerField,
    LifecycleState,
    NamedCategory,
    Raise,
    TextField,
    TimeField,
    UrgencyCode,
)
from chalicelib.kernel.languages import LANGUAGES, TAG_PATTERN
from chalicelib.kernel.models import Input
from chalicelib.kernel.text import TEXT_MAX, Bounded

LABEL_MAX, CATEGORY_LABEL_MAX = 200, 40
MOST_ADDED, MOST_FIELDS, MOST_OPTIONS = 20, 20, 30
# The number of partitions that its lists are spread over.
_SHARDS = 1

_Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]


def _in_every_language(labels: dict[str, str]) -> dict[str, str]:
    if set(labels) != set(LANGUAGES):
        raise PydanticCustomError("required", "One label for each language.")
    return labels


def _documented(max_length: int) -> WithJsonSchema:
    one = {"type": "string", "minLength": 1, "maxLength": max_length}
    return WithJsonSchema(
        {
            "type": "object",
            "description": f"In each language: {', '.join(LANGUAGES)}.",
            "additionalProperties": one,
            "propertyNames": {"pattern": TAG_PATTERN, "x-extensible-enum": list(LANGUAGES)},
            "minProperties": len(LANGUAGES),
        }
    )


Labels = Annotated[
    dict[str, Annotated[str, Bounded(LABEL_MAX, one_line=True)]],
    AfterValidator(_in_every_language),
    _documented(LABEL_MAX),
]
CategoryLabels = Annotated[
    dict[str, Annotated[str, Bounded(CATEGORY_LABEL_MAX, one_line=True)]],
    AfterValidator(_in_every_language),
    _documented(CATEGORY_LABEL_MAX),
]


class NewRaise(Input):
    """Which answer to a `boolean` makes a report at least this urgent."""

    urgency: UrgencyCode
    answers: tuple[bool, ...] = Field(min_length=1, max_length=2, strict=False)


class NewOptionRaise(Input):
    """Which options of a `choice` make a report at least this urgent."""

    urgency: UrgencyCode
    answers: tuple[_Code, ...] = Field(min_length=1, max_length=MOST_OPTIONS, strict=False)


class NewField(Input):
    name: _Code
    labels: Labels


class NewTextField(NewField):
    """Up to 200 characters it is one line; above, it may have several."""

    type: Literal["text"]
    max_length: Annotated[int, Field(ge=1, le=TEXT_MAX)]

    def field(self) -> DetailField:
        return TextField("text", self.name, self.max_length)


class NewIntegerField(NewField):
    type: Literal["integer"]
    minimum: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
    maximum: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]

    def field(self) -> DetailField:
        return IntegerField("integer", self.name, self.minimum, self.maximum)


class NewBooleanField(NewField):
    type: Literal["boolean"]
    raises: NewRaise | None = None

    def field(self) -> DetailField:
        return BooleanField("boolean", self.name, _raise(self.raises))


class NewOption(Input):
    code: _Code
    labels: Labels


class NewChoiceField(NewField):
    type: Literal["choice"]
    options: tuple[NewOption, ...] = Field(min_length=1, max_length=MOST_OPTIONS, strict=False)
    raises: NewOptionRaise | None = None

    def field(self) -> DetailField:
        options = tuple(option.code for option in self.options)
        return ChoiceField("choice", self.name, options, _raise(self.raises))


class NewTimeField(NewField):
    type: Literal["time"]

    def field(self) -> DetailField:
        return TimeField("time", self.name)


def _raise(sent: NewRaise | NewOptionRaise | None) -> Raise | None:
    return Raise(sent.urgency, sent.answers) if sent else None


def _tag(value: Any) -> str:
    """Return the type of a field as a tag, which no path of an error has."""
    sent = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"({sent})"


AnyField = Annotated[
    Annotated[NewTextField, Tag("(text)")]
    | Annotated[NewIntegerField, Tag("(integer)")]
    | Annotated[NewBooleanField, Tag("(boolean)")]
    | Annotated[NewChoiceField, Tag("(choice)")]
    | Annotated[NewTimeField, Tag("(time)")],
    Discriminator(_tag),
]
Fields = Annotated[tuple[AnyField, ...], Field(max_length=MOST_FIELDS, strict=False)]


class EarlierForm(Input):
    """The fields of an added category in an earlier version, as stored."""

    details_version: int
    details: Fields = ()


class NewCategory(Input):
    """A category to add, or a new version of one that was added.

    `labels` are in every language of the city. `emergency`: apps show the emergency number before
    the form. `blur`: officers' screens show no picture of its reports before it is asked for. None
    of the fields has to be filled in. Other fields than before are a new version of the form; the
    earlier ones stay, for the reports that have answers to them.
    """

    code: _Code
    labels: CategoryLabels
    urgency: UrgencyCode = "normal"
    emergency: bool = True
    blur: bool = False
    details: Fields = ()


class Addition(NewCategory):
    """An added category, as stored."""

    details_version: int = 1
    earlier: tuple[EarlierForm, ...] = Field(default=(), strict=False)
    # One that was stored without a number has reports in four.
    begins_with: int = 4

    @classmethod
    def of(cls, sent: NewCategory) -> Self:
        sent_fields = {name: getattr(sent, name) for name in NewCategory.model_fields}
        return cls(**sent_fields, begins_with=_SHARDS)

    def then(self, sent: NewCategory) -> "Addition":
        """Return the category after a later call. Other fields are a new version of its form."""
        version, earlier = self.details_version, self.earlier
        if sent.details != self.details:
            form = EarlierForm(details_version=version, details=self.details)
            version, earlier = version + 1, (*earlier, form)
        past = {"details_version": version, "earlier": earlier, "begins_with": self.begins_with}
        return Addition.of(sent).model_copy(update=past)

    def category(self) -> NamedCategory:
        """Return the category. It is a trial until an admin changes its state."""
        return NamedCategory(
            code=self.code,
            state=LifecycleState.SHADOW,
            urgency=self.urgency,
            shards=self.begins_with,
            emergency=self.emergency,
            blur=self.blur,
            always_open=False,
            never_limited=False,
            details_version=self.details_version,
            details=_form(self.details),
            earlier=tuple(Form(each.details_version, _form(each.details)) for each in self.earlier),
            wordings={language: dict(self._wordings(language)) for language in LANGUAGES},
        )

    def _wordings(self, language: str) -> Iterator[tuple[str, str]]:
        """Yield the labels, by their keys; those of the present form last, as they are to count."""
        yield f"category.{self.code}", self.labels[language]
        forms: tuple[EarlierForm | Addition, ...] = (*self.earlier, self)
        for form in forms:
            for field in form.details:
                key = f"detail.{self.code}.{field.name}"
                yield key, field.labels[language]
                for option in field.options if isinstance(field, NewChoiceField) else ():
                    yield f"{key}.{option.code}", option.labels[language]


type AnyAddition = Addition | NewCategory
"""An addition as stored, or as sent."""


def merged(kept: Sequence[AnyAddition], later: Iterable[AnyAddition]) -> tuple[Addition, ...]:
    """Return the additions after these later ones."""
    known = {each.code: each for each in kept if isinstance(each, Addition)}
    for each in later:
        before = known.get(each.code)
        known[each.code] = before.then(each) if before else Addition.of(each)
    return tuple(known.values())


def mistakes(addition: NewCategory) -> Iterator[tuple[str, str]]:
    """Yield the path and the error code of each wrong member of an addition."""
    names = [field.name for field in addition.details]
    for number, field in enumerate(addition.details):
        path = f"details.{number}"
        if field.name in names[:number]:
            yield f"{path}.name", "duplicate"
        if isinstance(field, NewIntegerField) and field.minimum > field.maximum:
            yield f"{path}.maximum", "out_of_range"
        if isinstance(field, NewChoiceField):
            codes = [option.code for option in field.options]
            if len(set(codes)) < len(codes):
                yield f"{path}.options", "duplicate"
            if field.raises and not set(field.raises.answers) <= set(codes):
                yield f"{path}.raises.answers", "unknown_value"


def _form(fields: Iterable[Any]) -> tuple[DetailField, ...]:
    return tuple(field.field() for field in fields)
