"""A class of 180, made up from a seed: good, fair and poor work, copies, tampered chains, and files that are none."""

import hashlib
import io
import json
import random
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785

import mlsysim
from labkit.grading.sheet import Sheet
from labkit.log import check

LAB = "vol1/lab_02_ml_systems"
SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8"))
VAGUE = SENTENCES["vague"]
SOURCE = (Path(__file__).resolve().parents[2] / "labs" / f"{LAB}.py").read_text(encoding="utf-8")
TERM = "bytes moved, D/BW"
BEGAN = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

# What is honest and what is not, and how many of each; the sum is the class.
MIX = {
    "good": 92,
    "fair": 24,
    "poor": 20,
    "re-export": 4,
    "copied log": 4,
    "copied chain": 4,
    "edited": 4,
    "cut in the middle": 2,
    "re-ordered": 2,
    "re-signed figure": 3,
    "re-signed prediction": 3,
    "re-signed reveal": 1,
    "locked twice": 1,
    "back-dated": 2,
    "cut at the end": 2,
    "no such reading": 1,
    "corrupt": 11,
}
HONEST = ("good", "fair", "poor", "re-export")
BROKEN = ("edited", "cut in the middle", "re-ordered")
RESIGNED = (
    *("re-signed figure", "re-signed prediction", "re-signed reveal", "locked twice", "back-dated"),
    *("cut at the end", "no such reading"),
)

Event = tuple[str, Mapping[str, Any]]
Document = dict[str, Any]


@cache
def sheet() -> Sheet:
    """The lab's answer sheet."""
    return Sheet(LAB, SOURCE)


@dataclass(frozen=True)
class Handed:
    """A file of the class, what it is, and which file it was taken from."""

    name: str
    content: bytes
    kind: str
    taken_from: str = ""


def sign(steps: list[tuple[datetime, str, Mapping[str, Any]]]) -> list[Document]:
    """A chain of events, each with the hash of the one before."""
    chain: list[Document] = []
    previous = "0" * 64
    for seq, (at, kind, data) in enumerate(steps):
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
        event = {"seq": seq, "at": stamp, "kind": kind, "data": dict(data), "prev": previous}
        previous = hashlib.sha256(rfc8785.dumps(event)).hexdigest()
        chain.append(event | {"hash": previous})
    return chain


def resigned(document: Document, change: Callable[[list[Document]], object]) -> Document:
    """The document with its events changed and hashed anew, as somebody does who knows how."""
    events = deepcopy(document["events"])
    change(events)
    steps = [(datetime.fromisoformat(event["at"]), event["kind"], event["data"]) for event in events]
    return document | {"events": sign(steps)}


def text_of(document: Document) -> bytes:
    """The file as the page writes it."""
    return rfc8785.dumps(document) + b"\n"


def document(identifier: str, events: list[Document], section: str = "B2", **changes: Any) -> Document:
    """A submission's document."""
    return {
        "format": "mlsysim-submission/1",
        "lab": LAB,
        "lab_version": sheet().version,
        "simulator_version": mlsysim.__version__,
        "student": {"id": identifier, "section": section},
        "events": events,
        "draft": {},
    } | changes


def pin(function: str, **settings: Any) -> Document:
    """A reading pinned as the page pins it."""
    found = sheet().reading({"reading": function, "settings": settings})
    assert found is not None
    return {
        "reading": function,
        "settings": settings,
        "value": found.value,
        "unit": found.unit,
        "text": found.text,
        "name": found.name,
        "label": found.label,
    }


def work(rng: random.Random, identifier: str, quality: str = "good", section: str = "B2") -> Document:
    """One student's whole lab; the events are what the page writes."""
    at = BEGAN + timedelta(seconds=rng.uniform(0, 90_000))
    steps: list[tuple[datetime, str, Mapping[str, Any]]] = []

    def do(kind: str, data: Mapping[str, Any]) -> None:
        nonlocal at
        at += timedelta(seconds=rng.uniform(15, 240))
        steps.append((at, kind, data))

    variant = sheet().variant(section, identifier)
    answers = sheet().answers(variant)
    do("started", {})
    pins = _pins(rng, variant["context"])
    for lock, letter, own in zip(sheet().locks, "ABC", (pins[:2], pins[2:4], pins[4:]), strict=True):
        said = _said(rng, lock.name, variant)
        typed = {"lock": lock.name, "answer": said, "typed": f"{said:g}", "unit": lock.unit, "reason": "…"}
        do("committed", typed | {"variant": variant})
        for each in own:
            do("pinned", each)
        do("part_done", {"part": letter})
        says = answers[lock.name]
        reveal = {"key": lock.name, "lock": lock.name, "said": said, "says": says, "unit": lock.unit}
        do("revealed", reveal | {"factor": max(said / says, says / said)})
    if rng.random() < 0.7:
        do("failed", {"key": "C memory", "part": "C", "limit": "memory"})
    log = _log(rng, pins, quality)
    met = {item.name: item.met for item in check(log, pins)}
    if all(met.values()):
        do("logged", log | {"check": met})
    do("exported", {"complete": all(met.values())})
    return document(identifier, sign(steps), section, draft={"log": log})


