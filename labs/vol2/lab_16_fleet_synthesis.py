import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="Design it all",
    html_head_file="../../.cache/head.html",
)

with app.setup:
    import json
    from functools import cache
    from html import escape
    from math import ceil

    import marimo as mo

    import mlsysim as ms
    from labkit import FLEET_TERMS, Assumption, Choice, Lab, Lock, Part, Probe, Reading, Slider, Varied, charts
    from mlsysim import check, own, registry
    from mlsysim.explain import fleet_floor, fleet_ladder, fleet_turns
    from mlsysim.solvers.reliability import DAY
    from mlsysim.solvers.sustainability import regions

    MODEL = "Llama3_70B"
    RATE, KEPT = 1000, 0.8
    TOKEN_PROMISE, FIRST_PROMISE = 0.050, 0.300
    BETWEEN = "6,500 km"
    NODE, YEARS, MEAN = 8, 3, 0.7
    BUDGET, CARBON = 5e6, 200e3
    SPARE, MOST_SPARE = 0.05, 0.5
    DRAWN, LONGEST, SHORTEST = 2.0, 500, 40
    SHARES = {"america": 0.6, "europe": 0.4}
    ASKED_REPLICA = 4
    FLOORS = ("A100", "H100", "MI300X", "B200", "Gaudi 3")
    MACHINES = ("A100", "H100", "H200", "MI300X", "B200", "Gaudi 3", "L40S")
    NUMBERS = {"16": "16 bits", "w8": "weights in 8", "w4": "weights in 4", "8": "all in 8"}
    STORED = {"w8": "int8", "w4": "int4"}
    TRAINED, SERVED = ("bf16", "fp16", "fp8"), {"fp16": "16", "fp8": "8", "int8": "8", "int4": "w4"}
    BITS = {"16": 16, "8": 8, "w4": 4}
    EARLIER = ("Volume 1, Lab 08", "Volume 1, Lab 10", "Lab 06")
    PROMPTS = (32, 96, 128, 192, 256, 272, 320, 512, 1024, 2048)
    OUTPUTS = (16, 32, 48, 96, 128, 136, 256, 512)
    PLACES = (1, 4, 8, 16, 32, 48, 64, 96, 128, 168, 208, 256, 320, 400)
    NODES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30)
    SITES = {
        "america": ("Northern Virginia", "Iowa", "Oregon", "Montreal"),
        "europe": ("Frankfurt", "Warsaw", "Paris", "Stockholm"),
    }
    TERMS = {"owned": "buy", "reserved": "rent, reserved", "on-demand": "rent, on demand"}
    LADDER = {
        "arithmetic at the peak rate": "var(--lab-arithmetic)",
        "as software reaches it": "var(--lab-teal)",
        "bytes and kernels": "var(--lab-bytes)",
        "all-reduces": "var(--lab-violet)",
        "whole nodes": "var(--lab-overhead)",
        "a node lost": "var(--lab-rose)",
    }
    LIMITS = {
        "memory capacity": "memory",
        "streaming": "pace",
        "tail latency": "start",
        "batching": "capacity",
        "reliability": "loss",
        "communication": "node",
        "placement": "region",
        "economic cost": "budget",
        "sustainability": "carbon",
    }
    PAID = {"price", "budget", "carbon"}
    DESIGNED = ("survives", "begins", "pace", "costs", "emits")
    ASKED = {"price": "USD", "rent": "USD/s"}
    EXAMPLE = """{
  "machine": {
    "name": "Mine", "peak": {"fp16": "600 TFLOP/s", "fp8": "1200 TFLOP/s"},
    "memory": "128 GB", "memory_bandwidth": "4 TB/s", "link": "400 GB/s",
    "tdp": "600 W", "price": "18 kUSD", "rent": "2.50 USD/h"
  },
  "rate": 1000, "numbers": "16", "replica": 2, "places": 32, "node": 8,
  "nodes_america": 4, "nodes_europe": 3,
  "site_america": "Iowa", "site_europe": "Warsaw", "terms": "owned"
}"""
    FIELDS = json.loads(EXAMPLE)
    SHOWN = {
        name: f'"{name}": {json.dumps(value)}'
        for name, value in (FIELDS["machine"] | FIELDS | {"machine": "H100"}).items()
    }
    VARIANTS = {
        "prompt": Varied((256, 272, 320)),
        "output": Varied((128, 136)),
    }
    COUNTED = {"accelerators": 1, "GPUs": 1, "gpus": 1, "H100": 1}
    FIRST = Lock(
        name="floor",
        question=f"Llama-3-70B in FP16 reads {{prompt}} tokens and writes {{output}} for each of {RATE:,} requests a second. "
        "How many H100s does that take at the very least, were each to reach the dense rate and the bandwidth of its data sheet?",
        unit="H100s",
        units=COUNTED,
        reason_hint="each token takes …",
    )
    SECOND = Lock(
        name="fleet",
        question=f"Now as software runs them: H100s in FP16, {ASKED_REPLICA} to a replica, which takes as many requests at once as "
        f"{1e3 * TOKEN_PROMISE:.0f} ms a token allow, in whole nodes of eight. How many H100s do the same {RATE:,} requests a "
        "second take, with none to spare?",
        unit="H100s",
        units=COUNTED,
        reason_hint="besides its arithmetic, a request …",
    )
    THIRD = Lock(
        name="electricity",
        question=f"Dr Yusuf buys those H100s, with their servers and network, writes them off over {YEARS} years and runs them day and "
        f"night, at {MEAN:.0%} of the busiest hour on average. How many percent of the bill is electricity?",
        unit="%",
        units={"percent": 1, "per cent": 1},
        reason_hint="against a price of … it draws …",
    )

    ROUND_TRIP = ms.NetworkModel().solve(distance=BETWEEN).round_trip.expected

    def arithmetic(machine, numbers):
        """The precision in which a machine computes with so many bits."""
        wanted = ("fp8", "int8") if numbers == "8" else ("fp16", "bf16")
        found = next((each for each in wanted if each in machine.peak), None)
        if found is None:
            rule = f"the {machine.name} computes in {', '.join(machine.peak)} alone"
            raise ms.InvalidValue("numbers", numbers, rule, '"numbers": "16"')
        return found

    @cache
    def node_of(machine):
        """A machine by its name in the registry, or one's own by its figures as JSON."""
        return own.machine_from(figures_of(machine)) if machine.startswith("{") else registry.machine(machine)

    def figures_of(machine, wanted=False):
        """Of one's own machine the figures, or what is asked for it."""
        figures = json.loads(machine) if machine.startswith("{") else {}
        return {name: value for name, value in figures.items() if (name in ASKED) == wanted}

    def demand(machine, numbers, replica, places, prompt, output, rate=RATE, node=NODE, promise=TOKEN_PROMISE):
        """What is asked of replicas of one kind, under both promises."""
        return {
            "model": MODEL,
            "hardware": node_of(machine),
            "rate": rate,
            "prompt": prompt,
            "output": output,
            "gpus": replica,
            "batch": places,
            "gpus_per_node": node,
            "after_loss": KEPT * rate,
            "ttft": FIRST_PROMISE,
            "itl": promise,
            "round_trip": ROUND_TRIP,
            "precision": arithmetic(node_of(machine), numbers),
            "weights": STORED.get(numbers),
        }

    @cache
    def fleet(machine, numbers, replica, places, nodes, prompt, output, promise=TOKEN_PROMISE):
        """A fleet of such replicas; as many places or nodes as it takes where None."""
        asked = demand(machine, numbers, replica, places, prompt, output, promise=promise)
        return ms.ServingFleetModel().solve(**asked, nodes=nodes)

    @cache
    def designed(terms, **design):
        """The simulator's answer for a design of part C, under all that Dr Yusuf asks."""
        machine, sites = design["machine"], []
        for place, share in SHARES.items():
            nodes, region = design.pop(f"nodes_{place}"), design.pop(f"site_{place}")
            sites.append(ms.Site(place.capitalize(), nodes, region, share))
        price = figures_of(machine, wanted=True).get("price" if terms == "owned" else "rent")
        return ms.FleetDesignModel().solve(
            sites=sites,
            terms=ms.Owned(price, lifetime=f"{YEARS} y") if terms == "owned" else ms.Rented(terms, price),
            duration=f"{YEARS} y",
            utilization=MEAN,
            budget=BUDGET,
            carbon_budget=CARBON,
            **demand(**design),
        )

    def bill(machine, accelerators, busy, **changed):
        """What bought machines cost, written off over the years."""
        return ms.EconomicsModel().solve(
            hardware=machine,
            machines=accelerators,
            duration=f"{YEARS} y",
            utilization=busy,
            terms=ms.Owned(lifetime=f"{YEARS} y", **changed),
        )


