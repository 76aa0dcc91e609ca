import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Why does a model that works fail elsewhere?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from dataclasses import dataclass
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from labkit.figures import number
    from mlsysim.walls import WALLS

    SERVERS = {"A100": ms.Hardware.Cloud.A100, "H100": ms.Hardware.Cloud.H100, "MI300X": ms.Hardware.Cloud.MI300X}
    SMALL = {"ESP32-S3": ms.Hardware.Tiny.ESP32S3, "nRF52840": ms.Hardware.Tiny.nRF52840}
    MACHINES = {
        **SERVERS,
        "Jetson AGX Orin": ms.Hardware.Edge.JetsonAGXOrin,
        "Raspberry Pi 5": ms.Hardware.Edge.RaspberryPi5,
        **SMALL,
    }
    NETWORKS = {
        "ResNet152": "ResNet-152",
        "ResNet50": "ResNet-50",
        "ResNet18": "ResNet-18",
        "MobileNetV1": "MobileNetV1",
        "MobileNetV2": "MobileNetV2",
        "MobileNetV1_Half": "MobileNetV1 × 0.5",
        "MobileNetV1_Quarter": "MobileNetV1 × 0.25",
    }
    PRECISIONS = {"fp16": "FP16", "int8": "INT8"}
    SIDE = 224
    BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
    PATIENCE = 0.005
    KILOBYTES = {"kB": 1, "kilobytes": 1, "KiB": 1.024, "MB": 1000, "MiB": 1048.576, "B": 0.001, "bytes": 0.001}

    @dataclass(frozen=True)
    class Post:
        """Where a network is to look out: pictures at once, the time for them, the share it has to name right."""

        name: str
        batch: int
        limit: float
        least: float

    POSTS = {
        "archive": Post("archive", 256, 0.010, 0.75),
        "locomotive": Post("locomotive", 32, 0.012, 0.70),
        "crossing": Post("crossing", 1, 1.0, 0.50),
        "collar": Post("collar", 1, 3.0, 0.42),
    }
    AT = {
        "H100": "archive",
        "MI300X": "archive",
        "Jetson AGX Orin": "locomotive",
        "ESP32-S3": "crossing",
        "nRF52840": "collar",
    }

    def named(network):
        """A network with its size, as a question writes it."""
        return f"{NETWORKS[network]} ({net(network, SIDE).parameters / 1e6:.1f} million weights)"

    @cache
    def net(network, side):
        """A network on square pictures of that side."""
        return getattr(ms.Models.Layered, network).resized(side)

    @cache
    def ran(machine, network, side, precision, batch):
        """The simulator's answer for one pass on a machine that computes many pictures at once."""
        return ms.ForwardModel().solve(
            model=net(network, side), hardware=MACHINES[machine], precision=precision, batch=batch
        )

    @cache
    def tiny(machine, network, side):
        """The simulator's answer for one picture on a microcontroller, in INT8."""
        return ms.TinyModel().solve(model=net(network, side), hardware=MACHINES[machine])

    VARIANTS = {
        "network": Varied(("ResNet50", "ResNet152", "MobileNetV2"), named),
        "crowd": Varied((64, 128)),
        "side": Varied((224, 192), lambda side: f"{side} × {side}"),
    }
    FIRST = Lock(
        name="too_big",
        question="{network} keeps each weight in 16 bits. An ESP32-S3 computes from 524 kB of SRAM. How many times "
        "as large as this memory are the weights?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="each weight takes …",
    )
    SECOND = Lock(
        name="crowd",
        question="An MI300X looks at pictures with ResNet-50 in FP16. How many times as long as one picture do {crowd} "
        "pictures take, when they go through together?",
        unit="×",
        units={"x": 1, "times": 1, "X": 1},
        reason_hint="one picture alone is …",
    )
    THIRD = Lock(
        name="sram",
        question="MobileNetV1 in INT8 keeps its 4.2 million weights in the flash of an ESP32-S3, a byte each, and looks at a "
        "picture of {side} pixels. How much SRAM does it take to run?",
        unit="kB",
        units={"KB": 1, **KILOBYTES},
        reason_hint="at any one moment it needs …",
    )


