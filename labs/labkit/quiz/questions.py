"""The ten questions, the same in both sittings. Figures are the simulator's; a wrong choice is a wrong assumption's.

No question shows another one's answer, and none asks for a figure of a data sheet by heart.
"""

from functools import cache
from math import ceil, sqrt

from labkit.figures import number, with_unit
from labkit.quiz.question import Choice, Part, Question, ascending
from mlsysim.physics import collectives, economics, reliability, roofline, training, transformer
from mlsysim.precision import BYTES
from mlsysim.records import HardwareNode
from mlsysim.registry import Hardware, Models, constants
from mlsysim.solvers.sustainability import SustainabilityModel

VERSION = "1"  # another one whenever an answer changes

GOALS = {
    "U1": "Arithmetic or memory: which limit binds, and what moves it",
    "U2": "The Iron Law is a product: each measure moves one factor",
    "U3": "Communication is work that a larger fleet adds",
    "U4": "Compression changes the fleet, not the latency alone",
    "U5": "Where power comes from outweighs how well it is used",
    "U6": "From a promise back to the machine that keeps it",
}

MISCONCEPTIONS = {
    "peak": "More FLOP/s is faster, whatever the work waits for.",
    "idle": "A small batch leaves the machine idle, so neither limit binds.",
    "context": "The length of the text decides what a decode step waits for.",
    "average": "Every rate counts a little, so the gain is an average of the ratios.",
    "host": "The weights come over the host's bus for each token.",
    "more machines": "Twice the machines, half the time: the other factors stay as they are.",
    "futile": "Beyond some size nothing that is added helps.",
    "added alone": "Losses fall on what is added, not on the whole product.",
    "half a ring": "An all-reduce is over when each part is summed somewhere; nothing has to be handed round.",
    "linear": "The time of an all-reduce grows with the number of GPUs.",
    "shared out": "More GPUs share out the communication, as they do the arithmetic.",
    "speed trick": "Fewer bits make a step faster; the number of GPUs stays.",
    "a byte each": "A parameter in FP16 is one byte.",
    "training memory": "Serving holds what training holds: gradients and optimizer state too.",
    "copies": "A copy of the model is a GPU.",
    "same rate": "A copy answers as many requests in either precision.",
    "units": "MWh and kWh, or grams and tonnes, were mixed up.",
    "PUE": "A meter's reading of the facility is multiplied by the PUE once more.",
    "efficiency": "Carbon falls by as much as it must once something is more efficient.",
    "hours": "Carbon follows the hours a run takes, not its energy.",
    "multiplied": "A shorter promise needs less bandwidth: bytes and time were multiplied.",
    "bits": "Bits and bytes were mixed up.",
    "measure first": "Nothing can be said about a machine before the model has run on it.",
    "best one": "The fastest machine is the one to take; what is enough is not asked.",
    "margin": "A machine has to be twice as fast as what is promised.",
    "fits": "What holds the model serves it; bandwidth is not looked at.",
}

PARAMETERS = 8e9
WEIGHTS = PARAMETERS * BYTES["fp16"]
TOKEN = transformer.linear_flops(PARAMETERS, 1)
PROMISE = 0.040
COUNT = {"gpu": 1.0, "gpus": 1.0}
MASS = {"t": 1.0, "tonnes": 1.0, "tonne": 1.0, "tons": 1.0, "tco2": 1.0, "kg": 1e-3, "g": 1e-6}


@cache
def questions() -> tuple[Question, ...]:
    """All of them, in their order."""
    made = (_bound, _upgrade, _fleet, _allreduce, _replica, _service, _places, _halve, _least, _enough)
    return tuple(make(f"q{index}") for index, make in enumerate(made, 1))


