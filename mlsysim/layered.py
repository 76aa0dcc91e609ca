"""A model counted layer by layer: convolutional network, encoder, recommender, state-space or diffusion model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, NamedTuple

from mlsysim.check import InvalidValue, UnknownName, count
from mlsysim.layers import Layer
from mlsysim.records import Datum


class Recipe(NamedTuple):
    """What layers were unfolded from: the sizes of one example, the blocks, parameters beside each channel."""

    input: list[int]
    blocks: list[dict[str, Any]]
    vectors: int


@dataclass(frozen=True, slots=True)
class LayeredModel:
    """A model as the list of its layers, each counted for one example; `recipe` where they came from blocks.

    >>> from mlsysim.layers import matrix_product
    >>> LayeredModel(name="One layer", layers=(matrix_product(1, 4096, 4096),)).parameters
    16777216
    """

    name: str
    layers: tuple[Layer, ...] = field(repr=False)
    family: str = ""
    passports: Mapping[str, Datum] = field(default_factory=dict, hash=False, compare=False, repr=False)
    recipe: Recipe | None = field(default=None, hash=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidValue("name", self.name, "a model needs a name", 'name="Mine"')
        example = "layers=(matrix_product(1, 4096, 4096),)"
        if not isinstance(self.layers, tuple) or not self.layers:
            raise InvalidValue("layers", self.layers, "it must be a tuple of at least one layer", example)
        for each in self.layers:
            if not isinstance(each, Layer):
                raise InvalidValue("layers", each, "each must be a Layer", example)
        object.__setattr__(self, "passports", MappingProxyType(dict(self.passports)))

    @property
    def full_name(self) -> str:
        """The name; a model has no variants."""
        return self.name

    @property
    def parameters(self) -> int:
        """All parameters."""
        return int(sum(each.parameters for each in self.layers))

    @property
    def flops(self) -> float:
        """Operations for one example [FLOP]."""
        return sum(each.flops for each in self.layers)

    @property
    def multiply_adds(self) -> float:
        """Multiply-adds for one example, as networks are advertised: pools, norms and sums left out."""
        return sum(each.flops for each in self.layers if each.weights_read or each.kind == "attention") / 2

    @property
    def activations(self) -> float:
        """Numbers written by all layers for one example: what training keeps."""
        return sum(each.writes for each in self.layers)

    @property
    def peak(self) -> float:
        """Most numbers alive at once for one example: the tensor arena's size."""
        return max(each.live for each in self.layers)

    @property
    def kernel_class(self) -> str:
        """The kind of kernel that does most of the arithmetic."""
        convolved = sum(each.flops for each in self.layers if "convolution" in each.kind)
        return "convolution" if convolved > self.flops / 2 else "matrix"

    def datum(self, name: str) -> Datum:
        """A published figure with its passport: datum("parameters")."""
        try:
            return self.passports[name]
        except KeyError:
            raise UnknownName("datum", name, self.passports or ["parameters"]) from None

    def resized(self, side: int) -> LayeredModel:
        """The same network on square pictures of another size: its weights stay, activations and operations change.

        >>> from mlsysim import Models
        >>> network = Models.Layered.MobileNetV1
        >>> network.resized(112).peak / network.peak
        0.25
        """
        from mlsysim.blocks import unfold

        pixels, example = count("side", side, "side=160"), "Models.Layered.MobileNetV1.resized(160)"
        if self.recipe is None or len(self.recipe.input) != 3:
            raise InvalidValue("side", side, f"{self.name} is not described by blocks on a picture", example)
        shape = [pixels, pixels, self.recipe.input[2]]
        layers = unfold(shape, self.recipe.blocks, self.recipe.vectors)
        if sum(each.parameters for each in layers) != self.parameters:
            raise InvalidValue("side", side, f"the weights of {self.name} depend on the picture's size", example)
        kept = {name: datum for name, datum in self.passports.items() if name != "multiply_adds"}
        recipe = self.recipe._replace(input=shape)
        return LayeredModel(f"{self.name} at {pixels} pixels", layers, self.family, kept, recipe)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _rebuild, (values | {"passports": dict(self.passports)},)


def _rebuild(values: dict[str, Any]) -> LayeredModel:
    return LayeredModel(**values)
