import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="How wide is the field?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache
    from math import log10

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.physics.roofline import attainable_rate
    from mlsysim.physics.tiny import battery_life
    from mlsysim.precision import BYTES
    from mlsysim.registry import constants
    from mlsysim.walls import WALLS

    CELL = constants("runtimes")["cr2032"].value
    FAMILIES = (ms.Hardware.Tiny, ms.Hardware.Edge, ms.Hardware.Mobile, ms.Hardware.Cloud)
    NODES = {name: getattr(family, name) for family in FAMILIES for name in dir(family) if name[0] != "_"}

    def fastest(machine):
        """A machine's quickest arithmetic in eight bits or more: the format's name and operations a second."""
        peak = NODES[machine].peak
        name = max((each for each in peak if BYTES[each] >= 1), key=lambda each: (peak[each], each == "int8"))
        return name, peak[name]

    def power(machine):
        """Power of a machine at work, in watts: as measured while computing, or as rated; None where nobody says."""
        node = NODES[machine]
        return node.tdp if node.active_power is None else node.active_power

    REGISTRY = tuple(sorted(NODES, key=lambda machine: fastest(machine)[1]))
    SHOWN = ("nRF52840", "STM32L4R5", "ESP32S3", "EdgeTPU", "JetsonOrinNano", "A100", "H100", "MI300X")
    PLACES = ("nRF52840", "ESP32S3", "EdgeTPU", "JetsonOrinNano", "L4", "H100", "MI300X", "B200")
    QUANTITIES = {
        "arithmetic": ("peak arithmetic, 8-bit integers", "FLOP/s", lambda machine: NODES[machine].peak["int8"]),
        "bandwidth": ("memory bandwidth", "B/s", lambda machine: NODES[machine].memory_bandwidth),
        "memory": ("memory", "B", lambda machine: NODES[machine].memory),
        "power": ("power at work", "W", power),
    }
    # A job: what it is, its model, the time it has [s], the power its place can give [W], and where that is.
    JOBS = {
        "wake word": ("hearing a word", "DS_CNN", 0.200, 0.005, "a hearing aid"),
        "camera": ("seeing a person in a frame", "MobileNetV1_025", 1 / 30, 25.0, "a network cable"),
        "chat": ("writing a token", "Llama3_70B", 0.050, 1000.0, "a place in the rack"),
    }
    EVERY = {"wake word": 1.0, "camera": 1 / 30}
    VARIANTS = {
        "machine": Varied(("H100", "MI300X", "A100")),
        "small": Varied(
            ("nRF52840", "STM32L4R5"),
            lambda name: f"{name} ({NODES[name].clock / 1e6:.0f} MHz Cortex-M4F)",
        ),
    }
    FACTOR = {"x": 1, "X": 1, "times": 1, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "M": 1e6}
    FIRST = Lock(
        name="peak",
        question="The {machine} is a large chip: models that chat run on such. The {small} is a small one, of the kind that "
        "fits a hearing aid. At their best, how many additions and multiplications of 8-bit integers does the large one do "
        "while the small one does one?",
        unit="×",
        units=FACTOR,
        reason_hint="a guess is welcome; I compared …",
    )
    SECOND = Lock(
        name="bandwidth",
        question="The same two chips, {machine} and {small}. Bandwidth says how many bytes a second come out of the memory. "
        "How many times as much of it has the large one?",
        unit="×",
        units=FACTOR,
        reason_hint="beside the arithmetic, memory …",
    )
    THIRD = Lock(
        name="cell",
        question=f"A coin cell, as it is in a watch, holds {ms.format_quantity(CELL, 'J', 3)} of energy. For how long would "
        "it run the {machine} at work?",
        unit="s",
        units={"sec": 1, "second": 1, "seconds": 1, "ms": 1e-3, "min": 60, "minutes": 60, "h": 3600, "hours": 3600},
        reason_hint="energy is power times time, so …",
    )

    @cache
    def place(job, machine):
        """A job on a machine, by the simulator: time it takes, memory it needs and finds, and why it does not fit."""
        _, model, *_ = JOBS[job]
        node = NODES[machine]
        if job == "chat":
            precision = next(name for name in ("fp16", "bf16", "int8") if name in node.peak)
            answer = ms.ServingModel().solve(model=model, hardware=node, precision=precision)
            time, needed = answer.itl, answer.memory.total
        elif node.kind == "tiny":
            answer = ms.TinyModel().solve(model=model, hardware=node, period=EVERY[job])
            time, needed = answer.latency, answer.sram.expected
        else:
            answer = ms.ForwardModel().solve(model=model, hardware=node, precision="int8")
            time, needed = answer.phase.time, answer.memory.total
        return answer, time, needed, [reason for reason in answer.reasons if reason.limit == "memory capacity"]


