"""Whether data arrives as fast as accelerators consume it, and which stage holds it up."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from mlsysim.check import InvalidValue, UnknownName, count, fold, number, quantity, share
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import pipeline
from mlsysim.records import Datum, Input
from mlsysim.registry import constants
from mlsysim.solvers.basis import given, in_si, known, listed
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.walls import WALLS

TIERS = ("HDD", "SATA SSD", "NVMe Gen4", "NVMe Gen5", "object storage")
ACCELERATORS, NETWORK, WORKERS, STORAGE = "accelerators", "ingestion", "transformation", "storage bandwidth"


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """State that is saved while training goes on: its size, how often, and whether training waits for it."""

    size: float | str
    every: float | str = "30 min"
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: the wall it is, how it was worked out, and the samples it offers [sample/s]."""

    name: str
    working: str
    offered: Estimate

    @property
    def time(self) -> Estimate:
        """Time it takes for one sample [s]."""
        return Estimate.exact(1.0, "1").over(self.offered, "s")


@dataclass(frozen=True, slots=True)
class DataResult:
    """What accelerators ask for, what each stage offers, and the utilization that follows."""

    sample: float
    accelerators: int
    demand: float
    stages: tuple[Stage, ...]
    checkpoint: Estimate | None
    checkpoint_every: float
    asynchronous: bool
    least: float
    basis: tuple[Input, ...]

    @property
    def needed(self) -> float:
        """Bytes a second that keep the accelerators busy [B/s]."""
        return self.demand * self.sample

    @property
    def bottleneck(self) -> Stage | None:
        """The slowest stage, as expected; None where all keep up."""
        slowest = min(self.stages, key=lambda each: each.offered.expected)
        return slowest if slowest.offered.expected < self.demand else None

    @property
    def bound_by(self) -> str:
        """The wall of the slowest stage, or the accelerators themselves."""
        return ACCELERATORS if self.bottleneck is None else self.bottleneck.name

    @property
    def stall(self) -> Estimate:
        """Share of the time that training is not stopped by checkpoints."""
        if self.checkpoint is None or self.asynchronous:
            return Estimate.exact(1.0, "1")
        return Estimate.of(
            lambda writing: pipeline.checkpoint_share(writing, self.checkpoint_every), "1", falling=(self.checkpoint,)
        )

    @property
    def utilization(self) -> Estimate:
        """Share of the time the accelerators work: least with no prefetching, else limited by the slowest stage."""
        compute = 1.0 / self.demand
        times = [each.time for each in self.stages]
        working = Estimate(
            pipeline.serial_utilization(compute, [each.upper for each in times]),
            pipeline.overlapped_utilization(compute, [each.expected for each in times]),
            pipeline.overlapped_utilization(compute, [each.lower for each in times]),
            "1",
        )
        return working.times(self.stall, "1")

    @property
    def throughput(self) -> Estimate:
        """Samples trained on a second [sample/s]."""
        return self.utilization.scaled(self.demand, "sample/s")

    @property
    def feasible(self) -> bool:
        """Whether the accelerators work at least as much of the time as asked for."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        reasons = []
        if self.checkpoint is not None and self.checkpoint.expected > self.checkpoint_every:
            reasons.append(_never_done(self))
        if self.utilization.expected < self.least:
            reasons.append(_starved(self))
        return tuple(reasons)

    def explain(self) -> str:
        """The whiteboard: what is needed, what each stage offers, what that leaves."""
        each = "accelerator takes" if self.accelerators == 1 else "accelerators take"
        lines = [
            f"{self.accelerators:,d} {each} {self.demand:,.0f} samples a second x {write(self.sample, 'B')} "
            f"= {write(self.needed, 'B/s')}",
            "",
        ]
        lines += [
            f"{stage.working} = {stage.offered.format(3)}, {stage.offered.format_range(3)}    {stage.name}"
            for stage in self.stages
        ]
        if self.checkpoint is not None:
            how = "in the background" if self.asynchronous else "training waits"
            lines.append(f"checkpoint: {self.checkpoint.format(3)} every {write(self.checkpoint_every, 's')}, {how}")
        used = self.utilization
        lines += ["", f"u = {used.expected:.0%}, between {used.lower:.0%} and {used.upper:.0%}: {self.bound_by} binds"]
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class DataModel:
    """Why is this accelerator idle: disk, network, or the cores that decode?

    >>> fed = DataModel().solve(rate=3410, sample="110 kB", storage="HDD")
    >>> fed.bound_by, round(fed.utilization.expected, 2)
    ('storage bandwidth', 0.67)
    """

    def solve(
        self,
        *,
        sample: float | str,
        rate: float | None = None,
        batch: int | None = None,
        step: float | str | None = None,
        accelerators: int = 1,
        storage: float | str = "NVMe Gen4",
        drives: int = 1,
        network: float | str | None = None,
        workers: int | None = None,
        per_worker: float | None = None,
        checkpoints: Checkpoints | None = None,
        least: float = 0.5,
    ) -> DataResult:
        """Utilization of accelerators that each take `rate` samples a second, or a `batch` every `step`.

        `storage` is a tier or a bandwidth, of which there are `drives`; `network` lies between it and the hosts where
        given; `workers` are cores, each good for `per_worker` samples a second; without them samples need no decoding.
        Data is read in long runs. Below a utilization of `least` the answer is no.
        """
        size = quantity("sample", sample, "B", 'sample="110 kB"')
        fleet = count("accelerators", accelerators, "accelerators=8", at_most=10**7)
        demand = fleet * _rate(rate, batch, step)
        disk, name = _storage(storage)
        many = count("drives", drives, "drives=4", at_most=10**7)
        floor = share("least", least, "least=0.5")
        reading = spread(disk).scaled(many, "B/s")
        basis = [Input("B_s", f"bandwidth of one {name}", disk)]
        burst, every, behind = None, 0.0, False
        if checkpoints is not None:
            burst, every = _checkpoint(checkpoints, reading)
            behind = checkpoints.asynchronous
            basis.append(Input("w", "write over read bandwidth", known("storage", "write")))
        working = f"{many:,d} x {write(disk.value, 'B/s')}"
        if burst is not None and behind:
            # What is written in the background is taken from reading; a disk that only writes still reads a little.
            free = Estimate.of(lambda busy: max(1e-3, 1.0 - busy / every), "1", falling=(burst,))
            reading, working = reading.times(free, "B/s"), f"{working} x {free.expected:.2g}"
        stages = [Stage(STORAGE, f"{working} / {write(size, 'B')}", reading.scaled(1.0 / size, "sample/s"))]
        if network is not None:
            line = given("network", quantity("network", network, "B/s", 'network="10 Gbit/s"'), "B/s")
            use = known("storage", "line")
            offered = spread(use).scaled(line.value / size, "sample/s")
            working = f"{write(line.value, 'B/s')} x {use.value:g} / {write(size, 'B')}"
            stages.append(Stage(NETWORK, working, offered))
            basis += [Input("B_n", "bandwidth of the network", line), Input("eta_n", "share of it that is data", use)]
        if workers is not None:
            cores = count("workers", workers, "workers=16", at_most=10**8)
            known_rate = known("storage", "decode")
            if per_worker is not None:
                known_rate = given("per_worker", number("per_worker", per_worker, "per_worker=300"), "1")
            offered = spread(known_rate).scaled(cores, "sample/s")
            stages.append(Stage(WORKERS, f"{cores:,d} cores x {known_rate.value:,.0f} sample/s", offered))
            basis.append(Input("r_w", "samples a core prepares in a second", known_rate))
        elif per_worker is not None:
            raise InvalidValue("per_worker", per_worker, "it needs workers", "workers=16, per_worker=300")
        return DataResult(size, fleet, demand, tuple(stages), burst, every, behind, floor, tuple(basis))

    def transfer(self, *, size: float | str, network: float | str) -> Estimate:
        """Time to move data over a line: at its nominal rate, with its headers, on one that is shared [s].

        >>> DataModel().transfer(size="50 TB", network="10 Gbit/s").format_range(3)
        'between 11.1 and 22.2 h'
        """
        amount = quantity("size", size, "B", 'size="50 TB"')
        line = quantity("network", network, "B/s", 'network="10 Gbit/s"')
        use = spread(known("storage", "line"))
        return Estimate(
            pipeline.stage_time(amount, line),
            pipeline.stage_time(amount, line * use.expected),
            pipeline.stage_time(amount, line * use.lower),
            "s",
        )


def _rate(rate: float | None, batch: int | None, step: float | str | None) -> float:
    if rate is not None:
        if batch is not None or step is not None:
            raise InvalidValue("rate", rate, "it follows from batch and step, which were given as well", "rate=3400")
        return number("rate", rate, "rate=3400", at_most=1e12)
    if batch is None or step is None:
        missing = "batch" if batch is None else "step"
        raise InvalidValue(missing, None, "a rate is needed, or a batch and the time of a step", "rate=3400")
    return count("batch", batch, "batch=256") / quantity("step", step, "s", 'step="48 ms"')


def _storage(storage: float | str) -> tuple[Datum, str]:
    if isinstance(storage, str) and not storage.strip()[:1].isdigit():
        for name in TIERS:
            if fold(name) == fold(storage):
                return in_si(constants("storage")[name]), name
        raise UnknownName("storage", storage, TIERS)
    return given("storage", quantity("storage", storage, "B/s", 'storage="250 MB/s"'), "B/s"), "store"


def _checkpoint(checkpoints: Checkpoints, reading: Estimate) -> tuple[Estimate, float]:
    if not isinstance(checkpoints, Checkpoints):
        example = 'checkpoints=Checkpoints(size="84 GB")'
        raise InvalidValue("checkpoints", checkpoints, "it must say what is saved and how often", example)
    size = quantity("size", checkpoints.size, "B", 'Checkpoints(size="84 GB")')
    every = quantity("every", checkpoints.every, "s", 'Checkpoints(size="84 GB", every="30 min")')
    writing = reading.times(spread(known("storage", "write")), "B/s")
    return Estimate.of(lambda bandwidth: pipeline.stage_time(size, bandwidth), "s", falling=(writing,)), every


def _starved(result: DataResult) -> Reason:
    used, stage = result.utilization.expected, result.bottleneck
    name = STORAGE if stage is None else stage.name
    if stage is None:
        mend = "Saving less often, in the background, or on faster storage would do."
    else:
        short = result.demand / stage.offered.expected
        keeps, reaches = (ceil(100 * each) / 100 for each in (short, short * result.least))
        mend = f"{keeps:g} times as much of it keeps up; {reaches:g} times reaches the least."
    return Reason(
        verdict="Starved.",
        subject=f"The accelerators work {used:.0%} of the time; {result.least:.0%} was the least.",
        limit=name,
        wall=WALLS[name].number,
        value=used,
        maximum=result.least,
        unit="1",
        mend=mend,
    )


def _never_done(result: DataResult) -> Reason:
    taken = 0.0 if result.checkpoint is None else result.checkpoint.expected
    return Reason(
        verdict="Never done.",
        subject=f"A checkpoint takes {write_enough(taken, 's')} to write; "
        f"the next is due after {write(result.checkpoint_every, 's')}.",
        limit=STORAGE,
        wall=WALLS[STORAGE].number,
        value=taken,
        maximum=result.checkpoint_every,
        unit="s",
        mend=f"Faster storage, or one every {write_enough(taken, 's')} or more, would do.",
    )
