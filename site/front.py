"""marimo's front end as the labs' pages load it: one script, one style sheet, and what is rarely needed in files of
its own."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import marimo

import archive
import registry
from errors import BuildError
from folders import new_folder
from node import Node

HERE = Path(__file__).resolve().parent
ENTRY = "index-*.js"
# What the entry imports when it is time and every lab's page comes to: the page in run mode, its own timing.
SOON = ("run-page-*.js", "web-vitals-*.js")
# The pages of the editor, which no lab's page opens.
NEVER = ("edit-page-*.js", "home-page-*.js", "gallery-page-*.js")
FONTS = "KaTeX"

Say = Callable[[str], None]

_STATIC = re.compile(r'(?:import|export)\s*(?:[^"\'()]*?from\s*)?["\']\./([^"\']+)["\']')
_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Front:
    """What a page loads, by its path in the folder of the front end; and marimo's worker, which is a script's text."""

    script: str
    style: str
    worker: str


def one(folder: Path, pattern: str) -> Path:
    """The one file of this name that marimo's front end has."""
    found = [path for path in folder.glob(pattern) if path.is_file()]
    if len(found) != 1:
        raise BuildError(f"marimo's front end has {len(found)} files {pattern}; site/front.py expects one")
    return found[0]


def closure(folder: Path, names: Iterable[str]) -> set[str]:
    """The scripts that these need before they can start."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen and (folder / name).is_file():
            seen.add(name)
            waiting += _STATIC.findall((folder / name).read_text(encoding="utf-8"))
    return {name for name in seen if name.endswith(".js")}


def replace(texts: dict[Path, str], files: str, old: str, new: str) -> None:
    """Change what stands once in marimo's front end; `old` is a pattern, `new` may use its groups."""
    found = [path for path in texts if path.match(files) and re.search(old, texts[path])]
    if len(found) != 1 or len(re.findall(old, texts[found[0]])) != 1:
        raise BuildError(f"marimo's front end no longer has {old} where site/front.py changes it")
    texts[found[0]] = re.sub(old, new, texts[found[0]])


def changed(source: Path, icon: str) -> dict[Path, str]:
    """The front end's scripts, with six changes: the icon that it sets when idle is the page's, because it looks for
    its own beside each page; it gives Python minutes to start, not 20 seconds, before it reports an error that is
    none; it takes the worker that the page has started already; that worker answers when it is spoken to, because
    nobody listens before; it does not write each message to the console; and it fetches nothing ahead, because
    what it would fetch is joined.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in source.glob("*.js")}
    replace(texts, "panels-*.js", re.escape("idle:`./favicon.ico`"), f"idle:`{icon}`")
    replace(texts, "state-*.js", "maxRequestTime:2e4", "maxRequestTime:3e5")
    replace(
        texts,
        "state-*.js",
        r"constructor\(\)\{if\(!(\w+)\(\)\)return;let t=(\w+)\(\),n=",
        r"constructor(){if(!\1())return;let t=\2(),n=window.labKernel??",
    )
    replace(
        texts,
        "worker-*.js",
        r"(\w+)\.addMessageListener\(`bootstrap`,(\w+)=>(\w+)\.resolve\(\2\)\),\1\.send\(`ready`,\{\}\)",
        r"\1.addMessageListener(`bootstrap`,\2=>{\3.resolve(\2);\1.send(`ready`,{})})",
    )
    replace(texts, "state-*.js", r",_debugHooks:\{onSend:\w+=>\{.{,60}?\},onReceive:\w+=>\{.{,60}?\}\}", "")
    replace(texts, "preload-helper-*.js", r"if\((\w+)&&\1\.length>0\)\{", "if(0){")
    return texts


def layered(sheet: str) -> str:
    """Style sheets in a layer of its own, so that the page's style always wins, and without marimo's text fonts."""
    kept = _FACE.sub(lambda face: face[0] if FONTS in face[0] else "", sheet)
    return f"@layer marimo {{\n{kept}\n}}\n"


def build(cache: Path, rollup: bytes, icon: str, find_node: Callable[[], Node], say: Say) -> tuple[Path, Front]:
    """The folder of the joined front end, and what a page loads of it; made once for each version of marimo."""
    sources = [(HERE / name).read_text(encoding="utf-8") for name in ("front.py", "front.mjs")]
    recipe = [marimo.__version__, registry.digest(rollup), icon, *sources]
    folder = cache / f"front-{registry.digest(json.dumps(recipe).encode())[:12]}"
    note = folder / "front.json"
    if not note.is_file():
        say("joining marimo's front end (about a minute, once)")
        for old in cache.glob("front-*"):
            shutil.rmtree(old)
        with new_folder(folder) as fresh:
            front = join(fresh, rollup, icon, find_node())
            (fresh / "front.json").write_text(json.dumps([front.script, front.style, front.worker]))
    return folder, Front(*json.loads(note.read_text()))


def join(out: Path, rollup: bytes, icon: str, node: Node) -> Front:
    """Write the front end to `out`."""
    source = Path(marimo.__file__).parent / "_static" / "assets"
    entry = one(source, ENTRY).name
    soon = [one(source, pattern).name for pattern in SOON]
    joined = closure(source, [entry, *soon])
    page = (source.parent / "index.html").read_text(encoding="utf-8")
    first = re.findall(r'href="\./assets/([\w.-]+\.css)"', page)
    sheets = [*first, *sorted({path.name for path in source.glob("*.css")} - set(first))]
    texts = changed(source, icon)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        tool = work / "rollup"
        archive.untar(rollup, tool)
        (work / "in").mkdir()
        for path, text in texts.items():
            (work / "in" / path.name).write_text(text, encoding="utf-8")
        plan = {"entry": entry, "joined": sorted(joined), "left": [one(source, pattern).name for pattern in NEVER]}
        (work / "plan.json").write_text(json.dumps(plan))
        command = [*node.node, "--max-old-space-size=4096", str(HERE / "front.mjs"), str(tool), str(work / "in")]
        done = subprocess.run(
            [*command, str(out), str(work / "plan.json")], capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no reason given"]
            raise BuildError(f"marimo's front end cannot be joined: {lines[-1]}")
    style = layered("\n".join((source / name).read_text(encoding="utf-8") for name in sheets))
    named = f"front-{registry.digest(style.encode())[:8]}.css"
    (out / named).write_text(style, encoding="utf-8")
    for path in source.iterdir():
        if path.suffix in (".woff2", ".wasm") and (path.suffix == ".wasm" or path.name.startswith(FONTS)):
            shutil.copy2(path, out)
    worker = next(text for path, text in texts.items() if path.match("worker-*.js"))
    return Front(one(out, "front-*.js").name, named, worker)
