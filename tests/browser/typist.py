"""A student without a pointer."""

from playwright.sync_api import Download, Locator, expect

from student import GOOD_LOG, Student

RING = """(node) => {
  const shown = node.matches(".segments input") ? node.nextElementSibling : node;
  const style = getComputedStyle(shown);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
GROUP = "node => document.getElementsByName(node.name).values().toArray().map(each => [each === node, each.checked])"


def tab_to(target: Locator) -> Locator:
    """Press Tab, or Shift and Tab where the target lies behind, until it has the focus, which can be seen."""
    expect(target).to_be_visible()
    back = target.evaluate("node => document.activeElement.compareDocumentPosition(node) === 2")
    for _ in range(120):
        if target.evaluate("node => node === document.activeElement"):
            assert target.evaluate(RING), "the focus cannot be seen"
            return target
        target.page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError("Tab does not come to it")


class Typist(Student):
    """Comes to everything with Tab and does everything with keys; where the focus is can be seen."""

    def press(self, key: str, times: int = 1) -> None:
        """Press a key."""
        for _ in range(times):
            self.page.keyboard.press(key)

    def choose(self, radio: Locator) -> None:
        """Choose one of several: Tab comes to the chosen one, arrows go from there."""
        group = radio.evaluate(GROUP)
        wanted = [mine for mine, _ in group].index(True)
        chosen = next((place for place, (_, checked) in enumerate(group) if checked), None)
        if chosen == wanted:
            return
        name = radio.get_attribute("name")
        tab_to(self.page.locator(f'input[name="{name}"]').nth(chosen or 0))
        if chosen is None:
            self.press("Space")
        steps = wanted - (chosen or 0)
        self.press("ArrowRight" if steps > 0 else "ArrowLeft", abs(steps))
        expect(radio).to_be_checked()

    def lock(self, answer: str, reason: str = "") -> None:
        """Answer the lock that is still open, and commit."""
        form = self.asked
        if form.get_by_role("radio").count():
            self.choose(form.get_by_role("radio", name=answer, exact=True))
        else:
            tab_to(form.get_by_label("Your answer"))
            self.page.keyboard.type(answer)
        tab_to(form.get_by_label("Why?"))
        self.page.keyboard.insert_text(reason)
        self.press("Enter")

    def identify(self, section: str, identifier: str) -> None:
        """Say who one is in a section."""
        tab_to(self.page.get_by_label(f"Section {section}"))
        self.page.keyboard.type(identifier)

    def pick(self, letter: str, **choices: str) -> None:
        """Pick values of choices by their labels."""
        for label in choices.values():
            self.choose(self.panel(letter).get_by_role("radio", name=label, exact=True))

    def pull(self, letter: str, label: str, index: int) -> None:
        """Put a slider on its n-th value."""
        slider = self.panel(letter).get_by_role("slider", name=label, exact=True)
        steps = index - int(slider.input_value())
        if steps:
            tab_to(slider)
            self.press("ArrowRight" if steps > 0 else "ArrowLeft", abs(steps))

    def reset(self, letter: str) -> None:
        """Press a part's Reset button."""
        tab_to(self.panel(letter).get_by_role("button", name="Reset"))
        self.press("Enter")

    def pin(self, letter: str, index: int = 0) -> None:
        """Pin a reading of a part, if it is not pinned."""
        button = tab_to(self.instrument(letter).locator("lab-pin button").nth(index))
        if button.get_attribute("aria-pressed") != "true":
            self.press("Space")
        expect(button).to_have_attribute("aria-pressed", "true")

    def finish(self) -> None:
        """End the part one is in."""
        tab_to(self.page.get_by_role("button", name="Compare with my prediction"))
        self.press("Enter")

    def write(self, text: str = GOOD_LOG, term: str = "bytes moved, D/BW", gave_up: str = "room for growth") -> None:
        """Fill in the Decision Log."""
        tab_to(self.page.get_by_role("combobox", name="Which term"))
        self.page.keyboard.type(term)
        tab_to(self.page.get_by_label("What did you give up?"))
        self.page.keyboard.insert_text(gave_up)
        tab_to(self.page.locator("textarea[name=text]"))
        self.page.keyboard.insert_text(text)

    def sign(self) -> None:
        """Sign off the log."""
        button = self.page.get_by_role("button", name="Sign off the log")
        expect(button).to_be_enabled()
        tab_to(button)
        self.press("Enter")
        expect(self.check.get_by_role("status")).to_contain_text("Signed off")

    def download(self, button: str) -> Download:
        """Press a button that hands over a file."""
        tab_to(self.page.get_by_role("button", name=button))
        with self.page.expect_download() as waiting:
            self.press("Enter")
        return waiting.value
