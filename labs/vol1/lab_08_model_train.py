import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Where does training memory go?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from math import inf

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.walls import WALLS

    DAY = 86_400.0
    GPUS = 8
    GLOBAL_BATCH = 256
    SMALL_SEQUENCE, SEQUENCE = 1024, 4096
    SIZES = ("GPT2", "TinyLlama_1_1B", "Llama2_7B", "Mistral_7B", "Qwen2_5_7B", "Llama2_13B", "Llama3_70B")
    DEVICES = {
        "nRF52840": ms.Hardware.Tiny.nRF52840,
        "M1": ms.Hardware.Mobile.M1,
        "Jetson AGX Orin": ms.Hardware.Edge.JetsonAGXOrin,
        "A100": ms.Hardware.Cloud.A100,
        "MI300X": ms.Hardware.Cloud.MI300X,
    }
    OPTIMIZERS = {
        "adam": "Adam",
        "adam8bit": "Adam, moments in 8 bits",
        "momentum": "SGD with momentum",
        "sgd": "plain SGD",
    }
    PARTS = ("weights", "gradients", "optimizer state", "activations", "workspace of a layer")
    STEP = {
        "arithmetic O/(R·η)": "var(--lab-arithmetic)",
        "moving bytes D/BW": "var(--lab-bytes)",
        "waiting for messages": "var(--lab-overhead)",
    }
    WIRE = "100 Gbit/s"
    NETWORK = ms.Fabric(name="eight servers of one A100", machine="A100", gpus_per_node=1, link=WIRE, nic=WIRE)
    NEAR, FAR = "A100s in one server", f"A100s over {WIRE}"
    JOINED = {NEAR: "DGX A100", FAR: NETWORK, "MI300Xs in one server": "8x MI300X"}
    B_MODEL, C_MODEL = "Llama2_7B", "Llama2_13B"
    MICRO_BATCHES = (1, 2, 4, 8, 16)
    RECOMPUTE = {"none": "kept", "full": "recomputed"}
    OUTCOMES = {0.9: "clearly shorter", 1.1: "about as long", 1.6: "about a third longer", inf: "about twice as long"}
    TOKENS = 10e9
    LEASE = {"A100": 8 * DAY, "MI300X": 3 * DAY}
    SERVERS = {"A100": "DGX A100", "MI300X": "8x MI300X"}
    PRECISIONS = {"bf16": ("bf16", 2), "bf16, 32-bit gradients": ("bf16", 4), "fp8": ("fp8", 2)}
    STATES = {
        0: "nothing",
        1: "the optimizer state",
        2: "optimizer state and gradients",
        3: "optimizer state, gradients and weights",
    }

    def named(model):
        """A model with its size, as a question writes it."""
        spec = getattr(ms.Models, model)
        return f"{spec.name} ({spec.parameters / 1e9:.2f} billion parameters)"

    VARIANTS = {
        "model": Varied(
            ("Llama2_7B", "Mistral_7B", "Qwen2_5_7B"),
            named,
        ),
        "context": Varied((4096, 2048), "{:,}".format),
        "stage": Varied((1, 2), lambda stage: STATES[stage]),
    }
    SCALES = {1e9: "billion", 1e6: "million", 1e3: "thousand"}
    GIGABYTES = {"gigabytes": 1, "GiB": 2**30 / 1e9, "MB": 1e-3, "TB": 1e3}
    FIRST = Lock(
        name="states",
        question="{model} is to be trained with Adam in mixed precision. How many GB do weights, gradients and optimizer "
        "state take together, before any activation is kept?",
        unit="GB",
        units=GIGABYTES,
        reason_hint="for each parameter there is …",
    )
    SECOND = Lock(
        name="recompute",
        question=f"Eight A100s in eight servers, joined by {WIRE}, train Llama-2-7B on sequences of "
        "{context} tokens. Either way may use the largest micro-batch that fits. How long is the quickest step that recomputes, measured against the "
        "quickest that keeps its activations?",
        choices=tuple(OUTCOMES.values()),
        reason_hint="the GPUs also have to …",
    )
    THIRD = Lock(
        name="shard",
        question=f"Eight GPUs train {named(C_MODEL)} with Adam in mixed precision and divide "
        "{stage} among them. How many GB of weights, gradients and optimizer state does each of them hold?",
        unit="GB",
        units=GIGABYTES,
        reason_hint="of the bytes for each parameter …",
    )


