import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Does INT4 always give 4x?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.precision import BYTES

    MODEL, LARGE = "Llama3_8B", "Llama2_70B"
    CONTEXT = 128
    MODELS = ("Llama3_2_1B", "Llama3_8B", "Llama2_13B")
    BITS = {16: "16 bits", 8: "8 bits", 4: "4 bits"}
    STORED = {8: "int8", 4: "int4"}
    DEVICES = {
        "M1": ms.Hardware.Mobile.M1,
        "Jetson AGX Orin": ms.Hardware.Edge.JetsonAGXOrin,
        "A100": ms.Hardware.Cloud.A100,
        "H100": ms.Hardware.Cloud.H100,
        "MI300X": ms.Hardware.Cloud.MI300X,
    }
    MACHINES = ("A100", "H100", "MI300X")
    SPENT = {
        "layers’ weights": "var(--lab-bytes)",
        "LM head and cache, 16 bits": "var(--lab-violet)",
        "starting kernels": "var(--lab-overhead)",
        "unpacking": "var(--lab-rose)",
    }
    TERMS = {**charts.IRON_LAW, "unpacking": SPENT["unpacking"]}
    WAYS = {
        "int4": "4-bit weights, unpacked to compute",
        "int8": "8 bits, weights and arithmetic",
        "2:4": "two of every four weights zero (2:4)",
        "zeros": "nine of ten weights zero",
    }
    HELD = ("weights", "keys and values", "activations")
    ZEROS = 0.9
    ASKED = {
        "int4": {"weights": "int4"},
        "int8": {"arithmetic": "int8"},
        "2:4": {"sparsity": "2:4"},
        "zeros": {"sparsity": ZEROS},
    }
    PUBLISHED = {"int4": "awq", "int8": "smoothquant", "2:4": "sparsegpt", "zeros": None}
    CROWDS = (1, 2, 4, 8, 16, 32, 64, 88, 96, 108, 128, 256, 512, 1024, 2048, 4096)
    FORMS = {
        "fp16": "16 bits, as it is",
        "fp8": "FP8",
        "int8": "INT8, SmoothQuant",
        "int4-rtn": "INT4, rounded",
        "int4-gptq": "INT4, GPTQ",
        "int4-awq": "INT4, AWQ",
    }
    NAMED = {"awq": "AWQ", "gptq": "GPTQ", "rtn": "rounding", "smoothquant": "SmoothQuant", "sparsegpt": "SparseGPT"}
    METHODS = {"int8": "smoothquant", "int4-rtn": "rtn", "int4-gptq": "gptq", "int4-awq": "awq"}
    KINDS = {
        "fp16": ("16 bits", {}),
        "fp8": ("FP8", {"precision": "fp8"}),
        "int8": ("8 bits", {"precision": "int8"}),
        "int4": ("4 bits", {"weights": "int4"}),
    }
    TRAINED = {"bf16": "BF16", "fp8": "FP8"}
    GPUS = (1, 2, 4)
    AT_ONCE = (16, 32, 64, 96, 128, 192, 256, 320, 384, 512)
    PROMPT, OUTPUT, DEMAND = 128, 64, 1000
    PROMISE = 0.250
    FLOOR = 0.035
    TODAY = {"machine": "H100", "form": "fp16", "gpus": 2, "at_once": 128}
    FEWEST = {
        "fp16": "sixteen bits, as it is",
        "int8": "eight bits, stored and computed",
        "int4": "four bits, stored",
        "same": "four and eight bits come to the same",
    }
    TIMES = {"x": 1, "X": 1, "times": 1, "fold": 1}

    @cache
    def alone(machine, model, bits):
        """One reader: the model as it is, and with weights of so many bits; None for sixteen, which it has."""
        given = {"model": model, "hardware": DEVICES[machine], "context": CONTEXT}
        plain = ms.ServingModel().solve(**given)
        return plain, None if bits == 16 else ms.CompressionModel().solve(**given, weights=STORED[bits])

    @cache
    def squeezed(machine, way, batch):
        """A crowd of readers: the 8B model before and after one way to compress."""
        return ms.CompressionModel().solve(
            model=MODEL,
            hardware=machine,
            batch=batch,
            context=CONTEXT,
            method=PUBLISHED[way],
            **ASKED[way],
        )

    @cache
    def replica(machine, kind, gpus, at_once, **efficiency):
        """A replica of the 70B model at full load, under the promise."""
        return ms.ReplicaModel().solve(
            model=LARGE,
            hardware=machine,
            gpus=gpus,
            batch=at_once,
            prompt=PROMPT,
            output=OUTPUT,
            itl=PROMISE,
            **KINDS[kind][1],
            **efficiency,
        )

    FLEET = replica(TODAY["machine"], TODAY["form"], TODAY["gpus"], TODAY["at_once"]).fleet(DEMAND)
    GRANT = 60
    VARIANTS = {
        "machine": Varied(("H100", "A100", "MI300X")),
        "crowd": Varied((108, 96, 88), "{:,}".format),
    }
    FIRST = Lock(
        name="alone",
        question="Llama-3-8B writes for one reader on one {machine}. Its layers’ weights are stored as INT4 in place of FP16 "
        "and unpacked on the way to the multipliers. How many times as fast does the next token come?",
        unit="×",
        units=TIMES,
        reason_hint="of a token’s time …",
    )
    SECOND = Lock(
        name="crowd",
        question=f"The same machine, an {{machine}}, and the same INT4 weights, now with {{crowd}} readers at once of "
        f"{CONTEXT} tokens each. How many times as fast as with FP16 does everybody’s next token come?",
        unit="×",
        units=TIMES,
        reason_hint="with so many readers the machine …",
    )
    THIRD = Lock(
        name="fewest",
        question="Choose replicas and readers at once as you like, within memory and the promise. With which weights does "
        f"{ms.Models.Llama2_70B.name} answer all questions on the fewest {{machine}}s?",
        choices=tuple(FEWEST.values()),
        reason_hint="a full machine waits for …",
    )