@app.function
def floors(machine, prompt, output, promise=1e3 * TOKEN_PROMISE):
    """The floors of physics for one kind of accelerator, with a promise in ms for a token."""
    return fleet(machine, "16", 1, 1, 1, prompt, output, promise=promise / 1e3).floors


@app.function
def floor(machine, wall, prompt, output, promise):
    """Reading: accelerators that no software gets below, for one wall."""
    found = fleet(machine, "16", 1, 1, 1, prompt, output, promise=promise / 1e3)
    size = found.floors[wall]
    return Reading(
        value=size,
        unit="accelerators",
        text=f"{size:.3g} accelerators",
        name=f"floor of physics, {wall}",
        label=f"{machine}, {prompt:,} tokens read, {output:,} written" + f", {promise} ms a token" * (wall == "bytes"),
        equation=fleet_floor(found, wall),
    )


@app.function
def replica_of(machine, numbers, replica, places, **_rest):
    """A replica in few words."""
    return f"{node_of(machine).name}, {NUMBERS[numbers]}{'' if numbers == '16' else ' bits'}, {replica} to a replica, {places} at once"


@app.function
def taken(**replica):
    """Reading: accelerators that the demand takes in whole nodes, as software runs them."""
    found = fleet(**replica, nodes=None)
    size = found.walls["whole nodes"]
    return Reading(
        value=size,
        unit="accelerators",
        text=f"{size:,.0f} accelerators",
        name=f"for {RATE:,} requests a second, in whole nodes",
        label=replica_of(**replica),
        bound_by=found.bound_by,
        equation=(*fleet_turns(found), *fleet_ladder(found)),
    )


