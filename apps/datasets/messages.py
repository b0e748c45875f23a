"""What an import has to say to people: for every code a sentence and a remedy.

The worker stores codes and parameters only, so that each reader gets the sentence in his own language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Message:
    """A plain sentence and what to do about it, both translated."""

    sentence: str
    remedy: str


_ISSUES: dict[str, tuple[Any, Any]] = {
    "column_count": (
        _("The row has %(found)s columns instead of %(expected)s."),
        _("Check the separators of this line: one too many or too few."),
    ),
    "missing": (_("“%(column)s” is empty."), _("Fill it in.")),
    "digits": (
        _("“%(value)s” in “%(column)s” is not a number of %(count)s digits."),
        _("Correct the number. If zeros at the front are gone, format the column as text and enter them again."),
    ),
    "shortened": (
        _("“%(value)s” in “%(column)s” was shortened by the spreadsheet program; its last digits are lost."),
        _("Format the column as text in the original file and save it again."),
    ),
    "zeros_lost": (
        _("“%(value)s” in “%(column)s” has %(found)s digits instead of %(count)s; the sheet keeps numbers there."),
        _("Zeros at the front are probably gone. Format the column as text and enter the numbers again."),
    ),
    "error_cell": (
        _("“%(column)s” holds the error “%(value)s” of a formula."),
        _("Correct the formula in the original file, or replace it by its value."),
    ),
    "formula": (
        _("“%(column)s” holds a formula whose result was never stored: %(value)s."),
        _("Open the workbook in a spreadsheet program, let it calculate, and save it; or paste the values."),
    ),
    "pattern": (
        _("“%(value)s” in “%(column)s” does not have the form that this dataset asks for."),
        _("Correct the value."),
    ),
    "too_long": (
        _("“%(column)s” has %(length)s characters; at most %(limit)s are possible."),
        _("Shorten it. Often a quotation mark is missing and several lines were read as one."),
    ),
    "line_break": (
        _("A cell goes on over several lines (“%(column)s”)."),
        _("Remove the line break, or close the quotation mark that was opened on this line."),
    ),
    "undecodable": (
        _("“%(column)s” has characters that cannot be read in the encoding of the file."),
        _("Save the file as UTF-8 and upload it again, or correct this line."),
    ),
    "duplicate_row": (
        _("The same row stands on line %(first)s already."),
        _("Nothing to do: the first one counts."),
    ),
    "duplicate_identifier": (
        _("“%(value)s” belongs to another row already (line %(first)s)."),
        _("Find out which of the two is right and remove the other."),
    ),
    "duplicate_identifier_same_name": (
        _("“%(value)s” stands with the same name on line %(first)s already, but other cells differ."),
        _("Find out which of the two rows is right and remove the other."),
    ),
    "duplicate_name": (
        _("“%(value)s” is the name of another row too (line %(first)s), with another identifier."),
        _("If both exist, nothing to do: a question by this name is answered with a choice."),
    ),
    "open_quote": (
        _("A quotation mark is not closed."),
        _("Close the quotation mark that was opened on this line, or remove it; the lines after it were read."),
    ),
    "unreadable": (_("The line cannot be taken apart into columns."), _("Check its quotation marks and separators.")),
    "check_digit": (
        _("The check digit of “%(value)s” in “%(column)s” is wrong."),
        _("Compare it with the official source: a digit may be mistyped."),
    ),
}

_LAYOUT_ERRORS: dict[str, tuple[Any, Any]] = {
    "malformed": (_("“%(field)s” is missing or not of the right kind."), ""),
    "unknown_column": (_("The schema has no column “%(column)s”."), ""),
    "place_taken_twice": (_("Column %(place)s of the file is chosen twice."), ""),
    "no_such_place": (_("The column chosen for “%(column)s” does not exist in the file."), ""),
}

_FAILURES: dict[str, tuple[Any, Any]] = {
    "empty": (_("The file holds no rows."), _("Upload a file with at least one row of data.")),
    "no_rows": (
        _("Not one of the %(read)s rows could be taken."),
        _("Look at the reasons below, correct the file and upload it again."),
    ),
    "too_many_rows": (
        _("The file has more than %(limit)s rows."),
        _("Split it into several datasets, or ask your operator to raise the limit."),
    ),
    "workbook": (
        _("The workbook cannot be read: it is damaged, incomplete or protected by a password."),
        _("Open it in your spreadsheet program, save it again as .xlsx without a password and upload that."),
    ),
    "workbook_too_large": (
        _("Unpacked, the workbook is larger than is allowed here."),
        _("Delete empty rows and columns at the edges and other sheets, or save the sheet as CSV."),
    ),
    "files_missing": (_("The uploaded file is no longer on the disk."), _("Upload it again.")),
    "disk_full": (_("There is no space left on the disk."), _("Ask your operator to free some, then import again.")),
    "gave_up": (
        _("The import was started %(count)s times and its worker died each time."),
        _("Perhaps the file needs more memory than there is. Ask your operator, or split the file."),
    ),
    "internal": (
        _("The import stopped because of a fault on our side."),
        _("Import again. If it happens once more, give your operator the number %(number)s."),
    ),
}


def issue_message(code: str, params: Mapping[str, Any], *, is_warning: bool) -> Message:
    """Return the message of an issue's code; its sentence ends with what became of the row."""
    message = _message(_ISSUES, code, params)
    outcome = _("%(sentence)s The row was taken.") if is_warning else _("%(sentence)s The row was skipped.")
    return replace(message, sentence=str(outcome) % {"sentence": message.sentence})


def failure_message(failure: Mapping[str, Any]) -> Message:
    """Return the message of a failed import, {"code": str, "params": dict}; {} gives empty sentences."""
    return _message(_FAILURES, failure["code"], failure.get("params", {})) if failure else Message("", "")


def layout_message(code: str, params: Mapping[str, Any]) -> str:
    """Return what is wrong with a layout that was handed in, as a sentence."""
    return _message(_LAYOUT_ERRORS, code, params).sentence


def issue_title(code: str) -> str:
    """Return a few words for a group of issues with the same code."""
    return str(_TITLES.get(code, code))


_TITLES: dict[str, Any] = {
    "column_count": _("wrong number of columns"),
    "missing": _("required cell is empty"),
    "digits": _("wrong number of digits"),
    "shortened": _("number shortened by a spreadsheet"),
    "zeros_lost": _("zeros at the front lost"),
    "error_cell": _("error of a formula"),
    "formula": _("formula without a result"),
    "pattern": _("wrong form"),
    "too_long": _("too long"),
    "line_break": _("line break inside a cell"),
    "undecodable": _("unreadable characters"),
    "duplicate_row": _("same row twice"),
    "duplicate_identifier": _("same identifier twice"),
    "duplicate_identifier_same_name": _("same identifier and name twice"),
    "duplicate_name": _("same name, other identifier"),
    "open_quote": _("quotation mark not closed"),
    "unreadable": _("line cannot be taken apart"),
    "check_digit": _("check digit wrong"),
}


def _message(table: dict[str, tuple[Any, Any]], code: str, params: Mapping[str, Any]) -> Message:
    sentence, remedy = table.get(code, (_("Unknown problem: %(code)s."), ""))
    values = defaultdict(str, params, code=code)
    return Message(sentence=str(sentence) % values, remedy=str(remedy) % values)