def _pins(rng: random.Random, context: int) -> list[Document]:
    a = [pin("token_time", machine=name, weights="fp16", batch=1, context=512) for name in ("A100", "H100")]
    b = [
        pin("token_time", machine="H100", weights="fp16", batch=rng.choice((8, 16, 32, 64)), context=context),
        pin("crossover", machine=rng.choice(("A100", "H100", "MI300X")), context=rng.choice((64, context))),
    ]
    machine, weights = rng.choice((("A10", "int4"), ("L40S", "int8"), ("A100", "fp16"), ("MI300X", "fp16")))
    shared = {"machine": machine, "weights": weights, "batch": 8, "distance_km": rng.choice((50, 150))}
    return [*a, *b, *(pin("promised", product=product, **shared) for product in ("chat", "completion"))]


def _said(rng: random.Random, lock: str, variant: Mapping[str, Any]) -> float:
    says = sheet().answers(variant)[lock]
    assert not isinstance(says, str)
    wrong = [each.value for each in sheet().assumptions(variant)[lock] if not isinstance(each.value, str)]
    guess = rng.choice([says, *wrong, says * 10 ** rng.uniform(-1, 1)]) * 10 ** rng.uniform(-0.03, 0.03)
    return float(f"{guess:.2g}")


def handed_in(seed: int = 5) -> list[Handed]:
    """The class."""
    rng = random.Random(seed)
    numbers = iter(range(1, 1000))
    found: list[Handed] = []
    for kind, count in MIX.items():
        for index in range(count):
            identifier = f"s{next(numbers):03}"
            found.append(_one(rng, kind, index, identifier, found))
    assert len(found) == 180
    return found


def _one(rng: random.Random, kind: str, index: int, identifier: str, before: list[Handed]) -> Handed:
    name = f"lab_02_ml_systems-{identifier}.json"
    if kind in ("good", "fair", "poor"):
        return Handed(name, text_of(work(rng, identifier, kind)), kind)
    if kind == "corrupt":
        name, content = CORRUPT[index](rng, identifier)
        return Handed(name, content, kind)
    victim = before[7 * index + len(kind)]
    theirs = json.loads(victim.content)
    if kind == "re-export":
        again = resigned(theirs, lambda events: events.append(_later(events[-1], "exported", {"complete": True})))
        return Handed(victim.name.replace(".json", " (1).json"), text_of(again), kind, victim.name)
    if kind == "copied chain":
        return Handed(name, text_of(theirs | {"student": {"id": identifier, "section": "B2"}}), kind, victim.name)
    mine = work(rng, identifier)
    if kind == "copied log":
        log = _disguised(rng, theirs["draft"]["log"])
        mine = resigned(mine | {"draft": {"log": log}}, lambda events: _last(events, "logged")["data"].update(log))
        return Handed(name, text_of(mine), kind, victim.name)
    return Handed(name, text_of(SPOILT[kind](rng, mine)), kind)


def _disguised(rng: random.Random, log: Mapping[str, str]) -> dict[str, str]:
    """Somebody else's log with a few words and every third figure changed."""
    text = re.sub(r"\bH100\b", "H100 card", log["text"].replace("users", "readers"))
    return {
        "term": log["term"],
        "gave_up": "the spare capacity",
        "text": text.replace(" ms", f".{rng.randint(1, 9)} ms", 1),
    }


def _last(events: list[Document], kind: str) -> Document:
    return next(event for event in reversed(events) if event["kind"] == kind)


def _later(event: Document, kind: str, data: Mapping[str, Any], minutes: float = 9) -> Document:
    at = datetime.fromisoformat(event["at"]) + timedelta(minutes=minutes)
    return {"at": at.isoformat(), "kind": kind, "data": data}


def _edited(rng: random.Random, mine: Document) -> Document:
    _last(mine["events"], rng.choice(("pinned", "committed", "logged")))["data"]["value"] = 1
    return mine


def _cut(rng: random.Random, mine: Document) -> Document:
    del mine["events"][rng.randrange(1, len(mine["events"]) - 1)]
    return mine


def _reordered(rng: random.Random, mine: Document) -> Document:
    at = rng.randrange(1, len(mine["events"]) - 2)
    mine["events"][at : at + 2] = mine["events"][at : at + 2][::-1]
    return mine


def _better_figure(rng: random.Random, mine: Document) -> Document:
    return resigned(mine, lambda events: _last(events, "pinned")["data"].update(value=0.001, text="1 ms"))


def _better_prediction(rng: random.Random, mine: Document) -> Document:
    def change(events: list[Document]) -> None:
        for event in events:
            if event["kind"] == "committed":
                says = sheet().answers(event["data"]["variant"])[event["data"]["lock"]]
                right = float(f"{says * 1.11:.3g}")  # type: ignore[operator]
                event["data"].update(answer=right, typed=str(right))

    return resigned(mine, change)


