"""How long each step of a serving engine takes, by the same Iron Law as the closed forms."""

from __future__ import annotations

from dataclasses import replace

from mlsysim.efficiency import Efficiency
from mlsysim.records import HardwareNode
from mlsysim.simulation.positions import Positions
from mlsysim.solvers.phase import Operator, run
from mlsysim.solvers.workload import Workload

BLOCK = 16
"""Tokens of one block of a paged KV cache, read whole [-] (Kwon et al., arXiv 2309.06180, section 7)."""


class StepTimes:
    """Expected times of steps on one machine [s]; each step is computed once."""

    def __init__(self, load: Workload, machine: HardwareNode, efficiency: Efficiency) -> None:
        self.load, self.machine, self.efficiency = load, machine, efficiency
        self._known: dict[tuple[int, ...], float] = {}

    def positions(self) -> Positions:
        """No sequences yet, of this model."""
        return Positions(self.load.model.window)

    def decode(self, held: Positions) -> float:
        """One token for each sequence."""
        return self.step(held, 0, 0)

    def prefill(self, prompt: int) -> float:
        """One prompt, alone."""
        return self.step(None, prompt, 0)

    def step(self, held: Positions | None, chunk: int, done: int) -> float:
        """One token for each sequence and, in the same pass, `chunk` tokens of a prompt of which `done` are cached."""
        sequences = 0 if held is None else held.sequences
        context, near = (_in_blocks(each, sequences) for each in ((held.all, held.near) if held else (0, 0)))
        key = (sequences, context, near, chunk, done)
        if key not in self._known:
            self._known[key] = self._time(*key)
        return self._known[key]

    def _time(self, sequences: int, context: int, near: int, chunk: int, done: int) -> float:
        cache, windowed = self.machine.cache, self.load.model.windowed_layers
        parts = []
        if sequences:
            attended = (self.load.model.layers - windowed) * context + windowed * near
            parts.append(replace(self.load, batch=sequences).decode_over(sequences * attended, cache))
        if chunk:
            parts.append(self._chunk(chunk, done))
        operators = parts[0] if len(parts) == 1 else tuple(map(_together, *parts))
        rate, bandwidth = self.machine.rate(self.load.precision), self.machine.memory_bandwidth
        return run("step", operators, self.load.kernels, rate, bandwidth, self.efficiency).time.expected

    def _chunk(self, chunk: int, done: int) -> tuple[Operator, ...]:
        """The end of a prompt: attention over all of it, all else as for a prompt of the chunk's length."""
        cache = self.machine.cache
        alone = replace(self.load, batch=1, prompt=chunk).prefill(cache)
        if not done:
            return alone
        whole, before = (replace(self.load, batch=1, prompt=each).prefill(None) for each in (done + chunk, done))
        read_again = self.load.sequence_kv(done)
        return tuple(
            each._replace(kv_cache=each.kv_cache + read_again, flops=long.flops - short.flops)
            if each.kv_cache
            else each
            for each, long, short in zip(alone, whole, before, strict=True)
        )


def _in_blocks(positions: int, sequences: int) -> int:
    """Positions of each sequence, read in whole blocks."""
    return -(-positions // (sequences * BLOCK)) * BLOCK if sequences else 0


def _together(decode: Operator, chunk: Operator) -> Operator:
    """Both in one pass: weights are read once and a tile holds rows of both, as many as the one that needs more."""
    return Operator(
        decode.name,
        max(decode.weights, chunk.weights),
        decode.kv_cache + chunk.kv_cache,
        decode.activations + chunk.activations,
        decode.flops + chunk.flops,
        max(decode.tile, chunk.tile),
        max(decode.split, chunk.split),
        max(decode.packed, chunk.packed),
    )
