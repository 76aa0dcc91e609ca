"""A first reading of a Decision Log by the rubric's three questions. What it can't be sure of, it leaves to a person.

Yes to all three: 27 to 30 points. One missing: 18 to 22. Two or more missing: 6 to 12.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labkit.log import NUMBERS, WORDS, cited, numbers, quotes, spans, term_words
from labkit.reading import Reading

Answer = Literal["yes", "no", "unsure"]
QUESTIONS = ("numbers", "why", "tradeoff")
BANDS = {3: (27, 30), 2: (18, 22), 1: (6, 12), 0: (6, 12)}
NODE = ("bytes", "arithmetic", "overhead")
FLEET = ("arithmetic", "efficiency", "communication", "failures")
SHORT = 60  # words below which a text is too thin to be sure of anything good in it
VARIETY = 0.35  # distinct words to words, below which a text repeats itself

# What a simulator's binding term or wall is called, by the Iron Law term it belongs to.
_WALLS = {
    "bytes": ("memory", "bandwidth"),
    "arithmetic": ("compute", "arithmetic"),
    "overhead": ("overhead", "distance"),
    "efficiency": ("memory", "bandwidth", "compute", "arithmetic"),
    "communication": ("communication", "network", "link", "latency", "bandwidth"),
    "failures": ("reliability",),
}
_CAUSE = re.compile(
    r"\b(?:because|since|therefore|hence|thus|due to|caus\w+|bind\w*|bound|limit\w*|dominat\w+|bottleneck\w*|"
    r"which is why|that is why|as a result|wait\w*|so that|explains?|goes into|depends? on)\b",
    re.IGNORECASE,
)
_SACRIFICE = re.compile(
    r"\b(?:g[ai]ves? up|giving up|given up|at the (?:expense|price|cost) of|at a (?:price|cost)|in exchange|trade\w*|"
    r"sacrific\w+|los(?:e|es|ing|t)|pays? for|the price|costs? (?:us|her|him|them|it|more)|no longer|in return)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer to one question, and what it rests on."""

    answer: Answer
    because: str


@dataclass(frozen=True, slots=True)
class PreRead:
    """What a first reading of a log found.

    Attributes
    ----------
    judgements : by question: numbers, why, tradeoff
    words : of the text
    cited : pinned readings that it quotes
    """

    judgements: Mapping[str, Judgement]
    words: int
    cited: int

    @property
    def bands(self) -> list[tuple[int, int]]:
        """The bands that the answers leave open, best first; none for an empty log, one where the reading is sure."""
        if not self.words:
            return []
        answers = [each.answer for each in self.judgements.values()]
        sure, open_ = answers.count("yes"), answers.count("unsure")
        return list(dict.fromkeys(BANDS[count] for count in range(sure + open_, sure - 1, -1)))

    @property
    def borderline(self) -> bool:
        """Whether a person has to decide."""
        return len(self.bands) > 1


def band_of(answers: Mapping[str, bool]) -> tuple[int, int]:
    """The band that three sure answers make."""
    return BANDS[sum(answers[question] for question in QUESTIONS)]


def proposed(band: tuple[int, int]) -> int:
    """The points in the middle of a band.

    >>> [proposed(BANDS[count]) for count in (3, 2, 1)]
    [28, 20, 9]
    """
    return sum(band) // 2


def pre_read(log: Mapping[str, str], readings: Sequence[Reading], unknown: int = 0) -> PreRead:
    """Read a log against the readings that its author pinned.

    Parameters
    ----------
    log : term, what was given up, text
    readings : what was pinned, as the simulator computes it now
    unknown : how many pinned figures are not the simulator's
    """
    text, term, gave_up = log["text"], log["term"], log["gave_up"]
    words = len(text.split())
    quoted = cited(text, [{"text": reading.text} for reading in readings])
    found = {
        "numbers": _numbers(text, quoted, len(readings), unknown),
        "why": _why(text, term, readings),
        "tradeoff": _tradeoff(text, gave_up),
    }
    doubt = _doubt(text, words)
    if doubt:
        found = {
            name: Judgement("unsure", f"{each.because}; but {doubt}") if each.answer == "yes" else each
            for name, each in found.items()
        }
    return PreRead(found, words, quoted)


