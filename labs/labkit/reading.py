"""A reading: one figure from an instrument, with its range, what binds and where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What a lab's reading function returns.

    Parameters
    ----------
    value : the figure in SI units
    unit : SI unit of `value`
    text : the figure as shown, such as "5.2 ms"
    name : what the figure is, such as "time per token"
    label : under which settings, such as "H100, batch 1"
    range_text : the honest band in words, such as "between 4.8 and 5.9 ms"
    bound_by : which term or wall binds; empty when none does
    equation : the equation with its numbers, a line each
    """

    value: float
    unit: str
    text: str
    name: str
    label: str
    range_text: str = ""
    bound_by: str = ""
    equation: Sequence[str] = ()
