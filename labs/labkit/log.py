"""What a Decision Log needs before it can be signed off: three numbers, the binding term and why, what was given up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READINGS = 3
NUMBERS = 3
WORDS = (120, 320)
GIVEN_UP_WORDS = 2

# Words by which a text speaks of a term, whichever way it is put.
_TERM_WORDS = {
    "bytes": r"bandwidth|bytes?|memory|D/BW|HBM",
    "arithmetic": r"FLOPS?|FLOP/s|arithmetic|comput\w+|O/\(R",
    "overhead": r"overhead|latency|launch\w*|distance|fibre|fiber|round trip",
    "efficiency": r"MFU|efficien\w+|utili[sz]ation",
    "communication": r"communicat\w+|all-?reduce|link|bandwidth|network|pipeline|bubble",
    "failures": r"failure\w*|checkpoint\w*|goodput|MTBF|restart\w*",
}
_NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?![.,]?\d)")
_THOUSANDS = re.compile(r"[ ,](?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked of a log, whether it is there, and what is missing when it is not."""

    name: str
    met: bool
    label: str
    hint: str


def spans(text: str) -> list[tuple[int, int, float]]:
    """Where the numbers in a text stand, and what each is; part numbers such as H100 are not numbers."""
    found = [(match.start(), match.end(), match.group()) for match in _NUMBER.finditer(text)]
    return [(start, end, float(_THOUSANDS.sub("", word).replace(",", "."))) for start, end, word in found]


def numbers(text: str) -> list[float]:
    """The distinct numbers in a text, in order."""
    return list(dict.fromkeys(value for _, _, value in spans(text)))


def quotes(value: float, shown: str) -> bool:
    """Whether a number in a text is a reading's figure, as the instrument showed it."""
    return any(abs(value - figure) <= 0.005 * abs(figure) for figure in numbers(shown)[:1])


def cited(text: str, pins: Sequence[Mapping[str, Any]]) -> int:
    """How many pinned readings the text quotes."""
    present = numbers(text)
    return sum(any(quotes(value, pin["text"]) for value in present) for pin in pins)


def term_words(term: str) -> re.Pattern[str] | None:
    """The words by which a text speaks of an Iron Law term; None where no term is named."""
    pattern = _TERM_WORDS.get(term.split()[0].rstrip(",")) if term.split() else None
    return re.compile(rf"\b(?:{pattern})", re.IGNORECASE) if pattern else None


def check(draft: Mapping[str, str], pins: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Judge a draft without writing it: each item says what is missing, not what to say."""
    text, term, given_up = draft["text"], draft["term"], draft["gave_up"]
    count, quoted, words = len(numbers(text)), cited(text, pins), len(text.split())
    words_of_term = term_words(term)
    named = words_of_term is not None and words_of_term.search(text) is not None
    return [
        Item("pinned", len(pins) >= READINGS, f"{READINGS} readings pinned", f"{len(pins)} pinned so far"),
        Item(
            "numbers",
            count >= NUMBERS and quoted >= 1,
            f"{NUMBERS} numbers in the text",
            f"{count} found; at least one of them as an instrument showed it" if quoted == 0 else f"{count} found",
        ),
        Item(
            "why",
            named,
            "which term binds, and why",
            "choose the term" if not term else "the text does not speak of that term yet",
        ),
        Item(
            "tradeoff",
            len(given_up.split()) >= GIVEN_UP_WORDS,
            "what you gave up",
            "a few words: cost, accuracy, spare capacity, reach",
        ),
        Item("length", WORDS[0] <= words <= WORDS[1], "about 200 words", f"{words} words; {WORDS[0]} to {WORDS[1]}"),
    ]
