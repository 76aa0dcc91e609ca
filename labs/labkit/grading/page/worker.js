// The grader beside the page: Python as the labs start it (site/kernel.js, before this), without marimo. A call comes as
// [id, method, ...arguments].

image.take = () => {}; // the memory kept for the labs stays theirs

async function grader() {
  const [pyodide, { labs, modules }] = await Promise.all([
    launch(loadPyodide),
    fetch(new URL(SOURCES, import.meta.url)).then((reply) => reply.json()),
  ]);
  for (const [path, text] of Object.entries(modules)) {
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, text);
  }
  pyodide.pyimport("importlib").invalidate_caches();
  return pyodide.pyimport("labkit.grading.console").Console(JSON.stringify(labs));
}

const starting = grader();
starting.then(
  () => postMessage(["ready"]),
  (error) => postMessage(["failed", String(error.message ?? error)]),
);

addEventListener("message", async ({ data: [id, method, ...values] }) => {
  const answering = await starting;
  try {
    postMessage(["answer", id, answering[method](...values)]);
  } catch (error) {
    postMessage(["error", id, String(error.message ?? error)]);
  }
});
