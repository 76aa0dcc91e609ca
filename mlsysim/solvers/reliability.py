"""How often a fleet is interrupted, how often to save, and how much of the time is left for work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, count, number, quantity
from mlsysim.estimate import Estimate
from mlsysim.physics import reliability
from mlsysim.records import Datum, Input
from mlsysim.solvers.communication import LARGEST_FLEET
from mlsysim.solvers.reason import Reason
from mlsysim.walls import WALLS

DAY = 86400.0
RUNS = ("llama-3", "rsc-1")
INTERVALS = ("daly", "young")
LARGEST_SPARES = 10_000


@dataclass(frozen=True, slots=True)
class ReliabilityResult:
    """A fleet that fails, saves and restarts."""

    gpus: int
    mtbf: Estimate
    causes: Mapping[str, float]
    interval: float
    write: float
    restart: float
    promise: float | None
    inputs: tuple[Input, ...]

    @property
    def young(self) -> float:
        """Young's interval between checkpoints [s]."""
        return reliability.young_interval(self.write, self.mtbf.expected)

    @property
    def daly(self) -> float:
        """Daly's interval between checkpoints [s]."""
        return reliability.daly_interval(self.write, self.mtbf.expected)

    @property
    def goodput(self) -> Estimate:
        """Share of the time that moves the work forward; its range is that of the mean time between failures."""
        worst, usual, best = (
            reliability.goodput(self.interval, self.write, self.restart, each)
            for each in (self.mtbf.lower, self.mtbf.expected, self.mtbf.upper)
        )
        return Estimate(worst, usual, best, "1")

    @property
    def shares(self) -> dict[str, float]:
        """Where the time goes; the shares sum to one."""
        mtbf = self.mtbf.expected
        return {
            "work": self.goodput.expected,
            "writing": reliability.write_fraction(self.interval, self.write, self.restart, mtbf),
            "lost work": reliability.lost_fraction(self.interval, self.write, self.restart, mtbf),
            "restarting": reliability.restart_fraction(self.restart, mtbf),
        }

    @property
    def bound_by(self) -> str:
        """What takes most of the time that is not work."""
        shares = self.shares
        return max(("writing", "lost work", "restarting"), key=shares.__getitem__)

    @property
    def feasible(self) -> bool:
        """Whether the promised goodput, or half of the time where none is promised, is left for work."""
        return self.goodput.expected >= self._least

    @property
    def _least(self) -> float:
        return 0.5 if self.promise is None else self.promise

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        if self.feasible:
            return ()
        reached = self.goodput.expected
        asked = f"the promise is {self._least:.1%}" if self.promise else "below half, more is lost than gained"
        mend = {
            "writing": f"Quicker checkpoints, or one every {duration(self.daly)}, would help most.",
            "lost work": f"A checkpoint every {duration(self.daly)}, or quicker ones, would lose less work.",
            "restarting": "A quicker restart, from detection to the first step, would help most.",
        }[self.bound_by]
        return (
            Reason(
                verdict="Too little work done.",
                subject=f"{self.gpus:,d} GPUs fail every {duration(self.mtbf.expected)} and work {reached:.1%} of the "
                f"time; {asked}.",
                limit="reliability",
                wall=WALLS["reliability"].number,
                value=reached,
                maximum=self._least,
                unit="1",
                mend=mend,
            ),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return self.inputs

    def undisturbed(self, within: float | str) -> Estimate:
        """Probability that so much time passes without a failure."""
        time = quantity("within", within, "s", 'within="8 h"')
        worst, usual, best = (
            reliability.undisturbed(time, each) for each in (self.mtbf.lower, self.mtbf.expected, self.mtbf.upper)
        )
        return Estimate(worst, usual, best, "1")

    def saves(self, within: float | str) -> float:
        """Checkpoints completed in so much time, those that are lost again apart."""
        return self.shares["writing"] * quantity("within", within, "s", 'within="24 h"') / self.write

    def in_repair(self, repair: float | str) -> float:
        """Machines in repair at a time, on average."""
        return quantity("repair", repair, "s", 'repair="24 h"') / self.mtbf.expected

    def spares(self, *, repair: float | str, confidence: float = 0.99, gpus_per_node: int = 8) -> int:
        """Nodes that have to stand by so that, with this confidence, no failed one is waited for."""
        failed = self.in_repair(repair)
        sure = number("confidence", confidence, "confidence=0.99", at_most=0.999999)
        count("gpus_per_node", gpus_per_node, "gpus_per_node=8", at_most=1024)
        if failed > LARGEST_SPARES / 20:
            rule = f"it lasts so long that {failed:,.0f} nodes would be in repair at once"
            raise InvalidValue("repair", repair, rule, 'repair="24 h"')
        found = 0
        while reliability.spares_suffice(failed, found) < sure:
            found += 1
        return min(found, -(-self.gpus // gpus_per_node))

    def training_time(self, *, operations: float, rate: float | str, mfu: float, scaling: float = 1.0) -> Estimate:
        """The Iron Law of a fleet: how long a run of so many operations takes [s]."""
        work = number("operations", operations, "operations=3.8e25", at_most=1e40)
        peak = quantity("rate", rate, "FLOP/s", 'rate="989.4 TFLOP/s"')
        used = number("mfu", mfu, "mfu=0.4", at_most=1.0)
        kept = number("scaling", scaling, "scaling=0.9", at_most=1.0)
        best, usual, worst = (
            reliability.fleet_time(work, self.gpus, peak, used, kept, each)
            for each in (self.goodput.upper, self.goodput.expected, self.goodput.lower)
        )
        return Estimate(best, usual, worst, "s")

    def explain(self) -> str:
        """The whiteboard."""
        head = f"{self.gpus:,d} GPUs, a checkpoint every {duration(self.interval)} in {duration(self.write)}, "
        lines = [
            head + f"a restart in {duration(self.restart)}",
            "",
            f"M = {duration(self.mtbf.expected)} between failures, {duration(self.mtbf.lower)} to "
            f"{duration(self.mtbf.upper)}",
            f"Young: sqrt(2 x {duration(self.write)} x {duration(self.mtbf.expected)}) = {duration(self.young)}; "
            f"Daly: {duration(self.daly)}",
            "",
        ]
        lines += [f"{share:>7.2%}  {name}" for name, share in self.shares.items()]
        lines += [reason.sentence() for reason in self.reasons]
        lines += ["", "Inputs"]
        lines += [f"{datum.value:<10,g}{meaning}: {datum.tier}, {datum.source}" for _, meaning, datum in self.inputs]
        return "\n".join(lines)


class ReliabilityModel:
    """How often does a fleet fail, how often should it save, and how much of the time is left for work?

    >>> answer = ReliabilityModel().solve(gpus=16384, write="2 min", restart="10 min", interval="young")
    >>> round(answer.mtbf.expected / 3600, 2), round(answer.young / 60)
    (3.09, 27)
    """

    def solve(
        self,
        *,
        gpus: int,
        write: float | str | None = None,
        restart: float | str = "10 min",
        interval: float | str = "daly",
        failures: str = "llama-3",
        gpu_mtbf: float | str | None = None,
        checkpoint: float | str | None = None,
        storage: float | str | None = None,
        promise: float | None = None,
    ) -> ReliabilityResult:
        """A fleet of `gpus` that fails as often as a published one, or every `gpu_mtbf` for each GPU.

        A checkpoint stops the work for `write`, or for as long as `checkpoint` bytes take at the rate of `storage`.
        """
        fleet = count("gpus", gpus, "gpus=16384", at_most=LARGEST_FLEET)
        stop = _stop(write, checkpoint, storage)
        down = quantity("restart", restart, "s", 'restart="10 min"')
        mtbf, causes, inputs = _published(fleet, failures) if gpu_mtbf is None else _stated(fleet, gpu_mtbf)
        if isinstance(interval, str) and interval in INTERVALS:
            choose = reliability.daly_interval if interval == "daly" else reliability.young_interval
            between = choose(stop, mtbf.expected)
        elif isinstance(interval, str) and interval.isalpha():
            raise UnknownName("interval", interval, INTERVALS)
        else:
            between = quantity("interval", interval, "s", 'interval="30 min"')
        for field, value in (("interval", between), ("write", stop), ("restart", down)):
            if value > 100 * mtbf.lower:
                rule = f"the fleet fails every {duration(mtbf.expected)}: nothing would ever be finished"
                raise InvalidValue(field, value, rule, f'{field}="1 min"')
        least = None if promise is None else number("promise", promise, "promise=0.9", at_most=1.0)
        return ReliabilityResult(fleet, mtbf, causes, between, stop, down, least, inputs)

    def machines(self, *, needed: int, availability: float, promise: float) -> int:
        """Least machines of which, with the promised probability, as many as are needed are up.

        >>> ReliabilityModel().machines(needed=7, availability=0.99, promise=0.999)
        9
        """
        least = count("needed", needed, "needed=7", at_most=10_000)
        share = number("availability", availability, "availability=0.999", at_most=0.999999999)
        sure = number("promise", promise, "promise=0.999", at_most=0.999999999)
        found = least
        while reliability.enough_up(share, found, least) < sure:
            found += 1
            if found > 2 * least + 64:
                rule = f"more than half of the machines would stand by to keep a promise of {sure:g}"
                raise InvalidValue("availability", availability, rule, "availability=0.999")
        return found

    def all_up(self, *, machines: int, availability: float) -> float:
        """Probability that all machines are up at once.

        >>> round(ReliabilityModel().all_up(machines=1000, availability=0.999), 3)
        0.368
        """
        fleet = count("machines", machines, "machines=1000", at_most=LARGEST_FLEET)
        return reliability.all_up(number("availability", availability, "availability=0.999", at_most=1.0), fleet)


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(11134.0), duration(1635.0), duration(12.0)
    ('3.1 h', '27 min', '12 s')
    """
    for size, name in ((DAY, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size or (name != "days" and seconds >= size):
            return f"{seconds / size:.2g} {name}" if seconds < 100 * size else f"{seconds / size:,.0f} {name}"
    return f"{seconds:.2g} s"


def _stop(write: float | str | None, checkpoint: float | str | None, storage: float | str | None) -> float:
    if write is not None:
        if checkpoint is not None or storage is not None:
            raise InvalidValue(
                "write", write, "it follows from checkpoint and storage where those are given", "write=None"
            )
        return quantity("write", write, "s", 'write="2 min"')
    if checkpoint is None or storage is None:
        rule = "a checkpoint needs write, or checkpoint and storage"
        raise InvalidValue("write", None, rule, 'write="2 min"')
    size = quantity("checkpoint", checkpoint, "B", 'checkpoint="5 TB"')
    return size / quantity("storage", storage, "B/s", 'storage="100 GB/s"')


def _published(gpus: int, run: str) -> tuple[Estimate, dict[str, float], tuple[Input, ...]]:
    if not isinstance(run, str) or run not in RUNS:
        raise UnknownName("failures", str(run), RUNS)
    known = registry.constants("reliability")
    return _counted(gpus, known) if run == "llama-3" else _rated(gpus, known)


def _counted(gpus: int, known: Mapping[str, Datum]) -> tuple[Estimate, dict[str, float], tuple[Input, ...]]:
    """By the interruptions of one run, cause by cause."""
    fleet, days = known["llama3_gpus"], known["llama3_days"]
    prefix = "llama3_cause_"
    counts = {key.removeprefix(prefix): each for key, each in known.items() if key.startswith(prefix)}
    events = sum(each.value for each in counts.values())
    mtbf = reliability.mtbf_of_many(fleet.value * days.value * DAY / events, gpus)
    # A count of n may as well have been n plus or minus two of its square roots.
    off = 2 / sqrt(events)
    total = Datum(events, "1", fleet.source, fleet.read, fleet.tier, checked=fleet.checked)
    inputs = (
        Input("N_0", "GPUs of the run that was counted", fleet),
        Input("t_0", "days counted", days),
        Input("k", "interruptions counted", total),
    )
    causes = {key.replace("_", " "): each.value / events for key, each in counts.items()}
    return Estimate(mtbf / (1 + off), mtbf, mtbf / (1 - off), "s"), causes, inputs


def _rated(gpus: int, known: Mapping[str, Datum]) -> tuple[Estimate, dict[str, float], tuple[Input, ...]]:
    """By the failures of a node in so many node-days."""
    failed, days, size = (known[f"rsc1_{key}"] for key in ("node_failures", "node_days", "gpus_per_node"))
    mtbf = reliability.mtbf_of_many(days.value * size.value * DAY / failed.value, gpus)
    inputs = (
        Input("k", "failures of nodes", failed),
        Input("t_0", "node-days they were counted in", days),
        Input("g", "GPUs in a node", size),
    )
    return Estimate.exact(mtbf, "s"), {}, inputs


def _stated(gpus: int, gpu_mtbf: float | str) -> tuple[Estimate, dict[str, float], tuple[Input, ...]]:
    each = quantity("gpu_mtbf", gpu_mtbf, "s", 'gpu_mtbf="50000 h"')
    mtbf = Estimate.exact(reliability.mtbf_of_many(each, gpus), "s")
    return mtbf, {}, (Input("M_1", "time between failures of one GPU [s]", Datum(each, "s", "given", "", "estimate")),)