@app.function
def times(factor):
    """A factor in words."""
    return f"{factor:.2f}×"


@app.function
def unpacking(decode):
    """Time for which memory is kept busy by unpacking alone, in seconds."""
    return decode.memory_time.expected * (1 - decode.traffic / decode.fetched)


@app.function
def spent(machine, model, bits):
    """What one reader’s token time goes into, in seconds, by SPENT; the parts add up to it."""
    plain, packed = alone(machine, model, bits)
    decode = (packed or plain).decode
    fetching = decode.memory_time.expected - unpacking(decode)
    each = {part.name: fetching * part.traffic / decode.traffic for part in decode.operators}
    layers = each["projections"] + each["feed-forward"]
    return layers, fetching - layers, decode.overhead_time.expected, unpacking(decode)


@app.function
def faster(machine, model, bits):
    """How many times as fast one reader is served with weights of so many bits."""
    return ms.Estimate.exact(1.0, "1") if bits == 16 else alone(machine, model, bits)[1].speedup


@app.function
def ladder(machine, model, bits):
    """From the ratio of bits to the ratio of times, a line for each thing that does not shrink with the bits."""
    plain, packed = alone(machine, model, bits)
    if packed is None:
        return (f"T = {plain.itl.format(3)}   as it is, nothing gained yet",)
    before, after = plain.decode, packed.decode
    return (
        f"{16 / bits:.2f}   16 bits / {bits} bits",
        f"{16 / packed.bits:.2f}   16 bits / {packed.bits:.4g} bits: a group of weights shares a scale",
        f"{before.traffic / after.traffic:.2f}   {ms.format_quantity(before.traffic, 'B', 3)} / "
        f"{ms.format_quantity(after.traffic, 'B', 3)}: the LM head stays at 16 bits",
        f"{before.traffic / after.fetched:.2f}   weights that are unpacked arrive at {after.efficiency.unpack.expected:.0%} of the "
        "others’ bandwidth",
        f"{packed.speedup.expected:.2f}   kernels take as long to start as before",
        f"T = {plain.itl.format(3)} → {packed.itl.format(3)}",
    )


@app.function
def memory_lines(memory):
    """What lies in a memory, a line each."""
    return tuple(
        f"{ms.format_quantity(size, 'B', 3):>8}  {name}" for name, size in zip(HELD, memory.bytes.values(), strict=True)
    )


@app.function
def gain_alone(machine, model, bits):
    """Reading: speed-up for one reader."""
    gain = faster(machine, model, bits)
    return Reading(
        value=gain.expected,
        unit="1",
        text=times(gain.expected),
        name="as fast as with 16 bits",
        label=f"{machine}, {getattr(ms.Models, model).name}, {BITS[bits]}, one reader",
        range_text="" if bits == 16 else f"between {gain.lower:.2f} and {times(gain.upper)}",
        equation=ladder(machine, model, bits),
    )


@app.function
def held_alone(machine, model, bits):
    """Reading: memory for one reader."""
    plain, packed = alone(machine, model, bits)
    memory = (packed or plain).memory
    return Reading(
        value=memory.total,
        unit="B",
        text=ms.format_quantity(memory.total, "B", 3),
        name="in memory",
        label=f"{machine}, {getattr(ms.Models, model).name}, {BITS[bits]}, one reader",
        equation=memory_lines(memory),
    )


