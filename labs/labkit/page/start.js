// One record for the page; the elements come to life in the order in which they need each other.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
let store;

function start(lab, labVersion, simulatorVersion, alternatives) {
  if (store) return;
  variant.alternatives = alternatives;
  store = new Store({ lab, labVersion, simulatorVersion });
  const elements = { carried: LabCarried, work: LabWork, identity: LabIdentity, pace: LabPace, pin: LabPin, readings: LabReadings, fact: LabFact, finish: LabFinish, lock: LabLock, panel: LabPanel };
  Object.assign(elements, { text: LabText, log: LabLog, words: LabWords, check: LabCheck, chart: LabChart, export: LabExport, live: LabLive });
  for (const [name, element] of Object.entries(elements)) customElements.define(`lab-${name}`, element);
  store.subscribe(showSaved);
  store.subscribe(showTrouble);
  store.subscribe(showSteps);
  performance.mark("kit");
}

// In the notebook editor there is no page around the lab: the notebook names the lab itself.
class LabHome extends HTMLElement {
  connectedCallback() {
    start(...JSON.parse(this.dataset.spec));
  }
}

customElements.define("lab-home", LabHome);
if (meta("lab")) start(...JSON.parse(meta("lab")));
