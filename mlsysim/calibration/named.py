"""Who is meant: machines, models, networks and software, by the names that tables of measurements give them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache
from typing import Any, NamedTuple

from mlsysim import registry
from mlsysim.calibration.grammar import number
from mlsysim.check import InvalidValue, UnknownName, fold
from mlsysim.layered import LayeredModel
from mlsysim.layers import Layer
from mlsysim.records import HardwareNode, ModelSpec

_CORES = {"m0+": "Cortex-M0+", "m0": "Cortex-M0+", "m4": "Cortex-M4", "m4f": "Cortex-M4", "m33": "Cortex-M33",
          "m7": "Cortex-M7", "m55": "Cortex-M55", "m85": "Cortex-M85", "lx6": "Xtensa LX6", "lx7": "Xtensa LX7"}  # fmt: skip
MULTIPLY_ADDS = {"Cortex-M0+": 1, "Cortex-M4": 2, "Cortex-M33": 2, "Cortex-M7": 2, "Cortex-M55": 8, "Cortex-M85": 8,
                 "Xtensa LX6": 1, "Xtensa LX7": 8}  # fmt: skip
"""INT8 multiply-adds a core's instructions can do in a cycle."""

_GENERATIONS = (
    ("Volta", "V100"),
    ("Turing", "T4 2080"),
    ("Orin", "Orin"),
    ("Ampere", "A100 A10 A10G A30 A40 A6000 3060 3070 3080 3090"),
    ("Ada", "L4 L40S L40 4060 4070 4080 4090 6000Ada"),
    ("Hopper", "H100 H200 GH200"),
    ("Blackwell", "B200 GB200 B300 GB300 5070 5080 5090 Spark Thor"),
    ("CDNA", "MI100 MI250X MI300X MI325X MI350X MI355X"),
    ("Gaudi", "Gaudi"),
    ("TPU", "TPU"),
)


class Site(NamedTuple):
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
    bare = re.sub(r"\(.*?\)", " ", re.sub(r"(?i)coral(?! edge)", "Coral Edge TPU", text))
    found = _find(bare) or _find(text)
    if found is None:
        found = _board(text)
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
    joined = set(words) | {a + b for a, b in zip(words, words[1:], strict=False)}
    joined |= {re.sub(r"^stm32|zi$|re$", "", word) for word in words}
    best: tuple[int, int, HardwareNode] | None = None
    for name, record in _machines().items():
        parts = [part.removeprefix("stm32") for part in tokens(name)]
        if fold(name) in joined or all(any(part == word or (len(part) > 3 and record.core and word.startswith(part)) for word in joined) for part in parts):
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
    """At the clock that the text states."""
    clock = re.search(r"@\s*(\d+(?:\.\d+)?)\s*MHz", text, re.I)
    if not record.core or clock is None:
        return record
    return changed(record, clock=float(clock[1]) * 1e6)


def changed(record: HardwareNode, **figures: Any) -> HardwareNode:
    """A copy with other figures."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return HardwareNode(**values | figures)


def _counted(text: str) -> float | None:
    found = re.match(r"\s*(\d+)\s*[x×]\s", text + " ") or re.match(r"\s*(\d+)x", text)
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

    >>> generation(registry.machine("H200"))
    'Hopper'
    """
    words = set(tokens(record.name)) | {fold(record.name)}
    for name, members in _GENERATIONS:
        if words & {each.lower() for each in members.split()}:
            return name
    return record.vendor if record.vendor == "Apple" else record.name