@app.function
def gain(machine, way, batch):
    """Reading: speed-up for a crowd."""
    result = squeezed(machine, way, batch)
    before, after, found = result.before.decode, result.decode, result.speedup
    return Reading(
        value=found.expected,
        unit="1",
        text=times(found.expected),
        name="as fast as with 16 bits",
        label=f"{machine}, {WAYS[way]}, {batch:,} reader{'s' * (batch > 1)}",
        range_text=f"between {found.lower:.2f} and {times(found.upper)}",
        bound_by=after.bound_by,
        equation=(
            f"before  D/BW = {before.memory_time.format(3)}   O/(R·η) = {before.compute_time.format(3)}   "
            f"L = {before.overhead_time.format(3)}   T = {before.time.format(3)}",
            f"after   D/BW = {after.memory_time.format(3)}   O/(R·η) = {after.compute_time.format(3)}   "
            f"L = {after.overhead_time.format(3)}   T = {result.itl.format(3)}"
            + f", {ms.format_quantity(unpacking(after), 's', 3)} of D/BW for unpacking"
            * (after.packed > 0),
        ),
    )


@app.function
def room(machine, way, batch):
    """Reading: memory for a crowd."""
    result = squeezed(machine, way, batch)
    memory = result.memory
    return Reading(
        value=memory.total,
        unit="B",
        text=ms.format_quantity(memory.total, "B", 3),
        name="in memory",
        label=f"{machine}, {WAYS[way]}, {batch:,} reader{'s' * (batch > 1)}",
        equation=(
            *memory_lines(memory),
            f"{ms.format_quantity(result.stored, 'B', 3):>8}  the weights as a file",
        ),
    )


@app.function
def published(kind, method):
    """What published models of a format lost to a method, judged by how much the 70B model may lose."""
    asked = {"weights": kind} if kind == "int4" else {"arithmetic": kind}
    return ms.CompressionModel().solve(model=LARGE, hardware="H100", method=method, most_loss=FLOOR, **asked)


@app.function
def told(table):
    """A published table in a sentence."""
    change, own = table.change, table.own
    this = f"this one’s by {own.change:.1%}" if own else "this one is not among them"
    return (
        f"By {NAMED[table.method]}, published models’ perplexity grew by {change.expected:.1%}, {change.lower:.1%} to "
        f"{change.upper:.1%} over {len(table.rows)}; {this}."
    )


@app.function
def lost(form):
    """The same by a form of part C; None where nobody published it or nothing is lost."""
    return published(form.partition("-")[0], METHODS[form]) if form in METHODS else None


@app.function
def design(machine, form, gpus, at_once):
    """The simulator's answer for a design of part C; None where the machine has no such arithmetic."""
    kind = form.partition("-")[0]
    return replica(machine, kind, gpus, at_once) if computes(machine, kind) else None


@app.function
def computes(machine, kind):
    """Whether a machine has units for this arithmetic."""
    return KINDS[kind][1].get("precision", "fp16") in DEVICES[machine].peak


@app.function
def design_label(machine, form, gpus, at_once):
    """A design of part C in few words."""
    return f"{FORMS[form]}, {gpus} {machine}{'s' * (gpus > 1)} a replica, {at_once} readers at once"


@app.function
def fleet(machine, form, gpus, at_once, trained):
    """Reading: accelerators for all questions. What the model was trained in is kept with it: the limits depend on it."""
    answer = design(machine, form, gpus, at_once)
    count, (best, worst) = answer.fleet(DEMAND), answer.fleet_range(DEMAND)
    return Reading(
        value=float(count),
        unit="accelerators",
        text=f"{count} {machine}s",
        name=f"for {DEMAND:,} questions a second",
        label=design_label(machine, form, gpus, at_once),
        range_text=f"between {best} and {worst}",
        bound_by=answer.bound_by,
        equation=(
            *answer.explain().splitlines()[1:4],
            f"N   = {gpus} × ⌈{DEMAND:,} / {answer.rate.expected:.3g}⌉ = {count}",
        ),
    )


@app.function
def pace(machine, form, gpus, at_once, trained):
    """Reading: time between two tokens of an answer."""
    answer = design(machine, form, gpus, at_once)
    return Reading(
        value=answer.itl.expected,
        unit="s",
        text=answer.itl.format(3),
        name="between two tokens",
        label=design_label(machine, form, gpus, at_once),
        range_text=answer.itl.format_range(3),
        bound_by=answer.bound_by,
        equation=answer.explain().splitlines()[1:5],
    )


