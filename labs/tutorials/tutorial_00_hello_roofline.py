import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Hello, roofline", html_head_file="../../.cache/head.html")

with app.setup:
    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lock, Part, Slider, Tutorial, charts

    MODEL = "Llama3_8B"
    LARGE = "MI300X"
    PRECISION = "bf16"
    SERVERS = ("MI300X", "H100", "Gaudi 3", "TPU v5p", "A100")
    JOBS = {"Llama3_8B": "Llama-3-8B writes", "ResNet50": "ResNet-50 looks"}
    ANYWHERE = ("MI300X", "H100", "M3 Max", "Raspberry Pi 5")
    BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    # The choices of the second lock: a job, its machine, how many at once.
    PLACES = {
        "Llama-3-8B writes for one reader on an MI300X": ("Llama3_8B", "MI300X", 1),
        "Llama-3-8B writes for eight readers at once on an H100": ("Llama3_8B", "H100", 8),
        "Llama-3-8B writes for one reader on a laptop with an M3 Max": ("Llama3_8B", "M3 Max", 1),
        "ResNet-50 looks at one picture on a Raspberry Pi 5": ("ResNet50", "Raspberry Pi 5", 1),
    }
    FIRST = Lock(
        name="busy",
        question="Llama-3-8B writes for one reader on an MI300X. "
        "What percentage of the machine’s peak arithmetic does it use meanwhile?",
        unit="%",
        units={"percent": 1},
        reason_hint="to write one word the machine has to …",
    )
    SECOND = Lock(
        name="waits",
        question="One of these four waits for arithmetic and not for memory. Which?",
        choices=tuple(PLACES),
        reason_hint="because each byte there …",
    )


@app.function
def node(name):
    """A machine of the registry by its name."""
    return next(machine for machine in ms.Hardware if machine.name == name)


@app.function
def writes(machine):
    """The simulator's answer for one token of the model, written for one reader."""
    return ms.Engine.solve(MODEL, machine, precision=PRECISION)


@app.function
def busy(machine):
    """Share of a machine's peak arithmetic that is used while the model writes for one reader."""
    step = writes(machine).phase
    return step.operations / step.time.expected / step.rate


@app.function
def answers():
    """What the simulator says to the locked questions, in their units."""
    waits = [place for place, (job, *at) in PLACES.items() if bound(job, *at) == "compute throughput"]
    return {"busy": 100 * busy(LARGE), "waits": waits[0]}


@app.function
def bound(job, machine, batch):
    """What a job waits for, somewhere."""
    return ms.Engine.solve(job, machine, batch=batch).bound_by


@app.function
def assumptions():
    """What wrong assumptions lead to, for each locked question."""
    reached = writes(LARGE).phase.efficiency.compute.expected
    names = tuple(PLACES)
    return {
        "busy": (
            Assumption(
                100.0, "You took the peak for what happens. A peak is what a machine could do if it waited for nothing."
            ),
            Assumption(
                100 * reached,
                f"You named about what software reaches in large matrix products, {reached:.0%}. That is the share while "
                "there is arithmetic to do; here there is next to none.",
            ),
        ),
        "waits": (
            Assumption(names[0], "The largest machine has the most arithmetic, and so it is the last to wait for it."),
            Assumption(
                names[1],
                "Eight readers share each weight that is fetched: eight times the work for a byte, and still too little.",
            ),
            Assumption(
                names[2],
                "A laptop has less arithmetic, but its memory is slower still: it waits for the same bytes, for longer.",
            ),
        ),
    }


