import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="What limits how many users I can serve?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache
    from math import log

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts

    MODEL, DRAFT = "Llama3_8B", "Llama3_2_1B"
    LONGEST = ms.Models.Llama3_8B.max_context
    SERVICE = 0.005
    PERCENTILE = 0.99
    PROMPT, OUTPUT = 2048, 256
    ACCEPTANCE, GUESSES = 0.7, 4
    FIRST_PROMISE, NEXT_PROMISE = 0.100, 0.050
    TARGET = 180
    MACHINES = ("A100", "H100", "MI300X")
    LOADS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.05)
    SPREADS = {"constant": 0.0, "exponential": 1.0, "long tail": 4.0}
    STREAM = {"rate": 20, "requests": 8, "slots": 4, "seed": 3}
    MEMORIES = {
        "reserved": f"{LONGEST:,} tokens reserved for each",
        "pages": "pages of 16 tokens",
        "shared": "pages, bulletin kept once",
    }
    PAGE = {"reserved": LONGEST, "pages": 16, "shared": 16}
    VARIANTS = {
        "load": Varied((0.8, 0.75, 0.85), lambda share: f"{share:.0%}"),
        "prompt": Varied((2048, 3072), lambda tokens: f"{tokens:,}"),
        "bulletin": Varied((1536, 1792), lambda tokens: f"{tokens:,}"),
    }
    FIRST = Lock(
        name="p99",
        question=f"The small model takes {1e3 * SERVICE:.0f} ms a question on average; how long each takes, and when the next "
        "one comes, is left to chance, both exponential. Busy {load} of the time, within how many milliseconds of their "
        "arrival has it dealt with 99% of the questions?",
        unit="ms",
        units={"s": 1000, "sec": 1000, "seconds": 1000, "msec": 1, "milliseconds": 1, "µs": 0.001, "us": 0.001},
        reason_hint="most of them wait …",
    )
    SECOND = Lock(
        name="reading",
        question="An H100 has one resident to itself. Reading a prompt of {prompt} tokens takes as long as writing how many "
        "tokens of the answer?",
        unit="tokens",
        units={"token": 1, "tok": 1},
        reason_hint="reading a token takes …",
    )
    THIRD = Lock(
        name="kept",
        question=f"{{bulletin}} of a prompt’s {PROMPT:,} tokens are the bulletin. An H100 now reads and stores it once, not "
        f"once for each resident. For how many times as many residents does it keep the promise of "
        f"{1e3 * NEXT_PROMISE:.0f} ms a token?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="what a resident costs is …",
    )

    @cache
    def queue(load, spread, servers):
        """The line in front of the small model."""
        return ms.TailLatencyModel().solve(
            service_time=SERVICE, load=load, servers=servers, variability=SPREADS[spread], percentile=PERCENTILE
        )

    @cache
    def knee(spread, servers):
        """Mean and slowest latency at each load at which the line stays finite."""
        found = [(load, queue(load, spread, servers)) for load in LOADS]
        return [(load, line.mean_latency.expected, line.latency.expected) for load, line in found if line.stable]

    @cache
    def phases(machine, residents, prompt):
        """One prompt read, and one token written for each resident."""
        given = {"model": MODEL, "hardware": machine, "context": prompt + OUTPUT // 2, "prompt": prompt}
        alone, together = (ms.ServingModel().solve(**given, batch=batch) for batch in (1, residents))
        return alone.prefill, together.decode

    @cache
    def batch(machine, residents, prompt):
        """The machine at full load with so many places."""
        return ms.BatchingModel().solve(model=MODEL, hardware=machine, prompt=prompt, output=OUTPUT, batch=residents)

    @cache
    def stream(machine, policy, prompt):
        """A few questions, simulated token by token."""
        return ms.StreamModel().solve(
            model=MODEL, hardware=machine, policy=policy, prompt=prompt, output=OUTPUT, **STREAM
        )

    @cache
    def design(machine, memory, guessing, residents, bulletin):
        """A design of part C at full load, under both promises."""
        given = {
            "model": MODEL,
            "hardware": machine,
            "prompt": PROMPT,
            "output": OUTPUT,
            "batch": residents,
            "block": PAGE[memory],
            "prefix": bulletin if memory == "shared" else 0,
            "ttft": FIRST_PROMISE,
            "itl": NEXT_PROMISE,
        }
        if guessing == "off":
            return ms.BatchingModel().solve(**given)
        return ms.SpeculativeBatching().solve(**given, draft=DRAFT, acceptance=ACCEPTANCE, guesses=GUESSES)

    @cache
    def times(machine, memory, guessing, residents, bulletin):
        """Of a design: time to first token, time between two tokens, and how much of that is a token by itself."""
        full = design(machine, memory, guessing, residents, bulletin)
        return full.ttft, full.itl, full.static_itl if guessing == "off" else full.guessing.itl

    @cache
    def carried(machine, memory, guessing, bulletin):
        """Most residents that a design carries, and why not one more."""
        full = design(machine, memory, guessing, None, bulletin)
        most = full.batch if full.feasible else 0
        return most, design(machine, memory, guessing, most + 1, bulletin).reasons[0]


@app.function
def tail(load, spread, servers):
    """Reading: time within which 99% of questions are dealt with."""
    line = queue(load, spread, servers)
    exact = line.latency.lower == line.latency.upper
    return Reading(
        value=line.latency.expected,
        unit="s",
        text=line.latency.format(3),
        name="p99 latency",
        label=f"load {load:.0%}, {spread} service, {servers} server{'s' * (servers > 1)}",
        range_text="" if exact else line.latency.format_range(3),
        equation=line.explain().splitlines(),
    )


@app.function
def prompt_cost(machine, residents, prompt):
    """Reading: tokens written for each resident in the time that one prompt takes to read."""
    reading, writing = phases(machine, residents, prompt)
    ratio = reading.time.expected / writing.time.expected
    return Reading(
        value=ratio,
        unit="tokens",
        text=f"{ratio:.1f} tokens",
        name="a prompt’s time, in tokens written",
        label=f"{machine}, {prompt:,} tokens read, {residents} resident{'s' * (residents > 1)}",
        bound_by=reading.bound_by,
        equation=(
            f"T_p = {reading.time.format(3)}   one prompt of {prompt:,} tokens, bound by {reading.bound_by}",
            f"T_d = {writing.time.format(3)}   one token for each of {residents}, bound by {writing.bound_by}",
            f"T_p / T_d = {ratio:.1f}",
        ),
    )


@app.function
def first_token(machine, policy, residents, prompt):
    """Reading: time to first token at full load."""
    full = batch(machine, residents, prompt)
    time = full.ttft if policy == "continuous" else full.static_ttft
    longest = OUTPUT / full.static_utilization
    how = {
        "continuous": "TTFT = T_p + T_d/2   its own prompt, after half of the step that runs",
        "static": "TTFT = (b T_p + (L_max − 1) T_d)/2 + b T_p   half of the batch that runs, then the prompts of one’s own",
    }
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="time to first token (TTFT)",
        label=f"{machine}, {policy}, {residents} at once, {prompt:,} tokens read",
        range_text=time.format_range(),
        equation=(
            f"T_p = {full.prefill.format(3)}   one prompt of {prompt:,} tokens",
            f"T_d = {full.static_itl.format(3)}   one token for each of b = {residents}",
            f"L_max = {longest:.0f}   tokens of the longest of {residents} answers, on average",
            how[policy],
            f"     = {time.format(3)}",
        ),
    )