@app.function
def loss(machine, form, gpus, at_once, trained):
    """Reading: what the weights’ form costs in perplexity, as published."""
    found = lost(form)
    table = found.accuracy
    own = table.own
    change = table.change.expected if own is None else own.change
    return Reading(
        value=change,
        unit="1",
        text=f"{change:.1%}",
        name="more perplexity",
        label=f"{FORMS[form]}, {'this model' if own else 'the median of others'}",
        range_text=f"between {table.change.lower:.1%} and {table.change.upper:.1%} over {len(table.rows)} models",
        equation=tuple(f"{row.before.value:>6.2f} → {row.after.value:<6.2f} {row.model}" for row in table.rows),
    )


@app.function
def fewest(machine, kind, **efficiency):
    """Fewest of a machine that answer all questions within memory and promise; the design, as (accelerators, replica)."""
    found = (replica(machine, kind, gpus, at_once, **efficiency) for gpus in GPUS for at_once in AT_ONCE)
    return min(((each.fleet(DEMAND), each) for each in found if each.feasible), key=lambda pair: pair[0])


@app.function
def answers(machine="H100", crowd=108):
    """What the simulator says to the three locked questions, in their units."""
    counts = {kind: fewest(machine, kind)[0] for kind in ("fp16", "int8", "int4")}
    least = min(counts.values())
    best = [kind for kind, count in counts.items() if count == least]
    return {
        "alone": faster(machine, MODEL, 4).expected,
        "crowd": squeezed(machine, "int4", crowd).speedup.expected,
        "fewest": FEWEST[best[0] if len(best) == 1 else "same"],
    }


@app.function
def assumptions(machine="H100", crowd=108):
    """What wrong assumptions lead to, for each locked question."""
    one = alone(machine, MODEL, 4)[1]
    right = answers(machine, crowd)["fewest"]
    told = {
        "fp16": "You expected compression to bring nothing on a full machine. Packed weights alone bring little there; eight "
        "bits are computed at twice the rate, and leave room for more readers.",
        "int8": "You went for eight bits. Look again at what a full machine waits for.",
        "int4": "You went for the fewest bits. A full machine waits for arithmetic, and four-bit weights are computed in "
        "sixteen.",
        "same": "You counted what fits: four and eight bits both spare a machine. Only eight are computed at twice the rate.",
    }
    return {
        "alone": (
            Assumption(4.0, "You divided the bits. Not everything that a token waits for is made of them."),
            Assumption(
                1.0, "You expected nothing. One reader waits for bytes, and there are fewer of them to be fetched."
            ),
        ),
        "crowd": (
            Assumption(4.0, "You divided the bits. This crowd waits for arithmetic as well."),
            Assumption(
                one.speedup.expected,
                "You took what one reader gains. The weights are fetched once for all; each reader brings arithmetic.",
            ),
        ),
        "fewest": tuple(Assumption(FEWEST[kind], text) for kind, text in told.items() if FEWEST[kind] != right),
    }


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] == "fleet"
    ]
    good = [each for each in asked if not broken(**each) and fleet(**each).value <= GRANT]
    return {
        f"at most {GRANT} {machine}s answer {DEMAND:,} questions a second within every limit": any(
            each["machine"] == machine for each in good
        )
        for machine in ("H100", "MI300X")
    }


@app.function
def not_known(form, trained):
    """Why nobody can say what a form loses; empty where it is published, or nothing is lost."""
    if form != "fp8" or trained == "fp8":
        return ""
    return (
        f"No figure. The model was trained in {TRAINED[trained]}, and no table here says what FP8 takes from it; at most "
        f"{FLOOR:.1%} more perplexity is allowed. Compression and quantization binds (wall 12). A form with a published table, "
        "or a model trained in FP8, would mend it."
    )


@app.function
def broken(machine, form, gpus, at_once, trained):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    answer = design(machine, form, gpus, at_once)
    if answer is None:
        known = ", ".join(name.upper() for name in DEVICES[machine].peak)
        return [
            (
                "precision",
                f"No such arithmetic. The {machine} multiplies in {known} and has no units for FP8. INT8, or a machine with "
                "such units, would mend it.",
            )
        ]
    unknown = not_known(form, trained)
    failures = [("accuracy", unknown)] if unknown else []
    names = {"memory capacity": "memory", "streaming": "promise"}
    failures += [(names[reason.limit], reason.sentence()) for reason in answer.reasons]
    table = lost(form)
    if table is not None:
        lossy = [reason for reason in table.reasons if reason.limit == "compression and quantization"]
        failures += [("accuracy", reason.sentence().replace(METHODS[form], f"{FORMS[form]},")) for reason in lossy]
    return failures


