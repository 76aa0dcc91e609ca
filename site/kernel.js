// Starts Python as soon as the worker exists, not when marimo's front end asks for it. The build puts the plan of the
// runtime's files before marimo's own worker and this script behind it; marimo then calls `begun` in place of its loader.
const files = new URL("../runtime/", import.meta.url);
const FILES = `mlsysim-files ${new URL("../", import.meta.url).pathname}`; // the service worker looks there as well
const failed = []; // what is to be tried again

self.addEventListener("message", ({ data }) => data?.lab === "retry" && failed.splice(0).forEach((again) => again()));

function tell(news) {
  self.postMessage({ lab: news });
}

// A file's content as a stream. It is a gzip file; some hosts say so in a header, and then the browser has unpacked it.
async function content({ file, sent, size }) {
  const address = new URL(file, files);
  const shelf = await self.caches?.open(FILES).catch(() => undefined);
  const found = await shelf?.match(address);
  const response = found ?? (await fetch(address));
  if (!response.ok) throw new Error(`${file} could not be loaded (${response.status})`);
  if (!found) shelf?.put(address, response.clone()).catch(() => {});
  const reader = response.body.getReader();
  const first = await reader.read();
  const packed = first.value?.[0] === 0x1f && first.value?.[1] === 0x8b;
  let done = 0;
  const pass = (controller, chunk) => {
    done += chunk.value?.length ?? 0;
    tell({ file, done: Math.round((done * sent) / (packed ? sent : size)) });
    if (chunk.done) controller.close();
    else controller.enqueue(chunk.value);
  };
  const stream = new ReadableStream({
    start: (controller) => pass(controller, first),
    pull: async (controller) => pass(controller, await reader.read()),
  });
  return packed ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
}

// What `use` makes of a file; when that fails the reader decides when it is tried again.
async function wanted(part, use) {
  for (;;) {
    try {
      return await use(await content(part));
    } catch (error) {
      tell({ failed: part.file, reason: String(error.message ?? error) });
      await new Promise((resolve) => failed.push(resolve));
    }
  }
}

async function bytes(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The files of a tar archive, as views of it.
function* unpacked(archive) {
  const text = new TextDecoder();
  const field = (at, length) => text.decode(archive.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; archive[at]; ) {
    const size = Number.parseInt(field(at + 124, 12), 8);
    const folder = field(at + 345, 155);
    yield [`/${folder && `${folder}/`}${field(at, 100)}`, archive.subarray(at + 512, at + 512 + size)];
    at += 512 * (1 + Math.ceil(size / 512));
  }
}

// What Python's memory was once everything was imported, kept in this browser: the next start takes it from there.
const image = {
  address: `${import.meta.url}?memory`,

  // Corruption is what it has to find, not malice.
  sum(words) {
    let sum = 0x811c9dc5;
    for (let index = 0; index < words.length; index++) sum = Math.imul(sum ^ words[index], 0x01000193);
    return sum >>> 0;
  },

  async open() {
    try {
      const response = await (await caches.open("mlsysim-memory")).match(this.address);
      if (!response) return null;
      const data = new Uint8Array(await response.arrayBuffer());
      const words = new Uint32Array(data.buffer, 0, data.length >> 2);
      const whole = response.headers.get("X-Sum") === `${this.sum(words)} ${data.length} ${navigator.userAgent}`;
      if (!whole) await this.drop();
      return whole ? data : null;
    } catch {
      return null;
    }
  },

  // To be called while no JavaScript object is held by Python, save those that can be found again by name.
  take(pyodide) {
    if (!self.caches) return;
    try {
      const { config } = pyodide._api;
      config._makeSnapshot = true;
      for (const name of Object.keys(pyodide.loadedPackages)) delete pyodide.loadedPackages[name];
      const data = pyodide.makeMemorySnapshot({ serializer: named });
      config._makeSnapshot = false;
      setTimeout(() => this.keep(data), 4000);
    } catch (error) {
      console.warn("Python's memory cannot be kept:", error);
    }
  },

  async keep(data) {
    const words = new Uint32Array(data.buffer, 0, data.length >> 2);
    const headers = { "X-Sum": `${this.sum(words)} ${data.length} ${navigator.userAgent}` };
    await this.drop();
    await (await caches.open("mlsysim-memory")).put(this.address, new Response(data, { headers })).catch(() => {});
    tell({ step: "kept" });
  },

  drop() {
    return caches.delete("mlsysim-memory");
  },
};

// The name by which a global object can be found again.
function named(value) {
  const name = Object.getOwnPropertyNames(self).find((each) => self[each] === value);
  if (!name) throw new Error(`Python holds an object without a name: ${value}`);
  return name;
}

async function start(loadPyodide) {
  const memory = await image.open();
  if (!memory) return launch(loadPyodide);
  try {
    return await launch(loadPyodide, memory);
  } catch (error) {
    console.warn("Python starts from nothing, because the memory kept for it cannot be used:", error);
    await image.drop();
    return launch(loadPyodide);
  }
}

async function launch(loadPyodide, memory) {
  const packs = [PLAN.core, PLAN.own].map((part) => wanted(part, async (stream) => new Map(unpacked(await bytes(stream)))));
  const compiled = wanted(PLAN.wasm, (stream) =>
    WebAssembly.compileStreaming(new Response(stream, { headers: { "Content-Type": "application/wasm" } })),
  );
  const script = import(new URL(PLAN.script.file, files));
  const core = packs[0];
  // Pyodide asks for three things by name; all of them are on their way already.
  const { fetch: ask } = self;
  const { instantiateStreaming } = WebAssembly;
  self.fetch = async (address, options) => {
    const name = String(address);
    if (name.endsWith("/pyodide.asm.wasm")) return new Response();
    if (name.endsWith("/python_stdlib.zip")) return new Response((await core).get("/python_stdlib.zip"));
    const library = PLAN.libraries.find((path) => name.endsWith(path));
    return library ? new Response((await core).get(library)) : ask(address, options);
  };
  WebAssembly.instantiateStreaming = async (_, imports) => {
    const module = await compiled;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
  const pyodide = await loadPyodide({
    indexURL: files.href,
    packageBaseUrl: files.href,
    lockFileContents: { info: PLAN.info, packages: {} },
    convertNullToNone: true,
    createPyodideModule: async (settings) => {
      settings.dynamicLibraries = PLAN.libraries;
      const module = await (await script).default(settings);
      if (memory) module.growMemory(memory.length);
      return module;
    },
    ...(memory && { _loadSnapshot: memory, _snapshotDeserializer: (name) => self[name] }),
    fsInit: async (FS) => {
      const folders = new Set();
      for (const pack of packs) {
        for (const [path, data] of await pack) {
          const folder = path.slice(0, path.lastIndexOf("/"));
          if (!folders.has(folder)) FS.mkdirTree(folder);
          folders.add(folder);
          FS.writeFile(path, data, { canOwn: true });
        }
      }
    },
  });
  pyodide.loadPackagesFromImports = async () => []; // all are there; it would read the notebook's imports first
  self.fetch = ask;
  WebAssembly.instantiateStreaming = instantiateStreaming;
  tell({ step: "python" });
  self.rest = new URL(PLAN.rest.file, files).href;
  if (memory) {
    pyodide.runPython("import marimo");
  } else {
    pyodide.runPython(WARM);
    image.take(pyodide);
  }
  tell({ step: memory ? "restored" : "ready" });
  return pyodide;
}