@app.function
def one(machine, network, side):
    """Time of one picture, what of it is bytes, arithmetic, overhead, and why it does not fit, if it does not."""
    if machine in SMALL:
        answer = tiny(machine, network, side)
        return answer.latency, (0.0, answer.latency.expected, 0.0), answer.reasons
    answer = ran(machine, network, side, "fp16", 1)
    phase = answer.phase
    terms = (phase.memory_time, phase.compute_time, phase.kernel_time)
    return answer.time, tuple(term.expected for term in terms), answer.reasons


@app.function
def leads(machine, network, side):
    """Which term of the step is the largest."""
    return "compute throughput" if machine in SMALL else ran(machine, network, side, "fp16", 1).bound_by


@app.function
def sixteen(network):
    """Bytes of a network's weights at 16 bits each."""
    return ran("H100", network, SIDE, "fp16", 1).memory.weights


@app.function
def ratio(value):
    """A factor with three figures, or a small part of the whole, as people write it."""
    return f"{value:,.0f}×" if value >= 99.5 else f"{value:.3g}×" if value >= 0.01 else f"{100 * value:.2g}%"


@app.function
def picture_time(machine, network, side):
    """Reading: time for one picture."""
    time, (memory, compute, overhead), _ = one(machine, network, side)
    size = net(network, side).flops
    lines = (
        tiny(machine, network, side).explain().splitlines()[2:3]
        if machine in SMALL
        else (
            f"D/BW = {ms.format_quantity(memory, 's', 3)}   weights and activations over the memory’s bandwidth",
            f"O/(R·η) = {ms.format_quantity(compute, 's', 3)}   {ms.format_quantity(size, 'FLOP', 3)}",
            f"L = {ms.format_quantity(overhead, 's', 3)}   starting {len(net(network, side).layers)} layers one after another, and waiting for the last piece of each",
        )
    )
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="time for one picture",
        label=f"{machine}, {NETWORKS[network]}, {side} pixels, {'INT8' if machine in SMALL else 'FP16'}",
        range_text=time.format_range(),
        bound_by=leads(machine, network, side),
        equation=tuple(lines),
    )


@app.function
def overfull(machine, network):
    """Reading: weights at 16 bits over the memory a machine computes from."""
    weights, memory = sixteen(network), MACHINES[machine].memory
    return Reading(
        value=weights / memory,
        unit="1",
        text=ratio(weights / memory),
        name="16-bit weights over the memory they are computed from",
        label=f"{NETWORKS[network]}, {machine}",
        equation=(
            f"{net(network, SIDE).parameters:,} weights × 2 B = {ms.format_quantity(weights, 'B', 3)}",
            f"{ms.format_quantity(weights, 'B', 3)} / {ms.format_quantity(memory, 'B', 3)} = {ratio(weights / memory)}",
        ),
    )


@app.function
def batch_time(machine, batch):
    """Reading: time for a batch of pictures with ResNet-50."""
    answer = ran(machine, "ResNet50", SIDE, "fp16", batch)
    phase = answer.phase
    return Reading(
        value=answer.time.expected,
        unit="s",
        text=answer.time.format(),
        name="time for the batch",
        label=f"{machine}, ResNet-50 in FP16, batch {batch}",
        range_text=answer.time.format_range(),
        bound_by=answer.bound_by,
        equation=(
            f"D/BW = {phase.memory_time.format(3)}",
            f"O/(R·η) = {phase.compute_time.format(3)}   {batch} × {ms.format_quantity(answer.model.flops, 'FLOP', 3)}",
            f"L = {phase.kernel_time.format(3)}   starting layers, and waiting for the last piece of each",
        ),
    )


@app.function
def picture_rate(machine, batch):
    """Reading: pictures a second with ResNet-50."""
    answer = ran(machine, "ResNet50", SIDE, "fp16", batch)
    rate = answer.throughput
    return Reading(
        value=rate.expected,
        unit="1/s",
        text=f"{number(rate.expected)} pictures/s",
        name="pictures a second",
        label=f"{machine}, ResNet-50 in FP16, batch {batch}",
        range_text=f"between {number(rate.lower)} and {number(rate.upper)}",
        equation=(f"{batch} / {answer.time.format(3)} = {number(rate.expected)} pictures/s",),
    )


