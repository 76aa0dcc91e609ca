"""Cases that follow from counts: cache bytes, file sizes, carbon, power, failures, perplexity after rounding."""

from __future__ import annotations

import re
from dataclasses import replace
from math import exp

from mlsysim import precision as known_formats
from mlsysim.calibration import machines, models, training
from mlsysim.calibration.answers import Answer, Refused, unit, units
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import block_bits, formats, labelled, number
from mlsysim.calibration.parameters import Reach
from mlsysim.calibration.serving import file_bytes
from mlsysim.check import fold
from mlsysim.physics import energy, reliability
from mlsysim.records import Datum
from mlsysim.registry import constants, tables
from mlsysim.solvers.workload import Workload

_NODE = 8
"""Accelerators of a node, as failures are counted."""
_RESTART = 900.0
"""Time to find a fault and start again [s]."""
_WRITE = 60.0
"""Time that a checkpoint stops the work [s]."""


def cache(case: Case, reach: Reach) -> Answer:
    """Bytes of keys and values, for each token or for so many; activations of training."""
    metric = case.metric.lower()
    if "activation" in metric:
        return training.activations(case, reach)
    asked = unit(case.unit)
    if asked.dimension != "bytes":
        raise Refused("how full a cache is follows from its requests, which the case does not give")
    guess = models.transformer(case.model, case.params)
    if not guess.known:
        raise Refused(f"the architecture of {case.model} is not known, and cache bytes follow from it alone")
    stored = next(iter(formats(case.precision)), "bf16")
    stored = {"f16": "fp16"}.get(stored, stored)
    if "weight" in metric or "file" in metric:
        return sizes(case, reach)
    load = Workload(guess.spec, 1, 1, 1, stored, stored, stored)
    if "per token" in f"{metric} {case.seq_or_io.lower()}" or number(case.seq_or_io) is None:
        value = load.kv_bytes
    else:
        value = load.sequence_kv(int(number(case.seq_or_io) or 1)) * (number(case.batch) or 1)
    return Answer((value / asked.factor,), "memory", exact=True)


def sizes(case: Case, reach: Reach) -> Answer:
    """Size of a model in a format, or its bits for each weight."""
    asked = unit(case.unit)
    guess = models.transformer(case.model, case.params)
    name = next(iter(formats(case.precision)), "fp16")
    if block_bits(name) is not None:
        stored = file_bytes(guess.spec, name)
    elif name in known_formats.BYTES:
        stored = Workload(guess.spec, 1, 1, 1, "fp16", name, "fp16").stored_weights()
    else:
        raise Refused(f"the size of a weight in {case.precision} is not known")
    value = stored * 8 / guess.spec.parameters if asked.dimension == "bits" else stored / asked.factor
    mixed = name.count("_") > 1
    return Answer((value,), "memory", exact=not mixed and guess.known)


def perplexity(case: Case, reach: Reach) -> Answer:
    """Perplexity after rounding weights: the plain model's, raised by a loss that falls with each bit."""
    if unit(case.unit).dimension != "perplexity":
        return sizes(case, reach)
    bits = _bits(case)
    if bits is None:
        raise Refused(
            f"the loss of {case.precision or 'this format'} is not predicted: activations are rounded as well"
        )
    family = re.split(r"\d+(?:\.\d+)?B", case.model)[0]
    named_sizes = re.findall(r"(\d+(?:\.\d+)?)B", case.model) or [""]
    values = []
    for each in named_sizes:
        before = _plain(f"{family}{each}B", "llama.cpp" in case.software.lower())
        rounded = (
            reach.of("quantization.loss") * exp(-reach.of("quantization.slope") * (bits - 4.25)) if bits < 16 else 0.0
        )
        values.append(before * (1.0 + rounded))
    said = "the plain model's perplexity is looked up"
    return Answer(tuple(values), "input" if bits >= 16 else "perplexity", exact=bits >= 16, assumed=said)


def _bits(case: Case) -> float | None:
    if re.search(r"w\d+a\d+", case.precision.lower()):
        return None
    found = re.search(r"int(\d)(?:-g(\d+))?", case.precision.lower())
    if found:
        return int(found[1]) + (16 + int(found[1])) / int(found[2] or 128)
    name = next(iter(formats(case.precision)), None)
    return block_bits(name) or {"fp16": 16.0, "bf16": 16.0}.get(name) if name else None


def _plain(model: str, with_llama_cpp: bool) -> float:
    """Perplexity of the plain model: from a table of the same software, otherwise from one of another."""
    wanted = fold(model)
    ordered = sorted(tables("accuracy").items(), key=lambda item: item[0].endswith("gguf") is not with_llama_cpp)
    for _, table in ordered:
        for spelled, before in zip(table["models"], table["before"], strict=True):
            if fold(spelled) == wanted:
                return float(before.value)
    known = constants("calibration/accounts").get(f"perplexity {fold(model)}")
    if known is None:
        raise Refused(f"the perplexity of the plain {model} is not known, and what rounding adds is relative to it")
    return known.value


