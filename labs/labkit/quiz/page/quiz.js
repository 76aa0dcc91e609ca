// The quiz: consent and a code, five minutes, one row of a table. Everything stays on this device; the page of the first
// sitting knows no key, and that of the second fetches it once its answers are handed in.

const FORMAT = "mlsysim-quiz/1";
const script = document.currentScript;
const VERSION = script.dataset.version;
const LIMIT = Number(script.dataset.limit);
const KEY = new URL(`../quiz/${script.dataset.key}`, script.src);
const SITTING = new URLSearchParams(location.search).get("sitting");
const PLACE = `mlsysim-quiz ${SITTING}`;
const OTHER = { pre: "post", post: "pre" }[SITTING];
const byId = (id) => document.getElementById(id);
const consent = byId("consent");
const form = byId("questions");
const fields = [...form.elements].filter((field) => field.name);
const columns = [...new Set(fields.map((field) => field.name))];

let record = null;
let refused = false; // this browser stores nothing

// What is wrong with a stored text; empty when nothing is.
function faultOf(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return "is damaged";
  }
  const whole = found?.format === FORMAT && found.answers && found.late && Number.isFinite(Date.parse(found.started));
  if (!whole) return "is damaged";
  return found.version === VERSION ? "" : "belongs to another version of the questions";
}

function stored(place = PLACE) {
  try {
    return localStorage.getItem(place);
  } catch {
    refused = true;
    return null;
  }
}

// The only way to change the record: on the newest text, possibly another tab's, and read back before it counts as saved.
function update(change) {
  const text = stored();
  if (text !== null && !faultOf(text)) record = JSON.parse(text);
  change(record);
  const written = JSON.stringify(record);
  try {
    localStorage.setItem(PLACE, written);
    refused = localStorage.getItem(PLACE) !== written;
  } catch {
    refused = true;
  }
  byId("saved").textContent = refused ? "Not saved: this browser stores nothing. Don’t close the page before you have downloaded." : "Saved on this device";
  byId("saved").classList.toggle("trouble", refused);
}

// Under a name of its own; whether that worked.
function setAside(text) {
  const place = `${PLACE} set aside ${new Date().toISOString()}`;
  try {
    localStorage.setItem(place, text);
    if (localStorage.getItem(place) !== text) return false;
    localStorage.removeItem(PLACE);
    return true;
  } catch {
    return false;
  }
}

function notice(text, ...more) {
  byId("notices").append(el("p.notice", { role: "status" }, text, " ", ...more));
}

function begin() {
  if (!OTHER) {
    byId("choose").hidden = false;
    return;
  }
  byId("where").textContent = SITTING === "pre" ? "First sitting: before" : "Second sitting: after";
  document.title = `${byId("where").textContent} · ${document.title}`;
  const text = stored();
  const fault = text === null ? "" : faultOf(text);
  if (fault) {
    const save = el("button.quiet", { type: "button", onclick: () => download("quiz-set-aside.json", text, "application/json") }, "Download it");
    notice(`What this device kept of an earlier sitting ${fault}. It is set aside, and you start anew.`, save);
    setAside(text);
  }
  if (refused) notice("This browser stores nothing (a private window, or storage is switched off): keep the page open until you have downloaded your answers.");
  if (text === null || fault) return ask();
  record = JSON.parse(text);
  if (record.submitted) finish();
  else {
    notice("You are back: your answers are here, and the clock went on.");
    run();
  }
}

// Consent and code

function ask() {
  const before = stored(`mlsysim-quiz ${OTHER}`);
  const known = before !== null && !faultOf(before) ? JSON.parse(before).code : "";
  consent.hidden = false;
  const again = SITTING === "post";
  byId("code-hint").textContent = again
    ? "The one of the first sitting: without it the two can’t be linked."
    : "The one you were given at registration, or one you draw. Write it down: the second sitting asks for it.";
  if (again && known) {
    const take = el("button.pin", { type: "button", onclick: () => (consent.code.value = known) }, `${known} sat before on this device: take it`);
    byId("draw").before(take);
  }
  byId("draw").addEventListener("click", () => {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    consent.code.value = 100000 + (drawn % 900000);
    byId("code-fault").textContent = "";
  });
  consent.addEventListener("input", () => consent.querySelectorAll(".fault").forEach((fault) => (fault.textContent = "")));
  consent.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = consent.code.value.trim();
    if (!consent.elements.consent.value) {
      byId("consent-fault").textContent = "Choose one of the two first; you can take the quiz with either.";
      consent.elements.consent[0].focus();
    } else if (!/^[0-9]{6}$/.test(code)) {
      byId("code-fault").textContent = "A code has six digits, such as 482913. Type yours, or draw one.";
      consent.code.focus();
    } else {
      record = { format: FORMAT, version: VERSION, sitting: SITTING, code, consent: consent.elements.consent.value };
      Object.assign(record, { started: new Date().toISOString(), answers: {}, late: {} });
      const other = stored(); // another tab's, begun meanwhile
      if (other !== null) setAside(other);
      consent.hidden = true;
      update(() => {});
      run();
      form.querySelector("input").focus();
    }
  });
}

