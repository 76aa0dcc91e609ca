"""Records: a figure with its passport, a machine, a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlsysim.architecture import Encoder, Experts, Latent
from mlsysim.check import Checks, InvalidValue, UnknownName, count, flag, quantity, text
from mlsysim.physics import latent, roofline, transformer

if TYPE_CHECKING:
    from mlsysim.layered import LayeredModel

TIERS = ("definition", "datasheet", "paper", "measured", "estimate")
KINDS = ("cloud", "edge", "mobile", "tiny")


@dataclass(frozen=True, slots=True)
class Datum:
    """One figure and its passport; `lower` and `upper` where its source, or several, give a spread.

    `checked` is a second source that agrees.
    """

    value: float
    unit: str
    source: str
    read: str
    tier: str
    note: str = ""
    checked: str = ""
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        if not self.source:
            raise InvalidValue("source", self.source, "a figure without a source is not used", '"https://..."')
        if self.tier not in TIERS:
            raise InvalidValue("tier", self.tier, f"it must be one of {', '.join(TIERS)}", '"datasheet"')
        if not (self.value if self.lower is None else self.lower) <= self.value:
            raise InvalidValue("lower", self.lower, f"it must not exceed the value {self.value}", "lower=0.6")
        if not self.value <= (self.value if self.upper is None else self.upper):
            raise InvalidValue("upper", self.upper, f"it must not be below the value {self.value}", "upper=0.9")


class Input(NamedTuple):
    """A symbol of an equation, what it stands for, and the figure's passport."""

    symbol: str
    meaning: str
    datum: Datum


