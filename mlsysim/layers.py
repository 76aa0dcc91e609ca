"""Layers of models that are counted one by one."""

from __future__ import annotations

from typing import NamedTuple

from mlsysim.physics import operators


class Layer(NamedTuple):
    """One operator on one example: numbers in and out, weights, other parameters, operations [FLOP].

    `kept` is what has to stay alive beside input and output: a shortcut around the layer. `touched` is how many of the
    weights are read where not all are (a table). `shape` is that of the matrix which rows are multiplied with.
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
    shape: tuple[int, int] | None = None

    def tile(self, batch: int) -> float:
        """Operations of one tile of its matrix product over so many examples, 0 where it is none [FLOP]."""
        if self.shape is None:
            return 0.0
        inner, columns = self.shape
        return operators.tile_flops(batch * self.writes / columns, inner, columns)

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
    shape = (inner, columns)
    return Layer(name, "matrix product", rows * inner, rows * columns, inner * columns, 0.0, flops, shape=shape)


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
        shape=(kernel * channels // groups, filters) if groups == 1 else None,
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
