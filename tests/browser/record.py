"""Readers' records and the place where the browser keeps them, from outside the page."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import rfc8785
from playwright.sync_api import Page

import catalog
import mlsysim

LAB = "vol1/lab_02_ml_systems"
STARTED = ("started", {})

Event = tuple[str, Mapping[str, Any]]


def committed(lock: str, answer: float, unit: str) -> Event:
    """The event by which a prediction is locked."""
    return "committed", {"lock": lock, "answer": answer, "typed": str(answer), "unit": unit, "reason": ""}


FIRST_LOCKED = (STARTED, committed("speedup", 3.2, "×"))
ALL_OPEN = (
    *FIRST_LOCKED,
    ("part_done", {"part": "A"}),
    committed("crossover", 30, "sequences"),
    ("part_done", {"part": "B"}),
    committed("bandwidth", 2000, "GB/s"),
    ("part_done", {"part": "C"}),
)


@cache
def version_of(lab: str) -> str:
    """The version of a lab, as its notebook says; of one that is not there, the first."""
    notebook = catalog.LABS / f"{lab}.py"
    text = notebook.read_text(encoding="utf-8") if notebook.is_file() else ""
    found = re.search(r'version="(\w+)"', text)
    return found[1] if found else "1"


def chained(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as a record holds them, each with the hash of the one before: what the page does, done by Python."""
    chain: list[dict[str, Any]] = []
    previous = "0" * 64
    for seq, (kind, data) in enumerate(events):
        event = {"seq": seq, "at": f"2026-11-21T10:00:{seq:02}.000Z", "kind": kind, "data": data, "prev": previous}
        previous = hashlib.sha256(rfc8785.dumps(event)).hexdigest()
        chain.append(event | {"hash": previous})
    return chain


def record(events: Iterable[Event], /, **changes: object) -> dict[str, Any]:
    """A whole record; `changes` replace its fields."""
    return {
        "format": "mlsysim-lab-record/1",
        "lab": LAB,
        "lab_version": version_of(str(changes.get("lab", LAB))),
        "simulator_version": mlsysim.__version__,
        "student": {"id": "", "section": ""},
        "events": chained(events),
        "controls": {},
        "draft": {},
    } | changes


def record_text(events: Iterable[Event], /, **changes: object) -> str:
    """A record as the page stores it."""
    return rfc8785.dumps(record(events, **changes)).decode()


_WITH_STORE = """async ([mode, act]) => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open("mlsysim-labs", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction("records", mode);
  const request = new Function("records", "return " + act)(transaction.objectStore("records"));
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
  database.close();
  return request.result;
}"""


def put(page: Page, text: str, key: str = LAB) -> None:
    """Store a record from a page of the same origin."""
    page.evaluate(_WITH_STORE, ["readwrite", f"records.put({_js(text)}, {_js(key)})"])


def get(page: Page, key: str = LAB) -> str | None:
    """The stored text of a record."""
    return page.evaluate(_WITH_STORE, ["readonly", f"records.get({_js(key)})"])


def keys(page: Page) -> list[str]:
    """The names of all stored records."""
    return page.evaluate(_WITH_STORE, ["readonly", "records.getAllKeys()"])


def _js(text: str) -> str:
    return rfc8785.dumps(text).decode()