@app.function
def next_token(machine, policy, residents, prompt):
    """Reading: mean time between two tokens at full load."""
    full = batch(machine, residents, prompt)
    time = full.itl if policy == "continuous" else full.static_itl
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="inter-token latency (ITL)",
        label=f"{machine}, {policy}, {residents} at once, {prompt:,} tokens read",
        range_text=time.format_range(),
        bound_by=full.serving.decode.bound_by,
        equation=full.explain().splitlines()[:4],
    )


@app.function
def throughput(machine, policy, residents, prompt):
    """Reading: tokens written each second for all residents together."""
    full = batch(machine, residents, prompt)
    rate = full.throughput if policy == "continuous" else full.static_throughput
    return Reading(
        value=rate.expected,
        unit="token/s",
        text=f"{rate.expected:,.0f} token/s",
        name="tokens for all together",
        label=f"{machine}, {policy}, {residents} at once, {prompt:,} tokens read",
        range_text=f"between {rate.lower:,.0f} and {rate.upper:,.0f} token/s",
        equation=full.explain().splitlines()[:4],
    )


@app.function
def between(machine, memory, guessing, residents, bulletin):
    """Time for a token by itself, and what prompts of others add to it, as expected."""
    _, both, step = times(machine, memory, guessing, residents, bulletin)
    return step, both.expected - step.expected