@dataclass(frozen=True, slots=True, init=False)
class HardwareNode:
    """One machine in SI units: peak dense rates by precision, memory, bandwidth.

    `memory` is what a program can fill, `memory_visible` what the driver reports, `link` is per direction. `cache` is
    the last-level one; None stands for one that holds whatever passes between two kernels. `cores` are dealt the tiles
    of a matrix product; None stands for so few that none waits for others. Where chips are joined to their neighbours
    without a switch, `torus` is the axes that their links lie along, and `pod` how many are joined so. A
    microcontroller also has a `core`, its `clock`, and its power while computing and while sleeping. Figures are
    numbers or text with a unit.

    >>> mine = HardwareNode(name="Mine", peak={"fp16": "500 TFLOP/s"}, memory="96 GB", memory_bandwidth="4 TB/s")
    >>> mine.ridge_point("fp16")
    125.0
    """

    name: str
    peak: Mapping[str, float] = field(hash=False)
    memory: float
    memory_bandwidth: float
    vendor: str
    variant: str
    kind: str
    launch_class: str
    sparse_peak: Mapping[str, float] = field(hash=False)
    memory_visible: float | None
    cache: float | None
    flash: float | None
    link: float | None
    tdp: float | None
    cores: float | None
    torus: float | None
    pod: float | None
    core: str
    clock: float | None
    active_power: float | None
    sleep_power: float | None
    passports: Mapping[str, Datum] = field(hash=False, compare=False, repr=False)

    def __init__(
        self,
        *,
        name: str,
        peak: Mapping[str, float | str],
        memory: float | str,
        memory_bandwidth: float | str,
        vendor: str = "",
        variant: str = "",
        kind: str = "cloud",
        launch_class: str = "gpu",
        sparse_peak: Mapping[str, float | str] | None = None,
        memory_visible: float | str | None = None,
        cache: float | str | None = None,
        flash: float | str | None = None,
        link: float | str | None = None,
        tdp: float | str | None = None,
        cores: int | None = None,
        torus: int | None = None,
        pod: int | None = None,
        core: str = "",
        clock: float | str | None = None,
        active_power: float | str | None = None,
        sleep_power: float | str | None = None,
        passports: Mapping[str, Datum] | None = None,
    ) -> None:
        put, each = object.__setattr__, Checks()
        put(self, "name", each(text, "name", name, 'name="Mine"'))
        if kind not in KINDS:
            each.refuse("kind", kind, f"it must be one of {', '.join(KINDS)}", 'kind="cloud"')
        put(self, "kind", kind)
        for key, line in (("vendor", vendor), ("variant", variant), ("launch_class", launch_class), ("core", core)):
            put(self, key, each(text, key, line, f'{key}="gpu"', empty=True))
        put(self, "peak", each(_rates, "peak", peak))
        put(self, "sparse_peak", each(_rates, "sparse_peak", sparse_peak) if sparse_peak else MappingProxyType({}))
        for key, value, unit, example in (
            ("memory", memory, "B", "96 GB"),
            ("memory_bandwidth", memory_bandwidth, "B/s", "4 TB/s"),
            ("memory_visible", memory_visible, "B", "96 GiB"),
            ("cache", cache, "B", "50 MiB"),
            ("flash", flash, "B", "1 MiB"),
            ("link", link, "B/s", "450 GB/s"),
            ("tdp", tdp, "W", "700 W"),
            ("clock", clock, "Hz", "64 MHz"),
            ("active_power", active_power, "W", "10 mW"),
            ("sleep_power", sleep_power, "W", "10 uW"),
        ):
            needed = key in ("memory", "memory_bandwidth")
            known = needed or value is not None
            put(self, key, each(quantity, key, value, unit, f'{key}="{example}"') if known else None)
        for key, whole, example in (("cores", cores, "132"), ("torus", torus, "3"), ("pod", pod, "4096")):
            found = None if whole is None else each(count, key, whole, f"{key}={example}")
            put(self, key, None if found is None else float(found))
        put(self, "passports", MappingProxyType(dict(passports or {})))
        each.finish()

    @property
    def full_name(self) -> str:
        """The name with the exact variant: H100 SXM5 80GB."""
        return f"{self.name} {self.variant}".rstrip()

    def rate(self, precision: str) -> float:
        """Peak dense rate [FLOP/s]; a precision the machine does not compute in is refused."""
        try:
            return self.peak[precision]
        except KeyError:
            raise InvalidValue(
                "precision",
                precision,
                f"the {self.name} computes in {', '.join(self.peak)}; weights= stores the weights alone in fewer bits",
                f'precision="{next(iter(self.peak))}"',
            ) from None

    def ridge_point(self, precision: str) -> float:
        """Arithmetic intensity at which arithmetic and memory take equal time at peak [FLOP/B]."""
        return roofline.ridge_point(self.rate(precision), self.memory_bandwidth)

    def datum(self, name: str) -> Datum:
        """A figure with its passport: datum("memory_bandwidth"), datum("peak.fp16")."""
        group, _, key = name.partition(".")
        if group in ("peak", "sparse_peak"):
            value = getattr(self, group).get(key)
        else:
            value = getattr(self, name) if name in _UNIT else None
        if value is None:
            raise UnknownName("datum", name, self._figures())
        passport = self.passports.get(name)
        # A copy with another figure does not keep the passport of the old one.
        if passport is not None and passport.value == value:
            return passport
        return Datum(value, _UNIT[group], f"given for {self.name}", "", "estimate", "not from a data sheet")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (HardwareNode, _plain(self))

    def _figures(self) -> list[str]:
        rates = [f"{group}.{key}" for group in ("peak", "sparse_peak") for key in getattr(self, group)]
        return rates + [key for key in _UNIT if isinstance(getattr(self, key), float)]


_UNIT = {
    "peak": "FLOP/s",
    "sparse_peak": "FLOP/s",
    "memory": "B",
    "memory_bandwidth": "B/s",
    "memory_visible": "B",
    "cache": "B",
    "flash": "B",
    "link": "B/s",
    "tdp": "W",
    "cores": "1",
    "torus": "1",
    "pod": "1",
    "clock": "Hz",
    "active_power": "W",
    "sleep_power": "W",
}


