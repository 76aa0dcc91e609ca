// The teaching assistant's console. Python in a worker grades; this shows what it found. Nothing leaves the page.

const KEPT = "mlsysim-ta-marks";
const QUESTIONS = ["numbers", "why", "tradeoff"];
const NAMES = { numbers: "Numbers?", why: "Why?", tradeoff: "Tradeoff?" };
const KINDS = { pinned: "pinned figure", number: "number", term: "binding term", cause: "cause", sacrifice: "given up" };

const byId = (id) => document.getElementById(id);

// The grader

const worker = new Worker(new URL(document.currentScript.dataset.worker, document.baseURI), { type: "module" });
const waiting = new Map();
let calls = 0;

worker.onmessage = ({ data }) => {
  if (data.lab) {
    if (data.lab.failed) fail(`${data.lab.failed} could not be loaded: ${data.lab.reason}. Reload the page to try again.`);
    return;
  }
  const [kind, ...rest] = data;
  if (kind === "ready") say("The grader is ready.");
  if (kind === "failed") fail(`The grader did not start: ${rest[0]}`);
  if (kind === "answer") waiting.get(rest[0]).resolve(rest[1]);
  if (kind === "error") waiting.get(rest[0]).reject(new Error(rest[1]));
};
worker.onerror = (event) => fail(`The grader did not start: ${event.message || "its script could not be loaded"}`);

function ask(method, ...values) {
  calls += 1;
  const id = calls;
  const buffers = values.filter((value) => value instanceof Uint8Array).map((value) => value.buffer);
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage([id, method, ...values], buffers);
  }).finally(() => waiting.delete(id));
}

function say(text) {
  byId("state").textContent = text;
  byId("state").classList.remove("trouble");
}

function fail(text) {
  say(text);
  byId("state").classList.add("trouble");
}

// Files

// What was dropped: files, and the files of folders with their path.
async function dropped(transfer) {
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) {
      found.push([path + entry.name, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return;
      for (const each of entries) await walk(each, `${path}${entry.name}/`);
    }
  };
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  for (const entry of entries) await walk(entry, "");
  return found;
}

const most = JSON.parse(byId("limits").textContent);

async function take(files) {
  if (!files.length) return;
  say(`Reading ${files.length} ${files.length === 1 ? "file" : "files"}.`);
  const faults = [];
  for (const [name, file] of files) {
    const small = file.size <= (/\.(zip|csv)$/i.test(name) ? most.zip : most.file);
    try {
      const content = small ? new Uint8Array(await file.arrayBuffer()) : null;
      faults.push(await ask("add", name, content, file.size));
    } catch (error) {
      faults.push(`${name} could not be read: ${error.message}`);
    }
  }
  await keepMarks();
  await grade();
  if (faults.some(Boolean)) fail(faults.filter(Boolean).join(" "));
}

function rules() {
  const form = byId("rules").elements;
  const time = (name) => (form[name].value ? new Date(form[name].value).toISOString() : "");
  const number = (name) => form[name].valueAsNumber || 0;
  return JSON.stringify({
    due: time("due"),
    opens: time("opens"),
    now: new Date().toISOString(),
    ...Object.fromEntries(["grace", "per_day", "days", "predictions", "design"].map((name) => [name, number(name)])),
  });
}

async function grade() {
  const started = performance.now();
  show(JSON.parse(await ask("grade", rules())));
  const count = Object.values(shown.counts).reduce((sum, each) => sum + each, 0);
  say(`Graded ${count} files in ${((performance.now() - started) / 1000).toFixed(1)} seconds.`);
}

// What was found

let shown = { counts: {}, queue: [], body: "" };
let current = "";

function show(found) {
  if (found.fault) {
    fail(found.fault);
    return;
  }
  shown = found;
  const { counts } = found;
  byId("counts").replaceChildren(
    ...Object.entries(counts).map(([name, count]) => el("li", {}, el("strong", {}, String(count)), ` ${name}`)),
  );
  byId("results").hidden = false;
  // Python made this, with every text escaped; the page's policy runs no script in it.
  byId("found").innerHTML = found.body;
  fillQueue();
}

function listed() {
  const want = byId("which").value;
  return shown.queue.filter(({ status, log_id }) => want === "all" || status === want || log_id === current);
}

function fillQueue() {
  const list = listed();
  if (!list.some(({ log_id }) => log_id === current)) current = list[0]?.log_id ?? "";
  const left = shown.queue.filter(({ status }) => status === byId("which").value).length;
  byId("left").textContent = byId("which").value === "all" ? `${shown.queue.length} logs` : `${left} left`;
  fillLog();
}

function selected() {
  return shown.queue.find(({ log_id }) => log_id === current);
}

function step(by) {
  const list = listed();
  const at = list.findIndex(({ log_id }) => log_id === current);
  const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
  if (!next) return;
  current = next.log_id;
  fillQueue();
  byId("log").focus();
}

function answersOf(item) {
  const sure = { yes: true, no: false };
  return Object.fromEntries(
    QUESTIONS.map((name) => [name, item.mark.answers[name] ?? sure[item.judgements[name].answer]]),
  );
}

