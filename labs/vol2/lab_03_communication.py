import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="What does agreeing cost?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import FLEET_TERMS, Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.fabrics import fabric
    from mlsysim.physics import collectives

    SERVERS = {"DGX H100": "H100s", "8x MI300X": "MI300Xs", "8x Gaudi 3": "Gaudi 3s"}
    GRADIENT, MEGA = 1e9, 1e6
    MESSAGES = (4e3, 64e3, 1e6, 4e6, 16e6, 64e6, 256e6, 1e9, 4e9, 16e9)
    FLEETS = (8, 16, 32, 64, 128, 256, 512, 1024)
    PORT, CAMPUS = "400 Gbit/s", "100 Gbit/s"
    CAMPUS_RATE = ms.parse_quantity(CAMPUS)[0]
    WHOLE_H100, WHOLE_MI300X = "H100s, 8 a server", "MI300Xs, 8 a server"
    SHARED, SCATTERED = "MI300Xs, 8 behind one port", "H100s, one a server"
    JOINED = {
        WHOLE_H100: "DGX H100",
        WHOLE_MI300X: "8x MI300X",
        SHARED: ms.Fabric(
            name=SHARED, machine="MI300X", gpus_per_node=8, link=ms.Fabrics.MI300X_8.link, nic=CAMPUS_RATE / 8
        ),
        SCATTERED: ms.Fabric(name=SCATTERED, machine="H100", gpus_per_node=1, link=PORT, nic=PORT),
    }
    OFFERED = (WHOLE_H100, SCATTERED, SHARED)
    KNOWN = {
        "its own": "var(--lab-muted)",
        "part of the sum": "var(--lab-arithmetic)",
        "the whole sum": "var(--lab-bytes)",
    }
    PHASES = {
        "shares are added (reduce-scatter)": "var(--lab-arithmetic)",
        "sums are passed on (all-gather)": "var(--lab-bytes)",
        "a whole gradient handed on": "var(--lab-muted)",
    }
    SPENT = {"moving bytes": "var(--lab-bytes)", "starting and hops": "var(--lab-overhead)"}
    MODEL, GPUS, SEQUENCES, TOKENS = "Llama3_2_3B", 64, 512, 4096
    PIECES = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)
    BITS = (32, 16, 8)
    CUT = 16
    LIMIT, GOAL = 0.4, 0.05

    def printed(server):
        """A server's GPUs as their data sheet describes them: it counts both directions of a link."""
        return f"{SERVERS[server]}, whose data sheet gives each {2 * fabric(server).link / 1e9:,.0f} GB/s of links,"

    VARIANTS = {
        "server": Varied(tuple(SERVERS), printed),
        "fleet": Varied((64, 256)),
        "at_once": Varied((2, 4)),
    }
    FIRST = Lock(
        name="ring",
        question="Eight {server} stand in one server and sum gradients of 1 GB around a ring. How many milliseconds does "
        "that take, even if every link is used to the full?",
        unit="ms",
        units={"s": 1000, "sec": 1000, "seconds": 1000, "msec": 1, "milliseconds": 1, "µs": 0.001, "us": 0.001},
        reason_hint="each of them has to send …",
    )
    SECOND = Lock(
        name="leave",
        question="Eight MI300Xs in one server, joined by links of 448 GB/s in each direction, sum 1 GB. Then {fleet} do, in "
        "servers of eight, and from server to server each GPU has a port of 50 GB/s. How many times as long does it take?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="what has to leave a server is …",
    )
    THIRD = Lock(
        name="seen",
        question=f"Eight servers of MI300Xs, each behind one port of {CAMPUS}; gradients of 16 bits, {{at_once}} sequences at once. "
        f"Until now the gradients leave in one piece when the step’s work is done, and everybody waits. Cut into {CUT} "
        "pieces, each leaves as soon as it is known. What percentage of that wait remains?",
        unit="%",
        units={"percent": 1, "per cent": 1},
        reason_hint="while they travel, the GPUs still …",
    )

    @cache
    def alike(joined, gpus, message, algorithm="auto"):
        """The simulator's answer for one all-reduce."""
        return ms.CommunicationModel().solve(
            message=message, fabric=JOINED.get(joined, joined), gpus=gpus, algorithm=algorithm
        )

    @cache
    def ways(joined, gpus, message):
        """Time of each algorithm that can do it, the quickest first."""
        found = alike(joined, gpus, message)
        return {found.algorithm: found.time.expected} | dict(sorted(found.alternatives.items(), key=lambda way: way[1]))

    @cache
    def trained(joined, at_once, bits):
        """The simulator's answer for a training step of part C, however its gradients are sent."""
        return ms.DistributedModel().solve(
            model=MODEL,
            fabric=JOINED[joined],
            gpus=GPUS,
            global_batch=SEQUENCES,
            parallelism=ms.Parallelism(dp=GPUS, micro_batch=at_once),
            context=TOKENS,
            gradient_bytes=bits / 8,
        )

    @cache
    def step(joined, at_once, bits, pieces):
        """The same with its gradients in pieces."""
        return ms.OverlapModel().solve(trained(joined, at_once, bits), buckets=pieces)