// The five minutes

const elapsed = () => (Date.now() - Date.parse(record.started)) / 1000;
const answer = (column) => record.late[column] ?? record.answers[column] ?? "";

function run() {
  form.hidden = false;
  show();
  form.addEventListener("input", ({ target }) => target.name && keep(target));
  form.addEventListener("change", ({ target }) => target.dataset.unit && check(target));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    handIn();
  });
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== PLACE || newValue === null || faultOf(newValue) || record.submitted) return;
    record = JSON.parse(newValue);
    if (record.submitted) finish();
    else show();
  });
  tick();
}

function show() {
  for (const field of fields) {
    if (field.type === "radio") field.checked = field.value === answer(field.name);
    else if (field !== document.activeElement) field.value = answer(field.name);
  }
  count();
}

// In time an answer is replaced; afterwards what stood at the end of the time stays, and the late one goes beside it.
function keep({ name, value }) {
  const late = elapsed() > LIMIT;
  update(({ answers, late: after }) => {
    if (!late) answers[name] = value;
    else if (value === (answers[name] ?? "")) delete after[name];
    else after[name] = value;
  });
  byId("blank").textContent = "";
  byId("hand-in").textContent = "Hand in";
  count();
}

function check(field) {
  const { unit, units } = field.dataset;
  const { fault = "" } = field.value.trim() ? readNumber(field.value, { unit, units: JSON.parse(units) }) : {};
  byId(`${field.name}-fault`).textContent = fault;
  if (fault) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function count() {
  const questions = [...form.querySelectorAll("fieldset")];
  const done = questions.filter(({ id }) => !blankIn(id).length).length;
  byId("answered").textContent = `${done} of ${questions.length} answered`;
  for (const { id } of questions) {
    const late = columns.some((column) => column.split("_")[0] === id && column in record.late);
    const mark = byId(id).querySelector(".late");
    if (late && !mark) byId(id).append(el("p.late", {}, "Changed after the time: marked as late."));
    if (!late && mark) mark.remove();
  }
}

const blankIn = (id) => columns.filter((column) => column.split("_")[0] === id && !answer(column).trim());

function tick() {
  if (record.submitted) return;
  const left = Math.ceil(LIMIT - elapsed());
  const place = byId("left");
  const over = left <= 0;
  place.textContent = over ? "Time is up" : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  place.classList.toggle("over", over);
  const said = over ? "Time is up. What you have written counts. You may go on: later answers are marked as late." : left <= 60 ? "One minute left." : "";
  if (byId("say").textContent !== said) byId("say").textContent = said;
  byId("say").classList.toggle("hidden", !over);
  setTimeout(tick, 1000 - (Date.now() % 1000));
}

function handIn() {
  const blank = [...form.querySelectorAll("fieldset")].filter(({ id }) => blankIn(id).length).map(({ id }) => id.slice(1));
  const button = byId("hand-in");
  if (blank.length && button.textContent === "Hand in") {
    byId("blank").textContent = `Not answered: ${blank.join(", ")}. You may leave them so.`;
    button.textContent = "Hand in as it is";
    return;
  }
  update((newest) => {
    newest.seconds ??= Math.round(elapsed());
    newest.submitted ??= new Date().toISOString();
  });
  finish();
  byId("done-title").focus();
}

// Afterwards

function finish() {
  form.hidden = true;
  byId("done").hidden = false;
  byId("done-told").textContent =
    SITTING === "pre"
      ? `Your code is ${record.code}: write it down, the second sitting asks for it. Answers and scores wait until then. Hand the file over to whoever runs the course.`
      : `Your code is ${record.code}. Hand the file over to whoever runs the course.`;
  byId("download").onclick = () => download(`quiz-${SITTING}-${record.code}.csv`, table(record), "text/csv");
  byId("show").hidden = SITTING !== "post";
  byId("show").onclick = showScore;
  byId("again").onclick = () => {
    if (setAside(JSON.stringify(record))) location.reload();
    else notice("This browser stores nothing, so these answers can’t be kept aside: download them, then reload the page.");
  };
  research();
}

function research() {
  const part = record.consent === "research";
  const turn = () => {
    update((newest) => (newest.consent = part ? "no research" : "research"));
    research();
    byId("research").querySelector("button").focus();
  };
  byId("research").replaceChildren(
    part ? "Your answers may be used for research. " : "Your answers are left out of research. ",
    el("button.quiet", { type: "button", onclick: turn }, part ? "Leave them out after all" : "Let them be used after all"),
    " The file you download says so; download it again if you change your mind.",
  );
}

// A cell that no spreadsheet takes for a formula; labkit/grading/tables.py says the same.
function cell(text) {
  const clean = String(text).replace(/\p{Cc}/gu, " ");
  const safe = "=+-@".includes(clean.replace(/^[\s\ufeff]+/, "").normalize("NFKC")[0] ?? " ") ? `'${clean}` : clean;
  return /[",;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function table({ code, sitting, consent: said, started, seconds, version, answers, late }) {
  const head = ["code", "sitting", "consent", "started", "seconds", "version", ...columns, "late"];
  const after = Object.keys(late).length ? JSON.stringify(late) : "";
  const row = [code, sitting, said, started, seconds, version, ...columns.map((name) => answers[name] ?? ""), after];
  return `${head.join(",")}\r\n${row.map(cell).join(",")}\r\n`;
}

// The reader's own score, by the rules of labkit/quiz/answers.py.

function score({ points, right, parts }, given, { near, named }) {
  if (right) return given[0] === right ? points : 0;
  const said = parts.map((part, index) => (given[index].trim() ? readNumber(given[index], part).value : undefined) ?? Infinity);
  const ratios = parts.map(({ key }, index) => said[index] / key);
  const isRight = ({ key, tolerance }, value) => Math.abs(value - key) <= Math.max(tolerance, 1e-9) * Math.max(value, key);
  const correct = parts.map((part, index) => said[index] < Infinity && isRight(part, said[index]));
  if (correct.every(Boolean)) return points;
  return correct.some(Boolean) || byTheMethod(ratios, near, named) ? points / 2 : 0;
}

function byTheMethod(ratios, near, named) {
  if (ratios.every((ratio) => Math.abs(ratio - 1) <= near + 1e-9)) return true;
  if (ratios.includes(Infinity)) return false;
  const [power, ...others] = ratios.map((ratio) => Math.round(Math.log10(ratio) / 3));
  return others.every((other) => other === power) && ratios.every((ratio) => Math.abs(ratio / 1000 ** power - 1) <= named);
}

async function showScore() {
  let key;
  try {
    const reply = await fetch(KEY);
    if (!reply.ok) throw new Error(reply.status);
    key = await reply.json();
  } catch {
    byId("score").replaceChildren(el("p", {}, "The key could not be fetched: it needs the network, once. Your answers are kept; try again."));
    return;
  }
  // What a letter stands for, as the question has it.
  const words = (id, letter) => `“${form.querySelector(`[name=${id}][value="${letter}"]`).parentElement.textContent.trim()}”`;
  const entries = Object.entries(key.questions).map(([id, question]) => {
    const names = columns.filter((column) => column.split("_")[0] === id);
    const given = names.map((name) => record.answers[name] ?? "");
    const said = given.filter((each) => each.trim()).map((each) => (question.right ? words(id, each) : each));
    const right = question.right && words(id, question.right);
    return { question, given, said, right, points: score(question, given, key) };
  });
  const sum = entries.reduce((total, { points }) => total + points, 0);
  const best = entries.reduce((total, { question }) => total + question.points, 0);
  const late = Object.keys(record.late).length ? " What you changed after the time does not count." : "";
  byId("score").replaceChildren(
    el("p.big", {}, `${sum} of ${best} points`),
    el("p.small", {}, `Scored on this device.${late}`),
    el("ol", {}, ...entries.map((entry) => el("li", {}, ...told(entry, key)))),
  );
}

function told({ question, given, said, right, points }, { named }) {
  const why = question.right ? question.why[given[0]] : question.parts.map((part, i) => meant(part, given[i], named)).find(Boolean);
  return [
    el("p", {}, `${points} of ${question.points}. You said ${said.join(" and ") || "nothing"}${right && !points ? `; right is ${right}` : ""}.`),
    why && points < question.points && el("p", {}, `It assumes: ${why}`),
    el("p.small", {}, question.solution),
  ];
}

// The misconception that leads to a number.
function meant(part, text, named) {
  const { value } = text.trim() ? readNumber(text, part) : {};
  return part.errors.find(([wrong]) => Math.abs(value - wrong) <= named * Math.max(value, wrong))?.[1];
}

begin();
