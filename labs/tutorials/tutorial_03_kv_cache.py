import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="What the KV cache takes",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lock, Part, Probe, Slider, Tutorial, charts

    MODEL, MODEL_NAME = "Llama3_1_8B", "Llama-3.1-8B"
    BOOK = ms.Models.Llama3_1_8B.max_context
    PIECE = 1024  # so many tokens of a book are read at once
    SAID, LONG = 4096, 32_768
    LETTERS = 4  # bytes of text in a token
    PROMISE = 0.060
    MACHINES = ("A100", "H100", "MI300X", "Gaudi 3")
    OTHERS = ("Llama3_2_1B", "Llama3_1_8B", "Llama3_1_70B", "DeepSeek_V3")
    TOKENS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
    READERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
    WEIGHTS = {"bf16": "16 bits each", "int4": "4 bits each"}
    KEPT = {"bf16": "16 bits a number", "fp8": "8 bits a number"}
    PARTS = ("weights", "keys and values", "work space")

    @cache
    def talk(machine, tokens, readers=1, weights="bf16", kept="bf16"):
        """So many readers, each with so many tokens in the conversation."""
        return ms.ServingModel().solve(
            model=MODEL,
            hardware=machine,
            context=tokens,
            prompt=PIECE,
            batch=readers,
            precision="bf16",
            weights=weights,
            kv_precision=kept,
        )

    @cache
    def full(machine, tokens, weights="bf16", kept="bf16"):
        """As many of them as fit."""
        return talk(machine, tokens, talk(machine, tokens, 1, weights, kept).max_batch, weights, kept)

    FIRST = Lock(
        name="readers",
        question=f"With how many readers can an H100 talk at once, if each has a whole book of {BOOK:,} tokens in the "
        "conversation?",
        unit="readers",
        units={"reader": 1, "people": 1, "books": 1, "conversations": 1},
        reason_hint="a book takes …",
    )
    SECOND = Lock(
        name="pace",
        question=f"Readers whose conversations are {SAID:,} tokens long fill an H100 to the last byte. Alone on the machine, "
        f"one of them waits {talk('H100', SAID).itl.format()} for a token. How long does each wait now?",
        unit="ms",
        units={"s": 1000, "sec": 1000, "seconds": 1000, "msec": 1, "milliseconds": 1, "µs": 0.001, "us": 0.001},
        reason_hint="for a token the machine fetches …",
    )


@app.function
def gigabytes(size):
    """A size in memory as text."""
    return ms.format_quantity(size, "B", 3)


@app.function
def emptied(machine):
    """Time in which a machine reads all of its memory once, at the datasheet's rate."""
    return talk(machine, SAID).memory.capacity / talk(machine, SAID).decode.bandwidth


@app.function
def answers():
    """What the simulator says to the locked questions, in their units."""
    return {
        "readers": float(full("H100", BOOK).workload.batch),
        "pace": 1e3 * full("H100", SAID).itl.expected,
    }