# What a text calls software, and the stack and vintage it is counted with.
_STACKS = (
    (r"megatron.*2022|megatron-lm 2022", "Megatron-LM 2022"),
    (r"deepspeed zero|^deepspeed$", "DeepSpeed"),
    (r"megatron\s*\+\s*deepspeed|megatron-?deepspeed", "Megatron-DeepSpeed"),
    (r"megatron.*2021", "Megatron-LM 2021"),
    (r"megascale", "MegaScale"),
    (r"nemo|megatron-?core|megatron-?bridge|mcore", "Megatron-Core"),
    (r"^megatron", "Megatron-LM 2023"),
    (r"foundry|composer|mosaic", "Composer"),
    (r"torchtitan", "torchtitan"),
    (r"meta internal", "Meta"),
    (r"t5x|jax|maxtext|pax", "JAX"),
    (r"speculative|medusa|eagle", "speculative"),
    (r"metal|mlx", "llama.cpp Metal"),
    (r"llama\.?cpp|ollama|gguf", "llama.cpp"),
    (r"gpt-?fast", "gpt-fast"),
    (r"mlperf.*maxq", "MLPerf"),
    (r"mxnet.*mlperf|mlperf.*mxnet", "MXNet"),
    (r"mlperf", "MLPerf"),
    (r"torch/plugin", "GEMM libraries"),
    (r"(?:trt-?llm|tensorrt-?llm)\s*(?:v?0\.[1-9]|v?0\.1[0-2])\b", "TensorRT-LLM 2023"),
    (r"trt-?llm|tensorrt-?llm", "TensorRT-LLM"),
    (r"vllm", "vLLM"),
    (r"sglang", "SGLang"),
    (r"tinychat|awq", "TinyChat"),
    (r"mlc", "MLC"),
    (r"cublas|azure", "GEMM libraries"),
    (r"nccl|rccl|all_reduce_bench|nvbandwidth", "NCCL"),
    (r"tensorrt", "TensorRT"),
    (r"mxnet", "MXNet"),
    (r"horovod|tf_cnn", "TensorFlow"),
    (r"pytorch eager|pytorch.*eager", "PyTorch eager"),
    (r"pytorch dle|pytorch|^torch", "PyTorch"),
    (r"edge ?tpu", "Edge TPU"),
    (r"hailo", "Hailo"),
    (r"tflite|tensorflow lite", "TFLite"),
)


@cache
def stack(text: str) -> str:
    """The stack and vintage of software that a text names; itself where nobody else is.

    >>> stack("TensorRT-LLM 0.5/0.6.1"), stack("NeMo 25.09"), stack("trtllm"), stack("Aphrodite")
    ('TensorRT-LLM 2023', 'Megatron-Core', 'TensorRT-LLM', 'Aphrodite')
    """
    lowered = text.lower().strip()
    return next((name for pattern, name in _STACKS if re.search(pattern, lowered)), text.strip())


_RUNTIMES = (
    (r"x-?cube-?ai\s*7", "X-CUBE-AI 7.3"),
    (r"x-?cube|st(?:m32)?(?:cube)?\.?ai|stedge", "X-CUBE-AI"),
    (r"tiny\s*engine", "TinyEngine"),
    (r"cmsis", "CMSIS-NN"),
    (r"esp-?nn", "ESP-NN"),
    (r"hpc|bosch", "HPC compiler"),
    (r"microtvm|tvm", "microTVM"),
    (r"tflm|tensorflow lite micro|tflite micro|reference|without", "TFLM"),
)


@cache
def runtime(text: str) -> str:
    """The kernels a microcontroller runs.

    >>> runtime("microTVM + CMSIS-NN"), runtime("TFLM 2.3.1 reference")
    ('CMSIS-NN', 'TFLM')
    """
    return next((name for pattern, name in _RUNTIMES if re.search(pattern, text.lower())), text.strip() or "unknown")


@cache
def _models() -> dict[str, ModelSpec]:
    content = registry._read("calibration/models.toml")
    sources = content.pop("source")
    known = {fold(each.name): each for each in registry.Models}
    found = {fold(entry["name"]): registry._model(dict(entry), sources) for entry in content.values()}
    return found | known


_SHAPE = {
    "layers": r"\bL\s*=\s*(\d+)",
    "hidden": r"\b[hd]\s*=\s*(\d+)",
    "heads": r"\ba\s*=\s*(\d+)|(\d+)(?:/\d+)?\s*heads",
    "ffn": r"\bffn\s*=\s*(\d+)",
    "vocab": r"\bV\s*=\s*(\d+)",
    "kv_heads": r"\d+/(\d+)\s*heads|\bkv\s*=\s*(\d+)",
}


