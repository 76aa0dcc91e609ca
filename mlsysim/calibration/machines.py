"""Machines, by the names that tables of measurements give them, and how they are joined."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any

from mlsysim import registry
from mlsysim.calibration.grammar import number
from mlsysim.check import InvalidValue, UnknownName, fold
from mlsysim.records import HardwareNode

_CORES = {
    "m0+": "Cortex-M0+",
    "m0": "Cortex-M0+",
    "m4": "Cortex-M4",
    "m4f": "Cortex-M4",
    "m33": "Cortex-M33",
    "m7": "Cortex-M7",
    "m55": "Cortex-M55",
    "m85": "Cortex-M85",
    "lx6": "Xtensa LX6",
    "lx7": "Xtensa LX7",
    "rv32imc": "RISC-V",
}
MULTIPLY_ADDS = {"Cortex-M0+": 1, "Cortex-M4": 2, "Cortex-M33": 2, "Cortex-M7": 2, "Cortex-M55": 8, "Cortex-M85": 8,
                 "Xtensa LX6": 1, "Xtensa LX7": 8, "RISC-V": 1}  # fmt: skip
"""INT8 multiply-adds a core's instructions can do in a cycle."""

EXECUTION = {"Cortex-M0+": "scalar", "Xtensa LX6": "scalar", "RISC-V": "scalar", "Cortex-M7": "dual issue",
             "Cortex-M55": "Helium", "Cortex-M85": "Helium", "Xtensa LX7": "PIE"}  # fmt: skip
"""What sets a core apart from one that multiplies two pairs at once and issues one instruction a cycle."""

# Boards, modules and nicknames, and whose chip they carry.
_CARRIED = (
    (r"arduino nano 33|nano 33 ble|xiao (?:ble|nrf)", "nRF52840"),
    (r"raspberry pi pico(?! 2)", "RP2040"),
    (r"raspberry pi pico 2", "RP2350"),
    (r"portenta|nicla vision|stm32h747|disco-h7", "STM32H743"),
    (r"stm32f746|f746ng", "STM32F746"),
    (r"ra8[dm]1", "Cortex-M85"),
    (r"stm32f4(?:\s|-|$)|f407", "STM32F407"),
    (r"stm32l4(?:\s|-|$)|l476", "STM32L476"),
    (r"teensy 4(?:\.\d)?|(?:i\.?mx\s*)?rt106\d", "RT1060"),
    (r"radeon 8060s|strix halo|max\+? 395", "Max 395"),
    (r"(?<!rtx )\ba([456]000)\b", r"RTX A\1"),
    (r"trillium", "TPU v6e"),
    (r"(?<!tpu)(?<!tpu[ -])\bv([2-7][ep]?)-\d+", r"TPU v\1"),
    (r"coral(?! edge)", "Coral Edge TPU"),
)

