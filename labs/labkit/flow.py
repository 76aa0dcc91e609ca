"""The flow: lock, parts, reveal, failure, log. A notebook declares a `Lab` and asks it for what each cell shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar

import marimo as mo

import mlsysim
from labkit.elements import Element, Panel, element
from labkit.figures import with_unit
from labkit.log import check
from labkit.plan import Assumption, Lock, Part, Value, Varied
from labkit.predictions import NEAR, assumed, off_by
from labkit.reading import Reading

NODE_TERMS = ("bytes moved, D/BW", "arithmetic, O/(R·η)", "overhead, L")
FLEET_TERMS = (
    "arithmetic, FLOPs/(N·R)",
    "efficiency on one device, MFU",
    "communication, η of scaling",
    "failures and checkpoints, goodput",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What labs and tutorials share: a lock opens each part, a reveal ends it, a text of the reader's comes last.

    Parameters
    ----------
    name : path of the notebook below labs/, such as "vol1/lab_02_ml_systems"
    version : version of the notebook; the reader's record carries it
    lede : who asks, and what is at stake, in one or two sentences
    briefing : paragraphs read before the lock; nothing in them gives its answer away
    lock : the opening prediction; opens part A
    parts : part A and those after it; a part with a lock of its own asks it in its first cell
    variants : values that differ between the students of a section; the notebook calls it VARIANTS
    """

    log_title: ClassVar[str]
    log_step: ClassVar[str]

    name: str
    version: str
    lede: str
    briefing: Sequence[str]
    lock: Lock
    parts: Sequence[Part]
    variants: Mapping[str, Varied] = field(default_factory=dict)

    def page_spec(self) -> list[object]:
        """What the page's script needs to know of the notebook."""
        variants = {name: one.spec() for name, one in self.variants.items()}
        return [self.name, self.version, mlsysim.__version__, variants]

    def part(self, letter: str) -> Part:
        """The part with this letter."""
        return next(part for part in self.parts if part.letter == letter)

    def home(self) -> mo.Html:
        """What comes before the parts where no page surrounds the notebook, as in the notebook editor."""
        texts = "".join(f"<p>{escape(text)}</p>" for text in self.briefing)
        briefing = f'<div class="bare briefing"><p class="lede">{escape(self.lede)}</p>{texts}</div>'
        return mo.Html(element("lab-home", self.page_spec()) + briefing)

    def ask(self, lock: Lock) -> Element:
        """A Prediction Lock; the value is None until it is committed, then a mapping with `answer`."""
        return Element("lab-lock", lock.spec())

    def given(self, committed: Element) -> dict[str, Value]:
        """The reader's variant of the lab: the values that held when this lock was committed."""
        found = committed.value.get("variant", {})
        return {
            name: found[name] if found.get(name) in one.values else one.values[0] for name, one in self.variants.items()
        }

    def panel(self, letter: str) -> Panel:
        """The controls of a part; the value maps each control's name to where it stands."""
        return Panel(self.part(letter).panel_spec())

    def text(self, name: str, label: str, text: str) -> Element:
        """A field for several lines, such as a design as JSON; the value is what stands there, `text` at first."""
        return Element("lab-text", {"name": name, "label": label, "text": text}, text)

    def finish(self, letter: str, label: str) -> Element:
        """The button that ends a part; the value turns true, once and for good."""
        return Element("lab-finish", {"part": letter, "label": label}, False)

    def closed(self, letter: str, until: str) -> mo.Html:
        """A part that can be seen and not entered."""
        return mo.Html(closed_markup(self.part(letter), until))

    def opened(self, letter: str, panel: Panel | None = None) -> mo.Html:
        """Heading and introduction of an open part, with its controls."""
        return mo.Html(opened_markup(self.part(letter), "" if panel is None else panel.text))

    def probe(self, letter: str, panel: Panel) -> str:
        """Markup of a question for whoever is stuck, from the settings they tried; empty while there is none."""
        ask = self.part(letter).probe(panel.tried)
        return f'<p class="probe" role="status">{escape(ask)}</p>' if ask else ""

    def instrument(self, *pieces: str) -> mo.Html:
        """The lower half of a part's card: charts and readings, under the controls."""
        return mo.Html(f'<div class="instrument">{"".join(pieces)}</div>')

    def reveal(
        self,
        lock: Lock,
        said: Mapping[str, Any],
        says: float | str,
        text: str,
        assumptions: Sequence[Assumption],
        otherwise: str,
        near: str,
        equation: Sequence[str],
    ) -> mo.Html:
        """Prediction and simulation side by side, and the assumption that the prediction is closest to.

        Parameters
        ----------
        lock : the lock that was answered
        said : value of the lock element
        says : what the simulator says, in the lock's unit, or the right one of its choices
        text : `says` as shown
        assumptions : values or choices that wrong assumptions lead to
        otherwise : what to say of a prediction that is near none of them
        near : what to say of the right choice, or of a prediction within a quarter of the simulator's value
        equation : the equation with its numbers, a line each
        """
        answer = said["answer"]
        wrong = assumed(answer, says, assumptions)
        fact = {"kind": "revealed", "key": lock.name, "lock": lock.name, "said": answer, "says": says}
        figures = {"you said": answer if lock.choices else with_unit(answer, lock.unit), "the simulator says": text}
        if isinstance(says, str):
            right = answer == says
        else:
            factor = off_by(answer, says)
            right = factor <= NEAR
            figures["off by"] = f"{factor:,.{1 if factor < 9.95 else 0}f}×"
            fact |= {"unit": lock.unit, "factor": factor}
        sentence = near if right else wrong.text if wrong else otherwise
        cells = "".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in figures.items())
        return mo.Html(
            f'<section class="reveal{" words" * bool(lock.choices)}" aria-label="Your prediction and the simulator">'
            f"<dl>{cells}</dl><p>{escape(sentence)}</p>{equation_markup(equation)}{element('lab-fact', fact)}</section>"
        )

    def remember(self, sentence: str) -> mo.Html:
        """The sentence a part ends with; it has a number in it."""
        return mo.Html(f'<p class="remember">{escape(sentence)}</p>')

    def further(self, ask: str, limit: str) -> mo.Html:
        """A harder question for whoever is done early, and the physical limit that answers it."""
        return mo.Html(
            f'<section class="further"><p>{escape(ask)}</p>'
            f"<details><summary>The physical limit</summary><p>{escape(limit)}</p></details></section>"
        )

    def carry(self, **choices: Value) -> mo.Html:
        """Hands design choices on to later labs; the latest of each counts."""
        facts = [
            element("lab-fact", {"kind": "carried", "key": f"{name}={value}", "name": name, "value": value})
            for name, value in choices.items()
        ]
        return mo.Html("".join(facts))

    def carried(self, lab: str, **defaults: Value) -> Element:
        """Design choices from an earlier lab; the value holds `found` and each choice, or its default."""
        return Element("lab-carried", {"lab": lab, "defaults": defaults}, {"found": False, **defaults})

    def failure(self, part: str, sentence: str, limit: str) -> mo.Html:
        """A failure state, in words that name value, limit, unit and what would mend it."""
        headline, _, rest = sentence.partition(". ")
        fact = element("lab-fact", {"kind": "failed", "key": f"{part} {limit}", "part": part, "limit": limit})
        return mo.Html(
            f'<section class="failure" role="status" data-limit="{escape(limit)}">'
            f"<p><strong>{escape(headline)}.</strong> {escape(rest)}</p>{fact}</section>"
        )

    def log_closed(self) -> mo.Html:
        """The text that comes last, before its time."""
        return mo.Html(log_markup(self.log_title, " closed", f"<p>Opens after part {self.parts[-1].letter}.</p>"))

    def live(self) -> mo.Html:
        """Tells the page that the notebook is there: comes last."""
        return mo.Html("<lab-live></lab-live>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(Flow):
    """A lab as its notebook declares it: three parts, then a Decision Log that is checked, signed off and handed in.

    Parameters
    ----------
    log_prompt : what the Decision Log is to say, and to whom
    readings : functions from settings to a `Reading`, by which every pinned figure can be computed again
    terms : the terms of the Iron Law of which the log names one as binding
    """

    log_title: ClassVar[str] = "Decision Log"
    log_step: ClassVar[str] = "Log"

    log_prompt: str
    readings: Sequence[Callable[..., Reading]]
    terms: Sequence[str] = NODE_TERMS

    def reading(self, function: Callable[..., Reading], **settings: Any) -> str:
        """Markup of a figure from an instrument, with its range, what binds, its equation and a button to pin it."""
        if function not in self.readings:
            raise ValueError(f"{function.__name__} is not among the readings of {self.name}: add it to `readings`")
        return reading_markup(function(**settings), function.__name__, settings)

    def log_opened(self, draft: Element, pins: Element) -> mo.Html:
        """The Decision Log's heading over its fields; the pins show where no page surrounds the notebook."""
        return mo.Html(f'{log_markup(self.log_title)}{draft.text}<div class="bare-pins">{pins.text}</div>')

    def log_form(self) -> Element:
        """The Decision Log's fields; the value is the draft."""
        spec = {"prompt": self.log_prompt, "terms": list(self.terms)}
        return Element("lab-log", spec, {"term": "", "gave_up": "", "text": ""})

    def pins(self) -> Element:
        """The pinned readings; the value is their list."""
        return Element("lab-readings", {}, [])

    def log_check(self, draft: Mapping[str, str], pins: Sequence[Mapping[str, Any]]) -> mo.Html:
        """What the draft still lacks, and the button that signs it off."""
        items = [
            {"name": item.name, "met": item.met, "label": item.label, "hint": item.hint} for item in check(draft, pins)
        ]
        return mo.Html(element("lab-check", {"log": dict(draft), "items": items}))

    def export(self) -> mo.Html:
        """Submission file and printable report."""
        return mo.Html(element("lab-export", {}))


def log_markup(title: str, state: str = "", note: str = "") -> str:
    """The heading of the text that comes last."""
    return f'<section class="part{state}" id="part-Log"><h2>{escape(title)}</h2>{note}</section>'


def closed_markup(part: Part, until: str) -> str:
    """A closed part: its heading, and what opens it."""
    return (
        f'<section class="part closed" id="part-{part.letter}">'
        f"<h2><span>{part.letter}</span> {escape(part.title)}</h2><p>Opens {escape(until)}.</p></section>"
    )


def opened_markup(part: Part, panel: str) -> str:
    """An open part's heading, introduction and controls."""
    hint = f'<details class="hint"><summary>A hint</summary><p>{escape(part.hint)}</p></details>' if part.hint else ""
    return (
        f'<section class="part" id="part-{part.letter}"><h2><span>{part.letter}</span> {escape(part.title)}</h2>'
        f"<p>{escape(part.intro)}</p>{hint}</section>{panel}"
    )


def reading_markup(reading: Reading, function: str, settings: Mapping[str, Any]) -> str:
    """A reading as a card: figure, range, what binds, pin, equation."""
    pin = {
        "reading": function,
        "settings": dict(settings),
        "value": reading.value,
        "unit": reading.unit,
        "text": reading.text,
        "name": reading.name,
        "label": reading.label,
    }
    range_text = f", {escape(reading.range_text)}" if reading.range_text else ""
    bound = f"; <strong>bound by {escape(reading.bound_by)}</strong>" if reading.bound_by else ""
    return (
        f'<div class="reading"><p class="big">{escape(reading.text)}</p>'
        f"<p>{escape(reading.name)}, {escape(reading.label)}{range_text}{bound}</p>"
        f"{element('lab-pin', pin)}{equation_markup(reading.equation)}</div>"
    )


def equation_markup(lines: Sequence[str]) -> str:
    """An equation with its numbers, folded away."""
    text = escape("\n".join(lines))
    return f"<details><summary>The equation with these numbers</summary><pre>{text}</pre></details>" if lines else ""
