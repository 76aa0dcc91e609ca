import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Which machine for which job?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from dataclasses import dataclass, replace

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.physics import roofline
    from mlsysim.walls import WALLS

    MODEL = "Llama3_8B"
    SHOWN = ("A100", "H100", "MI300X", "B200")
    FOR_RENT = (*SHOWN, "L40S", "A10", "T4")
    YOURS = "yours"
    OWN = "machine of your own"
    SHORT = 192
    BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 400, 512, 640, 768, 1024, 2048)
    PROMPTS = (16, 64, 256, 512, 1024, 1536, 2048, 2304, 2560, 3072, 3584, 4096, 4608, 5120, 5632, 6144, 7168)
    ANSWERS = (2, 8, 12, 16, 32, 64, 128, 256, 512, 1024)
    SHARES = tuple(range(0, 101, 10))
    EXTRA = 0.5
    BITS = {"fp16": "16 bit", "int8": "8 bit", "int4": "4 bit"}
    FIGURES = {"memory_bandwidth": "bandwidth", "peak": "arithmetic"}
    ASKED_BANDWIDTH = 4
    ASKED_MEMORY = 96
    DISPATCHERS = 24
    CONVERSATION = 2304
    TOKEN_PROMISE = 20
    FILE = 6200
    LABEL = 12
    LABEL_PROMISE = 0.9
    BUDGET = 30_000
    JOBS = {"notes": "live notes", "label": "triage label"}
    VARIANTS = {
        "peak": Varied((1000, 900, 800), lambda rate: f"{rate:,}"),
        "answer": Varied((16, 12, 8)),
    }
    FIRST = Lock(
        name="crossover",
        question="You design a machine: {peak} TFLOP/s of dense FP16 arithmetic, "
        f"{ASKED_BANDWIDTH} TB/s, {ASKED_MEMORY} GB. It writes with Llama-3-8B in FP16, every sequence "
        f"{SHORT} tokens long. From which batch on does a step spend as long on arithmetic as on moving bytes?",
        unit="sequences",
        units={"sequence": 1, "users": 1, "requests": 1},
        reason_hint="a byte moved has to …",
    )
    SECOND = Lock(
        name="balance",
        question="One user on an H100: a request reads a prompt and writes {answer} tokens. How long does the prompt "
        "have to be before 1 % more arithmetic saves as much of its time as 1 % more bandwidth?",
        unit="tokens",
        units={"token": 1},
        reason_hint="reading a token takes … of writing one",
    )
    THIRD = Lock(
        name="arithmetic",
        question=f"Live notes: {DISPATCHERS} dispatchers at once, {CONVERSATION:,} tokens of context each, FP16, a token every "
        f"{TOKEN_PROMISE} ms. How much dense FP16 arithmetic does a machine need for that at the very least?",
        unit="TFLOP/s",
        units={"TFLOPS": 1, "TFLOP/S": 1, "GFLOP/s": 0.001, "PFLOP/s": 1000},
        reason_hint="a token takes … operations",
    )


@app.function
def node(machine):
    """A machine by its name in the registry, or one's own by its figures: "500 TFLOP/s, 3 TB/s, 96 GB, 600 W"."""
    if "," not in machine:
        return getattr(ms.Hardware.Cloud, machine)
    peak, bandwidth, memory, power = machine.split(", ")
    return ms.HardwareNode(
        name=OWN,
        peak={"fp16": peak},
        memory_bandwidth=bandwidth,
        memory=memory,
        tdp=power,
        cache=ms.Hardware.Cloud.H100.cache,
    )


@app.function
def own(figures):
    """One's own machine as the sliders of part A describe it."""
    return "{peak:g} TFLOP/s, {bandwidth:g} TB/s, {memory:g} GB, {power:g} W".format(**figures)


@app.function
def shown(machine):
    """A machine's name in a sentence or under a reading."""
    return f"yours ({machine})" if "," in machine else machine


@app.function
def step(machine, weights="fp16", batch=1, context=SHORT):
    """The simulator's answer for one decode step of the lab's model."""
    return ms.ServingModel().solve(model=MODEL, hardware=node(machine), weights=weights, batch=batch, context=context)


@app.function
def token_time(machine, batch):
    """Reading: time for one token of every sequence in the batch."""
    answer = step(machine, batch=batch)
    return Reading(
        value=answer.itl.expected,
        unit="s",
        text=answer.itl.format(),
        name="time per token",
        label=f"{shown(machine)}, batch {batch:,}",
        range_text=answer.itl.format_range(),
        bound_by=answer.decode.bound_by,
        equation=answer.equation().splitlines(),
    )


