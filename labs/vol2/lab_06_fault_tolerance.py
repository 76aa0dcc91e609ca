import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="When is failure the normal case?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import FLEET_TERMS, Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.physics.reliability import spares_suffice
    from mlsysim.simulation.interruptions import simulate_run
    from mlsysim.software import optimizer_bytes
    from mlsysim.solvers.reliability import duration

    MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86_400.0, 365.25 * 86_400.0
    SERVER = 8
    SQUARES, COLUMNS = 256, 32
    GPUS = (8, 64, 256, 1024, 2048, 4096, 5120, 6144, 8192, 16_384, 32_768, 65_536, 131_072)
    COUNTS = {"llama-3": "H100s, as in Llama 3’s run", "rsc-1": "A100s, as in the cluster RSC-1"}
    PERIODS = {"an hour": HOUR, "8 hours": 8 * HOUR, "a day": DAY, "a week": 7 * DAY}
    FLEET = 16_384
    RESTART = 10 * MINUTE
    WRITES = (10, 30, 60, 120, 300)
    SLOW = 120
    MINUTES = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 480)
    SENSOR = {"gpus": 1, "gpu_mtbf": "60 s", "write": "50 ms", "restart": "200 ms"}
    MODEL = "Llama3_1_405B"
    OFFERS = {"H100s": ("H100", 16_384), "MI300Xs": ("MI300X", 12_288)}
    RATES = (25, 50, 100, 200)
    NOTICED = {600: "10 min, by timeout", 180: "3 min", 30: "30 s, by heartbeat"}
    START = 2 * MINUTE
    REPAIR, SURE = "24 h", 0.99
    SPARES = (0, 4, 8, 12, 16, 24, 32, 64, 128)
    # Weights in 16 bits, and what Adam keeps of each parameter.
    CHECKPOINT = (2 + optimizer_bytes("adam").value) * getattr(ms.Models, MODEL).parameters
    BUDGET, GOAL = 500e12, 0.9
    SPENT = {
        "work": "var(--lab-arithmetic)",
        "writing": "var(--lab-bytes)",
        "restarting": "var(--lab-overhead)",
        "lost work": "var(--lab-violet)",
        "standing by": "var(--lab-teal)",
    }

    @cache
    def fleet(gpus, write=SLOW, minutes=None, count="llama-3"):
        """The simulator's answer for a fleet; without an interval, the best one is taken."""
        return ms.ReliabilityModel().solve(
            gpus=gpus,
            write=write,
            restart=RESTART,
            interval="daly" if minutes is None else minutes * MINUTE,
            failures=count,
        )

    ONE = fleet(1).mtbf.expected

    VARIANTS = {
        "gpus": Varied((4096, 5120, 6144), "{:,}".format),
        "write": Varied((120, 60), {120: "two minutes", 60: "one minute"}.get),
        "faster": Varied((4, 16), {4: "four", 16: "sixteen"}.get),
    }
    FIRST = Lock(
        name="quiet",
        question=f"A GPU, with its part of a server, of cables and of software, is interrupted once in {ONE / YEAR:.1f} years. "
        "{gpus} of them train as one for eight hours of a night. How likely, in per cent, is a night without interruption?",
        unit="%",
        units={"percent": 1, "per cent": 1},
        reason_hint="in one night, a single GPU …",
    )
    SECOND = Lock(
        name="interval",
        question=f"{FLEET:,} GPUs stop for {{write}} to save a checkpoint, and each interruption takes them back to the last one. "
        "After how many minutes of work should they save, so that least is lost?",
        unit="min",
        units={"minutes": 1, "minute": 1, "h": 60, "hours": 60, "s": 1 / 60, "seconds": 1 / 60},
        reason_hint="saving costs …, not saving costs …",
    )
    THIRD = Lock(
        name="left",
        question=f"{FLEET:,} GPUs, checkpoints of two minutes at the best interval. The storage becomes {{faster}} times as fast, "
        "the interval is chosen anew, and all else stays. Of the time that was lost, what percentage still is?",
        unit="%",
        units={"percent": 1, "per cent": 1},
        reason_hint="of the three ways to lose time …",
    )

    @cache
    def run(offer, rate, noticed, minutes):
        """The simulator's answer for a design of part C, spares apart."""
        stored = rate * 1e9
        return ms.ReliabilityModel().solve(
            gpus=OFFERS[offer][1],
            checkpoint=CHECKPOINT,
            storage=stored,
            restart=noticed + START + CHECKPOINT / stored,
            interval=minutes * MINUTE,
        )


