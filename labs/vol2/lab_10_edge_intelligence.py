import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="What changes when power is the budget?",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    from functools import cache

    import marimo as mo

    import mlsysim as ms
    from labkit import Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim.physics.tiny import inference_energy
    from mlsysim.walls import WALLS

    DAY, MONTH = 86_400.0, 30.44 * 86_400.0
    PHONE, PHONE_POWER, PHONE_BATTERY = "phone", 3.0, 15.0 * 3600.0
    APP_MEMORY, APP_SHARE = 3e9, 0.003
    EXAMPLES, LEARNER = 1000, "BERT_Base"
    DEVICES = {
        "nRF52840": ms.Hardware.Tiny.nRF52840,
        "ESP32-S3": ms.Hardware.Tiny.ESP32S3,
        "phone": ms.Hardware.Mobile.Snapdragon8Gen3,
        "Jetson AGX Orin": ms.Hardware.Edge.JetsonAGXOrin,
    }
    SMALL = ("nRF52840", "ESP32-S3")
    NETWORKS = {
        "DNN_Small": "dense 3 × 144",
        "DNN_Medium": "dense 3 × 256",
        "DNN_Large": "dense 3 × 436",
        "DS_CNN": "DS-CNN",
        "MobileNetV1_025": "MobileNetV1 × 0.25",
        "MobileNetV2": "MobileNetV2",
    }
    SPOTTERS = tuple(NETWORKS)[:4]
    METHODS = {"last": "last layer", "lora": "adapters (LoRA)", "full": "everything"}
    BATCHES = (1, 2, 4, 8, 16, 32, 64)
    RANK, ROUND_BATCH = 8, 16
    DEADLINE, WORD, LEAST = 0.030, 1.0, 0.84
    RADIO, ROUNDS = 500e6, 8
    LONGER = {"hours": 1 / 24, "week": 7, "weeks": 7, "month": 30.44, "months": 30.44, "year": 365.25, "years": 365.25}
    VARIANTS = {
        "seconds": Varied((30, 60)),
        "batch": Varied((16, 8)),
        "period": Varied((1, 2), lambda period: "second" if period == 1 else f"{period} seconds"),
        "months": Varied((3, 4)),
    }
    FIRST = Lock(
        name="share",
        question="A phone with a battery of 15 Wh adapts a network to its owner for {seconds} s, at 3 W. What share of the "
        "battery does that take?",
        unit="%",
        units={"percent": 1, "‰": 0.1},
        reason_hint="a watt-hour is …",
    )
    SECOND = Lock(
        name="adapters",
        question=f"Adapters of rank {RANK} train one hundredth as many numbers as BERT-base has. For the same examples, in batches "
        "of {batch}, how much energy does the phone need with them, in percent of what training everything needs?",
        unit="%",
        units={"percent": 1},
        reason_hint="what is not trained still has to …",
    )
    THIRD = Lock(
        name="days",
        question="An nRF52840 looks for keywords with DS-CNN, once every {period}, and sleeps in between. A CR2032 coin cell "
        "holds 2,430 J. For how many days does it last?",
        unit="days",
        units={"d": 1, "day": 1, **LONGER},
        reason_hint="each time it wakes …",
    )

    @cache
    def tiny(device, network, period=None):
        """The simulator's answer for a microcontroller, on a coin cell where it wakes every so often."""
        cell = {} if period is None else {"period": period, "battery": "CR2032"}
        return ms.TinyModel().solve(model=network, hardware=DEVICES[device], deadline=DEADLINE, **cell)

    @cache
    def large(device, network):
        """The simulator's answer for one inference on a device with an operating system, in INT8."""
        return ms.OnDeviceModel().solve(
            model=network,
            hardware=DEVICES[device],
            method="inference",
            precision="int8",
            power=PHONE_POWER if device == PHONE else None,
        )

    def learned(method, rank, batch):
        """The simulator's answer for adapting the language model on the phone; the rank is the adapters' alone."""
        return adapted(method, rank if method == "lora" else RANK, batch)

    @cache
    def adapted(method, rank, batch):
        """The same, with a rank that means something."""
        return ms.OnDeviceModel().solve(
            model=LEARNER,
            hardware=DEVICES[PHONE],
            method=method,
            rank=rank,
            batch=batch,
            examples=EXAMPLES,
            precision="fp32",
            power=PHONE_POWER,
            battery=PHONE_BATTERY,
            memory=APP_MEMORY,
            most=APP_SHARE,
        )