@app.function
def crossing(machine):
    """The crossover by hand, a line for each step: what all share against what each sequence does and brings."""
    answer = step(machine)
    decode = answer.decode
    seconds = {
        "weights": roofline.memory_time(
            decode.bytes["weights"], decode.bandwidth, decode.efficiency.bandwidth.expected
        ),
        "own": roofline.memory_time(decode.bytes["kv_cache"], decode.bandwidth, decode.efficiency.bandwidth.expected),
        "arithmetic": decode.compute_time.expected,
    }
    written = {name: ms.format_quantity(time, "s", 3) for name, time in seconds.items()}
    ahead = seconds["arithmetic"] - seconds["own"]
    lines = [
        f"ridge point = {ms.format_quantity(decode.rate, 'FLOP/s', 3)} / {ms.format_quantity(decode.bandwidth, 'B/s', 3)} = "
        f"{ms.format_quantity(decode.ridge, 'FLOP/B', 3)}",
        f"shared by all:       {ms.format_quantity(decode.bytes['weights'], 'B', 3)} of weights take {written['weights']}",
        f"each sequence does:  {ms.format_quantity(decode.operations, 'FLOP', 3)} in {written['arithmetic']}",
        f"each sequence brings {ms.format_quantity(decode.bytes['kv_cache'], 'B', 3)} of KV cache in {written['own']}",
    ]
    if ahead <= 0:
        return [
            *lines,
            "arithmetic never catches up: each sequence brings more time in bytes than it does in arithmetic",
        ]
    return [
        *lines,
        f"{written['weights']} / ({written['arithmetic']} - {written['own']}) = {seconds['weights'] / ahead:,.0f} sequences, "
        + (
            "and more where activations outgrow the cache"
            if answer.crossover_batch
            else "never reached: activations outgrow the cache before"
        ),
    ]


@app.function
def crossover(machine):
    """Reading: the batch from which on arithmetic takes longer than moving bytes."""
    batch = step(machine).crossover_batch
    return Reading(
        value=float(batch or 0),
        unit="sequences",
        text=f"{batch:,} sequences" if batch else "never",
        name="batch at which arithmetic overtakes bytes",
        label=f"{shown(machine)}, {SHORT} tokens each",
        equation=crossing(machine),
    )


@app.function
def limits(machine, batch):
    """What one's own machine breaks: pairs of a limit's name and a sentence about it."""
    names = {"memory capacity": "memory", "energy": "power"}
    reasons = ms.EnergyModel().solve(serving=step(machine, batch=batch)).reasons
    return list({names[reason.limit]: reason.sentence() for reason in reversed(reasons)}.items())


@app.function
def upgraded(machine, share):
    """The machine with half as much again, `share` percent of it in arithmetic, the rest in bandwidth."""
    base = node(machine)
    more = 1 + EXTRA * share / 100
    return replace(
        base,
        peak={precision: rate * more for precision, rate in base.peak.items()},
        memory_bandwidth=base.memory_bandwidth * (1 + EXTRA - EXTRA * share / 100),
    )


@app.function
def served(hardware, prompt, answer):
    """The simulator's answer for one request: `prompt` tokens read, `answer` tokens written."""
    return ms.ServingModel().solve(model=MODEL, hardware=hardware, prompt=prompt, context=prompt + answer)


@app.function
def leading(serving):
    """What binds the phase that takes most of a request."""
    return (serving.prefill if serving.ttft.expected > serving.latency.expected / 2 else serving.decode).bound_by


@app.function
def phases(serving):
    """Both phases of a request with their numbers, a line each."""
    lines = []
    for name in ("prefill", "decode"):
        lines += [f"{name}:", *serving.equation(name).splitlines()]
    return lines


@app.function
def request(machine, prompt, answer, share):
    """Reading: time of a request on the machine with half as much again."""
    serving = served(upgraded(machine, share), prompt, answer)
    return Reading(
        value=serving.latency.expected,
        unit="s",
        text=serving.latency.format(3),
        name=f"a request, {prompt:,} tokens read and {answer:,} written",
        label=f"{shown(machine)}, {share} % of the extra in arithmetic",
        range_text=serving.latency.format_range(),
        bound_by=leading(serving),
        equation=phases(serving),
    )


@app.function
def effects(machine, prompt, answer):
    """By how many percent a request takes longer for 1 % more of each figure of the machine."""
    solved = ms.SensitivitySolver().solve(
        model=MODEL, hardware=node(machine), metric="latency", prompt=prompt, context=prompt + answer
    )
    return solved.elasticities


@app.function
def saved(machine, prompt, answer, figure):
    """Reading: what 1 % more of one figure saves of a request's time."""
    worth = 0.0 - effects(machine, prompt, answer)[figure]
    return Reading(
        value=worth / 100,
        unit="1",
        text=f"{worth:.2f} %",
        name=f"saved by 1 % more {FIGURES[figure]}",
        label=f"{shown(machine)}, {prompt:,} tokens read, {answer:,} written",
    )