@app.function
def percent(share):
    """A share as a percentage."""
    return f"{100 * share:#.3g}".rstrip(".") + "%"


@app.function
def course(gpus, count, period, draw):
    """Which squares of the map are interrupted in one draw of chance, how many squares there are, and interruptions."""
    servers = -(-gpus // SERVER)
    squares = min(servers, SQUARES)
    mtbf = fleet(gpus, 1, 1, count).mtbf.expected
    drawn = simulate_run(mtbf, PERIODS[period], 1.0, 1.0, PERIODS[period], squares, draw)
    hit = [each.failed for each in drawn if each.failed >= 0 and each.end <= PERIODS[period]]
    return set(hit), squares, len(hit)


@app.function
def mean(gpus, count):
    """Reading: mean time between interruptions of a fleet."""
    found = fleet(gpus, 1, 1, count)
    one = fleet(1, 1, 1, count).mtbf.expected
    exact = found.mtbf.lower == found.mtbf.upper
    return Reading(
        value=found.mtbf.expected,
        unit="s",
        text=found.mtbf.format(3),
        name="between interruptions (MTBF)",
        label=f"{gpus:,} {COUNTS[count]}",
        range_text="" if exact else found.mtbf.format_range(),
        bound_by="reliability",
        equation=(
            f"M_1 = {one / YEAR:.2f} years   mean time between interruptions of one GPU, as counted",
            f"M = M_1 / N = {one / HOUR:,.0f} h / {gpus:,} = {found.mtbf.format(3)}",
        ),
    )


@app.function
def quiet(gpus, count, period):
    """Reading: probability that a fleet is not interrupted within a period."""
    found = fleet(gpus, 1, 1, count)
    chance = found.undisturbed(PERIODS[period])
    exact = chance.lower == chance.upper
    return Reading(
        value=chance.expected,
        unit="1",
        text=percent(chance.expected),
        name=f"chance of {period} without interruption",
        label=f"{gpus:,} {COUNTS[count]}",
        range_text="" if exact else f"between {percent(chance.lower)} and {percent(chance.upper)}",
        equation=(
            f"P = exp(−t/M)   t = {PERIODS[period] / HOUR:.0f} h, M = {found.mtbf.format(3)} between interruptions",
            f"  = exp(−{PERIODS[period] / found.mtbf.expected:.3g}) = {percent(chance.expected)}",
        ),
    )


@app.function
def spent_lines(found):
    """Where a fleet's time goes, a line each."""
    return [f"{percent(share):>6}  {name}" for name, share in found.shares.items()]


@app.function
def goodput(gpus, write, minutes):
    """Reading: share of the time that moves the work forward."""
    found = fleet(gpus, write, minutes)
    return Reading(
        value=found.goodput.expected,
        unit="1",
        text=percent(found.goodput.expected),
        name="of the time is work that lasts (goodput)",
        label=f"{gpus:,} GPUs, saving in {write} s after {minutes} min",
        range_text=f"between {percent(found.goodput.lower)} and {percent(found.goodput.upper)}",
        bound_by=f"reliability: {found.bound_by}",
        equation=(
            "g = τ exp(−R/M) / (M (exp((τ + δ)/M) − 1))",
            f"τ = {minutes} min of work, δ = {write} s of writing, R = {RESTART / MINUTE:.0f} min to restart, "
            f"M = {found.mtbf.format(3)}",
            *spent_lines(found),
        ),
    )


@app.function
def best(gpus, write):
    """Reading: interval between checkpoints at which least is lost."""
    found = fleet(gpus, write)
    return Reading(
        value=found.interval,
        unit="s",
        text=duration(found.interval),
        name="of work between checkpoints loses least",
        label=f"{gpus:,} GPUs, saving in {write} s: goodput {percent(found.goodput.expected)}",
        equation=(
            f"Young: τ = √(2 δ M) = √(2 × {write} s × {found.mtbf.expected:,.0f} s) = {found.young / MINUTE:.1f} min",
            f"Daly, to higher order: {found.daly / MINUTE:.1f} min",
            *spent_lines(found),
        ),
    )


@app.function
def paid_share(offer, rate, noticed, minutes, spares):
    """Of the GPU hours paid for, spares included, the share that is work that lasts."""
    servers = OFFERS[offer][1] // SERVER
    return run(offer, rate, noticed, minutes).goodput.scaled(servers / (servers + spares), "1")


@app.function
def written(offer, rate, noticed, minutes):
    """Bytes written in a day."""
    return run(offer, rate, noticed, minutes).saves("24 h") * CHECKPOINT


@app.function
def needed(offer):
    """Spare servers that are enough with the confidence asked for."""
    return run(offer, 100, 180, 30).spares(repair=REPAIR, confidence=SURE, gpus_per_node=SERVER)


@app.function
def most():
    """The largest share that a design of part C reaches within its limits, and its fleet: the storage at its fastest, a
    failure noticed at its soonest, no more spares than needed."""
    enough = {offer: min(n for n in SPARES if n >= needed(offer)) for offer in OFFERS}
    designs = [(offer, RATES[-1], min(NOTICED), minutes, enough[offer]) for offer in OFFERS for minutes in MINUTES]
    return max((paid_share(*design).expected, design[0]) for design in designs if not broken(*design))


@app.function
def design_label(offer, rate, noticed, minutes, spares):
    """A design of part C in few words."""
    return f"{OFFERS[offer][1]:,} {offer}, {rate} GB/s, noticed in {duration(noticed)}, {minutes} min, {spares} spares"


@app.function
def paid(offer, rate, noticed, minutes, spares):
    """Reading: of the GPU hours paid for, the share that is work that lasts."""
    found, share = run(offer, rate, noticed, minutes), paid_share(offer, rate, noticed, minutes, spares)
    servers = OFFERS[offer][1] // SERVER
    return Reading(
        value=share.expected,
        unit="1",
        text=f"{share.expected:.1%}",
        name="of the hours paid for is work that lasts",
        label=design_label(offer, rate, noticed, minutes, spares),
        range_text=f"between {share.lower:.1%} and {share.upper:.1%}",
        bound_by=f"reliability: {found.bound_by}",
        equation=(
            f"δ = {ms.format_quantity(CHECKPOINT, 'B', 3)} / {rate} GB/s = {found.write:.0f} s",
            f"R = {duration(noticed)} to notice + {START / MINUTE:.0f} min to start + {found.write:.0f} s to read = {found.restart:.0f} s",
            *spent_lines(found),
            f"g × {servers:,} / ({servers:,} + {spares}) servers = {share.expected:.1%}",
        ),
    )


@app.function
def volume(offer, rate, noticed, minutes, spares):
    """Reading: bytes that checkpoints write in a day; the spares have no part in it."""
    found = run(offer, rate, noticed, minutes)
    total = written(offer, rate, noticed, minutes)
    return Reading(
        value=total,
        unit="B",
        text=f"{total / 1e12:,.0f} TB",
        name="written in a day",
        label=design_label(offer, rate, noticed, minutes, spares),
        equation=(
            f"{found.saves('24 h'):.1f} checkpoints × {ms.format_quantity(CHECKPOINT, 'B', 3)} = {total / 1e12:,.0f} TB",
        ),
    )


@app.function
def remains(faster):
    """Of the time lost at the best interval, the share still lost with faster storage at its best interval."""
    before, after = (1 - fleet(FLEET, write).goodput.expected for write in (SLOW, SLOW / faster))
    return after / before


@app.function
def answers(gpus=4096, write=120, faster=4):
    """What the simulator says to the three locked questions, in their units."""
    return {
        "quiet": 100 * fleet(gpus).undisturbed("8 h").expected,
        "interval": fleet(FLEET, write).interval / MINUTE,
        "left": 100 * remains(faster),
    }


@app.function
def assumptions(gpus=4096, write=120, faster=4):
    """What wrong assumptions lead to, for each locked question."""
    mtbf, failing = fleet(gpus).mtbf, fleet(FLEET, write).mtbf.expected
    return {
        "quiet": (
            Assumption(
                100 * fleet(1).undisturbed("8 h").expected,
                f"You looked at one GPU, or took the mean for a promise: the fleet is interrupted every {mtbf.format(3)}, but "
                "as likely early as late.",
            ),
            Assumption(
                100 * (1 - 8 * HOUR / mtbf.expected),
                "You added up chances. Some nights have two interruptions or three, so that more have none.",
            ),
        ),
        "interval": (
            Assumption(
                write / MINUTE,
                "You kept little work at risk and wrote all the time: half of it would be saving.",
            ),
            Assumption(
                (failing * write) ** 0.5 / MINUTE,
                "You let an interruption undo a whole interval. On average it comes in the middle of one.",
            ),
            Assumption(
                failing / 2 / MINUTE,
                "You saved twice between two interruptions. Each then undoes hours, to save minutes of writing.",
            ),
            Assumption(
                failing / MINUTE,
                "You saved as often as something fails: most of what is done is undone.",
            ),
        ),
        "left": (
            Assumption(
                100 / faster,
                "You divided all that is lost. Writing shrinks with the storage, but interruptions still undo work, and "
                "each still takes its restart.",
            ),
            Assumption(
                100 / faster**0.5,
                "You took the root for all of it: right for writing and lost work together. What restarting takes stays.",
            ),
            Assumption(100.0, "You expected nothing. Quicker checkpoints can come more often, and less is undone."),
        ),
    }


@app.function
def broken(offer, rate, noticed, minutes, spares):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    found, total = run(offer, rate, noticed, minutes), written(offer, rate, noticed, minutes)
    failures = [("reliability", reason.sentence()) for reason in found.reasons]
    if total > BUDGET:
        enough = next(each for each in MINUTES if written(offer, rate, noticed, each) <= BUDGET)
        failures.append(
            (
                "storage",
                f"Too much written. A checkpoint after every {minutes} min writes {total / 1e12:,.0f} TB in a day; the budget is "
                f"{BUDGET / 1e12:.0f} TB. Storage bandwidth binds (wall 10). One after {enough} min would keep it.",
            )
        )
    if spares < needed(offer):
        failures.append(
            (
                "spares",
                f"Too few spares. {found.in_repair(REPAIR):.1f} servers are in repair on average, for a day each; {spares} spares "
                f"are enough {percent(spares_suffice(found.in_repair(REPAIR), spares))} of the time, {SURE:.0%} are asked for, and "
                f"otherwise the run waits for a repair. Reliability binds (wall 16). {needed(offer)} spares would do.",
            )
        )
    return failures


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] in ("paid", "volume")
    ]
    return {
        f"{size:,} {offer}: {GOAL:.0%} of the hours paid for, within the storage budget, with enough spares": any(
            each["offer"] == offer and not broken(**each) and paid_share(**each).expected >= GOAL for each in asked
        )
        for offer, (_, size) in OFFERS.items()
    }