@app.function
def written(value, unit="s"):
    """A figure with three digits."""
    return ms.format_quantity(value, unit, 3)


@app.function
def percent(share):
    """A share in percent, with two digits where it is small."""
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.2g}%"


@app.function
def around(server, gpus, message):
    """Time of a ring all-reduce that fills every link."""
    return collectives.ring_allreduce_time(message, gpus, fabric(server).link)


@app.function
def uncut(server, message):
    """Time to send a whole message to the neighbour."""
    return collectives.point_to_point_time(message, fabric(server).link)


@app.function
def wire(server, gpus, message):
    """Reading: time of a ring all-reduce at the speed of the links."""
    time, link = around(server, gpus, message), fabric(server).link
    sent = collectives.ring_traffic(message, gpus)
    return Reading(
        value=time,
        unit="s",
        text=written(time),
        name="time around the ring, links full",
        label=f"{gpus} {SERVERS[server]}, {written(message, 'B')}",
        bound_by="communication",
        equation=(
            f"{2 * (gpus - 1)} steps, each a share of {written(message, 'B')} / {gpus} = {written(message / gpus, 'B')}",
            f"each sends 2 (n − 1)/n M = {written(sent, 'B')}   n GPUs, M bytes",
            f"B = {written(2 * link, 'B/s')} on the data sheet / 2 directions = {written(link, 'B/s')}",
            f"T = 2 (n − 1)/n × M/B = {written(sent, 'B')} / {written(link, 'B/s')} = {written(time)}",
        ),
    )


@app.function
def reached(server, gpus, message):
    """Reading: time of a ring all-reduce as libraries reach it."""
    found = alike(server, gpus, message, "ring")
    return Reading(
        value=found.time.expected,
        unit="s",
        text=found.time.format(3),
        name="time as libraries reach it",
        label=f"{gpus} {SERVERS[server]}, {written(message, 'B')}, ring",
        range_text=found.time.format_range(),
        bound_by=found.bound_by,
        equation=found.explain().splitlines()[2:],
    )


@app.function
def quickest(joined, gpus, message):
    """Reading: time of an all-reduce by the quickest algorithm."""
    return timed(alike(joined, gpus, message), joined)


@app.function
def ring(joined, gpus, message):
    """Reading: time of an all-reduce around one ring."""
    return timed(alike(joined, gpus, message, "ring"), joined)


@app.function
def timed(found, joined):
    """The reading of one all-reduce."""
    return Reading(
        value=found.time.expected,
        unit="s",
        text=found.time.format(3),
        name=f"time to agree, {found.algorithm}",
        label=f"{joined}, {found.gpus:,} GPUs, {written(found.message, 'B')}",
        range_text=found.time.format_range(),
        bound_by=found.bound_by,
        equation=found.explain().splitlines()[2:],
    )


