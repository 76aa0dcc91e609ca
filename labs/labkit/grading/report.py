"""A graded class as one HTML page: no script, nothing fetched, every text in it escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from labkit import bundle
from labkit.figures import number
from labkit.grading import distribution
from labkit.grading.book import Grade, Gradebook
from labkit.grading.distribution import table
from labkit.grading.tables import band_text

# Nothing may be loaded or run, whatever a text in the page holds.
_GUARD = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def style() -> str:
    """The report's style sheet: the kit's colours, and what report and console share."""
    colours, found, _ = bundle.style().partition("\nhtml {")
    assert found
    return colours + (files("labkit") / "grading" / "page" / "report.css").read_text(encoding="utf-8")


def page(book: Gradebook) -> str:
    """The report."""
    counts = book.counts
    total = sum(counts.values())
    facts = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Grades</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_GUARD}"><style>{style()}</style></head>'
        f'<body><main class="page ta" id="main"><h1>{total} files</h1><p class="lede">{escape(facts)}.</p>'
        f"{sections(book)}</main></body></html>\n"
    )


def sections(book: Gradebook) -> str:
    """The body of the report, which the console shows too."""
    flagged = [grade for grade in book.current if any(flag.kind != "look" for flag in grade.flags)]
    looked = [grade for grade in book.current if grade.flags and grade not in flagged]
    return "".join(
        (
            _titled("Predictions", distribution.markup(distribution.of_class(book))),
            _titled(
                "Does not fit", _flags(flagged), "Speak with the instructor before speaking with anybody named here."
            ),
            _titled("Worth a look", _flags(looked)),
            _titled("Could not be read", table(("File", "Reason"), book.refused) if book.refused else ""),
            _titled("Grades", table(_COLUMNS, map(_row, book.grades)) if book.grades else ""),
        )
    )


_COLUMNS = (
    "Identifier",
    "Section",
    "File",
    "Status",
    "Total",
    "Band",
    "Numbers",
    "Why",
    "Tradeoff",
    "Late",
    "Predictions",
)


def _row(grade: Grade) -> Sequence[object]:
    judged = grade.pre_read.judgements
    return (
        *(grade.identifier, grade.section, grade.file, grade.status),
        "" if grade.total is None else f"{grade.total:g}",
        band_text(grade.band),
        *(judged[question].answer for question in ("numbers", "why", "tradeoff")),
        f"{grade.days_late} d" if grade.days_late else "",
        number(grade.prediction_score) if grade.prediction_score else "0",
    )


def _flags(grades: Iterable[Grade]) -> str:
    rows = [(each.identifier, each.file, flag.kind, flag.sentence) for each in grades for flag in each.flags]
    return table(("Identifier", "File", "Kind", "What"), rows) if rows else ""


def _titled(title: str, content: str, note: str = "") -> str:
    told = f"<p class=small>{escape(note)}</p>" if note else ""
    return f"<section><h2>{title}</h2>{told}{content}</section>" if content else ""
