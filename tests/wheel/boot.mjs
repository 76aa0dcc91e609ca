// Starts the assembled runtime as marimo's page does and runs a script in it.
// node boot.mjs <runtime folder> <python file>; the script's own output is printed.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.fetch = (address) => {
  throw new Error(`the runtime asked the network for ${address}`);
};
const [home, script] = process.argv.slice(2).map((path) => resolve(path));
const code = readFileSync(script, "utf8");
const { loadPyodide } = await import(pathToFileURL(`${home}/pyodide.mjs`));
const started = performance.now();
const pyodide = await loadPyodide({
  indexURL: home,
  packages: ["micropip", "msgspec", "marimo-base", "Markdown", "pymdown-extensions", "narwhals", "packaging"],
  convertNullToNone: true,
});
const messages = [];
globalThis.messenger = { callback: (message) => messages.push(message) };
globalThis.messages = messages;
globalThis.query_params = {};
globalThis.user_config = {};
const worker = "import pyodide_http\nimport jedi\nimport pygments\nimport docutils\n";
await pyodide.loadPackagesFromImports(worker + code, { errorCallback: console.error });
globalThis.boot_seconds = (performance.now() - started) / 1000;
await pyodide.runPythonAsync(code);
