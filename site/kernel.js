// Starts Python as soon as the worker exists, not when marimo's front end asks for it. The build puts the plan of the
// runtime's files before marimo's own worker and this script behind it; marimo then calls `begun` in place of its loader.
const files = new URL("../runtime/", import.meta.url);
const kept = "mlsysim-files";
let retry = () => {};

self.addEventListener("message", ({ data }) => data?.lab === "retry" && retry());

function tell(news) {
  self.postMessage({ lab: news });
}

// A file's content as a stream. It is a gzip file; a host that holds it brotli-compressed sends what is inside instead.
async function content({ file, sent, size }) {
  const response = await fetch(new URL(file, files));
  if (!response.ok) throw new Error(`${file} could not be loaded (${response.status})`);
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
      await new Promise((resolve) => (retry = resolve));
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

async function start(loadPyodide) {
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
      return (await script).default(settings);
    },
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
  self.fetch = ask;
  WebAssembly.instantiateStreaming = instantiateStreaming;
  tell({ step: "python" });
  self.rest = new URL(PLAN.rest.file, files).href;
  pyodide.runPython(WARM);
  tell({ step: "ready" });
  return pyodide;
}
