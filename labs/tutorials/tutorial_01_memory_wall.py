import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="The memory wall", html_head_file="../../.cache/head.html")

with app.setup:
    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lock, Part, Slider, Tutorial, charts

    MODEL = "Llama3_8B"
    PRECISION = "bf16"
    # Each machine with the one that it followed, or that it stands beside.
    BEFORE = {"Gaudi 3": "Gaudi 2", "H100": "A100", "H200": "H100", "MI325X": "MI300X", "L40S": "A10"}
    NEW, OLD = "TPU v6e", "TPU v5p"
    PROMPT = 1024
    RATES = (1, 4, 16, 64, 250, 1000, 4000)
    BANDWIDTHS = (0.5, 1, 2, 4, 8)
    FIRST = Lock(
        name="generation",
        question="Llama-3-8B writes for one reader, weights in 16 bits. How many times as fast is it on a Gaudi 3 as on a Gaudi 2?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="the newer one has …",
    )
    SECOND = Lock(
        name="twice",
        question="A TPU v6e has twice the arithmetic of a TPU v5p. How many times as fast does it write? Below 1 is slower.",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="its memory …",
    )


@app.function
def node(name):
    """A machine of the registry by its name."""
    return next(machine for machine in ms.Hardware if machine.name == name)


@app.function
def writes(machine):
    """The simulator's answer for one token, written for one reader."""
    return ms.Engine.solve(MODEL, machine, precision=PRECISION)


@app.function
def times(quantity, new, old):
    """How many times one machine has of another's arithmetic or bandwidth, or writes or reads as fast."""
    a, b = node(new), node(old)
    if quantity == "arithmetic":
        return a.rate(PRECISION) / b.rate(PRECISION)
    if quantity == "bandwidth":
        return a.memory_bandwidth / b.memory_bandwidth
    if quantity == "reading":
        read = {
            each: ms.Engine.solve(MODEL, each, precision=PRECISION, phase="prefill", context=PROMPT)
            for each in (new, old)
        }
        return read[old].time.expected / read[new].time.expected
    return writes(old).time.expected / writes(new).time.expected


@app.function
def answers():
    """What the simulator says to the locked questions, in their units."""
    return {"generation": times("writing", "Gaudi 3", "Gaudi 2"), "twice": times("writing", NEW, OLD)}


@app.function
def assumptions():
    """What wrong assumptions lead to, for each locked question."""
    phase = writes("Gaudi 2").phase
    return {
        "generation": (
            Assumption(
                times("arithmetic", "Gaudi 3", "Gaudi 2"),
                f"You compared the arithmetic. It is {phase.share('compute'):.1%} of a Gaudi 2’s token: nothing is won there.",
            ),
            Assumption(
                1.0, "You took the memories for equal. The newer one’s is faster, if not by as much as its arithmetic."
            ),
        ),
        "twice": (
            Assumption(
                times("arithmetic", NEW, OLD), "You compared the arithmetic once more. It waits on both machines."
            ),
            Assumption(
                1.0, "You expected the arithmetic to make no difference, and it makes none. Their memories differ."
            ),
            Assumption(
                times("writing", "Gaudi 3", "Gaudi 2"),
                "You took from the first answer that more arithmetic brings some speed. It was the memory that had grown with it.",
            ),
        ),
    }


@app.function
def mine(tflops, terabytes):
    """A machine of the reader's own, by its two figures."""
    return ms.HardwareNode(
        name="Mine",
        peak={PRECISION: f"{tflops} TFLOP/s"},
        memory="96 GB",
        memory_bandwidth=f"{terabytes} TB/s",
    )


@app.function
def bar(machine, label):
    """One token on a machine, as the three terms of its time."""
    phase = writes(machine).phase
    return charts.Stack(
        label,
        [term.expected for term in (phase.memory_time, phase.compute_time, phase.overhead_time)],
        phase.time.format(),
    )