@app.cell
def plan():
    _peaks = [getattr(ms.Hardware.Cloud, name).rate("bf16") * size / 1e18 for name, size in OFFERS.values()]
    lab = Lab(
        name="vol2/lab_06_fault_tolerance",
        version="1",
        lede="Ravi Menon has promised parliament a language model by the first of June. He divided its operations by the "
        "speed of the machines and left not one day to spare. On the first night the run stood still twice. He asks you what "
        "he forgot.",
        briefing=(
            "Training in step means that all GPUs wait for the last one: when one stops, all do. Failures of one part do not "
            "know of those of another, and no part tires with time; each hour is as dangerous as the one before.",
            "How often a GPU is interrupted has been counted: when Llama 3 was trained, every unexpected interruption was "
            "written down with its cause. A run goes on from its last checkpoint, a copy of everything it has learnt.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Many that hardly ever fail",
                "The map is the fleet; for large fleets a square is several servers of eight GPUs. It shows one course of chance "
                "over the time you choose. Draw others, and let the fleet grow: from which size on would you notice, and "
                "from which on would you plan for it?",
                (
                    Slider("gpus", "GPUs", GPUS, 1024, lambda count: f"{count:,}"),
                    Choice("period", "Watched for", tuple(PERIODS), "a day"),
                    Choice("count", "Interrupted like", tuple(COUNTS), "llama-3", COUNTS.get),
                    Slider("draw", "Draw", tuple(range(1, 9)), 1),
                ),
                hint="Twice the GPUs, half the time between interruptions. And the chance of none at all: is it halved?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["draw"] for s in tried}) == 1,
                        "You looked at one course of chance. What does another draw leave the same?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and max(s["gpus"] for s in tried) < 4096,
                        "Your fleets are small ones. How large is one that trains the largest models?",
                    ),
                ),
            ),
            Part(
                "B",
                "How often to save",
                "A checkpoint stops the work while it is written. An interruption undoes what came after the last one, and "
                f"then it takes {RESTART / MINUTE:.0f} minutes to notice, restart and go on. The strip is one course of chance; the "
                "curves are what comes out in the long run.",
                (
                    Slider(
                        "gpus",
                        "GPUs",
                        (1024, 2048, 4096, 8192, 16_384, 32_768, 65_536),
                        4096,
                        lambda count: f"{count:,}",
                    ),
                    Slider("write", "A checkpoint takes", WRITES, 60, "{} s".format),
                    Slider("minutes", "Saved after", MINUTES, 240, "{} min".format),
                ),
                hint="Two costs move against each other. Where are they about equal, and how flat is it around there?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["minutes"] for s in tried}) == 1,
                        "You kept the interval. Which colour of the strip would more frequent checkpoints shorten?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 8 and len({s["write"] for s in tried}) == 1,
                        "You kept the time a checkpoint takes. Does a quicker one move the best interval, or only the cost?",
                    ),
                ),
            ),
            Part(
                "C",
                "Nine hours in ten",
                f"{getattr(ms.Models, MODEL).name}; a checkpoint is {ms.format_quantity(CHECKPOINT, 'B', 3)}. Ravi can have "
                f"{OFFERS['H100s'][1]:,} H100s or {OFFERS['MI300Xs'][1]:,} MI300Xs, {_peaks[0]:.1f} and {_peaks[1]:.1f} EFLOP/s "
                "at peak in BF16. Nobody has published a count of interruptions of MI300Xs; take Llama 3’s for both. What fails must be "
                f"noticed, a spare server takes its place while it is repaired for a day, the run starts in {START / MINUTE:.0f} "
                f"minutes and reads its checkpoint back. The storage may wear by {BUDGET / 1e12:.0f} TB of writing a day. Of the "
                f"hours paid for, spares included, {GOAL:.0%} have to be work that lasts.",
                (
                    Choice("offer", "Fleet", tuple(OFFERS), "H100s"),
                    Choice("rate", "Storage writes", RATES, 50, "{} GB/s".format),
                    Choice("noticed", "A failure is noticed after", tuple(NOTICED), 600, NOTICED.get),
                    Slider("minutes", "Saved after", MINUTES, 60, "{} min".format),
                    Slider("spares", "Spare servers", SPARES, 16),
                ),
                hint="Four things take time away: writing, lost work, restarting, standing by. Which control moves which?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["noticed"] for s in tried}) == 1,
                        "You left it to the timeout. How much of the time does the fleet stand still before anybody knows why?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["offer"] for s in tried}) == 1,
                        "You looked at one fleet. What does it change that the other one has fewer parts?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["rate"] for s in tried}) == 1,
                        "You kept the storage’s speed. What does a checkpoint of twice the speed do to the best interval?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Ravi Menon what he forgot and how the run should save, restart and be insured: how "
        "much of the time is work that lasts, which loss binds, how sure you are of it, and what he gives up. Use your readings.",
        readings=(mean, quiet, goodput, best, paid, volume),
        variants=VARIANTS,
        terms=FLEET_TERMS,
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
    _gpus, _count, _period = a.value["gpus"], a.value["count"], a.value["period"]
    _hit, _squares, _times = course(_gpus, _count, _period, a.value["draw"])
    _each = max(1, _gpus // SERVER // _squares)
    _found = fleet(_gpus, 1, 1, _count)
    _expected = PERIODS[_period] / _found.mtbf.expected
    _states = ["interrupted" if place in _hit else "undisturbed" for place in range(_squares)]
    lab.instrument(
        charts.fleet_map(
            _states,
            {"undisturbed": "var(--lab-muted)", "interrupted": "var(--lab-bad)"},
            min(COLUMNS, _squares),
            f"{_gpus:,} GPUs over {_period}, draw {a.value['draw']}: {_times} interruption{'s' * (_times != 1)}, where "
            f"{_expected:,.{0 if _expected >= 10 else 2}f} are expected. Each stops all of them. A square is "
            f"{_each} server{'s' * (_each > 1)}.",
            "squares",
        ),
        charts.curves(
            [
                charts.Curve(COUNTS[count], [(n, fleet(n, 1, 1, count).mtbf.expected / HOUR) for n in GPUS])
                for count in COUNTS
            ],
            charts.Axis("GPUs", log=True),
            charts.Axis("hours between interruptions", log=True),
            f"{_gpus:,} GPUs are interrupted every {_found.mtbf.format(3)}, one GPU every "
            f"{fleet(1, 1, 1, _count).mtbf.expected / YEAR:.1f} years.",
            here=_gpus,
        ),
        lab.reading(mean, gpus=_gpus, count=_count),
        lab.reading(quiet, gpus=_gpus, count=_count, period=_period),
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
def reveal_a(done_a, first, given, lab):
    mo.stop(not done_a.value)
    _gpus = given["gpus"]
    _read = quiet(_gpus, "llama-3", "8 hours")
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                answers(**given)["quiet"],
                _read.text,
                assumptions(**given)["quiet"],
                "Divide the years by the number of GPUs; then ask how likely nothing is, not how much is expected.",
                "You multiplied the chances of all of them.",
                (*mean(_gpus, "llama-3").equation, *_read.equation),
            ),
            lab.remember(
                f"A GPU is interrupted once in {ONE / YEAR:.1f} years, {_gpus:,} of them every "
                f"{fleet(_gpus).mtbf.format(3)}: {_read.text} of the nights are quiet. {FLEET:,} are interrupted every "
                f"{fleet(FLEET).mtbf.format(3)}, and {quiet(FLEET, 'llama-3', '8 hours').text} of their nights are."
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
    _gpus, _write, _minutes = b.value["gpus"], b.value["write"], b.value["minutes"]
    _found, _best = fleet(_gpus, _write, _minutes), fleet(_gpus, _write)
    _each = _minutes * MINUTE + _write
    _until = min(12 * HOUR, 60 * _each)
    _strip = simulate_run(_found.mtbf.expected, _minutes * MINUTE, _write, RESTART, _until, seed=4)
    _all = [fleet(_gpus, _write, minutes) for minutes in MINUTES]

    def _line(name):
        return charts.Curve(name, [(m, each.shares[name]) for m, each in zip(MINUTES, _all, strict=True)], SPENT[name])

    lab.instrument(
        charts.timeline(
            [
                charts.Span("the fleet", each.kind, each.start, min(each.end, _until))
                for each in _strip
                if each.start < _until
            ],
            f"One course of {duration(_until)}. Interruptions: {sum(each.failed >= 0 and each.end <= _until for each in _strip)}; "
            f"checkpoints: {sum(each.kind == 'writing' and each.end <= _until for each in _strip)}.",
            colours={kind: colour for kind, colour in SPENT.items() if kind != "standing by"},
        ),
        charts.u_curve(
            [_line("writing"), _line("lost work"), _line("restarting")],
            charts.Curve(
                "lost in all", [(m, 1 - each.goodput.expected) for m, each in zip(MINUTES, _all, strict=True)]
            ),
            charts.Axis("minutes of work between two checkpoints", log=True),
            charts.Axis("share of the time"),
            f"{_gpus:,} GPUs that save in {_write} s after {_minutes} min lose {percent(1 - _found.goodput.expected)} of the time, "
            f"the work of {_gpus * (1 - _found.goodput.expected):,.0f} of them.",
            here=_minutes,
            best=_best.interval / MINUTE,
        ),
        lab.reading(goodput, gpus=_gpus, write=_write, minutes=_minutes),
        lab.reading(best, gpus=_gpus, write=_write),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _found = fleet(b.value["gpus"], b.value["write"], b.value["minutes"])
    mo.stop(_found.feasible)
    lab.failure("B", _found.reasons[0].sentence(), "reliability")
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
    _write = given["write"]
    _found = fleet(FLEET, _write)
    _lost = 1 - _found.goodput.expected
    _near = [m for m in MINUTES if 1 - fleet(FLEET, _write, m).goodput.expected < _lost + 0.02]
    _sensor = ms.ReliabilityModel().solve(**SENSOR)
    _shown = [
        ("a sensor on a solar cell", _sensor.interval),
        *((f"{n:,} GPUs", fleet(n, _write).interval) for n in (131_072, FLEET, 1024, 8)),
    ]
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                answers(**given)["interval"],
                duration(_found.interval),
                assumptions(**given)["interval"],
                "Saving costs its time once an interval; not saving costs half an interval at each interruption. Where are the "
                "two equal?",
                "You set what saving costs against what it saves.",
                best(FLEET, _write).equation,
            ),
            lab.remember(
                f"{FLEET:,} GPUs that save in {_write} s do best with a checkpoint after {duration(_found.interval)}, and still lose "
                f"{percent(_lost)} of the time: {FLEET * _lost:,.0f} GPUs that work for nothing. Anything from {_near[0]} to "
                f"{_near[-1]} minutes costs at most 2 points more."
            ),
            mo.Html(
                charts.magnitudes(
                    [charts.Item(name, each, duration(each)) for name, each in _shown],
                    "work between two checkpoints, s",
                    f"The same root, over {_shown[-1][1] / _sensor.interval:,.0f} to one: a sensor whose power fails every "
                    f"{duration(_sensor.mtbf.expected)} and that saves its memory in {1e3 * _sensor.write:.0f} ms should do so after "
                    f"{duration(_sensor.interval)}.",
                )
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
    _offer, _spares, _minutes = _design["offer"], _design["spares"], _design["minutes"]
    _spent = {name: _design[name] for name in ("rate", "noticed", "minutes")}
    _found, _share = run(_offer, **_spent), paid_share(**_design)
    _away = round(_found.in_repair(REPAIR))
    _states = ["stands in for a server in repair"] * min(_away, _spares) + ["waits for the next"] * (_spares - _away)
    _states += ["missing"] * (_away - _spares)

    def _bar(offer):
        servers = OFFERS[offer][1] // SERVER
        own = servers / (servers + _spares)
        shares = run(offer, **_spent).shares | {"standing by": (1 - own) / own}
        paid = paid_share(**{**_design, "offer": offer})
        return charts.Stack(
            f"{offer}{', yours' * (offer == _offer)}",
            [shares[name] * own for name in SPENT],
            f"{paid.expected:.1%} work",
        )

    _at = [run(_offer, _design["rate"], _design["noticed"], minutes) for minutes in MINUTES]
    _lines = [
        charts.Curve(name, [(m, each.shares[name]) for m, each in zip(MINUTES, _at, strict=True)], SPENT[name])
        for name in ("writing", "lost work", "restarting")
    ]
    lab.instrument(
        charts.stacked(
            [_bar(offer) for offer in OFFERS],
            SPENT,
            charts.Axis("share of the hours paid for"),
            f"{design_label(**_design)}: {_share.expected:.1%} of the hours paid for is work that lasts; "
            f"{GOAL:.0%} is asked for. The dashed line is at {GOAL:.0%}.",
            limit=GOAL,
        ),
        charts.u_curve(
            _lines,
            charts.Curve("lost in all", [(m, 1 - each.goodput.expected) for m, each in zip(MINUTES, _at, strict=True)]),
            charts.Axis("minutes of work between two checkpoints", log=True),
            charts.Axis("share of the time"),
            f"A checkpoint takes {_found.write:.0f} s, a restart {duration(_found.restart)}. Least is lost after "
            f"{duration(_found.daly)}; yours, after {_minutes} min, writes {written(_offer, **_spent) / 1e12:,.0f} TB a day.",
            here=_minutes,
            best=_found.daly / MINUTE,
        ),
        charts.fleet_map(
            _states or ["missing"],
            {
                "stands in for a server in repair": "var(--lab-arithmetic)",
                "missing": "var(--lab-bad)",
                "waits for the next": "var(--lab-muted)",
            },
            COLUMNS,
            f"The spare servers on an average day: {_found.in_repair(REPAIR):.1f} are in repair, {_spares} stand by.",
            "servers",
        ),
        lab.reading(paid, **_design),
        lab.reading(volume, **_design),
        lab.probe("C", c),
    )
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
    _says, _faster = answers(**given)["left"], given["faster"]
    _before, _after = fleet(FLEET), fleet(FLEET, SLOW / _faster)
    _most = most()
    _quick = run(_most[1], RATES[-1], min(NOTICED), 30)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.0f}%",
                assumptions(**given)["left"],
                "Write down what is lost to writing, to lost work and to restarting, before and after.",
                "You saw which losses follow the storage, and how.",
                (
                    *(
                        f"δ = {each.write:.3g} s, τ = {each.interval / MINUTE:.1f} min: "
                        + ", ".join(f"{percent(share)} {name}" for name, share in list(each.shares.items())[1:])
                        for each in (_before, _after)
                    ),
                    f"{percent(1 - _after.goodput.expected)} / {percent(1 - _before.goodput.expected)} = {_says:.0f}%",
                ),
            ),
            lab.remember(
                f"Storage {_faster} times as fast leaves {_says:.0f}% of the loss: writing and lost work shrink with the root, to "
                f"{percent(_after.shares['writing'] + _after.shares['lost work'])} of the time, and restarting keeps its "
                f"{percent(_after.shares['restarting'])}. {needed('H100s')} spare servers of {FLEET // SERVER:,} keep an "
                "interruption at minutes; without them it lasts a day."
            ),
            lab.further(
                "Done early? Lose half of what your best design loses.",
                f"The best of these designs keeps {_most[0]:.1%}. With a checkpoint that took no time at all, restarting after "
                f"{duration(_quick.restart)} would still take {percent(_quick.shares['restarting'])} of it and the spares "
                f"{percent(needed(_most[1]) / (OFFERS[_most[1]][1] // SERVER + needed(_most[1])))}: what is left is between parts that "
                "fail less and runs that need fewer of them.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def carry_c(c, done_c, lab):
    mo.stop(not done_c.value or broken(**c.value) or paid_share(**c.value).expected < GOAL)
    _minutes, _spares = c.value["minutes"], c.value["spares"]
    _share = round(_spares / (OFFERS[c.value["offer"]][1] // SERVER), 4)
    mo.vstack(
        [
            mo.Html(
                f'<p class="small">This design holds what was asked. Later labs go on from it: a checkpoint every {_minutes} min, '
                f"{percent(_share)} spare servers.</p>"
            ),
            lab.carry(checkpoint_minutes=_minutes, spare_share=_share),
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
