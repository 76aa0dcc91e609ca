import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Two phases of one request",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lock, Part, Probe, Slider, Tutorial, charts

    MODEL, MODEL_NAME = "Llama3_8B", "Llama-3-8B"
    READ, WRITTEN, CROWD = 1024, 256, 64
    MACHINES = ("A100", "H100", "MI300X", "Gaudi 3", "TPU v6e")
    PROMPTS = (16, 64, 256, 512, 1024, 2048, 4096)
    ANSWERS = (16, 64, 256, 1024)
    PEOPLE = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    WAITS = {"memory bandwidth": "memory", "compute throughput": "arithmetic", "overhead": "launches"}
    PERCENT = {"percent": 1, "per cent": 1}
    FIRST = Lock(
        name="alone",
        question=f"One person sends a prompt of {READ:,} tokens and gets an answer of {WRITTEN}. Of the time that an H100 "
        "takes for both, what share goes into reading the prompt?",
        unit="%",
        units=PERCENT,
        reason_hint="each token costs …",
    )
    SECOND = Lock(
        name="crowd",
        question=f"Now {CROWD} people send such a prompt at the same moment. The H100 reads their prompts one after another, "
        "then writes for all of them together, a token each in every pass. What share of its time does reading take now?",
        unit="%",
        units=PERCENT,
        reason_hint="with more people, a pass …",
    )

    @cache
    def request(machine, prompt, answer, people=1):
        """Prompts that arrive together at an idle machine, and their answers to the last token."""
        return ms.ServingModel().solve(
            model=MODEL,
            hardware=machine,
            prompt=prompt,
            context=prompt + answer,
            batch=people,
            precision="bf16",
        )


@app.function
def share(machine, prompt, answer, people=1):
    """Share of a request's time that goes into reading."""
    asked = request(machine, prompt, answer, people)
    return asked.ttft.expected / asked.latency.expected


@app.function
def arithmetic(machine, prompt, answer):
    """Share of a request's operations that reading does; writing is taken halfway through the answer."""
    read = request(machine, prompt, answer, 1).prefill.operations
    return read / (read + (answer - 1) * halfway(machine, prompt, answer).decode.operations)


