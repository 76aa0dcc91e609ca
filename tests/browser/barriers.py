"""What keeps people from reading a page: axe's rules, contrast, sideways scrolling, small text; in every look."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Look = tuple[int, str]
LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
MOST_SEVERE = ("serious", "critical")
CONTRASTS = ["color-contrast", "link-in-text-block"]

# Text that is shown, in shadow trees too, with the size at which it comes to the screen.
SMALL_TEXT = """() => {
  const small = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) {
      const parent = node.parentElement;
      const box = parent.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(parent).fontSize);
      if (parent.checkVisibility() && box.width > 1 && box.height > 1 && size < 11) small.push([node.data, size]);
    }
    if (["SCRIPT", "STYLE"].includes(node.tagName)) return;
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector("#main"));
  return small;
}"""

# axe measures contrast point by point, and a table of ten thousand cells takes a minute. Texts of one kind, colour,
# size and weight on the same grounds, in text of the same colour, have the same contrast: two of each are marked.
SAMPLE = """() => {
  const grounds = new Map([[null, ""]]);
  const ground = (node) => {
    if (!grounds.has(node)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(node);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const clear = own === "rgba(0, 0, 0, 0),none,1";
      grounds.set(node, ground(node.parentElement) + (clear ? "" : `/${own}`));
    }
    return grounds.get(node);
  };
  const found = {};
  for (const node of document.querySelectorAll("body, body *")) {
    delete node.dataset.sample;
    const box = node.getBoundingClientRect();
    if (!node.checkVisibility({ visibilityProperty: true }) || box.width < 2 || box.height < 2) continue;
    const says = [...node.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
    if (node.shadowRoot) node.dataset.sample = "";
    else if (says || node.matches("input, select, textarea")) {
      const { color, fill, fontSize, fontWeight, textDecorationLine, textShadow } = getComputedStyle(node);
      const around = getComputedStyle(node.parentElement).color;
      const looks = [color, fill, fontSize, fontWeight, textDecorationLine, textShadow, around, ground(node)];
      const kind = [node.tagName, node.disabled, ...looks].join();
      found[kind] = (found[kind] ?? 0) + 1;
      if (found[kind] <= 2) node.dataset.sample = "";
    }
  }
}"""


def dressed(page: Page, look: Look) -> Page:
    """The page at this width and in this colour scheme."""
    width, scheme = look
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    page.wait_for_function("!document.getAnimations().some((animation) => animation instanceof CSSTransition)")
    return page


def is_fit_to_read(page: Page) -> None:
    """No serious violation, no sideways scrolling, no text smaller than 11 px."""
    is_without_barriers(page)
    keeps_to_the_screen(page)


def keeps_to_the_screen(page: Page) -> None:
    """No sideways scrolling, no text smaller than 11 px."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    small = page.evaluate(SMALL_TEXT)
    assert not small, small


def is_without_barriers(page: Page) -> None:
    """No serious violation that axe finds."""
    _finds_nothing(page, None, rules={rule: {"enabled": False} for rule in CONTRASTS})
    has_contrast(page)


def has_contrast(page: Page) -> None:
    """Every text stands out from its ground, every link from the text around it."""
    page.evaluate(SAMPLE)
    _finds_nothing(page, "[data-sample]", runOnly=CONTRASTS)


def _finds_nothing(page: Page, context: str | None, **options: object) -> None:
    """axe finds no serious violation in what a selector chooses."""
    found = Axe().run(page, context, {"resultTypes": ["violations"]} | options).response["violations"]
    severe = [
        (
            violation["id"],
            violation["help"],
            [(node["html"][:200], node["failureSummary"]) for node in violation["nodes"]],
        )
        for violation in found
        if violation["impact"] in MOST_SEVERE
    ]
    assert not severe, severe