@app.function
def one(device, network):
    """The simulator's answer for one inference, its time and its energy."""
    answer = tiny(device, network) if device in SMALL else large(device, network)
    return answer, answer.latency if device in SMALL else answer.time, answer.energy


@app.function
def out_of(device, network):
    """Why a network does not fit a device: reasons of memory; none where it does."""
    reasons = one(device, network)[0].reasons
    return [reason for reason in reasons if reason.limit == "memory capacity"]


@app.function
def place_of(reason):
    """The name of the memory that ran out."""
    return reason.verdict.removeprefix("Out of ").rstrip(".") if reason.verdict.startswith("Out of") else "memory"


@app.function
def power_of(device):
    """What a device draws while it computes, in watts."""
    return DEVICES[device].active_power if device in SMALL else large(device, "DS_CNN").power.value


@app.function
def percent(share):
    """A share as people write it, with two figures where it is small."""
    if share >= 0.1:
        return f"{100 * share:,.0f}%"
    return f"{float(f'{100 * share:.2g}'):.10f}".rstrip("0").rstrip(".") + "%"


@app.function
def answer_energy(device, network):
    """Reading: energy of one answer."""
    answer, time, energy = one(device, network)
    watts = ms.format_quantity(power_of(device), "W", 3)
    return Reading(
        value=energy.expected,
        unit="J",
        text=energy.format(),
        name="energy of one answer",
        label=f"{device}, {NETWORKS[network]} in INT8",
        range_text=energy.format_range(),
        bound_by="compute throughput" if device in SMALL else answer.bound_by,
        equation=(f"E = P T = {watts} × {time.format(3)} = {energy.format(3)}",),
    )


@app.function
def work_share(device, seconds):
    """Reading: share of a phone's battery that so many seconds of computing take."""
    energy = inference_energy(power_of(device), seconds)
    return Reading(
        value=energy / PHONE_BATTERY,
        unit="1",
        text=percent(energy / PHONE_BATTERY),
        name="share of a phone’s battery",
        label=f"{device}, computing for {seconds:,} s",
        equation=(
            f"E = P T = {ms.format_quantity(power_of(device), 'W', 3)} × {seconds:,} s = {ms.format_quantity(energy, 'J', 3)}",
            f"15 Wh = 15 × 3,600 J = {ms.format_quantity(PHONE_BATTERY, 'J', 3)}",
        ),
    )


@app.function
def learning_energy(method, rank, batch):
    """Reading: energy of adapting the phone's language model to its owner."""
    answer = learned(method, rank, batch)
    return Reading(
        value=answer.energy.expected,
        unit="J",
        text=answer.energy.format(),
        name=f"energy for {EXAMPLES:,} examples",
        label=learning_label(method, rank, batch),
        range_text=answer.energy.format_range(),
        bound_by=answer.bound_by,
        equation=answer.explain().splitlines()[2:6],
    )


@app.function
def learning_memory(method, rank, batch):
    """Reading: memory of adapting the phone's language model."""
    answer = learned(method, rank, batch)
    return Reading(
        value=answer.memory.total,
        unit="B",
        text=ms.format_quantity(answer.memory.total, "B", 3),
        name="memory while it learns",
        label=learning_label(method, rank, batch),
        equation=answer.explain().splitlines()[6:7],
    )


@app.function
def learning_label(method, rank, batch):
    """A way to learn in few words."""
    return f"{METHODS[method]}{f' of rank {rank}' * (method == 'lora')}, batch {batch}"


@app.function
def hears(device, network, period):
    """Reading: time from the end of a sound to the answer."""
    answer = tiny(device, network, period)
    return Reading(
        value=answer.latency.expected,
        unit="s",
        text=answer.latency.format(),
        name="time for an answer",
        label=f"{device}, {NETWORKS[network]}",
        range_text=answer.latency.format_range(),
        bound_by="compute throughput",
        equation=answer.explain().splitlines()[2:3],
    )