@app.function
def filled(machine, memory, guessing, residents, bulletin):
    """What a design of part C keeps in memory, in bytes."""
    full = design(machine, memory, guessing, residents, bulletin)
    large = full.serving.memory if guessing == "off" else full.target.serving.memory
    shared = bulletin if memory == "shared" else 0
    used = PROMPT + OUTPUT - shared
    held = LONGEST if memory == "reserved" else used

    def cached(model, batch, tokens):
        given = {"model": model, "hardware": machine, "batch": batch, "context": tokens}
        return ms.ServingModel().solve(**given).memory.kv_cache if tokens else 0.0

    own = cached(MODEL, residents, used)
    parts = {
        "weights": large.weights,
        "keys and values": own + cached(MODEL, 1, shared),
        "reserved and empty": cached(MODEL, residents, held) - own,
        "draft model and its cache": 0.0,
        "activations": large.activations,
    }
    if guessing == "on":
        small = full.draft.serving.memory
        cache = cached(DRAFT, residents, held) + cached(DRAFT, 1, shared)
        parts["draft model and its cache"] = small.weights + small.activations + cache
    return parts


@app.function
def perfect(bulletin):
    """Most residents that an MI300X would carry, were every byte and operation at the datasheet's rate."""
    given = {"model": MODEL, "hardware": "MI300X", "prompt": PROMPT, "output": OUTPUT, "prefix": bulletin}
    return ms.BatchingModel().solve(**given, ttft=FIRST_PROMISE, itl=NEXT_PROMISE, efficiency=1.0).batch


@app.function
def pace(machine, memory, guessing, residents, bulletin):
    """Reading: mean time between two tokens of a design of part C."""
    full = design(machine, memory, guessing, residents, bulletin)
    _, time, step = times(machine, memory, guessing, residents, bulletin)
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="time until the next token (ITL)",
        label=f"{machine}, {MEMORIES[memory]}{', draft model' * (guessing == 'on')}, {residents} residents",
        range_text=time.format_range(),
        bound_by="compute throughput" if time.expected > 2 * step.expected else "memory bandwidth",
        equation=(
            f"T_d = {step.format(3)}   one token for each of b = {residents} residents",
            f"T_p = {full.prefill.format(3)}   one prompt, during which nobody gets a token",
            f"ITL = T_d + (b − 1)/(L − 1) T_p = {step.format(3)} + {residents - 1}/{OUTPUT - 1} × "
            f"{full.prefill.format(3)} = {time.format(3)}   L tokens of an answer",
        ),
    )


@app.function
def first(machine, memory, guessing, residents, bulletin):
    """Reading: time to first token of a design of part C, for whoever finds a place."""
    full = design(machine, memory, guessing, residents, bulletin)
    time, _, step = times(machine, memory, guessing, residents, bulletin)
    large = full if guessing == "off" else full.target
    pass_ = step if guessing == "off" else step.scaled(full.guessing.tokens, "s")
    what = f"one token for each of {residents}" if guessing == "off" else f"{GUESSES} guesses and their check"
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="time to first token (TTFT)",
        label=f"{machine}, {MEMORIES[memory]}{', draft model' * (guessing == 'on')}, {residents} residents",
        range_text=time.format_range(),
        bound_by=large.serving.prefill.bound_by,
        equation=(
            f"T_p = {large.prefill.format(3)}   its own prompt",
            f"T   = {pass_.format(3)}   {what}: half of it is still to run",
            f"TTFT = T_p + T/2 = {time.format(3)}",
        ),
    )