@app.function
def pace(machine, numbers, replica, places, prompt, output, **_fleet):
    """Reading: time between two tokens, of a replica in part B or of a design's."""
    found = fleet(machine, numbers, replica, places, 1, prompt, output)
    return Reading(
        value=found.itl.expected,
        unit="s",
        text=found.itl.format(3),
        name="time between two tokens (ITL)",
        label=replica_of(machine, numbers, replica, places),
        range_text=found.itl.format_range(3),
        bound_by=found.full.decode.bound_by,
        equation=(fleet_turns(found)[0], f"ITL = T_d + (b − 1)/(L − 1) T_p = {found.itl.format(3)}"),
    )


@app.function
def short(**design):
    """A design in few words."""
    return f"{design['nodes_america']} + {design['nodes_europe']} nodes of {design['node']} × {replica_of(**design)}"


@app.function
def survives(**design):
    """Reading: requests a second that a design answers without one of its nodes, and what it keeps spare with all."""
    found = designed(**design).fleet
    return Reading(
        value=found.left.expected,
        unit="1/s",
        text=f"{found.left.expected:,.0f} requests/s",
        name=f"answered without one node; with all, {found.spare:.0%} is spare in the busiest hour",
        label=short(**design),
        range_text=f"between {found.left.lower:,.0f} and {found.left.upper:,.0f}",
        bound_by=found.bound_by,
        equation=(
            *fleet_turns(found),
            f"({found.nodes} − 1) nodes × {found.replicas // found.nodes} replicas × q = {found.left.expected:,.0f}/s",
            f"spare: 1 − {design['rate']:,} / {found.capacity.expected:,.0f} requests a second = {found.spare:.1%}",
            f"a node is lost every {found.between_losses / DAY:.0f} days; with a day to mend it, no second one is missing "
            f"{found.one_missing_at_most(DAY):.2%} of the time",
        ),
    )


@app.function
def begins(**design):
    """Reading: time to first token of a design, for whoever is sent across."""
    found = designed(**design).fleet
    return Reading(
        value=found.ttft.expected,
        unit="s",
        text=found.ttft.format(3),
        name="time to first token (TTFT) of 99 % of requests, sent across",
        label=short(**design),
        range_text=found.ttft.format_range(3),
        bound_by=found.alone.prefill.bound_by,
        equation=(
            f"{ms.format_quantity(ROUND_TRIP, 's', 3)}   light in {BETWEEN} of fibre and back",
            f"{found.line.wait.format(3)}   wait for one of {found.replicas * found.batch:,} places, {found.load:.0%} of them taken",
            f"{found.full.itl.scaled(0.5, 's').format(3)}   half of the step that runs",
            f"{found.alone.ttft.format(3)}   its own prompt",
        ),
    )


@app.function
def costs(**design):
    """Reading: what a design costs over the years."""
    owed = designed(**design).bill
    low, usual, high = (f"{end / 1e6:.2f}" for end in (owed.total.lower, owed.total.expected, owed.total.upper))
    return Reading(
        value=owed.total.expected,
        unit="USD",
        text=f"{usual} million USD",
        name=f"bill for {YEARS} years",
        label=f"{short(**design)}, {TERMS[design['terms']]}",
        range_text=f"between {low} and {high}" if low != high else "",
        equation=[
            f"{each.working} = {each.amount.format(3)}   {each.name}" for each in owed.costs if each.amount.expected
        ],
    )


@app.function
def emits(**design):
    """Reading: what a design emits over the years."""
    found, places = designed(**design).carbon, designed(**design).footprints
    return Reading(
        value=found.expected,
        unit="kg",
        text=found.format(3),
        name=f"CO₂-equivalent in {YEARS} years",
        label=f"{short(**design)}, {' and '.join(each.place for each in places.values())}",
        range_text=found.format_range(3),
        equation=[
            f"{each.place}: {each.operational.format(3)} of electricity, {each.embodied.format(3)} for making the machines"
            for each in places.values()
        ],
    )


@app.function
def broken(**design):
    """The limits that a design of part C breaks: pairs of a limit's name and a sentence about it."""
    found = designed(**design)
    names = LIMITS if found.bill else LIMITS | {"economic cost": "price"}
    return [(names[reason.limit], reason.sentence()) for reason in found.reasons]


@app.function
def against(**design):
    """Each limit as a band: what a design takes of what the limit allows."""
    return [
        charts.Band(
            f"{name}, {share.expected:.2f}",
            *(min(DRAWN, end) for end in (share.lower, share.expected, share.upper)),
            "keeps it" if share.upper <= 1 else "breaks it" if share.expected > 1 else "may keep it",
        )
        for name, share in designed(**design).taken.items()
    ]


@app.function
def design_from(text):
    """The design that a text describes, or all that keeps it from being one, a sentence each."""
    try:
        content = own.parsed(text.encode(errors="replace"), "the text", "json")
    except ms.InvalidValue as error:
        return None, [f"The text cannot be read as JSON: {error.rule}."]
    each, sound = check.Checks(), {"node": NODE, "rate": RATE}
    unknown = [name for name in content if name not in FIELDS]
    each.found += [check.UnknownName("field", name, FIELDS) for name in unknown[: own.TOLD]]
    if len(unknown) > own.TOLD:
        each.refuse("fields", len(unknown), "so many are not known", SHOWN["numbers"])
    names = {"numbers": NUMBERS, "terms": TERMS, "site_america": regions(), "site_europe": regions()}
    for name in FIELDS:
        if name not in content:
            if name not in sound:
                each.refuse(name, None, "it is missing", SHOWN[name])
        elif name == "machine":
            sound[name] = each(machine_from, content[name])
        elif name in names:
            sound[name] = each(check.choice, name, content[name], names[name])
        else:
            sound[name] = each(check.count, name, content[name], SHOWN[name], at_most=4096)
    if not each.found:
        each(designed, **sound, **{name: one.values[0] for name, one in VARIANTS.items()})
    return (None, [sentence(error) for error in each.found]) if each.found else (sound, [])


