import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Where does the time go?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from dataclasses import dataclass

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.walls import WALLS

    MODEL = "Llama3_8B"
    MODEL_NAME = "Llama-3-8B"
    SHORT = 512
    BRIEF = 128
    TOKEN_PROMISE = 0.040
    REPLY_PROMISE = 0.010
    BATCHES = (1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048)
    CONTEXTS = (64, 96, 128, 160, 256, 512, 1024, 2048, 4096, 8192)
    CANDIDATES = ("MI300X", "A100", "L40S", "A10", "T4")
    BITS = {"fp16": "16 bit", "int8": "8 bit", "int4": "4 bit"}
    VARIANTS = {"context": Varied((BRIEF, 96, 160))}
    FIRST = Lock(
        name="speedup",
        question="Llama-3-8B writes one token at a time: batch 1, weights in FP16. "
        "How many times faster is an H100 than an A100?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="the H100 has …",
    )
    SECOND = Lock(
        name="crossover",
        question="With contexts of {context} tokens, at which batch does the H100 spend as long on arithmetic as on moving bytes?",
        unit="sequences",
        units={"sequence": 1, "users": 1, "requests": 1},
        reason_hint="each sequence adds …",
    )
    THIRD = Lock(
        name="bandwidth",
        question=f"One user, 16-bit weights, {1e3 * TOKEN_PROMISE:.0f} ms a token. "
        "What is the least memory bandwidth, as on a datasheet, that could keep that promise?",
        unit="GB/s",
        units={"GB/sec": 1, "TB/s": 1000, "MB/s": 0.001, "GBps": 1, "TBps": 1000},
        reason_hint="every token has to …",
    )


@app.function
def step(machine, weights="fp16", batch=1, context=512):
    """The simulator's answer for one decode step of the lab's model."""
    return ms.ServingModel().solve(model=MODEL, hardware=machine, weights=weights, batch=batch, context=context)


@app.function
def token_time(machine, weights, batch, context):
    """Reading: time for one token of every sequence in the batch."""
    answer = step(machine, weights, batch, context)
    users = "" if batch == 1 else f", batch {batch}"
    tokens = "" if context == SHORT else f", {context:,} tokens"
    return Reading(
        value=answer.itl.expected,
        unit="s",
        text=answer.itl.format(),
        name="time per token",
        label=f"{machine}, {BITS[weights]}{users}{tokens}",
        range_text=answer.itl.format_range(),
        bound_by=answer.decode.bound_by,
        equation=answer.equation().splitlines(),
    )


@app.function
def crossover(machine, context):
    """Reading: the batch from which on arithmetic takes longer than moving bytes."""
    answer = step(machine, context=context)
    batch = answer.crossover_batch
    shown = round(batch or BATCHES[-1])
    there = step(machine, batch=shown, context=context).decode
    return Reading(
        value=float(batch or 0),
        unit="sequences",
        text=f"{batch:,.0f} sequences" if batch else "never",
        name="batch at which arithmetic overtakes bytes",
        label=f"{machine}, {context:,} tokens",
        equation=(
            f"ridge point = {ms.format_quantity(answer.decode.ridge, 'FLOP/B', 3)}   peak arithmetic over peak bandwidth",
            f"with {shown:,} sequences: {ms.format_quantity(there.bytes['weights'], 'B', 3)} of weights, once, and "
            f"{ms.format_quantity(there.bytes['kv_cache'], 'B', 3)} of keys and values, which nobody shares",
            f"D/BW = {there.memory_time.format(3)}",
            f"O/(R·η) = {there.compute_time.format(3)}",
        ),
    )


@app.class_definition
@dataclass(frozen=True)
class Verdict:
    """Whether a machine keeps a promise: its time, in words, and whether the model fits at all."""

    band: ms.Estimate
    word: str
    fits: bool


@app.function
def verdict(machine, weights, batch, product, distance_km):
    """A machine against a product's promise; completion counts the way to the user and back, chat does not."""
    answer = step(machine, weights, batch)
    band, limit = answer.itl, TOKEN_PROMISE
    if product == "completion":
        way, limit = ms.NetworkModel().solve(distance=distance_km * 1e3).round_trip, REPLY_PROMISE
        band = ms.Estimate(band.lower + way.lower, band.expected + way.expected, band.upper + way.upper, "s")
    word = "keeps it" if band.upper <= limit else "breaks it" if band.lower > limit else "may keep it"
    return Verdict(band, word, answer.feasible)


