"""The command line: mlsysim solve, serve, tiny, synthesize, explain, zoo, walls, template.

Exit code 0: an answer. 2: input that cannot be used. 3: infeasible. 4: feasible, but a promise is not kept as expected.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mlsysim import __version__, registry
from mlsysim.check import InvalidInput, quantity
from mlsysim.engine import Answer, Engine
from mlsysim.estimate import Estimate
from mlsysim.records import HardwareNode
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingModel
from mlsysim.solvers.synthesis import SynthesisSolver
from mlsysim.solvers.tiny import TinyModel
from mlsysim.tables import FORMATS, Row, render

OK, BAD_INPUT, INFEASIBLE, MISSED = 0, 2, 3, 4


class Report(NamedTuple):
    """What a command found: a table, why not, which promises are missed, or plain text."""

    rows: Sequence[Row] = ()
    reasons: Iterable[Reason] = ()
    missed: tuple[str, ...] = ()
    text: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        report: Report = options.run(options)
    except InvalidInput as error:
        print(f"mlsysim: {error}", file=sys.stderr)
        return BAD_INPUT
    told = [reason.sentence() for reason in report.reasons]
    code = INFEASIBLE if told else MISSED if report.missed else OK
    if report.rows:
        print(render(report.rows, options.format, {"feasible": not told, "reasons": told, "missed": report.missed}))
    if report.text:
        print(report.text)
    if report.text or options.format != "json":
        for sentence in (*told, *report.missed):
            print(sentence, file=sys.stderr)
    return code


def _solve(options: Namespace) -> Report:
    answer = _engine(options)
    ran = answer.phase
    rows = [
        *_quantities(
            {"time": ran.time, "memory": ran.memory_time, "compute": ran.compute_time, "overhead": ran.overhead_time}
        ),
        _exactly("traffic", ran.traffic, "B"),
        _exactly("operations", ran.operations, "FLOP"),
        _exactly("intensity", ran.intensity, "FLOP/B"),
        _exactly("ridge point", ran.ridge, "FLOP/B"),
    ]
    return Report(rows, answer.reasons, text="" if options.format != "text" else f"\nbound by {ran.bound_by}")


def _explain(options: Namespace) -> Report:
    answer = _engine(options)
    return Report(reasons=answer.reasons, text=answer.explain())


def _engine(options: Namespace) -> Answer:
    return Engine.solve(
        options.model,
        _hardware(options.hardware),
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
        hardware=_hardware(options.hardware),
        batch=options.batch,
        context=options.context,
        prompt=options.prompt,
        precision=options.precision,
        weights=options.weights,
        kv_precision=options.kv_precision,
        efficiency=options.efficiency,
    )
    rows = [
        *_quantities({"itl": answer.itl, "ttft": answer.ttft, "throughput": answer.throughput}),
        *(_exactly(name.replace("_", " "), size, "B") for name, size in answer.memory.bytes.items()),
        _exactly("memory", answer.memory.total, "B"),
        _exactly("capacity", answer.memory.capacity, "B"),
        _exactly("largest batch", answer.max_batch, ""),
        _exactly("crossover batch", answer.crossover_batch, ""),
    ]
    missed = (
        _missed(name.upper(), getattr(answer, name), promise)
        for name, promise in promises.items()
        if getattr(answer, name).expected > promise
    )
    return Report(rows, answer.reasons, tuple(missed))


def _tiny(options: Namespace) -> Report:
    answer = TinyModel().solve(
        model=options.model,
        hardware=_hardware(options.hardware),
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
    missed = (_missed("Latency", answer.latency, answer.deadline),) if late and answer.deadline else ()
    return Report(_quantities(found), answer.reasons, missed)


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
    return Report(_quantities({name: each for name, each in least.items() if each is not None}), answer.reasons)


def _zoo(options: Namespace) -> Report:
    if options.what == "machines":
        return Report([_machine_row(machine) for machine in registry.Hardware])
    if options.what == "models":
        return Report(
            [
                {
                    "model": model.name,
                    "parameters": model.parameters,
                    "active": model.active_parameters,
                    "layers": model.layers,
                    "context": model.max_context,
                    "source": model.datum("parameters").source,
                }
                for model in registry.Models
            ]
        )
    return Report(
        [
            {
                "model": model.name,
                "family": model.family,
                "parameters": model.parameters,
                "FLOP": model.flops,
                "source": next(iter(model.passports.values())).source,
            }
            for model in registry.Models.Layered
        ]
    )


def _machine_row(machine: HardwareNode) -> Row:
    precision = next(iter(machine.peak))
    return {
        "machine": machine.full_name,
        "kind": machine.kind,
        "vendor": machine.vendor,
        "precision": precision,
        "peak_FLOP_per_s": machine.peak[precision],
        "memory_B": machine.memory,
        "memory_bandwidth_B_per_s": machine.memory_bandwidth,
        "link_B_per_s": machine.link,
        "tdp_W": machine.tdp,
        "tier": machine.datum("memory_bandwidth").tier,
        "source": machine.datum("memory").source,
    }


def _walls(options: Namespace) -> Report:
    from mlsysim.walls import WALLS

    return Report(
        [{"wall": f"{wall.number:2d}"} | dict(zip(wall._fields[1:], wall[1:], strict=True)) for wall in WALLS.values()]
    )


def _template(options: Namespace) -> Report:
    from mlsysim.own import TEMPLATE

    return Report(text=TEMPLATE.rstrip("\n"))


def _hardware(given: str) -> HardwareNode | str:
    """A machine's name, or a file that describes one."""
    if given.endswith((".toml", ".json")):
        from mlsysim.own import machine_from_file

        return machine_from_file(given)
    return given


