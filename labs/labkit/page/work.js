// The reader's work as a whole: saved to a file, loaded from one, erased; and what an earlier lab handed on.

class LabWork extends LabElement {
  build() {
    this.file = el("input.hidden", { type: "file", accept: ".json,application/json", tabIndex: -1, "aria-label": "Record to load", onchange: () => this.load() });
    this.state = el("p.small", { role: "status" });
    const quiet = (text, onclick) => el("button.quiet", { type: "button", onclick }, text);
    this.append(
      el(
        "div.work",
        {},
        quiet("Save to a file", () => this.save()),
        quiet("Load from a file", () => this.file.click()),
        quiet("Erase everything", () => this.erase()),
      ),
      this.file,
      this.state,
    );
  }

  save() {
    download(`${store.lab.split("/").pop()}-record.json`, store.rawText());
    this.state.textContent = "Saved to your downloads. Load it here on any machine to go on.";
  }

  async load() {
    const [file] = this.file.files;
    this.file.value = "";
    if (!file) return;
    const refuse = (why) => (this.state.textContent = `“${file.name}” was not loaded: ${why}. Your present work is untouched.`);
    if (file.size > 5_000_000) return refuse("it is larger than any record of a lab");
    const text = await file.text();
    const fault = recordFault(text, store.lab);
    if (fault) return refuse(fault);
    const worked = store.record.events.some(({ kind }) => kind !== "started");
    if (worked && !confirm("Load this record in place of your present work? The present work is set aside in this browser, and you can save it to a file first.")) return;
    await store.replace(text);
    location.reload();
  }

  async erase() {
    const all = confirm("Erase your work in every lab from this browser? This can’t be undone. Save it to files first if you may want it again.");
    if (!all) return;
    try {
      await store.eraseAll();
      location.reload();
    } catch (error) {
      this.state.textContent = `Nothing was erased: ${error.message}.`;
    }
  }
}

// Design choices that an earlier lab handed on, or their defaults where it was skipped; the value says which.
class LabCarried extends LabElement {
  async render() {
    const { lab, defaults } = this.spec;
    if (this.asked === lab) return;
    this.asked = lab;
    const events = await store.eventsOf(lab);
    const value = { found: false, ...defaults };
    for (const { kind, data } of events) {
      if (kind !== "carried" || !(data.name in defaults) || typeof data.value !== typeof defaults[data.name]) continue;
      value[data.name] = data.value;
      value.found = true;
    }
    this.emit(value);
  }
}
