// The grader beside the page: the labs' own runtime, without marimo. A call comes as [id, method, ...arguments].

import { loadPyodide } from "../runtime/pyodide.mjs";

async function start() {
  const here = new URL("../runtime/", import.meta.url).href;
  const [pyodide, labs] = await Promise.all([
    loadPyodide({ indexURL: here, packages: ["mlsysim", "rfc8785"] }),
    fetch(new URL("labs.json", import.meta.url)).then((reply) => reply.text()),
  ]);
  const { Console } = pyodide.pyimport("labkit.grading.console");
  return Console(labs);
}

const starting = start();
starting.then(
  () => postMessage(["ready"]),
  (error) => postMessage(["failed", String(error.message ?? error)]),
);

// One after another: what came first is answered first.
let queue = starting;
onmessage = ({ data: [id, method, ...values] }) => {
  queue = starting.then(async (grader) => {
    try {
      postMessage(["answer", id, grader[method](...values)]);
    } catch (error) {
      postMessage(["error", id, String(error.message ?? error)]);
    }
  });
};
