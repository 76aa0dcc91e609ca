// The Prediction Lock: first answer, reason and time, frozen on commit. It needs no Python.

class LabLock extends LabElement {
  build() {
    // The page carries the opening lock itself; the notebook's copy only reports it.
    const { spec } = this;
    const standing = document.querySelector("lab-lock[data-standing]");
    this.silent = standing !== null && standing !== this && standing.spec.name === spec.name;
    if (this.silent) return;
    const fault = el("p.fault", { id: `fault-${spec.name}`, role: "alert" });
    const describe = `unit-${spec.name} fault-${spec.name}`;
    const field = spec.choices
      ? el(
          "fieldset.choices",
          {},
          el("legend.hidden", {}, "Your answer"),
          ...spec.choices.map((choice) =>
            el("label", {}, el("input", { type: "radio", name: `lock-${spec.name}`, value: choice }), ` ${choice}`),
          ),
        )
      : el(
          "label.answer",
          {},
          el("span", {}, "Your answer"),
          el(
            "span.entry",
            {},
            el("input", {
              name: "answer",
              inputMode: "decimal",
              autocomplete: "off",
              maxLength: 40,
              "aria-describedby": describe,
            }),
            el("span.unit", { id: `unit-${spec.name}` }, spec.unit === "×" ? "times" : spec.unit),
          ),
        );
    const reason = el("input", { name: "reason", maxLength: 280, autocomplete: "off", placeholder: spec.reason_hint });
    const form = el(
      "form",
      { noValidate: true, onsubmit: (event) => this.commit(event, spec, form, fault) },
      field,
      el("label.reason", {}, el("span", {}, "Why? One line, if you like"), reason),
      el("button.primary", { type: "submit" }, "Lock my prediction"),
      el("p.small", {}, "It can’t be changed afterwards. A wrong first answer is welcome: it is what the rest works with."),
      fault,
    );
    const question = this.querySelector(".question") || el("p.question");
    this.question = question;
    this.form = form;
    this.frozen = el("div.frozen");
    // Whatever was typed before this script ran stays.
    const typed = this.querySelector("input[name=answer]");
    if (typed) form.querySelector("input[name=answer]").value = typed.value;
    this.replaceChildren(el("section.lock", { "aria-label": "Prediction Lock" }, question, form, this.frozen));
    form.addEventListener("input", () => {
      fault.textContent = "";
      form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
      this.draft(spec, form);
    });
    const kept = store.record.draft[`lock.${spec.name}`];
    if (kept) this.restore(form, kept);
    store.ready.then(() => {
      const stored = store.record.draft[`lock.${spec.name}`];
      if (stored && !form.answer?.value) this.restore(form, stored);
    });
  }

  restore(form, kept) {
    if (form.answer) form.answer.value = kept.answer;
    form.reason.value = kept.reason;
  }

  draft(spec, form) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!store.commitOf(spec.name)) {
        store.assign("draft", `lock.${spec.name}`, {
          answer: form.answer?.value ?? "",
          reason: form.reason.value.toWellFormed(),
        });
      }
    }, 400);
  }

  async commit(event, spec, form, fault) {
    event.preventDefault();
    clearTimeout(this.timer);
    let answer;
    let typed;
    if (spec.choices) {
      typed = answer = form.querySelector("input:checked")?.value;
      if (!answer) {
        fault.textContent = "Choose one of the answers first.";
        return;
      }
    } else {
      typed = form.answer.value.trim().toWellFormed();
      const reading = readNumber(typed, spec);
      if (reading.fault) {
        fault.textContent = reading.fault;
        form.answer.setAttribute("aria-invalid", "true");
        form.answer.focus();
        return;
      }
      answer = reading.value;
    }
    await store.ready;
    if (section.code && !store.record.student.id) {
      fault.textContent = "Write your course identifier first, above: it goes with your prediction.";
      document.querySelector("lab-identity input")?.focus();
      return;
    }
    if (store.mode === "damaged") {
      fault.textContent = "Decide first what happens to the damaged record, at the top of the page.";
      return;
    }
    const data = { lock: spec.name, answer, typed, unit: spec.unit ?? "", reason: form.reason.value.trim().toWellFormed() };
    if (spec.choices) data.choice = spec.choices.indexOf(answer);
    if (Object.keys(variant.alternatives).length) data.variant = variant.chosen();
    await store.append("committed", data, (e) => e.kind === "committed" && e.data.lock === spec.name);
    performance.mark(`committed-${spec.name}`);
    this.querySelector(".frozen").focus();
  }

  render() {
    const commit = store.commitOf(this.spec.name);
    this.emit(commit ? { ...commit.data, at: commit.at } : null);
    if (this.silent || !this.form) return;
    this.question.textContent = variant.fill(this.spec.question);
    this.form.hidden = Boolean(commit);
    if (!commit || this.frozen.childElementCount) return;
    const { answer, typed, unit, reason } = commit.data;
    const shown = typeof answer === "number" ? withUnit(figure(answer), unit) : typed;
    this.frozen.tabIndex = -1;
    this.frozen.append(
      el("span.big", {}, shown),
      el("span.small", {}, `locked ${clock(commit.at)}${reason ? ` · “${reason}”` : ""}`),
      section.code ? el("span.small", {}, `code to read out: ${shortCode()}`) : "",
    );
  }
}
