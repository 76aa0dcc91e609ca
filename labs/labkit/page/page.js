// The page around the lab: what is saved, where one is, what went wrong, the files one takes away.

class LabExport extends LabElement {
  build() {
    const field = (name, key) => {
      const input = el("input", { name, maxLength: 40, autocomplete: "off", disabled: variant.frozen() && Boolean(store.record.student.section), oninput: () => this.name(input, key) });
      store.ready.then(() => (input.value = store.record.student[key]));
      return input;
    };
    this.state = el("p.small", { role: "status" });
    this.append(
      el(
        "div.export",
        {},
        el("label", {}, el("span", {}, "Course identifier, never your name"), field("student", "id")),
        el("label", {}, el("span", {}, "Section"), field("section", "section")),
        el("button.primary", { type: "button", onclick: () => this.submit() }, "Download the submission"),
        el("button.quiet", { type: "button", onclick: () => printReport() }, "Print the report"),
      ),
      this.state,
    );
  }

  name(input, key) {
    clearTimeout(this[key]);
    this[key] = setTimeout(() => store.assign("student", key, input.value.trim().toWellFormed()), 300);
  }

  async submit() {
    await store.append("exported", { complete: Boolean(store.last("logged")) });
    const id = store.record.student.id.replace(/[^\w-]+/g, "_") || "anonymous";
    download(`${store.lab.split("/").pop()}-${id}.json`, store.submission());
    this.state.textContent = `Downloaded ${clock(new Date())}. Code to read out: ${shortCode()}.`;
  }
}

// The predictions so far, to be read out: labkit/codes.py decodes them.
function shortCode() {
  const [, volume, number] = /^vol(\d+)\/lab_(\d+)/.exec(store.lab) ?? [];
  const said = store.record.events.filter(({ kind }) => kind === "committed").map(({ data }) => (data.choice === undefined ? data.answer : { choice: data.choice }));
  return volume && said.length ? predictionCode(Number(volume), Number(number), variant.number(), said) : "none";
}

function printReport() {
  fillReport();
  window.print();
}

function fillReport() {
  const report = document.getElementById("report") ?? document.body.appendChild(el("section", { id: "report" }));
  const of = (kind) => store.record.events.filter((event) => event.kind === kind);
  const signed = store.last("logged");
  const log = signed?.data ?? store.record.draft.log ?? {};
  const tutorial = store.lab.startsWith("tutorials/");
  const row = (...cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, String(cell))));
  const shown = (value, unit) => (typeof value === "number" ? withUnit(figure(value), unit) : value);
  report.replaceChildren(
    el("h1", {}, document.title),
    el("p", {}, tutorial ? "" : `Identifier: ${store.record.student.id || "none"} · Section: ${store.record.student.section || "none"} · `, new Date().toLocaleString()),
    el("p", {}, `${tutorial ? "Tutorial" : "Lab"} version ${store.record.lab_version}, simulator ${store.record.simulator_version}`, tutorial ? "" : `, code ${shortCode()}`),
    el("h2", {}, "Predictions"),
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...["Locked", "I said", "The simulator says", "Off by", "Because"].map((name) => el("th", { scope: "col" }, name)))),
      el(
        "tbody",
        {},
        ...of("committed").map(({ data, at }) => {
          const reveal = of("revealed").find((event) => event.data.lock === data.lock)?.data;
          return row(clock(at), shown(data.answer, data.unit), reveal ? shown(reveal.says, reveal.unit) : "not reached", reveal?.factor ? `${figure(reveal.factor)}×` : "", data.reason);
        }),
      ),
    ),
    ...(tutorial
      ? [el("h2", {}, "In my own words")]
      : [
          el("h2", {}, "Readings"),
          el("table", {}, el("tbody", {}, ...store.pins().map(({ data }) => row(data.label, data.name, data.text)))),
          el("h2", {}, signed ? "Decision Log" : "Decision Log (draft, not signed off)"),
          el("p", {}, `Binding term: ${log.term || "not named"} · Given up: ${log.gave_up || "not named"}`),
        ]),
    el("p.logtext", {}, log.text || "Nothing written yet."),
  );
}

function showSaved() {
  const place = document.getElementById("saved");
  if (!place) return;
  const { mode, savedAt, record } = store;
  const last = savedAt ?? record.events.at(-1)?.at;
  place.textContent = mode === "saved" ? (last ? `Saved ${clock(last)}` : "") : mode === "memory" ? "Not saved" : "Record damaged";
  place.classList.toggle("trouble", mode !== "saved");
}