@app.function
def machine_from(machine):
    """A machine's name in the registry, or its own figures as JSON: what the functions above take."""
    if not isinstance(machine, dict):
        return registry.machine(machine).name
    each = check.Checks()
    for name, unit in ASKED.items():
        if name in machine:
            each(check.quantity, name, machine[name], unit, SHOWN[name])
    each(own.machine_from, {name: value for name, value in machine.items() if name not in ASKED})
    figures = json.dumps(machine, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    name = str(machine.get("name"))
    if len(figures) > LONGEST or len(name) > SHORTEST or not name.isprintable():
        rule = f"its name is at most {SHORTEST} characters that can be printed, and all of it {LONGEST}"
        each.refuse("machine", name, rule, SHOWN["machine"])
    if any(known.startswith(f"{name}_") for known in registry.constants("prices")):
        each.refuse("name", name, "a machine with a known price has this name", SHOWN["name"])
    each.finish()
    return figures


@app.function
def sentence(error):
    """What is wrong with one field, with an example in JSON."""
    if not isinstance(error, ms.InvalidValue):
        return str(error).replace("hardware ", "machine ", 1)
    example = SHOWN.get(error.field) or error.example
    if error.rule == "it is missing":
        return f"{error.field} is missing. For example: {example}."
    return str(ms.InvalidValue(error.field, error.value, error.rule, example))


@app.function
def refused(mistakes):
    """What keeps a text from being a design, as markup."""
    items = "".join(f"<li>{escape(each)}</li>" for each in mistakes)
    count = "One mistake stands" if len(mistakes) == 1 else f"{len(mistakes)} mistakes stand"
    return f'<div role="status"><p>{count} between the text and a design. The text stays as it is.</p><ul>{items}</ul></div>'


@app.function
def as_json(design):
    """A design as the JSON that describes it, folded away."""
    text = json.dumps({name: design[name] for name in FIELDS if name in design}, indent=2, ensure_ascii=False)
    return f"<details><summary>This design as JSON</summary><pre>{escape(text)}</pre></details>"


@app.function
def brought(lab_08, lab_10, lab_06):
    """What earlier labs leave: the bits of a number, the share kept spare, and what was found and what is a default."""
    trained, stored, spare = lab_08["precision"], lab_10["weights"], lab_06["spare_share"]
    usable = trained in TRAINED, stored in SERVED, 0.0 <= spare <= MOST_SPARE
    trained, stored, spare = (
        value if good else default
        for value, good, default in zip((trained, stored, spare), usable, ("bf16", "fp16", SPARE), strict=True)
    )
    numbers = "8" if trained == "fp8" and not (lab_10["found"] and usable[1]) else SERVED[stored]
    what = f"arithmetic in {trained.upper()}", f"weights of {BITS[SERVED[stored]]} bits", f"{spare:.0%} kept spare"
    told = []
    for name, lab, good, said in zip(EARLIER, (lab_08, lab_10, lab_06), usable, what, strict=True):
        why = "not done here" if not lab["found"] else "not known here as it was left"
        told.append(f"{said} ({name}{'' if lab['found'] and good else f', {why}: a default'})")
    return numbers, spare, f"Your labs bring along {', '.join(told[:-1])} and {told[-1]}."


@app.function
def reference(prompt, output):
    """The fleet of the second question."""
    return fleet("H100", "16", ASKED_REPLICA, None, None, prompt, output)


@app.function
def bought(prompt, output, **changed):
    """The bill of the third question."""
    found = reference(prompt, output)
    accelerators = round(found.walls["whole nodes"])
    return bill("H100", accelerators, MEAN * found.walls["all-reduces"] / accelerators, **changed)


@app.function
def emitted(prompt, output):
    """What those machines emit over the years, at two sites."""
    owed = bought(prompt, output)
    given = {
        "machines": owed.machines,
        "duration": owed.duration,
        "utilization": owed.utilization,
        "lifetime": owed.duration,
    }
    return [ms.SustainabilityModel().solve(hardware="H100", **given, region=site) for site in ("Iowa", "Montreal")]


@app.function
def electricity(owed):
    """What of a bill is electricity."""
    return next(each.amount.expected for each in owed.costs if each.name == "electricity")


@app.function
def cheapest(prompt, output):
    """Of the accelerators with a price to buy: whose floor in 8 bits costs least, how much, and how many that is."""
    found = []
    for machine in MACHINES:
        if f"{machine}_purchase" in registry.constants("prices"):
            count = fleet(machine, "8", 8, 1, 1, prompt, output).floors["arithmetic"]
            found.append((count * bill(machine, 1, MEAN).total.expected, machine, count))
    return min(found)


@app.function
def answers(prompt=VARIANTS["prompt"].values[0], output=VARIANTS["output"].values[0]):
    """What the simulator says to the three locked questions, in their units."""
    return {
        "floor": max(floors("H100", prompt, output).values()),
        "fleet": reference(prompt, output).walls["whole nodes"],
        "electricity": 100 * electricity(bought(prompt, output)) / bought(prompt, output).total.expected,
    }


@app.function
def assumptions(prompt=VARIANTS["prompt"].values[0], output=VARIANTS["output"].values[0]):
    """What wrong assumptions lead to, for each locked question."""
    least, found = floors("H100", prompt, output), reference(prompt, output)
    one = fleet("H100", "16", ASKED_REPLICA, 1, 1, prompt, output)
    few = fleet("H100", "16", ASKED_REPLICA, 16, 1, prompt, output)
    weights, bandwidth = found.full.workload.stored_weights(), node_of("H100").memory_bandwidth
    known = registry.constants("power")
    dear = bought(
        prompt, output, electricity=f"{known['electricity'].upper} {known['electricity'].unit}", pue=known["pue"].upper
    )
    return {
        "floor": (
            Assumption(
                least["room"],
                "You counted room: what holds the weights. It holds them for any number of requests, and answers few.",
            ),
            Assumption(
                least["bytes"],
                "You counted bytes, which bind a single reader. Here thousands of requests share each weight that is fetched, "
                "and what is left is arithmetic.",
            ),
            Assumption(
                least["arithmetic"] * output / (prompt + output),
                "You counted the tokens that are written. A token that is read goes through the same matrices.",
            ),
            Assumption(
                RATE * (output - 1) * weights / bandwidth,
                "You let every request fetch the weights for itself, as at batch 1. A fleet serves many with one fetch.",
            ),
            Assumption(
                least["arithmetic"] / 2,
                "You took the rate that a headline prints, which counts zeros of sparse matrices, or half the operations.",
            ),
        ),
        "fleet": (
            Assumption(
                found.walls["arithmetic at the peak rate"],
                "You stayed at the floor: nothing runs at its data sheet’s rate.",
            ),
            Assumption(
                found.walls["as software reaches it"],
                "You allowed for what software reaches of the arithmetic. While a replica writes it waits for bytes, and its "
                "four for each other.",
            ),
            Assumption(
                RATE * ASKED_REPLICA / one.replica_rate.expected,
                "You served one request at a time on each replica. The same weights serve many at once.",
            ),
            Assumption(
                few.walls["all-reduces"],
                "You shared each step among a dozen or so. The promise leaves room for many more.",
            ),
        ),
        "electricity": (
            Assumption(
                50, "You gave machine and electricity equal parts. An accelerator costs far more than what it draws."
            ),
            Assumption(25, "You gave electricity a quarter, as for servers that cost little for each watt."),
            Assumption(
                100 * electricity(dear) / dear.total.expected,
                "You took the dearest electricity and the leakiest building that the simulator knows of, or near it.",
            ),
        ),
    }


@app.function
def limits_of(design):
    """The names of the limits that a design breaks; None of one that asks too little, or that no controls describe."""
    try:
        return {limit for limit, _ in broken(**design)} if design["rate"] >= RATE else None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


@app.function
def challenge(designs, prompt=VARIANTS["prompt"].values[0], output=VARIANTS["output"].values[0]):
    """What part C asks for, and whether one of the designs that were read off holds all of it."""
    asked = [
        {name: value for name, value in each.items() if name != "reading"}
        for each in designs
        if each["reading"] in DESIGNED and (each["prompt"], each["output"]) == (prompt, output)
    ]
    broke = [limits for limits in map(limits_of, asked) if limits is not None]
    return {
        f"{RATE:,} requests a second at home, both promises kept": any(each <= {"loss", *PAID} for each in broke),
        f"{KEPT:.0%} of them without one node": any(each <= PAID for each in broke),
        f"for at most {BUDGET / 1e6:g} million dollars in {YEARS} years": any(each <= {"carbon"} for each in broke),
        f"and at most {CARBON / 1e3:g} t of CO₂-equivalent": any(not each for each in broke),
    }


@app.cell
def plan():
    lab = Lab(
        name="vol2/lab_16_fleet_synthesis",
        version="3",
        lede="Dr Amina Yusuf runs the medicines line of a union of hospitals on two continents: at the bedside, doctors ask it for "
        "doses. The board signs her one grant today. An answer that comes late is a dose that somebody guessed.",
        briefing=(
            "She asks you for the whole of it: which accelerators, how many, joined how, placed where, bought or rented. Each lab "
            "before this one had a wall of its own. Here they stand one behind the other: arithmetic, bytes, room, messages, "
            "promises, failures, money, carbon.",
            "You will say what physics alone asks for, then what the walls make of it, then what is on the bill. At the end you "
            "will know which of your own assumptions to trust least.",
        ),
        lock=FIRST,
        parts=(
            Part(
                "A",
                "The floor from physics",
                "Three floors, each reckoned at the rates of a data sheet, with everything overlapped. Arithmetic: the operations of all "
                "requests in a second over what one accelerator does in it. Bytes: the weights once in the time that is promised for "
                "a token, and for each token its own request’s past, over the bandwidth. Room: the weights over the memory. The "
                "highest floor is the one that counts. Numbers of 16 bits throughout.",
                (
                    Choice("machine", "Accelerator", FLOORS, "H100"),
                    Slider("prompt", "Tokens read", PROMPTS, 96, lambda n: f"{n:,}"),
                    Slider("output", "Tokens written", OUTPUTS, 256),
                    Slider("promise", "Promise for a token", (5, 10, 20, 50, 100, 200), 100, lambda t: f"{t} ms"),
                ),
                hint="Which floor does a longer prompt raise, and which a shorter promise? Which of them is ever the highest?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["promise"] for s in tried}) == 1,
                        "The promise has stayed as it was. What does a step have to fetch, however many wait for it?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["machine"] for s in tried}) == 1,
                        "You kept the accelerator. Two of them differ in bandwidth more than in arithmetic: does the floor notice?",
                    ),
                ),
            ),
            Part(
                "B",
                "Every wall in turn",
                "A replica is a few accelerators that hold the model together and agree twice in every layer (all-reduce). It takes a "
                "number of requests at once and fetches the weights for all of them. More at once means fewer fetches and a slower "
                "token; more accelerators in a replica mean a quicker token and more talk. Let the two fight, and watch what each "
                "wall adds to the floor. A node holds eight accelerators and is bought, and lost, as a whole.",
                (
                    Choice("machine", "Accelerator", FLOORS, "H100"),
                    Choice("numbers", "Bits of a number", tuple(NUMBERS), "16", NUMBERS.get),
                    Choice("replica", "Accelerators in a replica", (1, 2, 4, 8), 8),
                    Slider("places", "Requests at once in a replica", PLACES, 8),
                ),
                hint="Find the most requests at once that the promise leaves room for. Which step of the ladder shrinks on the way there?",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["replica"] for s in tried}) == 1,
                        "You kept the size of a replica. What does each of its accelerators spend on the others?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 6 and len({s["numbers"] for s in tried}) == 1,
                        "You kept the bits. Which steps of the ladder are made of bytes, and which are not?",
                    ),
                ),
            ),
            Part(
                "C",
                "The design",
                f"Dr Yusuf’s terms: the pilot answers 200 requests a second; it is to be {RATE:,}, {SHARES['america']:.0%} of them from America, the rest from "
                f"Europe, each answered at home while nothing is broken. With a node lost {KEPT:.0%} of them still, some across "
                f"{BETWEEN} of fibre. A token every {1e3 * TOKEN_PROMISE:.0f} ms, the first within "
                f"{1e3 * FIRST_PROMISE:.0f} ms for 99 of 100, also across. At most {BUDGET / 1e6:g} million dollars and "
                f"{CARBON / 1e3:g} t of CO₂ in {YEARS} years, the making of the machines included. Design it with the controls, or as JSON, where you can bring a machine of "
                "your own. Every limit that breaks is named.",
                (
                    Choice(
                        "source",
                        "Take the design from",
                        ("controls", "text"),
                        "controls",
                        {"controls": "these controls", "text": "the JSON below"}.get,
                    ),
                    Slider("rate", "Requests a second", (100, 200, 400, 600, 800, 1000, 1200), 200, lambda n: f"{n:,}"),
                    Choice("machine", "Accelerator", MACHINES, "H100"),
                    Choice("numbers", "Bits of a number", tuple(NUMBERS), "16", NUMBERS.get),
                    Choice("replica", "Accelerators in a replica", (1, 2, 4, 8), 4),
                    Slider("places", "Requests at once in a replica", PLACES, 128),
                    Slider("nodes_america", "Nodes of eight in America", NODES, 4),
                    Slider("nodes_europe", "Nodes of eight in Europe", NODES, 2),
                    Choice("site_america", "Site in America", SITES["america"], "Oregon"),
                    Choice("site_europe", "Site in Europe", SITES["europe"], "Frankfurt"),
                    Choice("terms", "Terms", tuple(TERMS), "owned", TERMS.get),
                ),
                hint="First meet both promises. Then count the nodes. Then look at the bill, and last at where they stand: one limit at a time.",
                probes=(
                    Probe(
                        lambda tried: len(tried) >= 8 and len({s["numbers"] for s in tried}) == 1,
                        "You kept the bits of a number. What did they do to the ladder in part B?",
                    ),
                    Probe(
                        lambda tried: len(tried) >= 8 and len({s["machine"] for s in tried}) == 1,
                        "You kept the accelerator. What does one that costs half as much answer?",
                    ),
                    Probe(
                        lambda tried: (
                            len(tried) >= 8 and len({(s["site_america"], s["site_europe"]) for s in tried}) == 1
                        ),
                        "You left the fleet where it was. What would it cost to move it?",
                    ),
                ),
            ),
        ),
        log_prompt="In about 200 words, tell Dr Yusuf’s board which fleet to sign for and where, which term of the fleet’s Iron Law "
        "binds it, what is left when a node is lost, and which of your assumptions is the weakest. Use your readings.",
        readings=(floor, taken, pace, survives, begins, costs, emits),
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
    _machine, _prompt, _output, _promise = (a.value[name] for name in ("machine", "prompt", "output", "promise"))
    _floors = {each: floors(_machine, each, _output, _promise) for each in PROMPTS}
    _here = _floors[_prompt]
    _highest = max(_here, key=_here.get)
    lab.instrument(
        charts.curves(
            [charts.Curve(wall, [(each, sizes[wall]) for each, sizes in _floors.items()]) for wall in _here],
            charts.Axis("tokens read", log=True),
            charts.Axis("accelerators", log=True),
            f"{_machine}, {_prompt:,} tokens read and {_output} written: {_here['arithmetic']:.3g} accelerators for the arithmetic, "
            f"{_here['bytes']:.2g} for the bytes, {_here['room']:.2g} for the room. The highest floor is "
            f"{'the ' * (_highest != 'arithmetic')}{_highest}.",
            here=_prompt,
        ),
        lab.reading(floor, machine=_machine, wall=_highest, prompt=_prompt, output=_output, promise=_promise),
        lab.reading(floor, machine=_machine, wall="bytes", prompt=_prompt, output=_output, promise=_promise)
        if _highest != "bytes"
        else "",
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
    _says = answers(**given)["floor"]
    _floors = floors("H100", **given)
    _lines = [floor("H100", wall, **given, promise=1e3 * TOKEN_PROMISE).equation for wall in _floors]
    mo.vstack(
        [
            lab.reveal(
                FIRST,
                first.value,
                _says,
                f"{_says:.1f} H100s",
                assumptions(**given)["floor"],
                "Operations a second over the rate of one: two for each weight and each token, read or written.",
                "You counted every token through every weight: arithmetic is the highest floor.",
                [line for lines in _lines for line in lines],
            ),
            lab.remember(
                f"{RATE:,} requests a second need {_says:.0f} H100s for their arithmetic, {_floors['bytes']:.1f} for their bytes and "
                f"{_floors['room']:.1f} to hold the weights: what is slow for one reader, fetching weights, a crowd shares."
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
def before(b_is_open, lab):
    b_is_open
    lab_08 = lab.carried("vol1/lab_08_model_train", precision="bf16")
    lab_10 = lab.carried("vol1/lab_10_model_compress", weights="fp16")
    lab_06 = lab.carried("vol2/lab_06_fault_tolerance", spare_share=SPARE)
    mo.Html(lab_08.text + lab_10.text + lab_06.text)
    return lab_06, lab_08, lab_10


@app.cell
def instrument_b(b, given, lab, lab_06, lab_08, lab_10):
    _of = b.value | given
    _here = fleet(**_of, nodes=None)
    _ledger, _spare, _told = brought(lab_08.value, lab_10.value, lab_06.value)
    _theirs = fleet(**(_of | {"numbers": _ledger, "places": None}), nodes=None)
    _stacks = []
    for _name, _fleet in (("yours", _here), ("your labs’", _theirs)):
        if _fleet.longest.feasible:
            _walls = list(_fleet.walls.values())
            _steps = [after - before for before, after in zip([0.0, *_walls], _walls, strict=False)]
            _stacks.append(charts.Stack(_name, _steps, f"{_walls[-1]:,.0f}"))
    _full, _walls = fleet(**(_of | {"places": None}), nodes=None), _here.walls
    _most = _full.batch if _full.longest.feasible and _full.itl.expected <= TOKEN_PROMISE else 0
    _tried = [(each, fleet(**(_of | {"places": each}), nodes=None)) for each in sorted({*PLACES[::2], _here.batch})]
    _fits = [(each, one.walls["all-reduces"]) for each, one in _tried if one.longest.feasible]
    _kept = NODE * ceil(_walls["all-reduces"] / (NODE * (1 - _spare)))
    lab.instrument(
        f'<p class="says">{_told}</p>',
        charts.stacked(
            _stacks,
            LADDER,
            charts.Axis("accelerators"),
            f"{replica_of(**_of)}: {_walls['arithmetic at the peak rate']:.0f} accelerators of arithmetic become "
            f"{_walls['all-reduces']:,.0f}, in whole nodes {_walls['whole nodes']:,.0f}, or {_kept:,.0f} with {_spare:.0%} kept "
            f"spare. Your labs’ bar: {NUMBERS[_ledger]}{'' if _ledger == '16' else ' bits'}, and as many at once as the promise "
            f"allows, {_theirs.batch}.",
        )
        if _here.longest.feasible
        else "",
        charts.curves(
            [charts.Curve("accelerators that the demand takes", _fits)],
            charts.Axis("requests at once in a replica", log=True),
            charts.Axis("accelerators", log=True),
            f"The promise of {1e3 * TOKEN_PROMISE:.0f} ms leaves room for {_most} at once; yours takes {_here.itl.format()} a token."
            if _most
            else f"Not even one at a time has both the room and {1e3 * TOKEN_PROMISE:.0f} ms a token.",
            here=_here.batch,
            marks=[charts.Mark(_most, f"{1e3 * TOKEN_PROMISE:.0f} ms")] if _most else (),
        )
        if _fits
        else "",
        # What does not fit takes no time: there is nothing to read.
        *(lab.reading(reading, **_of) for reading in (taken, pace) if _here.longest.feasible),
        lab.probe("B", b),
    )
    return


@app.cell
def failure_b(b, given, lab):
    _reasons = fleet(**b.value, **given, nodes=None).reasons
    _failures = {
        LIMITS[reason.limit]: reason.sentence() for reason in _reasons if LIMITS[reason.limit] in ("memory", "pace")
    }
    mo.stop(not _failures)
    mo.vstack([lab.failure("B", sentence, limit) for limit, sentence in _failures.items()], gap=0)
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
    _says, _found = answers(**given)["fleet"], reference(**given)
    _walls = _found.walls
    _eight = fleet("H100", "8", 2, None, None, **given)
    mo.vstack(
        [
            lab.reveal(
                SECOND,
                second.value,
                _says,
                f"{_says:.0f} H100s",
                assumptions(**given)["fleet"],
                "Each wall adds to what the one before it left: arithmetic as software reaches it, bytes, talk, whole nodes.",
                "You let every wall take its share: software, bytes, talk, whole nodes.",
                (*fleet_turns(_found), *fleet_ladder(_found)),
            ),
            lab.remember(
                f"A floor of {_walls['arithmetic at the peak rate']:.0f} H100s becomes a fleet of {_says:.0f}: software takes it to "
                f"{_walls['as software reaches it']:.0f}, bytes to {_walls['bytes and kernels']:.0f}, all-reduces to "
                f"{_walls['all-reduces']:.0f}. All in 8 bits, arithmetic too, pairs of H100s do it with {_eight.walls['whole nodes']:.0f}."
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
def design_c(c, given, written):
    mo.stop("c" not in globals())
    design, mistakes = {name: value for name, value in c.value.items() if name != "source"} | {"node": NODE}, []
    if c.value["source"] == "text":
        design, mistakes = design_from(written.value)
    design = None if mistakes else design | given
    failures = broken(**design) if design else []
    return design, failures, mistakes


@app.cell
def instrument_c(c, design, failures, lab, mistakes):
    mo.stop(mistakes, lab.instrument(refused(mistakes)))
    _whole = designed(**design)
    mo.stop(
        not _whole.fleet.longest.feasible or not _whole.fleet.replicas,
        lab.instrument(
            '<p class="says">No replica of this design holds the model: there is nothing to time, to pay or to emit.</p>'
        ),
    )
    _doubts = {name: 100 * adds for name, adds in _whole.doubts().items()}
    _worst = next(iter(_doubts), "")
    lab.instrument(
        charts.against_limit(
            against(**design),
            1.0,
            "limit",
            charts.Axis(f"share of the limit, to {DRAWN:g}"),
            f"{short(**design)}, {TERMS[design['terms']]}, {design['site_america']} and {design['site_europe']}: "
            + (
                f"{len(failures)} limit{'s' * (len(failures) > 1)} broken, each named below."
                if failures
                else "every limit holds at the value expected; a band that crosses the line says how sure that is."
            )
            + " The design is the text’s; all other controls rest." * (c.value["source"] == "text"),
        ),
        lab.reading(survives, **design),
        lab.reading(begins, **design) if _whole.fleet.ttft else "",
        lab.reading(pace, **design),
        lab.reading(costs, **design) if _whole.bill else "",
        lab.reading(emits, **design),
        charts.tornado(
            _doubts,
            f"The weakest assumption: with {_worst} this demand costs {_doubts[_worst]:.0f} % more. Every bar is an input at the worse "
            "end of its published range, or a quarter longer where nobody knows. Servers: with network, over the accelerators’ price; "
            "PUE: what the building draws over what its machines do.",
            "% more of the bill for this demand",
        )
        if _doubts
        else "",
        as_json(design) if c.value["source"] == "controls" else "",
        lab.probe("C", c),
    )
    return


@app.cell
def failure_c(failures, lab):
    mo.stop(not failures)
    mo.vstack([lab.failure("C", sentence, limit) for limit, sentence in failures], gap=0)
    return


@app.cell
def text_c(c_is_open, lab):
    c_is_open
    written = lab.text("C design", "A design as JSON", EXAMPLE)
    mo.Html(
        "<details><summary>A design as JSON, with any machine of the registry or one’s own</summary>"
        '<p class="small">The fields are those of the controls. <code>machine</code> is a name, or a machine by its figures: '
        "<code>peak</code>, <code>memory</code>, <code>memory_bandwidth</code>, <code>link</code> (one direction), <code>tdp</code>, "
        "and its <code>price</code> or <code>rent</code>, each with its unit. <code>node</code> is how many a node holds, "
        f"<code>numbers</code> is {', '.join(f'{key} ({bits})' for key, bits in NUMBERS.items())}.</p>{written.text}</details>"
    )
    return (written,)


@app.cell
def end_c(c_is_open, lab):
    c_is_open
    done_c = lab.finish("C", "Compare with my prediction")
    done_c
    return (done_c,)


@app.cell
def reveal_c(done_c, given, lab, third):
    mo.stop(not done_c.value)
    _says, _owed = answers(**given)["electricity"], bought(**given)
    _iowa, _montreal = emitted(**given)
    _least, _name, _count = cheapest(**given)
    mo.vstack(
        [
            lab.reveal(
                THIRD,
                third.value,
                _says,
                f"{_says:.1f} %",
                assumptions(**given)["electricity"],
                "Set what one accelerator draws in three years, its server and its building included, against what it costs.",
                "You set the price of a machine against what it draws.",
                [
                    f"{each.working} = {each.amount.format(3)}   {each.name}"
                    for each in _owed.costs
                    if each.amount.expected
                ],
            ),
            lab.remember(
                f"Electricity is {_says:.1f} % of the bill, and where it comes from decides the carbon: the same {_owed.machines} H100s "
                f"emit {_iowa.carbon.format(3)} in Iowa and {_montreal.carbon.format(2)} in Montreal, "
                f"{_montreal.embodied.expected / _montreal.carbon.expected:.0%} of it from making them."
            ),
            lab.further(
                "Done early? Keep every limit for half of your bill, and again for half of that.",
                f"At its data sheet’s rate in 8 bits, with no step waiting for a byte or a neighbour, the demand is {_count:.0f} × "
                f"{_name}: {_least / 1e6:.2f} million dollars. No fleet of the accelerators with a price here gets below it; "
                "what lies between is software, promises, whole nodes and a spare one.",
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