@app.function
def took(machine, network, side, precision):
    """Reading: time for what a post has to look at."""
    post, time = POSTS[AT[machine]], spent(machine, network, side, precision)
    small = machine in SMALL
    answer = tiny(machine, network, side) if small else ran(machine, network, side, precision, post.batch)
    return Reading(
        value=time.expected,
        unit="s",
        text=time.format(),
        name="time for one picture" if post.batch == 1 else f"time for {post.batch} pictures",
        label=design_label(machine, network, side, precision),
        range_text=time.format_range(),
        bound_by="compute throughput" if small else answer.bound_by,
        equation=(answer.explain().splitlines()[2],)
        if small
        else (
            f"O/(R·η) = {answer.phase.compute_time.format(3)}",
            f"D/BW = {answer.phase.memory_time.format(3)}",
            f"L = {answer.phase.kernel_time.format(3)}",
        ),
    )


@app.function
def working(machine, network, side, precision):
    """Reading: memory a design computes from."""
    if machine in SMALL:
        answer = tiny(machine, network, side)
        used, name, lines = answer.sram, "SRAM", answer.explain().splitlines()[3:5]
    else:
        memory = ran(machine, network, side, precision, POSTS[AT[machine]].batch).memory
        used, name = ms.Estimate.exact(memory.total, "B"), "memory"
        parts = [ms.format_quantity(each, "B", 3) for each in (memory.weights, memory.activations, memory.capacity)]
        lines = ["{} of weights and {} of activations at their widest, of {}".format(*parts)]
    return Reading(
        value=used.expected,
        unit="B",
        text=used.format(3),
        name=name,
        label=design_label(machine, network, side, precision),
        range_text=used.format_range(3) if machine in SMALL else "",
        equation=lines,
    )


@app.function
def right(machine, network, side, precision):
    """Reading: share of pictures that a network names at its first guess, as published."""
    share = ms.top1(network, side, precision)
    return Reading(
        value=share.value,
        unit="1",
        text=f"{share.value:.1%}",
        name="pictures named right (ImageNet, 1,000 kinds)",
        label=f"{NETWORKS[network]}, {side} pixels, {PRECISIONS[precision]}",
        equation=(f"published: {share.source}",),
    )


@app.function
def design_label(machine, network, side, precision):
    """A design of part C in few words."""
    return f"{AT[machine]}: {machine}, {NETWORKS[network]}, {side} pixels, {PRECISIONS[precision]}"


@app.function
def spent(machine, network, side, precision):
    """Time for what a post has to look at."""
    if machine in SMALL:
        return tiny(machine, network, side).latency
    return ran(machine, network, side, precision, POSTS[AT[machine]].batch).time


@app.function
def judged(value, limit):
    """Whether an estimate stays under a limit, in words."""
    return "keeps it" if value.upper <= limit else "breaks it" if value.expected > limit else "may keep it"


@app.function
def asked(machine, network, side, precision):
    """What a design asks of what its post allows: pairs of a name and an estimate, 100 where the limit is."""
    post = POSTS[AT[machine]]
    shares = [("time", spent(machine, network, side, precision).scaled(100 / post.limit, "%"))]
    if machine in SMALL:
        answer, device = tiny(machine, network, side), MACHINES[machine]
        shares.append(("SRAM", answer.sram.scaled(100 / device.memory, "%")))
        shares.append(("flash", answer.flash.scaled(100 / device.flash, "%")))
    else:
        memory = ran(machine, network, side, precision, post.batch).memory
        shares.append(("memory", ms.Estimate.exact(100 * memory.total / memory.capacity, "%")))
    if (share := ms.top1(network, side, precision)) is not None:
        shares.append(("wrong guesses", ms.Estimate.exact(100 * (1 - share.value) / (1 - post.least), "%")))
    return shares


