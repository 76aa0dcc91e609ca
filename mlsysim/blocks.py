"""The blocks that models counted layer by layer come in, and how they unfold into layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from math import ceil, prod
from typing import Any

from mlsysim.check import Checks, InvalidValue, Mistakes, UnknownName, count, flag
from mlsysim.layers import Layer, convolution, layer_norm, matrix_product
from mlsysim.physics import operators, transformer


class Tape:
    """Builds a list of layers, and knows the shape after each: (height, width, channels) or (tokens, width)."""

    def __init__(self, shape: tuple[int, ...], vectors: int) -> None:
        self.shape, self.vectors, self.layers, self.kept = shape, vectors, list[Layer](), 0.0
        self._skips: list[tuple[int, ...]] = []

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

    def norm(self, rms: bool = False) -> None:
        """A layer norm of each token, or an RMS norm, which has a scale alone."""
        layer = layer_norm(*self.shape)
        self.add(layer._replace(name="RMS norm", vectors=self.shape[1]) if rms else layer)

    def group_norm(self) -> None:
        """A norm over groups of channels."""
        channels, flops = self.shape[2], operators.layer_norm_flops(self.size)
        self.add(Layer("group norm", "layer norm", self.size, self.size, vectors=2 * channels, flops=flops))

    def _around(self, block: Callable[[], None], shortcut: Callable[[], None] | None) -> None:
        """A block with a shortcut around it, added at the end."""
        before, kept = self.shape, self.kept
        self.kept += self.size
        block()
        after, self.shape = self.shape, before
        if shortcut is not None:
            self.kept += prod(after) - self.size
            shortcut()
        self.kept = kept
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

    def embedded(self, width: int) -> None:
        """Tokens looked up in a table that is counted elsewhere."""
        count = self.shape[0]
        self.add(Layer("embedding", "table", count, count * width, touched=count * width), (count, width))

    def sequence(self) -> None:
        """All positions of an image or a recording as tokens."""
        self.shape = (self.shape[0] * self.shape[1], self.shape[2])

    def attend(self, heads: int, head_dim: int = 0, biases: int = 3, bias: int = 1) -> None:
        """Query, key, value, of which so many have a bias; scores of all pairs; output."""
        tokens, width = self.shape
        inner = heads * (head_dim or width // heads)
        self.add(matrix_product(tokens, width, 3 * inner, "dense")._replace(vectors=biases * inner), (tokens, inner))
        self._scores(heads, tokens)
        self.dense(width, bias)

    def _scores(self, heads: int, seen: int) -> None:
        """Every token against so many others."""
        tokens, inner = self.shape
        flops = transformer.attention_flops(1, heads, inner // heads, tokens * seen)
        flops += operators.softmax_flops(heads * tokens * seen)
        self.add(Layer("attention", "attention", (tokens + 2 * seen) * inner, tokens * inner, flops=flops))

    def encoder(
        self,
        heads: int,
        ffn: int,
        head_dim: int = 0,
        biases: int = 3,
        bias: int = 1,
        rms: bool = False,
        gated: bool = False,
    ) -> None:
        """A transformer layer that sees all tokens."""
        tokens, width = self.shape
        self.norm(rms)
        self.attend(heads, head_dim, biases, bias)
        self.norm(rms)
        self.dense((2 if gated else 1) * ffn, bias)
        self.shape = (tokens, ffn)
        self.dense(width, bias)

    def residual(self, out: int, time: int) -> None:
        """A diffusion U-Net's block of two convolutions, steered by time."""

        def block() -> None:
            self.group_norm()
            self.conv(out, 3)
            self.add(matrix_product(1, time, out, "modulation")._replace(vectors=out))
            self.group_norm()
            self.conv(out, 3)

        self._around(block, None if self.shape[2] == out else lambda: self.conv(out, 1))

    def cross(self, heads: int, seen: int, width: int) -> None:
        """A diffusion U-Net's transformer: each position attends to all and to `seen` vectors of text."""
        height, across, channels = self.shape

        def block() -> None:
            self.group_norm()
            self.conv(channels, 1)
            self.sequence()
            self.norm()
            self.attend(heads, biases=0)
            self.norm()
            self.dense(channels, vectors=0)
            self.add(matrix_product(seen, width, 2 * channels, "dense"))
            self._scores(heads, seen)
            self.dense(channels)
            self.norm()
            self.dense(8 * channels)
            self.shape = (height * across, 4 * channels)
            self.dense(channels)
            self.shape = (height, across, channels)
            self.conv(channels, 1)

        self._around(block, None)

    def skip(self) -> None:
        """What is here is kept for the way up."""
        self._skips.append(self.shape)
        self.kept += self.size

    def join(self) -> None:
        """What was kept last is put beside the current shape."""
        kept = self._skips.pop()
        self.kept -= prod(kept)
        self.shape = (*self.shape[:2], self.shape[2] + kept[2])

    def down(self, out: int, time: int, heads: int = 0, seen: int = 0, width: int = 0) -> None:
        """A step on a diffusion U-Net's way down."""
        self.residual(out, time)
        if heads:
            self.cross(heads, seen, width)
        self.skip()

    def up(self, out: int, time: int, heads: int = 0, seen: int = 0, width: int = 0) -> None:
        """A step on a diffusion U-Net's way up."""
        self.join()
        self.residual(out, time)
        if heads:
            self.cross(heads, seen, width)

    def grow(self) -> None:
        """Twice the height and width."""
        height, across, channels = self.shape
        self.add(Layer("upsample", "pool", self.size, 4 * self.size), (2 * height, 2 * across, channels))
        self.conv(channels, 3)

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
_EXAMPLE = '{op = "conv", out = 64, kernel = 3, stride = 1}'
LONGEST = 100_000
"""Most layers that are counted one by one."""


