"""The texts are complete: every code and notice has a text in every language."""

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bulletins.model import Step
from chalicelib.domain.casework.templates import templates
from chalicelib.domain.catalogue.attachments import ACCEPTED, MAX_MEDIA_PER_REPORT, MIB
from chalicelib.domain.catalogue.model import ChoiceField, LifecycleState, Urgency, catalogue
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import NoticeKind, Watched
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.report import REPORTER_STATUS, Status
from chalicelib.domain.reports.workflow import TRANSITIONS
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, geo, languages
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, negotiate, text, texts, wording
from chalicelib.kernel.outbox import UPLOAD_PATIENCE

PACKAGE = Path(languages.__file__).parents[1]
NOTICE_FORMS = ("subject", "sms", "email")
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.TiplineError)
}


def placeholders(wording: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(wording) if name is not None}


def codes_in_the_source() -> Iterator[tuple[str, str]]:
    """Return (`error` or `field`, code) for every literal code that the package raises."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and path.name == "errors.py":
                yield from (
                    ("error", str(each.value.value))
                    for each in node.body
                    if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
                )
            if (
                isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "_CODES"
                and isinstance(node.value, ast.Dict)
            ):
                # Codes that have another name in pydantic.
                yield from (
                    ("field", str(each.value))
                    for each in node.value.values
                    if isinstance(each, ast.Constant)
                )
            if not isinstance(node, ast.Call):
                continue
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            literals = [
                each.value if isinstance(each, ast.Constant) else None for each in node.args
            ]
            if name in ERRORS and literals and isinstance(literals[0], str):
                yield "error", literals[0]
            elif name == "PydanticCustomError" and isinstance(literals[0], str):
                yield "field", literals[0]
            elif name == "FieldError" and len(literals) > 1 and isinstance(literals[1], str):
                yield "field", literals[1]


def values_of_raised_errors() -> Iterator[tuple[str, set[str]]]:
    """Return (code, names of its values) for every error that is made with a literal code."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = (
                node.exc
                if isinstance(node, ast.Raise)
                else node.value
                if isinstance(node, ast.Return)
                else None
            )
            if (
                not isinstance(call, ast.Call)
                or ast.unparse(call.func).rpartition(".")[2] not in ERRORS
            ):
                continue
            if call.args and isinstance(call.args[0], ast.Constant):
                yield (
                    str(call.args[0].value),
                    {keyword.arg for keyword in call.keywords if keyword.arg},
                )


def keys_in_use() -> Iterator[str]:
    for kind, code in set(codes_in_the_source()):
        yield from (
            [f"error.{code}.title", f"error.{code}.detail"]
            if kind == "error"
            else [f"field.{code}"]
        )
    for category in catalogue().categories:
        yield f"category.{category.code}"
        for field in category.details:
            yield f"detail.{category.code}.{field.name}"
            if isinstance(field, ChoiceField):
                yield from (
                    f"detail.{category.code}.{field.name}.{option}" for option in field.options
                )
    yield from (
        f"{kind}.{channel.code}"
        for channel in catalogue().channels
        for kind in ("channel", "bulletin.instruction")
    )
    yield from (f"lifecycle.{state}" for state in LifecycleState)
    yield from (f"urgency.{urgency}" for urgency in Urgency)
    yield from (f"status.{status}" for status in (*Status, *REPORTER_STATUS.values()))
    yield from (f"media_state.{state}" for state in MediaState)
    yield from (f"reject.{reason}" for reason in RejectReason)
    yield from (f"role.{role}" for role in Role)
    yield from (f"notice.{kind}.{form}" for kind in NoticeKind for form in NOTICE_FORMS)
    yield "notice.of_report"
    yield from (f"two_persons.{step}" for step in TwoPersonStep)
    yield from (f"watched.{what}" for what in Watched)
    yield from (f"district.{code}" for code in (*geo.districts(), geo.OUTSIDE, geo.UNKNOWN))
    yield from (f"station.{code}" for code in geo.stations())
    yield from (
        f"template.{template.code}.{form}" for template in templates() for form in ("title", "text")
    )
    yield from (f"step.{step}" for step in (*Step, *chain(*TRANSITIONS.values()), "none", "list"))
    yield "emergency.text"
    yield from (f"start.{name}" for name in ("about", "docs", "openapi", "catalogue"))


def test_chinese_and_english_are_spoken() -> None:
    assert set(LANGUAGES) >= {"en", "zh"}


def test_the_source_is_searched_for_codes() -> None:
    assert {
        ("error", "not_found"),
        ("field", "bad_characters"),
        ("field", "blank"),
        ("field", "too_many"),
    } <= set(codes_in_the_source())


def refuse_missing(language: str, wanted: Iterable[str]) -> None:
    """Fail with all keys that `texts/<language>.json` lacks, not only the first."""
    missing = sorted(set(wanted) - texts(language).keys())
    if missing:
        pytest.fail(f"{language}.json lacks {len(missing)} keys:\n" + "\n".join(missing))


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_said_has_a_wording(language: str) -> None:
    refuse_missing(language, keys_in_use())