@app.function
def computes(machine, precision):
    """Whether a machine has units for this arithmetic."""
    return precision in MACHINES[machine].peak


@app.function
def binds(term):
    """Which wall a term of the time is, in words."""
    return f"{term.capitalize()} binds" + (f" (wall {WALLS[term].number})" if term in WALLS else "")


@app.function
def broken(machine, network, side, precision):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    if not computes(machine, precision):
        sentence = (
            f"No such arithmetic. The {machine} multiplies numbers of 8 bits side by side and has no units for numbers of 16 bits with a "
            "fraction (FP16). INT8, or a larger machine, would mend it."
        )
        return [("precision", sentence)]
    post, share = POSTS[AT[machine]], ms.top1(network, side, precision)
    failures = []
    if share is None:
        sentence = (
            f"Nobody has measured it. {NETWORKS[network]} was published for pictures of {SIDE} pixels; how often it is "
            f"right at {side} is not known, and the {post.name} asks for {post.least:.0%}. {SIDE} pixels would mend it."
        )
        failures.append(("accuracy", sentence))
    elif share.value < post.least:
        sentence = (
            f"Too often wrong. {NETWORKS[network]} at {side} pixels in {PRECISIONS[precision]} names {share.value:.1%} of pictures right; "
            f"the {post.name} asks for {post.least:.0%}. Larger pictures, a wider network or more bits would mend it."
        )
        failures.append(("accuracy", sentence))
    if machine in SMALL:
        failures += [
            (reason.verdict.removeprefix("Out of ").rstrip("."), reason.sentence())
            for reason in tiny(machine, network, side).reasons
        ]
    time = spent(machine, network, side, precision)
    if judged(time, post.limit) == "breaks it":
        many = "One picture takes" if post.batch == 1 else f"{post.batch} pictures take"
        sentence = (
            f"Missed deadline. {many} {time.format()}, {time.format_range()}; the {post.name} has "
            f"{ms.format_quantity(post.limit, 's', 2)}. "
            f"{binds(took(machine, network, side, precision).bound_by)}. Fewer operations, from a narrower network or smaller pictures, or fewer bits would "
            "mend it."
        )
        failures.append(("deadline", sentence))
    return failures


@app.function
def challenge(designs, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    tried = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] == "took"
    ]
    held = {AT[each["machine"]] for each in tried if not broken(**each)}
    return {f"a network for the {name} that fits, is in time and is right often enough": name in held for name in POSTS}


@app.function
def answers(network="ResNet50", crowd=64, side=224):
    """What the simulator says to the three locked questions, in their units."""
    alone, together = (ran("MI300X", "ResNet50", SIDE, "fp16", batch).time.expected for batch in (1, crowd))
    return {
        "too_big": overfull("ESP32-S3", network).value,
        "crowd": together / alone,
        "sram": tiny("ESP32-S3", "MobileNetV1", side).sram.expected / 1e3,
    }


@app.function
def assumptions(network="ResNet50", crowd=64, side=224):
    """What wrong assumptions lead to, for each locked question."""
    device, spec, answer = MACHINES["ESP32-S3"], net("MobileNetV1", side), tiny("ESP32-S3", "MobileNetV1", side)
    says = answers(network, crowd, side)["too_big"]
    widest = max(layer.writes for layer in spec.layers)
    return {
        "too_big": (
            Assumption(says / 2, "You gave each weight one byte. Sixteen bits are two."),
            Assumption(2 * says, "You gave each weight four bytes, as in 32-bit numbers. Sixteen bits are two."),
            Assumption(
                sixteen(network) / device.flash,
                "You compared with the chip’s flash, where programs lie. What is computed with lies in SRAM.",
            ),
            Assumption(1.0, "You took it to fit, or nearly. Count bytes: weights first, then the memory."),
            Assumption(
                says / 1e3, "A thousand slipped: millions of weights are megabytes, SRAM is counted in kilobytes."
            ),
        ),
        "crowd": (
            Assumption(
                crowd,
                "You let every picture cost the same. One alone leaves the machine waiting between layers; the others "
                "use that time.",
            ),
            Assumption(
                1.0,
                f"You let them all go through in the time of one. That holds while overhead leads; {crowd} pictures "
                "are arithmetic enough to be felt.",
            ),
        ),
        "sram": (
            Assumption(
                answer.flash.expected / 1e3,
                "You counted the weights. They lie in flash and are read from there; SRAM holds what is being computed.",
            ),
            Assumption(
                spec.activations / 1e3,
                "You added up what all layers write. Only what the next layer still needs has to stay.",
            ),
            Assumption(
                3 * side * side / 1e3,
                "You counted the picture. Its first layers turn three colours into dozens of channels.",
            ),
            Assumption(
                widest / 1e3,
                "You took the largest array by itself. While a layer writes, what it reads has to stay as well.",
            ),
        ),
    }