def _bound(name: str) -> Question:
    gpu = Hardware.Cloud.H100
    reading, computing = (
        roofline.memory_time(WEIGHTS, gpu.memory_bandwidth),
        roofline.compute_time(TOKEN, gpu.rate("fp16")),
    )
    return Question(
        name,
        "U1",
        f"An H100 computes up to {number(gpu.rate('fp16') / 1e12)} TFLOP/s in FP16, dense, and reads "
        f"{number(gpu.memory_bandwidth / 1e12)} TB/s from its memory. It writes one text with a model of "
        f"{number(PARAMETERS / 1e9)} billion parameters: each token takes {number(TOKEN / 1e9)} GFLOP and reads all "
        f"{number(WEIGHTS / 1e9)} GB of weights. What does a token wait for?",
        f"Reading takes {number(reading * 1e3)} ms, computing {number(computing * 1e6)} µs.",
        (
            Choice("Arithmetic: with a peak like this, computing is what the GPU is busy with", "peak"),
            Choice("Memory: the weights take longer to read than the token takes to compute"),
            Choice("Neither: with a single text the GPU is idle most of the time", "idle"),
            Choice("It depends on how long the text is, not on how many texts there are", "context"),
        ),
    )


def _upgrade(name: str) -> Question:
    old, new = Hardware.Cloud.A100, Hardware.Cloud.MI300X
    read, computed = new.memory_bandwidth / old.memory_bandwidth, new.rate("fp16") / old.rate("fp16")
    mixed = sqrt(read * computed)

    def rates(gpu: HardwareNode) -> str:
        return f"{number(gpu.memory_bandwidth / 1e12)} TB/s, {number(gpu.rate('fp16') / 1e12)} TFLOP/s in FP16"

    return Question(
        name,
        "U1",
        f"A chat model that fits either GPU writes one text at a time. It moves from an A100 ({rates(old)}) to an "
        f"MI300X ({rates(new)}). By how much does writing a token speed up?",
        f"A token waits for the weights: {number(new.memory_bandwidth / 1e12)} / {number(old.memory_bandwidth / 1e12)} "
        f"TB/s = {number(read)}.",
        ascending(
            {
                1.0: Choice("Not at all: the weights have to come over the host’s bus on both", "host"),
                read: Choice(f"About {number(read)} times"),
                mixed: Choice(f"About {number(mixed)} times, between the ratios of both rates", "average"),
                computed: Choice(f"About {number(computed)} times", "peak"),
            }
        ),
    )


def _fleet(name: str) -> Question:
    mfu, eta, good = 0.35, (0.95, 0.85), (0.98, 0.96)
    work, rate = 1e23, Hardware.Cloud.H100.rate("fp16")
    before, after = (
        reliability.fleet_time(work, n, rate, mfu, e, g) for n, e, g in zip((64, 128), eta, good, strict=True)
    )
    gain = before / after
    added = 1 + mfu * eta[1] * good[1]
    return Question(
        name,
        "U2",
        f"A training run keeps 64 GPUs at {mfu:.0%} MFU, {eta[0]:.0%} scaling efficiency and {good[0]:.0%} goodput. On "
        f"128 GPUs MFU would stay, scaling efficiency would be {eta[1]:.0%} and goodput {good[1]:.0%}. How much faster "
        "would the same run be?",
        f"The factors multiply: 2 x {eta[1]:g}/{eta[0]:g} x {good[1]:g}/{good[0]:g} = {number(gain)}; MFU is in both "
        "and drops out, so raising it is a gain of its own.",
        ascending(
            {
                1.0: Choice("Not faster: at this size waiting and failures take all that is added", "futile"),
                added: Choice(
                    f"{number(added)} times: the 64 new GPUs bring what is left of them after the losses", "added alone"
                ),
                gain: Choice(f"{number(gain)} times"),
                2.0: Choice("2 times: twice the GPUs, half the time", "more machines"),
            }
        ),
    )