def test_an_error_is_raised_with_the_values_that_its_wording_shows() -> None:
    shown = {
        code: placeholders(
            "".join(texts(DEFAULT).get(f"error.{code}.{form}", "") for form in ("title", "detail"))
        )
        for code, _ in values_of_raised_errors()
    }
    assert [
        (code, shown[code] - given)
        for code, given in values_of_raised_errors()
        if shown[code] - given
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_limits_in_the_wordings_are_the_real_ones(language: str) -> None:
    said = texts(language)
    assert f" {MAX_MEDIA_PER_REPORT} " in said["error.too_many_media.detail"]
    assert all(
        f" {ACCEPTED[kind].max_bytes // MIB} MB" in said["reject.too_large"]
        for kind in ("image/jpeg", "video/mp4")
    )
    assert f" {UPLOAD_PATIENCE // timedelta(hours=1)} " in said["reject.not_received"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_keys(language: str) -> None:
    refuse_missing(language, texts(DEFAULT))
    refuse_missing(DEFAULT, texts(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_wording_has_the_placeholders_of_the_others(language: str) -> None:
    differing = [
        key
        for key, wording in texts(language).items()
        if placeholders(wording) != placeholders(texts(DEFAULT)[key])
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reply_template_has_the_placeholders_that_are_declared(language: str) -> None:
    assert {each.code: set(each.placeholders) for each in templates()} == {
        each.code: placeholders(texts(language)[f"template.{each.code}.text"])
        for each in templates()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_there_twice_and_no_wording_is_empty(language: str) -> None:
    pairs = json.loads(
        (PACKAGE / "kernel" / "texts" / f"{language}.json").read_text(encoding="utf-8"),
        object_pairs_hook=list,
    )
    assert [key for key, times in Counter(key for key, _ in pairs).items() if times > 1] == []
    assert [key for key, wording in pairs if wording.strip() != wording or not wording] == []


def test_an_error_has_both_a_title_and_a_detail() -> None:
    said = {key.rpartition(".")[::2] for key in texts(DEFAULT) if key.startswith("error.")}
    assert {(error, form) for error, _ in said for form in ("title", "detail")} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_holds_nothing_but_codes_a_reference_a_count_and_a_link(language: str) -> None:
    held = set().union(
        *(
            placeholders(texts(language)[f"notice.{kind}.{form}"])
            for kind in NoticeKind
            for form in NOTICE_FORMS
        )
    )
    assert held == {"reference", "category", "district", "urgency", "count", "what", "url"}
    assert placeholders(texts(language)["notice.of_report"]) == {"what", "reference"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_long_notices_link_to_the_case_and_short_ones_have_no_link(
    kind: NoticeKind, language: str
) -> None:
    assert "url" in placeholders(texts(language)[f"notice.{kind}.email"])
    assert "url" not in placeholders(texts(language)[f"notice.{kind}.sms"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_emergency_number_in_the_wordings_is_that_of_the_catalogue(language: str) -> None:
    number = catalogue().emergency.number
    urged = [f"error.{code}.detail" for code in ("category_not_active", "slow_down", "unavailable")]
    assert all(number in texts(language)[key] for key in urged)
    assert number in text("emergency.text", language)


def test_an_unknown_key_or_a_missing_value_is_a_bug_that_shows() -> None:
    with pytest.raises(KeyError):
        text("error.no_such_code.title", "en")
    with pytest.raises(KeyError):
        text("bulletin.until", "en")
    with pytest.raises(KeyError):
        text("emergency.text", "qq")


def test_a_value_is_shown_as_it_is() -> None:
    assert "{reference} {0.__class__}" in text(
        "error.illegal_transition.detail", "en", legal="{reference} {0.__class__}"
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh-TW", "zh"),
        ("ZH-hans", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh-TW", "zh"),
        # not a parameter of a range, so the range cannot be read
        ("en;q=0.8;level=1, zh;q=0.5", "zh"),
        ("qq, zh;q=0.001", "zh"),
        ("qq, qx;q=0.9", "en"),
        ("qq, *", "en"),
        ("*", "en"),
        ("zh;q=0.1, *;q=0.5", "en"),
        ("en;q=0, *", "zh"),
        ("en;q=0", "en"),
        ("zh;q=0", "en"),
        ("zh;q=0, zh-TW;q=0.2, en;q=0.1", "zh"),
        ("en, zh", "en"),
        ("zh, en", "zh"),
        (" zh ; q=0.9 ,\ten ;q=0.8", "zh"),
        ("zh;Q=0.9,en;q=0.5", "zh"),
        ("zh;q=1.5, en;q=0.1", "en"),
        ("zh;q=-1, en;q=0.1", "en"),
        ("zh;q=nan, en;q=0.1", "en"),
        ("zh;q=0.12345, en;q=0.1", "en"),
        ("zh_CN", "en"),
        ("zhong", "en"),
        ("z" * 100_000, "en"),
        ("qq," * 100_000 + "zh", "en"),
        (";;;,=,q", "en"),
        ("zh\x00", "en"),
    ],
)
def test_the_most_wanted_language_that_exists_is_used(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@given(st.none() | st.text() | st.text("zhenqx-*,;q=01. \t", max_size=200))
def test_no_header_is_too_strange_for_a_response(header: str | None) -> None:
    assert negotiate(header) in LANGUAGES


@given(
    st.permutations(["zh", "en", "qq"]),
    st.lists(st.integers(1, 1000), min_size=3, max_size=3, unique=True),
)
def test_the_highest_quality_wins_in_whatever_order(tags: list[str], qualities: list[int]) -> None:
    wanted = dict(zip(tags, qualities, strict=True))
    header = ", ".join(f"{tag};q={quality / 1000:.3f}" for tag, quality in wanted.items())
    assert negotiate(header) == max(("zh", "en"), key=lambda tag: wanted[tag])


def test_words_come_in_the_language_asked_for_or_in_one_there_is() -> None:
    both = {"zh": "好", "en": "Good"}
    assert wording(both, "zh") == ("zh", "好")
    assert wording({"zh": "好"}, "en") == ("zh", "好")