@app.function
def lasts(device, network, period):
    """Reading: how long the coin cell lasts."""
    answer = tiny(device, network, period)
    life = answer.battery_life
    low, middle, high = (f"{each / DAY:,.0f}" for each in (life.lower, life.expected, life.upper))
    return Reading(
        value=life.expected,
        unit="s",
        text=f"{middle} days",
        name="life of the coin cell",
        label=f"{device}, {NETWORKS[network]}, every {period:g} s",
        range_text=f"between {low} and {high} days",
        equation=(
            f"d = {answer.latency.format(3)} / {period:g} s = {answer.duty.expected:.3g}   share of the time spent computing",
            f"P = d P_a + (1 − d) P_s = {answer.power.format(3)}, of which "
            f"{ms.format_quantity(DEVICES[device].sleep_power, 'W', 3)} are drawn asleep",
            f"{ms.format_quantity(answer.battery.value, 'J', 3)} / P = {middle} days",
        ),
    )


@app.function
def talk(method, rounds):
    """Reading: what the rounds of a month send and receive."""
    answer = learned(method, RANK, ROUND_BATCH)
    total = 2 * answer.update * rounds
    return Reading(
        value=total,
        unit="B",
        text=ms.format_quantity(total, "B", 3),
        name="radio in a month",
        label=f"{METHODS[method]}, {rounds} rounds",
        equation=(
            f"{answer.trained:,.0f} numbers × 4 B = {ms.format_quantity(answer.update, 'B', 3)}   one way, one round",
            f"2 × {ms.format_quantity(answer.update, 'B', 3)} × {rounds} = {ms.format_quantity(total, 'B', 3)}",
        ),
    )


@app.function
def spotted(network):
    """Reading: share of keywords that a network names right, as published."""
    share = ms.keywords(network)
    return Reading(
        value=share.value,
        unit="1",
        text=f"{share.value:.1%}",
        name="keywords named right, of twelve classes",
        label=NETWORKS[network],
        equation=(f"published: {share.source}",),
    )


@app.function
def judged(value, limit):
    """Whether an estimate stays under a limit, in words."""
    return "keeps it" if value.upper <= limit else "breaks it" if value.expected > limit else "may keep it"


@app.function
def asked(device, network, period, method, rounds, months):
    """What a design asks of what there is: pairs of a name and an estimate, 100 where the limit is."""
    answer, chip = tiny(device, network, period), DEVICES[device]
    wanted = ms.Estimate.exact(100 * months * MONTH, "s")
    return [
        ("time for an answer", answer.latency.scaled(100 / DEADLINE, "%")),
        ("SRAM", answer.sram.scaled(100 / chip.memory, "%")),
        ("flash", answer.flash.scaled(100 / chip.flash, "%")),
        ("coin cell", wanted.over(answer.battery_life, "%")),
        ("radio of the phone", ms.Estimate.exact(100 * talk(method, rounds).value / RADIO, "%")),
    ]


@app.function
def broken_pendant(device, network, period, months=3):
    """The limits that a pendant breaks: pairs of a limit's name and a sentence about it."""
    answer, share = tiny(device, network, period), ms.keywords(network).value
    failures = []
    if share < LEAST:
        failures.append(
            (
                "accuracy",
                f"Too often wrong. With {NETWORKS[network]} it names {share:.1%} of keywords right; {LEAST:.0%} are asked for. "
                "A larger network would mend it.",
            )
        )
    if period > WORD:
        failures.append(
            (
                "gaps",
                f"Words go by unheard. It listens every {period:g} s, and a call lasts {WORD:g} s. Listening more often would "
                "mend it, and costs energy.",
            )
        )
    if judged(answer.latency, DEADLINE) == "breaks it":
        failures.append(
            (
                "deadline",
                f"Missed deadline. An answer takes {answer.latency.format()}, {answer.latency.format_range()}; it has "
                f"{1e3 * DEADLINE:.0f} ms. Compute throughput binds (wall {WALLS['compute throughput'].number}). A smaller network or a faster core would mend it.",
            )
        )
    if answer.battery_life.expected < months * MONTH:
        failures.append(
            (
                "battery",
                f"Empty too soon. The coin cell lasts {lasts(device, network, period).text}, "
                f"{lasts(device, network, period).range_text}; {months} months are {months * MONTH / DAY:.0f} days. Energy binds "
                f"(wall {WALLS['energy'].number}). "
                "Less work at a time, longer sleep or a core that draws less would mend it.",
            )
        )
    return failures


