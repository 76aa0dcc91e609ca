// Keeps the site in this browser, one version at a time and whole or not at all. The build puts SITE before this script:
// its version, the hash of each page, the files that every lab needs, and all files worth keeping. Every file carries its
// content's hash in its name and so never changes; a page has the same name in every version.
const base = new URL("./", self.location);
const FILES = `mlsysim-files ${base.pathname}`; // other copies of the site may lie beside this one
const PAGES = `mlsysim-pages ${base.pathname} `;
const all = new Set(SITE.files);

// Where below the site an address lies; null for what is not of it.
function path(address) {
  if (!address.startsWith(base.href)) return null;
  return decodeURIComponent(new URL(address).pathname.slice(base.pathname.length)) || "index.html";
}

async function hash(response) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function keepFile(name) {
  const files = await caches.open(FILES);
  const address = new URL(name, base);
  if (await files.match(address)) return;
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  await files.put(address, response);
}

// A page of another version than this script's is not kept: it would ask for files that are not here.
async function keepPage(name, fetched) {
  const pages = await caches.open(PAGES + SITE.version);
  const address = new URL(name, base);
  if (await pages.match(address)) return;
  const response = fetched ?? (await fetch(address, { cache: "no-cache" }));
  if (!response.ok || (await hash(response.clone())) !== SITE.pages[name]) throw new Error(`${name} is of another version`);
  await pages.put(address, response);
}

// The pages that the reader has open or had kept before.
async function opened() {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const names = windows.map(({ url }) => path(url));
  for (const cache of await caches.keys()) {
    if (!cache.startsWith(PAGES)) continue;
    for (const { url } of await (await caches.open(cache)).keys()) names.push(path(url));
  }
  return [...new Set(["index.html", ...names])].filter((name) => name in SITE.pages);
}

async function install() {
  const pages = await opened();
  await Promise.all([...SITE.first.map(keepFile), ...pages.map((name) => keepPage(name))]);
}

// What an older version needed goes, unless a tab of that version may still ask for it.
async function activate() {
  for (const cache of await caches.keys()) {
    if (cache.startsWith(PAGES) && cache !== PAGES + SITE.version) await caches.delete(cache);
  }
  if ((await clients.matchAll({ type: "window" })).length <= 1) {
    const files = await caches.open(FILES);
    for (const request of await files.keys()) if (!all.has(path(request.url))) await files.delete(request);
  }
  await clients.claim();
}

async function keepAll(port) {
  const names = [...SITE.files, ...Object.keys(SITE.pages)];
  const waiting = [...names];
  let done = 0;
  const lane = async () => {
    for (let name = waiting.pop(); name; name = waiting.pop()) {
      await (name in SITE.pages ? keepPage(name) : keepFile(name));
      port.postMessage({ done: ++done, of: names.length });
    }
  };
  try {
    await Promise.all([lane(), lane(), lane(), lane()]);
  } catch (error) {
    port.postMessage({ failed: String(error.message ?? error) });
  }
}

// What is left beside the runtime is small: whoever has opened a lab finds every page without a network, one after another.
async function keepPages() {
  for (const name of Object.keys(SITE.pages)) await keepPage(name).catch(() => {});
  for (const name of SITE.files.filter((each) => each.startsWith("kit/"))) await keepFile(name).catch(() => {});
}

async function kept() {
  const pages = await caches.open(PAGES + SITE.version);
  const files = await caches.open(FILES);
  const count = (await pages.keys()).length + (await files.keys()).filter(({ url }) => all.has(path(url))).length;
  return count === SITE.files.length + Object.keys(SITE.pages).length;
}

async function file(request, name) {
  const found = await (await caches.open(FILES)).match(new URL(name, base));
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) {
    const copy = response.clone();
    (await caches.open(FILES)).put(new URL(name, base), copy).catch(() => {});
  }
  return response;
}

async function page(request, name) {
  const found = await (await caches.open(PAGES + SITE.version)).match(new URL(name, base));
  if (found) return found;
  try {
    const response = await fetch(request);
    keepPage(name, response.clone()).catch(() => {});
    return response;
  } catch {
    const text = "This page has not been opened on this device before, and there is no network. The labs that you have opened work.";
    const html = `<!doctype html><meta charset="utf-8"><title>No network</title><p>${text} <a href="${base.pathname}index.html">All labs</a></p>`;
    return new Response(html, { status: 503, headers: { "Content-Type": "text/html" } });
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  const [port] = event.ports;
  if (event.data === "keep") event.waitUntil(keepAll(port));
  if (event.data === "kept") {
    event.waitUntil(kept().then((whole) => port.postMessage({ whole })));
    event.waitUntil(keepPages());
  }
  if (event.data === "take over") self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const name = path(request.url);
  if (request.method !== "GET" || name === null) return;
  if (all.has(name)) event.respondWith(file(request, name));
  else if (name === "version.json") event.respondWith(Response.json({ version: SITE.version }));
  else if (name in SITE.pages && request.mode === "navigate") event.respondWith(page(request, name));
});