@app.function
def wait(joined, at_once, bits, pieces):
    """Reading: time of a step in which nothing is done but sending."""
    found = step(joined, at_once, bits, pieces)
    return Reading(
        value=found.visible.expected,
        unit="s",
        text=found.visible.format(3),
        name="wait in each step",
        label=plan_label(joined, at_once, bits, pieces),
        range_text=found.visible.format_range(),
        bound_by="communication",
        equation=found.explain().splitlines()[:4],
    )


@app.function
def share(joined, at_once, bits, pieces):
    """Reading: share of a step in which nothing is done but sending."""
    found = step(joined, at_once, bits, pieces)
    return Reading(
        value=found.fraction,
        unit="1",
        text=percent(found.fraction),
        name="of the step is waiting",
        label=plan_label(joined, at_once, bits, pieces),
        bound_by="communication" if found.fraction > 0.5 else "compute throughput",
        equation=found.explain().splitlines()[3:5],
    )


@app.function
def room(joined, at_once, bits, pieces):
    """Reading: memory on each GPU; the pieces have no part in it."""
    memory = trained(joined, at_once, bits).memory
    return Reading(
        value=memory.total,
        unit="B",
        text=written(memory.total, "B"),
        name="memory on each GPU",
        label=plan_label(joined, at_once, bits, pieces),
        equation=(
            *(f"{written(size, 'B'):>8}  {name}" for name, size in memory.bytes.items() if size),
            f"{written(memory.total, 'B'):>8}  together, of {written(float(memory.capacity), 'B')}",
        ),
    )


@app.function
def plan_label(joined, at_once, bits, pieces):
    """A plan of part C in few words."""
    return f"{joined}, {at_once} at once, {bits} bits, {pieces:,} piece{'s' * (pieces > 1)}"


@app.function
def remains(at_once):
    """Of the wait in one piece, the share that remains when it is cut."""
    whole, cut = (step(SHARED, at_once, 16, pieces).visible.expected for pieces in (1, CUT))
    return cut / whole


@app.function
def left(fleet):
    """Time over that many GPUs in servers of eight, measured against one server."""
    one, many = (alike(WHOLE_MI300X, gpus, GRADIENT).time.expected for gpus in (8, fleet))
    return many / one


@app.function
def answers(server="DGX H100", fleet=64, at_once=2):
    """What the simulator says to the three locked questions, in their units."""
    return {"ring": 1e3 * around(server, 8, GRADIENT), "leave": left(fleet), "seen": 100 * remains(at_once)}


@app.function
def assumptions(server="DGX H100", fleet=64, at_once=2):
    """What wrong assumptions lead to, for each locked question."""
    once, right = 1e3 * uncut(server, GRADIENT), 1e3 * around(server, 8, GRADIENT)
    slower = ms.Fabrics.MI300X_8.link / ms.Fabrics.MI300X_8.nic
    return {
        "ring": (
            Assumption(
                right / 2,
                "You took the data sheet at its word. It adds up both directions of every link, and a ring sends in one of them.",
            ),
            Assumption(once, "You let each gradient cross a link once. Its sum has to come back as well."),
            Assumption(
                once / 2,
                "You let each gradient cross once, at a rate that adds up both directions of the links.",
            ),
            Assumption(
                7 * once,
                "You passed whole gradients on, seven times. In shares, every link carries something at every moment.",
            ),
            Assumption(
                14 * once,
                "You sent whole gradients to one GPU and the sum back from it: its links carry all, the others’ wait.",
            ),
        ),
        "leave": (
            Assumption(
                slower,
                f"You compared a port with a link, {slower:.0f} to one. Eight GPUs have eight ports, and a share of the "
                "message goes through each.",
            ),
            Assumption(
                fleet / 8,
                "You counted the GPUs. Around a ring each sends less than twice the message, however many there are.",
            ),
            Assumption(
                slower * fleet / 8, "You counted the GPUs and compared a port with a link; neither lengthens a ring so."
            ),
        ),
        "seen": (
            Assumption(
                100 / CUT,
                "You let everything but the last piece hide. There is only one backward pass to hide it behind, the last "
                "of the step, and it is shorter than the exchange.",
            ),
            Assumption(
                100.0, "You saw that the bytes stay the same. But some of them now travel while the GPUs compute."
            ),
        ),
    }


