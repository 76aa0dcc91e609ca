"""Models, by the names that tables of measurements give them, or as their texts describe them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, fold
from mlsysim.layered import LayeredModel
from mlsysim.layers import Layer
from mlsysim.records import ModelSpec


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


_TAUGHT = {"llama": "Llama-3", "qwen": "Qwen2.5"}
"""What DeepSeek-R1's distilled models were (arXiv 2501.12948, section 2.4)."""


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
    # Small models that a large one's answers were taught keep their own shape.
    text = re.sub(
        r"(?i)deepseek[-_ ]*r1[-_ ]*distill(?:ed)?[-_ ]*(llama|qwen)", lambda found: _TAUGHT[found[1].lower()], text
    )
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
        name=text,
        layers=layers,
        hidden=hidden,
        heads=heads,
        ffn=inner,
        vocab=vocab,
        max_context=1 << 20,
        kv_heads=shape.get("kv_heads", 0),
        gated=gated,
        tied=not gated,
        bias=not gated,
        layer_norm=not gated,
    )


_FAMILIES = (
    r"(llama|gpt[-_ ]?oss|gpt[-_ ]?j|gpt|qwen|mixtral|mistral|gemma|phi|deepseek|opt|bloom|falcon|mpt|nemotron|mt-?nlg"
    r"|gopher|vicuna|palm|starcoder|tinyllama)"
)


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
    vocab, step = 32000, 1024 if size > 3e9 else 128
    hidden = max(step, round(128 * (size / (12 * 128**2)) ** (1 / 3) / step) * step)
    layers = max(2, round((size - vocab * hidden) / (12 * hidden**2)))
    return ModelSpec(
        name=text or "unnamed",
        layers=layers,
        hidden=hidden,
        heads=hidden // 128,
        ffn=4 * hidden,
        vocab=vocab,
        max_context=1 << 20,
        gated=False,
        tied=True,
    )


@cache
def _networks() -> dict[str, LayeredModel]:
    content = registry._read("calibration/networks.toml")
    content.pop("source")
    found = {
        fold(entry["name"]): _uniform(**{k: v for k, v in entry.items() if k != "source"}) for entry in content.values()
    }
    return found | {fold(each.name): each for each in registry.Models.Layered}


def _uniform(
    name: str, multiply_adds: float, parameters: float, layers: int, activations: float, depthwise: float = 0.0
) -> LayeredModel:
    """A network known by its totals, as equal layers; of its multiply-adds such a share is in depthwise layers."""
    passed, count = activations / layers, int(layers)
    kinds = (("convolution", 1.0 - depthwise), ("depthwise convolution", depthwise))
    made = tuple(
        Layer(kind, kind, passed, passed, share * parameters / count, 0.0, 2 * share * multiply_adds / count)
        for kind, share in kinds
        if share
    )
    return LayeredModel(name, made * count)


_BOTTLENECKS = r"mcunet|proxyless|mbv2|mobilenet|mnasnet|efficientnet|once.for.all"
_DEPTHWISE = 0.2
"""Share of depthwise layers in the multiply-adds of narrow inverted bottlenecks, k^2 / (k^2 + 2 c) at k = 5 taps and
c = 50 channels (MobileNetV2, arXiv 1801.04381, table 1; MCUNet, arXiv 2007.10319, section 3.1)."""


_CALLED = (
    (r"mobilenet\s*v?2.*ssd|ssd.*mobilenet\s*v?2", "SSD MobileNet v2"),
    (r"ssd.*mobilenet.*0\.75", "SSD MobileNet v1-0.75"),
    (r"ssd.*mobilenet", "SSD MobileNet v1"),
    (r"goo?gle?net", "Inception v1"),
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

    >>> network("ResNet-50 v1.5").name, network("Inception v3").name
    ('ResNet-50', 'Inception v3')
    >>> round(network("proxyless-w0.3 (38.3 MMAC)").multiply_adds)
    38300000
    """
    bare = re.sub(r"\(.*?\)", " ", text)
    known = _networks()
    named = max((name for name in known if name in fold(bare)), key=len, default=None)
    named = named or min((name for name in known if fold(bare) and name.startswith(fold(bare))), key=len, default=None)
    called = next((fold(name) for pattern, name in _CALLED if re.search(pattern, bare.lower())), None)
    stated = re.search(r"(\d+(?:\.\d+)?)\s*([MG])MACs?", text.replace("MMAC", "MMAC"))
    detector = named is not None and named.startswith("ssd") and not (called or "ssd").startswith("ssd")
    own = detector or (named is not None and (called is None or named.startswith(called)))
    if not own and called in known:
        named = called
    if re.search(r"\bssd|r-?cnn|deeplab|\bfcn", bare.lower()) and not (named or "").startswith("ssd"):
        # A detector is more than the network whose name it carries.
        named = None
    if stated:
        total = float(stated[1]) * {"M": 1e6, "G": 1e9}[stated[2]]
        if named is None or abs(known[named].multiply_adds / total - 1) > 0.05:
            depthwise = _DEPTHWISE if re.search(_BOTTLENECKS, bare.lower()) else 0.0
            return _uniform(bare.strip() or "network", total, total / 20, 30, total / 10, depthwise)
    if named is None:
        raise UnknownName("model", text, (each.name for each in known.values()))
    return known[named]
