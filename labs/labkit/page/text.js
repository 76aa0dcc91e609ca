// A text that a part takes, such as a design as JSON. What is typed is kept, whatever the notebook makes of it.

class LabText extends LabElement {
  build() {
    const { name, label, text } = this.spec;
    this.name = name;
    this.area = el("textarea", {
      name,
      rows: Math.min(24, text.split("\n").length + 1),
      maxLength: 6000,
      spellcheck: false,
      value: text,
      oninput: () => this.change(),
    });
    const back = el("button.quiet", { type: "button", onclick: () => this.restore() }, "Begin again from the example");
    const field = el("label", {}, el("span", {}, label), this.area);
    this.replaceChildren(el("form.text", { onsubmit: (event) => event.preventDefault() }, field, el("div.tools", {}, back)));
  }

  restore() {
    this.area.value = this.spec.text;
    this.change();
  }

  change() {
    this.touched = performance.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const text = this.area.value.toWellFormed();
      store.assign("controls", this.name, text);
      this.emit(text);
    }, 300);
  }

  render() {
    const kept = store.record.controls[this.name];
    if (typeof kept === "string" && !(performance.now() - this.touched < 600)) this.area.value = kept;
    this.emit(this.area.value.toWellFormed());
  }
}