class Guess(NamedTuple):
    """A transformer, and whether its architecture is known or follows from its size alone."""

    spec: ModelSpec
    known: bool


@cache
def transformer(text: str, params: float | None) -> Guess:
    """The transformer a text names or describes, of so many parameters.

    >>> transformer("GPT 7.5B (a=32,h=4096,L=36,V=51200)", 7.5e9).spec.layers
    36
    >>> transformer("Llama-3-VILA1.5-8B", 8.03e9).spec.name, transformer("LLAMA31_405B", 405e9).spec.name
    ('Llama-3-8B', 'Llama-3.1-405B')
    >>> transformer("Nobody-3B", 3e9).known
    False
    """
    shape = {}
    for name, pattern in _SHAPE.items():
        found = re.search(pattern, text)
        if found:
            shape[name] = int(next(each for each in found.groups() if each))
    size = params or _named_size(text)
    if {"layers", "hidden"} <= shape.keys() or {"hidden", "heads"} <= shape.keys():
        return Guess(_described(text, shape, size), True)
    named = _closest(text, size)
    if named is not None:
        # What a model was trained for does not limit what is measured with it.
        return Guess(replace(named, max_context=1 << 20), True)
    if size is None:
        raise InvalidValue("model", text, "neither its name nor its size is known", '"Llama-3-8B"')
    return Guess(_typical(text, size), False)


def _named_size(text: str) -> float | None:
    found = re.search(r"(?<![\d.])(\d+(?:\.\d+)?)\s*([BbTMm])(?![A-Za-z])", text.replace("_", " "))
    if found is None:
        return None
    return float(found[1]) * {"b": 1e9, "t": 1e12, "m": 1e6}[found[2].lower()]