@app.function
def written(value, unit):
    """A quantity with three digits and a prefix."""
    return ms.format_quantity(value, unit, 3)


@app.function
def factor(value):
    """A large factor as one says it."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{value / size:.3g} {word}"
    return f"{value:.3g}"


@app.function
def ratio(quantity, machine, small):
    """How many times as much of a quantity the large machine has."""
    value = QUANTITIES[quantity][2]
    return value(machine) / value(small)


@app.function
def ratio_lines(quantity, machine, small):
    """The same, with its numbers."""
    name, unit, value = QUANTITIES[quantity]
    return (
        f"{written(value(machine), unit):>12}  {NODES[machine].name}, {name}",
        f"{written(value(small), unit):>12}  {NODES[small].name}",
        f"{ratio(quantity, machine, small):>12,.0f}  the one over the other",
    )


@app.function
def figure(quantity, machine):
    """Reading: one figure of one machine."""
    name, unit, value = QUANTITIES[quantity]
    node = NODES[machine]
    found = value(machine)
    return Reading(
        value=found,
        unit=unit,
        text=written(found, unit),
        name=name,
        label=node.full_name,
        equation=(
            f"{found:.3g} {unit} = {written(found, unit)}",
            f"that is {factor(found / value(SHOWN[0]))} times the {NODES[SHOWN[0]].name}’s {written(value(SHOWN[0]), unit)}",
        ),
    )


@app.function
def ridge(machine):
    """Reading: operations for each byte from which on a machine waits for arithmetic."""
    name, rate = fastest(machine)
    bandwidth = NODES[machine].memory_bandwidth
    return Reading(
        value=rate / bandwidth,
        unit="FLOP/B",
        text=f"{rate / bandwidth:.3g} FLOP/B",
        name="ridge point",
        label=f"{NODES[machine].name}, {name.upper()}",
        equation=(
            f"R  = {written(rate, 'FLOP/s')}   peak arithmetic",
            f"BW = {written(bandwidth, 'B/s')}   bandwidth of its memory",
            f"R / BW = {rate / bandwidth:.3g} FLOP/B   operations for each byte",
        ),
    )


@app.function
def peak(machine):
    """Reading: a machine's quickest arithmetic."""
    name, rate = fastest(machine)
    return Reading(
        value=rate,
        unit="FLOP/s",
        text=written(rate, "FLOP/s"),
        name=f"peak arithmetic in {name.upper()}",
        label=NODES[machine].full_name,
        equation=(
            f"{rate:.3g} FLOP/s, {factor(rate / fastest(REGISTRY[0])[1])} times the {NODES[REGISTRY[0]].name}’s",
        ),
    )


@app.function
def intensity(job):
    """Operations that a job does for each byte it fetches, with the caches of an accelerator."""
    answer = place(job, "H100")[0]
    return (answer.decode if job == "chat" else answer.phase).intensity


@app.function
def watts(job, machine):
    """Power of a job on a machine: with its sleep in between where it can sleep, as rated where it cannot."""
    answer, *_ = place(job, machine)
    average = getattr(answer, "power", None)
    return power(machine) if average is None else average.expected