def _allreduce(name: str) -> Question:
    parameters, ranks, link = 7e9, 64, 50e9
    message = parameters * BYTES["fp16"]
    whole = collectives.ring_allreduce_time(message, ranks, link)
    half = collectives.reduce_scatter_time(message, ranks, link)
    each, shared = ranks * message / link, message / link / ranks

    def after(time: float, wrong: str = "") -> Choice:
        return Choice(f"{number(time)} s" if time >= 0.1 else f"{number(time * 1e3)} ms", wrong)

    return Question(
        name,
        "U3",
        f"Data parallelism trains {number(parameters / 1e9)} billion parameters on {ranks} GPUs. Each step sums "
        f"{number(message / 1e9)} GB of gradients with a ring all-reduce over links of {number(link / 1e9)} GB/s in "
        "each direction. About how long does that take, without latency?",
        f"Every gradient passes twice, once to be summed and once to be handed round: 2 x {ranks - 1}/{ranks} x "
        f"{number(message / 1e9)} GB / {number(link / 1e9)} GB/s = {number(whole)} s.",
        ascending(
            {
                shared: after(shared, "shared out"),
                half: after(half, "half a ring"),
                whole: after(whole),
                each: after(each, "linear"),
            }
        ),
    )


def _replica(name: str) -> Question:
    gpu, model = Hardware.Cloud.H100, Models.Llama3_70B
    sizes = [model.parameters * BYTES[precision] for precision in ("fp16", "int4")]
    states = training.model_states(model.parameters, 0, 1)

    def gpus(sixteen: float, four: float, wrong: str = "") -> tuple[float, Choice]:
        need = ceil(sixteen / gpu.memory), ceil(four / gpu.memory)
        return need[0] + need[1] / 100, Choice(f"{need[0]} in FP16, {need[1]} in INT4", wrong)

    return Question(
        name,
        "U4",
        f"A copy of {model.name}, {number(model.parameters / 1e9)} billion parameters, is to serve from H100s with "
        f"{number(gpu.memory / 1e9)} GB each. Counting the weights alone, how many GPUs does a copy need at least?",
        f"{number(sizes[0] / 1e9)} GB need {ceil(sizes[0] / gpu.memory)} of them, {number(sizes[1] / 1e9)} GB need "
        f"{ceil(sizes[1] / gpu.memory)}.",
        ascending(
            dict(
                (
                    gpus(sizes[0] / 2, sizes[1], "a byte each"),
                    gpus(*sizes),
                    gpus(sizes[0], sizes[0], "speed trick"),
                    gpus(states, states / 4, "training memory"),
                )
            )
        ),
    )


def _service(name: str) -> Question:
    demand, rates, gpus = 1500.0, (25.0, 20.0), (1, 4)
    small, large = (economics.fleet_size(demand, rate, each) for rate, each in zip(rates, gpus, strict=True))
    swapped = [economics.fleet_size(demand, rates[1], gpus[0]), economics.fleet_size(demand, rates[0], gpus[1])]
    return Question(
        name,
        "U4",
        f"A service has to answer {number(demand)} requests a second. A copy of its model in INT4 takes {gpus[0]} "
        f"GPU and answers {number(rates[0])} a second; in FP16 it takes {gpus[1]} GPUs and answers {number(rates[1])}. "
        "How many GPUs does each fleet have?",
        f"INT4: {number(demand)} / {number(rates[0])} = {small} GPUs. FP16: {number(demand)} / {number(rates[1])} = "
        f"{large // gpus[1]} copies of {gpus[1]}, {large} GPUs.",
        parts=(
            Part(
                "INT4 fleet",
                "GPUs",
                small,
                0.0,
                {"same rate": [swapped[0]], "speed trick": [economics.fleet_size(demand, rates[0], gpus[1])]},
                COUNT,
            ),
            Part(
                "FP16 fleet",
                "GPUs",
                large,
                0.0,
                {"copies": [economics.fleet_size(demand, rates[1], 1)], "same rate": [swapped[1]]},
                COUNT,
            ),
        ),
        points=2,
    )


def _places(name: str) -> Question:
    meter, pue, grid = 500, constants("power")["pue"].value, constants("grid")

    def part(place: str) -> Part:
        tonnes = SustainabilityModel().solve(energy=f"{meter} MWh", region=place).operational.expected / 1e3
        return Part(place, "t", tonnes, 0.1, {"units": [tonnes * 1e3, tonnes / 1e3], "PUE": [tonnes * pue]}, MASS)

    parts = part("Virginia"), part("Quebec")
    return Question(
        name,
        "U5",
        f"At the data centre’s meter, a training run takes {number(meter)} MWh. The grid emits "
        f"{number(grid['Virginia'].value)} g of CO2 for each kWh in Virginia and {number(grid['Quebec'].value)} g in "
        "Quebec. How many tonnes is that in each place?",
        f"{number(meter * 1e3)} kWh x {number(grid['Virginia'].value)} g = {number(parts[0].key)} t; x "
        f"{number(grid['Quebec'].value)} g = {number(parts[1].key)} t.",
        parts=parts,
        points=2,
    )


