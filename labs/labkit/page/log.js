// The Decision Log: a draft that is always kept, and a signed-off version once its check is met.

class LabLog extends LabElement {
  build() {
    const { spec } = this;
    const draft = () => this.draft();
    const select = (name, label, options) =>
      el(
        "label",
        {},
        el("span", {}, label),
        el(
          "select",
          { name, onchange: draft },
          el("option", { value: "" }, "choose"),
          ...options.map((option) => el("option", { value: option }, option)),
        ),
      );
    this.count = el("p.small");
    this.insert = el("div.insert");
    this.form = el(
      "form.log",
      { onsubmit: (event) => event.preventDefault(), oninput: draft },
      select("term", "Which term of the Iron Law binds your design?", spec.terms),
      el("label", {}, el("span", {}, "What did you give up?"), el("input", { name: "gave_up", maxLength: 200 })),
      el(
        "label",
        {},
        el("span", {}, spec.prompt),
        el("textarea", { name: "text", rows: 9, maxLength: 6000, "aria-describedby": "log-count" }),
      ),
      this.insert,
      this.count,
    );
    this.count.id = "log-count";
    this.append(this.form);
    store.ready.then(() => {
      const kept = store.record.draft.log ?? {};
      for (const name of ["term", "gave_up", "text"]) if (kept[name]) this.form[name].value = kept[name];
      this.count.textContent = this.words();
      this.emit(this.value());
    });
  }

  value() {
    const { term, gave_up, text } = this.form;
    return { term: term.value, gave_up: gave_up.value.toWellFormed(), text: text.value.toWellFormed() };
  }

  words() {
    const count = this.form.text.value.split(/\s+/).filter(Boolean).length;
    return `${count} of about 200 words`;
  }

  draft() {
    this.count.textContent = this.words();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      store.assign("draft", "log", this.value());
      this.emit(this.value());
    }, 300);
  }

  cite(text) {
    const area = this.form.text;
    const before = area.value.slice(0, area.selectionStart);
    area.setRangeText(`${before && !/\s$/.test(before) ? " " : ""}${text} `, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    this.draft();
  }

  render() {
    this.insert.replaceChildren(
      ...store
        .pins()
        .map(({ data }) =>
          el("button.pin", { type: "button", onclick: () => this.cite(`${data.text} (${data.label})`) }, `+ ${data.text}`),
        ),
    );
  }
}

// The notebook's judgement of the draft; the log can be signed off when nothing is missing.
class LabCheck extends LabElement {
  build() {
    this.body = el("div.check", { "aria-live": "polite" });
    this.sign = el("button.primary", { type: "button", onclick: () => this.signOff() }, "Sign off the log");
    this.state = el("p.small", { role: "status" });
    this.append(this.body, this.sign, this.state);
  }

  async signOff() {
    const { log, items } = this.spec;
    await store.append("logged", { ...log, check: Object.fromEntries(items.map(({ name, met }) => [name, met])) });
  }

  render() {
    const { log, items } = this.spec;
    checklist.show(items);
    this.body.replaceChildren(checklistOf(items));
    const complete = items.every(({ met }) => met);
    const logged = store.last("logged");
    const same = logged && ["text", "term", "gave_up"].every((name) => logged.data[name] === log[name]);
    this.sign.disabled = !complete || same;
    this.state.textContent = same
      ? `Signed off ${clock(logged.at)}. The lab is complete; you can still change the log and sign again.`
      : complete
        ? "Everything asked for is there."
        : "The draft is kept as it is. Signing off waits for the open points above.";
  }
}

function checklistOf(items) {
  return el(
    "ul.checklist",
    {},
    ...items.map(({ met, label, hint }) =>
      el(met ? "li.met" : "li", {}, el("span", { "aria-hidden": "true" }, met ? "✓ " : "○ "), label, el("span.hidden", {}, met ? " (there)" : " (open)"), !met && hint ? el("small", {}, hint) : null),
    ),
  );
}

// The same list beside the column.
const checklist = {
  show(items) {
    const place = document.getElementById("aside-check");
    if (place) place.replaceChildren(checklistOf(items.map(({ hint, ...item }) => item)));
  },
};