@app.function
def time_lines(phase):
    """The three terms of the Iron Law, a line each."""
    return (
        f"D/BW = {phase.memory_time.format(3)}   bytes, {written(phase.traffic, 'B')} of them",
        f"O/(R·η) = {phase.compute_time.format(3)}   operations, {written(phase.operations, 'FLOP')}",
        f"L = {phase.kernel_time.format(3)}   starting kernels, and waiting for their last tiles",
        f"T = {phase.time.format(3)}   together, as far as they go on side by side",
    )


@app.function
def job_time(job, machine):
    """Reading: time that a job takes."""
    answer, time, *_ = place(job, machine)
    phase = answer.decode if job == "chat" else getattr(answer, "phase", None)
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name=f"for {JOBS[job][0]}",
        label=f"{NODES[machine].name}, {job}",
        range_text=time.format_range(),
        bound_by="compute throughput" if phase is None else phase.bound_by,
        equation=answer.explain().splitlines()[2:3] if phase is None else time_lines(phase),
    )


@app.function
def job_power(job, machine):
    """Reading: power that a job takes."""
    found, allowed = watts(job, machine), JOBS[job][3]
    duty = getattr(place(job, machine)[0], "duty", None)
    return Reading(
        value=found,
        unit="W",
        text=ms.format_quantity(found, "W"),
        name="as rated"
        if duty is None
        else "on average, asleep in between"
        if duty.expected < 1
        else "at work without a pause",
        label=f"{NODES[machine].name}, {job}",
        equation=(f"{written(found, 'W')} of {written(allowed, 'W')} that {JOBS[job][4]} can give",),
    )