@app.function
def most(machine, memory, guessing, bulletin):
    """Reading: residents at once within both promises and the memory."""
    count, more = carried(machine, memory, guessing, bulletin)
    return Reading(
        value=float(count),
        unit="residents",
        text=f"{count:,d} residents",
        name="most at once within memory and both promises",
        label=f"{machine}, {MEMORIES[memory]}{', draft model' * (guessing == 'on')}",
        equation=(f"One more: {more.sentence()}",),
    )


@app.function
def verdict(machine, memory, guessing, residents, bulletin):
    """Whether a design keeps both promises, in words, and whether its caches fit."""
    first_, next_, _ = times(machine, memory, guessing, residents, bulletin)
    room = design(machine, memory, guessing, residents, bulletin).paged_concurrency
    kept = [
        "keeps it" if time.upper <= promise else "breaks it" if time.expected > promise else "may keep it"
        for time, promise in ((first_, FIRST_PROMISE), (next_, NEXT_PROMISE))
    ]
    return (*kept, residents <= room)


@app.function
def broken(machine, memory, guessing, residents, bulletin):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    names = {"memory capacity": "memory", "serving": "ttft", "streaming": "itl"}
    reasons = design(machine, memory, guessing, residents, bulletin).reasons
    return [(names[reason.limit], reason.sentence()) for reason in reasons]


@app.function
def answers(load=0.8, prompt=2048, bulletin=1536):
    """What the simulator says to the three locked questions, in their units."""
    reading, writing = phases("H100", 1, prompt)
    return {
        "p99": 1e3 * queue(load, "exponential", 1).latency.expected,
        "reading": reading.time.expected / writing.time.expected,
        "kept": carried("H100", "shared", "off", bulletin)[0] / carried("H100", "pages", "off", bulletin)[0],
    }


@app.function
def assumptions(load=0.8, prompt=2048, bulletin=1536):
    """What wrong assumptions lead to, for each locked question."""
    line, idle = queue(load, "exponential", 1), queue(1e-9, "exponential", 1)
    reading, _ = phases("H100", 1, prompt)
    pages, shared = (design("H100", memory, "off", 1, bulletin).paged_concurrency for memory in ("pages", "shared"))
    return {
        "p99": (
            Assumption(1e3 * SERVICE, "You left out the line: nobody waits where nobody came before."),
            Assumption(
                1e3 * line.mean_latency.expected,
                "You named the mean. The slowest one in a hundred stands where the line is longest.",
            ),
            Assumption(
                1e3 * idle.latency.expected,
                "You took the slowest service and no line. Long service times are also what the others wait for.",
            ),
        ),
        "reading": (
            Assumption(
                prompt,
                "You let a token read cost as much as one written. All tokens of a prompt go through the model in one "
                "pass and share the weights that it fetches.",
            ),
            Assumption(
                1,
                f"You took a pass for a pass: both fetch the weights once. But this one multiplies for {prompt:,} tokens, "
                f"and {reading.share('compute'):.0%} of its time is arithmetic.",
            ),
        ),
        "kept": (
            Assumption(
                shared / pages,
                f"You counted memory: room for {shared:,} instead of {pages:,}. The promise had run out before the room.",
            ),
            Assumption(
                PROMPT / (PROMPT - bulletin),
                "You scaled the prompt’s reading. That is one part of the time between two tokens; writing for more "
                "residents is the other, and it grows.",
            ),
            Assumption(
                1.0,
                "You took writing to be all that counts. Between two tokens of one resident, the prompts of others "
                "are read.",
            ),
        ),
    }


@app.function
def challenge(designs, bulletin=1536, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] in ("pace", "first") and each["residents"] >= TARGET and each["bulletin"] == bulletin
    ]
    kept = [verdict(**each) for each in asked]
    return {
        f"{TARGET} residents at once whose caches fit, {1e3 * NEXT_PROMISE:.0f} ms a token": any(
            next_ != "breaks it" and fits for _, next_, fits in kept
        ),
        f"for the same, {1e3 * FIRST_PROMISE:.0f} ms to the first token": any(
            "breaks it" not in (first_, next_) and fits for first_, next_, fits in kept
        ),
    }


