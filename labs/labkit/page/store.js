// The reader's record: an append-only chain of events, the state of the controls and the draft of the log.
// IndexedDB holds it as text, so what is read back can be compared byte for byte and damage can be handed over as it is.

const FORMAT = "mlsysim-lab-record/1";
const GENESIS = "0".repeat(64);

// RFC 8785 for the values a record holds: sorted keys, ECMAScript numbers, no white space.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

function chained(events, kind, data) {
  const event = {
    seq: events.length,
    at: new Date().toISOString(),
    kind,
    data,
    prev: events.length ? events[events.length - 1].hash : GENESIS,
  };
  return { ...event, hash: sha256(canonical(event)) };
}

function chainFault(events) {
  let prev = GENESIS;
  for (const [index, event] of events.entries()) {
    const { hash, ...rest } = event;
    if (rest.seq !== index || rest.prev !== prev || sha256(canonical(rest)) !== hash) return index;
    prev = hash;
  }
  return -1;
}

// What is wrong with a stored text, as a sentence; empty when nothing is.
function recordFault(text, lab) {
  let record;
  try {
    record = JSON.parse(text);
  } catch {
    return "it is not complete JSON";
  }
  if (!record || typeof record !== "object" || !Array.isArray(record.events)) return "it holds no list of events";
  if (record.format !== FORMAT) return `its format is “${record.format}”, this page reads “${FORMAT}”`;
  if (record.lab !== lab) return `it belongs to “${record.lab}”`;
  const isObject = (value) => Boolean(value) && typeof value === "object" && !Array.isArray(value);
  if (!record.events.every((event) => isObject(event) && isObject(event.data))) return "an event in it is no event";
  const fields = ["student", "controls", "draft"];
  const odd = fields.find((name) => !isObject(record[name]));
  if (odd) return `what it holds as “${odd}” is something else`;
  const broken = chainFault(record.events);
  return broken < 0 ? "" : `its chain of events breaks at event ${broken}`;
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("the write was given up"));
  });
}

function opened(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab holds an older version of the store"));
  });
}

class Store {
  // mode: "saved" (kept in the browser), "memory" (the browser refuses), "damaged" (a record is there that can't be read)
  constructor({ lab, labVersion, simulatorVersion }) {
    this.lab = lab;
    this.labVersion = labVersion;
    this.simulatorVersion = simulatorVersion;
    this.record = {
      format: FORMAT,
      lab,
      lab_version: labVersion,
      simulator_version: simulatorVersion,
      student: { id: "", section: "" },
      events: [],
      controls: {},
      draft: {},
    };
    this.mode = "opening";
    this.problem = "";
    this.savedAt = null;
    this.listeners = new Set();
    this.queue = this.open();
    this.ready = this.queue.then(() => this.begin());
  }

  subscribe(listener) {
    this.listeners.add(listener);
    if (this.mode !== "opening") listener(this);
    return () => this.listeners.delete(listener);
  }

  tell() {
    for (const listener of [...this.listeners]) listener(this);
  }