@app.function
def assumptions():
    """What wrong assumptions lead to, for each locked question."""
    book, packed = talk("H100", BOOK), full("H100", SAID)
    memory, model = book.memory, ms.Models.Llama3_1_8B
    each, groups, readers = memory.kv_cache, model.heads // model.kv_heads, packed.workload.batch
    free, alone = memory.capacity - memory.weights, talk("H100", SAID).itl.expected
    return {
        "readers": (
            Assumption(
                free / (LETTERS * BOOK),
                f"You kept the text, some {LETTERS} bytes a token. The cache keeps {gigabytes(book.workload.kv_bytes)} for "
                f"each: {book.workload.kv_bytes / LETTERS:,.0f} times as much.",
            ),
            Assumption(
                memory.capacity // each,
                f"You counted {gigabytes(each)} a book and left the weights out: they take {gigabytes(memory.weights)} before "
                "the first reader comes.",
            ),
            Assumption(
                memory.capacity / memory.weights,
                "You gave every reader a model of their own. They share the weights; what nobody shares is the cache.",
            ),
            Assumption(
                max(1.0, free // (groups * each)),
                f"You kept keys and values for each of the {model.heads} heads. In this model {groups} heads share theirs, so "
                f"that a book takes {gigabytes(each)} and not {gigabytes(groups * each)}.",
            ),
        ),
        "pace": (
            Assumption(
                1e3 * alone,
                f"You let a pass take as long for {readers} readers as for one. They share the weights, but their caches, "
                f"{packed.memory.kv_cache / packed.memory.weights:.1f} times the weights, are fetched as well.",
            ),
            Assumption(
                1e3 * alone * readers,
                "You let them wait in line. One pass writes a token for each of them, and fetches the weights once.",
            ),
            Assumption(
                1e3 * packed.itl.lower,
                "You divided the memory by the datasheet’s bandwidth: the floor. Software reaches about "
                f"{packed.efficiency.bandwidth.expected:.0%} of it.",
            ),
        ),
    }


@app.cell
def plan():
    _memory = talk("H100", BOOK).memory
    lab = Tutorial(
        name="tutorials/tutorial_03_kv_cache",
        version="1",
        lede="A publisher lets people talk with a book, all of it at hand. "
        "She asks you how many readers one accelerator can serve at once.",
        briefing=(
            "To write a token, a model looks back at every token before it. So that these need not be worked out anew each "
            "time, the machine keeps for each of them, in every layer, two lists of numbers, a key and a value. That is the "
            "KV cache. It stays in memory for as long as the conversation goes on, beside the weights of the model.",
            f"The model is {MODEL_NAME} in 16 bits, the machine an H100 with {gigabytes(_memory.capacity)} of memory, of which "
            f"the weights fill {ms.format_quantity(_memory.weights, 'B', 2)}. A book of {BOOK:,} tokens is half a megabyte of "
            "text.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "What a conversation takes",
                "The weights are there once, whoever talks. Keys and values come with each reader and with each token. Set "
                "how much of a conversation is kept, add readers, and find the one who no longer fits.",
                (
                    Choice("machine", "Machine", MACHINES, "H100"),
                    Slider("tokens", "Kept for each reader, tokens", TOKENS, BOOK, lambda n: f"{n:,}"),
                    Slider("readers", "Readers at once", READERS, 1),
                ),
                hint="What does the second reader add, and what is there already?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["tokens"] for s in tried}) == 1,
                        "You kept the conversation’s length. Who of the readers will really use all of it?",
                    ),
                ),
            ),
            Part(
                "B",
                "A machine that is full",
                "The service now keeps what has been said and not the whole book: the cache grows in small pages as a "
                "conversation does. Here every machine is full, and the dashed line is what readers are promised: a token "
                f"every {1e3 * PROMISE:.0f} ms. Change what a reader takes, and watch two things: how many there are, and how "
                "long each of them waits.",
                (
                    Slider("tokens", "Kept for each reader, tokens", TOKENS, SAID, lambda n: f"{n:,}"),
                    Choice("weights", "Weights", tuple(WEIGHTS), "bf16", WEIGHTS.get),
                    Choice("kept", "Keys and values", tuple(KEPT), "bf16", KEPT.get),
                ),
                hint="Does a machine that is full care whose bytes they are?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 4 and len({s["tokens"] for s in tried}) == 1,
                        "You changed bits only. What becomes of the wait when every reader keeps eight times as many tokens?",
                    ),
                ),
            ),
        ),
        reflect="The publisher wants 100 readers on one machine. She could buy more memory, store the weights in 4 bits, store the "
        "cache in 8, or keep only what has been said. Which would you do first, and what will her readers notice? Name a "
        "number from above.",
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
    def _bar(talking, name):
        return charts.Stack(name, list(talking.memory.bytes.values()), gigabytes(talking.memory.total))

    _machine, _tokens, _readers = a.value["machine"], a.value["tokens"], a.value["readers"]
    _one, _all = talk(_machine, _tokens), talk(_machine, _tokens, _readers)
    lab.instrument(
        charts.memory(
            [_bar(_one, "one reader"), _bar(_all, "all of them")],
            PARTS,
            _one.memory.capacity,
            f"A conversation of {_tokens:,} tokens keeps {gigabytes(_one.memory.kv_cache)}, "
            f"{_one.memory.kv_cache / _one.memory.weights:.0%} of what the weights take. For {_readers:,} at once it comes to "
            f"{gigabytes(_all.memory.total)}; the dashed line is the {_machine}’s {gigabytes(_all.memory.capacity)}.",
        ),
        lab.code(f"""
            from mlsysim import Models, ServingModel

            m = Models.{MODEL}
            numbers = 2 * m.layers * m.kv_heads * m.head_dim
            print(f"{{2 * numbers:,}} bytes for a token")

            talk = ServingModel().solve(
                model=m,
                hardware="{_machine}",
                context={_tokens},
                prompt={PIECE},
                precision="bf16",
            )
            kept = talk.memory.kv_cache
            print(f"{{kept / 1e9:.2f}} GB for a reader")
            print("room for", talk.max_batch)
        """),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _all = talk(a.value["machine"], a.value["tokens"], a.value["readers"])
    mo.stop(_all.feasible)
    lab.failure("A", _all.reasons[0].sentence(), "memory")
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
    _book, _model, _says = talk("H100", BOOK), ms.Models.Llama3_1_8B, answers()["readers"]
    _memory, _other = _book.memory, talk("MI300X", BOOK)
    _deep = ms.ServingModel().solve(
        model="DeepSeek_V3", hardware="MI300X", context=BOOK, prompt=PIECE, precision="bf16"
    )
    _free = _memory.capacity - _memory.weights - _memory.activations
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.0f} readers",
                assumptions()["readers"],
                f"A book takes {gigabytes(_memory.kv_cache)} of the {gigabytes(_free)} that the weights leave.",
                "You counted what is kept, token by token, beside the weights.",
                (
                    f"2 × {_model.layers} layers × {_model.kv_heads} heads × {_model.head_dim} numbers × 2 B = "
                    f"{gigabytes(_book.workload.kv_bytes)}   a token’s keys and values",
                    f"{gigabytes(_book.workload.kv_bytes)} × {BOOK:,} tokens = {gigabytes(_memory.kv_cache)}   a book",
                    f"{gigabytes(_memory.capacity)} − {gigabytes(_memory.weights)} weights − {gigabytes(_memory.activations)} "
                    f"work space = {gigabytes(_free)}",
                    f"{gigabytes(_free)} / {gigabytes(_memory.kv_cache)} = {_free / _memory.kv_cache:.1f}, so {_says:.0f} readers",
                ),
            ),
            mo.Html(
                f'<p class="says">What a token takes is the architecture’s choice, and not a matter of size: DeepSeek-V3 has '
                f"{_deep.memory.weights / _memory.weights:.0f} times the weights and keeps "
                f"{_deep.workload.kv_bytes / _book.workload.kv_bytes:.0%} as much of each token.</p>"
                + lab.code(f"""
                    from mlsysim import ServingModel

                    names = {OTHERS}
                    for name in names:
                        book = ServingModel().solve(
                            model=name,
                            hardware="MI300X",
                            context={BOOK},
                            prompt={PIECE},
                            precision="bf16",
                        )
                        memory = book.memory
                        weights = memory.weights / 1e9
                        kept = memory.kv_cache / 1e9
                        print(f"{{name:12}} {{weights:5.0f}}, book {{kept:4.1f}} GB")
                """)
            ),
            lab.remember(
                f"One book in the cache is {gigabytes(_memory.kv_cache)}, the whole model {gigabytes(_memory.weights)}: an H100 "
                f"has room for {_says:.0f} readers, and an MI300X, with {_other.memory.capacity / _memory.capacity:.1f} times the "
                f"memory and the same weights to hold, for {_other.max_batch}."
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
    def _band(machine):
        packed = full(machine, **b.value)
        wait = packed.itl
        met = "keeps it" if wait.upper <= PROMISE else "may keep it" if wait.lower <= PROMISE else "breaks it"
        return charts.Band(f"{machine}, {packed.workload.batch:,} readers", wait.lower, wait.expected, wait.upper, met)

    _here, _other = full("H100", **b.value), full("MI300X", **b.value)
    _tokens, _weights, _kept = b.value["tokens"], b.value["weights"], b.value["kept"]
    lab.instrument(
        charts.against_limit(
            [_band(machine) for machine in MACHINES],
            PROMISE,
            f"{1e3 * PROMISE:.0f} ms",
            charts.Axis("time until the next token", "s"),
            f"With {_tokens:,} tokens each, {_here.workload.batch:,} readers fill an H100 and wait {_here.itl.format()} for a "
            f"token; {_other.workload.batch:,} fill an MI300X and wait {_other.itl.format()}. Of what the H100 fetches for it, "
            f"{_here.decode.bytes['kv_cache'] / _here.decode.traffic:.0%} is cache.",
        ),
        lab.code(f"""
            from mlsysim import ServingModel

            talk = dict(
                model="{MODEL}",
                hardware="H100",
                context={_tokens},
                prompt={PIECE},
                precision="bf16",
                weights="{_weights}",
                kv_precision="{_kept}",
            )
            serving = ServingModel()
            most = serving.solve(**talk).max_batch
            full = serving.solve(**talk, batch=most)
            print(most, "readers")
            print(full.itl.format(), "for a token")
            print(" ", full.itl.format_range())
            print("  waits for", full.decode.bound_by)
        """),
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
def reveal_b(done_b, lab, second):
    mo.stop(not done_b.value)
    _says, _packed, _long = answers()["pace"], full("H100", SAID), full("H100", LONG)
    _small = full("H100", SAID, weights="int4")
    _sweeps = [f"{machine} {ms.format_quantity(emptied(machine), 's', 2)}" for machine in MACHINES]
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                _packed.itl.format(),
                assumptions()["pace"],
                f"For one token each, all of {gigabytes(_packed.decode.traffic)} is fetched: the weights once, every cache once.",
                "You fetched everything that is in memory, once, at the rate that software reaches.",
                (
                    f"{_packed.workload.batch} readers × {gigabytes(_packed.memory.kv_cache / _packed.workload.batch)} of cache "
                    f"+ {gigabytes(_packed.decode.bytes['weights'])} of weights = {gigabytes(_packed.decode.traffic)}",
                    *_packed.equation().splitlines(),
                ),
            ),
            lab.remember(
                f"An H100 full with {_packed.workload.batch} readers of {SAID:,} tokens takes {_packed.itl.format()} for a token, "
                f"and full with {_long.workload.batch} of {LONG:,} {_long.itl.format()}: all of its memory passes by, whoever’s it "
                f"is. Weights in 4 bits make room for {_small.workload.batch}, who wait no less: {_small.itl.format()}."
            ),
            lab.further(
                "Done early? Which of these machines is slowest when it is full, and would more memory make it quicker?",
                f"Full, a machine fetches its whole memory for each token. At the datasheets’ rates that takes {', '.join(_sweeps)}. "
                "More memory at the same bandwidth means more readers, and each of them waits longer.",
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