@app.function
def faster(machine, network="MobileNetV2"):
    """How many times as fast as ResNet-50 a network is on a machine, one picture of the usual size."""
    return one(machine, "ResNet50", SIDE)[0].expected / one(machine, network, SIDE)[0].expected


@app.function
def floor():
    """Reading a picture on the collar with the least network of the lab, at the core's peak rate."""
    device, spec = MACHINES["nRF52840"], net("MobileNetV1_Quarter", 128)
    return ms.ForwardModel().solve(model=spec, hardware=device, precision="int8").time.lower


@app.cell
def plan():
    _sides = tuple(dict.fromkeys((128, 160, 192, SIDE)))
    _posts = "; ".join(
        f"{name}: {f'{post.batch} pictures' if post.batch > 1 else 'one picture'} in "
        f"{ms.format_quantity(post.limit, 's', 2)}, {post.least:.0%} right"
        for name, post in POSTS.items()
    )
    lab = Lab(
        name="vol1/lab_01_ml_intro",
        version="2",
        lede="Aino Lehtonen keeps reindeer on both sides of a railway. A network that tells animals from snow works on a "
        "server; she wants it in the locomotive, at the crossing, and on the lead animal’s collar. She asks you where it "
        "will run.",
        briefing=(
            "What a system does comes of three things: the data it is given, the algorithm that works on them, and the "
            "machine that runs it. Change one and the other two may no longer match.",
            "A network is a list of weights, learnt once, and of layers that multiply a picture with them. In between lie "
            "activations: what one layer hands to the next. Each needs a place in memory, each operation needs time.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Data, algorithm, machine",
                "One picture, one network, one machine. The picture’s side is the data, the network the algorithm. Change "
                "one of the three at a time and compare with ResNet-50 on the same machine. Time has three terms: the "
                "bytes moved, D, over the bandwidth, BW; meanwhile the operations, O, over the share η that is reached of the "
                "peak rate R; and overhead, L: each layer is started after the one before, and cores without work wait for its "
                "last piece. Microcontrollers compute in INT8, the others in FP16.",
                (
                    Slider("side", "Picture, pixels a side", (64, 96, 128, 160, 192, 224, 320, 448), SIDE),
                    Choice(
                        "network",
                        "Network",
                        tuple(name for name in NETWORKS if name != "MobileNetV1_Half"),
                        "ResNet50",
                        NETWORKS.get,
                    ),
                    Choice("machine", "Machine", tuple(name for name in MACHINES if name != "A100"), "H100"),
                ),
                hint="Halve the operations with the network, then with the picture. On which machines does the time follow, and "
                "on which does something else lead?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) == 1,
                        "You kept the machine. Does the same change help a small one as much?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["network"] for s in tried}) == 1,
                        "You kept the algorithm. What does another network change that another picture does not?",
                    ),
                ),
            ),
            Part(
                "B",
                "One picture or many",
                "The archive holds years of pictures. They can go through ResNet-50 in batches. But whoever waits for "
                "one picture waits for its whole batch, and the crossing’s keeper, who looks in live, waits "
                f"{ms.format_quantity(PATIENCE, 's', 1)} at most. Find which term leads, and where that changes.",
                (
                    Choice("machine", "Machine", tuple(SERVERS), "A100"),
                    Slider("batch", "Batch, pictures at once", BATCHES, 1),
                ),
                hint="Which of the three lines is flat, and which rise? Look at pictures a second beyond the place where the "
                "third one takes off.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) == 1,
                        "You kept the machine. Where do the lines cross on one with more arithmetic?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 5 and max(s["batch"] for s in tried) <= 16,
                        "You kept to small batches. Is more always more?",
                    ),
                ),
            ),
            Part(
                "C",
                "Four posts",
                "Each post has a machine, a time and a share of pictures that has to be right. "
                f"{_posts[0].upper()}{_posts[1:]}. "
                "A microcontroller keeps weights in flash and computes in SRAM. Find a network for each post.",
                (
                    Choice("machine", "Machine", tuple(AT), "H100", lambda name: f"{name}, {AT[name]}"),
                    Choice(
                        "network",
                        "Network",
                        ("ResNet50", "MobileNetV1", "MobileNetV1_Half", "MobileNetV1_Quarter"),
                        "ResNet50",
                        NETWORKS.get,
                    ),
                    Slider("side", "Picture, pixels a side", _sides, SIDE),
                    Choice("precision", "Numbers", tuple(PRECISIONS), "fp16", PRECISIONS.get),
                ),
                hint="Of network, picture and bits: which of them fills the flash, which the SRAM, and which all three limits?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 7 and len({AT[s["machine"]] for s in tried}) == 1,
                        "You stayed at one post. What of this network would the next smaller machine refuse first?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 7 and len({s["side"] for s in tried}) == 1,
                        "All your pictures have the same size. What shrinks with the picture, and what stays as it is?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Aino Lehtonen what to run at each of the four posts, which term of the Iron Law "
        "or which memory decides at each, and what she gives up. Use your readings.",
        readings=(picture_time, overfull, batch_time, picture_rate, took, working, right),
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
    _machine, _network, _side = a.value["machine"], a.value["network"], a.value["side"]

    def _bar(network, side, label):
        time, terms, reasons = one(_machine, network, side)
        return charts.Stack(label, terms, time.format() + ", does not fit" * bool(reasons))

    _work = net(_network, _side).flops / net("ResNet50", SIDE).flops
    _time = one(_machine, _network, _side)[0].expected / one(_machine, "ResNet50", SIDE)[0].expected
    _says = (
        f"On the {_machine}, {100 * _work:.3g}% of ResNet-50’s operations take {100 * _time:.3g}% of its time; "
        f"{leads(_machine, _network, _side)} leads."
        if (_network, _side) != ("ResNet50", SIDE)
        else f"Both bars are ResNet-50 on its usual picture; on the {_machine}, {leads(_machine, _network, _side)} leads. "
        "Change one of the three."
    )
    _weights, _fits = sixteen(_network), not one(_machine, _network, _side)[2]
    lab.instrument(
        charts.iron_law(
            (_bar("ResNet50", SIDE, f"ResNet-50, {SIDE}"), _bar(_network, _side, "yours")),
            _says,
        ),
        charts.magnitudes(
            [
                charts.Item(f"{NETWORKS[_network]}, weights", _weights, ms.format_quantity(_weights, "B", 3)),
                *(
                    charts.Item(name, each.memory, ms.format_quantity(each.memory, "B", 3))
                    for name, each in MACHINES.items()
                    if name != "A100"
                ),
            ],
            "bytes",
            f"Weights of {NETWORKS[_network]} at 16 bits, and the memory that each machine computes from.",
        ),
        # What does not fit takes no time: there is nothing to read.
        lab.reading(picture_time, machine=_machine, network=_network, side=_side) if _fits else "",
        lab.reading(overfull, machine=_machine, network=_network),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _reasons = one(a.value["machine"], a.value["network"], a.value["side"])[2]
    mo.stop(not _reasons)
    mo.vstack(
        [lab.failure("A", each.sentence(), each.verdict.removeprefix("Out of ").rstrip(".")) for each in _reasons],
        gap=0,
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
    _network = given["network"]
    _says = answers(**given)["too_big"]
    _work = net("MobileNetV2", SIDE).flops / net("ResNet50", SIDE).flops
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                ratio(_says),
                assumptions(**given)["too_big"],
                f"{net(_network, SIDE).parameters / 1e6:.1f} million weights of two bytes are "
                f"{ms.format_quantity(sixteen(_network), 'B', 3)}; the SRAM has {ms.format_quantity(MACHINES['ESP32-S3'].memory, 'B', 3)}.",
                "You counted bytes on both sides.",
                overfull("ESP32-S3", _network).equation,
            ),
            lab.remember(
                f"MobileNetV2 does {_work:.0%} of ResNet-50’s operations. That makes a Raspberry Pi 5 "
                f"{faster('Raspberry Pi 5'):.0f} times as fast and an H100 {faster('H100'):.1f} times: there, starting layers "
                f"is what takes the time, and MobileNetV2 has {len(net('MobileNetV2', SIDE).layers)} of them, ResNet-50 "
                f"{len(net('ResNet50', SIDE).layers)}."
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
    _machine, _batch = b.value["machine"], b.value["batch"]
    _runs = {name: [ran(name, "ResNet50", SIDE, "fp16", n) for n in BATCHES] for name in SERVERS}
    _own = _runs[_machine]
    _here = ran(_machine, "ResNet50", SIDE, "fp16", _batch)
    _terms = [(each.phase.memory_time, each.phase.compute_time, each.phase.kernel_time) for each in _own]
    _best = max(range(len(BATCHES)), key=lambda place: _own[place].throughput.expected)
    lab.instrument(
        charts.curves(
            [
                charts.Curve(name, [(n, terms[place].expected) for n, terms in zip(BATCHES, _terms, strict=True)])
                for place, name in enumerate(charts.IRON_LAW)
            ],
            charts.Axis("pictures in the batch", log=True),
            charts.Axis("time per batch", "s", log=True),
            f"{_machine}, batch {_batch}: {_here.bound_by} leads, with {_here.phase.share('memory'):.0%} of the time in bytes, "
            f"{_here.phase.share('compute'):.0%} in arithmetic and {_here.phase.kernel_time.expected / _here.time.expected:.0%} in overhead where each "
            "is taken by itself; bytes and arithmetic overlap.",
            here=_batch,
        ),
        charts.curves(
            [
                charts.Curve(name, [(n, run.throughput.expected) for n, run in zip(BATCHES, runs, strict=True)])
                for name, runs in _runs.items()
            ],
            charts.Axis("pictures in the batch", log=True),
            charts.Axis("pictures a second", log=True),
            f"Pictures a second on three machines. The {_machine} does most at batch {BATCHES[_best]}.",
            here=_batch,
        ),
        lab.reading(batch_time, machine=_machine, batch=_batch),
        lab.reading(picture_rate, machine=_machine, batch=_batch),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _answer = ran(b.value["machine"], "ResNet50", SIDE, "fp16", b.value["batch"])
    mo.stop(judged(_answer.time, PATIENCE) != "breaks it")
    lab.failure(
        "B",
        f"Missed deadline. {b.value['batch']} pictures take {_answer.time.format()}, {_answer.time.format_range()}, and each "
        f"waits for all; the keeper waits {ms.format_quantity(PATIENCE, 's', 1)}. {binds(_answer.bound_by)}. "
        "A smaller batch or a faster machine would mend it.",
        "deadline",
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
    _says, _crowd = answers(**given)["crowd"], given["crowd"]
    _one, _many = (ran("MI300X", "ResNet50", SIDE, "fp16", n) for n in (1, _crowd))
    _rates = {n: picture_rate("H100", n) for n in BATCHES}
    _most = max(_rates, key=lambda n: _rates[n].value)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.1f}×",
                assumptions(**given)["crowd"],
                f"Alone, a picture’s time is {_one.phase.kernel_time.expected / _one.time.expected:.0%} overhead, most of which a batch pays once; "
                "arithmetic it pays for each picture.",
                "You set what a batch pays once against what every picture pays.",
                (
                    "one picture",
                    *batch_time("MI300X", 1).equation,
                    f"{_crowd} pictures",
                    *batch_time("MI300X", _crowd).equation,
                ),
            ),
            lab.remember(
                f"On an MI300X {_crowd} pictures take {_says:.1f} times as long as one: overhead leads at first, then arithmetic. Then, "
                f"where activations outgrow the cache, bytes: an H100 does {_rates[_most].text} at batch {_most} and "
                f"{_rates[BATCHES[-1]].text} at {BATCHES[-1]}."
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
    _machine, _post = _design["machine"], POSTS[AT[_design["machine"]]]
    if computes(_machine, _design["precision"]):
        _asked = asked(**_design)
        _bands = [
            charts.Band(name, share.lower, share.expected, share.upper, judged(share, 100)) for name, share in _asked
        ]
        _over, _may = (
            [name for name, share in _asked if judged(share, 100) == said] for said in ("breaks it", "may keep it")
        )
        _known = ms.top1(_design["network"], _design["side"], _design["precision"]) is not None
        _fits = not any(limit in ("SRAM", "flash") for limit, _ in broken(**_design))
        _says = (
            f"The {_post.name}’s {_machine} with {NETWORKS[_design['network']]} at {_design['side']} pixels in "
            f"{PRECISIONS[_design['precision']]}: "
            + (
                "over the limit in " + ", ".join(_over)
                if _over
                else f"within its limits as expected, and perhaps over in {', '.join(_may)}"
                if _may
                else "everything shown is within its limit"
            )
            + "."
        )
        _shown = lab.instrument(
            charts.against_limit(_bands, 100, "limit", charts.Axis("share of the limit, %"), _says),
            lab.reading(took, **_design) if _fits else "",
            lab.reading(working, **_design),
            lab.reading(right, **_design) if _known else "",
            lab.probe("C", c),
        )
    else:
        _shown = lab.instrument(
            f'<p class="says">The {_machine} cannot run this network: there is nothing to time.</p>', lab.probe("C", c)
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
    _side = given["side"]
    _says = answers(**given)["sram"]
    _answer, _spec = tiny("ESP32-S3", "MobileNetV1", _side), net("MobileNetV1", _side)
    _widest = max(_spec.layers, key=lambda layer: layer.live)
    _half = tiny("nRF52840", "MobileNetV1_Half", 128)
    _quarter = tiny("nRF52840", "MobileNetV1_Quarter", SIDE)
    _slow = tiny("ESP32-S3", "MobileNetV1", 128)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:,.0f} kB",
                assumptions(**given)["sram"],
                "Look for the layer that reads and writes most at once: weights stay in flash.",
                "You looked for the widest moment, not for the whole network.",
                (
                    f"{_widest.reads:,.0f} numbers read + {_widest.writes:,.0f} written = {_spec.peak:,.0f} B   the widest layer",
                    f"{_answer.sram.format(3)}   with what the runtime keeps for each of {len(_spec.layers)} layers",
                    f"{_answer.flash.format(3)}   weights and runtime, in flash",
                ),
            ),
            lab.remember(
                f"The same family fails three ways: at half width it needs at least "
                f"{ms.format_quantity(_half.flash.lower, 'B', 3)} of the nRF52840’s "
                f"{ms.format_quantity(MACHINES['nRF52840'].flash, 'B', 3)} of flash; at a quarter, with {SIDE} pixels, "
                f"{ms.format_quantity(_quarter.sram.lower, 'B', 3)} of its {ms.format_quantity(MACHINES['nRF52840'].memory, 'B', 3)} of SRAM; whole, with 128 pixels, it fits "
                f"the ESP32-S3 and takes {_slow.latency.format(3)} of the {POSTS['crossing'].limit:.0f} s it has."
            ),
            lab.further(
                "Done early? Find a network for the collar that answers within a tenth of a second.",
                f"The narrowest network here, on the smallest picture, is {ms.format_quantity(net('MobileNetV1_Quarter', 128).flops, 'FLOP', 3)}. "
                f"At the core’s peak of {ms.format_quantity(MACHINES['nRF52840'].rate('int8'), 'FLOP/s', 3)} that is "
                f"{ms.format_quantity(floor(), 's', 2)}: nothing in this lab gets below it, however well it is programmed.",
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
