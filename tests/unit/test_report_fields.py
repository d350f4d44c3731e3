"""A field of a report is declared once, beside it: what shows it, keeps it or clears it follows.

Each failure says what is to be done. CONTRIBUTING.md, "A new field of a report".
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.reports.report import LISTED, Mark, Report, marked
from chalicelib.domain.statistics.exports import COLUMNS
from chalicelib.handlers.casework.listed import ListedReportView
from chalicelib.handlers.casework.report_views import ReportView
from infra.packaging import policies

FIELDS = Report.model_fields.keys()
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


def having(*marks: Mark) -> set[str]:
    return {name for mark in marks for name in marked(mark)}


def nothing(wrong: Iterable[str], words: str) -> None:
    assert not (found := sorted(wrong)), f"{', '.join(found)}: {words}"


def test_each_field_says_whether_a_withdrawal_keeps_it() -> None:
    kept, cleared = having(Mark.KEPT), having(Mark.CLEARED)
    nothing(
        FIELDS - (kept ^ cleared),
        "declare beside the field, in `Report`, that it is KEPT or CLEARED at a withdrawal. Add "
        "Listed, FILTER, EXPORTED or SEALED if they are true of it.",
    )


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
    nothing(asked - having(Mark.FILTER), "declare it FILTER, since `ReportQuery` has it.")
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