@app.cell
def plan():
    lab = Lab(
        name="vol1/lab_13_model_serving",
        version="2",
        lede="When a flood warning goes out, a whole valley asks at once. Inès Kouassi, who runs the river authority’s "
        "information line, must tell the ministry how many residents one accelerator serves before some get no answer.",
        briefing=(
            "A question passes two models. A small one finds the place it is about, one question after another. Then "
            "Llama-3-8B reads a prompt, which starts with the day’s bulletin, and writes the answer token by token for "
            "many residents at once. The authority can rent A100s, H100s or MI300Xs.",
            "Who hears nothing hangs up and takes the car. The line is judged by the slowest one in a hundred.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "The line in front",
                "The load ρ is the share of the time in which a server is busy; whoever arrives then stands in line. "
                "Latency is the time from arrival to result, line included, and p99 is the latency that 99% do not "
                "exceed. Raise the load. Then make service more or less regular, and put more servers behind the line.",
                (
                    Slider("load", "Load of each server", LOADS, 0.3, lambda share: f"{share:.0%}"),
                    Choice("spread", "Service times", tuple(SPREADS), "exponential"),
                    Choice("servers", "Servers for one line", (1, 2, 4, 8), 1),
                ),
                hint="Halve the idle time that is left, and halve it again. What does the p99 do each time?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and max(s["load"] for s in tried) < 0.7,
                        "Below this load a line hardly forms. How busy would an accountant want the machine to be?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["servers"] for s in tried}) == 1,
                        "You kept the number of servers. Does twice the load on twice the servers wait as long?",
                    ),
                ),
            ),
            Part(
                "B",
                "Reading and writing",
                "Prefill reads a prompt in one pass and gives the first token; the wait for it is the time to first token, "
                "TTFT. Decode writes the others, one pass for one token of every resident; the time between two is the "
                f"inter-token latency, ITL. Answers have {OUTPUT} tokens on average, and some are much longer. Static "
                "batching takes in a group and lets it finish together; continuous batching gives a place to the next in "
                "line as soon as it is free. Every place is taken.",
                (
                    Choice("machine", "Machine", MACHINES, "A100"),
                    Choice("policy", "Batching", ("static", "continuous"), "static"),
                    Slider("residents", "Residents at once", (1, 2, 4, 8, 16, 32, 64), 8),
                    Slider("prompt", "Prompt, tokens", (256, 512, 1024, 2048, 3072, 4096), 512, lambda n: f"{n:,}"),
                ),
                hint="Which of the two bars does one more token of the prompt lengthen, and which one more resident?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["policy"] for s in tried}) == 1,
                        "You kept the batching. Whose answer does a resident wait for under it?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["residents"] for s in tried}) == 1,
                        "You kept the number of residents. What does one more of them cost the others?",
                    ),
                ),
            ),
            Part(
                "C",
                "A promise to a valley",
                f"The contract: the first token {1e3 * FIRST_PROMISE:.0f} ms after a resident gets a place, then one every "
                f"{1e3 * NEXT_PROMISE:.0f} ms. Prompts have {PROMPT:,} tokens, most of them the bulletin that all share. "
                "Each resident’s past is kept as keys and values, the KV cache: reserved for the longest conversation the "
                "model allows, or in pages as it grows. A draft model can guess ahead; "
                f"{ACCEPTANCE:.0%} of its guesses hold. Serve {TARGET} at once on one machine, "
                "and say what it costs.",
                (
                    Choice("machine", "Machine", MACHINES, "H100"),
                    Choice("memory", "KV cache", tuple(MEMORIES), "reserved", MEMORIES.get),
                    Choice("guessing", "Draft model", ("off", "on"), "off"),
                    Slider(
                        "residents",
                        "Residents at once",
                        (8, 16, 32, 48, 64, 96, 128, 160, TARGET, 200, 240, 288, 336, 384, 448, 512),
                        32,
                    ),
                ),
                hint="Find out which runs out first, room or time. What would give more of that one?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["memory"] for s in tried}) == 1,
                        "You left the KV cache as it was. How much of what is reserved does a resident use?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and all(s["residents"] < TARGET for s in tried),
                        "Inès asks for more at once. Which of your designs did you try with her number?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 8 and len({s["guessing"] for s in tried}) == 1,
                        "You left the draft model alone. Whom does it help, one resident or a valley?",
                    ),
                ),
            ),
        ),
        log_prompt=f"In about 200 words, tell Inès Kouassi how you would serve {TARGET} residents at once, what stops you "
        "from serving more and which term binds, and what she gives up. Use your readings.",
        readings=(tail, prompt_cost, first_token, next_token, throughput, most, pace, first),
        variants=VARIANTS,
    )
    lab.home()
    return (lab,)


