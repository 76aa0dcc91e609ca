// Joins marimo's front end: what every lab's page loads becomes one file, the rest stays in files of its own.
// node front.mjs <rollup's folder> <folder of the front end> <folder to write> <plan.json: entry, joined, left>
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [tool, source, out, planFile] = process.argv.slice(2).map((path) => resolve(path));
const { rollup } = await import(pathToFileURL(`${tool}/dist/es/rollup.js`));
const plan = JSON.parse(readFileSync(planFile, "utf8"));
const joined = new Set(plan.joined);
const left = new Set(plan.left.map((name) => `./${name}`));
const bundle = await rollup({
  input: { front: `${source}/${plan.entry}` },
  treeshake: false, // marimo's own build has done that: again it takes minutes and gains nothing
  external: (id) => left.has(id),
  onwarn: (warning) => {
    if (warning.code !== "CIRCULAR_CHUNK" && warning.code !== "CIRCULAR_DEPENDENCY") console.error(warning.message);
  },
});
const { output } = await bundle.generate({
  format: "es",
  onlyExplicitManualChunks: true,
  hoistTransitiveImports: false,
  manualChunks: (id) => (joined.has(basename(id)) ? "front" : undefined),
  entryFileNames: "front-[hash].js",
  chunkFileNames: "[name]-[hash].js",
});
mkdirSync(out, { recursive: true });
for (const { fileName, code } of output) writeFileSync(`${out}/${fileName}`, code);