def carbon(case: Case, reach: Reach) -> Answer:
    """Energy and carbon of so many device-hours."""
    text = f"{case.metric} {case.model} {case.hardware}"
    known = constants("calibration/accounts")
    hours = re.search(
        r"(\d[\d,.]*)\s*([kM]?)\s*(?:GPU|TPU|chip|device)?[-\s]*h(?:ours|rs)?\b|GPU[-\s]*h(?:ours|rs)?\s*(\d[\d,.]*)([kM]?)",
        text,
    )
    watts = re.search(r"(\d+(?:\.\d+)?)\s*W\b", text)
    if hours:
        figure = (hours[1] or hours[3] or "0").replace(",", "")
        spent = float(figure) * {"": 1.0, "k": 1e3, "M": 1e6}[hours[2] or hours[4] or ""]
        exact = watts is not None
    else:
        spent, exact = _hours(case, reach), False
    if watts:
        power = float(watts[1])
    else:
        machine = machines.machine(case.hardware, case.count).machine
        if machine.tdp is None:
            raise Refused(f"the {machine.name} has no rated power")
        power = machine.tdp
    dynamic = "dynamic" in text.lower()
    pue = labelled(text, "PUE") or (1.0 if dynamic else known["pue"].value)
    stated = re.search(r"(0?\.\d+)\s*kg|(\d+(?:\.\d+)?)\s*g(?:CO2\w*)?/kWh", text)
    site = _site(text)
    intensity = float(stated[1]) * 1e3 if stated and stated[1] else float(stated[2]) if stated else site.value
    # By location, the grid is the data centre's, and not the one that is reckoned with where nothing is said.
    elsewhere = "location-based" in text.lower() and not stated and site is known["intensity"]
    used = energy.facility_energy(spent * 3600.0 * power, pue)
    values = []
    for asked in units(case.unit):
        if asked.dimension == "carbon":
            values.append(energy.operational_carbon(used, intensity / 3.6e9) / asked.factor)
        elif asked.dimension == "energy":
            values.append(used / asked.factor)
        else:
            raise Refused(f"a run's footprint is not answered in {case.unit}")
    exact = exact and not elsewhere
    said = "the grid of its place is not stated: the US average" if elsewhere else ""
    return Answer(tuple(values), "carbon" if exact else "carbon of a run", exact=exact, assumed=said)


def _hours(case: Case, reach: Reach) -> float:
    """Device-hours of a run whose tokens are known."""
    known = constants("calibration/accounts")
    name = fold(case.model)
    tokens = next(
        (datum.value for key, datum in known.items() if key.startswith("tokens ") and name.startswith(fold(key[7:]))),
        None,
    )
    if tokens is None:
        raise Refused("neither device-hours nor the tokens of the run are in the case")
    run = replace(case, 
        batch=f"{tokens / 1e9:g}B tokens", metric="total GPU-hours", unit="GPU-h", precision=case.precision or "fp16",
        count=case.count or "1024", domain="training", params_b=case.params_b,
    )  # fmt: skip
    return training.answer(run, reach).values[0]


def _site(text: str) -> Datum:
    """Intensity of the grid at the place that a text names, otherwise the usual one."""
    known = constants("calibration/accounts")
    site = next(
        (datum for key, datum in known.items() if key.startswith("site ") and fold(key[5:]) in fold(text)), None
    )
    return site or known["intensity"]


def grid(case: Case, reach: Reach) -> Answer:
    """A grid's intensity, looked up."""
    words = fold(case.hardware)
    found = max(
        (each for each in constants("grid") if fold(each) in words or (words and words in fold(each))),
        key=len,
        default=None,
    )
    if found is None:
        raise Refused("an input: this grid's intensity is measured, not computed, and the registry does not hold it")
    datum, factor = constants("grid")[found], unit(case.unit).factor
    ends = ((datum.lower or datum.value) / factor, (datum.upper or datum.value) / factor)
    told = "an input, looked up in data/grid.toml"
    return Answer((datum.value / factor,), "input", exact=True, assumed=told, ends=ends)


def power(case: Case, reach: Reach) -> Answer:
    """Power of a server at the wall."""
    site = machines.machine(case.hardware, case.count)
    asked = unit(case.unit)
    if asked.dimension != "power" or site.machine.tdp is None:
        raise Refused(f"power of the {site.machine.name} is not answered in {case.unit}")
    at_wall = reach.of("power.server")
    return Answer((site.count * site.machine.tdp * at_wall / asked.factor,), "power")


def fleet(case: Case, reach: Reach) -> Answer:
    """Failures of a fleet, and what they leave of its time."""
    metric = case.metric.lower()
    if re.search(r"stall|checkpoint|storage|sequential|read|write", metric):
        raise Refused("storage: the rate of its path is an input, and the case does not give it")
    asked = unit(re.sub(r"\(.*", "", case.unit))
    count = number(case.count)
    if count is None:
        raise Refused("the size of the fleet is not in the case")
    nodes = count / _NODE
    rate = reach.of(
        "fleet.failures",
        machines.generation(machines.machine(case.hardware, case.count).machine)
        if "ampere" not in case.hardware.lower()
        else "Ampere",
    )
    mtbf = reliability.mtbf_of_many(86400.0 / rate, nodes)
    days = re.search(r"(\d+(?:\.\d+)?)[\s-]*days?", metric)
    if re.search(r"hbm|nic\b|sram|switch|cable|component|software bug", metric):
        raise Refused("one cause's share of the failures is an input")
    if asked.dimension == "events" and days:
        return Answer((rate * nodes * float(days[1]),), "fleet")
    if asked.dimension == "time":
        return Answer((mtbf / asked.factor,), "fleet")
    if asked.dimension == "share" and re.search(r"effective|useful|goodput|ettr", metric):
        interval = reliability.daly_interval(_WRITE, mtbf)
        return Answer((reliability.goodput(interval, _WRITE, _RESTART, mtbf) / asked.factor,), "fleet")
    raise Refused(f"failures of a fleet are not answered in {case.unit}")
