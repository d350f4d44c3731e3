"""A field of a report is declared once, beside it: what shows it, keeps it or clears it follows.

Each failure says what is to be done. CONTRIBUTING.md, "A new field of a report".
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from pydantic import BaseModel

from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.reports.masks import MaskPart
from chalicelib.domain.reports.report import (
    LISTED,
    Content,
    Mark,
    OfficerSubmission,
    Report,
    ReportedAs,
    Submission,
    marked,
)
from chalicelib.domain.statistics.exports import COLUMNS
from chalicelib.handlers.casework.listed import ListedReportView
from chalicelib.handlers.casework.report_views import ReportView
from infra.packaging import policies
from tests.fields import texts

FIELDS, CONTENT = Report.model_fields.keys(), Content.model_fields.keys()
BODIES = (Submission, OfficerSubmission)
SENT = {name for body in BODIES for name in body.model_fields}
# Ciphertext or keys are bytes. These may be read by anybody.
PUBLIC_BYTES = {"public_key", "ledger_id", "commitments"}
# Shown under another name: in lists, and in an opened report.
LISTED_AS = {
    "media_total": "media",
    "media_ready": "media",
    "media_early": "media",
    "thumb": "thumbnail_url",
    "same_as": "same_text",
    "by_hand": "stands_for",
    "review_due_at": "due",
    "reminder": "due",
}
OPENED_AS = {
    "media_total": "media",
    "media_ready": "media",
    "media_early": "media",
    "thumb": "media",
    "same_as": "similar",
    "by_hand": "incident",
    "awaits": "hold",
    "review_due_at": "review",
}
# The function that compares sketches opens them, and nothing else.
MAY_READ = {("suggest_incidents", "sealed_sketch")}


def having(*marks: Mark, of: type[BaseModel] = Report) -> set[str]:
    return {name for mark in marks for name in marked(mark, of)}


def nothing(wrong: Iterable[str], words: str) -> None:
    assert not (found := sorted(wrong)), f"{', '.join(found)}: {words}"


def test_each_field_says_whether_a_withdrawal_keeps_it() -> None:
    kept, cleared = having(Mark.KEPT), having(Mark.CLEARED)
    nothing(
        FIELDS - (kept ^ cleared),
        "declare beside the field, in `Report`, that it is KEPT or CLEARED at a withdrawal. Add "
        "Listed, FILTER, EXPORTED or SEALED if they are true of it.",
    )


def test_each_field_says_whether_it_moves_with_the_report() -> None:
    moved, left = having(Mark.MOVED), having(Mark.LEFT)
    nothing(
        FIELDS - (moved ^ left ^ ReportedAs.model_fields.keys()),
        "declare beside the field, in `Report`, that it is MOVED or LEFT when the report moves to "
        "oversight; or add it to `ReportedAs`.",
    )


def test_no_text_of_a_person_stands_in_clear() -> None:
    nothing(
        texts(Report),
        "declare it in `Content`, which is sealed. What no person has written is one of the types "
        "beside `Clear` (chalicelib/kernel/text.py), also where it is listed.",
    )


def test_what_a_person_writes_is_in_the_content() -> None:
    written = {path.partition(".")[0] for body in BODIES for path in texts(body)}
    nothing(
        written & FIELDS,
        "declare it in `Content`, which is sealed, and not in `Report`: a person writes it.",
    )


def test_what_is_sent_is_stored() -> None:
    apart = {name for body in BODIES for name in having(Mark.APART, of=body)}
    nothing(
        SENT - apart - FIELDS - CONTENT,
        "declare it in `Content`, which is sealed, or in `Report` if it is no text; or mark it as "
        "APART in `ReportContent`, and say in intake where it goes.",
    )


def test_what_the_content_has_is_sent_or_made() -> None:
    nothing(
        CONTENT - SENT - having(Mark.MADE, of=Content),
        "declare it in `ReportContent`, or mark it as MADE in `Content`, and let intake make it.",
    )


def test_each_text_of_a_person_can_be_masked() -> None:
    sealed = {path for path in texts(Submission) if path.partition(".")[0] in CONTENT}
    nothing(sealed - {part.path for part in MaskPart}, "add it to `MaskPart`, or its path there.")


def test_officers_read_what_a_report_says() -> None:
    nothing(CONTENT - ReportView.model_fields.keys(), "add it to `ReportView`.")


def test_a_report_is_whole_without_what_a_withdrawal_clears() -> None:
    required = {name for name in FIELDS if Report.model_fields[name].is_required()}
    nothing(required - having(Mark.KEPT), "give it a default, or declare it KEPT.")


def test_ciphertext_and_keys_are_declared_as_sealed() -> None:
    types = {name: str(field.annotation) for name, field in Report.model_fields.items()}
    nothing(
        having(Mark.SEALED) ^ {name for name in FIELDS - PUBLIC_BYTES if "bytes" in types[name]},
        "bytes, and only these, are SEALED; or add them to PUBLIC_BYTES here.",
    )


def test_nothing_sealed_is_listed_a_filter_or_a_column() -> None:
    shown = having(Mark.FILTER, Mark.EXPORTED) | LISTED.keys()
    nothing(having(Mark.SEALED) & shown, "SEALED, so neither Listed nor FILTER nor EXPORTED.")


def test_functions_without_keys_may_not_read_what_is_sealed() -> None:
    assert len(list(refused_names())) > 5
    nothing(
        {
            f"{name} ({policy})"
            for policy, patterns in refused_names()
            for name in having(Mark.SEALED)
            if not any(fnmatch(name, pattern) for pattern in patterns)
            and (policy, name) not in MAY_READ
        },
        "add it to the attributes that this policy refuses.",
    )


def test_no_two_listed_fields_share_a_short_name() -> None:
    short = list(LISTED.values())
    nothing({each for each in short if short.count(each) > 1}, "choose another name in Listed.")


def test_the_view_of_a_list_has_what_is_listed() -> None:
    due = {LISTED_AS.get(name, name) for name in LISTED} | {"id", "received_at"}
    nothing(due - ListedReportView.model_fields.keys(), "add it to `ListedReportView`.")


def test_what_the_view_of_a_list_has_is_listed() -> None:
    due = {LISTED_AS.get(name, name) for name in LISTED} | {"id", "received_at"}
    # It is counted on each page; and who has proposed an end is in `awaits`.
    shown = ListedReportView.model_fields.keys() - {"stands_for", "end_proposed_by"}
    nothing(shown - due, "declare it Listed, since the view has it.")


def test_the_opened_report_has_what_is_listed_or_exported() -> None:
    due = {OPENED_AS.get(name, name) for name in having(Mark.EXPORTED) | LISTED.keys()}
    renamed = {"messages"}  # the count of messages, and the list of them
    nothing(due - renamed - ReportView.model_fields.keys(), "add it to `ReportView`.")


def test_the_filters_of_the_list_are_those_declared() -> None:
    asked = ReportQuery.model_fields.keys() & FIELDS
    nothing(having(Mark.FILTER) - asked, "add it to `ReportQuery`, since it is a FILTER.")


def test_what_the_list_is_asked_for_is_declared() -> None:
    asked = ReportQuery.model_fields.keys() & FIELDS
    nothing(asked - having(Mark.FILTER), "declare it FILTER, since `ReportQuery` has it.")


def test_a_filter_reads_lists() -> None:
    nothing(having(Mark.FILTER) - LISTED.keys(), "declare it Listed: a FILTER reads lists.")


def test_the_columns_of_an_export_are_those_declared() -> None:
    nothing((FIELDS & set(COLUMNS)) ^ having(Mark.EXPORTED), "declare it EXPORTED.")


def refused_names() -> Iterator[tuple[str, list[str]]]:
    """Yield each policy that refuses attributes of reports by name, with these."""
    for function, statements in policies.statements().items():
        for statement in statements:
            refused = statement.get("Condition", {}).get("ForAllValues:StringNotLike", {})
            if names := refused.get("dynamodb:Attributes"):
                yield function, names