@app.function
def broken_rounds(method, rounds):
    """The limits that the phones' common learning breaks: pairs of a limit's name and a sentence about it."""
    failures = [("memory", reason.sentence()) for reason in learned(method, RANK, ROUND_BATCH).reasons]
    if rounds < ROUNDS:
        failures.append(
            (
                "rounds",
                f"Too few rounds. {rounds} a month are {ROUNDS - rounds} short of the {ROUNDS} after which a new wearer is understood. "
                "More rounds would mend it.",
            )
        )
    if talk(method, rounds).value > RADIO:
        failures.append(
            (
                "radio",
                f"Over the contract. {rounds} rounds send and receive {talk(method, rounds).text}; the contract has "
                f"{ms.format_quantity(RADIO, 'B', 3)} a month. Communication binds (wall {WALLS['communication'].number}). Fewer trained "
                "numbers or fewer rounds would mend it.",
            )
        )
    return failures


@app.function
def challenge(designs, months=3, **_variant):
    """What part C asks for, and whether a design that was read off holds it."""
    kinds = {"lasts": broken_pendant, "talk": broken_rounds}
    extra = {"lasts": {"months": months}, "talk": {}}
    held = {
        kind: any(
            not broken(**{name: value for name, value in each.items() if name != "reading"}, **extra[kind])
            for each in designs
            if each["reading"] == kind
        )
        for kind, broken in kinds.items()
    }
    return {
        f"a pendant that answers in {1e3 * DEADLINE:.0f} ms, misses no word and lasts {months} months": held["lasts"],
        f"{ROUNDS} rounds of learning a month within {ms.format_quantity(RADIO, 'B', 3)} of radio": held["talk"],
    }


@app.function
def answers(seconds=30, batch=16, period=1, months=3):
    """What the simulator says to the three locked questions, in their units."""
    lora, full = (learned(method, RANK, batch).energy.expected for method in ("lora", "full"))
    return {
        "share": 100 * work_share(PHONE, seconds).value,
        "adapters": 100 * lora / full,
        "days": lasts("nRF52840", "DS_CNN", period).value / DAY,
    }


@app.function
def assumptions(seconds=30, batch=16, period=1, months=3):
    """What wrong assumptions lead to, for each locked question."""
    lora, full, passed = (learned(method, RANK, batch) for method in ("lora", "full", "last"))
    cell, chip = tiny("nRF52840", "DS_CNN", period), DEVICES["nRF52840"]
    return {
        "share": (
            Assumption(
                100 * PHONE_POWER * seconds / PHONE_BATTERY * 60,
                "You took watt-hours for watt-minutes: an hour has 3,600 s.",
            ),
            Assumption(100 * PHONE_POWER / 15, "You divided watts by watt-hours: the share that an hour of it takes."),
            Assumption(5.0, "You went by how warm the phone gets. Power is not energy: it lasts for seconds only."),
        ),
        "adapters": (
            Assumption(
                100 * lora.trained / full.trained,
                "You took the share of numbers that are trained. Every example still goes through all of the network, and "
                "the gradient back through it.",
            ),
            Assumption(
                100 * passed.energy.expected / full.energy.expected,
                "You counted the pass forward alone. To reach the adapters of the first layer, the gradient goes back "
                "through every layer above.",
            ),
            Assumption(
                100.0, "You took it to save memory only. The gradients of the frozen weights are never computed."
            ),
        ),
        "days": (
            Assumption(
                cell.battery.value / chip.active_power / DAY,
                "You let it compute all the time. It sleeps for most of it.",
            ),
            Assumption(
                cell.battery.value / chip.sleep_power / DAY,
                "You let it sleep. What it draws asleep is nothing beside what it draws while it computes.",
            ),
            Assumption(
                365.0, "You went by pendants that do less. Share of the time times power is what drains a cell."
            ),
        ),
    }


@app.function
def asleep():
    """How long the coin cell lasts when the chip only sleeps, in seconds."""
    return tiny("nRF52840", "DNN_Small", 1e9).battery_life.expected