def _rates(name: str, rates: Mapping[str, float | str]) -> Mapping[str, float]:
    example = f'{name}={{"fp16": "500 TFLOP/s"}}'
    if not isinstance(rates, Mapping) or not rates:
        raise InvalidValue(name, rates, "it must give a rate for at least one precision", example)
    from mlsysim.precision import resolve

    each = Checks()
    found = {
        each(resolve, name, key): each(quantity, f"{name}[{key!r}]", value, "FLOP/s", example)
        for key, value in rates.items()
    }
    each.finish()
    return MappingProxyType({str(key): float(value or 0.0) for key, value in found.items()})


def _plain(record: HardwareNode | ModelSpec) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _rebuild(kind: type, values: dict[str, Any]) -> Any:
    return kind(**values)


@dataclass(frozen=True)
class ModelSpec:
    """A decoder, on its own or with an encoder, by its architecture; what follows from it is computed.

    Attention is multi-head, grouped-query or multi-query by `kv_heads`, or latent. With a `window`, one layer in
    `global_every` attends to everything (0: none does) and the others to the last `window` positions. `norms` counts
    those of a layer; in a `parallel` one attention and feed-forward part read the same input and are summed at once.
    `qkv_bias` is for biases there alone; `extra` counts numbers outside all matrices that nothing
    else tells of. `beside` are parameters that text does not pass through, such as a vision encoder's. With an
    `encoder`, each layer also attends to what that brought forth. What follows from the fields is computed once, hence
    no slots.

    >>> tiny = ModelSpec(name="Tiny", layers=2, hidden=64, heads=4, ffn=256, vocab=1000, max_context=128)
    >>> tiny.parameters
    259392
    """

    name: str
    layers: int
    hidden: int
    heads: int
    ffn: int
    vocab: int
    max_context: int
    kv_heads: int = 0
    head_dim: int = 0
    gated: bool = True
    tied: bool = False
    bias: bool = False
    layer_norm: bool = False
    learned_positions: int = 0
    norms: int = 2
    qkv_bias: bool = False
    qk_norm: bool = False
    sinks: bool = False
    window: int = 0
    global_every: int = 0
    parallel: bool = False
    experts: Experts | None = None
    latent: Latent | None = None
    encoder: Encoder | None = None
    extra: int = 0
    beside: int = 0
    passports: Mapping[str, Datum] = field(default_factory=dict, hash=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        put, each = object.__setattr__, Checks()
        each(text, "name", self.name, 'name="Mine"')
        for key in ("layers", "hidden", "heads", "ffn", "vocab", "max_context"):
            put(self, key, each(count, key, getattr(self, key), f"{key}=32"))
        for key in ("kv_heads", "head_dim", "learned_positions", "window", "global_every", "extra", "beside"):
            put(self, key, each(count, key, getattr(self, key), f"{key}=4", at_most=10**12, at_least=0))
        put(self, "norms", each(count, "norms", self.norms, "norms=2", at_most=8))
        for key in ("gated", "tied", "bias", "layer_norm", "qkv_bias", "qk_norm", "sinks", "parallel"):
            each(flag, key, getattr(self, key), f"{key}=True")
        for key, kind, example in (
            ("experts", Experts, "experts=Experts(count=8, active=2, inner=14336)"),
            ("latent", Latent, "latent=Latent(kv_rank=512, content=128, position=64, value=128)"),
            ("encoder", Encoder, "encoder=Encoder(layers=(...), tokens=512)"),
        ):
            part = getattr(self, key)
            if part is not None and not isinstance(part, kind):
                each.refuse(key, part, f"it must be {kind.__name__} or None", example)
        each.finish()
        self._check_together(each)
        each.finish()
        put(self, "kv_heads", self.kv_heads or self.heads)
        put(self, "head_dim", self.head_dim or self.hidden // self.heads)
        put(self, "passports", MappingProxyType(dict(self.passports)))

    @property
    def full_name(self) -> str:
        """The name; a model has no variants."""
        return self.name

    def _check_together(self, each: Checks) -> None:
        if self.kv_heads and self.heads % self.kv_heads:
            rule = f"it must divide the {self.heads} query heads"
            each.refuse("kv_heads", self.kv_heads, rule, f"kv_heads={self.heads}")
        if not self.head_dim and self.hidden % self.heads:
            rule = f"it must be a multiple of the {self.heads} heads where head_dim is not given"
            each.refuse("hidden", self.hidden, rule, f"hidden={self.heads * 128}")
        if self.global_every and not self.window:
            each.refuse("global_every", self.global_every, "it needs a window", "window=4096, global_every=2")
        if self.experts is not None and self.experts.dense_layers >= self.layers:
            rule = f"it must leave some of the {self.layers} layers to the experts"
            each.refuse("experts.dense_layers", self.experts.dense_layers, rule, "dense_layers=1")
        if self.encoder is not None and (self.latent is not None or self.window):
            rule = "cross-attention is counted beside plain attention alone"
            each.refuse("encoder", self.encoder, rule, "latent=None, window=0")

    @property
    def matrices(self) -> int:
        """Matrices in a feed-forward layer."""
        return 3 if self.gated else 2

    @property
    def all_reduces(self) -> int:
        """Sums over the GPUs that share a layer: after attention and after the feed-forward part (Shoeybi et al.,
        Megatron-LM, arXiv 1909.08053, section 3), or one of both (Pope et al., arXiv 2211.05102, section 3.4)."""
        return 1 if self.parallel else 2

    @cached_property
    def windowed_layers(self) -> int:
        """Layers that attend within the window."""
        if not self.window:
            return 0
        return self.layers - (self.layers // self.global_every if self.global_every else 0)

    @cached_property
    def expert_layers(self) -> int:
        """Layers with a mixture of experts."""
        return self.layers - self.experts.dense_layers if self.experts else 0

    @cached_property
    def projection_parameters(self) -> int:
        """Query, key, value and output matrices of all layers."""
        part = self.latent
        if part is None:
            per_layer = transformer.attention_parameters(self.hidden, self.heads, self.kv_heads, self.head_dim)
        else:
            per_layer = latent.latent_parameters(
                self.hidden, self.heads, part.query_rank, part.kv_rank, part.content, part.position, part.value
            )
        return int(self.layers * per_layer)

    @cached_property
    def projection_shapes(self) -> tuple[tuple[int, int], ...]:
        """Inner dimension and columns of a layer's projections, as they are multiplied: the output's is the last."""
        hidden, heads, part = self.hidden, self.heads, self.latent
        if part is None:
            return (hidden, self.head_dim * (heads + 2 * self.kv_heads)), (self.head_dim * heads, hidden)
        rank, width = part.query_rank, heads * (part.content + part.position)
        queries = ((hidden, rank), (rank, width)) if rank else ((hidden, width),)
        kept = (hidden, part.cached), (part.kv_rank, heads * (part.content + part.value))
        return (*queries, *kept, (heads * part.value, hidden))

    def feed_forward_shapes(self, inner: int) -> tuple[tuple[int, int], ...]:
        """The same of a feed-forward layer of that width, gate and up as one matrix."""
        return (self.hidden, (self.matrices - 1) * inner), (inner, self.hidden)

    @cached_property
    def cross_parameters(self) -> int:
        """Query, key, value and output matrices of all layers' attention to the encoder."""
        if self.encoder is None:
            return 0
        return int(
            self.layers * transformer.attention_parameters(self.hidden, self.heads, self.kv_heads, self.head_dim)
        )

    @cached_property
    def feed_forward_parameters(self) -> int:
        """Feed-forward matrices of all layers, with all experts."""
        return self._feed_forward(self.experts.count if self.experts else 0)

    @cached_property
    def active_feed_forward_parameters(self) -> int:
        """Feed-forward matrices that one token is multiplied with."""
        return self._feed_forward(self.experts.active if self.experts else 0)

    @cached_property
    def expert_parameters(self) -> int:
        """Matrices of one expert in each expert layer: what one more expert costs to read."""
        inner = self.experts.inner if self.experts else 0
        return int(self.expert_layers * transformer.feed_forward_parameters(self.hidden, inner, self.matrices))

    def _feed_forward(self, experts: int) -> int:
        plain = transformer.feed_forward_parameters(self.hidden, self.ffn, self.matrices)
        always = 0.0
        if self.experts:
            inner = self.experts.shared * self.experts.shared_inner
            always = transformer.feed_forward_parameters(self.hidden, inner, self.matrices)
            always += self.hidden * self.experts.count  # the router
        dense = (self.layers - self.expert_layers) * plain
        return int(dense + self.expert_layers * always + experts * self.expert_parameters)

    @property
    def embedding_parameters(self) -> int:
        """Token embedding, a table in which each token looks up one row."""
        return self.vocab * self.hidden

    @property
    def head_parameters(self) -> int:
        """The LM head, a matrix; the embedding table once more where the two are tied."""
        return self.vocab * self.hidden

    @cached_property
    def vector_parameters(self) -> int:
        """Norms, biases and learned positions: all that is not a matrix."""
        norms = (self.norms * self.layers + 1) * self.hidden * (2 if self.layer_norm else 1)
        kv = self.kv_heads * self.head_dim
        in_projections = self.heads * self.head_dim + 2 * kv
        per_layer = 2 * self.head_dim if self.qk_norm else 0
        per_layer += self.heads if self.sinks else 0
        per_layer += self.latent.query_rank + self.latent.kv_rank if self.latent else 0
        if self.bias or self.qkv_bias:
            per_layer += in_projections
        fed = 0
        if self.bias:
            per_layer += self.hidden
            fed = (self.layers - self.expert_layers) * ((self.matrices - 1) * self.ffn + self.hidden)
            if self.experts:
                fed += self.expert_layers * self.experts.count + self.experts.count * self._expert_biases
        return norms + self.learned_positions * self.hidden + self.layers * per_layer + fed + self.extra

    @property
    def _expert_biases(self) -> int:
        """Biases of one expert in each expert layer."""
        if not (self.bias and self.experts):
            return 0
        return self.expert_layers * ((self.matrices - 1) * self.experts.inner + self.hidden)

    @cached_property
    def parameters(self) -> int:
        """All parameters, each counted once."""
        tables = self.embedding_parameters + (0 if self.tied else self.head_parameters)
        layers = self.projection_parameters + self.cross_parameters + self.feed_forward_parameters
        encoder = 0 if self.encoder is None else self.encoder.parameters
        return layers + tables + self.vector_parameters + encoder + self.beside

    @property
    def active_parameters(self) -> int:
        """Parameters that one token uses, with the whole embedding table, of which it reads a row."""
        asleep = self.experts.count - self.experts.active if self.experts else 0
        return self.parameters - self.beside - asleep * (self.expert_parameters + self._expert_biases)

    @classmethod
    def from_huggingface(cls, source: str, *, network: bool = False) -> ModelSpec | LayeredModel:
        """The model that a config.json describes: of a file or folder, or, where `network` allows it, of an ID or an
        https address. What is no decoder, such as BERT, comes back as a LayeredModel."""
        from mlsysim.importers.huggingface import read
        from mlsysim.own import model_from

        return model_from(read(source, network=network))

    def datum(self, name: str) -> Datum:
        """A published figure with its passport: datum("parameters")."""
        try:
            return self.passports[name]
        except KeyError:
            raise UnknownName("datum", name, self.passports or ["parameters"]) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (ModelSpec, _plain(self))