def _halve(name: str) -> Question:
    old, new = Hardware.Cloud.A100, Hardware.Cloud.H100
    grid = constants("grid")
    dirty, clean = grid["Warsaw"].value, grid["Finland"].value
    per_joule = new.rate("fp16") / new.tdp * old.tdp / old.rate("fp16") if new.tdp and old.tdp else 0.0
    pue = 1.5, 1.1
    return Question(
        name,
        "U5",
        "A training run has to emit half as much CO2, with the same model, data and number of steps. Which of these is "
        "enough alone?",
        f"What is left: newer GPUs {1 / per_joule:.0%}, cooling {pue[1] / pue[0]:.0%}, twice the GPUs all, "
        f"the other grid {clean / dirty:.0%}.",
        (
            Choice(
                f"H100s in place of A100s: they compute {number(per_joule)} times as much for each joule", "efficiency"
            ),
            Choice(f"Better cooling: the PUE goes from {pue[0]} down to {pue[1]}", "efficiency"),
            Choice("Twice as many of the same GPUs, so that the run takes half as long", "hours"),
            Choice(f"The same GPUs in Finland ({number(clean)} g for each kWh) instead of Warsaw ({number(dirty)} g)"),
        ),
    )


def _least(name: str) -> Question:
    least = roofline.least_bandwidth(WEIGHTS, PROMISE)
    multiplied, bits = WEIGHTS / 1e9 * PROMISE * 1e3 * 1e9, 8 * least

    def rate(value: float, wrong: str = "") -> Choice:
        return Choice(with_unit(value / 1e9, "GB/s"), wrong)

    return Question(
        name,
        "U6",
        f"A model of {number(PARAMETERS / 1e9)} billion parameters in FP16 is promised to write a token every "
        f"{number(PROMISE * 1e3)} ms, one text at a time. A token reads every weight once; leave everything else out. "
        "What is the least memory bandwidth that keeps the promise?",
        f"{number(WEIGHTS / 1e9)} GB / {number(PROMISE * 1e3)} ms = {number(least / 1e9)} GB/s.",
        (
            *ascending({least: rate(least), multiplied: rate(multiplied, "multiplied"), bits: rate(bits, "bits")}),
            Choice("That can’t be said before the model has run on a machine", "measure first"),
        ),
    )


def _enough(name: str) -> Question:
    gpus = [getattr(Hardware.Cloud, each) for each in ("MI300X", "L40S", "A10", "T4")]
    least = roofline.least_bandwidth(WEIGHTS, PROMISE)

    def all_with(bandwidth: float, wrong: str = "") -> tuple[float, Choice]:
        found = [gpu.name for gpu in gpus if gpu.memory_bandwidth >= bandwidth and gpu.memory >= WEIGHTS]
        listed = f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else found[0]
        return len(found), Choice(f"{listed}{' alone' * (len(found) == 1)}", wrong)

    return Question(
        name,
        "U6",
        "Which of these GPUs keep the promise of question 9 on their own, at the bandwidth of their data sheets?",
        f"Those with {number(least / 1e9)} GB/s or more, and room for {number(WEIGHTS / 1e9)} GB.",
        ascending(
            dict(
                (
                    all_with(gpus[0].memory_bandwidth, "best one"),
                    all_with(2 * least, "margin"),
                    all_with(least),
                    all_with(0.0, "fits"),
                )
            )
        ),
        table=(
            ("GPU", "Memory", "Bandwidth"),
            *((g.name, with_unit(g.memory / 1e9, "GB"), with_unit(g.memory_bandwidth / 1e9, "GB/s")) for g in gpus),
        ),
    )