_GENERATIONS = (
    ("Volta", "V100"),
    ("Turing", "T4 2070 2080 TITAN 8000"),
    ("Orin", "Orin"),
    ("Ampere", "A100 A800 A2 A10 A10G A30 A40 A4000 A5000 A6000 3060 3070 3080 3090"),
    ("Ada", "L4 L40S L40 4060 4070 4080 4090 Ada"),
    ("Hopper", "H20 H100 H200 H800 GH200"),
    ("Blackwell", "B200 GB200 B300 GB300 5070 5080 5090 RTXPRO6000 Spark Thor"),
    ("CDNA", "MI100 MI210 MI250 MI250X MI300A MI300X MI325X MI350X MI355X"),
    ("Gaudi", "Gaudi"),
    ("TPU", "TPU"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """A machine and how many are joined in which way, as far as the text says."""

    machine: HardwareNode
    count: int
    per_node: int | None
    port: float | None
    wired: bool


def tokens(text: str) -> list[str]:
    """Words of letters and digits, in lower case.

    >>> tokens("A100 SXM4-80GB (Selene)")
    ['a100', 'sxm4', '80gb', 'selene']
    """
    return re.findall(r"[a-z0-9.+]+", text.lower())


@cache
def _machines() -> dict[str, HardwareNode]:
    """By spelling; the registry's win."""
    content = registry._read("calibration/machines.toml")
    sources = content.pop("source")
    known = {fold(each): record for record in registry.Hardware for each in (record.name, record.full_name)}
    found: dict[str, HardwareNode] = {}
    for entry in content.values():
        kind = "tiny" if "core" in entry else "cloud"
        if fold(entry["name"]) not in known:
            record = registry._machine(kind, dict(entry), sources)
            found[record.name] = found[record.full_name] = record
    for record in registry.Hardware:
        found[record.name] = found[record.full_name] = record
    return found


@cache
def machine(text: str, count: str = "") -> Site:
    """The machine a text names, and how it is joined to others.

    >>> site = machine("A100 SXM4 80GB (Selene, 8/node, 8xHDR200)", "32")
    >>> site.machine.name, site.count, site.per_node, site.port
    ('A100', 32, 8, 25000000000.0)
    """
    if not text.strip():
        raise InvalidValue("hardware", text, "no machine is named", '"A100 SXM4 80GB"')
    if re.search(r"undisclosed|not stated|unknown", text, re.I):
        raise InvalidValue("hardware", text, "what ran is not disclosed", '"H100 SXM"')
    if re.search(r"(?:rtx|gtx|geforce).*\b(?:laptop|mobile|max-q)\b", text, re.I):
        raise InvalidValue(
            "hardware", text, "a laptop's GPU has another chip and memory than its namesake", '"RTX 4080"'
        )
    carried = re.sub(r"^\s*\d+\s*[x×]\s*(?=[A-Za-z])", "", text)
    for pattern, chip in _CARRIED:
        carried = re.sub(pattern, chip, carried, flags=re.I)
    # A core has the name of a laptop's chip: M4.
    named = re.sub(r"(?i)cortex-?\s*m\d+\w?\+?|(?<=\()m\d+\w?\+?(?=[\s@)])", " ", carried)
    found = _find(re.sub(r"\(.*?\)", " ", named)) or _find(named) or _board(carried)
    if found is None:
        raise UnknownName("hardware", text, {record.name for record in _machines().values()})
    stated = number(count) or _counted(text)
    nodes = re.search(r"(\d+)\s*(?:nodes?|servers?)\s*(?:x|×|of)\s*(\d+)", text, re.I)
    inside = re.search(r"(\d+)\s*/\s*node", text)
    per_node = int(nodes[2]) if nodes else int(inside[1]) if inside else None
    if nodes and not number(count):
        stated = int(nodes[1]) * int(nodes[2])
    return Site(_at(found, text), int(stated or 1), per_node, _port(text, per_node or 8), "pcie" not in text.lower())


def _find(text: str) -> HardwareNode | None:
    words = tokens(text)
    # A number and its unit, or a letter and its number, are one word or two: 80 GB, Gaudi2.
    joined = set(words) | {a + b for a, b in pairwise(words)}
    joined |= {re.sub(r"^stm32|zi$|re$", "", word) for word in words}
    joined |= {part for word in words for part in word.split(".") if len(part) > 2}
    best: tuple[int, int, HardwareNode] | None = None
    for name, record in _machines().items():
        parts = [part.removeprefix("stm32") for part in tokens(name)]
        if fold(name) in joined or all(
            any(part == word or (len(part) > 3 and record.core and word.startswith(part)) for word in joined)
            for part in parts
        ):
            score = (len("".join(parts)), -len(name))
            if best is None or score > best[:2]:
                best = (*score, record)
    return best[2] if best else None


def _board(text: str) -> HardwareNode | None:
    """A microcontroller that is not known by name, from its core and clock."""
    words = tokens(text)
    core = next((_CORES[word.removeprefix("cortex")] for word in words if word.removeprefix("cortex") in _CORES), None)
    clock = re.search(r"(\d+(?:\.\d+)?)\s*MHz", text, re.I)
    if core is None or clock is None:
        return None
    rate = float(clock[1]) * 1e6
    return HardwareNode(
        name=words[0], kind="tiny", launch_class="core", core=core, clock=rate, memory="1 MB",
        peak={"int8": 2.0 * MULTIPLY_ADDS[core] * rate}, memory_bandwidth=4.0 * rate,
    )  # fmt: skip


def _at(record: HardwareNode, text: str) -> HardwareNode:
    """At the clock, with the memory and of the dies that the text states."""
    if record.core:
        clock = re.search(r"@?\s*(\d+(?:\.\d+)?)\s*MHz", text, re.I)
        return record if clock is None else changed(record, clock=float(clock[1]) * 1e6)
    if re.search(r"\b(?:one|1|single)\s+(?:GCD|die)\b", text, re.I):
        peak = {name: rate / 2 for name, rate in record.peak.items()}
        half = {"memory": record.memory / 2, "memory_bandwidth": record.memory_bandwidth / 2}
        return changed(record, peak=peak, cores=record.cores and record.cores // 2, **half)
    memory = re.search(r"(\d+)\s*GB(?!\s*/\s*s|ps|it)\b", text, re.I)
    if memory and 0.5 < float(memory[1]) * 1e9 / record.memory < 4.0:
        return changed(record, memory=float(memory[1]) * 1e9)
    return record


def changed(record: HardwareNode, **figures: Any) -> HardwareNode:
    """A copy with other figures."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return HardwareNode(**values | figures)


def _counted(text: str) -> float | None:
    found = re.match(r"\s*(\d+)\s*[x×]\s", text + " ") or re.match(r"\s*(\d+)x", text)
    # 16 V100; but 7900 XTX is a name. A rack's name says how many it joins.
    found = found or re.match(r"\s*(\d+)\s+[A-Za-z]+\d", text) or re.search(r"\bNVL(\d+)\b", text)
    if found:
        return float(found[1])
    found = re.search(r"(\d+)k cluster", text)
    return float(found[1]) * 1e3 if found else None


def _port(text: str, per_node: int) -> float | None:
    """Network bandwidth of one accelerator, per direction [B/s]."""
    several = re.search(r"(\d+)\s*x\s*(?:HDR|NDR|EDR|XDR|IB|RoCE)?\s*(\d+)\s*G?(?:bps|bit/s)?(?!B)\b(?!\s*GB)", text)
    rate = r"(\d+)\s*(?:G|Gbps|Gbit/s|GbE)\b"
    if several and int(several[2]) in (25, 40, 50, 100, 200, 400, 800):
        return int(several[1]) * int(several[2]) * 1e9 / 8 / per_node
    found = re.search(rate, text)
    if found is None:
        return None
    total = float(found[1]) * 1e9 / 8
    shared = "GbE" in found[0] or float(found[1]) > 800
    return total / per_node if shared else total


@cache
def generation(record: HardwareNode) -> str:
    """The generation of an accelerator; its own name where there is no other of it.

    >>> generation(registry.machine("H200")), generation(registry.machine("M3 Max"))
    ('Hopper', 'M3')
    """
    words = set(tokens(record.name)) | {fold(record.name)}
    for name, members in _GENERATIONS:
        if words & {each.lower() for each in members.split()}:
            return name
    return record.name.split()[0] if record.vendor == "Apple" else record.name


def domain(record: HardwareNode) -> int:
    """Accelerators that one scale-up network joins where the text does not say: a pod, a rack, a server.

    >>> domain(registry.machine("TPU v4")), domain(registry.machine("GB200")), domain(registry.machine("H100"))
    (4096, 72, 8)
    """
    if record.pod:
        return int(record.pod)
    return 72 if record.name.startswith("GB") else 8
