"""Training software by vintage: what its kernels keep and hide, and how much of a GPU's peak they reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.check import UnknownName
from mlsysim.records import Datum
from mlsysim.registry import constants


@dataclass(frozen=True, slots=True)
class Software:
    """`fused_attention` never writes scores to memory and skips what the mask hides; `dropout` keeps its masks;
    `overlap` hides communication of pipelines, gradients and sharded weights behind arithmetic where there is enough,
    `overlap_experts` that of tokens on their way to experts, of which it sends one copy to each node. `narrow_tokens`
    go there in eight bits where arithmetic is in eight (DeepSeek-V3, arXiv 2412.19437, section 3.3.3). Full
    recomputation that `stops_early` leaves out a layer's last product, whose result no gradient needs, as PyTorch's own
    does. `exposed` is the share of the shorter of a kernel's arithmetic and memory traffic that the longer does not
    hide; `contention` what hidden messages take from arithmetic, as a share of their time (measured by Lee et al.,
    arXiv 2507.03114). The vintages here have nothing of both: their fractions of the peak stand for it.
    """

    name: str
    fused_attention: bool
    dropout: bool
    overlap: bool
    overlap_experts: bool = False
    narrow_tokens: bool = False
    stops_early: bool = False
    exposed: float = 0.0
    contention: float = 0.0

    @property
    def mask(self) -> int:
        """Bytes of a dropout mask's entry."""
        return int(self.dropout)

    def compute(self, machine: str) -> Datum:
        """Fraction of the peak that its matrix products reach, on this machine where it was fitted there."""
        return self._reached("compute", machine)

    def attention(self, machine: str) -> Datum:
        """The same for attention: fused kernels reach less than matrix products."""
        return self._reached("attention" if self.fused_attention else "compute", machine)

    def _reached(self, kernel: str, machine: str) -> Datum:
        known = constants("training")
        key = f"{kernel}_{self.name.replace('-', '_')}"
        return known.get(f"{key}_{machine.lower()}", known[key])


VINTAGES = {
    each.name: each
    for each in (
        Software("megatron-2021", fused_attention=False, dropout=True, overlap=False),
        Software("megatron-2022", fused_attention=False, dropout=True, overlap=False),
        Software("fsdp-2023", fused_attention=True, dropout=False, overlap=True),
        Software("flash-2024", fused_attention=True, dropout=False, overlap=True),
        Software(
            "dualpipe-2024", fused_attention=True, dropout=False, overlap=True, overlap_experts=True, narrow_tokens=True
        ),
    )
}


def software(given: Any) -> Software:
    """A vintage, given itself or by name.

    >>> software("megatron-2022").fused_attention
    False
    """
    if isinstance(given, Software):
        return given
    if not isinstance(given, str) or given not in VINTAGES:
        raise UnknownName("software", str(given), VINTAGES)
    return VINTAGES[given]


def optimizer_bytes(name: Any) -> Datum:
    """What an optimizer keeps of each parameter.

    >>> optimizer_bytes("adam").value
    12.0
    """
    known = {key.removeprefix("optimizer_"): each for key, each in constants("training").items() if "optimizer" in key}
    if not isinstance(name, str) or name not in known:
        raise UnknownName("optimizer", str(name), known)
    return known[name]
