// A part's controls. They are native inputs, alive before Python; what they hold is kept in the record.

class LabPanel extends LabElement {
  build() {
    const { name, title, controls } = this.spec;
    this.name = name;
    this.controls = controls;
    this.values = Object.fromEntries(this.controls.map((control) => [control.name, control.value]));
    this.fields = new Map();
    const nodes = this.controls.map((control) => {
      const node = control.kind === "choice" ? this.choice(control) : this.slider(control);
      this.fields.set(control.name, node);
      return node;
    });
    const quiet = (text, onclick) => el("button.quiet", { type: "button", onclick }, text);
    this.back = quiet("Last setting", () => this.change(this.previous));
    this.back.title = "Go back to the setting before this one; press again to compare";
    this.link = quiet("Link", () => this.copyLink());
    this.link.title = "Copy a link to this setting";
    const tools = el("div.tools", {}, this.back, this.link, quiet("Reset", () => this.change(this.defaults())));
    this.replaceChildren(el("div.panel", { role: "group", "aria-label": title }, ...nodes, tools));
    this.paint();
  }

  defaults() {
    return Object.fromEntries(this.controls.map((control) => [control.name, control.value]));
  }

  slider(control) {
    const id = `${this.name}-${control.name}`;
    const input = el("input", {
      type: "range",
      id,
      min: 0,
      max: control.values.length - 1,
      step: 1,
      oninput: () => this.change({ [control.name]: control.values[Number(input.value)] }, 250),
    });
    const shown = el("output", { htmlFor: id });
    const node = el("div.control", {}, el("label", { htmlFor: id }, control.label), shown, input);
    node.set = (value) => {
      const index = control.values.indexOf(value);
      const text = control.texts[index];
      input.value = index;
      input.style.setProperty("--fill", `${(100 * index) / Math.max(1, control.values.length - 1)}%`);
      input.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    };
    return node;
  }

  choice(control) {
    const group = `${this.isConnected && this.closest("marimo-ui-element") ? "live" : "page"}-${this.name}-${control.name}`;
    const inputs = control.values.map((value, index) => {
      const input = el("input", {
        type: "radio",
        name: group,
        value: String(value),
        onchange: () => this.change({ [control.name]: value }),
      });
      return [value, input, el("label", {}, input, el("span", {}, control.texts[index]))];
    });
    const node = el(
      "fieldset.control",
      {},
      el("legend", {}, control.label),
      el("div.segments", {}, ...inputs.map(([, , label]) => label)),
    );
    node.set = (value) => inputs.forEach(([own, input]) => (input.checked = own === value));
    return node;
  }

  // The link holds this panel's setting; where it is opened, the controls stand there (see `linked`).
  async copyLink() {
    const fields = new URLSearchParams(this.values);
    const url = new URL(location.href);
    url.hash = `${this.name}?${fields}`;
    history.replaceState(null, "", url);
    const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
    this.link.textContent = copied ? "Link copied" : "Link is in the address";
    setTimeout(() => (this.link.textContent = "Link"), 3_000);
  }

  // A slider in motion settles before it is written; what was clicked is written at once, and before whatever comes next.
  change(some, settle = 0) {
    const before = this.values;
    this.values = { ...this.values, ...some };
    // A slider's drag is one move: where it began is what one comes back to.
    if (!this.moving) this.previous = before;
    clearTimeout(this.moving);
    this.moving = setTimeout(() => (this.moving = undefined), 700);
    this.touched = performance.now();
    this.paint();
    this.emit(this.values);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => store.assign("controls", this.name, this.values), settle);
    pending.set(this.name, this.values);
  }

  paint() {
    for (const [name, node] of this.fields) node.set(this.values[name]);
    this.back.hidden = !this.previous || canonical(this.previous) === canonical(this.values);
  }

  render() {
    // What was moved on this page in the last moments counts more than what the record says.
    const kept = pending.get(this.name) ?? store.record.controls[this.name];
    if (kept && !(performance.now() - this.touched < 600)) {
      const valid = this.controls.filter((control) => control.values.includes(kept[control.name]));
      for (const control of valid) this.values[control.name] = kept[control.name];
      this.paint();
    }
    this.emit(this.values);
  }
}

// Control values moved on this page: a panel that is drawn anew (the notebook's, over the page's) starts from them.
const pending = linked();

// A link to a setting, such as #B?batch=64&machine=H100; a panel takes from it what its controls can hold.
function linked() {
  const [part, query] = location.hash.slice(1).split("?");
  if (!query) return new Map();
  const value = (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
  return new Map([[part, Object.fromEntries([...new URLSearchParams(query)].map(([name, text]) => [name, value(text)]))]]);
}
