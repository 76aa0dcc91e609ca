// The grader beside the page: Python as the labs start it (site/kernel.js, before this), without marimo. A call comes as
// [id, method, ...arguments].

image.take = () => {}; // the memory kept for the labs stays theirs

async function grader() {
  const [pyodide, labs] = await Promise.all([
    launch(loadPyodide),
    fetch(new URL(SOURCES, import.meta.url)).then((reply) => reply.text()),
  ]);
  return pyodide.pyimport("labkit.grading.console").Console(labs);
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
