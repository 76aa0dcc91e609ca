"""A student at the lab's page: what one does there, in one's own words."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Download, Locator, Page, expect

import record

BOOT = 120_000
GOOD_LOG = (
    "For eight users at once I would buy the A10 rather than anything larger. In FP16 a step of one user takes 36 ms, "
    "and the promise is 40 ms; the H100 does the same in 7.0 ms where the A100 needs 11 ms. The term that binds is "
    "bandwidth: nearly all of the step goes into moving bytes of weights out of memory, and the arithmetic of even the "
    "smallest accelerator waits for them. Users who share a batch share those bytes, which is why eight of them cost "
    "hardly more than one. Fewer bits per weight would move the design well inside the promise, at a price in accuracy "
    "that has to be measured before it is sold. What she gives up is room for growth: longer contexts bring a KV cache "
    "of their own that nobody shares, and the upper end of the estimate already lies above the limit."
)


class Student:
    """Drives one page of the lab."""

    def __init__(self, page: Page, address: str, lab: str = record.LAB) -> None:
        self.page = page
        self.address = address
        self.lab = lab
        page.add_init_script(_WATCH)

    def has(self, events: Iterable[record.Event], /, **changes: object) -> None:
        """Give the student a record, as if these things had been done on an earlier day."""
        self.has_text(record.record_text(events, **changes))

    def has_text(self, text: str) -> None:
        """Put any text where the record is kept."""
        self.page.goto(f"{self.address}/index.html")
        record.put(self.page, text)

    def open(self, query: str = "") -> None:
        """Open the lab's page; its own script has run when this returns, Python has not."""
        self.page.goto(f"{self.address}/{self.lab}.html{query}", wait_until="commit")
        self.page.wait_for_function(_KIT_RAN)

    def reload(self) -> None:
        """Open the page again."""
        self.page.reload(wait_until="commit")
        self.page.wait_for_function(_KIT_RAN)

    def is_live(self) -> None:
        """Wait until the notebook has taken over."""
        expect(self.page.locator("html")).to_have_attribute("data-state", "live", timeout=BOOT)

    @property
    def stored(self) -> dict[str, Any]:
        """The record as it lies in the browser's storage."""
        return json.loads(record.get(self.page, self.lab) or "null")

    def keeps(self, test: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the stored record answers to a test."""
        self.until(lambda: (kept := self.stored) is not None and test(kept))

    def until(self, test: Callable[[], object], seconds: float = 15) -> None:
        """Wait until a test is true, and let the browser speak meanwhile."""
        end = time.monotonic() + seconds
        while not test():
            assert time.monotonic() < end, "it did not come to this in time"
            self.page.wait_for_timeout(50)

    def event(self, kind: str) -> dict[str, Any]:
        """The only event of a kind in the stored record."""
        (found,) = (event for event in self.stored["events"] if event["kind"] == kind)
        return found

    # The locks

    @property
    def locks(self) -> Locator:
        """The Prediction Locks on the page, from the top."""
        return self.page.get_by_role("region", name="Prediction Lock")

    @property
    def asked(self) -> Locator:
        """The form of the lock that is still open, as soon as it is there."""
        form = self.locks.locator("form:visible")
        expect(form).to_have_count(1)
        return form

    def lock(self, answer: str, reason: str = "") -> None:
        """Answer the lock that is still open, and commit."""
        form = self.asked
        if form.get_by_role("radio").count():
            form.get_by_role("radio", name=answer, exact=True).check()
        else:
            form.get_by_label("Your answer").fill(answer)
        form.get_by_label("Why?").fill(reason)
        form.get_by_role("button", name="Lock my prediction").click()

    def identify(self, section: str, identifier: str) -> None:
        """Say who one is in a section."""
        self.page.get_by_label(f"Section {section}").fill(identifier)

    # The parts

    def panel(self, letter: str) -> Locator:
        """The controls of a part."""
        return self.page.get_by_role("group", name=f"Controls of part {letter}")

    def instrument(self, letter: str) -> Locator:
        """Chart and readings of a part, where all parts up to it are open."""
        return self.page.locator(".instrument").nth("ABC".index(letter))

    def pick(self, letter: str, **choices: str) -> None:
        """Pick values of choices by their labels, blanks as underscores."""
        for label in choices.values():
            self.panel(letter).get_by_role("radio", name=label, exact=True).check()

    def pull(self, letter: str, label: str, index: int) -> None:
        """Put a slider on its n-th value, if it is not there."""
        slider = self.panel(letter).get_by_role("slider", name=label, exact=True)
        if slider.input_value() != str(index):
            slider.fill(str(index))

    def set(self, part: Any, settings: Mapping[str, Any]) -> None:
        """Put those of a part's controls that stand elsewhere on these values, one after the other."""
        stand = self.panel(part.letter).evaluate("group => group.closest('lab-panel').values")
        for control in part.controls:
            value = settings[control.name]
            if stand[control.name] == value:
                continue
            if control.kind == "choice":
                self.pick(part.letter, label=control.text(value))
            else:
                self.pull(part.letter, control.label, control.values.index(value))

    def reset(self, letter: str) -> None:
        """Press a part's Reset button."""
        self.panel(letter).get_by_role("button", name="Reset").click()

    def finish(self) -> None:
        """End the part one is in."""
        self.page.get_by_role("button", name="Compare with my prediction").click()

    def readings(self, letter: str) -> list[dict[str, Any]]:
        """What a part's pin buttons would pin."""
        return [json.loads(pin) for pin in self.instrument(letter).locator("lab-pin").evaluate_all(_SPECS)]

    def text(self, letter: str) -> str:
        """All that a part's instrument says beside its chart."""
        return "\n".join(self.instrument(letter).locator(".says, .reading p").all_inner_texts())

    def says(self, letter: str) -> str:
        """The same, with every notice that a design breaks a limit."""
        return self.text(letter) + str(self.page.locator(".failure").all_inner_texts())

    def settle(self, letter: str) -> str:
        """Wait until the notebook has answered all that was set; what a part says then."""
        self.page.wait_for_function(_ANSWERED, polling=50)
        self.page.evaluate("new Promise(requestIdleCallback)")
        return self.says(letter)

    def marks(self, letter: str) -> list[dict[str, str]]:
        """The data of the marks in a part's chart, as they stand in the drawing."""
        labels = self.instrument(letter).locator("svg [role=graphics-symbol]").evaluate_all(_LABELS)
        return [dict(field.split(": ", 1) for field in label.split("; ")) for label in labels if _MARK.match(label)]

    def failure(self, limit: str) -> Locator:
        """The notice that a design breaks a limit."""
        return self.page.locator(f".failure[data-limit={limit}]")

    # Readings and log

    def pin(self, letter: str, index: int = 0) -> None:
        """Pin a reading of a part, if it is not pinned."""
        button = self.instrument(letter).locator("lab-pin button").nth(index)
        if button.get_attribute("aria-pressed") != "true":
            button.click()
        expect(button).to_have_text("Pinned ✓")

    @property
    def pinned(self) -> Locator:
        """The readings beside the column."""
        return self.page.locator("aside lab-readings dl > div")

    @property
    def check(self) -> Locator:
        """What the log lacks."""
        return self.page.locator("lab-check")

    def write(self, text: str = GOOD_LOG, term: str = "bytes moved, D/BW", gave_up: str = "room for growth") -> None:
        """Fill in the Decision Log."""
        self.page.get_by_role("combobox", name="Which term").select_option(term)
        self.page.get_by_label("What did you give up?").fill(gave_up)
        self.page.locator("textarea[name=text]").fill(text)

    def sign(self) -> None:
        """Sign off the log."""
        self.page.get_by_role("button", name="Sign off the log").click()
        expect(self.check.get_by_role("status")).to_contain_text("Signed off")

    def download(self, button: str) -> Download:
        """Press a button that hands over a file."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=button).click()
        return waiting.value

    def submission(self) -> bytes:
        """The submission file."""
        return Path(self.download("Download the submission").path()).read_bytes()


_MARK = re.compile(r"[\w ,]+: ")  # axes and legends are described by a sentence
# Python has been asked something, and when it was last heard of; several questions may have one answer.
_WATCH = """
if (!self.asking) {
  const asking = (self.asking = { open: false, at: 0 });
  self.Worker = class extends Worker {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", ({ data }) => {
        asking.at = performance.now();
        if (data.data?.payload?.message?.startsWith?.('{"op": "completed-run"')) asking.open = false;
      });
    }
    postMessage(...what) {
      asking.at = performance.now();
      asking.open ||= what[0].data?.params?.functionName === "put_control_request";
      super.postMessage(...what);
    }
  };
}
"""
_ANSWERED = "!asking.open && performance.now() - asking.at > 100"
_KIT_RAN = "performance.getEntriesByName('kit').length"
_SPECS = "pins => pins.map(pin => pin.dataset.spec)"
_LABELS = "marks => marks.map(mark => mark.getAttribute('aria-label'))"