@app.function
def balanced_prompt(machine, answer):
    """The prompt from which on 1 % more arithmetic saves as much of a request as 1 % more bandwidth."""
    short, long = 1, 8192 - answer
    while long - short > 1:
        middle = (short + long) // 2
        effect = effects(machine, middle, answer)
        short, long = (short, middle) if effect["peak"] <= effect["memory_bandwidth"] else (middle, long)
    return long


@app.class_definition
@dataclass(frozen=True)
class Verdict:
    """A machine against a job's promise: its time, the promise, how they stand, whether the model fits at all."""

    serving: object
    band: ms.Estimate
    limit: float
    word: str


@app.function
def verdict(machine, weights, job, users, promise):
    """Notes are judged by the time per token, a label by its whole request."""
    notes = job == "notes"
    load = {"batch": users, "context": CONVERSATION} if notes else {"prompt": FILE, "context": FILE + LABEL}
    serving = ms.ServingModel().solve(model=MODEL, hardware=node(machine), weights=weights, **load)
    band, limit = (serving.itl, promise / 1e3) if notes else (serving.latency, LABEL_PROMISE)
    word = "keeps it" if band.upper <= limit else "breaks it" if band.lower > limit else "may keep it"
    return Verdict(serving, band, limit, word)


@app.function
def promised(machine, weights, job, users, promise):
    """Reading: the time that a job's promise speaks of."""
    kept = verdict(machine, weights, job, users, promise)
    notes = job == "notes"
    return Reading(
        value=kept.band.expected,
        unit="s",
        text=kept.band.format(),
        name="time per token of the notes" if notes else "time until the label is there",
        label=f"{shown(machine)}, {BITS[weights]}" + (f", {users} dispatchers" if notes else ""),
        range_text=kept.band.format_range(),
        bound_by=kept.serving.decode.bound_by if notes else leading(kept.serving),
        equation=kept.serving.equation().splitlines() if notes else phases(kept.serving),
    )


@app.function
def rent(machine):
    """A year of one machine, as it is offered to anyone who asks; None for one that nobody lets."""
    return ms.EconomicsModel().solve(hardware=machine, budget=BUDGET) if machine in FOR_RENT else None


@app.function
def year(machine):
    """Reading: a year's rent of one machine."""
    bill = rent(machine)
    return Reading(
        value=bill.total.expected,
        unit="USD",
        text=bill.total.format(3),
        name="rent for a year",
        label=machine,
        range_text=bill.total.format_range(3) if bill.total.lower < bill.total.upper else "",
        equation=[f"{item.meaning}: {item.datum.value * 3600:.3g} USD/h, {item.datum.note}" for item in bill.basis],
    )


@app.function
def needed(weights, users, promise, machines=()):
    """The least machine for the notes' promise, and the verdicts on the machines named."""
    return ms.SynthesisSolver().solve(
        model=MODEL,
        itl=promise / 1e3,
        weights=weights,
        batch=users,
        context=CONVERSATION,
        machines=[node(machine) for machine in machines],
    )


@app.function
def least(figure, weights, users, promise):
    """Reading: the least bandwidth or arithmetic for the notes' promise."""
    found = getattr(needed(weights, users, promise), figure)
    return Reading(
        value=found.expected,
        unit=found.unit,
        text=found.format(3),
        name=f"least {FIGURES[figure]}, as software reaches it",
        label=f"{BITS[weights]}, {users} dispatchers, a token every {promise} ms",
        range_text=found.format_range(3) + "; the lower end is physics’ own",
    )


@app.function
def broken(machine, weights, job, users, promise):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    kept = verdict(machine, weights, job, users, promise)
    if job == "notes":
        answer = needed(weights, users, promise, (machine,))
        judged = answer.machines[0]
        reasons = (*answer.reasons, *(judged.reasons if judged.verdict == "fails" else ()))
    else:
        reasons = kept.serving.reasons
    names = {"memory capacity": "memory", "overhead": "overhead"}
    failures = {names.get(reason.limit, "floor"): reason.sentence() for reason in reasons}
    if "memory" in failures:
        failures.pop("floor", None)  # what does not fit takes no time
    elif job == "label" and kept.word == "breaks it":
        failures["floor"] = (
            f"Below the floor of physics. {FILE:,} tokens read and {LABEL} written take the {kept.serving.hardware.name} "
            f"{ms.format_quantity(kept.band.lower, 's', 3)} at peak rates with everything overlapped; the promise is "
            f"{ms.format_quantity(kept.limit, 's')}. {leading(kept.serving).capitalize()} binds "
            f"(wall {WALLS[leading(kept.serving)].number}). A machine {kept.band.lower / kept.limit:.2f} times as fast at least, or a shorter file, would mend it."
        )
    bill = rent(machine)
    if bill and bill.reasons:
        failures["budget"] = bill.reasons[0].sentence()
    return list(failures.items())