@app.function
def alone(machine, model, optimizer="adam", batch=1):
    """The simulator's answer for training on one device, sequences of SMALL_SEQUENCE tokens, products in FP16."""
    return ms.DistributedModel().solve(
        model=model,
        fabric=ms.Fabric(name=machine, machine=DEVICES[machine], gpus_per_node=1, link="1 GB/s", nic="1 GB/s"),
        gpus=1,
        global_batch=batch,
        parallelism=ms.Parallelism(micro_batch=batch),
        context=SMALL_SEQUENCE,
        precision="fp16",
        optimizer=optimizer,
    )


@app.function
def step(joined, recompute, micro_batch, context):
    """The simulator's answer for part B: model states divided over eight GPUs (ZeRO-3)."""
    return ms.DistributedModel().solve(
        model=B_MODEL,
        fabric=JOINED[joined],
        gpus=GPUS,
        global_batch=GLOBAL_BATCH,
        parallelism=ms.Parallelism(dp=GPUS, zero=3, recompute=recompute, micro_batch=micro_batch),
        context=context,
    )


@app.function
def run(machine, precision, recompute, zero, micro_batch):
    """The simulator's answer for a design of part C."""
    arithmetic, gradient = PRECISIONS[precision]
    return ms.DistributedModel().solve(
        model=C_MODEL,
        fabric=SERVERS[machine],
        gpus=GPUS,
        global_batch=GLOBAL_BATCH,
        parallelism=ms.Parallelism(dp=GPUS, zero=zero, recompute=recompute, micro_batch=micro_batch),
        context=SEQUENCE,
        precision=arithmetic,
        gradient_bytes=gradient,
    )


@app.function
def counted(parameters):
    """A number of parameters in words."""
    size, word = next((size, word) for size, word in SCALES.items() if parameters >= size)
    return f"{parameters / size:.2g} {word}"


@app.function
def states_of(answer):
    """Bytes of weights, gradients and optimizer state on one GPU."""
    memory = answer.memory
    return memory.weights + memory.gradients + memory.optimizer


@app.function
def memory_lines(answer):
    """What fills a GPU’s memory, a line each."""
    parameters = answer.job.model.parameters
    lines = [
        f"{ms.format_quantity(size, 'B', 3):>8}  {name}"
        + (f", {size / parameters:.3g} B for each of {parameters / 1e9:.3g} billion parameters" if place < 3 else "")
        for place, (name, size) in enumerate(zip(PARTS, answer.memory.bytes.values(), strict=True))
        if size
    ]
    total, capacity = (
        ms.format_quantity(size, "B", 3) for size in (answer.memory.total, float(answer.memory.capacity))
    )
    return (*lines, f"{total:>8}  together, of {capacity}")


@app.function
def time_lines(answer):
    """What a step is spent on, a line each."""
    spent, job = answer.step, answer.job
    rate = job.fabric.machine.rate(job.precision)
    work = job.model_flops + job.repeated_flops(answer.plan.recompute)
    reached = work / (job.gpus * rate * spent.arithmetic)
    return (
        f"O/(N·R·η) = {ms.format_quantity(work, 'FLOP', 3)} / ({job.gpus} × {ms.format_quantity(rate, 'FLOP/s', 3)} × "
        f"{reached:.2f}) = {ms.format_quantity(spent.arithmetic, 's', 3)}   arithmetic, all {job.gpus} GPUs",
        f"D/BW = {ms.format_quantity(spent.memory, 's', 3)}   norms, residuals, the optimizer: bytes without arithmetic",
        f"{ms.format_quantity(spent.communication, 's', 3)}   messages that arithmetic does not hide",
        f"T = {ms.format_quantity(spent.time, 's', 3)}",
    )


