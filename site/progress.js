// Where the reader is with each lab, from the records that the labs keep in this browser. Nothing is written.
const STATES = { done: "done here", going: "in progress", none: "not begun" };

function stateOf(text, lab) {
  if (text === undefined || recordFault(text, lab)) return "none";
  const kinds = new Set(JSON.parse(text).events.map((event) => event.kind));
  return kinds.has("logged") ? "done" : kinds.has("committed") ? "going" : "none";
}

async function showProgress() {
  const places = [...document.querySelectorAll("[data-lab]")];
  let database;
  try {
    database = await opened("mlsysim-labs");
    const records = database.transaction("records").objectStore("records");
    const states = await Promise.all(places.map(async ({ dataset }) => stateOf(await settled(records.get(dataset.lab)), dataset.lab)));
    places.forEach((place, index) => {
      place.dataset.state = states[index];
      place.textContent = STATES[states[index]];
    });
    goOn(places.find(({ dataset }) => dataset.state === "going"));
  } catch {
    // This browser keeps nothing: there is no state to show.
  } finally {
    database?.close();
  }
}

// On the front page: the way back to where one was.
function goOn(place) {
  const door = document.getElementById("continue");
  if (!door) return;
  door.hidden = !place;
  if (place) Object.assign(door, { href: `${place.dataset.lab}.html`, textContent: `Go on with Lab ${place.dataset.number}` });
}

showProgress();
addEventListener("pageshow", (event) => event.persisted && showProgress());