function fillLog() {
  const item = selected();
  byId("log").hidden = !item;
  byId("nothing").hidden = Boolean(item);
  if (!item) return;
  const answers = answersOf(item);
  byId("whose").textContent = `${item.identifier || "no identifier"} · section ${item.section || "none"}`;
  byId("about").textContent = `${item.file} · ${item.words} words${item.signed ? "" : " · a draft, not signed off"}`;
  byId("doubts").replaceChildren(...item.flags.map(([kind, sentence]) => el(kind === "look" ? "li" : "li.grave", {}, sentence)));
  byId("text").replaceChildren(
    ...item.pieces.map(([text, kind]) => (kind ? el(`mark.${kind}`, { title: KINDS[kind] }, text) : text)),
  );
  if (!item.pieces.length) byId("text").textContent = "Nothing was written.";
  byId("term").textContent = item.term || "not named";
  byId("gave-up").textContent = item.gave_up || "not named";
  byId("pins").replaceChildren(
    ...item.readings.map(([figure, name, label]) => el("div", {}, el("dt", {}, figure), el("dd", {}, `${name}, ${label}`))),
  );
  byId("questions").replaceChildren(...QUESTIONS.map((name, index) => question(item, name, index, answers[name])));
  byId("points").value = item.mark.points ?? "";
  byId("note").value = item.mark.note;
  byId("band").textContent = bandOf(answers);
  byId("accept").disabled = Object.values(answers).some((answer) => answer === undefined) && !byId("points").value;
}

function question(item, name, index, answer) {
  const word = answer === undefined ? "unsure" : answer ? "yes" : "no";
  return el(
    "li",
    {},
    el(
      `button.question.${word}`,
      { type: "button", onclick: () => turn(name) },
      el("kbd", {}, String(index + 1)),
      ` ${NAMES[name]} `,
      el("strong", {}, word),
    ),
    el("span.small", {}, item.judgements[name].because),
  );
}

function bandOf(answers) {
  const values = Object.values(answers);
  if (values.includes(undefined)) return "open: answer the questions marked unsure";
  const [low, high] = shown.bands[values.filter(Boolean).length];
  return `${low} to ${high} points`;
}

// Decisions

async function decide(item, change) {
  const mark = { answers: { ...item.mark.answers }, points: item.mark.points, note: item.mark.note, ...change };
  show(JSON.parse(await ask("mark", item.log_id, JSON.stringify(mark))));
  await keepMarks();
}

async function turn(name) {
  const item = selected();
  if (!item) return;
  item.mark.answers[name] = !(answersOf(item)[name] ?? false);
  fillLog();
  byId("questions").children[QUESTIONS.indexOf(name)].querySelector("button").focus();
}

async function accept() {
  const item = selected();
  if (!item || byId("accept").disabled) return;
  const list = listed();
  const next = list[list.findIndex(({ log_id }) => log_id === item.log_id) + 1]?.log_id ?? "";
  const answers = Object.fromEntries(Object.entries(answersOf(item)).filter(([, answer]) => answer !== undefined));
  const points = byId("points").value === "" ? null : byId("points").valueAsNumber;
  current = next;
  await decide(item, { answers, points, note: byId("note").value });
  byId("log").focus();
}

async function keepMarks() {
  try {
    localStorage.setItem(KEPT, await ask("kept"));
    byId("kept").textContent = "Your decisions are kept in this browser.";
  } catch {
    byId("kept").textContent = "This browser keeps nothing: export the table before you leave.";
  }
}

async function recall() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept) await ask("remember", kept);
  } catch (error) {
    byId("kept").textContent = `Decisions kept earlier could not be read (${error.message}); they are left as they are.`;
  }
}

// The page

const events = {
  drop: async (event) => {
    event.preventDefault();
    byId("drop").classList.remove("over");
    await take(await dropped(event.dataTransfer));
  },
  dragover: (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  },
  dragleave: () => byId("drop").classList.remove("over"),
};
for (const [name, act] of Object.entries(events)) byId("drop").addEventListener(name, act);
for (const id of ["files", "folder"]) {
  byId(id).addEventListener("change", async ({ target }) => {
    const files = [...target.files].map((file) => [file.webkitRelativePath || file.name, file]);
    await take(files);
    target.value = "";
  });
}
byId("again").addEventListener("click", async () => {
  await ask("clear");
  await grade();
  byId("results").hidden = true;
  say("The files are forgotten; your decisions are not.");
});
byId("rules").addEventListener("change", () => !byId("results").hidden && grade());
byId("rules").addEventListener("submit", (event) => event.preventDefault());
byId("which").addEventListener("change", fillQueue);
byId("accept").addEventListener("click", accept);
byId("back").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("points").addEventListener("input", () => {
  const item = selected();
  const open = Object.values(answersOf(item)).includes(undefined);
  byId("accept").disabled = (open && !byId("points").value) || !byId("points").checkValidity();
});
byId("log").addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const name = QUESTIONS[Number(event.key) - 1];
  const act = name ? () => turn(name) : { Enter: event.target.matches("button") ? null : accept, j: () => step(1), k: () => step(-1) }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
for (const [style, name] of [["plain", "grades"], ["canvas", "canvas"], ["moodle", "moodle"]]) {
  byId(`save-${style}`).addEventListener("click", async () => download(`${name}.csv`, await ask("table", style), "text/csv"));
}
byId("save-report").addEventListener("click", async () => download("grades.html", await ask("report"), "text/html"));

window.addEventListener("unhandledrejection", ({ reason }) => fail(`Something went wrong: ${reason?.message ?? reason}`));

let drawing;
byId("codes").addEventListener("input", () => {
  clearTimeout(drawing);
  drawing = setTimeout(async () => {
    const { body, refused } = JSON.parse(await ask("codes", byId("codes").value));
    byId("drawn").innerHTML = body;
    byId("misheard").replaceChildren(...refused.map(([code, reason]) => el("li", {}, `${code}: ${reason}`)));
  }, 300);
});

recall();