@app.function
def states(model, optimizer):
    """Reading: weights, gradients and optimizer state of a model in training."""
    answer = alone("A100", model, optimizer)
    return Reading(
        value=float(states_of(answer)),
        unit="B",
        text=ms.format_quantity(states_of(answer), "B", 3),
        name="weights, gradients and optimizer state",
        label=f"{answer.job.model.name}, {OPTIMIZERS[optimizer]}",
        equation=memory_lines(answer)[:3],
    )


@app.function
def held(machine, model, optimizer, batch):
    """Reading: all that training one model on one device keeps in memory."""
    answer = alone(machine, model, optimizer, batch)
    return Reading(
        value=float(answer.memory.total),
        unit="B",
        text=ms.format_quantity(answer.memory.total, "B", 3),
        name="memory in training",
        label=f"{answer.job.model.name}, {OPTIMIZERS[optimizer]}, {batch} × {SMALL_SEQUENCE:,} tokens",
        equation=memory_lines(answer),
    )


@app.function
def step_time(joined, recompute, micro_batch, context):
    """Reading: time of one step of the 7B model over the whole batch."""
    answer = step(joined, recompute, micro_batch, context)
    return Reading(
        value=answer.time.expected,
        unit="s",
        text=answer.time.format(3),
        name="time per step",
        label=f"{joined}, {RECOMPUTE[recompute]}, micro-batch {micro_batch}, {context:,} tokens",
        range_text=answer.time.format_range(),
        bound_by=answer.bound_by,
        equation=time_lines(answer),
    )


@app.function
def step_memory(joined, recompute, micro_batch, context):
    """Reading: memory on each GPU in part B."""
    answer = step(joined, recompute, micro_batch, context)
    return Reading(
        value=float(answer.memory.total),
        unit="B",
        text=ms.format_quantity(answer.memory.total, "B", 3),
        name="memory on each GPU",
        label=f"{joined}, {RECOMPUTE[recompute]}, micro-batch {micro_batch}, {context:,} tokens",
        equation=memory_lines(answer),
    )


@app.function
def run_time(machine, precision, recompute, zero, micro_batch):
    """Reading: time to train the 13B model on all tokens."""
    answer = run(machine, precision, recompute, zero, micro_batch)
    whole = whole_run(answer)
    return Reading(
        value=whole.expected,
        unit="s",
        text=whole.format(2),
        name=f"time for {TOKENS / 1e9:.0f} billion tokens",
        label=design_label(machine, precision, recompute, zero, micro_batch),
        range_text=whole.format_range(2),
        bound_by=answer.bound_by,
        equation=(
            *time_lines(answer),
            f"{TOKENS / 1e9:.0f} billion tokens / ({GLOBAL_BATCH} × {SEQUENCE:,} tokens a step) × T = {whole.format(3)}",
        ),
    )


@app.function
def run_memory(machine, precision, recompute, zero, micro_batch):
    """Reading: memory on each GPU in part C."""
    answer = run(machine, precision, recompute, zero, micro_batch)
    return Reading(
        value=float(answer.memory.total),
        unit="B",
        text=ms.format_quantity(answer.memory.total, "B", 3),
        name="memory on each GPU",
        label=design_label(machine, precision, recompute, zero, micro_batch),
        equation=memory_lines(answer),
    )


@app.function
def design_label(machine, precision, recompute, zero, micro_batch):
    """A design of part C in few words."""
    return (
        f"{GPUS} {machine}s, {precision.replace('bf', 'BF').replace('fp', 'FP')}, {RECOMPUTE[recompute]}, "
        f"ZeRO-{zero}, micro-batch {micro_batch}"
    )


@app.function
def whole_run(answer):
    """Time of a run over TOKENS tokens."""
    return ms.Estimate.exact(TOKENS, "token").over(answer.throughput, "s")


@app.function
def verdict(whole, lease):
    """Whether a run ends within its lease, in words."""
    return "keeps it" if whole.upper <= lease else "breaks it" if whole.expected > lease else "may keep it"


@app.function
def computes(machine, precision):
    """Whether a machine has units for this arithmetic."""
    return PRECISIONS[precision][0] in DEVICES[machine].peak


@app.function
def quickest(joined, recompute, context):
    """The quickest step that fits, over all micro-batches."""
    answers = (step(joined, recompute, micro_batch, context) for micro_batch in MICRO_BATCHES)
    return min((answer for answer in answers if answer.feasible), key=lambda answer: answer.time.expected)