@app.cell
def opening(lab):
    first_lock = lab.ask(FIRST)
    first_lock
    return (first_lock,)


@app.cell
def part_a(first_lock, lab):
    mo.stop(first_lock.value is None, lab.closed("A", "when your prediction is locked"))
    given = lab.given(first_lock)
    a = lab.panel("A")
    a_is_open = True
    lab.opened("A", a)
    return a, a_is_open, given


@app.cell
def instrument_a(a, lab):
    _load, _spread, _servers = a.value["load"], a.value["spread"], a.value["servers"]
    _line, _curve = queue(_load, _spread, _servers), knee(_spread, _servers)
    _whose = f"{_spread} service, {_servers} server{'s' * (_servers > 1)}"
    lab.instrument(
        charts.curves(
            (
                charts.Curve("p99: 99% are faster", [(load, slowest) for load, _, slowest in _curve]),
                charts.Curve("mean", [(load, mean) for load, mean, _ in _curve]),
                charts.Curve("service alone, mean", [(load, SERVICE) for load, _, _ in _curve]),
            ),
            charts.Axis("load, share of the time busy"),
            charts.Axis("time from arrival to result", "s"),
            f"At a load of {_load:.0%}, {_whose}: a mean of {_line.mean_latency.format(3)}, and 99% within "
            f"{_line.latency.format(3)}, {_line.latency.expected / SERVICE:.3g} times the mean service time."
            if _line.stable
            else f"At a load of {_load:.0%} the line has no mean: it grows for as long as questions come.",
            here=_load,
            marks=[charts.Mark(1.0, "busy all the time")],
        ),
        lab.reading(tail, load=_load, spread=_spread, servers=_servers) if _line.stable else "",
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _line = queue(a.value["load"], a.value["spread"], a.value["servers"])
    mo.stop(_line.stable)
    lab.failure("A", _line.reasons[0].sentence(), "overload")
    return


@app.cell
def end_a(a_is_open, lab):
    # Not the panel: what a control does must not begin the parts below anew.
    a_is_open
    done_a = lab.finish("A", "Compare with my prediction")
    done_a
    return (done_a,)


@app.cell
def reveal_a(done_a, first_lock, given, lab):
    mo.stop(not done_a.value)
    _load = given["load"]
    _line, _eight = queue(_load, "exponential", 1), queue(_load, "exponential", 8)
    _busier = queue(0.95, "exponential", 1)
    _text = _line.latency.format(3)
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first_lock.value,
                answers(**given)["p99"],
                _text,
                assumptions(**given)["p99"],
                f"The mean time from arrival to result is already {_line.mean_latency.format(3)}; the slowest one in a "
                f"hundred takes ln 100 = {log(100):.1f} times that.",
                "You saw that what is left idle, not what is busy, sets the wait.",
                (
                    "T_p = S / (1 − ρ) × ln(1 / (1 − p))   S service time, ρ load, p share of the questions",
                    f"    = {1e3 * SERVICE:.0f} ms / {1 - _load:.2f} × ln(1 / {1 - PERCENTILE:.2f})",
                    f"    = {1e3 * SERVICE / (1 - _load):.0f} ms × {log(100):.2f} = {_text}",
                ),
            ),
            lab.remember(
                f"A server that is busy {_load:.0%} of the time keeps its slowest one in a hundred for {_text}, "
                f"{_line.latency.expected / SERVICE:.0f} times what the work takes; at 95% it is "
                f"{_busier.latency.expected / SERVICE:.0f} times, and eight servers behind one line, each as busy, bring "
                f"{_text} down to {_eight.latency.format(3)}."
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
    _machine, _policy = b.value["machine"], b.value["policy"]
    _residents, _prompt = b.value["residents"], b.value["prompt"]
    _stacks = []
    for _name in MACHINES:
        for _what, _phase in zip(("a prompt", "a token each"), phases(_name, _residents, _prompt), strict=True):
            _terms = (_phase.memory_time, _phase.compute_time, _phase.overhead_time)
            _stacks.append(charts.Stack(f"{_name}, {_what}", [term.expected for term in _terms], _phase.time.format()))
    _reading, _writing = phases(_machine, _residents, _prompt)
    _run = stream(_machine, _policy, _prompt)
    _spans = []
    for _each, _request in enumerate(_run.requests):
        _lane = f"resident {_each + 1}"
        _spans += [
            charts.Span(_lane, "waits for the first token", _request.arrived, _run.record.first[_each]),
            charts.Span(_lane, "gets tokens", _run.record.first[_each], _run.record.finished[_each]),
        ]
    _longest = max(_run.record.first[_each] - _request.arrived for _each, _request in enumerate(_run.requests))
    _of = {"machine": _machine, "policy": _policy, "residents": _residents, "prompt": _prompt}
    lab.instrument(
        charts.iron_law(
            _stacks,
            f"Bytes move while arithmetic runs: the longer of the two counts, and overhead. On the {_machine}, reading "
            f"{_prompt:,} tokens is {_reading.share('compute'):.0%} arithmetic and takes "
            f"{_reading.time.format()}; writing a token for each of {_residents} is {_writing.share('memory'):.0%} moving "
            f"bytes and takes {_writing.time.format()}.",
        ),
        lab.reading(prompt_cost, machine=_machine, residents=_residents, prompt=_prompt),
        charts.timeline(
            _spans,
            f"{len(_run.requests)} questions within half a second, {_run.slots} places, {_policy} batching on the "
            f"{_machine}: one waits {ms.format_quantity(_longest, 's')} for the first token, and all is said after "
            f"{ms.format_quantity(_run.duration, 's')}.",
        ),
        lab.reading(first_token, **_of),
        lab.reading(next_token, **_of),
        lab.reading(throughput, **_of),
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
    _says = answers(**given)["reading"]
    _full = batch("H100", 64, PROMPT)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.1f} tokens",
                assumptions(**given)["reading"],
                "Reading is bound by arithmetic, writing by bytes: look at how full each keeps the multipliers.",
                "You saw two workloads: one that fills the multipliers, and one that waits for bytes.",
                prompt_cost("H100", 1, given["prompt"]).equation,
            ),
            lab.remember(
                f"On an H100, reading {given['prompt']:,} tokens costs as much as writing {_says:.1f}. Continuous batching for "
                f"64 residents gives {_full.throughput.expected / _full.static_throughput.expected:.1f} times the tokens of "
                f"static batching and starts after {_full.ttft.format()} instead of {_full.static_ttft.format()}; the price is "
                f"{_full.itl.format()} between two tokens instead of {_full.static_itl.format()}, because newcomers’ prompts "
                "are read in between."
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
def instrument_c(c, given, lab):
    _design = {name: c.value[name] for name in ("memory", "guessing", "residents")} | {"bulletin": given["bulletin"]}
    _machine, _residents = c.value["machine"], c.value["residents"]
    _bands = []
    for _name in MACHINES:
        _, _time, _ = times(_name, **_design)
        _, _met, _fits = verdict(_name, **_design)
        _label = f"{_name}{', yours' if _name == _machine else ''}{'' if _fits else ', no room'}"
        _bands.append(charts.Band(_label, _time.lower, _time.expected, _time.upper, _met))
    _own = design(_machine, **_design)
    _step, _prompts = between(_machine, **_design)
    _, _met, _fits = verdict(_machine, **_design)
    _sizes = filled(_machine, **_design)
    _total, _capacity = sum(_sizes.values()), getattr(ms.Hardware.Cloud, _machine).memory
    _of = {"machine": _machine, **_design}
    lab.instrument(
        charts.against_limit(
            _bands,
            NEXT_PROMISE,
            f"promise {1e3 * NEXT_PROMISE:.0f} ms",
            charts.Axis("time for a token", "s"),
            f"{_machine}, {_residents} residents: {_step.format()} for a token and "
            f"{ms.format_quantity(_prompts, 's')} for the prompts of others in between, {times(_machine, **_design)[1].format()} together; it "
            f"{_met.replace('it', 'the promise')}.",
        ),
        *(lab.reading(reading, **_of) for reading in (pace, first) if _fits),
        charts.memory(
            (charts.Stack(_machine, list(_sizes.values()), f"of {ms.format_quantity(_capacity, 'B', 2)}"),),
            tuple(_sizes),
            _capacity,
            f"{_residents} residents {'need' if _fits else 'would need'} {ms.format_quantity(_total, 'B', 3)} of the "
            f"{_machine}’s {ms.format_quantity(_capacity, 'B', 3)}; {_own.paged_concurrency:,d} would fit.",
        ),
        lab.reading(most, **{name: value for name, value in _of.items() if name != "residents"}),
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(c, given, lab):
    _failures = broken(
        **{name: c.value[name] for name in ("machine", "memory", "guessing", "residents")}, bulletin=given["bulletin"]
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
def reveal_c(done_c, given, lab, third):
    mo.stop(not done_c.value)
    _says, _bulletin = answers(**given)["kept"], given["bulletin"]
    _pages, _shared = (carried("H100", memory, "off", _bulletin)[0] for memory in ("pages", "shared"))
    _before, _after = (
        design("H100", "pages", "off", _pages, _bulletin),
        design("H100", "shared", "off", _shared, _bulletin),
    )
    _guessed = carried("H100", "shared", "on", _bulletin)[0]
    _alone = design("H100", "shared", "on", 1, _bulletin).guessing.speedup.expected
    _best = max(
        carried(machine, memory, guessing, _bulletin)[0]
        for machine in MACHINES
        for memory in MEMORIES
        for guessing in ("off", "on")
    )
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.2f}×",
                assumptions(**given)["kept"],
                "Look at both parts of the time between two tokens: which of them does the bulletin shorten, and which do "
                "more residents lengthen?",
                "You set what the prompts take against what the tokens take.",
                (
                    "ITL = T_d + (b − 1)/(L − 1) T_p   b residents, L tokens of an answer",
                    *(
                        f"{name}: {full.static_itl.format(3)} + {full.batch - 1}/{OUTPUT - 1} × {full.prefill.format(3)} = "
                        f"{full.itl.format(3)} at b = {full.batch}, with room for {full.paged_concurrency}"
                        for name, full in (("pages", _before), ("bulletin kept once", _after))
                    ),
                ),
            ),
            lab.remember(
                f"Keeping the bulletin once makes room on an H100 for {_after.paged_concurrency:,d} residents instead of "
                f"{_before.paged_concurrency:,d}, but the promise holds for {_shared:,d} instead of {_pages:,d}, {_says:.1f} "
                f"times as many: time runs out before memory. A draft model that makes one resident’s tokens {_alone:.1f} "
                f"times as fast changes {_shared:,d} to {_guessed:,d}."
            ),
            lab.further(
                "Done early? Find a design for more than twice as many, 400, and say how far a perfect machine would get.",
                f"The best of these designs carries {_best:,d}. An MI300X that reached every byte and operation of its "
                f"datasheet would carry {perfect(_bulletin):,d} with the bulletin kept once: beyond that, the keys and "
                "values of all residents do not pass through its memory within the promise, unless one pass fetches the "
                "bulletin’s for all of them.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def log_form(done_c, lab):
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
