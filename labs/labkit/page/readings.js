// Pins, the list of readings, facts the notebook reports, and the button that ends a part.

class LabPin extends LabElement {
  build() {
    this.button = el("button.pin", { type: "button", onclick: () => this.pin() });
    this.append(this.button);
  }

  same = (event) => {
    const { reading, settings } = this.spec;
    return event.data.reading === reading && canonical(event.data.settings) === canonical(settings);
  };

  pin() {
    const reading = this.spec;
    const found = store.pins().find(this.same);
    if (found) store.append("unpinned", { pin: found.hash });
    else store.append("pinned", reading);
  }

  render() {
    const pinned = store.pins().some(this.same);
    this.button.textContent = pinned ? "Pinned ✓" : "Pin this reading";
    this.button.setAttribute("aria-pressed", String(pinned));
  }
}

class LabReadings extends LabElement {
  build() {
    this.list = el("dl");
    this.empty = el("p.small", {}, "Pin a reading from an instrument and it stands here, ready for the log.");
    this.append(this.empty, this.list);
  }

  render() {
    const pins = store.pins();
    this.empty.hidden = pins.length > 0;
    this.list.replaceChildren(
      ...pins.map(({ data, hash }) =>
        el(
          "div",
          {},
          el("dt", {}, data.label, el("small", {}, data.name)),
          el(
            "dd",
            {},
            data.text,
            el(
              "button.drop",
              {
                type: "button",
                title: `Remove ${data.label}`,
                "aria-label": `Remove ${data.label}`,
                onclick: () => store.append("unpinned", { pin: hash }),
              },
              "×",
            ),
          ),
        ),
      ),
    );
    this.emit(pins.map(({ data }) => data));
  }
}

// Where a part's controls stand.
function settingsOf(part) {
  return pending.get(part) ?? store.record.controls[part] ?? {};
}

// A fact the notebook computed (a reveal, a failure met): written once for each key.
class LabFact extends LabElement {
  render() {
    const { kind, key, ...data } = this.spec;
    if (this.noted === key || store.mode === "damaged") return;
    this.noted = key;
    if (kind === "failed") data.settings = settingsOf(data.part);
    if (kind !== "carried") store.append(kind, { key, ...data }, (event) => event.kind === kind && event.data.key === key);
    // A choice handed on may change: the latest counts.
    else if (store.last(kind, ({ name }) => name === data.name)?.data.value !== data.value) store.append(kind, { key, ...data });
  }
}

class LabFinish extends LabElement {
  build() {
    this.button = el("button.primary", { type: "button", onclick: () => this.finish() }, this.spec.label);
    this.append(this.button);
  }

  finish() {
    const { part } = this.spec;
    store.append("part_done", { part, settings: settingsOf(part) }, (event) => event.kind === "part_done" && event.data.part === part);
  }

  render() {
    const done = Boolean(store.last("part_done", (data) => data.part === this.spec.part));
    this.button.hidden = done;
    this.emit(done);
  }
}