@app.cell
def plan():
    lab = Tutorial(
        name="tutorials/tutorial_01_memory_wall",
        version="1",
        lede="A new generation is announced, with nearly four times the arithmetic. What will a reader of your chat notice?",
        briefing=(
            "A Gaudi 3 multiplies and adds "
            f"{times('arithmetic', 'Gaudi 3', 'Gaudi 2'):.1f} times as fast as the Gaudi 2 before it. Announcements like to begin with "
            "such a factor, whoever makes them. A language model writes a token by "
            "fetching every one of its weights from memory and using each of them once.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "A generation later",
                "Time goes into bytes that move (D/BW), arithmetic (O/(R·η)) and overhead (L). Go through the pairs: which of "
                "the two factors, arithmetic or bandwidth, tells how much faster the newer machine is?",
                (
                    Choice(
                        "machine",
                        "From one machine to the next",
                        tuple(BEFORE),
                        "Gaudi 3",
                        lambda name: f"{BEFORE[name]} → {name}",
                    ),
                ),
            ),
            Part(
                "B",
                "A machine of your own",
                "Now build one. Two figures are yours to choose, as on a datasheet. Turn each from end to end and see what a "
                "reader would notice.",
                (
                    Slider("tflops", "Peak arithmetic", RATES, 1000, lambda n: f"{n:,} TFLOP/s"),
                    Slider("terabytes", "Memory bandwidth", BANDWIDTHS, 2, lambda n: f"{n:g} TB/s"),
                ),
                hint="How little arithmetic would be enough for one reader?",
            ),
        ),
        reflect="The next announcement will say: so many times the TFLOP/s. In a sentence or two of your own: what will you look "
        "up before you believe that your model runs that much faster?",
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
    _new = a.value["machine"]
    _old = BEFORE[_new]
    _phase = writes(_new).phase
    lab.instrument(
        charts.iron_law(
            [bar(_old, _old), bar(_new, _new)],
            f"{_old} to {_new}: {times('arithmetic', _new, _old):.2f} times the arithmetic, "
            f"{times('bandwidth', _new, _old):.2f} times the bandwidth, {times('writing', _new, _old):.2f} times as fast.",
        ),
        f'<p class="says">Both are taken to reach {_phase.efficiency.bandwidth.expected:.0%} of their bandwidth, the share '
        "that published measurements give. Where the software for one of them is better, the factor moves: "
        '<a href="../reference/calibration.html">what was measured</a>.</p>',
        lab.code(
            f"""
            import mlsysim as ms

            old = ms.Engine.solve("{MODEL}", "{_old}", precision="{PRECISION}")
            new = ms.Engine.solve("{MODEL}", "{_new}", precision="{PRECISION}")
            faster = old.time.expected / new.time.expected
            print(old.time.format(), "and", new.time.format(), "a token")
            print(f"{{faster:.2f}} times as fast, bound by", new.bound_by)
            """
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
    _says = answers()["generation"]
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.2f}×",
                assumptions()["generation"],
                "Neither figure of the announcement gives this. Look at which part of the bars is left.",
                "You asked how fast the bytes come, or arrived where that leads.",
                [line for name in ("Gaudi 2", "Gaudi 3") for line in (name, *writes(name).equation().splitlines())],
            ),
            lab.remember(
                f"{times('arithmetic', 'Gaudi 3', 'Gaudi 2'):.1f} times the arithmetic made writing {_says:.2f} times as fast, "
                f"because the bandwidth grew {times('bandwidth', 'Gaudi 3', 'Gaudi 2'):.2f} times."
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
    _tflops, _terabytes = b.value["tflops"], b.value["terabytes"]
    _own = writes(mine(_tflops, _terabytes))
    _more = {
        "arithmetic": writes(mine(2 * _tflops, _terabytes)).time.expected,
        "bandwidth": writes(mine(_tflops, 2 * _terabytes)).time.expected,
    }
    _saved = {name: 1 - time / _own.time.expected for name, time in _more.items()}
    lab.instrument(
        charts.iron_law(
            [bar(OLD, OLD), bar(NEW, NEW), bar(mine(_tflops, _terabytes), "yours")],
            f"Yours writes a token in {_own.time.format()}. Twice its arithmetic would save {_saved['arithmetic']:.1%} of that, "
            f"twice its bandwidth {_saved['bandwidth']:.0%}.",
        ),
        lab.code(
            f"""
            import mlsysim as ms

            mine = ms.HardwareNode(
                name="Mine",
                peak={{"{PRECISION}": "{_tflops} TFLOP/s"}},
                memory="96 GB",
                memory_bandwidth="{_terabytes} TB/s",
            )
            answer = ms.Engine.solve("{MODEL}", mine, precision="{PRECISION}")
            print(answer.time.format(), "a token, bound by", answer.bound_by)
            """
        ),
    )
    return


@app.cell
def end_b(b_is_open, lab):
    b_is_open
    done_b = lab.finish("B", "Compare with my prediction")
    done_b
    return (done_b,)


@app.cell
def reveal_b(done_b, lab, second):
    mo.stop(not done_b.value)
    _says = answers()["twice"]
    _old = writes(OLD).phase
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.2f}×",
                assumptions()["twice"],
                "Ask what a token waits for on both machines, and how much of it each brings in a second.",
                "You looked at the memory and not at the announcement.",
                [line for name in (OLD, NEW) for line in (name, *writes(name).equation().splitlines())],
            ),
            lab.remember(
                f"A {NEW} has {times('arithmetic', NEW, OLD):.1f} times the arithmetic of a {OLD} and writes {_says:.2f} times as "
                f"fast, because its memory brings {times('bandwidth', NEW, OLD):.2f} times the bytes in a second. It is the job "
                f"that decides: reading a prompt of {PROMPT:,} tokens it is {times('reading', NEW, OLD):.1f} times as fast."
            ),
            lab.further(
                "Done early? How little arithmetic would do for one reader, on a machine with the bandwidth of the "
                f"{OLD}?",
                f"As much as the bytes leave time for: {ms.format_quantity(_old.operations, 'FLOP', 3)} in the "
                f"{_old.memory_time.format()} of the bytes, {ms.format_quantity(_old.operations / _old.memory_time.expected, 'FLOP/s', 2)}. "
                f"It has {ms.format_quantity(_old.rate, 'FLOP/s', 3)}.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def words(done_b, lab):
    mo.stop(not done_b.value, lab.log_closed())
    lab.words()
    return


@app.cell
def ready(lab):
    lab.live()
    return


if __name__ == "__main__":
    app.run()