@app.function
def answers(peak=VARIANTS["peak"].values[0], answer=VARIANTS["answer"].values[0]):
    """What the simulator says to the three locked questions, in their units."""
    return {
        "crossover": step(asked(peak)).crossover_batch,
        "balance": balanced_prompt("H100", answer),
        "arithmetic": needed("fp16", DISPATCHERS, TOKEN_PROMISE).peak.lower / 1e12,
    }


@app.function
def asked(peak):
    """The machine of the first question."""
    return own({"peak": peak, "bandwidth": ASKED_BANDWIDTH, "memory": ASKED_MEMORY, "power": 700})


@app.function
def assumptions(peak=VARIANTS["peak"].values[0], answer=VARIANTS["answer"].values[0]):
    """What wrong assumptions lead to, for each locked question."""
    design, least_machine = step(asked(peak)), needed("fp16", DISPATCHERS, TOKEN_PROMISE)
    h100 = ms.Hardware.Cloud.H100
    ridge = h100.ridge_point("fp16")
    return {
        "crossover": (
            Assumption(
                design.decode.ridge,
                "You took the ridge point itself, peak over bandwidth. Each sequence also brings "
                f"{ms.format_quantity(design.decode.bytes['kv_cache'], 'B', 2)} of KV cache, its own past, which nobody "
                "shares; so the batch has to be larger.",
            ),
            Assumption(
                1, "You let arithmetic lead from the start. At batch 1 a weight fetched serves one sequence only."
            ),
            Assumption(
                design.max_batch,
                "You named about what fits into memory. Capacity and the crossing of the two terms are different limits.",
            ),
        ),
        "balance": (
            Assumption(
                answer, "You weighed a token read like a token written. Read tokens share each weight that is fetched."
            ),
            Assumption(
                ridge,
                "You named the ridge point. It is the right figure for each token written, and this request writes "
                f"{answer}.",
            ),
            Assumption(
                answer * h100.rate("fp16") / ms.Hardware.Cloud.A100.rate("fp16"),
                "You reckoned with a few tokens read for each one written. Arithmetic is far cheaper than bytes.",
            ),
        ),
        "arithmetic": (
            Assumption(
                h100.rate("fp16") / 1e12,
                "You thought of a large accelerator. These notes need a small part of its arithmetic.",
            ),
            Assumption(
                least_machine.memory_bandwidth.lower * ridge / 1e12,
                "You gave the least bandwidth the ridge point of an H100. Decode of so few sequences does not use it.",
            ),
            Assumption(
                least_machine.peak.expected / 1e12,
                "You allowed for what software does not reach, and for arithmetic that never keeps bytes waiting: the "
                "honest figure for a purchase. The question asked for the floor.",
            ),
            Assumption(
                least_machine.peak.lower / DISPATCHERS / 1e12,
                f"You counted one dispatcher. {DISPATCHERS} are served in the same step.",
            ),
        ),
    }


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether the designs that were read off hold it."""
    kept = {"notes": [], "label": []}
    for each in designs:
        if each["reading"] != "promised":
            continue
        design = {name: value for name, value in each.items() if name != "reading"}
        stands = verdict(**design)
        enough = each["job"] == "label" or (each["users"] >= DISPATCHERS and each["promise"] <= TOKEN_PROMISE)
        if enough and stands.word == "keeps it" and stands.serving.feasible:
            kept[each["job"]].append(each["machine"])
    rents = {
        job: min((rent(machine).total.expected for machine in machines if machine in FOR_RENT), default=None)
        for job, machines in kept.items()
    }
    return {
        f"live notes for {DISPATCHERS} dispatchers, a token every {TOKEN_PROMISE} ms even at the upper end": bool(
            kept["notes"]
        ),
        f"a triage label within {LABEL_PROMISE:g} s even at the upper end": bool(kept["label"]),
        f"both on machines that rent for {BUDGET:,} USD a year together": None not in rents.values()
        and sum(rents.values()) <= BUDGET,
    }


@app.cell
def plan():
    lab = Lab(
        name="vol1/lab_11_hw_accel",
        version="3",
        lede="Dr Salma Nasser runs a region’s emergency call centre. On Friday she signs for the accelerators of the coming "
        "year. Text that comes late reaches the ambulance late, and the money comes out of ambulances.",
        briefing=(
            "Every vendor’s page has two large figures: how many operations a second the chip can do (FLOP/s, dense and "
            "in FP16 throughout this lab), and how many bytes a second its memory can deliver (B/s). A language model uses "
            "both, in proportions that depend on the job. You will draw a machine of your own beside four that can be "
            "bought, ask which of its figures is worth paying for, and end with two jobs and a budget.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Your machine beside four others",
                "A byte that is moved buys some operations: that quotient is the arithmetic intensity. Where it is low, "
                "the memory decides how fast arithmetic goes (the slope), where it is high, the peak does (the flat). They "
                "meet at the ridge point. A batch lets sequences share the weights that are fetched, so that each byte buys "
                "more. Describe any machine, such as the one of the question; it has an H100’s cache, and stays yours for all three "
                "parts.",
                (
                    Slider(
                        "peak",
                        "Peak arithmetic",
                        (
                            5,
                            10,
                            16,
                            25,
                            40,
                            65,
                            100,
                            125,
                            200,
                            250,
                            330,
                            400,
                            500,
                            650,
                            800,
                            900,
                            1000,
                            1300,
                            1600,
                            2000,
                            2500,
                            5000,
                        ),
                        500,
                        lambda rate: f"{rate:,} TFLOP/s",
                    ),
                    Slider(
                        "bandwidth",
                        "Memory bandwidth",
                        (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12, 16, 24),
                        3,
                        lambda rate: f"{rate:g} TB/s",
                    ),
                    Slider(
                        "memory",
                        "Memory",
                        (8, 16, 24, 32, 48, 64, 80, 96, 128, 192, 288),
                        64,
                        lambda size: f"{size} GB",
                    ),
                    Slider(
                        "power",
                        "Power",
                        (30, 70, 150, 250, 400, 500, 600, 700, 850, 1000, 1200, 1500),
                        600,
                        lambda watts: f"{watts:,} W",
                    ),
                    Slider("batch", "Batch, sequences at once", BATCHES, 1, lambda n: f"{n:,}"),
                ),
                hint="Set the machine of the question. The dot climbs the slope as the batch grows: does it climb in step with the batch?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["batch"] for s in tried}) == 1,
                        "You shaped the machine and kept the batch. What does a weight that was fetched serve?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({(s["peak"], s["bandwidth"]) for s in tried}) == 1,
                        "You moved the batch only. Which two figures of the machine place its ridge point?",
                    ),
                ),
            ),
            Part(
                "B",
                "Half as much again, but of what?",
                "A request has two phases: it reads its prompt, all tokens at once, and writes its answer, token by token. "
                f"The next version of a machine has {100 * EXTRA:.0f} % more to offer, in arithmetic, in bandwidth, or shared "
                "between them percent for percent. The upper bars say by how many percent a request changes for 1 % more of "
                "each figure; the curve says what comes of sharing out the extra. Let prompt and answer fight over it.",
                (
                    Choice("machine", "Machine", (*SHOWN, YOURS), "H100"),
                    Slider("prompt", "Prompt, tokens read", PROMPTS, 256, lambda n: f"{n:,}"),
                    Slider("answer", "Answer, tokens written", ANSWERS, 256, lambda n: f"{n:,}"),
                    Slider("share", "Share of the extra in arithmetic", SHARES, 50, lambda share: f"{share} %"),
                ),
                hint="How long does one token take to read, and how long to write? Compare the two parts of the curve.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["prompt"] for s in tried}) == 1,
                        "The prompt has stayed as it was. Which phase of a request does arithmetic?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and min(s["answer"] for s in tried) >= 64,
                        "All your answers are long. What does a request look like that reads a file and says one word?",
                    ),
                ),
            ),
            Part(
                "C",
                "Two jobs, one signature",
                f"Live notes: {DISPATCHERS} dispatchers read along while callers speak, with {CONVERSATION:,} tokens of context each, and "
                f"Dr Nasser promises them a token every {TOKEN_PROMISE} ms. Triage label: a file of {FILE:,} tokens is read and {LABEL} "
                f"tokens are written, within {LABEL_PROMISE:g} s. Each job gets a machine of its own; she counts a promise as "
                f"kept when the upper end of the estimate keeps it, and has {BUDGET:,} USD a year for both machines. Find the "
                "machine for each job, and see how far a promise can go.",
                (
                    Choice("machine", "Machine", (*FOR_RENT, YOURS), "H100"),
                    Choice("job", "Job", tuple(JOBS), "notes", JOBS.get),
                    Choice("weights", "Bits per weight", tuple(BITS), "fp16", lambda bits: BITS[bits].split()[0]),
                    Slider("users", "Notes: dispatchers at once", (1, 4, 8, 16, 24, 48, 96, 192), 24),
                    Slider("promise", "Notes: promise for a token", (1, 2, 3, 5, 10, 20, 40), 20, lambda t: f"{t} ms"),
                ),
                hint="Which phase is each job made of, and which figure does that phase use? Look for it at the lowest rent.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["job"] for s in tried}) == 1,
                        "You looked at one job. Does the other one use the same figure of the machine?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["weights"] for s in tried}) == 1,
                        "You kept the bits. Which of the two jobs mostly moves weights?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Dr Nasser which machine to rent for each job, which term binds each, and what she "
        "gives up. Use your readings.",
        readings=(token_time, crossover, request, saved, promised, year, least),
        variants=VARIANTS,
    )
    lab.home()
    return (lab,)


@app.cell
def opening(lab):
    first = lab.ask(FIRST)
    first
    return (first,)


@app.cell
def part_a(first, lab):
    mo.stop(first.value is None, lab.closed("A", "when your prediction is locked"))
    a = lab.panel("A")
    a_is_open = True
    lab.opened("A", a)
    return a, a_is_open


@app.cell
def mine(a):
    mine = own(a.value)
    return (mine,)


@app.cell
def others():
    crossings = ", ".join(f"{crossover(name).text.split()[0]} on the {name}" for name in SHOWN)
    return (crossings,)


@app.cell
def instrument_a(a, crossings, lab, mine):
    _batch = a.value["batch"]
    _here = step(mine, batch=_batch)
    _decode = _here.decode
    _work = (
        {f"batch {_batch:,}": (_decode.intensity, _decode.operations / _decode.time.expected)} if _here.feasible else {}
    )
    _roofs = [
        charts.Roof(name, machine.rate("fp16"), machine.memory_bandwidth)
        for name, machine in ((YOURS, node(mine)), *((name, node(name)) for name in SHOWN))
    ]
    lab.instrument(
        charts.roofline(
            _roofs,
            _work,
            f"At batch {_batch:,} with {SHORT} tokens each, a byte moved buys {ms.format_quantity(_decode.intensity, 'FLOP', 2)}; "
            f"your ridge point is {ms.format_quantity(_decode.ridge, 'FLOP/B', 3)}. Batch at which arithmetic overtakes bytes: "
            f"{crossover(mine).text.split()[0]} on yours, {crossings}.",
        ),
        # What does not fit takes no time: there is nothing to read.
        lab.reading(token_time, machine=mine, batch=_batch) if _here.feasible else "",
        lab.reading(crossover, machine=mine),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab, mine):
    _failures = limits(mine, a.value["batch"])
    mo.stop(not _failures)
    mo.vstack([lab.failure("A", sentence, limit) for limit, sentence in _failures], gap=0)
    return


@app.cell
def end_a(a_is_open, lab):
    # Not the panel: what a control does must not begin the parts below anew.
    a_is_open
    done_a = lab.finish("A", "Compare with my prediction")
    done_a
    return (done_a,)


@app.cell
def reveal_a(done_a, first, lab):
    mo.stop(not done_a.value)
    _given = lab.given(first)
    _says = answers(**_given)["crossover"]
    _design = step(asked(_given["peak"]))
    _smaller = step(
        own({"peak": _given["peak"], "bandwidth": 0.75 * ASKED_BANDWIDTH, "memory": ASKED_MEMORY, "power": 700})
    )
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:,} sequences",
                assumptions(**_given)["crossover"],
                f"The machine has {_design.decode.ridge:,.0f} operations for each byte; set that against what one more "
                "sequence does and brings.",
                "You counted the bytes that each sequence brings, besides those that all of them share.",
                crossing(asked(_given["peak"])),
            ),
            lab.remember(
                f"Its ridge point is {_design.decode.ridge:,.0f} FLOP/B, but arithmetic leads from batch {_says:,} on only, because "
                f"each sequence brings its own KV cache; with a quarter less bandwidth it would be batch "
                f"{_smaller.crossover_batch:,}."
            ),
        ],
        gap=0,
    )
    return


@app.cell
def lock_b(done_a, first, lab):
    mo.stop(not done_a.value, lab.closed("B", "after part A"))
    given = lab.given(first)
    second = lab.ask(SECOND)
    mo.vstack([lab.opened("B"), second], gap=0)
    return given, second


@app.cell
def part_b(lab, second):
    mo.stop(second.value is None)
    b = lab.panel("B")
    b_is_open = True
    b
    return b, b_is_open


@app.cell
def instrument_b(b, lab, mine):
    # Part A's controls move this cell too, also before part B is there.
    mo.stop("b" not in globals())
    _machine = mine if b.value["machine"] == YOURS else b.value["machine"]
    _prompt, _answer, _share = b.value["prompt"], b.value["answer"], b.value["share"]
    _as_is = served(node(_machine), _prompt, _answer)
    _small = " ".join(reason.sentence() for reason in _as_is.reasons)
    mo.stop(
        _small,
        lab.instrument(
            f'<p class="says">{_small} The sliders of your machine are in <a href="#part-A">part A</a>.</p>'
        ),
    )
    _worth = effects(_machine, _prompt, _answer)
    _curve = {share: served(upgraded(_machine, share), _prompt, _answer) for share in SHARES}
    _best = min(SHARES, key=lambda share: _curve[share].latency.expected)
    _writing = _as_is.latency.expected - _as_is.ttft.expected
    lab.instrument(
        charts.tornado(
            {name: _worth[figure] for figure, name in FIGURES.items()},
            f"Of this request the {'machine of your own' if _machine == mine else _machine} spends {_as_is.ttft.format()} reading and "
            f"{ms.format_quantity(_writing, 's', 2)} writing. 1 % more bandwidth saves "
            f"{0.0 - _worth['memory_bandwidth']:.2f} % of it, 1 % more arithmetic {0.0 - _worth['peak']:.2f} %.",
        ),
        charts.u_curve(
            (
                charts.Curve("reading the prompt", [(share, each.ttft.expected) for share, each in _curve.items()]),
                charts.Curve(
                    "writing the answer",
                    [(share, each.latency.expected - each.ttft.expected) for share, each in _curve.items()],
                ),
            ),
            charts.Curve("the request", [(share, each.latency.expected) for share, each in _curve.items()]),
            charts.Axis("share of the extra in arithmetic, %"),
            charts.Axis("time", "s"),
            f"Without the extra the request takes {_as_is.latency.format(3)}. With {100 * EXTRA:.0f} % more, {_share} % of it in arithmetic, "
            f"{_curve[_share].latency.format(3)}; the best use is {_best} % in arithmetic: {_curve[_best].latency.format(3)}.",
            _share,
            _best,
        ),
        lab.reading(request, machine=_machine, prompt=_prompt, answer=_answer, share=_share),
        lab.reading(saved, machine=_machine, prompt=_prompt, answer=_answer, figure="memory_bandwidth"),
        lab.reading(saved, machine=_machine, prompt=_prompt, answer=_answer, figure="peak"),
        lab.probe("B", b),
    )
    return


@app.cell
def end_b(b_is_open, lab):
    b_is_open
    done_b = lab.finish("B", "Compare with my prediction")
    done_b
    return (done_b,)


@app.cell
def reveal_b(done_b, given, lab, second):
    mo.stop(not done_b.value)
    _answer = given["answer"]
    _says = answers(**given)["balance"]
    _ridge = ms.Hardware.Cloud.H100.ridge_point("fp16")
    _serving = served(ms.Hardware.Cloud.H100, _says, _answer)
    _read = _serving.ttft.expected / _says
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:,} tokens",
                assumptions(**given)["balance"],
                f"Writing a token takes the H100 {_serving.itl.format()}, reading one "
                f"{ms.format_quantity(_read, 's', 2)}: set the one against the other.",
                "You set the time of a token that is read against that of one that is written.",
                (
                    f"reading: {_says:,} tokens x {ms.format_quantity(_read, 's', 3)} = {_serving.ttft.format(3)}   arithmetic",
                    f"writing: {_answer - 1} steps x {_serving.itl.format(3)} = "
                    f"{ms.format_quantity(_serving.latency.expected - _serving.ttft.expected, 's', 3)}   bytes and overhead",
                    f"{_says:,} / {_answer} = {_says / _answer:.0f} tokens read for each one written",
                    f"ridge point = {_ridge:.0f} FLOP/B",
                ),
            ),
            lab.remember(
                f"On an H100 a request has to read about {_says / _answer:.0f} tokens for each one it writes before a percent of "
                f"arithmetic is worth a percent of bandwidth: that is close to its ridge point, {_ridge:.0f}."
            ),
        ],
        gap=0,
    )
    return


@app.cell
def lock_c(done_b, lab):
    mo.stop(not done_b.value, lab.closed("C", "after part B"))
    third = lab.ask(THIRD)
    mo.vstack([lab.opened("C"), third], gap=0)
    return (third,)


@app.cell
def part_c(lab, third):
    mo.stop(third.value is None)
    c = lab.panel("C")
    c_is_open = True
    c
    return c, c_is_open


@app.cell
def design_c(c, mine):
    mo.stop("c" not in globals())
    design = c.value | {"machine": mine if c.value["machine"] == YOURS else c.value["machine"]}
    return (design,)


@app.cell
def instrument_c(c, design, lab, mine):
    _kept = {name: verdict(**(design | {"machine": name})) for name in (*FOR_RENT, mine)}
    _bills = {name: rent(name) for name in FOR_RENT}
    _order = [*sorted(FOR_RENT, key=lambda name: _bills[name].total.expected), mine]
    _bands = []
    for _name in _order:
        _stands = _kept[_name]
        _fits = _stands.serving.feasible
        _cost = f", {_bills[_name].total.expected / 1e3:.1f} kUSD" if _name in _bills else ""
        _bands.append(
            charts.Band(
                ("▸ " if _name == design["machine"] else "")
                + ("yours" if _name == mine else _name)
                + (_cost if _fits else ", too small"),
                _stands.band.lower,
                _stands.band.expected,
                _stands.band.upper,
                _stands.word if _fits else "breaks it",
            )
        )
    _own = _kept[design["machine"]]
    _notes = design["job"] == "notes"
    _least = needed(design["weights"], design["users"], design["promise"]) if _notes else None
    _demand = (
        f" The least machine for it has about {_least.memory_bandwidth.format()}, {_least.peak.format()} and {_least.memory.format()}."
        if _least and _least.feasible
        else ""
    )
    _limit = ms.format_quantity(_own.limit, "s", 2)
    _who = "Yours" if design["machine"] == mine else f"The {design['machine']}"
    lab.instrument(
        charts.against_limit(
            _bands,
            _own.limit,
            f"promise {_limit}",
            charts.Axis("time per token" if _notes else "time until the label is there", "s"),
            f"From the lowest rent to the highest. {_who}: {_own.band.format()}, {_own.band.format_range()}; against a promise of {_limit} it "
            f"{_own.word}.{_demand}",
        ),
        lab.reading(promised, **design) if _own.serving.feasible else "",
        lab.reading(year, machine=design["machine"]) if design["machine"] in FOR_RENT else "",
        *(
            lab.reading(
                least, figure=figure, weights=design["weights"], users=design["users"], promise=design["promise"]
            )
            for figure in (FIGURES if _demand else ())
        ),
        '<p class="says">The sliders of your machine are in <a href="#part-A">part A</a>.</p>',
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(design, lab):
    _failures = broken(**design)
    mo.stop(not _failures)
    mo.vstack([lab.failure("C", sentence, limit) for limit, sentence in _failures], gap=0)
    return


@app.cell
def end_c(c_is_open, lab):
    c_is_open
    done_c = lab.finish("C", "Compare with my prediction")
    done_c
    return (done_c,)


@app.cell
def reveal_c(done_c, lab, third):
    mo.stop(not done_c.value)
    _needed = needed("fp16", DISPATCHERS, TOKEN_PROMISE)
    _says = answers()["arithmetic"]
    _step = step("H100", batch=DISPATCHERS, context=CONVERSATION).decode
    _h100 = ms.Hardware.Cloud.H100.rate("fp16") / 1e12
    _fewest = step("B200", "int4", DISPATCHERS, CONVERSATION).decode
    _fastest = ms.format_quantity(ms.Hardware.Cloud.B200.memory_bandwidth, "B/s", 2)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.1f} TFLOP/s",
                assumptions()["arithmetic"],
                f"{ms.format_quantity(_step.operations, 'FLOP', 3)} every {TOKEN_PROMISE} ms: operations over time is a rate.",
                "Operations over time: you turned the promise into the machine.",
                (
                    f"R  = {ms.format_quantity(_step.operations, 'FLOP', 3)} / {TOKEN_PROMISE} ms = {_says:.1f} TFLOP/s   at the peak rate",
                    f"BW = {ms.format_quantity(_step.traffic, 'B', 3)} / {TOKEN_PROMISE} ms = "
                    f"{ms.format_quantity(_needed.memory_bandwidth.lower, 'B/s', 3)}   at the peak rate",
                    f"with what software reaches: {_needed.peak.format(3)} and {_needed.memory_bandwidth.format(3)}",
                ),
            ),
            lab.remember(
                f"{DISPATCHERS} dispatchers at {TOKEN_PROMISE} ms a token need {_says:.1f} TFLOP/s, {_says / _h100:.1%} of an H100’s arithmetic, "
                f"and {_needed.memory_bandwidth.lower / ms.Hardware.Cloud.H100.memory_bandwidth:.0%} of its bandwidth: a promise "
                "is a demand for a machine of another shape."
            ),
            lab.further(
                "Done early? Give your own machine the least figures for the notes and see whether it keeps them. Then find the "
                "shortest promise that any machine here keeps for all dispatchers, and halve it on a machine of your own.",
                f"At 4 bits a step for {DISPATCHERS} still moves {ms.format_quantity(_fewest.traffic, 'B', 2)}: "
                f"{ms.format_quantity(_fewest.memory_time.lower, 's', 2)} at {_fastest}. And however fast the memory, starting "
                f"{_fewest.kernels:.0f} kernels one after another takes {_fewest.overhead_time.format()}, "
                f"{_fewest.overhead_time.format_range()}: no figure of a datasheet gets below that.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def log(done_c, lab):
    mo.stop(not done_c.value, lab.log_closed())
    draft, pins = lab.log_form(), lab.pins()
    lab.log_opened(draft, pins)
    return draft, pins


@app.cell
def log_check(draft, lab, pins):
    lab.log_check(draft.value, pins.value)
    return


@app.cell
def submission(draft, lab):
    draft
    lab.export()
    return


@app.cell
def ready(lab):
    lab.live()
    return


if __name__ == "__main__":
    app.run()