@app.cell
def plan():
    _peak = ms.format_quantity(ms.Hardware.Cloud.MI300X.rate(PRECISION), "FLOP/s", 2)
    lab = Tutorial(
        name="tutorials/tutorial_00_hello_roofline",
        version="1",
        lede="Five lines of Python say whether a model will wait for memory or for arithmetic. Guess first.",
        briefing=(
            f"An MI300X is sold by its arithmetic: up to {_peak}, operations on numbers of 16 bits in a second. A language "
            "model writes one token after another, a token being most of a word. For each it multiplies and adds; and "
            "before it can do so, the numbers have to come from the memory beside the chip.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "One token, and what it waits for",
                "Three things take time: bytes that move (D/BW, bytes over the memory’s bandwidth), arithmetic (O/(R·η), "
                "operations over the part η of the peak rate R that software reaches), and overhead (L). Choose a machine "
                "and see which of the three is left.",
                (Choice("machine", "Machine", SERVERS, LARGE),),
            ),
            Part(
                "B",
                "The roof",
                "Two numbers decide. The work has an intensity: its operations for each byte it moves. The machine has a "
                "ridge point: the operations it has time for while one byte arrives. Below the ridge a job waits for "
                "memory, above it for arithmetic. Move the job about and see it change sides.",
                (
                    Choice("job", "Job", tuple(JOBS), "Llama3_8B", JOBS.get),
                    Choice("machine", "Machine", ANYWHERE, "H100"),
                    Slider("batch", "Readers or pictures at once", BATCHES, 1),
                ),
                hint="Does one more reader bring bytes, operations, or both?",
            ),
        ),
        reflect="Somebody at your place wants a machine with more FLOP/s. In a sentence or two of your own: what would you "
        "ask about the model first, and why?",
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
    def _bar(machine):
        phase = writes(machine).phase
        terms = (phase.memory_time, phase.compute_time, phase.overhead_time)
        mark = " ◂" if machine == a.value["machine"] else ""
        return charts.Stack(machine, [term.expected for term in terms], phase.time.format() + mark)

    _machine = a.value["machine"]
    _phase = writes(_machine).phase
    _eta = _phase.efficiency.compute
    lab.instrument(
        charts.iron_law(
            [_bar(machine) for machine in SERVERS],
            f"On the {_machine} a token takes {_phase.time.format()}, {_phase.time.format_range()}. Bytes take "
            f"{_phase.memory_time.format()} of it, arithmetic {_phase.compute_time.format()}.",
        ),
        f'<p class="says">Software reaches {_eta.expected:.0%} of the peak in large matrix products, between '
        f"{_eta.lower:.0%} and {_eta.upper:.0%}. That η is fitted to published measurements and not chosen for an answer: "
        '<a href="../reference/efficiency.html">where it comes from</a>.</p>',
        lab.code(
            f"""
            import mlsysim as ms

            answer = ms.Engine.solve("{MODEL}", "{_machine}", precision="{PRECISION}")
            step = answer.phase
            rate = step.operations / step.time.expected
            print(answer.time.format(), "a token, bound by", answer.bound_by)
            print(f"of the peak: {{rate / step.rate:.2%}}")
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
    _says = answers()["busy"]
    _step = writes(LARGE).phase
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.2f} %",
                assumptions()["busy"],
                "Nearly everybody says more. Each weight is fetched for one multiplication and one addition; while two "
                "bytes arrive, the machine could do hundreds.",
                "So close is rare: you set what a byte buys against what the machine could do meanwhile.",
                writes(LARGE).equation().splitlines(),
            ),
            lab.remember(
                f"Writing for one reader, an MI300X uses {_says:.2f} % of its arithmetic: each byte that it fetches buys "
                f"{_step.intensity:.1f} operation, and it had time for {_step.ridge:.0f}."
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
    _job, _machine, _batch = b.value["job"], b.value["machine"], b.value["batch"]
    _steps = {job: ms.Engine.solve(job, _machine, batch=_batch).phase for job in JOBS}
    _roofs = dict.fromkeys((_machine, "MI300X", "Raspberry Pi 5"))
    _here = ms.Engine.solve(_job, _machine, batch=_batch)
    lab.instrument(
        charts.roofline(
            [charts.Roof(name, node(name).rate("fp16"), node(name).memory_bandwidth) for name in _roofs],
            {
                JOBS[job].split()[0]: (step.intensity, step.operations / step.time.expected)
                for job, step in _steps.items()
            },
            f"{JOBS[_job]} on the {_machine}, {_batch} at once: {_here.phase.intensity:.1f} operations for each byte against a "
            f"ridge at {_here.phase.ridge:.0f}. Most of its time goes to {_here.bound_by}.",
        ),
        "".join(f'<p class="says">{reason.sentence()}</p>' for reason in _here.reasons),
        lab.code(
            f"""
            import mlsysim as ms

            answer = ms.Engine.solve("{_job}", "{_machine}", batch={_batch})
            step = answer.phase
            print(f"the work: {{step.intensity:.1f}} operations a byte")
            print(f"the machine: time for {{step.ridge:.0f}}")
            print("bound by", answer.bound_by)
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
    _says = answers()["waits"]
    _job, _machine, _batch = PLACES[_says]
    _step = ms.Engine.solve(_job, _machine, batch=_batch)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                _says,
                assumptions()["waits"],
                "",
                "You looked at what a byte is used for, and not at the size of the machine.",
                _step.equation().splitlines(),
            ),
            lab.remember(
                f"A picture buys {_step.phase.intensity:.0f} operations with each byte, and a Raspberry Pi 5 has time for "
                f"{_step.phase.ridge:.0f}: the smallest machine of the four is the one that waits for arithmetic."
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