@app.function
def broken(joined, at_once, bits, pieces):
    """The limits that a plan of part C breaks: pairs of a limit's name and a sentence about it."""
    found = step(joined, at_once, bits, pieces)
    failures = [
        (
            "memory",
            f"Does not fit. {at_once} sequences at once and gradients of {bits} bits take "
            f"{written(reason.value, 'B')} on each GPU; the {found.step.job.fabric.machine.name} has "
            f"{written(reason.maximum, 'B')}. Memory capacity binds (wall {reason.wall}). Fewer sequences at once would mend it.",
        )
        for reason in found.step.reasons
    ]
    if found.fraction > LIMIT:
        failures.append(
            (
                "communication",
                f"Too long a wait. {percent(found.fraction)} of the step, {found.visible.format(3)} of {found.time.format(3)}, is "
                f"communication that nothing hides; the limit is {LIMIT:.0%}. Communication binds (wall 14). "
                f"{mend(joined, at_once, bits, pieces)}",
            )
        )
    return failures


@app.function
def mend(joined, at_once, bits, pieces):
    """The first single change to a plan that ends its failure."""
    changes = {
        f"Cut into {CUT} pieces, it would be under the limit.": (joined, at_once, bits, CUT),
        "Gradients of 16 bits would mend it.": (joined, at_once, 16, pieces),
        "Gradients of 8 bits would mend it.": (joined, at_once, 8, pieces),
    }
    found = (words for words, plan in changes.items() if step(*plan).fraction <= LIMIT)
    return next(found, "Only ports for each GPU, or several changes at once, would mend it.")


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] in ("wait", "share")
    ]
    return {
        f"{joined}: it fits, and at most {GOAL:.0%} of the step is waiting": any(
            each["joined"] == joined and not broken(**each) and step(**each).fraction <= GOAL for each in asked
        )
        for joined in (SHARED, SCATTERED)
    }