@app.function
def broken(job, machine):
    """The limits that a job breaks on a machine: pairs of a limit's name and a sentence about it."""
    _, time, _, reasons = place(job, machine)
    doing, _, within, allowed, where = JOBS[job]
    failures = [("memory", reason.sentence()) for reason in reasons]
    if watts(job, machine) > allowed:
        failures.append(
            (
                "power",
                f"Too hot. The {NODES[machine].name} takes {written(watts(job, machine), 'W')}; {where} can give "
                f"{written(allowed, 'W')}. Energy binds (wall 17). A smaller machine would mend it.",
            )
        )
    if time.expected > within and not reasons:
        bound = job_time(job, machine).bound_by
        failures.append(
            (
                "time",
                f"Too slow. {doing.capitalize()} takes {time.format()} on the {NODES[machine].name}; it has "
                f"{written(within, 's')}. {bound.capitalize()} binds (wall {WALLS[bound].number}). A faster machine would mend it.",
            )
        )
    return failures


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a machine that was read off does it."""
    read = [(each["job"], each["machine"]) for each in designs if each["reading"] in ("job_time", "job_power")]
    good = {job for job, machine in read if not broken(job, machine)}
    return {f"a machine for the {job} within all its limits": job in good for job in JOBS}


@app.function
def answers(machine="H100", small="nRF52840"):
    """What the simulator says to the three locked questions, in their units."""
    return {
        "peak": ratio("arithmetic", machine, small),
        "bandwidth": ratio("bandwidth", machine, small),
        "cell": battery_life(CELL, power(machine)),
    }


@app.function
def assumptions(machine="H100", small="nRF52840"):
    """What wrong assumptions lead to, for each locked question."""
    grown = {name: ratio(name, machine, small) for name in QUANTITIES}
    listening = (
        ms.TinyModel().solve(model="DS_CNN", hardware="nRF52840", period=1.0, battery=CELL).battery_life.expected
    )
    return {
        "peak": (
            Assumption(
                grown["bandwidth"], "You came to how much quicker its memory is. Arithmetic has grown far more."
            ),
            Assumption(grown["power"], "You came to how much more power it takes. For each watt it also does more."),
            Assumption(grown["memory"], "You came to how much more memory it has. Arithmetic has grown more still."),
            Assumption(1e9, "Nine orders of magnitude is what one hears of the field; arithmetic alone spans fewer."),
        ),
        "bandwidth": (
            Assumption(grown["arithmetic"], "You let the memory keep pace with the arithmetic. It has not."),
            Assumption(grown["memory"], "You came to how much more the memory holds. Holding is easier than fetching."),
            Assumption(
                grown["power"], "You came to how much more power it takes; bytes did not keep pace with that either."
            ),
        ),
        "cell": (
            Assumption(
                1e3 * battery_life(CELL, power(machine)),
                "A thousand times too long, as if it took milliwatts. A watt is a joule a second, and it takes hundreds of them.",
            ),
            Assumption(
                listening / ratio("arithmetic", machine, "nRF52840"),
                "You shortened the small chip’s life by the factor of the arithmetic. Power grew far less than that.",
            ),
        ),
    }


@app.cell
def plan():
    _names = {name: NODES[name].name for name in NODES}
    lab = Lab(
        name="vol1/lab_00_introduction",
        version="1",
        lede="Leila Haddad’s forty people make hearing aids. She needs machines for three jobs: one in the hearing aid, one in "
        "the warehouse, one that answers her customers. A salesman offers the largest he has for all three. She asks you.",
        briefing=(
            "This is how every lab goes. First you answer a question, before you can know: a wrong answer is welcome, because "
            "the lab works with it. Then you try things in three parts, A, B and C. After each one you see your answer beside "
            "the simulator’s. At the end you write down, for the person who asked, what you would do and why.",
            "You need no account, and nothing leaves this browser. It takes about 50 minutes; you can stop at any time and go "
            "on later in the same place.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Read one instrument",
                "An instrument has controls above and a figure below. Choose what to look at and which machine. The chart is "
                "logarithmic: each line is ten, a hundred or a thousand times the one before, because otherwise all but the "
                "largest would lie on top of each other. The letters k, M, G, T and P before a unit are a thousand, a million, "
                "a billion and so on; a FLOP is one addition or multiplication, here of integers as well. When a figure is "
                "worth keeping, pin it. Open the equation below it to see where it comes from.",
                (
                    Choice("quantity", "Look at", tuple(QUANTITIES), "memory"),
                    Choice("machine", "Machine", SHOWN, "ESP32S3", _names.get),
                ),
                hint="Look at arithmetic, on the two machines of your question, one after the other, and divide.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 4 and len({s["quantity"] for s in tried}) == 1,
                        "You kept one quantity. Do the others lie as far apart?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 4 and len({s["machine"] for s in tried}) == 1,
                        "You kept one machine. Which is the smallest one here?",
                    ),
                ),
            ),
            Part(
                "B",
                "One slider, every machine",
                f"Here are all {len(REGISTRY)} machines that the simulator knows, by how fast they compute. The picture is called "
                "a roofline. To the right, work does more operations with each byte it fetches. On the slope a machine waits "
                "for bytes, under the flat roof for arithmetic; the corner is its ridge point. The dots are the three jobs.",
                (Slider("machine", "Machine", REGISTRY, "ESP32S3", _names.get),),
                hint="Watch the corner of the roof, not its height. On which side of it are the dots?",
                probes=(
                    Probe(
                        lambda tried: (
                            len(tried) >= 6
                            and REGISTRY.index(max((s["machine"] for s in tried), key=REGISTRY.index)) < 20
                        ),
                        "You stayed among the small ones. Where does the corner go when you pull the slider to the right?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 10,
                        "What do the dots of the smallest machine wait for, and those of the largest?",
                    ),
                ),
            ),
            Part(
                "C",
                "Three jobs",
                "The hearing aid listens for its name once a second: it has "
                f"{written(JOBS['wake word'][2], 's')} to hear it and {written(JOBS['wake word'][3], 'W')}, or the battery is "
                f"empty too soon. The warehouse camera looks for people {1 / JOBS['camera'][2]:.0f} times a second; its network cable "
                f"brings {written(JOBS['camera'][3], 'W')}. The customers’ assistant is a model of {ms.Models.Llama3_70B.parameters / 1e9:.0f} billion "
                f"weights and owes them a token every {written(JOBS['chat'][2], 's')}; the rack cools {written(JOBS['chat'][3], 'W')} a "
                "machine. Find a machine for each, pin what speaks for it, and tell Leila what to answer the salesman.",
                (
                    Choice("job", "Job", tuple(JOBS), "wake word"),
                    Choice("machine", "Machine", PLACES, "nRF52840", _names.get),
                ),
                hint="Begin with the limit that rules out the most machines. It is another one for each job.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["job"] for s in tried}) == 1,
                        "You have stayed with one job. Which of the others would a machine that failed here do?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) <= 2,
                        "You tried two machines at most. What lies between them?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Leila Haddad which machine to take for each of her jobs, which limit decided each of "
        "them, which term of the Iron Law binds the assistant, and what she gives up. Use your readings.",
        readings=(figure, ridge, peak, job_time, job_power),
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
    _quantity, _machine = a.value["quantity"], a.value["machine"]
    _name, _unit, _value = QUANTITIES[_quantity]
    _all = {machine: _value(machine) for machine in SHOWN}
    _small, _large = min(_all, key=_all.get), max(_all, key=_all.get)
    lab.instrument(
        charts.magnitudes(
            [
                charts.Item(NODES[machine].name, value, written(value, _unit) + ", yours" * (machine == _machine))
                for machine, value in _all.items()
            ],
            f"{_name}, {_unit}",
            f"From the {NODES[_small].name} to the {NODES[_large].name} lie {log10(_all[_large] / _all[_small]):.1f} orders of "
            f"magnitude, that is as many tenfold steps, of {_name}.",
        ),
        lab.reading(figure, quantity=_quantity, machine=_machine),
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
    _says = answers(**given)["peak"]
    _machine, _small = given["machine"], given["small"]
    _watts = ratio("power", _machine, _small)
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{factor(_says)}",
                assumptions(**given)["peak"],
                "Few people guess it. One large figure over one small one, both read off the instrument, is all there is to it.",
                "You came within a quarter of it.",
                ratio_lines("arithmetic", _machine, _small),
            ),
            lab.remember(
                f"At its best the {NODES[_machine].name} does {factor(_says)} operations for each one of the {NODES[_small].name}, "
                f"and takes {factor(_watts)} times the power: for each joule it does {_says / _watts:.0f} times as many."
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
    _machine = b.value["machine"]
    _node, _ridge = NODES[_machine], ridge(_machine)
    _roofs = dict.fromkeys(("nRF52840", _machine, "H100"))
    _work = {job: intensity(job) for job in JOBS}
    _waits = [job for job, each in _work.items() if each < _ridge.value]
    lab.instrument(
        charts.roofline(
            [charts.Roof(NODES[each].name, fastest(each)[1], NODES[each].memory_bandwidth) for each in _roofs],
            {
                job: (each, attainable_rate(each, fastest(_machine)[1], _node.memory_bandwidth))
                for job, each in _work.items()
            },
            f"The {_node.full_name}, {REGISTRY.index(_machine) + 1} of {len(REGISTRY)}: below {_ridge.text} it waits for bytes. "
            f"The jobs that wait for them: {', '.join(_waits) or 'none'}.",
        ),
        lab.reading(ridge, machine=_machine),
        lab.reading(peak, machine=_machine),
        lab.reading(figure, quantity="bandwidth", machine=_machine),
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
    _says = answers(**given)["bandwidth"]
    _machine, _small = given["machine"], given["small"]
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{factor(_says)}",
                assumptions(**given)["bandwidth"],
                "Pull the slider to both machines and divide the third figure.",
                "You saw that memory does not keep pace with arithmetic.",
                ratio_lines("bandwidth", _machine, _small),
            ),
            lab.remember(
                f"From the {NODES[_small].name} to the {NODES[_machine].name} bandwidth grew {factor(_says)} times and arithmetic "
                f"{factor(answers(**given)['peak'])} times. The ridge point moved from {ridge(_small).text} to {ridge(_machine).text}: "
                "the small machine waits for arithmetic, the large one for bytes."
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
    _job, _machine = c.value["job"], c.value["machine"]
    _, _time, _needed, _reasons = place(_job, _machine)
    _doing, _, _within, _allowed, _where = JOBS[_job]
    _points = {each: (watts(_job, each), 1e3 * place(_job, each)[1].expected) for each in PLACES}
    _good = [point for each, point in _points.items() if not broken(_job, each)]

    def _stands(machine, point):
        if machine == _machine:
            return "yours"
        if broken(_job, machine):
            return "breaks a limit"
        beaten = any(one != point and one[0] <= point[0] and one[1] <= point[1] for one in _good)
        return "beaten" if beaten else "on the front"

    lab.instrument(
        charts.magnitudes(
            [
                charts.Item("needed", _needed, written(_needed, "B")),
                *(
                    charts.Item(
                        NODES[each].name,
                        NODES[each].memory,
                        written(NODES[each].memory, "B") + ", yours" * (each == _machine),
                    )
                    for each in PLACES
                ),
            ],
            "memory, B",
            f"The {_job} needs {written(_needed, 'B')} of memory on the {NODES[_machine].name}, which has "
            f"{written(NODES[_machine].memory, 'B')}.",
        ),
        charts.pareto(
            [
                charts.Candidate(NODES[each].name, *point, _stands(each, point))
                for each, point in sorted(_points.items(), key=lambda pair: pair[1])
            ],
            charts.Axis("power, W", log=True),
            charts.Axis(f"time for {_doing}, ms", log=True),
            f"Power and time on each machine: both are better when smaller, and a machine is beaten when another good one takes "
            f"less of both. Allowed are {written(_allowed, 'W')} and {written(_within, 's')}. What does not fit the memory is "
            "drawn as if it did, and breaks a limit.",
        ),
        lab.reading(job_time, job=_job, machine=_machine) if not _reasons else "",
        lab.reading(job_power, job=_job, machine=_machine),
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
    _machine = given["machine"]
    _says = answers(**given)["cell"]
    _tiny = ms.TinyModel().solve(model="DS_CNN", hardware="nRF52840", period=1.0, battery=CELL)
    _listen = _tiny.battery_life
    _least = battery_life(CELL, NODES["nRF52840"].sleep_power)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.1f} s",
                assumptions(**given)["cell"],
                "A watt is a joule a second: divide the energy by the power.",
                "You divided the energy by the power.",
                (
                    f"E = {written(CELL, 'J')}   in the coin cell",
                    f"P = {written(power(_machine), 'W')}   {NODES[_machine].full_name}",
                    f"t = E / P = {_says:.2f} s",
                ),
            ),
            lab.remember(
                f"A coin cell runs the {NODES[_machine].name} for {_says:.1f} s and lets the nRF52840 listen for "
                f"{_listen.expected / 86_400:.0f} days: the same equation, t = E / P, {log10(_listen.expected / _says):.1f} orders "
                "of magnitude apart. No one machine does all three jobs."
            ),
            lab.further(
                "Done early? How much longer could the nRF52840 listen, were its program perfect?",
                f"Asleep all the time it takes {written(NODES['nRF52840'].sleep_power, 'W')}, and the cell lasts "
                f"{_least / 86_400 / 365:.1f} years: no program gets beyond it. Of the power now, "
                f"{1 - NODES['nRF52840'].sleep_power / _tiny.power.expected:.0%} goes into computing.",
            ),
        ],
        gap=0,
    )
    return


@app.cell
def where_next(done_c):
    mo.stop(not done_c.value)

    mo.Html(
        '<section class="further" id="where-next"><p><strong>Where to go from here:</strong> in a course, to '
        '<a href="lab_01_ml_intro.html">Lab 01</a>, and from there by the <a href="../course.html">course map</a>. On your own, '
        '<a href="../paths.html">the ways through</a> begin with who you are and how long you have, from 90 minutes to a '
        "semester.</p>"
        "<p><strong>Where your work is:</strong> your answers, readings and log are in this browser, on this machine, and nowhere "
        "else; clearing the browser’s data clears them. “Save to a file” keeps them in a file, and “Load from a file” takes them "
        "up again on any machine. A course collects the file that “Download the submission” writes, below the log.</p></section>"
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