@app.function
def handed(form):
    """What later labs take up of a design: how its weights are stored, and their bits."""
    kind = form.partition("-")[0]
    return {"weights": kind, "bits": round(8 * BYTES[kind])}


@app.function
def verdict(table):
    """Whether a published loss keeps the floor, in words."""
    change = table.change.expected if table.own is None else table.own.change
    return "keeps it" if table.change.upper <= FLOOR else "breaks it" if change > FLOOR else "may keep it"


@app.cell
def plan():
    _machine = Choice("machine", "Machine", MACHINES, "H100")
    lab = Lab(
        name="vol1/lab_10_model_compress",
        version="3",
        lede=f"Nomsa Dlamini’s archive of eleven languages answers {DEMAND:,} questions a second over the telephone, on {FLEET} "
        f"rented H100s. From January the grant pays for {GRANT} accelerators. Her supplier says that four bits will halve the "
        "fleet. She asks you whether that is true, and what her callers would lose.",
        briefing=(
            "A weight is a number, usually stored in sixteen bits (FP16 or BF16). INT4 keeps four bits of it, and one scale for "
            "every group of weights. Such weights are fetched packed, unpacked to sixteen bits, and multiplied as before. "
            "Eight bits (INT8, FP8) can be used in the same way, or multiplied as they are by machines with units for them.",
            "A step writes one token for every reader. It fetches bytes, it computes, and it starts kernels, each of which "
            "takes a moment before it does anything. The simulator counts all three.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "One reader",
                f"One reader, {CONTEXT} tokens so far, weights unpacked on the way. Take away bits and watch which parts of a token’s time shrink with them "
                "and which stay. The LM head is the last matrix, which scores every word of the vocabulary; like the "
                "embedding it is left in sixteen bits.",
                (
                    Slider("bits", "Bits of a weight", tuple(BITS), 16, BITS.get),
                    Choice("model", "Model", MODELS, "Llama3_8B", lambda name: getattr(ms.Models, name).name),
                    Choice("machine", "Device", tuple(DEVICES), "H100"),
                ),
                hint="Set four bits and open the equation below the first reading: each line leaves one thing as it was.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["machine"] for s in tried}) == 1,
                        "You stayed on one device. Which colour would shrink on a faster one, and which would not?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["model"] for s in tried}) == 1,
                        "You kept the model. Which share of a small one is its vocabulary?",
                    ),
                ),
            ),
            Part(
                "B",
                "A crowd",
                f"Now many readers of {CONTEXT} tokens share every step of Llama-3-8B. Four ways to make it smaller compete: "
                "fewer bits for the weights only, fewer bits for arithmetic as well, two zeros in every four weights, and nine "
                "zeros in ten wherever they fall.",
                (
                    Choice("way", "Made smaller by", tuple(WAYS), "int4", WAYS.get),
                    Slider("batch", "Readers at once", CROWDS, 1, "{:,}".format),
                    _machine,
                ),
                hint="Which of the two, bytes or arithmetic, is the longer one at your crowd, and which of them does your way "
                "make smaller?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and max(s["batch"] for s in tried) <= 64,
                        "You stayed with small crowds. What does a reader more bring that nobody shares?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["way"] for s in tried}) == 1,
                        "You kept one way. Which of the four touches the arithmetic?",
                    ),
                ),
            ),
            Part(
                "C",
                "A smaller fleet",
                f"The archive runs {ms.Models.Llama2_70B.name}, today in sixteen bits, with {TODAY['gpus']} H100s to a replica and "
                f"{TODAY['at_once']} readers at once on each: {FLEET} in all. A question has {PROMPT} tokens, an answer {OUTPUT}. "
                f"Answers are read aloud as they come, so a token must follow the last within {1e3 * PROMISE:.0f} ms. Perplexity, "
                f"which is how puzzled the model is by good text, may grow by {FLOOR:.1%}. Find a fleet of at most {GRANT} "
                f"H100s, one of at most {GRANT} MI300Xs, and say which she should rent.",
                (
                    _machine,
                    Choice("form", "Weights", tuple(FORMS), "fp16", FORMS.get),
                    Choice("gpus", "Accelerators in a replica", GPUS, 2),
                    Slider("at_once", "Readers at once on a replica", AT_ONCE, 128),
                ),
                hint="Read what binds. While it is memory bandwidth, fewer bytes help; when it is compute throughput, only "
                "quicker arithmetic does. More readers move you from the one to the other.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) == 1,
                        "You have looked at one machine. What would one with more memory spare you?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["gpus"] for s in tried}) == 1,
                        "You kept the replica as large as it is. Who pays for the messages between its accelerators?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["form"] for s in tried}) <= 2,
                        "You tried two forms at most. Which of the others would the multipliers be quicker with?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Nomsa Dlamini whether four bits will halve her fleet, which fleet to rent, which term "
        "of the Iron Law binds it, what her callers lose in accuracy and how well that is known. Use your readings.",
        readings=(gain_alone, held_alone, gain, room, fleet, pace, loss),
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
    given = lab.given(first)
    a = lab.panel("A")
    a_is_open = True
    lab.opened("A", a)
    return a, a_is_open, given


@app.cell
def instrument_a(a, lab):
    _bits, _model, _machine = a.value["bits"], a.value["model"], a.value["machine"]
    _name = getattr(ms.Models, _model).name
    _parts = spent(_machine, _model, _bits)
    _gains = {device: faster(device, _model, _bits).expected for device in DEVICES}
    lab.instrument(
        charts.stacked(
            [
                charts.Stack(
                    f"{BITS[bits]}{', yours' if bits == _bits else ''}",
                    spent(_machine, _model, bits),
                    ms.format_quantity(sum(spent(_machine, _model, bits)), "s", 3),
                )
                for bits in BITS
            ],
            SPENT,
            charts.Axis("time for a token", "s"),
            f"{_name} on the {_machine}, {BITS[_bits]}: the layers’ weights take {_parts[0] / sum(_parts):.0%} of a token’s "
            f"time, {ms.format_quantity(sum(_parts), 's', 3)} in all.",
        ),
        charts.stacked(
            [charts.Stack(device, [value], times(value)) for device, value in _gains.items()],
            {"as fast as with 16 bits": "var(--lab-accent)"},
            charts.Axis("times as fast"),
            f"The same on every device, from the slowest memory to the fastest. The dashed line is the ratio of the bits: "
            f"{16 // _bits}.",
            limit=16 / _bits,
        ),
        lab.reading(gain_alone, machine=_machine, model=_model, bits=_bits),
        lab.reading(held_alone, machine=_machine, model=_model, bits=_bits),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _plain, _packed = alone(a.value["machine"], a.value["model"], a.value["bits"])
    _reasons = (_packed or _plain).reasons
    mo.stop(not _reasons)
    lab.failure("A", _reasons[0].sentence(), "memory")
    return


@app.cell
def end_a(a_is_open, lab):
    # Not the panel: what a control does must not begin the parts below anew.
    a_is_open
    done_a = lab.finish("A", "Compare with my prediction")
    done_a
    return (done_a,)


@app.cell
def reveal_a(done_a, first, given, lab):
    mo.stop(not done_a.value)
    _machine = given["machine"]
    _says = answers(**given)["alone"]
    _head = spent(_machine, MODEL, 4)
    _gains = [faster(machine, MODEL, 4).expected for machine in DEVICES]
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{times(_says)}, {faster(_machine, MODEL, 4).lower:.2f} to {faster(_machine, MODEL, 4).upper:.2f}",
                assumptions(**given)["alone"],
                "Begin with the ratio of the bits and leave, one after the other, what does not shrink with them.",
                "You left room for what does not shrink with the bits.",
                ladder(_machine, MODEL, 4),
            ),
            lab.remember(
                f"A quarter of the bits is {_says:.1f} times the speed on the {_machine}: of the time that is left, "
                f"{1 - _head[0] / sum(_head):.0%} goes into something else than those weights. From the M1 to the MI300X the gain falls from "
                f"{_gains[0]:.1f} to {_gains[-1]:.1f}: the faster the memory, the less is left to gain."
            ),
        ],
        gap=0,
    )
    return


