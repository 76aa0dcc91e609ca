// Elements from a short notation, and the bridge to the notebook's reactive graph.

// `el("p.note", {id: "x"}, "text", child)`; strings become text nodes, never markup.
function el(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.startsWith("aria")) node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// A custom element that shows a part of the record. Its `data-spec` says what; `build` runs once it is on the page,
// `render` when the record is open, after every change of the record, and when the spec changes.
class LabElement extends HTMLElement {
  static observedAttributes = ["data-spec"];

  attributeChangedCallback() {
    if (this.built && store.mode !== "opening") this.render();
  }

  get spec() {
    return JSON.parse(this.dataset.spec);
  }

  connectedCallback() {
    if (this.built) return;
    this.built = true;
    this.build();
    this.leave = store.subscribe(() => this.render());
  }

  disconnectedCallback() {
    // React may move a node; only one that stays away is let go.
    queueMicrotask(() => {
      if (this.isConnected || !this.leave) return;
      this.leave();
      this.leave = null;
      this.built = false;
      this.release();
      this.replaceChildren();
    });
  }

  build() {}

  release() {}

  render() {}

  // By this marimo knows an element of its own kind.
  __type__ = "__custom_marimo_element__";

  // marimo calls these when the notebook made the element anew: its value there starts over, the record's does not.
  rerender() {
    this.emitted = undefined;
    setTimeout(() => store.mode !== "opening" && this.render());
  }

  reset() {
    this.rerender();
  }

  // Hand a value to the notebook. Without a notebook around the element (the page before Python) this does nothing.
  emit(value) {
    const text = canonical(value);
    const host = this.closest("marimo-ui-element");
    if (!host || text === this.emitted) return;
    this.emitted = text;
    this.dispatchEvent(
      new CustomEvent("marimo-value-input", { bubbles: true, composed: true, detail: { value, element: this } }),
    );
  }
}

function clock(date) {
  return new Date(date).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

// Three significant digits, as a person would write them; labkit/figures.py says the same.
function figure(value) {
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  if (rounded === 0 || (size >= 1e-3 && size < 1e9)) return rounded.toLocaleString("en", { maximumFractionDigits: 6 });
  return rounded.toExponential().replace("e+", "e");
}

function withUnit(text, unit) {
  return unit === "×" || !unit ? `${text}${unit}` : `${text} ${unit}`;
}
