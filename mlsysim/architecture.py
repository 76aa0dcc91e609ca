"""What a transformer can have besides dense layers and plain attention: experts, and latent keys and values."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, count


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
        put = object.__setattr__
        for key in ("count", "active", "inner"):
            put(self, key, count(f"experts.{key}", getattr(self, key), f"Experts({key}=8)"))
        for key in ("shared", "shared_inner", "dense_layers", "most_nodes"):
            if getattr(self, key) != 0:
                put(self, key, count(f"experts.{key}", getattr(self, key), f"Experts({key}=1)"))
            put(self, key, int(getattr(self, key)))
        if not isinstance(self.dense_spread, bool):
            rule = "it must be True or False"
            raise InvalidValue("experts.dense_spread", self.dense_spread, rule, "dense_spread=True")
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
        put = object.__setattr__
        for key in ("kv_rank", "content", "position", "value"):
            put(self, key, count(f"latent.{key}", getattr(self, key), f"Latent({key}=64)"))
        if self.query_rank != 0:
            put(self, "query_rank", count("latent.query_rank", self.query_rank, "Latent(query_rank=1536)"))
        put(self, "query_rank", int(self.query_rank))

    @property
    def cached(self) -> int:
        """Numbers kept for one token and layer."""
        return self.kv_rank + self.position
