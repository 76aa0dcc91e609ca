"""A model shared by several GPUs: work on one of them, messages between all of them, and what follows for a request."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.estimate import Estimate
from mlsysim.solvers.phase import Phase
from mlsysim.solvers.serving import Memory

COMMUNICATION = "communication"


@dataclass(frozen=True, slots=True)
class SharedPhase:
    """One phase on one of the GPUs, and the messages between them [s]; with `overlap` each hides behind the other."""

    shard: Phase
    communication: Estimate
    overlap: bool = False

    @property
    def time(self) -> Estimate:
        """Lower: messages hidden behind the work. Upper: one after the other [s]."""
        work, talk = self.shard.time, self.communication
        both = work.expected, talk.expected
        expected = max(both) if self.overlap else sum(both)
        return Estimate(max(work.lower, talk.lower), expected, work.upper + talk.upper, "s")

    @property
    def bound_by(self) -> str:
        """The largest of the four expected terms."""
        shard = self.shard
        terms = max(each.expected for each in (shard.memory_time, shard.compute_time, shard.overhead_time))
        return COMMUNICATION if self.communication.expected > terms else shard.bound_by


@dataclass(frozen=True, slots=True)
class Shared:
    """Both phases, and what each GPU holds; `sequences` advance together on all of them."""

    decode: SharedPhase
    prefill: SharedPhase
    memory: Memory
    sequences: int

    @property
    def itl(self) -> Estimate:
        """Inter-token latency [s]."""
        return self.decode.time

    @property
    def ttft(self) -> Estimate:
        """Time to first token of the last prompt of a batch [s]."""
        return self.prefill.time

    @property
    def throughput(self) -> Estimate:
        """Tokens a second, over all sequences [token/s]."""
        time, tokens = self.itl, self.sequences
        return Estimate(tokens / time.upper, tokens / time.expected, tokens / time.lower, "token/s")

    @property
    def feasible(self) -> bool:
        """Whether each GPU's part fits."""
        return self.memory.total <= self.memory.capacity
