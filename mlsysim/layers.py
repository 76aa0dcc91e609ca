"""Layers of models that are counted one by one, and the blocks they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, prod
from typing import Any, NamedTuple

from mlsysim.check import InvalidValue, UnknownName
from mlsysim.physics import operators, transformer


class Layer(NamedTuple):
    """One operator on one example: numbers in and out, weights, other parameters, operations [FLOP].

    `kept` is what has to stay alive beside input and output: a shortcut around the layer. `touched` is how many of the
    weights are read where not all are (a table).
    """

    name: str
    kind: str
    reads: float
    writes: float
    weights: float = 0.0
    vectors: float = 0.0
    flops: float = 0.0
    kept: float = 0.0
    touched: float | None = None

    @property
    def parameters(self) -> float:
        """Weights and vectors."""
        return self.weights + self.vectors

    @property
    def weights_read(self) -> float:
        """Weights that one pass reads."""
        return self.weights if self.touched is None else self.touched

    @property
    def live(self) -> float:
        """Numbers alive while it runs: the tensor arena has to hold as many."""
        return self.reads + self.writes + self.kept


def matrix_product(rows: int, inner: int, columns: int, name: str = "matrix product") -> Layer:
    """A matrix of weights on so many rows.

    >>> layer = matrix_product(1, 4096, 4096)
    >>> layer.flops / (2 * (layer.reads + layer.weights + layer.writes))
    0.99951...
    """
    flops = operators.matrix_product_flops(rows, inner, columns)
    return Layer(name, "matrix product", rows * inner, rows * columns, inner * columns, 0.0, flops)


def convolution(
    positions: int, kernel: int, channels: int, filters: int, *, stride: int = 1, groups: int = 1, name: str = ""
) -> Layer:
    """A convolution with so many output positions; depthwise where `groups` is the number of channels."""
    kind = "depthwise convolution" if groups == channels > 1 else "convolution"
    return Layer(
        name or kind,
        kind,
        positions * stride * stride * channels,
        positions * filters,
        operators.convolution_weights(kernel, channels, filters, groups),
        0.0,
        operators.convolution_flops(positions, kernel, channels, filters, groups),
    )


def softmax(rows: int, columns: int) -> Layer:
    """A softmax over each row."""
    elements = rows * columns
    return Layer("softmax", "softmax", elements, elements, flops=operators.softmax_flops(elements))


def layer_norm(rows: int, columns: int) -> Layer:
    """A layer norm of each row."""
    elements = rows * columns
    return Layer(
        "layer norm", "layer norm", elements, elements, vectors=2 * columns, flops=operators.layer_norm_flops(elements)
    )


class Tape:
    """Builds a list of layers, and knows the shape after each: (height, width, channels) or (tokens, width)."""

    def __init__(self, shape: tuple[int, ...], vectors: int) -> None:
        self.shape, self.vectors, self.layers, self.kept = shape, vectors, list[Layer](), 0.0

    def add(self, layer: Layer, shape: tuple[int, ...] | None = None) -> None:
        """The next layer, and the shape after it."""
        self.layers.append(layer._replace(kept=layer.kept + self.kept))
        self.shape = self.shape if shape is None else shape

    @property
    def size(self) -> int:
        """Numbers in the current shape."""
        return prod(self.shape)

    def conv(self, out: int, kernel: int | list[int] = 3, stride: int = 1, groups: int = 1) -> None:
        """A convolution with its norm and activation, padded so that a stride of 1 keeps the shape."""
        height, width, channels = self.shape
        covered = kernel * kernel if isinstance(kernel, int) else prod(kernel)
        shape = (ceil(height / stride), ceil(width / stride), out)
        layer = convolution(shape[0] * shape[1], covered, channels, out, groups=groups)
        size = "x".join(str(each) for each in ((kernel, kernel) if isinstance(kernel, int) else kernel))
        self.add(layer._replace(name=f"{layer.kind} {size}", reads=self.size, vectors=self.vectors * out), shape)

    def depthwise(self, kernel: int = 3, stride: int = 1) -> None:
        """A convolution of each channel on its own."""
        self.conv(self.shape[2], kernel, stride, groups=self.shape[2])

    def separable(self, out: int, kernel: int = 3, stride: int = 1) -> None:
        """A depthwise and a pointwise convolution."""
        self.depthwise(kernel, stride)
        self.conv(out, 1)

    def maxpool(self, kernel: int, stride: int) -> None:
        """The largest of each neighbourhood."""
        height, width, channels = self.shape
        shape = (ceil(height / stride), ceil(width / stride), channels)
        self.add(Layer("max pool", "pool", self.size, prod(shape), flops=kernel * kernel * prod(shape)), shape)

    def average(self) -> None:
        """The mean of all positions."""
        self.add(Layer("average pool", "pool", self.size, self.shape[2], flops=self.size), (1, 1, self.shape[2]))

    def dense(self, out: int, vectors: int = 1) -> None:
        """A matrix with bias on each token, or on everything at once."""
        rows, inner = self.shape if len(self.shape) == 2 else (1, self.size)
        layer = matrix_product(rows, inner, out, "dense")._replace(vectors=vectors * out)
        self.add(layer, (rows, out))

    def norm(self) -> None:
        """A layer norm of each token."""
        self.add(layer_norm(*self.shape))

    def _around(self, block: Callable[[], None], shortcut: Callable[[], None] | None) -> None:
        """A block with a shortcut around it, added at the end."""
        before = self.shape
        self.kept += self.size
        block()
        after, self.shape = self.shape, before
        if shortcut is not None:
            self.kept += prod(after) - self.size
            shortcut()
        self.kept = 0.0
        self.add(Layer("add", "add", 2 * prod(after), prod(after), flops=prod(after)), after)

    def bottleneck(self, width: int, out: int, stride: int = 1) -> None:
        """ResNet's block of 1x1, 3x3 (which carries the stride) and 1x1."""
        shrinks = stride > 1 or self.shape[2] != out

        def block() -> None:
            self.conv(width, 1)
            self.conv(width, 3, stride)
            self.conv(out, 1)

        self._around(block, (lambda: self.conv(out, 1, stride)) if shrinks else None)

    def basic(self, out: int, stride: int = 1) -> None:
        """ResNet's block of two 3x3."""
        shrinks = stride > 1 or self.shape[2] != out

        def block() -> None:
            self.conv(out, 3, stride)
            self.conv(out, 3)

        self._around(block, (lambda: self.conv(out, 1, stride)) if shrinks else None)

    def inverted(self, expand: int, out: int, stride: int = 1) -> None:
        """MobileNetV2's block: widen, depthwise, narrow."""
        wide = expand * self.shape[2]

        def block() -> None:
            if expand > 1:
                self.conv(wide, 1)
            self.depthwise(3, stride)
            self.conv(out, 1)

        if stride == 1 and self.shape[2] == out:
            self._around(block, None)
        else:
            block()

    def patches(self, width: int, size: int, extra: int = 0) -> None:
        """An image cut into patches, each brought to a token; `extra` tokens and all positions are learned."""
        height, across, channels = self.shape
        tokens = (height // size) * (across // size)
        layer = convolution(tokens, size * size, channels, width, name="patches")
        vectors = width + (extra + tokens + extra) * width
        self.add(layer._replace(reads=self.size, vectors=vectors), (tokens + extra, width))

    def tokens(self, vocab: int, width: int, positions: int = 0) -> None:
        """A table in which each token looks up a row, with learned positions, of which each token reads one."""
        count = self.shape[0]
        layer = Layer("embedding", "table", count, count * width, vocab * width, positions * width)
        self.add(layer._replace(touched=count * width), (count, width))

    def lookup(self, rows: int, width: int, tables: int) -> None:
        """Tables in each of which one row is looked up, beside the current shape: DLRM's sparse features."""
        read = tables * width
        layer = Layer("embedding tables", "table", tables, read, rows * width)
        self.add(layer._replace(touched=read), (self.shape[0], self.shape[1] + read))

    def interact(self, width: int) -> None:
        """All pairs of feature vectors multiplied, beside the first of them."""
        vectors = self.size // width
        pairs = vectors * (vectors - 1) // 2
        flops = operators.matrix_product_flops(1, width, pairs)
        self.add(Layer("interaction", "matrix product", self.size, pairs + width, flops=flops), (1, pairs + width))

    def attend(self, heads: int) -> None:
        """Query, key, value; scores of all pairs; output."""
        tokens, width = self.shape
        self.dense(3 * width)
        flops = transformer.attention_flops(1, heads, width // heads, tokens * tokens)
        flops += operators.softmax_flops(heads * tokens * tokens)
        self.add(Layer("attention", "attention", 3 * tokens * width, tokens * width, flops=flops), (tokens, width))
        self.dense(width)

    def encoder(self, heads: int, ffn: int) -> None:
        """A transformer layer that sees all tokens."""
        width = self.shape[1]
        self.norm()
        self.attend(heads)
        self.norm()
        self.dense(ffn)
        self.dense(width)

    def dit(self, heads: int, ffn: int) -> None:
        """A transformer layer of a diffusion model, its norms steered by time and class."""
        tokens, width = self.shape
        steer = matrix_product(1, width, 6 * width, "modulation")._replace(vectors=6 * width)
        self.add(steer, (tokens, width))
        unscaled = layer_norm(tokens, width)._replace(vectors=0.0)
        self.add(unscaled)
        self.attend(heads)
        self.add(unscaled)
        self.dense(ffn)
        self.dense(width)

    def mamba(self, state: int = 16, kernel: int = 4, expand: int = 2) -> None:
        """A selective state-space layer."""
        tokens, width = self.shape
        inner, rank = expand * width, ceil(width / 16)
        self.add(layer_norm(tokens, width)._replace(name="RMS norm", vectors=width))
        self.dense(2 * inner, vectors=0)
        mix = convolution(tokens, kernel, inner, inner, groups=inner, name="convolution along the sequence")
        self.add(mix._replace(vectors=inner), (tokens, inner))
        self.dense(rank + 2 * state, vectors=0)
        self.shape = (tokens, rank)
        self.dense(inner)
        flops = operators.selective_scan_flops(tokens, inner, state)
        scan = Layer("selective scan", "scan", tokens * (3 * inner + 2 * state), tokens * inner, flops=flops)
        self.add(scan._replace(vectors=inner * (state + 1)), (tokens, inner))
        self.dense(width, vectors=0)

    def head(self, vocab: int) -> None:
        """A matrix from the width to the vocabulary, the embedding table once more."""
        tokens, width = self.shape
        layer = matrix_product(tokens, width, vocab, "LM head")
        self.add(layer._replace(weights=0.0, touched=width * vocab), (tokens, vocab))

    def first(self) -> None:
        """The first token alone: what is classified."""
        self.shape = (1, self.shape[1])

    def vector(self, count: int) -> None:
        """A parameter vector of that size, added."""
        self.add(Layer("vector", "add", self.size, self.size, vectors=count, flops=self.size))


_BLOCKS = [name for name in vars(Tape) if not name.startswith("_") and name not in ("add", "size")]


def unfold(shape: list[int], blocks: list[dict[str, Any]], vectors: int = 1) -> tuple[Layer, ...]:
    """Layers from blocks: op, its arguments, how often it is repeated; a repeated block strides once.

    >>> [layer.name for layer in unfold([32, 32, 3], [{"op": "separable", "out": 8}, {"op": "average"}])]
    ['depthwise convolution 3x3', 'convolution 1x1', 'average pool']
    """
    tape = Tape(tuple(shape), vectors)
    for block in blocks:
        for name, arguments in _repeated(dict(block)):
            if name not in _BLOCKS:
                raise UnknownName("op", str(name), _BLOCKS)
            try:
                getattr(tape, name)(**arguments)
            except (TypeError, ValueError) as error:
                rule = f"it does not follow a shape of {tape.shape}: {error}"
                raise InvalidValue("op", block, rule, '{op = "conv", out = 64, kernel = 3, stride = 1}') from None
    return tuple(tape.layers)


def _repeated(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    name, times = block.pop("op", ""), block.pop("repeat", 1)
    for index in range(times):
        if index and "stride" in block:
            block["stride"] = 1
        yield name, dict(block)