@app.cell
def plan():
    lab = Lab(
        name="vol2/lab_03_communication",
        version="1",
        lede="Anahí Quispe has twenty days on sixty-four accelerators, and a model that is to read the alarms of glacier lakes "
        "before the rains. On the first day she saw them all wait, at the same time, for each other. She asks you what for.",
        briefing=(
            "Each accelerator holds a copy of the model and reads examples of its own. From them it finds how every parameter "
            "should change: its gradient. Before the copies take a step, each needs the sum of everybody’s gradients. "
            "Agreeing on that sum is called an all-reduce, and every step ends with one.",
            "In a ring, each GPU sends to the next one only, and receives from the one before. All of them do so at the same time.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Around the ring",
                "Each GPU cuts its gradient into as many shares as there are GPUs and sends one on at each step. A row of "
                "the map is a GPU, a column a share. Take the steps one at a time and watch what everyone knows; below, "
                "the same steps in time, and what it would take to hand whole gradients around.",
                (
                    Choice("server", "Server", tuple(SERVERS), "DGX H100"),
                    Slider("gpus", "GPUs in the ring", (2, 3, 4, 5, 6, 7, 8), 4),
                    Slider("message", "Gradient of each", MESSAGES[2:], 64e6, lambda size: written(size, "B")),
                    Slider("steps", "Steps taken", tuple(range(15)), 0),
                ),
                hint="How many steps until somebody knows a whole share, and how many more until everybody knows all? What "
                "part of the gradient is sent in one of them?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and max(s["steps"] for s in tried) < 2,
                        "The ring has hardly moved. What does a GPU know after one step that it did not know before?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 8 and len({s["gpus"] for s in tried}) == 1,
                        "You kept the ring as it is. One more GPU means more steps, each with a smaller share. Which wins?",
                    ),
                ),
            ),
            Part(
                "B",
                "Out of the server",
                "More GPUs stand in more servers, and what goes from one to the next passes a port of the network. The sum "
                "can go around a ring, up and down a tree, first within servers and then between them (hierarchical), or be "
                "added up by the switch on the way (in-network, where one can). Every message also waits: to be started, "
                "and for each hop.",
                (
                    Choice("joined", "Joined as", tuple(JOINED), WHOLE_MI300X),
                    Slider("gpus", "GPUs", FLEETS, 8, lambda count: f"{count:,}"),
                    Slider("message", "Gradient of each", MESSAGES, 16e6, lambda size: written(size, "B")),
                ),
                hint="Halve the message again and again. When does the time stop halving, and what is left of it?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["joined"] for s in tried}) == 1,
                        "The GPUs stand where they stood. What if each of them stood in a server of its own?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["message"] for s in tried}) <= 2,
                        "You tried hardly more than one size. Which colour is a message of a few kilobytes made of?",
                    ),
                ),
            ),
            Part(
                "C",
                "Behind the work",
                f"Her model is {getattr(ms.Models, MODEL).name}. In a step each of {GPUS} GPUs reads {SEQUENCES // GPUS} sequences of "
                f"{TOKENS:,} tokens, one or more at once, forward and backward, and adds their gradients up. Only in the last backward "
                "pass do the sums become final, the last layer’s first; a piece that is final can leave. Anahí can have H100s in whole "
                f"servers in two weeks; or now, H100s scattered over {GPUS} servers, or MI300Xs whose servers have one port of {CAMPUS} "
                f"each. Bring the wait of both that are free now under {GOAL:.0%} of the step, and tell her which to take.",
                (
                    Choice("joined", "Place", OFFERED, WHOLE_H100),
                    Choice("at_once", "Sequences at once", (1, 2, 4, 8), 1),
                    Choice("bits", "Gradients in", BITS, 32, "{} bits".format),
                    Slider("pieces", "Pieces", PIECES, 1, lambda count: f"{count:,}"),
                ),
                hint="Look at the two lanes. What is the longest time in which the network can work unseen, and which control "
                "makes that longer?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["joined"] for s in tried}) == 1,
                        "You stayed in one place. Which of the offers is hers now?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["at_once"] for s in tried}) == 1,
                        "You kept the sequences at once. How long is the last backward pass, and why?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and all(s["pieces"] == 1 for s in tried),
                        "The gradients leave in one piece. When is the first of them final?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Anahí Quispe which accelerators to take and how the copies are to agree: what part "
        "of a step is waiting and why, which term binds, what would change if the model were larger, and what she gives "
        "up. Use your readings.",
        readings=(wire, reached, quickest, ring, wait, share, room),
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
    _server, _gpus, _message = a.value["server"], a.value["gpus"], a.value["message"]
    _all = 2 * (_gpus - 1)
    _taken = min(a.value["steps"], _all)
    _held = [count for row in collectives.ring_contributions(_gpus, _taken) for count in row]
    _states = ["its own" if n == 1 else "the whole sum" if n == _gpus else "part of the sum" for n in _held]
    _each = around(_server, _gpus, _message) / _all
    _adding, _passing, _whole = PHASES
    _spans = [
        charts.Span("in shares", _adding if n < _gpus - 1 else _passing, n * _each, (n + 0.96) * _each)
        for n in range(_all)
    ]
    _hand = uncut(_server, _message)
    _spans += [charts.Span("whole", _whole, n * _hand, (n + 0.98) * _hand) for n in range(_gpus - 1)]
    lab.instrument(
        charts.fleet_map(
            _states,
            KNOWN,
            _gpus,
            f"After step {_taken} of {_all}: {_states.count('the whole sum')} of {len(_states)} squares are whole sums. "
            + (
                "Whoever receives a share adds its own to it."
                if _taken < _gpus - 1
                else f"All is added after {_gpus - 1} steps; now whole sums are passed on."
                if _taken < _all
                else f"The ring is done; {_gpus} GPUs need no step more."
            ),
            "shares",
        ),
        charts.timeline(
            _spans,
            f"{_all} steps of {written(_each)} each in shares, {_gpus - 1} of {written(_hand)} each handing whole gradients on. "
            f"The dashed line is where you are, {written(_taken * _each)}.",
            limit=_taken * _each,
            colours=PHASES,
        ),
        lab.reading(wire, server=_server, gpus=_gpus, message=_message),
        lab.reading(reached, server=_server, gpus=_gpus, message=_message),
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
    _server = given["server"]
    _says, _read = answers(**given)["ring"], wire(_server, 8, GRADIENT)
    _found = alike(_server, 8, GRADIENT, "ring")
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                _read.text,
                assumptions(**given)["ring"],
                "Count what one GPU sends, in bytes, and divide by what its links carry in one direction.",
                "You counted what each GPU sends, and in which direction a link carries it.",
                _read.equation,
            ),
            lab.remember(
                f"Eight {SERVERS[_server]} agree on 1 GB in {_read.text} at best: each sends "
                f"{collectives.ring_traffic(GRADIENT, 8) / 1e9:.2f} GB at {written(fabric(_server).link, 'B/s')}, half of the rate on "
                f"the data sheet, which counts both directions. Libraries need {_found.time.format(3)}."
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
    _joined, _gpus, _message = b.value["joined"], b.value["gpus"], b.value["message"]
    _now, _still = ways(_joined, _gpus, _message), ways(_joined, _gpus, 1.0)
    _best = alike(_joined, _gpus, _message)
    _sizes = {size: ways(_joined, _gpus, size) for size in MESSAGES}
    _names = [name for name in ("ring", "tree", "hierarchical", "in-network") if name in _now]
    _share = _still[_best.algorithm] / _now[_best.algorithm]
    lab.instrument(
        charts.curves(
            [
                charts.Curve(name, [(size / MEGA, 1e3 * times[name]) for size, times in _sizes.items()])
                for name in _names
            ],
            charts.Axis("gradient of each, MB", log=True),
            charts.Axis("time to agree, ms", log=True),
            f"{_gpus:,} GPUs ({_joined}): the quickest way for {written(_message, 'B')} is {_best.algorithm}, "
            f"{_best.time.format(3)}. {written(MESSAGES[0], 'B')} would take {written(min(_sizes[MESSAGES[0]].values()))}, "
            f"{written(MESSAGES[-1], 'B')} {written(min(_sizes[MESSAGES[-1]].values()))}."
            + " They stand in one server: nothing passes a port."
            * (_gpus <= _best.fabric.gpus_per_node),
            here=_message / MEGA,
        ),
        charts.stacked(
            [charts.Stack(name, (_now[name] - _still[name], _still[name]), written(_now[name])) for name in _names],
            SPENT,
            charts.Axis("time to agree", "s"),
            f"Of the quickest way, {_share:.1%} is starting and hops, which no faster wire shortens; the rest moves bytes.",
        ),
        lab.reading(quickest, joined=_joined, gpus=_gpus, message=_message),
        lab.reading(ring, joined=_joined, gpus=_gpus, message=_message),
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
    _fleet, _says = given["fleet"], answers(**given)["leave"]
    _one, _many = (alike(WHOLE_MI300X, gpus, GRADIENT) for gpus in (8, _fleet))
    _fabric = _many.fabric
    _alone = alike(SCATTERED, _fleet, GRADIENT).time.expected / alike(WHOLE_H100, _fleet, GRADIENT).time.expected
    _small = alike(WHOLE_MI300X, _fleet, 64e3)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.2f}×",
                assumptions(**given)["leave"],
                "Two things to count: what each GPU sends, and how many ports a server has.",
                "You saw that eight ports work side by side, and that a ring’s traffic hardly grows.",
                (
                    "T ≈ 2 (n − 1)/n × M / min(B_i, 8 B_o)   B_i links of a GPU, B_o its port, in one direction",
                    f"{_one.gpus:>5} GPUs: {collectives.ring_traffic(GRADIENT, 8) / 1e9:.2f} GB through links of "
                    f"{written(_fabric.link, 'B/s')}: {_one.time.format(3)}",
                    f"{_many.gpus:>5} GPUs: {collectives.ring_traffic(GRADIENT, _fleet) / 1e9:.2f} GB through links of "
                    f"{written(_fabric.link, 'B/s')} and, side by side, eight ports of {written(_fabric.nic, 'B/s')}: "
                    f"{_many.time.format(3)}",
                    f"What libraries reach of them, starts and hops included: {_says:.2f} times as long",
                ),
            ),
            lab.remember(
                f"{_fleet} GPUs in servers of eight agree on 1 GB in {_says:.2f} times the time of eight: a ring’s traffic hardly grows, "
                f"and eight ports work side by side. With one H100 to a server it takes {_alone:.1f} times as long as with eight. "
                f"A message of 64 kB takes {_small.time.format(3)} however wide the wire: starts and hops."
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
    _joined, _pieces = _design["joined"], _design["pieces"]
    _found = step(**_design)
    _rows = [
        (each.start, each.end - (0.06 * (each.end - each.start) if 1 < _pieces <= 32 else 0.0))
        for each in _found.sendings
    ]
    if _pieces > 32:
        # Pieces that follow each other at once are one bar: what counts is when the network is busy.
        _busy = [[*_rows[0]]]
        for _start, _end in _rows[1:]:
            if _start > _busy[-1][1] * (1 + 1e-9) and len(_busy) < 40:
                _busy.append([_start, _end])
            else:
                _busy[-1][1] = _end
        _rows = _busy
    _end = _found.backward + _found.visible.expected
    _spans = [
        *(charts.Span("network", "gradients travel", start, end) for start, end in _rows),
        charts.Span("GPUs", "last backward pass", 0.0, _found.backward),
        charts.Span("GPUs", "wait", _found.backward, _end),
    ]
    _lines = [
        charts.Curve(f"{bits} bits", [(n, step(_joined, _design["at_once"], bits, n).visible.expected) for n in PIECES])
        for bits in BITS
    ]
    lab.instrument(
        charts.timeline(
            _spans,
            f"{plan_label(**_design)}: the last backward pass takes {written(_found.backward)}, all messages "
            f"{written(_found.exchange)}. After {_found.work.format(3)} of work everybody waits {_found.visible.format(3)} for them.",
        ),
        charts.curves(
            _lines,
            charts.Axis("pieces", log=True),
            charts.Axis("wait in each step", "s"),
            f"{_joined}, {_design['at_once']} at once: yours waits {_found.visible.format(3)}, {percent(_found.fraction)} of the step; "
            f"{GOAL:.0%} are allowed.",
            here=_pieces,
        ),
        lab.reading(share, **_design),
        lab.reading(wait, **_design),
        lab.reading(room, **_design),
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
    _at_once, _says = given["at_once"], answers(**given)["seen"]
    _whole, _cut = (step(SHARED, _at_once, 16, pieces) for pieces in (1, CUT))
    _half, _long = step(SHARED, _at_once, 8, CUT), step(SHARED, 8, 16, CUT)
    _sent = collectives.ring_traffic(_whole.bucket.message, GPUS // 8)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.0f}%",
                assumptions(**given)["seen"],
                "What hides is as long as the last backward pass; compare it with the whole exchange.",
                "You asked how long there is work left to hide behind.",
                (*_cut.explain().splitlines()[:4], f"in one piece: V = {_whole.visible.format(3)}"),
            ),
            lab.remember(
                f"Of {_whole.visible.format(3)} of messages, {CUT} pieces hide {1 - remains(_at_once):.0%}, no more than the last "
                f"backward pass is long, {written(_cut.backward)}: {_cut.visible.format(3)} are left to wait for. Half the bits "
                f"leave {_half.visible.format(3)}; 8 sequences at once, which make the pass longer, leave {_long.visible.format(3)}."
            ),
            lab.further(
                f"Done early? Bring the MI300Xs under {GOAL:.0%} with half of the sequences at once that you needed, or with "
                "gradients of twice the bits.",
                f"In 16 bits each server has to send {written(_sent, 'B')} a step, whatever the algorithm: "
                f"{written(_sent / CAMPUS_RATE)} through its port. No cutting hides that behind a backward pass of "
                f"{written(step(SHARED, 4, 16, 1).backward)}, which 4 at once take; a port of "
                f"{_sent / step(SHARED, 1, 16, 1).backward * 8 / 1e9:,.0f} Gbit/s would hide it behind one sequence.",
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