@app.function
def halfway(machine, prompt, answer, people=1):
    """The same request when half of the answer is written: what a pass that writes takes on average."""
    return request(machine, prompt, -(-answer // 2), people)


@app.function
def answers():
    """What the simulator says to the locked questions, in their units."""
    return {
        "alone": 100 * share("H100", READ, WRITTEN),
        "crowd": 100 * share("H100", READ, WRITTEN, CROWD),
    }


@app.function
def assumptions():
    """What wrong assumptions lead to, for each locked question."""
    read, passes = request("H100", READ, WRITTEN).ttft.expected, WRITTEN - 1
    one, all_ = (halfway("H100", READ, WRITTEN, people).itl.expected for people in (1, CROWD))
    tokens = 100 * READ / (READ + WRITTEN)
    return {
        "alone": (
            Assumption(
                tokens,
                "You counted tokens, or their arithmetic, which comes to nearly the same. The tokens of a prompt go through "
                "the model in one pass and share the weights that it fetches; those of an answer cannot.",
            ),
            Assumption(50, "You took two phases for two halves. One of them is a single pass through the model."),
            Assumption(
                100 / (1 + passes),
                f"You took a pass for a pass. The one that reads multiplies for {READ:,} tokens: it takes as long as "
                f"{read / one:.1f} of those that write.",
            ),
        ),
        "crowd": (
            Assumption(
                tokens,
                f"You counted tokens, or took {CROWD} times the share that one person’s prompt has. Writing takes longer with "
                f"more people too: {all_ / one:.1f} times as long.",
            ),
            Assumption(
                100 * share("H100", READ, WRITTEN),
                f"You let both phases grow with the people. Reading does; a pass that writes fetches the weights once for all "
                f"{CROWD} and takes {all_ / one:.1f} times as long as for one.",
            ),
            Assumption(
                100 * CROWD * read / (CROWD * read + passes * one),
                f"You let a pass that writes cost for {CROWD} what it costs for one. Its weights are shared, but everyone "
                f"brings a past of their own: it takes {all_ / one:.1f} times as long.",
            ),
        ),
    }


@app.cell
def plan():
    lab = Tutorial(
        name="tutorials/tutorial_02_two_phases",
        version="1",
        lede="A chat feels slow. Before anyone buys a faster machine for it, "
        "you are asked which part of an answer takes the time.",
        briefing=(
            "An answer has two phases. First the model reads the prompt, all of its tokens in a single pass: prefill. That "
            "brings the first token of the answer. Every further token takes a pass of its own through the whole model: "
            "decode.",
            f"A token costs nearly the same arithmetic whether it is read or written: two operations for each weight. "
            f"The model is {MODEL_NAME}, in 16 bits; the machine has nothing else to do.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "One prompt, one answer",
                "Both phases are the same model on the same machine. A pass stands on the roofline where its operations for "
                "each byte moved put it: on the slope it waits for memory, under the flat roof for arithmetic. Change the "
                "machine and the lengths, and watch which point moves.",
                (
                    Choice("machine", "Machine", MACHINES, "H100"),
                    Slider("prompt", "Prompt, tokens read", PROMPTS, READ, lambda n: f"{n:,}"),
                    Slider("answer", "Answer, tokens written", ANSWERS, WRITTEN, lambda n: f"{n:,}"),
                ),
                hint="Follow the prompt’s point down to short prompts: what happens to its time once it is on the slope?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["prompt"] for s in tried}) == 1,
                        "You kept the prompt’s length. What does a pass fetch, however many tokens it reads?",
                    ),
                ),
            ),
            Part(
                "B",
                "Many people at once",
                "A pass that reads is full with one prompt. A pass that writes has room for more people: the weights that it "
                "fetches serve them all. Add people, and watch the two phases grow at different speeds.",
                (
                    Choice("machine", "Machine", MACHINES, "H100"),
                    Slider("people", "People at once", PEOPLE, 1),
                ),
                hint="Between 1 and 8 people, which of the two lines rises at all?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) == 1,
                        "You stayed with one machine. Which of the two lines would more bandwidth lower, and which more arithmetic?",
                    ),
                ),
            ),
        ),
        reflect="A colleague would spend the budget on a machine with twice the arithmetic and the same memory. Whose wait does "
        "that shorten, and when does it show? Name a number from above.",
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
    _machine, _prompt, _answer = a.value["machine"], a.value["prompt"], a.value["answer"]
    _asked = request(_machine, _prompt, _answer)
    _read, _write = _asked.prefill, _asked.decode
    lab.instrument(
        charts.roofline(
            [charts.Roof(_machine, _read.rate, _read.bandwidth)],
            {
                "reading": (_read.intensity, _read.operations / _read.time.expected),
                "writing": (_write.intensity, _write.operations / _write.time.expected),
            },
            f"{_machine}: reading {_prompt:,} tokens takes {_read.time.format()} and waits for "
            f"{WAITS[_read.bound_by]}, writing a token takes {_write.time.format()} and waits for {WAITS[_write.bound_by]}. "
            f"Reading is {arithmetic(_machine, _prompt, _answer):.0%} of the arithmetic of this answer and "
            f"{share(_machine, _prompt, _answer):.1%} of its time.",
        ),
        lab.code(f"""
            from mlsysim import ServingModel

            request = ServingModel().solve(
                model="{MODEL}",
                hardware="{_machine}",
                prompt={_prompt},
                context={_prompt} + {_answer},
                precision="bf16",
            )
            first, whole = request.ttft, request.latency
            print("first token:", first.format())
            print("  waits for", request.prefill.bound_by)
            print("a further one:", request.itl.format())
            print("  waits for", request.decode.bound_by)
            print(f"reading: {{first.expected / whole.expected:.1%}}")
        """),
        lab.probe("A", a),
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
    _says = answers()["alone"]
    _asked, _half = request("H100", READ, WRITTEN), halfway("H100", READ, WRITTEN)
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.1f} %",
                assumptions()["alone"],
                f"The prompt is one pass of {_asked.ttft.format()}; the answer is {WRITTEN - 1} more of {_half.itl.format(3)} each.",
                "One pass against many: you saw that a prompt is read at once and an answer is not.",
                (
                    f"reading  {_asked.ttft.format(3)}   one pass over {READ:,} tokens",
                    f"writing  {WRITTEN - 1} × {_half.itl.format(3)}   the first of {WRITTEN} tokens came with the prompt",
                    f"share    {_asked.ttft.format(3)} / {_asked.latency.format(3)} = {_says / 100:.2%}",
                    "the pass that reads:",
                    *_asked.equation("prefill").splitlines(),
                    "a pass that writes:",
                    *_half.equation().splitlines(),
                ),
            ),
            lab.remember(
                f"Reading {READ:,} tokens is {arithmetic('H100', READ, WRITTEN):.0%} of the arithmetic of this answer and "
                f"{_says / 100:.1%} of its time: a byte moved serves {_asked.prefill.intensity:,.0f} operations in the pass that "
                f"reads and {_half.decode.intensity:.0f} in a pass that writes."
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
    _machine, _people = b.value["machine"], b.value["people"]
    _asked = request(_machine, READ, WRITTEN, _people)
    _fitting = [(n, request(_machine, READ, WRITTEN, n)) for n in PEOPLE if n <= _asked.max_batch]
    lab.instrument(
        charts.curves(
            (
                charts.Curve("reading all prompts", [(n, each.ttft.expected) for n, each in _fitting]),
                charts.Curve(
                    "writing all answers", [(n, each.latency.expected - each.ttft.expected) for n, each in _fitting]
                ),
            ),
            charts.Axis("people at once", log=True),
            charts.Axis("time", "s", log=True),
            f"{_machine}, {_people} at once: the last prompt is read after {_asked.ttft.format()}, which is "
            f"{share(_machine, READ, WRITTEN, _people):.1%} of the {_asked.latency.format()} until the last token is written."
            if _asked.feasible
            else f"{_machine}: {_people} at once do not fit into its memory.",
            here=_people,
        ),
        lab.code(f"""
            from mlsysim import ServingModel

            for people in {[*dict.fromkeys((1, _people))]}:
                request = ServingModel().solve(
                    model="{MODEL}",
                    hardware="{_machine}",
                    prompt={READ},
                    context={READ} + {WRITTEN},
                    batch=people,
                    precision="bf16",
                )
                first, whole = request.ttft, request.latency
                share = first.expected / whole.expected
                print(f"{{people}} at once, reading {{share:.1%}}")
                print(f"  prompts {{first.format()}}")
                print(f"  a token {{request.itl.format()}}")
        """),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _asked = request(b.value["machine"], READ, WRITTEN, b.value["people"])
    mo.stop(_asked.feasible)
    lab.failure("B", _asked.reasons[0].sentence(), "memory")
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
    _alone, _says = (answers()[name] for name in ("alone", "crowd"))
    _asked = request("H100", READ, WRITTEN, CROWD)
    _one, _all = (halfway("H100", READ, WRITTEN, people).itl for people in (1, CROWD))
    _slow, _fast = (request(machine, READ, WRITTEN) for machine in ("A100", "TPU v6e"))
    _ridge = min(request(machine, READ, WRITTEN).decode.ridge for machine in MACHINES)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.0f} %",
                assumptions()["crowd"],
                f"{CROWD} prompts take {CROWD} times as long to read as one, {CROWD} answers {_all.expected / _one.expected:.1f} "
                "times as long to write.",
                "You kept apart what is shared and what is not.",
                (
                    f"reading  {CROWD} × {request('H100', READ, WRITTEN).ttft.format(3)} = {_asked.ttft.format(3)}   prompt by prompt",
                    f"writing  {WRITTEN - 1} × {_all.format(3)}   a token for all {CROWD} in each pass, where one alone takes {_one.format(3)}",
                    f"share    {_asked.ttft.format(3)} / {_asked.latency.format(3)} = {_says / 100:.1%}",
                ),
            ),
            lab.remember(
                f"For one person an H100 reads {_alone / 100:.1%} of the time, for {CROWD} people {_says / 100:.0%}: the weights that a "
                "pass fetches are everybody’s, a prompt’s arithmetic is nobody else’s."
            ),
            lab.further(
                "Done early? Find two machines of which each is the quicker one in one phase.",
                f"None of these machines has time for fewer than {_ridge:.0f} operations while a byte arrives, and a token "
                f"written for one person offers {_fast.decode.intensity:.0f}: writing waits for memory on all of them. The TPU "
                f"v6e has {_fast.prefill.rate / _slow.prefill.rate:.1f} times the arithmetic of an A100 and "
                f"{_fast.prefill.bandwidth / _slow.prefill.bandwidth:.1f} of its bandwidth. It reads {READ:,} tokens in "
                f"{_fast.ttft.format()} where the A100 takes {_slow.ttft.format()}, and writes one in {_fast.itl.format()} "
                f"where the A100 takes {_slow.itl.format()}. Some services therefore read on one kind of machine and write on "
                "another.",
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
