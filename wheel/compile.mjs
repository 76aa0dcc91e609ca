// Compiles every .py file below a folder with the very Python that will run it.
// node compile.mjs <folder of pyodide.mjs> <script to run in Pyodide> <folder to compile>
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [home, script, work] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${home}/pyodide.mjs`));
// No column positions in the byte-code: tracebacks of libraries lose their carets, and files a seventh of their size.
const env = { PYTHONNODEBUGRANGES: "1", HOME: "/home/pyodide" };
const pyodide = await loadPyodide({ indexURL: home, env, stdout: () => {} });
pyodide.FS.mkdirTree("/work");
pyodide.mountNodeFS("/work", work);
pyodide.runPython(readFileSync(script, "utf8"));
