// A syllabus with dates: from the first day, the days until work is due, and the weeks after which there is a break.
(() => {
  "use strict";
  const form = document.getElementById("dates");
  const said = document.getElementById("said");
  const fields = ["start", "days", "time", "breaks", "section"];
  const day = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  const iso = (date) => date.toISOString().slice(0, 10);
  const after = (date, days) => new Date(date.getTime() + days * 86_400_000);

  // The weeks of one semester with their dates; breaks push what follows back by a week each.
  function weeks(table) {
    const start = form.elements.start.valueAsDate;
    const breaks = (form.elements.breaks.value.match(/\d+/g) ?? []).map(Number);
    return [...table.querySelectorAll("tr[data-week]")].map((row) => {
      const number = Number(row.dataset.week);
      const begins = after(start, 7 * (number - 1 + breaks.filter((week) => week < number).length));
      return { row, number, begins, due: after(begins, form.elements.days.valueAsNumber) };
    });
  }

  function show() {
    const fit = form.checkValidity();
    for (const button of document.querySelectorAll("[data-save]")) button.disabled = !fit;
    for (const table of document.querySelectorAll("table.syllabus")) {
      for (const { row, begins, due } of fit ? weeks(table) : []) {
        row.querySelector(".begins").textContent = day.format(begins);
        row.querySelector(".when").textContent = `${day.format(due)}, ${form.elements.time.value}`;
      }
    }
    if (!fit) return;
    const query = new URLSearchParams(fields.map((name) => [name, form.elements[name].value]));
    history.replaceState(null, "", `?${query}`);
    const last = weeks(document.querySelector("table.syllabus")).at(-1);
    said.textContent = `The last week begins on ${iso(last.begins)}. The address of this page now holds your dates.`;
  }

  // A lab's address; with the section, and the version that it is to be opened in, where they are asked for.
  function address(link) {
    const version = form.elements.pin.checked ? document.querySelector("[data-version]").textContent : "";
    const asked = Object.entries({ section: form.elements.section.value.trim(), v: version }).filter(([, value]) => value);
    const query = new URLSearchParams(asked).toString();
    return link ? link.href + (query && `?${query}`) : "";
  }

  const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function csv(table) {
    const head = ["semester", "week", "begins", "due", "what", "lab", "address"];
    const rows = weeks(table).map(({ row, number, begins, due }) => {
      const [, , lab] = row.cells;
      const what = row.querySelector(".what").textContent;
      const title = lab.firstChild.textContent.trim();
      const at = `${iso(due)} ${form.elements.time.value}`;
      return [table.dataset.name, String(number), iso(begins), at, what, title, address(lab.querySelector("a"))];
    });
    return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => {
      const table = document.querySelector(`table[data-name="${button.dataset.save}"]`);
      const url = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      Object.assign(document.createElement("a"), { href: url, download: `${button.dataset.save.toLowerCase()}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
  }
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (fields.includes(name)) form.elements[name].value = value;
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
