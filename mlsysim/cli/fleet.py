"""A fleet that trains: train, plan."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from mlsysim.check import count, quantity
from mlsysim.cli.arguments import Verb, figure, names
from mlsysim.cli.report import Report, exactly, missed, part, quantities
from mlsysim.parallelism import RECOMPUTE, SCHEDULES, Parallelism
from mlsysim.software import VINTAGES
from mlsysim.tables import Row

if TYPE_CHECKING:
    from mlsysim.solvers.training import TrainingResult


def verbs(verb: Verb) -> None:
    """Adds the commands."""
    made = verb("train", _train, "a step of training by one plan: time, memory of a GPU, what it is spent on")
    _a_job(made)
    made.add_argument("--tp", type=int, default=1, help="tensor-parallel GPUs")
    made.add_argument("--pp", type=int, default=1, help="pipeline stages")
    made.add_argument("--dp", type=int, help="data-parallel replicas; without it, as many as the GPUs make")
    made.add_argument("--ep", type=int, default=1, help="expert-parallel GPUs")
    made.add_argument("--cp", type=int, default=1, help="context-parallel GPUs")
    made.add_argument("--sequence-parallel", action="store_true", help="divide what tensor parallelism keeps whole")
    made.add_argument("--zero", type=int, default=0, help="ZeRO stage, 0 to 3")
    made.add_argument("--recompute", default="none", help=", ".join(RECOMPUTE))
    made.add_argument("--schedule", default="1f1b", help=", ".join(SCHEDULES))
    made.add_argument("--interleave", type=int, default=1, help="model chunks on each stage")
    made.add_argument("--micro-batch", type=int, default=1, help="sequences that go through at once")
    made.add_argument("--step", help='promised time of a step, such as "10 s"')
    made.add_argument("--tokens", type=float, help="of a whole run, such as 15e12: also tells days and dollars")
    made.add_argument("--terms", default="on-demand", help="on-demand, reserved, spot or owned")
    made.add_argument("--price", help='of a GPU, in place of the known one, such as "2.50 USD/h"')

    made = verb("plan", _plan, "every plan for a training job: the best, and why the others will not do")
    _a_job(made)
    made.add_argument("--best", type=int, default=10, help="how many plans to show")
    made.add_argument("--schedules", default=",".join(SCHEDULES), help="those to look at, between commas")
    made.add_argument("--largest-micro-batch", type=int, default=16, help="plans up to this many sequences at once")


def _a_job(made: ArgumentParser) -> None:
    made.add_argument("model", help="such as Llama3_8B")
    made.add_argument("--fabric", default="DGX H100", help='how GPUs are joined, such as "DGX H100"')
    made.add_argument("--gpus", type=int, required=True, help="in all")
    made.add_argument("--global-batch", type=int, required=True, help="sequences in a step")
    made.add_argument("--context", type=int, default=2048, help="tokens of a sequence")
    made.add_argument("--precision", default="bf16", help="of the arithmetic, such as fp16, bf16, fp8 or int8")
    made.add_argument(
        "--optimizer", default="adam", help="adam, momentum, sgd or adam8bit: what it keeps for each weight"
    )
    made.add_argument("--gradient-bytes", type=float, default=2.0, help="of each weight's gradient")
    made.add_argument("--software", default="flash-2024", help=", ".join(VINTAGES))
    made.add_argument("--efficiency", type=figure, default="auto", help="a fraction of the peak, or auto")
    made.add_argument("--straggler", type=float, default=0.0, help="deviation of a replica's time over its mean")


_JOB = (
    "model",
    "fabric",
    "gpus",
    "global_batch",
    "context",
    "precision",
    "optimizer",
    "gradient_bytes",
    "software",
    "efficiency",
    "straggler",
)


def _job(options: Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in _JOB}


def _train(options: Namespace) -> Report:
    from mlsysim.solvers.training import DistributedModel

    promised = None if options.step is None else quantity("step", options.step, "s", '--step "10 s"')
    knobs = {name: getattr(options, name) for name in Parallelism.__slots__}
    if knobs["dp"] is None:
        each = Parallelism(**knobs | {"dp": 1}).gpus
        knobs["dp"] = max(1, options.gpus // each)
    answer = DistributedModel().solve(**_job(options), parallelism=Parallelism(**knobs))
    step, memory = answer.step, answer.memory
    rows = [
        *quantities({"step": answer.time, "throughput": answer.throughput, "MFU": answer.mfu, "HFU": answer.hfu}),
        *(part(name, seconds, "s") for name, seconds in step._asdict().items()),
        part("bubble fraction", answer.bubble_fraction, "1"),
        part("communication fraction", answer.communication_fraction, "1"),
        *(exactly(name, size, "B") for name, size in memory.bytes.items()),
        exactly("memory of a GPU", memory.total, "B"),
        exactly("capacity", memory.capacity, "B"),
        exactly("micro-batches", answer.micro_batches, ""),
    ]
    if options.tokens is not None:
        rows += _run(answer, options)
    late = promised is not None and answer.time.expected > promised
    broken = (missed("The step", answer.time, promised),) if late and promised else ()
    told = f"\n{answer.plan.short()}, bound by {answer.bound_by}" if options.format == "text" else ""
    return Report(rows, answer.reasons, broken, text=told)


def _run(step: TrainingResult, options: Namespace) -> list[Row]:
    from mlsysim.solvers.economics import Owned, Rented
    from mlsysim.solvers.training_run import TrainingRunModel

    price, terms = options.price, options.terms
    agreed = terms if price is None else Owned(price=price) if terms == "owned" else Rented(terms, price=price)
    run = TrainingRunModel().solve(step, tokens=options.tokens, terms=agreed)
    days = run.time.scaled(1 / 86400.0, "d")
    return quantities({"goodput": run.useful, "run": days, "GPU hours": run.gpu_hours, "cost": run.cost})


def _plan(options: Namespace) -> Report:
    from mlsysim.cli.progress import Progress
    from mlsysim.solvers.plans import ParallelismOptimizer

    best = count("best", options.best, "--best 10")
    with Progress() as progress:
        answer = ParallelismOptimizer().solve(
            **_job(options),
            schedules=names(options.schedules),
            largest_micro_batch=options.largest_micro_batch,
            progress=progress,
        )
    ranked: list[Row] = [
        {
            "rank": rank,
            "plan": each.plan.short(),
            "step_s": each.time,
            "memory_B": each.memory,
            "MFU": each.mfu,
        }
        for rank, each in enumerate(answer.ranked[:best], 1)
    ]
    rejected: list[Row] = [
        {
            "rejected by": each.limit,
            "plans": each.plans,
            "such as": each.example.short(),
            "because": each.sentence.partition(" For example")[0].rstrip("."),
        }
        for each in answer.rejected
    ]
    told = f"\n{answer.evaluated:,d} plans, {len(answer.ranked):,d} fit" if options.format == "text" else ""
    return Report(ranked, answer.reasons, text=told, more={"rejected": rejected} if rejected else {})
