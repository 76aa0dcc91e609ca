"""What a transformer can have besides dense layers and plain attention: experts, latent keys and values, an encoder."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import Checks, InvalidValue, count
from mlsysim.layers import Layer


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts: `active` of `count` feed-forward networks of width `inner` for each token.

    `shared` experts, of width `shared_inner`, are used by every token. `dense_layers` layers keep a plain feed-forward:
    the first ones or, with `dense_spread`, evenly between the others. A router may send a token to no more than
    `most_nodes` nodes.

    >>> Experts(count=256, active=8, inner=2048, shared=1, dense_layers=3).width
    18432
    """

    count: int
    active: int
    inner: int
    shared: int = 0
    shared_inner: int = 0
    dense_layers: int = 0
    dense_spread: bool = False
    most_nodes: int = 0

    def __post_init__(self) -> None:
        put, each = object.__setattr__, Checks()
        for key in ("count", "active", "inner", "shared", "shared_inner", "dense_layers", "most_nodes"):
            least = 1 if key in ("count", "active", "inner") else 0
            put(self, key, each(count, f"experts.{key}", getattr(self, key), f"Experts({key}=8)", at_least=least))
        if not isinstance(self.dense_spread, bool):
            each.refuse("experts.dense_spread", self.dense_spread, "it must be True or False", "dense_spread=True")
        each.finish()
        if self.active > self.count:
            rule = f"a token cannot be sent to more than the {self.count} experts"
            raise InvalidValue("experts.active", self.active, rule, f"active={min(2, self.count)}")
        if self.shared and not self.shared_inner:
            put(self, "shared_inner", self.inner)

    def plain_before(self, layer: int, layers: int) -> int:
        """How many layers before that one, counted from 0, keep a plain feed-forward.

        >>> deepseek = Experts(count=256, active=8, inner=2048, dense_layers=3)
        >>> maverick = Experts(count=128, active=1, inner=8192, dense_layers=24, dense_spread=True)
        >>> deepseek.plain_before(4, 61), maverick.plain_before(4, 48), maverick.plain_before(48, 48)
        (3, 2, 24)
        """
        before = min(max(layer, 0), layers)
        return -(-before * self.dense_layers // layers) if self.dense_spread else min(before, self.dense_layers)

    @property
    def width(self) -> int:
        """Feed-forward width that one token passes through."""
        return self.active * self.inner + self.shared * self.shared_inner


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention: ranks of the compressed query (0: not compressed) and of keys and values, and each
    head's widths without and with position, and of its value.

    >>> Latent(kv_rank=512, query_rank=1536, content=128, position=64, value=128).cached
    576
    """

    kv_rank: int
    content: int
    position: int
    value: int
    query_rank: int = 0

    def __post_init__(self) -> None:
        put, each = object.__setattr__, Checks()
        for key in ("kv_rank", "content", "position", "value", "query_rank"):
            least = 0 if key == "query_rank" else 1
            put(self, key, each(count, f"latent.{key}", getattr(self, key), f"Latent({key}=64)", at_least=least))
        each.finish()

    @property
    def cached(self) -> int:
        """Numbers kept for one token and layer."""
        return self.kv_rank + self.position


@dataclass(frozen=True, slots=True)
class Encoder:
    """What the cross-attention of an encoder-decoder looks at: `layers`, counted one by one, turn one example into
    `tokens` vectors, each as wide as the decoder.

    >>> from mlsysim.layers import matrix_product
    >>> Encoder(layers=(matrix_product(512, 768, 768),), tokens=512).parameters
    589824
    """

    layers: tuple[Layer, ...]
    tokens: int

    def __post_init__(self) -> None:
        if not isinstance(self.layers, tuple) or not all(isinstance(each, Layer) for each in self.layers):
            example = "Encoder(layers=(matrix_product(512, 768, 768),), tokens=512)"
            raise InvalidValue("encoder.layers", self.layers, "it must be a tuple of layers", example)
        object.__setattr__(self, "tokens", count("encoder.tokens", self.tokens, "Encoder(tokens=512, ...)"))

    @property
    def matrix_parameters(self) -> int:
        """Weights of all matrices and tables."""
        return int(sum(each.weights for each in self.layers))

    @property
    def parameters(self) -> int:
        """All parameters."""
        return int(sum(each.parameters for each in self.layers))

    @property
    def flops(self) -> float:
        """Operations for one example [FLOP]."""
        return sum(each.flops for each in self.layers)