def _numbers(text: str, quoted: int, pinned: int, unknown: int) -> Judgement:
    count = len(numbers(text))
    told = f"{count} numbers, {quoted} of {pinned} pinned readings quoted"
    told += f", {unknown} pinned figures not the simulator's" if unknown else ""
    if count == 0:
        return Judgement("no", "no number in it")
    if quoted >= 2 and count >= NUMBERS:
        return Judgement("yes", told)
    return Judgement("no" if count < 2 and not quoted and not unknown else "unsure", told)


def _why(text: str, term: str, readings: Sequence[Reading]) -> Judgement:
    patterns = {name: term_words(name) for name in (FLEET if term.startswith(FLEET[1:]) else NODE)}
    named = [name for name, pattern in patterns.items() if pattern and pattern.search(text)]
    if not named:
        return Judgement("no", "no term of the Iron Law in it")
    chosen = term_words(term)
    if chosen is None or not chosen.search(text):
        return Judgement("unsure", f"speaks of {', '.join(named)}, but not of the term chosen as binding")
    if not any(chosen.search(sentence) and _CAUSE.search(sentence) for sentence in re.split(r"[.!?;\n]", text)):
        return Judgement("unsure", "names the term; no sentence gives it as a cause")
    name = next(each for each in patterns if term.startswith(each))
    bound = {reading.bound_by for reading in readings if reading.bound_by}
    if bound and not any(wall in each for each in bound for wall in _WALLS[name]):
        return Judgement("unsure", f"says {name}; the pinned readings are bound by {', '.join(sorted(bound))}")
    return Judgement("yes", f"gives {name} as the cause")


def _tradeoff(text: str, gave_up: str) -> Judgement:
    said = len(gave_up.split()) >= 2
    weighed = _SACRIFICE.search(text)
    repeated = {word.casefold() for word in _WORD.findall(gave_up)} & {word.casefold() for word in _WORD.findall(text)}
    if said and (weighed or repeated):
        return Judgement("yes", f"gives up: {_short(gave_up)}")
    if not said and not weighed:
        return Judgement("no", "nothing named as given up")
    if said:
        return Judgement("unsure", f"“{_short(gave_up)}” stands in the field alone; the text does not weigh it")
    return Judgement("unsure", "the text weighs something; the field for what was given up is empty")


def _doubt(text: str, words: int) -> str:
    if words < SHORT:
        return f"it has {words} words"
    if len({word.casefold() for word in text.split()}) < VARIETY * words:
        return "it repeats itself"
    return "" if words <= 4 * WORDS[1] else f"it has {words} words"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def marked(text: str, term: str, shown: Sequence[str]) -> list[tuple[str, str]]:
    """The text in pieces, each with what it is: pinned (a reading's figure), number, term, cause, sacrifice."""
    found: list[tuple[int, int, str]] = []
    for start, end, value in spans(text):
        found.append((start, end, "pinned" if any(quotes(value, each) for each in shown) else "number"))
    chosen = term_words(term)
    for kind, pattern in (("sacrifice", _SACRIFICE), ("cause", _CAUSE), ("term", chosen)):
        found += [(match.start(), match.end(), kind) for match in pattern.finditer(text)] if pattern else []
    pieces: list[tuple[str, str]] = []
    place = 0
    for start, end, kind in sorted(found):
        if start < place:
            continue
        pieces += [(text[place:start], ""), (text[start:end], kind)]
        place = end
    pieces.append((text[place:], ""))
    return [piece for piece in pieces if piece[0]]


def log_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The three fields of a log, from an event or a draft."""
    return {name: str(data.get(name, "")) for name in ("term", "gave_up", "text")}
