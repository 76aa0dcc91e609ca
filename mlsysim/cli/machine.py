"""One machine: solve, explain, serve, tiny, synthesize."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mlsysim.check import quantity
from mlsysim.cli.arguments import Verb, figure
from mlsysim.cli.report import Report, exactly, missed, quantities
from mlsysim.engine import Answer, Engine
from mlsysim.solvers.serving import ServingModel
from mlsysim.solvers.synthesis import SynthesisSolver
from mlsysim.solvers.tiny import TinyModel
from mlsysim.tables import Row


def verbs(verb: Verb) -> None:
    """Adds the commands."""

    def on_a_machine(made: ArgumentParser) -> None:
        made.add_argument("model", help="such as Llama3_8B or ResNet50")
        made.add_argument("hardware", help="such as H100, or a TOML or JSON file")

    def a_load(made: ArgumentParser) -> None:
        made.add_argument("--batch", type=int, default=1, help="sequences, or samples, computed together")
        made.add_argument("--context", type=int, default=1024, help="tokens of a sequence so far")
        made.add_argument("--precision", default="fp16", help="of the arithmetic, such as fp16, bf16, fp8 or int8")
        made.add_argument("--weights", help="how weights are stored, if in fewer bits, such as int4")
        made.add_argument(
            "--efficiency", type=figure, default="auto", help="a fraction of both peaks, or auto, or eager"
        )

    for name, run, told in (
        ("solve", _solve, "one pass: time, what bounds it"),
        ("explain", _explain, "the same on a whiteboard, with sources"),
    ):
        made = verb(name, run, told)
        on_a_machine(made)
        a_load(made)
        made.add_argument("--phase", default="auto", help="one of decode, prefill, inference, training, auto")

    made = verb("serve", _serve, "a transformer served: latency, throughput, memory")
    on_a_machine(made)
    a_load(made)
    made.add_argument("--prompt", type=int, help="tokens read before the first is written; without it, the context")
    made.add_argument("--kv-precision", help="how the KV cache is stored, such as fp8")
    made.add_argument("--itl", help='promised inter-token latency, such as "40 ms"')
    made.add_argument("--ttft", help="promised time to first token")

    made = verb("tiny", _tiny, "a network on a microcontroller: memory, latency, battery")
    on_a_machine(made)
    made.add_argument(
        "--runtime",
        default="auto",
        help="the inference library, such as TFLM or CMSIS-NN; by default the core's usual one",
    )
    made.add_argument("--deadline", help='such as "30 ms"')
    made.add_argument("--period", help='time between two inferences, such as "1 s"')
    made.add_argument("--battery", help='energy, such as "2430 J", or CR2032')

    made = verb("synthesize", _synthesize, "from a promise to the least machine")
    made.add_argument("model", help="such as Llama3_8B")
    made.add_argument("--itl", required=True, help='promised inter-token latency, such as "40 ms"')
    made.add_argument("--machines", action="store_true", help="which known machines keep it")
    a_load(made)


def _solve(options: Namespace) -> Report:
    answer = _engine(options)
    ran = answer.phase
    terms = {
        "memory": ran.memory_time,
        "compute": ran.compute_time,
        "tails": ran.tail_time,
        "overhead": ran.overhead_time,
        "host": ran.host_time,
    }
    rows = [
        *quantities({"time": ran.time, **{name: each for name, each in terms.items() if each.upper}}),
        exactly("traffic", ran.traffic, "B"),
        exactly("operations", ran.operations, "FLOP"),
        exactly("intensity", ran.intensity, "FLOP/B"),
        exactly("ridge point", ran.ridge, "FLOP/B"),
    ]
    return Report(rows, answer.reasons, text="" if options.format != "text" else f"\nbound by {ran.bound_by}")


def _explain(options: Namespace) -> Report:
    answer = _engine(options)
    return Report(reasons=answer.reasons, text=answer.explain())


def _engine(options: Namespace) -> Answer:
    return Engine.solve(
        options.model,
        options.hardware,
        batch=options.batch,
        precision=options.precision,
        context=options.context,
        phase=options.phase,
        weights=options.weights,
        efficiency=options.efficiency,
    )


def _serve(options: Namespace) -> Report:
    promised = {name: getattr(options, name) for name in ("itl", "ttft") if getattr(options, name) is not None}
    promises = {name: quantity(name, text, "s", f'--{name} "40 ms"') for name, text in promised.items()}
    answer = ServingModel().solve(
        model=options.model,
        hardware=options.hardware,
        batch=options.batch,
        context=options.context,
        prompt=options.prompt,
        precision=options.precision,
        weights=options.weights,
        kv_precision=options.kv_precision,
        efficiency=options.efficiency,
    )
    rows = [
        *quantities({"itl": answer.itl, "ttft": answer.ttft, "throughput": answer.throughput}),
        *(exactly(name.replace("_", " "), size, "B") for name, size in answer.memory.bytes.items()),
        exactly("memory", answer.memory.total, "B"),
        exactly("capacity", answer.memory.capacity, "B"),
        exactly("largest batch", answer.max_batch, ""),
        exactly("crossover batch", answer.crossover_batch, ""),
    ]
    broken = (
        missed(name.upper(), getattr(answer, name), promise)
        for name, promise in promises.items()
        if getattr(answer, name).expected > promise
    )
    return Report(rows, answer.reasons, tuple(broken))


def _tiny(options: Namespace) -> Report:
    answer = TinyModel().solve(
        model=options.model,
        hardware=options.hardware,
        runtime=options.runtime,
        deadline=options.deadline,
        period=options.period,
        battery=options.battery,
    )
    known = {
        "latency": answer.latency,
        "SRAM": answer.sram,
        "flash": answer.flash,
        "energy": answer.energy,
        "average power": answer.power,
        "battery life": answer.battery_life,
    }
    found = {name: each for name, each in known.items() if each is not None}
    late = answer.deadline is not None and answer.latency.expected > answer.deadline
    broken = (missed("Latency", answer.latency, answer.deadline),) if late and answer.deadline else ()
    return Report(quantities(found), answer.reasons, broken)


def _synthesize(options: Namespace) -> Report:
    answer = SynthesisSolver().solve(
        model=options.model,
        itl=options.itl,
        batch=options.batch,
        context=options.context,
        precision=options.precision,
        weights=options.weights,
        efficiency=options.efficiency,
    )
    if options.machines:
        rows: list[Row] = [
            {
                "machine": each.machine.name,
                "verdict": each.verdict,
                "itl_lower_s": each.serving.itl.lower if each.serving else None,
                "itl_expected_s": each.serving.itl.expected if each.serving else None,
                "itl_upper_s": each.serving.itl.upper if each.serving else None,
            }
            for each in answer.machines
        ]
        return Report(rows, answer.reasons)
    least = {"memory bandwidth": answer.memory_bandwidth, "peak rate": answer.peak, "memory": answer.memory}
    return Report(quantities({name: each for name, each in least.items() if each is not None}), answer.reasons)
