// Which version of the site this is. Where a link asks for one (?v=) that this is not, the page says so, and where that one
// lies: in a folder of that name, in this one or beside it. What the reader did is kept for the whole origin, so for both.
(() => {
  "use strict";
  const base = new URL("../", document.currentScript.src);
  const wanted = new URLSearchParams(location.search).get("v");
  const places = document.querySelectorAll("[data-version]");

  async function versionIn(folder) {
    try {
      const reply = await fetch(new URL("version.json", folder));
      return reply.ok ? String((await reply.json()).version) : "";
    } catch {
      return ""; // no network, or something else answers there
    }
  }

  // By its whole name, by the release that it begins with, or by the folder that it lies in.
  function answers(version, folder) {
    return version === wanted || version.startsWith(`${wanted}-`) || folder.pathname.endsWith(`/${wanted}/`);
  }

  async function copy() {
    if (!/^\w[\w.-]{0,60}$/.test(wanted)) return null;
    for (const place of [`${wanted}/`, `../${wanted}/`]) {
      const folder = new URL(place, base);
      if (folder.href !== base.href && (await versionIn(folder))) return folder;
    }
    return null;
  }

  async function tell(version) {
    const folder = await copy();
    const notice = Object.assign(document.createElement("p"), { className: "notice" });
    notice.setAttribute("role", "status");
    notice.append(`This link asks for version ${wanted} of the labs; this is version ${version}. `);
    if (folder) {
      const there = new URL(location.href.slice(base.href.length), folder);
      notice.append(Object.assign(document.createElement("a"), { href: there, textContent: `Open version ${wanted}` }));
      notice.append(". Your work is kept in this browser, for both.");
    } else {
      notice.append("No copy of the other lies here: ask whoever gave you the link. You can go on; your work is kept, and what you hand in says which version made it.");
    }
    (document.querySelector("#main > .column") ?? document.getElementById("main")).prepend(notice);
  }

  async function begin() {
    const version = await versionIn(base);
    if (!version) return;
    for (const place of places) place.textContent = version;
    if (wanted && !answers(version, base)) await tell(version);
  }

  if (wanted || places.length) begin();
})();