function showTrouble() {
  const place = document.getElementById("trouble");
  if (!place) return;
  const { mode, problem } = store;
  if (mode === place.dataset.mode) return;
  place.dataset.mode = mode;
  place.hidden = mode === "saved" || mode === "opening";
  if (place.hidden) return;
  const name = store.lab.split("/").pop();
  const keep = el("button.quiet", { type: "button", onclick: () => download(`${name}-record.json`, store.rawText()) });
  if (mode === "memory") {
    keep.textContent = "Download my work so far";
    place.replaceChildren(
      el("p", {}, el("strong", {}, "Your work is not being saved: "), `${problem}. The lab works, but closing this tab loses it. Download it before you leave, or free some space and reload.`),
      keep,
    );
  } else {
    keep.textContent = "Download the damaged record";
    place.replaceChildren(
      el("p", {}, el("strong", {}, "Your saved record can’t be read: "), `${problem}. Nothing was overwritten. Download it, so that it can be looked at; then set it aside and start this lab afresh.`),
      keep,
      el("button.quiet", { type: "button", onclick: () => store.setAside() }, "Set it aside and start again"),
    );
  }
}

function showSteps() {
  const events = store.record.events;
  const done = new Set(events.filter((event) => event.kind === "part_done").map((event) => event.data.part));
  if (events.some((event) => event.kind === "committed")) done.add("Lock");
  if (store.last("logged")) done.add("Log");
  const steps = [...document.querySelectorAll("#steps a")];
  const current = steps.find((step) => !done.has(step.dataset.step));
  for (const step of steps) {
    const name = step.dataset.step;
    step.classList.toggle("done", done.has(name));
    step.classList.toggle("current", step === current);
    if (step === current) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    const index = steps.indexOf(step);
    const closed = !done.has(name) && step !== current && index > steps.indexOf(current);
    if (closed) step.setAttribute("aria-disabled", "true");
    else step.removeAttribute("aria-disabled");
    step.querySelector(".hidden").textContent = done.has(name) ? " (done)" : closed ? " (closed)" : "";
  }
  const waiting = document.getElementById("waiting");
  if (waiting) waiting.classList.toggle("open", done.has("Lock"));
}

// A browser moves the focus to a link's target only when the page's last style has come, seconds later on a first visit:
// by then it would take it from whoever has begun to answer. So a link within the page moves it at once.
function followLink(event) {
  const link = event.target.closest?.('a[href^="#"]');
  const place = link && document.getElementById(link.hash.slice(1));
  if (!place) return;
  event.preventDefault();
  place.tabIndex = -1;
  place.focus();
  place.scrollIntoView();
}

// The notebook is there: its parts take the place of the page's stand-ins, the focus stays where it was. Where the reader
// is past the lock already, that waits until part A is drawn, so that nothing closes and opens again before their eyes.
class LabLive extends HTMLElement {
  connectedCallback() {
    const drawn = () => !store.record.events.some(({ kind }) => kind === "committed") || document.querySelector("#root .instrument");
    const patience = performance.now() + 4000;
    const look = () => (drawn() || performance.now() > patience ? this.takeOver() : requestAnimationFrame(look));
    store.ready.then(look);
  }

  takeOver() {
    const waiting = document.getElementById("waiting");
    if (!waiting) return;
    const held = waiting.contains(document.activeElement) ? document.activeElement : null;
    const place = held?.closest("lab-panel")?.spec.name;
    const index = place ? [...held.closest("lab-panel").querySelectorAll("input, button")].indexOf(held) : -1;
    keepLater(waiting);
    waiting.remove();
    document.getElementById("starting").textContent = "The simulator is ready.";
    document.documentElement.dataset.state = "live";
    window.dispatchEvent(new Event("resize"));
    performance.mark("live");
    if (index >= 0) {
      const panel = [...document.querySelectorAll("lab-panel")].find(({ spec }) => spec.name === place);
      panel?.querySelectorAll("input, button")[index]?.focus();
    }
  }
}

// The notebook does not come to what lies behind a closed part; the page goes on saying that it is there.
function keepLater(waiting) {
  const root = document.getElementById("root");
  let later = [...waiting.querySelectorAll(".part.closed")];
  root.after(...later);
  const prune = () => {
    later = later.filter((part) => !root.querySelector(`#${part.id}`) || part.remove());
    if (!later.length) watch.disconnect();
  };
  const watch = new MutationObserver(prune);
  watch.observe(root, { childList: true, subtree: true });
  prune();
}

document.addEventListener("click", followLink);
window.addEventListener("beforeprint", fillReport);