def unfold(shape: list[int], blocks: list[dict[str, Any]], vectors: int = 1) -> tuple[Layer, ...]:
    """Layers from blocks: op, its arguments, how often it is repeated; a repeated block strides once.

    >>> [layer.name for layer in unfold([32, 32, 3], [{"op": "separable", "out": 8}, {"op": "average"}])]
    ['depthwise convolution 3x3', 'convolution 1x1', 'average pool']
    """
    return tuple(play(shape, blocks, vectors).layers)


def play(shape: list[int], blocks: list[dict[str, Any]], vectors: int = 1) -> Tape:
    """The tape with all layers, and the shape that comes out."""
    each = Checks()
    if not isinstance(shape, list) or not 1 <= len(shape) <= 3:
        each.refuse("input", shape, "it must be one to three sizes", "input = [224, 224, 3]")
    else:
        for size in shape:
            each(count, "input", size, "input = [224, 224, 3]")
    each(count, "vectors", vectors, "vectors = 1", at_least=0)
    if not isinstance(blocks, list) or not blocks:
        each.refuse("blocks", blocks, "it must be a list of at least one block", f"blocks = [{_EXAMPLE}]")
    else:
        for block in blocks:
            if len(each.found) < Mistakes.TOLD:
                _check(block, each)
    each.finish()
    tape = Tape(tuple(shape), vectors)
    for block in blocks:
        for name, arguments in _repeated(dict(block)):
            try:
                getattr(tape, name)(**arguments)
            except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
                rule = f"it does not follow a shape of {tape.shape}: {error}"
                raise InvalidValue("op", block, rule, _EXAMPLE) from None
            if len(tape.layers) > LONGEST:
                raise InvalidValue("blocks", len(tape.layers), f"at most {LONGEST:,d} layers are counted", _EXAMPLE)
    return tape


def _check(block: Any, each: Checks) -> None:
    if not isinstance(block, dict):
        each.refuse("op", block, "a block is a table with an op", _EXAMPLE)
        return
    name = block.get("op", "")
    if name not in _BLOCKS:
        each.found.append(UnknownName("op", str(name), _BLOCKS))
        return
    known = {key: each.default for key, each in signature(getattr(Tape, name)).parameters.items() if key != "self"}
    for key, value in block.items():
        if key == "op":
            continue
        if key == "repeat":
            each(count, "repeat", value, "repeat = 3", at_most=LONGEST)
        elif key not in known:
            each.found.append(UnknownName(f"argument of {name}", str(key), [*known, "repeat"]))
        elif isinstance(known[key], bool):
            each(flag, key, value, f"{key} = true")
        else:
            sizes = value if key == "kernel" and isinstance(value, list) and len(value) == 2 else [value]
            for size in sizes:
                each(count, key, size, f"{key} = 64", at_most=10**15, at_least=int(known[key] is Parameter.empty))
    for key, default in known.items():
        if default is Parameter.empty and key not in block:
            each.refuse(key, None, f"the block {name!r} needs it", f'{{op = "{name}", {key} = 64}}')


def _repeated(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    name, times = block.pop("op"), block.pop("repeat", 1)
    for index in range(times):
        if index and "stride" in block:
            block["stride"] = 1
        yield name, dict(block)
