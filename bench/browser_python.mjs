// Runs Python in the assembled runtime, the browser's, with the simulator and nothing else loaded.
// node browser_python.mjs <runtime folder> <code>
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, code] = process.argv.slice(2);
const home = resolve(folder);
const { loadPyodide } = await import(pathToFileURL(`${home}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: home, packages: ["mlsysim"] });
pyodide.runPython(code);