  async open() {
    try {
      this.database = await opened("mlsysim-labs");
      const text = await this.read();
      this.mode = "saved";
      if (text !== undefined) this.adopt(text);
    } catch (error) {
      this.refuse(error);
    }
    if ("BroadcastChannel" in window) {
      this.channel = new BroadcastChannel("mlsysim-labs");
      this.channel.onmessage = ({ data }) => data === this.lab && this.refresh();
    }
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.refresh());
  }

  async begin() {
    if (this.mode !== "damaged") {
      await this.append("started", {}, (event) => event.kind === "started");
      await this.noteVersions();
    }
    this.tell();
  }

  // A record goes on with another version of the lab or the simulator: the chain says from where on.
  noteVersions() {
    const { labVersion, simulatorVersion } = this;
    const { data } = this.last("continued") ?? { data: { lab_version: this.record.lab_version, simulator_version: this.record.simulator_version } };
    if (data.lab_version === labVersion && data.simulator_version === simulatorVersion) return;
    return this.append("continued", { lab_version: labVersion, simulator_version: simulatorVersion });
  }

  adopt(text) {
    const fault = recordFault(text, this.lab);
    if (fault) {
      this.mode = "damaged";
      this.problem = fault;
      this.raw = text;
    } else {
      this.record = JSON.parse(text);
    }
  }

  refuse(error) {
    this.mode = "memory";
    this.problem =
      error && error.name === "QuotaExceededError"
        ? "this browser’s storage is full"
        : "this browser does not let the page store anything (a private window, or storage is switched off)";
    this.tell();
  }

  read(key = this.lab) {
    return settled(this.database.transaction("records").objectStore("records").get(key));
  }

  // Another tab wrote: take its record over, unless this one can't be written at all.
  refresh() {
    return this.enqueue(async () => {
      if (this.mode !== "saved") return;
      const text = await this.read();
      if (text === undefined || text === canonical(this.record)) return;
      this.adopt(text);
      this.tell();
    });
  }

  enqueue(task) {
    const next = this.queue.then(task);
    this.queue = next.catch((error) => this.refuse(error));
    return this.queue;
  }

  // The only way to change the record. `change` gets the newest record, possibly another tab's, inside the transaction.
  update(change) {
    return this.enqueue(async () => {
      if (this.mode === "damaged") return;
      if (this.mode === "memory") {
        change(this.record);
        this.tell();
        return;
      }
      const before = this.record;
      try {
        this.confirm(await this.write(change), await this.read());
        this.savedAt = new Date();
        if (this.channel) this.channel.postMessage(this.lab);
      } catch (error) {
        if (error?.damaged !== undefined) {
          this.adopt(error.damaged);
        } else {
          if (this.record === before) change(this.record);
          this.refuse(error);
        }
      }
      this.tell();
    });
  }

  // What was written is there, or what another tab made of it since.
  confirm(written, found) {
    if (found === written) return;
    const whole = found !== undefined && !recordFault(found, this.lab);
    const { events } = this.record;
    if (!whole || JSON.parse(found).events[events.length - 1]?.hash !== events.at(-1)?.hash) {
      throw new Error("what was written could not be read back");
    }
    this.adopt(found);
  }

  write(change) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction("records", "readwrite");
      const records = transaction.objectStore("records");
      const request = records.get(this.lab);
      let text;
      let record;
      request.onsuccess = () => {
        try {
          const base = request.result;
          if (base !== undefined && recordFault(base, this.lab)) throw Object.assign(new Error("damaged"), { damaged: base });
          record = base === undefined ? structuredClone(this.record) : JSON.parse(base);
          change(record);
          text = canonical(record);
          records.put(text, this.lab);
        } catch (error) {
          reject(error);
          transaction.abort();
        }
      };
      transaction.oncomplete = () => {
        this.record = record;
        resolve(text);
      };
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error || new Error("the write was given up"));
    });
  }

  // Add an event; with `unless`, only when no event in the newest record answers to it.
  append(kind, data, unless) {
    return this.update((record) => {
      if (unless && record.events.some(unless)) return;
      record.events.push(chained(record.events, kind, data));
    });
  }

  assign(part, key, value) {
    return this.update((record) => {
      record[part][key] = value;
    });
  }

  last(kind, test = () => true) {
    return this.record.events.findLast((event) => event.kind === kind && test(event.data));
  }

  commitOf(name) {
    return this.record.events.find((event) => event.kind === "committed" && event.data.lock === name);
  }

  pins() {
    const dropped = new Set(this.record.events.filter((e) => e.kind === "unpinned").map((e) => e.data.pin));
    return this.record.events.filter((e) => e.kind === "pinned" && !dropped.has(e.hash));
  }

  // Put the damaged record aside under a name of its own, and start with an empty one.
  async setAside() {
    try {
      const transaction = this.database.transaction("records", "readwrite");
      const records = transaction.objectStore("records");
      records.put(this.raw, `${this.lab} set aside ${new Date().toISOString()}`);
      records.delete(this.lab);
      await finished(transaction);
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.mode = "saved";
    this.problem = "";
    await this.append("started", {});
  }

  // Another record in place of this one, which is set aside under a name of its own.
  replace(text) {
    return this.enqueue(async () => {
      if (this.mode === "memory") throw new Error("this browser stores nothing");
      const transaction = this.database.transaction("records", "readwrite");
      const records = transaction.objectStore("records");
      records.put(this.rawText(), `${this.lab} set aside ${new Date().toISOString()}`);
      records.put(text, this.lab);
      await finished(transaction);
      if ((await this.read()) !== text) throw new Error("what was written could not be read back");
      this.channel?.postMessage(this.lab);
    });
  }

  // Every record of every lab.
  async eraseAll() {
    if (this.mode === "memory") return;
    const transaction = this.database.transaction("records", "readwrite");
    transaction.objectStore("records").clear();
    await finished(transaction);
    this.channel?.postMessage(this.lab);
  }

  // The events of another lab's record; none where there is no whole one.
  async eventsOf(lab) {
    if (!this.database) return [];
    const text = await this.read(lab).catch(() => undefined);
    return text === undefined || recordFault(text, lab) ? [] : JSON.parse(text).events;
  }

  submission() {
    const { format, controls, draft, ...rest } = this.record;
    return `${canonical({ format: "mlsysim-submission/1", ...rest, draft })}\n`;
  }

  rawText() {
    return this.mode === "damaged" ? this.raw : canonical(this.record);
  }
}
