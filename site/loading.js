// What is being loaded, by bytes, and what failed, with a way to try again. The page started the worker in its head.
(() => {
  "use strict";
  const kernel = window.labKernel;
  const place = document.getElementById("starting");
  if (!kernel || !place) return;
  const live = () => document.documentElement.dataset.state === "live";
  const total = Number(place.dataset.bytes);
  const done = new Map();
  const bytes = Object.assign(document.createElement("span"), { ariaHidden: "true" });
  const failures = new Set();
  let shown = 0;
  let quiet;

  place.append(" ", bytes);

  function fail(what, again) {
    if (live() || failures.has(what)) return;
    failures.add(what);
    const text = Object.assign(document.createElement("span"), {
      className: "trouble",
      textContent: `The simulator did not start: ${what}. What you wrote is kept. `,
    });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Try again" });
    button.addEventListener("click", () => {
      failures.clear();
      again();
    });
    place.replaceChildren(text, button);
  }

  // Where nothing has arrived for a minute and a half, something is wrong that nobody reported.
  function wait() {
    clearTimeout(quiet);
    quiet = setTimeout(() => fail("nothing has arrived for a minute and a half", () => location.reload()), 90_000);
  }

  kernel.addEventListener("message", ({ data }) => {
    const news = data?.lab;
    if (!news) return;
    wait();
    if (news.failed) {
      fail(news.reason, () => {
        place.replaceChildren("Trying again. ", bytes);
        kernel.postMessage({ lab: "retry" });
      });
    } else if (news.file) {
      done.set(news.file, news.done);
      const now = [...done.values()].reduce((sum, count) => sum + count, 0);
      if (now < total && performance.now() - shown < 200) return;
      shown = performance.now();
      bytes.textContent = now < total ? `${(now / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB are here.` : "Everything is here.";
    } else if (news.step) {
      performance.mark(`kernel-${news.step}`);
    }
  });
  kernel.addEventListener("error", ({ message }) => fail(message || "its worker could not be loaded", () => location.reload()));
  window.addEventListener(
    "error",
    ({ target }) => {
      const file = target instanceof HTMLElement && (target.src || target.href);
      if (file) fail(`${file.split("/").pop()} could not be loaded`, () => location.reload());
    },
    true,
  );
  wait();
})();