@app.function
def outcome(joined, context):
    """The quickest step with recomputation over the quickest without."""
    return quickest(joined, "full", context).time.expected / quickest(joined, "none", context).time.expected


@app.function
def shard(stage):
    """Model states on each GPU in part C when `stage` of them are divided."""
    return states_of(run("A100", "bf16", "none", stage, 1))


@app.function
def answers(model="Llama2_7B", context=4096, stage=1):
    """What the simulator says to the three locked questions, in their units."""
    ratio = outcome(FAR, context)
    return {
        "states": states_of(alone("A100", model)) / 1e9,
        "recompute": next(words for limit, words in OUTCOMES.items() if ratio < limit),
        "shard": shard(stage) / 1e9,
    }


@app.function
def assumptions(model="Llama2_7B", context=4096, stage=1):
    """What wrong assumptions lead to, for each locked question."""
    weights, gradients = alone("A100", model).memory.weights / 1e9, alone("A100", model).memory.gradients / 1e9
    less = {name: states_of(alone("A100", model, name)) / 1e9 for name in ("momentum", "sgd")}
    right = answers(model, context, stage)["recompute"]
    in_one = outcome(NEAR, context) - 1
    told = {
        0: "You divided nothing: eight copies of everything, as plain data parallelism has them.",
        1: "You divided the optimizer state and left every gradient on every GPU.",
        2: "You divided the gradients as well. Here each GPU keeps all of them.",
        3: "You divided everything by eight. What is not divided stays whole on every GPU, and it is the larger part.",
    }
    return {
        "states": (
            Assumption(weights, "You named the weights: what it takes to write with the model, not to train it."),
            Assumption(
                weights + gradients, "You counted weights and gradients. The optimizer remembers more than both."
            ),
            Assumption(
                less["sgd"],
                "You gave the optimizer one number of 32 bits for each parameter, or two of 16 bits. Adam keeps three of 32.",
            ),
            Assumption(
                less["momentum"],
                "You left out one of the three numbers of 32 bits that Adam keeps: momentum, variance, and a copy of the weight.",
            ),
        ),
        "recompute": tuple(
            Assumption(words, text)
            for words, text in zip(
                OUTCOMES.values(),
                (
                    "You expected the room to pay for more than it does here.",
                    "You compared equal micro-batches, where the wait for messages hides the second forward pass. "
                    "But the room may be filled with a larger one.",
                    f"You counted the arithmetic: a forward pass more is {in_one:.0%} more time inside one server. "
                    "Here arithmetic is not what the step waits for.",
                    "You repeated the whole step. Only the forward pass is repeated, a third of the arithmetic.",
                ),
                strict=True,
            )
            if words != right
        ),
        "shard": tuple(Assumption(shard(other) / 1e9, text) for other, text in told.items() if other != stage),
    }


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] == "run_time"
    ]
    return {
        f"{GPUS} {machine}s: the model fits and is trained within {lease / DAY:.0f} days": any(
            each["machine"] == machine and not broken(**each) for each in asked
        )
        for machine, lease in LEASE.items()
    }


@app.function
def too_large(answer, what, mend=""):
    """The sentence about what does not fit."""
    (reason,) = answer.reasons
    return (
        f"Does not fit. {what} takes {ms.format_quantity(reason.value, 'B', 3)}; the {answer.job.fabric.machine.name} has "
        f"{ms.format_quantity(reason.maximum, 'B', 3)}. Memory capacity binds (wall {reason.wall}). {mend or reason.mend}"
    )