@app.function
def promised(machine, weights, batch, product, distance_km):
    """Reading: time until the user's next token, with the way there and back where the product counts it."""
    answer, kept = step(machine, weights, batch), verdict(machine, weights, batch, product, distance_km)
    counts = product == "completion"
    way = ms.NetworkModel().solve(distance=distance_km * 1e3).round_trip
    line = f"L = {way.format()}   light there and back over {distance_km:,} km of fibre"
    return Reading(
        value=kept.band.expected,
        unit="s",
        text=kept.band.format(),
        name="time until the next token",
        label=f"{machine}, {BITS[weights]}, batch {batch}" + (f", {distance_km:,} km" if counts else ""),
        range_text=kept.band.format_range(),
        bound_by="distance" if counts and way.expected > answer.itl.expected else answer.decode.bound_by,
        equation=(*answer.equation().splitlines(), *((line,) if counts else ())),
    )


@app.function
def ratios(new, old):
    """How many times the datasheet's peak arithmetic and bandwidth one machine has of another's."""
    a, b = getattr(ms.Hardware.Cloud, new), getattr(ms.Hardware.Cloud, old)
    return {
        "peak": a.rate("fp16") / b.rate("fp16"),
        "bandwidth": a.memory_bandwidth / b.memory_bandwidth,
    }


@app.function
def needed(weights, batch):
    """The least machine that keeps the chat's promise."""
    return ms.SynthesisSolver().solve(model=MODEL, itl=TOKEN_PROMISE, weights=weights, batch=batch, context=SHORT)


@app.function
def answers(context=BRIEF):
    """What the simulator says to the three locked questions, in their units."""
    return {
        "speedup": step("A100").itl.expected / step("H100").itl.expected,
        "crossover": step("H100", context=context).crossover_batch,
        "bandwidth": needed("fp16", 1).memory_bandwidth.lower / 1e9,
    }


@app.function
def assumptions(context=BRIEF):
    """What wrong assumptions lead to, for each locked question."""
    at_one, brief = step("A100"), step("H100", context=context)
    gained, least = ratios("H100", "A100"), needed("fp16", 1)
    weights = at_one.decode.bytes["weights"]
    return {
        "speedup": (
            Assumption(
                gained["peak"],
                f"You compared arithmetic. At batch 1 arithmetic is {at_one.decode.share('compute'):.1%} of the A100’s step.",
            ),
            Assumption(1.0, "You took them for equal. Their memories are not: the H100’s is faster."),
        ),
        "crossover": (
            Assumption(
                1, "You let arithmetic lead from the start. At batch 1 a weight fetched serves one sequence only."
            ),
            Assumption(
                brief.decode.ridge,
                "You took the ridge point itself. Each sequence also brings KV-cache bytes of its own, so the "
                "batch has to be larger.",
            ),
            Assumption(
                brief.max_batch,
                "You named about what fits into memory. Capacity and the crossing of the two terms are different limits.",
            ),
        ),
        "bandwidth": (
            Assumption(
                weights / 1e9,
                f"You named the bytes of one token. The promise asks for them every {1e3 * TOKEN_PROMISE:.0f} ms.",
            ),
            Assumption(
                least.memory_bandwidth.expected / 1e9,
                "You allowed for the part of the datasheet’s bandwidth that software does not reach: the honest "
                "figure for a purchase. The question asked for the floor.",
            ),
            Assumption(
                ms.Hardware.Cloud.A100.memory_bandwidth / 1e9,
                "You thought of a large accelerator. The promise needs a fraction of one.",
            ),
        ),
    }


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] == "promised" and each["batch"] == 8
    ]
    judged = [(each["product"], verdict(**each)) for each in asked]
    kept = {product for product, found in judged if found.fits and found.word != "breaks it"}
    return {
        f"eight users at once, {1e3 * TOKEN_PROMISE:.0f} ms a token in the chat": "chat" in kept,
        f"eight users at once, {1e3 * REPLY_PROMISE:.0f} ms to the next token of a completion": "completion" in kept,
    }