def _other_reveal(rng: random.Random, mine: Document) -> Document:
    def change(events: list[Document]) -> None:
        data = _last(events, "revealed")["data"]
        data.update(says=data["said"], factor=1.0)

    return resigned(mine, change)


def _twice(rng: random.Random, mine: Document) -> Document:
    def change(events: list[Document]) -> None:
        at = next(index for index, event in enumerate(events) if event["kind"] == "committed")
        events.insert(
            at + 1, _later(events[at], "committed", events[at]["data"] | {"answer": 1.6, "typed": "1.6"}, 0.1)
        )

    return resigned(mine, change)


def _back_dated(rng: random.Random, mine: Document) -> Document:
    def change(events: list[Document]) -> None:
        for event in events[-2:]:
            event["at"] = (datetime.fromisoformat(event["at"]) - timedelta(days=2)).isoformat()

    return resigned(mine, change)


def _beheaded(rng: random.Random, mine: Document) -> Document:
    del mine["events"][-2:]
    return mine


def _no_such_reading(rng: random.Random, mine: Document) -> Document:
    return resigned(mine, lambda events: _last(events, "pinned")["data"].update(reading="eval"))


SPOILT: dict[str, Callable[[random.Random, Document], Document]] = {
    "edited": _edited,
    "cut in the middle": _cut,
    "re-ordered": _reordered,
    "re-signed figure": _better_figure,
    "re-signed prediction": _better_prediction,
    "re-signed reveal": _other_reveal,
    "locked twice": _twice,
    "back-dated": _back_dated,
    "cut at the end": _beheaded,
    "no such reading": _no_such_reading,
}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 21, 12, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _spoilt_text(change: Callable[[bytes], bytes]) -> Callable[[random.Random, str], tuple[str, bytes]]:
    def make(rng: random.Random, identifier: str) -> tuple[str, bytes]:
        return f"lab_02_ml_systems-{identifier}.json", change(text_of(work(rng, identifier)))

    return make


CORRUPT = [
    _spoilt_text(lambda text: b""),
    _spoilt_text(lambda text: text[: len(text) // 2]),
    _spoilt_text(lambda text: text.decode().encode("utf-16")),
    _spoilt_text(lambda text: text.replace(b'"seq":0', b'"seq":NaN')),
    _spoilt_text(lambda text: text.replace(b'"draft":{', b'"draft":{"x":' + b"[" * 60_000 + b"]" * 60_000 + b",")),
    _spoilt_text(lambda text: text.replace(b'"lab":', b'"lab":"x","lab":')),
    _spoilt_text(lambda text: text + b" " * 2_100_000),
    _spoilt_text(lambda text: text.replace(b"vol1/lab_02_ml_systems", b"vol9/lab_77_nowhere")),
    _spoilt_text(lambda text: text.replace(b"mlsysim-submission/1", b"mlsysim-submission/2")),
    lambda rng, identifier: (f"{identifier}.zip", zipped({"inner.zip": zipped({"a.json": b"{}"})})),
    lambda rng, identifier: (f"{identifier} notes.docx", b"PK\x03\x04 not a submission"),
]


def _log(rng: random.Random, pins: list[Document], quality: str) -> dict[str, str]:
    """A Decision Log from slots, so that no two are alike; a fair one lacks one thing, a poor one two or three."""
    shown = [each["text"] for each in pins]
    choice, figures, cause, share, price = (
        [_filled(rng, sentence, shown) for sentence in SENTENCES[topic]]
        for topic in ("choice", "figures", "cause", "share", "price")
    )
    gave_up = rng.choice(("room for longer contexts", "some accuracy of the answers", "spare capacity", "a lower bill"))
    if quality == "poor":
        return {"term": "", "gave_up": "", "text": " ".join(rng.sample([*choice, *VAGUE, *VAGUE], 4))}
    if quality == "fair" and rng.random() < 0.5:
        cause, share = [], []
        filler = rng.sample(VAGUE, 4)
    elif quality == "fair":
        price, gave_up = [], ""
        filler = rng.sample(VAGUE, 4)
    else:
        filler = rng.sample(VAGUE, 2)
    wanted = ((choice, 2), (figures, 3), (cause, 2), (share, 2), (price, 2))
    parts = [rng.sample(topic, min(len(topic), count)) for topic, count in wanted]
    return {
        "term": TERM if cause else "",
        "gave_up": gave_up,
        "text": " ".join(sentence for part in (*parts, filler) for sentence in part),
    }


def _filled(rng: random.Random, sentence: str, shown: list[str]) -> str:
    while match := re.search(r"\{([^{}]*)\}", sentence):
        word = rng.choice(match.group(1).split("|"))
        sentence = sentence[: match.start()] + word + sentence[match.end() :]
    return re.sub(r"#(\d)", lambda found: shown[int(found.group(1))], sentence)


def whole() -> Iterator[tuple[str, bytes]]:
    """The class as names and contents, in the order of the names."""
    yield from sorted((each.name, each.content) for each in handed_in())