@app.function
def broken(machine, precision, recompute, zero, micro_batch):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    if not computes(machine, precision):
        known = ", ".join(name.upper() for name in DEVICES[machine].peak)
        asked = PRECISIONS[precision][0].upper()
        return [
            (
                "precision",
                f"No such arithmetic. The {machine} multiplies in {known} and has no units for {asked}. "
                "BF16, or a machine with such units, would mend it.",
            )
        ]
    answer = run(machine, precision, recompute, zero, micro_batch)
    failures = [("memory", too_large(answer, "Each GPU’s part"))] if answer.reasons else []
    whole, lease = whole_run(answer), LEASE[machine]
    if verdict(whole, lease) == "breaks it":
        mend = "Keeping the activations" if recompute == "full" else "Arithmetic in fewer bits"
        failures.append(
            (
                "deadline",
                f"Too late. {TOKENS / 1e9:.0f} billion tokens take {whole.format()}, {whole.format_range()}; the {machine}s "
                f"are hers for {lease / DAY:.0f} d. {answer.bound_by.capitalize()} binds (wall "
                f"{WALLS[answer.bound_by].number}). {mend} or a faster machine would mend it.",
            )
        )
    return failures


@app.cell
def plan():
    _recompute = Choice("recompute", "Activations", tuple(RECOMPUTE), "none", {"none": "keep", "full": "recompute"}.get)
    lab = Lab(
        name="vol1/lab_08_model_train",
        version="1",
        lede="Nomsa Dlamini keeps an archive of eleven languages. A computing centre lends her eight accelerators for some "
        "days, and what is not trained when they go back is lost. She asks you what will fit.",
        briefing=(
            "A model that writes needs its weights and little else. A model that learns runs each sequence forward, keeps "
            "what it computed on the way (the activations), runs backward to find how each weight should change (the "
            "gradients), and lets an optimizer change it. Adam, the usual one, remembers how each gradient behaved.",
            "In mixed precision, products are computed from numbers of sixteen bits; whatever many small changes are added to is "
            "kept in thirty-two, or the changes would be rounded away.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "The stack",
                "One device, one copy of the model. The memory is filled from the left: weights, gradients, what the "
                "optimizer keeps, and the activations of the sequences that go through at once. Start small, then grow "
                "the model, and change the optimizer when you meet the wall.",
                (
                    Slider("model", "Model", SIZES, "TinyLlama_1_1B", lambda name: getattr(ms.Models, name).name),
                    Choice("optimizer", "Optimizer", tuple(OPTIMIZERS), "adam", OPTIMIZERS.get),
                    Slider(
                        "batch",
                        f"Sequences of {SMALL_SEQUENCE:,} tokens at once",
                        (1, 2, 4, 8, 16, 32),
                        1,
                    ),
                    Choice("machine", "Device", tuple(DEVICES)[1:], "A100"),
                ),
                hint="Read the table below the chart and divide a column by the number of parameters.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["optimizer"] for s in tried}) == 1,
                        "You kept the optimizer. What does it remember of each parameter?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["batch"] for s in tried}) == 1,
                        "You kept one sequence at once. Which colour grows with a second one, and which do not?",
                    ),
                ),
            ),
            Part(
                "B",
                "Time for space",
                f"Eight GPUs divide weights, gradients and optimizer state evenly (ZeRO-3), so that room is left for "
                f"activations. A step is {GLOBAL_BATCH} sequences, cut into micro-batches: the sequences that a GPU takes at once. "
                "For each micro-batch every GPU fetches the weights it does not hold from the others, and computes "
                "meanwhile. With recomputation a GPU keeps what enters each layer only, and runs the layer forward once "
                "more when the backward pass needs the rest.",
                (
                    Choice("joined", "Eight", tuple(JOINED), NEAR),
                    _recompute,
                    Slider("micro_batch", "Micro-batch, sequences", MICRO_BATCHES, 1),
                ),
                hint="A step lasts as long as the longer of two things. Which of them does a larger micro-batch shorten, and "
                "which does recomputation lengthen?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["joined"] for s in tried}) == 1,
                        "All your settings have the GPUs joined in one way. What changes when they wait for each other?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["micro_batch"] for s in tried}) <= 2,
                        "How often do the weights cross the wire in one step, and what does that depend on?",
                    ),
                ),
            ),
            Part(
                "C",
                "Two offers",
                f"Llama-2-13B is to learn from {TOKENS / 1e9:.0f} billion tokens of the archive, in sequences of "
                f"{SEQUENCE:,} tokens. The centre offers eight A100s for {LEASE['A100'] / DAY:.0f} days or eight MI300Xs for "
                f"{LEASE['MI300X'] / DAY:.0f} days, each set in one server. ZeRO divides among the eight: at stage 1 the "
                "optimizer state, at 2 the gradients too, at 3 also the weights. Find a plan for each offer and say which she "
                "should accept.",
                (
                    Choice("machine", "Eight", tuple(LEASE), "A100"),
                    Choice(
                        "precision",
                        "Arithmetic",
                        tuple(PRECISIONS),
                        "bf16",
                        {"bf16": "BF16", "bf16, 32-bit gradients": "BF16, 32-bit gradients", "fp8": "FP8"}.get,
                    ),
                    _recompute,
                    Choice("zero", "ZeRO stage", (0, 1, 2, 3), 3),
                    Slider("micro_batch", "Micro-batch, sequences", MICRO_BATCHES, 1),
                ),
                hint="Two limits, and each mending of one costs the other. Which of the five controls moves the memory only, "
                "and which the time only?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["machine"] for s in tried}) == 1,
                        "You have looked at one offer. What would the other one forgive, and what would it not?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and all(s["recompute"] == "full" for s in tried[-5:]),
                        "You recompute all the time. What do the GPUs wait for inside one server?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["zero"] for s in tried}) == 1,
                        "You left the ZeRO stage alone. What does it cost inside one server, and what does it give?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Nomsa Dlamini which offer to accept and with which plan, which term of the Iron "
        "Law binds it, how sure you are of the date, and what she gives up. Use your readings.",
        readings=(states, held, step_time, step_memory, run_time, run_memory),
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
    _model, _optimizer, _batch = a.value["model"], a.value["optimizer"], a.value["batch"]
    _answer = alone(a.value["machine"], _model, _optimizer, _batch)
    _memory, _name = _answer.memory, _answer.job.model.name
    _each = states_of(_answer) / _answer.job.model.parameters
    lab.instrument(
        charts.memory(
            (
                charts.Stack("to write", [_memory.weights, 0, 0, 0, 0], ms.format_quantity(_memory.weights, "B", 3)),
                charts.Stack("to train", list(_memory.bytes.values()), ms.format_quantity(_memory.total, "B", 3)),
            ),
            PARTS,
            _memory.capacity,
            f"{_name}: {ms.format_quantity(_memory.total, 'B', 3)} in training, {_memory.total / _memory.weights:.1f} times its "
            f"weights; of that, {_memory.activations / _memory.total:.0%} are activations. The dashed line is the "
            f"{a.value['machine']}’s {ms.format_quantity(_memory.capacity, 'B', 3)}.",
        ),
        charts.magnitudes(
            [
                charts.Item(name, device.memory / _each, counted(device.memory / _each))
                for name, device in DEVICES.items()
            ],
            "parameters",
            f"The largest model whose weights, gradients and optimizer state fill a device: with {OPTIMIZERS[_optimizer]}, "
            f"{_each:.3g} B for each parameter, from a microcontroller to a datacentre.",
        ),
        lab.reading(states, model=_model, optimizer=_optimizer),
        lab.reading(held, machine=a.value["machine"], model=_model, optimizer=_optimizer, batch=_batch),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _answer = alone(a.value["machine"], a.value["model"], a.value["optimizer"], a.value["batch"])
    mo.stop(_answer.feasible)
    lab.failure(
        "A",
        too_large(
            _answer,
            f"Training {_answer.job.model.name}",
            "A smaller model, an optimizer that keeps less, fewer sequences at once or a larger device would mend it.",
        ),
        "memory",
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
def reveal_a(done_a, first, given, lab):
    mo.stop(not done_a.value)
    _says = answers(**given)["states"]
    _answer = alone("A100", given["model"])
    _memory, _parameters = _answer.memory, _answer.job.model.parameters
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.0f} GB",
                assumptions(**given)["states"],
                f"Count for one parameter: {_memory.weights / _parameters:.0f} B of weight, "
                f"{_memory.gradients / _parameters:.0f} B of gradient, {_memory.optimizer / _parameters:.0f} B of optimizer state.",
                "You counted what each parameter brings along.",
                memory_lines(_answer)[:3],
            ),
            lab.remember(
                f"{_answer.job.model.name} writes with {ms.format_quantity(_memory.weights, 'B', 3)} and is trained with "
                f"{_says:.0f} GB before the first activation: {states_of(_answer) / _parameters:.0f} B for each parameter, of "
                f"which the optimizer keeps {_memory.optimizer / _parameters:.0f}."
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
def instrument_b(b, given, lab):
    _joined, _recompute, _micro_batch = b.value["joined"], b.value["recompute"], b.value["micro_batch"]
    _context = given["context"]
    _all = {
        (recompute, micro_batch): step(_joined, recompute, micro_batch, _context)
        for recompute in RECOMPUTE
        for micro_batch in MICRO_BATCHES
    }
    _here = _all[_recompute, _micro_batch]

    def _bar(recompute):
        answer = _all[recompute, _micro_batch]
        parts = (answer.step.arithmetic, answer.step.memory, answer.step.communication)
        return charts.Stack(RECOMPUTE[recompute] + ", too large" * (not answer.feasible), parts, answer.time.format(3))

    def _line(recompute):
        points = ((n, _all[recompute, n]) for n in MICRO_BATCHES)
        return charts.Curve(
            RECOMPUTE[recompute], [(n, answer.time.expected) for n, answer in points if answer.feasible]
        )

    _kept, _again = _all["none", _micro_batch], _all["full", _micro_batch]
    _most = max(n for n in MICRO_BATCHES if _all["none", n].feasible)
    lab.instrument(
        charts.stacked(
            (_bar("none"), _bar("full")),
            STEP,
            charts.Axis("time per step", "s"),
            f"{_joined}, micro-batch {_micro_batch}: recomputation makes the step "
            f"{_again.time.expected / _kept.time.expected:.2f} times as long and keeps "
            f"{ms.format_quantity(_again.memory.activations, 'B', 2)} of activations in place of "
            f"{ms.format_quantity(_kept.memory.activations, 'B', 2)}{', which do not fit' * (not _kept.feasible)}. "
            f"Messages take {_here.communication_fraction:.0%} of your step.",
        ),
        charts.curves(
            (_line("none"), _line("full")),
            charts.Axis("micro-batch, sequences", log=True),
            charts.Axis("time per step", "s", log=True),
            f"Only what fits is drawn: with everything kept, micro-batches up to {_most} do.",
            here=_micro_batch,
            marks=[charts.Mark(_most, "kept fits")],
        ),
        # What does not fit takes no time: there is nothing to read.
        lab.reading(step_time, joined=_joined, recompute=_recompute, micro_batch=_micro_batch, context=_context)
        if _here.feasible
        else "",
        lab.reading(step_memory, joined=_joined, recompute=_recompute, micro_batch=_micro_batch, context=_context),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, given, lab):
    _answer = step(b.value["joined"], b.value["recompute"], b.value["micro_batch"], given["context"])
    mo.stop(_answer.feasible)
    lab.failure("B", too_large(_answer, f"A micro-batch of {b.value['micro_batch']}, all kept,"), "memory")
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
    _context = given["context"]
    _kept, _again = quickest(FAR, "none", _context), quickest(FAR, "full", _context)
    _saved = 1 - outcome(FAR, _context)
    _less = 1 - step(NEAR, "full", 1, _context).memory.activations / step(NEAR, "none", 1, _context).memory.activations
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                answers(**given)["recompute"],
                f"{answers(**given)['recompute']}: {_again.time.format(3)} against {_kept.time.format(3)}",
                assumptions(**given)["recompute"],
                "",
                "You asked what the step waits for, and what the room can be used for.",
                (
                    f"kept: micro-batch {_kept.plan.micro_batch}",
                    *time_lines(_kept),
                    f"recomputed: micro-batch {_again.plan.micro_batch}",
                    *time_lines(_again),
                ),
            ),
            lab.remember(
                f"Recomputation gives back {_less:.0%} of the activations. In one server it costs "
                f"{outcome(NEAR, _context) - 1:.0%} more time; over {WIRE} the step gets {_saved:.0%} shorter, because "
                f"a micro-batch of {_again.plan.micro_batch} instead of {_kept.plan.micro_batch} fetches the weights half as "
                "often."
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
    _design = dict(c.value)
    _machine, _zero = _design["machine"], _design["zero"]
    _lease = LEASE[_machine]
    if computes(_machine, _design["precision"]):
        _stages = [run(**{**_design, "zero": stage}) for stage in range(4)]
        _own = _stages[_zero]
        _whole = whole_run(_own)
        _bands = []
        for _recompute, _word in RECOMPUTE.items():
            _each = whole_run(run(**{**_design, "recompute": _recompute}))
            _mark = ", yours" if _recompute == _design["recompute"] else ""
            _bands.append(
                charts.Band(f"{_word}{_mark}", _each.lower, _each.expected, _each.upper, verdict(_each, _lease))
            )
        _shown = lab.instrument(
            charts.memory(
                [
                    charts.Stack(
                        f"ZeRO-{stage}{', yours' if stage == _zero else ''}",
                        list(answer.memory.bytes.values()),
                        ms.format_quantity(answer.memory.total, "B", 3),
                    )
                    for stage, answer in enumerate(_stages)
                ],
                PARTS,
                _own.memory.capacity,
                f"Your plan holds {ms.format_quantity(_own.memory.total, 'B', 3)} on each {_machine}, which has "
                f"{ms.format_quantity(_own.memory.capacity, 'B', 3)}: {states_of(_own) / _own.memory.total:.0%} are model states.",
            ),
            charts.against_limit(
                _bands,
                _lease,
                f"{_lease / DAY:.0f} days",
                charts.Axis(f"time for {TOKENS / 1e9:.0f} billion tokens", "s"),
                f"Eight {_machine}s need {_whole.format()}, {_whole.format_range()}; the plan "
                f"{verdict(_whole, _lease).removesuffix('it')}the lease of {_lease / DAY:.0f} days.",
            ),
            lab.reading(run_time, **_design) if _own.feasible else "",
            lab.reading(run_memory, **_design),
            lab.probe("C", c),
        )
    else:
        _shown = lab.instrument(
            f'<p class="says">Eight {_machine}s cannot run this plan: there is nothing to time and nothing to hold.</p>',
            lab.probe("C", c),
        )
    _shown
    return


@app.cell
def failure_c(c, lab):
    _failures = broken(**c.value)
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
    _says = answers(**given)["shard"]
    _answer = run("A100", "bf16", "none", given["stage"], 1)
    _alone, _full = (whole_run(run("A100", "bf16", each, 3, 1)) for each in RECOMPUTE)
    _peak = {
        name: whole_run(run(machine, name, "none", 3, 1)) for machine, name in (("A100", "bf16"), ("MI300X", "fp8"))
    }
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.1f} GB",
                assumptions(**given)["shard"],
                "What is divided shrinks to an eighth; what is not stays whole on every GPU.",
                "You divided what is divided, and left the rest whole.",
                memory_lines(_answer)[:3],
            ),
            lab.remember(
                f"Eight GPUs do not make eight times the room: dividing {STATES[given['stage']]} leaves {_says:.1f} GB of "
                f"{shard(0) / 1e9:.0f} GB on each. Inside one A100 server ZeRO-3 keeps {shard(3) / 1e9:.0f} GB in the same "
                f"time, and recomputation turns {_alone.format()} into {_full.format()}."
            ),
            lab.further(
                "Done early? Find a plan for either offer that takes half the time you found first.",
                f"With every operation done once, at the peak rate, eight A100s need {_peak['bf16'].lower / DAY:.1f} days and "
                f"eight MI300Xs in FP8 {_peak['fp8'].lower / DAY:.1f}: no plan gets below it. Software reaches "
                f"{run('A100', 'bf16', 'none', 3, 1).mfu.expected:.0%} of the A100’s peak.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def carry_c(c, done_c, lab):
    mo.stop(not done_c.value or broken(**c.value))
    _precision, _zero = PRECISIONS[c.value["precision"]][0], c.value["zero"]
    mo.vstack(
        [
            mo.Html(
                f'<p class="small">This plan holds both limits. Later labs go on from it: {_precision.upper()}, '
                f"ZeRO-{_zero}.</p>"
            ),
            lab.carry(precision=_precision, zero=_zero),
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