def _described(text: str, shape: dict[str, int], size: float | None) -> ModelSpec:
    hidden = shape["hidden"]
    heads = shape.get("heads", max(1, hidden // 128))
    vocab = shape.get("vocab", 51200)
    inner = shape.get("ffn", 4 * hidden)
    gated = "ffn" in shape
    layers = shape.get("layers", 1)
    return ModelSpec(
        name=text, layers=layers, hidden=hidden, heads=heads, ffn=inner, vocab=vocab, gated=gated, tied=not gated,
        kv_heads=shape.get("kv_heads", 0), layer_norm=not gated, bias=not gated, learned_positions=0, max_context=1 << 20,
    )  # fmt: skip


_FAMILIES = r"(llama|gpt-?oss|gpt-?j|gpt|qwen|mixtral|mistral|gemma|phi|deepseek|opt|bloom|falcon|mpt|nemotron|mt-?nlg|gopher|vicuna|palm|starcoder|tinyllama)"


def family(text: str) -> str | None:
    """The family of transformers a text names."""
    found = re.search(_FAMILIES, text.lower())
    return fold(found[1]) if found else None


def _version(text: str) -> str:
    after = re.split(_FAMILIES, text.lower(), maxsplit=1)[-1]
    found = re.match(r"[\s_-]*v?(\d(?:\.\d)?|\d\d)(?=[\s_\-a-z(]|$)(?!\s*b\b)", after)
    if found is None:
        return ""
    return found[1] if "." in found[1] or len(found[1]) == 1 else f"{found[1][0]}.{found[1][1]}"


def _closest(text: str, size: float | None) -> ModelSpec | None:
    kind = family(text)
    if kind is None:
        return _models().get(fold(text))
    version = _version(text)
    best: tuple[float, ModelSpec] | None = None
    for spec in _models().values():
        if family(spec.name) != kind:
            continue
        sizes = [spec.parameters, spec.active_parameters, _named_size(spec.name) or 0.0]
        off = min((abs(each / size - 1) for each in sizes if each), default=9.0) if size else 1.0
        if off > 0.06 and fold(spec.name) not in fold(text):
            continue
        other = _version(spec.name)
        off += 0.0 if other == version else 0.05 if other[:1] == version[:1] else 0.3
        off -= 0.02 if fold(spec.name) in fold(text) else 0.0
        if best is None or off < best[0]:
            best = (off, spec)
    return best[1] if best else None


def _typical(text: str, size: float) -> ModelSpec:
    """A transformer of so many parameters in the usual proportions, hidden = 128 layers."""
    layers = max(2, round((size / (12 * 128**2)) ** (1 / 3)))
    step = 1024 if size > 3e9 else 128
    hidden = max(step, round((size / 12 / layers) ** 0.5 / step) * step)
    return ModelSpec(
        name=text or "unnamed", layers=layers, hidden=hidden, heads=hidden // 128, ffn=4 * hidden, gated=False, tied=True,
        vocab=32000, max_context=1 << 20,
    )  # fmt: skip


@cache
def _networks() -> dict[str, LayeredModel]:
    content = registry._read("calibration/networks.toml")
    content.pop("source")
    found = {fold(entry["name"]): _uniform(**{k: v for k, v in entry.items() if k != "source"}) for entry in content.values()}
    return found | {fold(each.name): each for each in registry.Models.Layered}


def _uniform(name: str, multiply_adds: float, parameters: float, layers: int, activations: float) -> LayeredModel:
    """A network known by its totals, as equal layers."""
    passed = activations / layers
    layer = Layer("layer", "convolution", passed, passed, parameters / layers, 0.0, 2 * multiply_adds / layers)
    return LayeredModel(name, (layer,) * int(layers))


_CALLED = (
    (r"mobilenet\s*v?2.*ssd|ssd.*mobilenet\s*v?2", "SSD MobileNet v2"),
    (r"ssd.*mobilenet.*0\.75", "SSD MobileNet v1-0.75"),
    (r"ssd.*mobilenet", "SSD MobileNet v1"),
    (r"ds-?cnn|keyword|kws", "DS-CNN"),
    (r"autoencoder|anomaly|\bad\b", "FC autoencoder"),
    (r"mobilenet\s*v?1?-?\s*0\.25|person|visual wake|vww(?!\d)", "MobileNetV1-0.25"),
    (r"resnet-?8\b", "ResNet-8"),
    (r"resnet-?(?:v\d-?)?\s*18|resnet_v1_18", "ResNet-18"),
    (r"resnet-?\s*152", "ResNet-152"),
    (r"resnet-?\s*101", "ResNet-101"),
    (r"resnet-?\s*34", "ResNet-34"),
    (r"resnet|rn50", "ResNet-50"),
    (r"mobilenet\s*v?_?2", "MobileNetV2"),
    (r"mobilenet\s*v?_?1|mobilenet", "MobileNetV1"),
    (r"bert.*base", "BERT-base"),
    (r"bert", "BERT-large"),
    (r"vit", "ViT-B/16"),
)


@cache
def network(text: str) -> LayeredModel:
    """The layered network a text names; with multiply-adds in the text, one of those totals.

    >>> network("ResNet-50 v1.5").name, network("Inception v3").name, network("proxyless-w0.3 (38.3 MMAC)").multiply_adds
    ('ResNet-50', 'Inception v3', 38300000.0)
    """
    bare = re.sub(r"\(.*?\)", " ", text)
    known = _networks()
    named = max((name for name in known if name in fold(bare)), key=len, default=None)
    named = named or min((name for name in known if fold(bare) and name.startswith(fold(bare))), key=len, default=None)
    called = next((fold(name) for pattern, name in _CALLED if re.search(pattern, bare.lower())), None)
    stated = re.search(r"(\d+(?:\.\d+)?)\s*([MG])MACs?", text.replace("MMAC", "MMAC"))
    if named is None or (called is not None and called in known and not named.startswith(called)):
        named = called if called in known else named
    if stated:
        total = float(stated[1]) * {"M": 1e6, "G": 1e9}[stated[2]]
        if named is None or abs(known[named].multiply_adds / total - 1) > 0.05:
            return _uniform(bare.strip() or "network", total, total / 20, 30, total / 10)
    if named is None:
        raise UnknownName("model", text, (each.name for each in known.values()))
    return known[named]