@app.function
def broken(machine, weights, batch, product, distance_km):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    answer = step(machine, weights, batch)
    failures = [("memory", reason.sentence()) for reason in answer.reasons]
    way = ms.NetworkModel().solve(distance=distance_km * 1e3, promise=REPLY_PROMISE)
    if product == "completion" and not way.feasible:
        failures += [("distance", reason.sentence()) for reason in way.reasons]
    elif answer.feasible and (kept := verdict(machine, weights, batch, product, distance_km)).word == "breaks it":
        limit = TOKEN_PROMISE if product == "chat" else REPLY_PROMISE
        failures.append(
            (
                "promise",
                f"Promise broken. The next token takes {kept.band.format()}, {kept.band.format_range()}; the promise is "
                f"{1e3 * limit:.0f} ms. {answer.decode.bound_by.capitalize()} binds "
                f"(wall {WALLS[answer.decode.bound_by].number}). Fewer bits, fewer users at once or a machine with more bandwidth would mend it.",
            )
        )
    return failures


@app.cell
def plan():
    lab = Lab(
        name="vol1/lab_02_ml_systems",
        version="2",
        lede="The budget for faster accelerators is approved. "
        "The lead of the chat service asks you what her users will feel.",
        briefing=(
            "A language model writes one token after another. For each token the accelerator fetches numbers from its "
            "memory, multiplies and adds them, and waits for whatever is neither. You have two generations of the same "
            "vendor’s accelerator and one of a competitor; the service answers one user at a time.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "One token, three machines",
                "A step has three terms: the bytes it moves over the memory’s bandwidth (D/BW), the operations it does "
                "over the arithmetic the chip reaches (O/(R·η), where η is the fraction of the peak rate R that is "
                "really reached), and overhead (L). Change the machine, then the bits per weight, and watch which term "
                "is left standing.",
                (
                    Choice("machine", "Compared with the A100", ("H100", "MI300X"), "H100"),
                    Choice("weights", "Bits per weight", tuple(BITS), "fp16", lambda bits: BITS[bits].split()[0]),
                ),
            ),
            Part(
                "B",
                "Many users share each byte",
                "A weight fetched once serves every sequence in the batch, so a larger batch does more arithmetic for "
                "the same weights. But each sequence also brings its own past, the KV cache, which nobody shares. Find "
                "where arithmetic takes over, then make the contexts longer.",
                (
                    Choice("machine", "Machine", ("A100", "H100", "MI300X"), "H100"),
                    Slider("batch", "Batch, sequences at once", BATCHES, 1, lambda n: f"{n:,}"),
                    Slider("context", "Context, tokens each", CONTEXTS, BRIEF, lambda n: f"{n:,}"),
                ),
                hint="Read the two lines apart: which of them does one more sequence raise, and by how much?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["context"] for s in tried}) == 1,
                        "You moved the batch only. What does each sequence bring that no other one shares?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["batch"] for s in tried}) == 1,
                        "You kept the batch where it is. What does a weight fetched once serve?",
                    ),
                ),
            ),
            Part(
                "C",
                "A promise to keep",
                f"The chat promises a token every {1e3 * TOKEN_PROMISE:.0f} ms. A second product, code completion, promises its "
                f"next token {1e3 * REPLY_PROMISE:.0f} ms "
                "after the keystroke, the way to the user and back included. Find the least machine that keeps both "
                "promises for eight users at once, and say what it costs you.",
                (
                    Choice("machine", "Machine", CANDIDATES, "A10"),
                    Choice("weights", "Bits per weight", tuple(BITS), "fp16", lambda bits: BITS[bits].split()[0]),
                    Choice(
                        "product",
                        "Promise",
                        ("chat", "completion"),
                        "chat",
                        {
                            "chat": f"chat, {1e3 * TOKEN_PROMISE:.0f} ms",
                            "completion": f"completion, {1e3 * REPLY_PROMISE:.0f} ms",
                        }.get,
                    ),
                    Slider("batch", "Users at once", (1, 2, 4, 8, 16, 32, 64), 1),
                    Slider(
                        "distance", "Distance to the users", (50, 150, 500, 1500, 5000), 150, lambda km: f"{km:,} km"
                    ),
                ),
                hint="A promise is safe when the upper end of the estimate keeps it. What lowers that end without a larger machine?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["weights"] for s in tried}) == 1,
                        "You changed machines and kept the bits. What does a step mostly move?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and all(s["batch"] < 8 for s in tried),
                        "The service has eight users at once. Which of your designs did you try with eight?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell the lead of the chat service which machine you would buy for eight users at "
        "once, which term binds it, and what she gives up. Use your readings.",
        readings=(token_time, crossover, promised),
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
def instrument_a(a, lab):
    def _bar(machine, faster=""):
        decode = step(machine, a.value["weights"]).decode
        terms = (decode.memory_time, decode.compute_time, decode.overhead_time)
        return charts.Stack(machine, [term.expected for term in terms], f"{decode.time.format()}{faster}")

    _other = a.value["machine"]
    _old, _new = step("A100", a.value["weights"]).decode, step(_other, a.value["weights"]).decode
    _speed = _old.time.expected / _new.time.expected
    _flops = ratios(_other, "A100")["peak"]
    lab.instrument(
        charts.iron_law(
            (_bar("A100"), _bar(_other, f", {_speed:.1f}× faster")),
            f"The {_other} has {_flops:.1f} times the A100’s arithmetic and is {_speed:.1f} times as fast: "
            f"{_new.share('memory'):.0%} of its step goes into moving bytes, {_new.share('compute'):.1%} into arithmetic.",
        ),
        *(
            lab.reading(token_time, machine=machine, weights=a.value["weights"], batch=1, context=SHORT)
            for machine in ("A100", _other)
        ),
    )
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
    _says = answers()["speedup"]
    _ratios = ratios("H100", "A100")
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.1f}×",
                assumptions()["speedup"],
                "Neither arithmetic nor power gives this figure: look at which term of the step is left.",
                "You compared the memories, or arrived where they lead: bytes moved are nearly all of this step.",
                [line for name in ("A100", "H100") for line in (name, *step(name).equation().splitlines())],
            ),
            lab.remember(
                f"At batch 1 an H100 buys {_says:.1f} times the speed, because it moves bytes "
                f"{_ratios['bandwidth']:.1f} times faster; the rest of its {_ratios['peak']:.1f} times the arithmetic waits."
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
def instrument_b(b, lab):
    _machine, _batch, _context = b.value["machine"], b.value["batch"], b.value["context"]
    _steps = [step(_machine, batch=n, context=_context) for n in BATCHES]
    _here = step(_machine, batch=_batch, context=_context)
    _crosses = _here.crossover_batch
    _shown = _crosses is not None and _crosses <= BATCHES[-1]
    _verdict = (
        f"arithmetic overtakes bytes at batch {_crosses:,.0f}"
        if _crosses
        else "arithmetic never overtakes bytes: every sequence brings its own KV cache"
    )
    _names = tuple(charts.IRON_LAW)
    lab.instrument(
        charts.curves(
            (
                charts.Curve(
                    _names[0], [(n, s.decode.memory_time.expected) for n, s in zip(BATCHES, _steps, strict=True)]
                ),
                charts.Curve(
                    _names[1], [(n, s.decode.compute_time.expected) for n, s in zip(BATCHES, _steps, strict=True)]
                ),
            ),
            charts.Axis("sequences in the batch", log=True),
            charts.Axis("time per step", "s", log=True),
            f"On the {_machine} with {_context:,} tokens each, {_verdict}. "
            f"{_here.max_batch:,} sequences fit into its memory.",
            here=_batch,
            marks=[charts.Mark(_crosses, f"batch {_crosses:,.0f}")] if _shown else (),
        ),
        # What does not fit takes no time: there is nothing to read.
        lab.reading(token_time, machine=_machine, weights="fp16", batch=_batch, context=_context)
        if _here.feasible
        else "",
        lab.reading(crossover, machine=_machine, context=_context),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _answer = step(b.value["machine"], batch=b.value["batch"], context=b.value["context"])
    mo.stop(_answer.feasible)
    lab.failure("B", _answer.reasons[0].sentence(), "memory")
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
    _says = answers(**given)["crossover"]
    _brief, _longer = step("H100", **given), step("H100", context=SHORT)
    _shared, _own = _brief.decode.bytes["weights"], _longer.workload.kv_bytes * SHORT
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:,.0f} sequences",
                assumptions(**given)["crossover"],
                f"The H100 has {_brief.decode.ridge:,.0f} operations for each byte it can move; batch 1 offers it "
                f"{_brief.decode.intensity:.1f}, and each further sequence brings "
                f"{ms.format_quantity(_brief.decode.bytes['kv_cache'], 'B', 2)} of its own.",
                "You set the operations that a byte must buy against those that a batch offers.",
                step("H100", batch=round(_says), **given).equation().splitlines(),
            ),
            lab.remember(
                f"A batch shares the {ms.format_quantity(_shared, 'B', 2)} of weights but not the past: with {given['context']} tokens "
                f"arithmetic leads from batch {_says:,.0f} on, with {SHORT} tokens each sequence brings "
                f"{ms.format_quantity(_own, 'B', 2)} of its own and the H100 moves bytes at any batch."
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
def instrument_c(c, lab):
    _limit = TOKEN_PROMISE if c.value["product"] == "chat" else REPLY_PROMISE
    _design = {
        "weights": c.value["weights"],
        "batch": c.value["batch"],
        "product": c.value["product"],
        "distance_km": c.value["distance"],
    }
    _bands = []
    for _machine in CANDIDATES:
        _kept = verdict(_machine, **_design)
        _mark = ", yours" if _machine == c.value["machine"] else ""
        _bands.append(
            charts.Band(
                f"{_machine}{_mark}{'' if _kept.fits else ', too small'}",
                _kept.band.lower,
                _kept.band.expected,
                _kept.band.upper,
                _kept.word,
            )
        )
    _own = verdict(c.value["machine"], **_design)
    lab.instrument(
        charts.against_limit(
            _bands,
            _limit,
            f"promise {1e3 * _limit:.0f} ms",
            charts.Axis("time until the next token", "s"),
            f"{c.value['machine']}: {_own.band.format()} until the next token, {_own.band.format_range()}; "
            f"against a promise of {1e3 * _limit:.0f} ms it {_own.word}."
            + " The chat’s promise counts from token to token: distance changes nothing here."
            * (c.value["product"] == "chat"),
        ),
        lab.reading(promised, machine=c.value["machine"], **_design) if _own.fits else "",
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(c, lab):
    _failures = broken(
        c.value["machine"], c.value["weights"], c.value["batch"], c.value["product"], c.value["distance"]
    )
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
    _needed = needed("fp16", 1)
    _says = answers()["bandwidth"]
    _bytes = step("H100").decode.bytes["weights"]
    _least = step("MI300X", "int4", 8).decode
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:,.0f} GB/s",
                assumptions()["bandwidth"],
                f"{ms.format_quantity(_bytes, 'B', 3)} of weights every {1e3 * TOKEN_PROMISE:.0f} ms: bytes over time is a bandwidth.",
                "Bytes over time: you turned the promise into the machine.",
                (
                    f"BW = {ms.format_quantity(_bytes, 'B', 3)} / {1e3 * TOKEN_PROMISE:.0f} ms = {_says:,.0f} GB/s   at the peak rate",
                    f"with what software reaches and overhead: {_needed.memory_bandwidth.format(3)}, "
                    f"{_needed.memory_bandwidth.format_range(3)}",
                ),
            ),
            lab.remember(
                f"A promise of {1e3 * TOKEN_PROMISE:.0f} ms a token for {ms.format_quantity(_bytes, 'B', 2)} of weights is a demand for "
                f"{_says:,.0f} GB/s at the very least, and about {_needed.memory_bandwidth.expected / 1e9:,.0f} GB/s with "
                f"the software of today."
            ),
            lab.further(
                "Done early? Find a design for eight users at half the chat’s promise, and then at half of that.",
                f"At 4 bits a step still moves {ms.format_quantity(_least.bytes['weights'], 'B', 2)} of weights. Over the "
                f"MI300X’s {ms.format_quantity(ms.Hardware.Cloud.MI300X.memory_bandwidth, 'B/s', 2)} that is "
                f"{ms.format_quantity(_least.memory_time.lower, 's', 2)}: no design of these machines gets below it.",
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
