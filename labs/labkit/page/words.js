// The reader's own words at the end of a tutorial: a draft that is always kept, and what they settled on.

class LabWords extends LabElement {
  build() {
    this.area = el("textarea", { name: "text", rows: 5, maxLength: 6000, oninput: () => this.draft() });
    this.keep = el("button.primary", { type: "submit" }, "Keep it");
    const print = el("button.quiet", { type: "button", onclick: () => printReport() }, "Print");
    this.state = el("p.small", { role: "status" });
    this.replaceChildren(
      el(
        "form.log",
        { onsubmit: (event) => this.settle(event) },
        el("label", {}, el("span", {}, this.spec.prompt), this.area),
        el("div", {}, this.keep, " ", print),
        this.state,
      ),
    );
    store.ready.then(() => {
      this.area.value = store.record.draft.log?.text ?? "";
      this.render();
    });
  }

  text() {
    return this.area.value.toWellFormed();
  }

  draft() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => store.assign("draft", "log", { text: this.text() }), 300);
    this.render();
  }

  async settle(event) {
    event.preventDefault();
    clearTimeout(this.timer);
    const text = this.text();
    await store.assign("draft", "log", { text });
    await store.append("logged", { text });
  }

  render() {
    const logged = store.last("logged");
    const same = logged?.data.text === this.text();
    this.keep.disabled = same || !this.text().trim();
    this.state.textContent = same ? `Kept ${clock(logged.at)}. That was the tutorial; you can still change your words and keep them again.` : "A sentence or two will do. The draft is kept as it is.";
  }
}