@app.cell
def lock_b(done_a, lab):
    mo.stop(not done_a.value, lab.closed("B", "after part A"))
    second = lab.ask(SECOND)
    mo.vstack([lab.opened("B"), second], gap=0)
    return (second,)


@app.cell
def part_b(lab, second):
    mo.stop(second.value is None)
    b = lab.panel("B")
    b_is_open = True
    b
    return b, b_is_open


@app.cell
def instrument_b(b, lab):
    _machine, _way, _batch = b.value["machine"], b.value["way"], b.value["batch"]
    _result = squeezed(_machine, _way, _batch)
    _before = _result.before

    def _line(way):
        points = ((n, squeezed(_machine, way, n)) for n in CROWDS)
        return charts.Curve(WAYS[way], [(n, each.speedup.expected) for n, each in points if not _large(each)])

    def _large(each):
        return each.memory.total > each.memory.capacity

    def _bar(label, phase):
        fetching = phase.memory_time.expected - unpacking(phase)
        terms = [fetching, phase.compute_time.expected, phase.overhead_time.expected, unpacking(phase)]
        return charts.Stack(label, terms, phase.time.format(3))

    _table = _result.accuracy
    _said = f" {told(_table)}" if _table else ""
    lab.instrument(
        charts.stacked(
            (_bar("16 bits", _before.decode), _bar("made smaller", _result.decode)),
            TERMS,
            charts.Axis("time", "s"),
            f"{WAYS[_way]}, {_batch:,} reader{'s' * (_batch > 1)} on the {_machine}: {_before.itl.format(3)} become "
            f"{_result.itl.format(3)}. Each matrix fetches and computes at once and waits for the longer of the two: a step is "
            f"shorter than its bar.{_said}",
        ),
        charts.curves(
            [_line(way) for way in WAYS],
            charts.Axis("readers at once", log=True),
            charts.Axis("times as fast as with 16 bits"),
            f"All four ways on the {_machine}, as far as each fits its memory. The file of the weights shrinks to "
            f"{ms.format_quantity(_result.stored, 'B', 3)} by your way, what lies in memory to "
            f"{ms.format_quantity(_result.memory.weights, 'B', 3)}, from {ms.format_quantity(_before.memory.weights, 'B', 3)}.",
            here=_batch,
        ),
        "" if _large(_result) else lab.reading(gain, machine=_machine, way=_way, batch=_batch),
        lab.reading(room, machine=_machine, way=_way, batch=_batch),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _reasons = squeezed(b.value["machine"], b.value["way"], b.value["batch"]).reasons
    mo.stop(not _reasons)
    lab.failure("B", _reasons[0].sentence(), "memory")
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
    _machine, _crowd = given["machine"], given["crowd"]
    _says = answers(**given)["crowd"]
    _found = squeezed(_machine, "int4", _crowd).speedup
    _pattern, _zeros = (squeezed(_machine, way, _crowd) for way in ("2:4", "zeros"))
    _gone = next(n for n in CROWDS if squeezed(_machine, "int4", n).speedup.expected < 1.005)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{times(_says)}, {_found.lower:.2f} to {_found.upper:.2f}",
                assumptions(**given)["crowd"],
                "Ask what a step of the crowd waits for, and whether four bits touch it.",
                "You saw that this crowd waits for arithmetic as well, which four-bit weights leave as it was.",
                gain(_machine, "int4", _crowd).equation,
            ),
            lab.remember(
                f"With {_crowd:,} readers INT4 weights make the {_machine} {times(_says)} as fast, with {_gone:,} no faster at all: "
                "then every matrix waits for arithmetic. Nine zeros in ten shrink the file "
                f"to {ms.format_quantity(_zeros.stored, 'B', 2)} and the time not at all ({times(_zeros.speedup.expected)}); two "
                f"in four, placed where the hardware looks for them, give {times(_pattern.speedup.expected)}."
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
def from_lab_08(lab, third):
    mo.stop(third.value is None)
    earlier = lab.carried("vol1/lab_08_model_train", precision="bf16")
    earlier
    return (earlier,)


@app.cell
def handed_on(earlier):
    trained = "fp8" if earlier.value["precision"] == "fp8" else "bf16"
    _from = (
        f"From Lab 08, in this browser: your plan trained in {TRAINED[trained]}, and so was this model."
        if earlier.value["found"]
        else f"Nothing was handed on from Lab 08 in this browser. Its default holds: the model was trained in {TRAINED[trained]}."
    )
    _so = (
        "FP8 is what its products were trained with, so FP8 takes nothing from it."
        if trained == "fp8"
        else "What FP8 would take from it, no table here says."
    )
    mo.Html(f'<p class="small" id="handed-on">{_from} {_so}</p>')
    return (trained,)


@app.cell
def part_c(lab, third):
    mo.stop(third.value is None)
    c = lab.panel("C")
    c_is_open = True
    c
    return c, c_is_open


@app.cell
def instrument_c(c, lab, trained):
    _design = dict(c.value)
    _machine, _form, _gpus, _at_once = (_design[name] for name in ("machine", "form", "gpus", "at_once"))
    _kind = _form.partition("-")[0]
    _own = design(**_design)

    def _line(kind):
        each = ((n, replica(_machine, kind, _gpus, n)) for n in AT_ONCE)
        mark = ", yours" if kind == _kind else ""
        return charts.Curve(KINDS[kind][0] + mark, [(n, one.fleet(DEMAND)) for n, one in each if one.feasible])

    def _stack(kind):
        memory = replica(_machine, kind, _gpus, _at_once).memory
        mark = ", yours" if kind == _kind else ""
        return charts.Stack(
            KINDS[kind][0] + mark, list(memory.bytes.values()), ms.format_quantity(memory.total, "B", 3)
        )

    _tables = {FORMS[form]: lost(form).accuracy for form in METHODS}
    _tables["INT8, LLM.int8()"] = published("int8", "llm.int8").accuracy
    _drawn = ["fp16", "int8", "int4", *(["fp8"] if _kind == "fp8" and _own else [])]
    lab.instrument(
        charts.curves(
            [
                *(_line(kind) for kind in _drawn),
                charts.Curve(f"what the grant pays for: {GRANT}", [(n, GRANT) for n in AT_ONCE], "var(--lab-muted)"),
            ],
            charts.Axis("readers at once on a replica", log=True),
            charts.Axis("accelerators in all"),
            f"{_machine}s, {_gpus} to a replica, as far as each form fits and keeps {1e3 * PROMISE:.0f} ms a token."
            + (
                f" Your fleet is {_own.fleet(DEMAND)}; each replica answers {_own.rate.expected:.3g} questions a second."
                if _own and _own.feasible
                else ""
            ),
            here=_at_once,
        ),
        charts.memory(
            [_stack(kind) for kind in _drawn],
            HELD,
            DEVICES[_machine].memory,
            f"What {_at_once} readers and their share of the weights take on each {_machine}, of "
            f"{ms.format_quantity(DEVICES[_machine].memory, 'B', 3)}.",
        ),
        charts.against_limit(
            [
                charts.Band(
                    name,
                    *(100 * end for end in (table.change.lower, table.change.expected, table.change.upper)),
                    verdict(table),
                )
                for name, table in _tables.items()
            ],
            100 * FLOOR,
            f"at most {FLOOR:.1%}",
            charts.Axis("growth of perplexity, %"),
            "What published models lost to each method: least, median and most. "
            + (
                told(_tables[FORMS[_form]])
                if _form in METHODS
                else "Sixteen bits lose nothing."
                if _form == "fp16"
                else "FP8 is in no table here."
            ),
        ),
        lab.reading(fleet, **_design, trained=trained) if _own and _own.feasible else "",
        lab.reading(pace, **_design, trained=trained) if _own else "",
        lab.reading(loss, **_design, trained=trained) if _form in METHODS else "",
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(c, lab, trained):
    _failures = broken(**c.value, trained=trained)
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
def reveal_c(done_c, given, lab, third):
    mo.stop(not done_c.value)
    _machine = given["machine"]
    _best = {kind: fewest(_machine, kind) for kind in ("fp16", "int8", "int4")}
    _today = replica(*TODAY.values())
    _four = replica("H100", "int4", 1, TODAY["at_once"])
    _whole, _ = fewest("MI300X", "fp16")
    _floor = {machine: fewest(machine, "int8", efficiency=1.0)[0] for machine in ("H100", "MI300X")}
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                answers(**given)["fewest"],
                f"{answers(**given)['fewest']}: {_best['int8'][0]} {_machine}s, against {_best['int4'][0]} with four bits and "
                f"{_best['fp16'][0]} with sixteen",
                assumptions(**given)["fewest"],
                "",
                "You asked what a full machine waits for, and which bits it computes with.",
                [
                    line
                    for kind, (count, each) in _best.items()
                    for line in (f"{KINDS[kind][0]}: {count} {_machine}s", *each.explain().splitlines()[1:4])
                ],
            ),
            lab.remember(
                f"{_today.writing.workload.model.name} in sixteen bits takes two H100s and answers "
                f"{_today.rate.expected:.0f} questions a second; in INT4 it takes one and answers {_four.rate.expected:.0f}: "
                f"{_today.fleet(DEMAND)} become {_four.fleet(DEMAND)}. Eight bits, which are computed as well as stored, make it "
                f"{fewest('H100', 'int8')[0]}, and MI300Xs whose memory holds all sixteen need {_whole} with nothing lost."
            ),
            lab.further(
                "Done early? Find a fleet of half as many accelerators as your first good one.",
                f"With every byte and operation at the datasheet’s rate, eight bits take {_floor['H100']} H100s or "
                f"{_floor['MI300X']} MI300Xs: no form of these weights gets below it. The arithmetic of {DEMAND:,} questions a "
                "second is left, however few bits hold the weights.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def carry_c(c, done_c, lab, trained):
    mo.stop(not done_c.value or broken(**c.value, trained=trained) or fleet(**c.value, trained=trained).value > GRANT)
    mo.vstack(
        [
            mo.Html(
                f'<p class="small">This fleet holds its limits. Later labs go on from its weights: {FORMS[c.value["form"]]}.</p>'
            ),
            lab.carry(**handed(c.value["form"])),
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