def _quantities(found: dict[str, Estimate]) -> list[Row]:
    return [
        {"figure": name, "lower": each.lower, "expected": each.expected, "upper": each.upper, "unit": each.unit}
        for name, each in found.items()
    ]


def _exactly(name: str, value: float | None, unit: str) -> Row:
    return {"figure": name, "lower": value, "expected": value, "upper": value, "unit": unit}


def _missed(name: str, estimate: Estimate, promise: float) -> str:
    return f"Missed promise. {name} is about {write_enough(estimate.expected, 's')}; {write(promise, 's')} is promised."


def _efficiency(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="mlsysim", description="First-principles performance of machine learning systems.")
    parser.add_argument("--version", action="version", version=f"mlsysim {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[Namespace], Report], told: str) -> ArgumentParser:
        made = commands.add_parser(name, help=told, description=told)
        made.add_argument("--format", choices=FORMATS, default="text", help="text, json, csv or markdown")
        made.set_defaults(run=run)
        return made

    def on_a_machine(made: ArgumentParser) -> None:
        made.add_argument("model", help="such as Llama3_8B or ResNet50")
        made.add_argument("hardware", help="such as H100, or a TOML or JSON file")

    def a_load(made: ArgumentParser) -> None:
        made.add_argument("--batch", type=int, default=1)
        made.add_argument("--context", type=int, default=1024)
        made.add_argument("--precision", default="fp16")
        made.add_argument("--weights", help="stored in fewer bits, such as int4")
        made.add_argument("--efficiency", type=_efficiency, default="auto", help="auto, or a fraction")

    for name, run, told in (
        ("solve", _solve, "one pass: time, what bounds it"),
        ("explain", _explain, "the same on a whiteboard, with sources"),
    ):
        made = command(name, run, told)
        on_a_machine(made)
        a_load(made)
        made.add_argument("--phase", default="auto", help="decode, prefill, inference or training")

    made = command("serve", _serve, "a transformer served: latency, throughput, memory")
    on_a_machine(made)
    a_load(made)
    made.add_argument("--prompt", type=int)
    made.add_argument("--kv-precision")
    made.add_argument("--itl", help='promised inter-token latency, such as "40 ms"')
    made.add_argument("--ttft", help="promised time to first token")

    made = command("tiny", _tiny, "a network on a microcontroller: memory, latency, battery")
    on_a_machine(made)
    made.add_argument("--runtime", default="auto")
    made.add_argument("--deadline", help='such as "30 ms"')
    made.add_argument("--period", help='time between two inferences, such as "1 s"')
    made.add_argument("--battery", help='energy, such as "2430 J", or CR2032')

    made = command("synthesize", _synthesize, "from a promise to the least machine")
    made.add_argument("model")
    made.add_argument("--itl", required=True, help='promised inter-token latency, such as "40 ms"')
    made.add_argument("--machines", action="store_true", help="which known machines keep it")
    a_load(made)

    made = command("zoo", _zoo, "what is known, with sources")
    made.add_argument("what", nargs="?", choices=("machines", "models", "layered"), default="machines")
    command("walls", _walls, "the 22 walls")
    command("template", _template, "a file for one's own machine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
