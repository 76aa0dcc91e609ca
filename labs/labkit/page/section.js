// Section mode: the page was opened with ?section=CODE. One identifier picks the numbers, a bar keeps the pace.

const PACE = [
  ["Lock", 5],
  ["A", 10],
  ["B", 15],
  ["C", 15],
  ["Log", 5],
];
const MINUTE = 60_000;

const section = {
  // A page that does not ask who one is, such as a tutorial's, is in no section.
  code: document.querySelector("lab-identity") ? (new URLSearchParams(location.search).get("section") ?? "").trim().slice(0, 40) : "",
  begun: null,

  // Minutes since the section began; null while it has not.
  minutes() {
    return this.begun === null ? null : (Date.now() - this.begun) / MINUTE;
  },
};

// The moment nearest to now that a clock shows so: a section may go on past midnight.
function nearest(hour, minute) {
  const days = [-1, 0, 1].map((offset) => {
    const day = new Date();
    day.setDate(day.getDate() + offset);
    return day.setHours(hour, minute, 0, 0);
  });
  return days.reduce((best, each) => (Math.abs(each - Date.now()) < Math.abs(best - Date.now()) ? each : best));
}

// The course identifier, asked for before the first lock: the variant follows from it.
class LabIdentity extends LabElement {
  build() {
    if (!section.code) return;
    this.input = el("input", { name: "identifier", maxLength: 40, autocomplete: "off", required: true });
    this.note = el("p.small");
    this.append(
      el("div.identity", {}, el("label", {}, el("span", {}, `Section ${section.code}. Your course identifier, never your name`), this.input), this.note),
    );
    store.ready.then(() => {
      // What was typed before the record was read stays, unless a prediction has settled it.
      if (!this.input.value || variant.frozen()) this.input.value = store.record.student.id;
      if (store.record.student.section !== section.code && !variant.frozen()) store.assign("student", "section", section.code);
    });
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => store.ready.then(() => this.settle()), 250);
    });
  }

  settle() {
    if (!variant.frozen()) store.assign("student", "id", this.input.value.trim().toWellFormed());
  }

  render() {
    if (!this.input) return;
    this.input.disabled = variant.frozen();
    this.note.textContent = variant.frozen() ? "Fixed with your first prediction: your numbers follow from it." : "";
  }
}

// The pace of a section: 5, 10, 15, 15, 5 minutes from the moment the teaching assistant begins (`&start=14:05`), or
// from the button here. It shows where the section is and closes nothing.
class LabPace extends LabElement {
  build() {
    if (!section.code) return;
    document.documentElement.dataset.section = section.code;
    const start = /^(\d{1,2}):(\d{2})$/.exec(new URLSearchParams(location.search).get("start") ?? "");
    if (start) section.begun = nearest(Number(start[1]), Number(start[2]));
    this.text = el("span");
    this.button = el("button.quiet", { type: "button", onclick: () => this.begin() }, "Begin now");
    this.parts = PACE.map(([name, minutes]) => el("li", { style: `flex: ${minutes}` }, el("span", {}, name), el("i", {})));
    this.append(el("div.pace", { role: "group", "aria-label": "Pace of the section" }, el("ol", {}, ...this.parts), this.text, this.button));
    this.timer = setInterval(() => this.tick(), 5_000);
    store.ready.then(() => this.tick());
  }

  release() {
    clearInterval(this.timer);
  }

  begin() {
    store.assign("controls", "pace", { begun: Date.now() });
  }

  render() {
    if (this.text) this.tick();
  }

  tick() {
    section.begun ??= store.record.controls.pace?.begun ?? null;
    const now = section.minutes();
    this.button.hidden = now !== null;
    let from = 0;
    PACE.forEach(([name, minutes], index) => {
      const share = now === null ? 0 : Math.min(1, Math.max(0, (now - from) / minutes));
      this.parts[index].querySelector("i").style.width = `${100 * share}%`;
      this.parts[index].classList.toggle("now", share > 0 && share < 1);
      // A hint opens when half of its part's time is over.
      if ("ABC".includes(name)) document.documentElement.classList.toggle(`hint-${name}`, share >= 0.5);
      from += minutes;
    });
    const part = PACE.findIndex((_, index) => this.parts[index].classList.contains("now"));
    this.text.textContent =
      now === null ? "The section has not begun." : now < 0 ? `Begins ${clock(section.begun)}.` : part < 0 ? "The section’s time is over; the lab stays open." : `Minute ${Math.floor(now) + 1}: ${PACE[part][0]}`;
  }
}