@app.cell
def plan():
    lab = Lab(
        name="vol2/lab_10_edge_intelligence",
        version="2",
        lede="Tsering Dolma makes a pendant for people who live alone. It listens for a call, on a coin cell; the phone beside "
        "it learns how its owner speaks. A pendant that is empty hears nobody. She asks you what will last.",
        briefing=(
            "In a datacentre power is a bill. In a pocket it is a budget: a battery holds so many joules, and what is spent on "
            "one thing is gone for the others. Power (W) is how fast energy (J) is drawn: one watt is one joule a second.",
            "Three things limit a small device: the SRAM it computes from, the flash that holds its weights, and the joules it "
            "carries. Learning asks for more than answering: gradients, optimizer states, and activations that are kept.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "Joules",
                "Four devices, from a chip that draws a hundredth of a watt to one that draws as much as a bulb once did. The dense "
                "network (layers × width) and DS-CNN name keywords in sound, the MobileNets what is in a picture. Change the device "
                "and compare two things: what one answer costs, and what it costs to keep computing.",
                (
                    Choice("device", "Device", tuple(DEVICES), PHONE),
                    Choice(
                        "network",
                        "Network",
                        ("DNN_Small", "DS_CNN", "MobileNetV1_025", "MobileNetV2"),
                        "DS_CNN",
                        NETWORKS.get,
                    ),
                    Slider("seconds", "Computing for", (1, 10, 30, 60, 600, 3600), 1, lambda seconds: f"{seconds:,} s"),
                ),
                hint="Energy is power times time. Which device has the least power, and which the least time?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["device"] for s in tried}) == 1,
                        "You kept the device. Which one answers with the fewest joules?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["network"] for s in tried}) == 1,
                        "You kept the network. Which devices refuse a larger one, and for want of what?",
                    ),
                ),
            ),
            Part(
                "B",
                "Learning on the phone",
                f"BERT-base, a language model, learns from {EXAMPLES:,} things its owner said. The phone gives an app "
                f"{ms.format_quantity(APP_MEMORY, 'B', 1)} and {APP_SHARE:.1%} of the battery. Train everything; or freeze it and train thin "
                "matrices beside each matrix (adapters, LoRA: their width is the rank); or train the last layer alone. The batch is "
                "how many examples go through before the trained numbers change.",
                (
                    Choice("method", "What is trained", tuple(METHODS), "lora", METHODS.get),
                    Slider("rank", "Rank of the adapters", (4, 8, 16, 64), RANK),
                    Slider("batch", "Batch, examples", BATCHES, 4),
                ),
                hint="One part of the memory grows with the batch and no other does. Which part do adapters spare, and how often is it "
                "read and written?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 5 and len({s["method"] for s in tried}) == 1,
                        "You kept what is trained. What does the phone keep for each number it trains?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["batch"] for s in tried}) <= 2,
                        "How often do the trained numbers change while it learns from all examples?",
                    ),
                ),
            ),
            Part(
                "C",
                "The pendant and the phones",
                f"The pendant answers within {1e3 * DEADLINE:.0f} ms, names at least {LEAST:.0%} of keywords right and runs for months on one CR2032. A call "
                f"lasts {WORD:g} s: whoever listens less often misses it. The phones of all wearers learn together: in each round a phone "
                "sends what it trained and receives the mean of all. "
                f"{ROUNDS} rounds a month make it understand a new wearer, and a phone’s contract has {ms.format_quantity(RADIO, 'B', 3)}. Find a "
                "pendant and a way to learn.",
                (
                    Choice("device", "Pendant", SMALL, "nRF52840"),
                    Slider("network", "Network", SPOTTERS, "DNN_Medium", NETWORKS.get),
                    Slider("period", "Listens every", (0.25, 0.5, 1, 2, 5, 10), 1, lambda period: f"{period:g} s"),
                    Choice("method", "Phones train", tuple(METHODS), "lora", METHODS.get),
                    Slider("rounds", "Rounds a month", (4, 8, 15, 30, 60, 120), 8),
                ),
                hint="A pendant’s power has two parts. Which of them does a smaller network shrink, and which does it leave?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["network"] for s in tried}) == 1,
                        "You kept the network. How many joules does a keyword more named right cost?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["method"] for s in tried}) == 1,
                        "You kept what the phones train. What has to be sent of it?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Tsering Dolma which chip and network the pendant gets and what the phones train, which "
        "term or budget binds each, how sure you are of the months, and what she gives up. Use your readings.",
        readings=(answer_energy, work_share, learning_energy, learning_memory, hears, lasts, talk, spotted),
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
    _device, _network, _seconds = a.value["device"], a.value["network"], a.value["seconds"]
    _each = {name: one(name, _network)[2].expected for name in DEVICES if not out_of(name, _network)}
    _work = inference_energy(power_of(_device), _seconds)
    _store = {
        "phone’s battery": PHONE_BATTERY,
        "CR2032 coin cell": tiny("nRF52840", "DS_CNN", 1).battery.value,
    }
    _least = min(_each, key=_each.get)
    lab.instrument(
        charts.magnitudes(
            [charts.Item(name, energy, ms.format_quantity(energy, "J", 2)) for name, energy in _each.items()],
            "joules for one answer",
            f"One answer of {NETWORKS[_network]}, where it fits: the {_least} takes the fewest joules.",
        ),
        charts.magnitudes(
            [
                charts.Item(f"{_device}, {_seconds:,} s", _work, ms.format_quantity(_work, "J", 2)),
                *(charts.Item(name, energy, ms.format_quantity(energy, "J", 3)) for name, energy in _store.items()),
            ],
            "joules",
            f"The {_device} draws {ms.format_quantity(power_of(_device), 'W', 2)} while it computes; {_seconds:,} s of that are "
            f"{ms.format_quantity(_work, 'J', 2)}.",
        ),
        # What does not fit takes no energy: there is nothing to read.
        lab.reading(answer_energy, device=_device, network=_network) if _device in _each else "",
        lab.reading(work_share, device=_device, seconds=_seconds),
        lab.probe("A", a),
    )
    return


@app.cell
def failure_a(a, lab):
    _reasons = out_of(a.value["device"], a.value["network"])
    mo.stop(not _reasons)
    mo.vstack([lab.failure("A", each.sentence(), place_of(each)) for each in _reasons], gap=0)
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
    _says = answers(**given)["share"]
    _orin, _chip, _phone = (answer_energy(name, "DS_CNN") for name in ("Jetson AGX Orin", "nRF52840", PHONE))
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                percent(_says / 100),
                assumptions(**given)["share"],
                "Watts times seconds are joules; a watt-hour is 3,600 of them.",
                "You turned both into joules.",
                work_share(PHONE, given["seconds"]).equation,
            ),
            lab.remember(
                f"A Jetson AGX Orin draws {power_of('Jetson AGX Orin') / power_of('nRF52840'):,.0f} times the power of an nRF52840, for a time "
                f"about as many times shorter: one answer of DS-CNN costs {_orin.text} on the one, {_chip.text} on the other, and "
                f"{_phone.text} on a phone. A battery holds joules, not watts."
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
    _method, _rank, _batch = b.value["method"], b.value["rank"], b.value["batch"]
    _all = {method: learned(method, _rank, _batch) for method in METHODS}
    _own = _all[_method]
    _parts = tuple(_own.memory.bytes)
    lab.instrument(
        charts.memory(
            [
                charts.Stack(
                    METHODS[method] + ", yours" * (method == _method),
                    list(answer.memory.bytes.values()),
                    ms.format_quantity(answer.memory.total, "B", 3),
                )
                for method, answer in _all.items()
            ],
            _parts,
            APP_MEMORY,
            f"Yours, {METHODS[_method]} in batches of {_batch}: {_own.trained:,.0f} of {_own.model.parameters:,} numbers are trained; "
            f"{_own.memory.activations / _own.memory.total:.0%} of the memory are activations. The dashed line is what an app gets.",
        ),
        charts.curves(
            [
                charts.Curve(METHODS[method], [(n, learned(method, _rank, n).energy.expected) for n in BATCHES])
                for method in METHODS
            ],
            charts.Axis("batch, examples", log=True),
            charts.Axis(f"energy for {EXAMPLES:,} examples", "J", log=True),
            f"At batch {_batch}, adapters take {_all['lora'].energy.expected / _all['full'].energy.expected:.0%} of the energy of training everything, "
            f"the last layer {_all['last'].energy.expected / _all['full'].energy.expected:.0%}.",
            here=_batch,
        ),
        # What does not fit takes no energy: there is nothing to read.
        lab.reading(learning_energy, method=_method, rank=_rank, batch=_batch)
        if _own.memory.total <= _own.memory.capacity
        else "",
        lab.reading(learning_memory, method=_method, rank=_rank, batch=_batch),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, lab):
    _reasons = learned(b.value["method"], b.value["rank"], b.value["batch"]).reasons
    mo.stop(not _reasons)
    mo.vstack(
        [
            lab.failure("B", each.sentence(), {"memory capacity": "memory", "energy": "battery"}[each.limit])
            for each in _reasons
        ],
        gap=0,
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
    _says, _batch = answers(**given)["adapters"], given["batch"]
    _lora, _full = (learned(method, RANK, _batch) for method in ("lora", "full"))
    _alone = [learned(method, RANK, 1).energy.expected for method in ("lora", "full")]
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                percent(_says / 100),
                assumptions(**given)["adapters"],
                "Count three passes: forward, back to the inputs, back to the weights. Adapters spare one.",
                "You counted which of the passes can be left out.",
                ("adapters", *_lora.explain().splitlines()[2:6], "everything", *_full.explain().splitlines()[2:6]),
            ),
            lab.remember(
                f"Adapters train {_lora.trained / _full.trained:.1%} of the numbers and need {_says:.0f}% of the energy at batch {_batch}: of "
                "three passes through the whole network they spare one, and nearly all of the optimizer’s traffic. At batch 1 they "
                f"need {_alone[0] / _alone[1]:.0%}, because training everything reads and writes "
                f"{ms.format_quantity(_full.memory.optimizer, 'B', 2)} of optimizer state after every example."
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
def part_c(given, lab, third):
    mo.stop(third.value is None)
    c = lab.panel("C")
    c_is_open = True
    mo.vstack([mo.Html(f'<p class="small">Your pendant has to last {given["months"]} months.</p>'), c], gap=0)
    return c, c_is_open


@app.cell
def failures_c(c, given):
    failures = [
        *broken_pendant(c.value["device"], c.value["network"], c.value["period"], given["months"]),
        *broken_rounds(c.value["method"], c.value["rounds"]),
    ]
    return (failures,)


@app.cell
def instrument_c(c, failures, given, lab):
    _pendant = {name: c.value[name] for name in ("device", "network", "period")}
    _method, _rounds = c.value["method"], c.value["rounds"]
    _asked = asked(**_pendant, method=_method, rounds=_rounds, months=given["months"])
    lab.instrument(
        charts.against_limit(
            [charts.Band(name, share.lower, share.expected, share.upper, judged(share, 100)) for name, share in _asked],
            100,
            "limit",
            charts.Axis("share of the limit, %"),
            f"{_pendant['device']} with {NETWORKS[_pendant['network']]} every {_pendant['period']:g} s, phones train {METHODS[_method]} "
            f"{_rounds} times a month: "
            + (
                f"{len(failures)} of what is asked is broken, each named below."
                if failures
                else "all that is asked holds, as expected."
            ),
        ),
        lab.reading(hears, **_pendant),
        lab.reading(lasts, **_pendant),
        lab.reading(talk, method=_method, rounds=_rounds),
        lab.reading(spotted, network=_pendant["network"]),
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(failures, lab):
    mo.stop(not failures)
    mo.vstack([lab.failure("C", sentence, limit) for limit, sentence in failures], gap=0)
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
    _says, _period = answers(**given)["days"], given["period"]
    _quick, _slow = (lasts(name, "DS_CNN", 1) for name in ("ESP32-S3", "nRF52840"))
    _medium = lasts("nRF52840", "DNN_Medium", 1)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.0f} days",
                assumptions(**given)["days"],
                "Share of the time it computes, times the power while it does, and what it draws asleep.",
                "You weighed the short time awake by its power.",
                lasts("nRF52840", "DS_CNN", _period).equation,
            ),
            lab.remember(
                f"Listening once a second with DS-CNN, the ESP32-S3 answers in {hears('ESP32-S3', 'DS_CNN', 1).text} and is empty after {_quick.text}; the nRF52840 lasts "
                f"{_slow.text} and is too late. Only less work mends both: {NETWORKS['DNN_Medium']}, {ms.keywords('DNN_Medium').value:.0%} right instead of "
                f"{ms.keywords('DS_CNN').value:.0%}, lasts {_medium.text}."
            ),
            lab.further(
                "Done early? Find a pendant that lasts ten years on one cell.",
                f"An nRF52840 that never wakes draws {ms.format_quantity(DEVICES['nRF52840'].sleep_power, 'W', 2)} and empties the cell in "
                f"{asleep() / 365.25 / DAY:.1f} years: no network, however small, gets beyond it. Only what sleeps deeper does, such as a chip "
                "woken by the sound itself.",
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
