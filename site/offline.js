// The site kept in this browser: what the reader is told of it and can ask for. Where there are no service workers
// (a private window, plain http) nothing of this appears.
(() => {
  "use strict";
  const place = document.getElementById("offline");
  const script = new URL("../sw.js", document.currentScript.src);
  if (!place || !navigator.serviceWorker) return;

  function say(text, label, act) {
    place.replaceChildren(text);
    if (!label) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: label });
    button.addEventListener("click", act);
    place.append(" ", button);
  }

  function ask(worker, question, hear) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => hear(data);
    worker.postMessage(question, [port2]);
  }

  const size = `${Math.round(Number(place.dataset.bytes) / 1e6)} MB`;
  const here = document.documentElement.dataset.page === "lab" ? "This lab opens without a network from now on." : "";
  const whole = () => say("The whole course is on this device: it opens without a network.");

  async function keep() {
    const registration = await register();
    if (!registration) return;
    await navigator.serviceWorker.ready;
    say("Keeping the whole course for offline …");
    ask(registration.active, "keep", ({ done, of, failed }) => {
      if (failed) say(`Not all of the course could be kept (${failed}). What you have opened is.`, "Try again", keep);
      else if (done === of) whole();
      else say(`Keeping the whole course for offline: ${done} of ${of} files.`);
    });
  }

  function offer(text) {
    say(text, `Keep the whole course for offline (${size})`, keep);
  }

  function renew(worker) {
    let asked = false;
    navigator.serviceWorker.addEventListener("controllerchange", () => asked && location.reload());
    say("A newer version of the labs is here. This page works on; what you wrote is kept.", "Load the newer version", () => {
      asked = true;
      worker.postMessage("take over");
    });
  }

  function watch(registration) {
    const { waiting, installing } = registration;
    if (waiting && navigator.serviceWorker.controller) renew(waiting);
    else if (installing) installing.addEventListener("statechange", () => installing.state === "installed" && watch(registration));
  }

  async function register() {
    try {
      const registration = await navigator.serviceWorker.register(script);
      watch(registration);
      registration.addEventListener("updatefound", () => watch(registration));
      if (registration.active) registration.update().catch(() => {}); // without a network there is nothing newer
      return registration;
    } catch {
      return null; // a browser that refuses: the page works as it does on plain http
    }
  }

  async function begin() {
    const registration = await register();
    if (!registration) return;
    const { active } = await navigator.serviceWorker.ready;
    ask(active, "kept", (state) => {
      if (registration.waiting) return;
      if (state.whole) whole();
      else offer(here);
    });
  }

  // On a first visit the lab comes first.
  const { dataset } = document.documentElement;
  if (navigator.serviceWorker.controller) begin();
  else if (dataset.page !== "lab") offer("");
  else {
    const live = new MutationObserver(() => {
      if (dataset.state !== "live") return;
      live.disconnect();
      begin();
    });
    live.observe(document.documentElement, { attributeFilter: ["data-state"] });
  }
})();
