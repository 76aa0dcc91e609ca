from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlsysim.check import InvalidInput, InvalidValue, UnknownName
from mlsysim.fabrics import Fabric, Fabrics
from mlsysim.parallelism import SCHEDULES, Parallelism, fault, parallelism, stage_layers
from mlsysim.registry import Models
from mlsysim.software import VINTAGES, software
from mlsysim.solvers.training import DistributedModel, refusal
from mlsysim.solvers.training_step import Step

PLAIN = {
    "model": "GPT-22B",
    "fabric": "DGX A100",
    "gpus": 16,
    "global_batch": 64,
    "parallelism": Parallelism(tp=8, dp=2),
    "software": "megatron-2022",
}


def solve(**given):
    return DistributedModel().solve(**(PLAIN | given))


powers = st.sampled_from([1, 2, 4, 8])
plans = st.builds(
    lambda tp, pp, dp, cp, sp, zero, recompute, schedule, micro: Parallelism(
        tp=tp,
        pp=pp,
        dp=dp,
        cp=cp,
        sequence_parallel=sp and tp > 1,
        zero=zero,
        recompute=recompute,
        schedule=schedule if pp > 1 else "1f1b",
        interleave=2 if schedule == "interleaved" and pp > 1 else 1,
        micro_batch=micro,
    ),
    powers,
    powers,
    powers,
    st.sampled_from([1, 2]),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(["none", "full", "selective"]),
    st.sampled_from(SCHEDULES),
    st.sampled_from([1, 2]),
)
models = st.sampled_from([each for each in Models if each.max_context >= 2048])
fabrics, vintages = st.sampled_from(list(Fabrics)), st.sampled_from(sorted(VINTAGES))


@given(models, fabrics, plans, vintages)
def test_bounds_hold_for_every_model_and_plan(model, fabric, plan, vintage):
    job = {"model": model, "fabric": fabric, "gpus": plan.gpus, "global_batch": 128, "software": vintage}
    try:
        answer = DistributedModel().solve(parallelism=plan, **job)
    except InvalidInput as error:
        assume(False)
        raise AssertionError from error
    assert 0 < answer.time.lower <= answer.time.expected <= answer.time.upper
    assert answer.step.time == pytest.approx(answer.time.expected)
    assert min(answer.step) >= 0
    assert 0 < answer.mfu.expected <= answer.hfu.expected <= 1
    assert answer.hfu.upper <= 1 + 1e-9
    memory = answer.memory
    assert memory.total == sum(memory.bytes.values())
    assert answer.feasible == (memory.total <= fabric.machine.memory) == (not answer.reasons)
    if plan.gpus == 1:
        assert answer.step.communication == answer.step.bubble == 0.0


@given(models, plans)
def test_more_tokens_take_as_many_more_operations(model, plan):
    try:
        once = solve(model=model, gpus=plan.gpus, global_batch=64, parallelism=plan)
        twice = solve(model=model, gpus=plan.gpus, global_batch=128, parallelism=plan)
    except InvalidInput:
        assume(False)
    assert twice.job.model_flops == pytest.approx(2 * once.job.model_flops)
    assert twice.time.expected > once.time.expected


def test_operations_are_korthikanti_s():
    """Equation 7, and equation 8 with attention repeated once, not thrice."""
    answer = solve(parallelism=Parallelism(tp=8, dp=2, recompute="selective"))
    batch, layers, s, h, vocab = 64, 48, 2048, 6144, 51200
    published = 72 * batch * layers * s * h**2 * (1 + s / (6 * h) + vocab / (12 * h * layers))
    assert answer.job.model_flops == pytest.approx(published)
    assert answer.job.repeated_flops("selective") == pytest.approx(72 * batch * layers * s * h**2 * s / (18 * h))
    assert answer.job.repeated_flops("full") == pytest.approx(72 * batch * layers * s * h**2 * (1 + s / (6 * h)) / 3)
    assert answer.job.repeated_flops("none") == 0.0


def test_parameters_of_all_gpus_are_those_of_the_model():
    model = Models.GPT_22B
    for tp in (1, 2, 8):
        for pp in (1, 2, 8):
            plan = Parallelism(tp=tp, pp=pp)
            job = solve(gpus=plan.gpus, parallelism=plan).job
            everywhere = tp * sum(job.stage_parameters(plan, stage) for stage in range(pp))
            # What tensor parallelism does not split is there tp times, a tied table once more beyond one stage.
            norms = model.layers * (4 + 2) * model.hidden + 2 * model.hidden + 2048 * model.hidden
            copies = (tp - 1) * norms + (model.embedding_parameters if pp > 1 else 0)
            assert everywhere == model.parameters + copies


def test_llama_3_s_126_layers_go_on_16_stages():
    plan = Parallelism(tp=8, pp=16, dp=128)
    job = solve(model="Llama-3.1-405B", fabric="DGX H100", gpus=16384, global_batch=2048, parallelism=plan).job
    assert [sum(job.layers_on(plan, stage)) for stage in range(16)] == [7] + [8] * 14 + [7]
    whole = 8 * sum(job.stage_parameters(plan, stage) for stage in range(16))
    assert whole == pytest.approx(Models.Llama3_1_405B.parameters, rel=1e-3)


def test_activations_are_korthikanti_s_to_the_byte():
    """Table 2 for all layers, and section 4.3 for what is around them, one stage of GPT 22B."""
    s, b, h, a, layers, t, vocab = 2048, 4, 6144, 64, 48, 8, 51200
    around = s * b * h // t + 4 * s * b * h // t + 4 * s * b * vocab // t
    plan = {"tp": 8, "dp": 2, "micro_batch": 4}
    for sequence_parallel, recompute, per_layer in (
        (True, "none", s * b * h * 34 // t + 5 * a * s * s * b // t),
        (True, "selective", s * b * h * 34 // t),
        (True, "full", 2 * s * b * h // t),
    ):
        plan |= {"sequence_parallel": sequence_parallel, "recompute": recompute}
        assert solve(parallelism=plan).memory.activations == layers * per_layer + around


def test_model_states_are_zero_s():
    states = {}
    for zero in range(4):
        memory = solve(parallelism=Parallelism(tp=8, dp=2, zero=zero)).memory
        states[zero] = memory.weights, memory.gradients, memory.optimizer
    parameters = states[0][0] // 2
    assert states[0] == (2 * parameters, 2 * parameters, 12 * parameters)
    assert states[1] == (2 * parameters, 2 * parameters, 6 * parameters)
    assert states[2] == (2 * parameters, parameters, 6 * parameters)
    assert states[3] == (parameters, parameters, 6 * parameters)


@pytest.mark.parametrize(
    ("schedule", "interleave", "held"),
    [("1f1b", 1, 4), ("gpipe", 1, 16), ("interleaved", 2, 5.5), ("zero-bubble", 1, 7)],
)
def test_schedules_hold_as_many_micro_batches_as_published(schedule, interleave, held):
    plan = Parallelism(tp=2, pp=4, dp=2, schedule=schedule, interleave=interleave, micro_batch=2)
    job = solve(parallelism=plan).job
    assert job.in_flight(plan, 0) == held  # Korthikanti section 4.2.3: L (1 + (p - 1) / (p m)) layers when interleaved
    assert job.in_flight(plan, 3) <= held


def test_interleaving_shrinks_the_bubble_and_a_zero_bubble_shrinks_it_most():
    base = {"tp": 2, "pp": 4, "dp": 2}
    bubbles = [
        solve(parallelism=base | extra).bubble_fraction
        for extra in ({}, {"schedule": "interleaved", "interleave": 2}, {"schedule": "zero-bubble"})
    ]
    assert bubbles == sorted(bubbles, reverse=True)
    assert 0.05 < bubbles[0] < 0.12


@pytest.mark.parametrize("sequence_parallel", [False, True])
def test_what_is_summed_at_once_is_sent_once(sequence_parallel):
    plan = Parallelism(tp=8, dp=2, sequence_parallel=sequence_parallel)
    both, one = (
        solve(model=replace(Models.GPT_22B, parallel=parallel), parallelism=plan).step for parallel in (False, True)
    )
    assert one.tensor == pytest.approx(both.tensor / 2)
    assert one.arithmetic == both.arithmetic


def at(**changes):
    return replace(software("fsdp-2023"), **changes)


SHARDED = {
    "model": "Llama3_8B",
    "fabric": "DGX H100",
    "global_batch": 16,
    "parallelism": Parallelism(dp=16, zero=3, recompute="full"),
    "efficiency": 0.6,
}


def test_recomputation_that_stops_early_leaves_out_the_last_product_of_each_layer():
    whole, less = (solve(**SHARDED, software=at(stops_early=each)) for each in (False, True))
    model, rate = Models.Llama3_8B, 0.6 * whole.job.fabric.machine.rate("bf16")
    left = 2.0 * model.layers * model.hidden * model.ffn * 16 * whole.job.sequence
    assert whole.step.arithmetic - less.step.arithmetic == pytest.approx(left / 16 / rate)
    flops = [each.job.repeated_flops("full") for each in (whole, less)]
    assert flops[0] - flops[1] == pytest.approx(left)
    kept = solve(**SHARDED | {"parallelism": {"dp": 16, "zero": 3}}, software=at())
    assert whole.mfu.expected < less.mfu.expected < kept.mfu.expected


@pytest.mark.parametrize("sequence_parallel", [False, True])
def test_recomputation_that_stops_early_sums_once_less(sequence_parallel):
    plan = Parallelism(tp=8, dp=2, recompute="full", sequence_parallel=sequence_parallel)
    whole, less = (solve(parallelism=plan, software=at(stops_early=each)).step.tensor for each in (False, True))
    # Of three passes with two sums each, one sum; of its two halves, the second.
    assert 1 - less / whole == pytest.approx(1 / (12 if sequence_parallel else 6), rel=0.05)


@given(st.floats(0.0, 1.0))
def test_what_a_kernel_does_not_hide_lies_between_nothing_and_all_of_the_shorter(share):
    hidden, some, none = (solve(**SHARDED, software=at(exposed=each)) for each in (0.0, share, 1.0))
    times = [each.step.arithmetic + each.step.memory for each in (hidden, some, none)]
    assert times[1] == pytest.approx(times[0] + share * (times[2] - times[0]))
    assert some.time.lower <= some.time.expected <= some.time.upper


@given(st.floats(0.0, 1.0))
def test_hidden_messages_slow_what_hides_them(share):
    free, slowed = (solve(**SHARDED, software=at(contention=each)) for each in (0.0, share))
    assert free.step.data == 0.0
    assert slowed.step.data == pytest.approx(share * slowed.messages)
    assert slowed.time.expected <= solve(**SHARDED, software=at(overlap=False)).time.expected * (1 + 1e-12)


def test_tensor_parallelism_beyond_a_node_pays_for_the_network():
    inside = solve(parallelism=Parallelism(tp=8, dp=2))
    outside = solve(parallelism=Parallelism(tp=16))
    assert outside.step.tensor > 3 * inside.step.tensor
    assert outside.communication_fraction > 0.35 > 0.2 > inside.communication_fraction


def test_messages_hide_behind_arithmetic_only_where_software_can():
    plan = Parallelism(tp=8, dp=2, micro_batch=4)
    early = solve(parallelism=plan, software="megatron-2022").step
    late = solve(parallelism=plan, software="flash-2024").step
    assert early.data > 0.0
    assert late.data == 0.0


def test_stragglers_are_waited_for():
    punctual, late = solve(), solve(straggler=0.05)
    assert punctual.step.straggler == 0.0
    assert late.step.straggler == pytest.approx(0.05 * 0.5642 * punctual.time.expected, rel=0.05)
    assert solve(straggler=0.05, parallelism=Parallelism(tp=8, pp=2)).step.straggler == 0.0


@pytest.mark.parametrize(
    ("parts", "wall"),
    [
        ((1, 0, 0, 0, 0, 0, 0, 0, 0), "compute throughput"),
        ((1, 2, 0, 0, 0, 0, 0, 0, 0), "memory bandwidth"),
        ((1, 0, 1, 0, 1, 0, 0, 0, 0), "communication"),
        ((1, 0, 0, 0, 0, 0, 0, 1, 1), "synchronization"),
    ],
)
def test_the_largest_part_binds(parts, wall):
    assert replace(solve(), step=Step(*(1e3 * each for each in parts))).bound_by == wall


@pytest.mark.parametrize(("optimizer", "beside"), [("adam", 8), ("momentum", 4), ("sgd", 0)])
def test_a_weight_in_fp32_is_its_own_master_copy(optimizer, beside):
    """In FP32 four bytes of weight and Adam's eight; in mixed precision two, and twelve."""
    given = {"gpus": 1, "global_batch": 1, "parallelism": Parallelism(), "optimizer": optimizer}
    wide, mixed = (solve(precision=each, **given).memory for each in ("fp32", "bf16"))
    parameters = wide.weights / 4
    assert wide.optimizer == beside * parameters
    assert mixed.weights + mixed.optimizer == (2 + 4 + beside) * parameters


def test_messages_that_outlast_the_arithmetic_that_hides_them_bind():
    """ZeRO-3 over one port each: less waiting than arithmetic, but no faster machine would shorten the step."""
    slow = Fabric(name="Ethernet", machine="A100", gpus_per_node=1, link="35 GB/s", nic="35 GB/s")
    plan = Parallelism(dp=8, zero=3, micro_batch=2)
    answer = solve(model="Llama2_7B", fabric=slow, gpus=8, global_batch=64, parallelism=plan, software="flash-2024")
    assert 0.0 < answer.step.communication < answer.step.arithmetic < answer.messages
    assert answer.bound_by == "communication"
    fewer = replace(answer, plan=replace(plan, micro_batch=8))
    assert fewer.messages == pytest.approx(answer.messages / 4)


def test_what_does_not_fit_says_what_would_mend_it():
    def sentence(**given):
        (reason,) = solve(**given).reasons
        return reason.sentence()

    big = {"model": "GPT-175B", "gpus": 64, "global_batch": 64}
    assert "More tensor- or pipeline-parallel GPUs" in sentence(**big, parallelism={"dp": 64})
    text = sentence(**big, parallelism={"dp": 64, "zero": 3, "recompute": "selective"})
    assert text.startswith("Does not fit. GPT-175B as TP1 PP1 DP64 ZeRO-3 selective recomputation needs ")
    assert text.endswith("Memory capacity binds (wall 2). Full recomputation would make room.")
    assert "ZeRO-1 would make room" in sentence(gpus=16, parallelism={"tp": 4, "dp": 4, "recompute": "full"})
    wide = {"tp": 8, "dp": 1, "pp": 2, "recompute": "full", "micro_batch": 64}
    assert "smaller micro-batch" in sentence(parallelism=wide)


def test_the_whiteboard_has_every_part_and_every_source():
    answer = solve(parallelism=Parallelism(tp=4, pp=2, dp=2, zero=1), straggler=0.01)
    text = answer.explain()
    assert text.startswith("GPT-22B on 16 GPUs of the DGX A100: TP4 PP2 DP2 ZeRO-1")
    for part in (
        "optimizer",
        "tensor-parallel",
        "between stages",
        "other stages",
        "slowest replica",
        "MFU = O / (N R T)",
    ):
        assert part in text
    for each in answer.basis:
        assert each.datum.source in text
    assert answer.throughput.expected * answer.time.expected == pytest.approx(64 * 2048)


def test_a_given_efficiency_is_shown_as_given():
    answer = solve(efficiency=0.5)
    assert answer.time.expected > solve().time.expected
    assert "given as efficiency=" in answer.explain()


def test_context_parallelism_splits_the_sequence():
    plan = {"model": "Llama-3.1-405B", "fabric": "DGX H100", "gpus": 1024, "software": "flash-2024", "context": 131072}
    short, long = (solve(**plan, parallelism={"tp": 8, "pp": 16, "cp": cp, "dp": 8 // cp}) for cp in (1, 8))
    assert long.memory.activations < short.memory.activations / 4
    serial = solve(**plan | {"software": "megatron-2022"}, parallelism={"tp": 8, "pp": 16, "cp": 8})
    assert serial.step.context > 0.0


def test_plans_are_written_as_people_write_them():
    plan = Parallelism(
        tp=8,
        pp=4,
        dp=2,
        cp=2,
        sequence_parallel=True,
        zero=3,
        schedule="interleaved",
        interleave=3,
        recompute="full",
        micro_batch=2,
    )
    assert plan.short() == "TP8 PP4 DP2 CP2 SP ZeRO-3 interleaved 3 full recomputation micro-batch 2"
    assert Parallelism(pp=2, schedule="gpipe").short() == "TP1 PP2 DP1 gpipe"
    assert parallelism(plan) is plan
    assert software(VINTAGES["megatron-2022"]).name == "megatron-2022"


@pytest.mark.parametrize(
    ("layers", "stages", "chunks", "cut"),
    [
        (12, 4, 1, (3, 3, 3)),
        (14, 4, 1, (3, 4, 3)),
        (13, 4, 1, (3, 4, 2)),
        (11, 4, 1, None),
        (126, 16, 8, (7, 8, 7)),
        (2, 4, 1, None),
    ],
)
def test_layers_are_cut_evenly_or_not_at_all(layers, stages, chunks, cut):
    assert stage_layers(layers, stages, chunks) == cut


PLAN = [
    ("tp", 0),
    ("tp", 2.5),
    ("tp", "8"),
    ("pp", -1),
    ("dp", True),
    ("dp", float("nan")),
    ("cp", None),
    ("ep", 0),
    ("micro_batch", 0),
    ("interleave", 1.5),
    ("interleave", 2),
    ("sequence_parallel", 1),
    ("sequence_parallel", True),
    ("zero", 4),
    ("zero", -1),
    ("zero", True),
    ("zero", "3"),
    ("recompute", "some"),
    ("recompute", None),
    ("schedule", "2f2b"),
    ("schedule", 1),
]


@pytest.mark.parametrize(("field", "value"), PLAN, ids=str)
def test_a_plan_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        Parallelism(**{field: value})
    assert field in str(caught.value)


def test_an_interleaved_schedule_needs_chunks_and_stages():
    for lacking in ({"pp": 4}, {"interleave": 2}):
        with pytest.raises(InvalidValue, match="two or more"):
            Parallelism(schedule="interleaved", **lacking)


JOB = [
    ("model", "GPT-23B"),
    ("model", "DGX A100"),
    ("fabric", "GPT-22B"),
    ("fabric", None),
    ("gpus", 0),
    ("gpus", 10**9),
    ("global_batch", 0),
    ("global_batch", "64"),
    ("global_batch", float("inf")),
    ("context", 4096),
    ("context", 0),
    ("precision", "int8"),
    ("precision", "fp8"),
    ("precision", "bf17"),
    ("optimizer", "adamw2"),
    ("optimizer", 12),
    ("gradient_bytes", 0),
    ("gradient_bytes", 16),
    ("gradient_bytes", "2"),
    ("software", "megatron-2030"),
    ("software", None),
    ("efficiency", "high"),
    ("efficiency", 0),
    ("efficiency", 1.5),
    ("straggler", -0.1),
    ("straggler", 2),
    ("straggler", True),
    ("straggler", float("nan")),
    ("parallelism", None),
    ("parallelism", "TP8"),
    ("parallelism", {"tensor": 8}),
]


@pytest.mark.parametrize(("field", "value"), JOB, ids=str)
def test_a_job_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    assert field in str(caught.value)
    assert len(str(caught.value)) < 400


FAULTS = [
    ({"tp": 2, "pp": 8, "micro_batch": 8, "schedule": "zero-bubble"}, "needs 15 micro-batches or more, not 8"),
    ({"tp": 8}, "8 x 1 x 1 x 1 = 8 must be the 16 GPUs"),
    ({"tp": 8, "dp": 4}, "must be the 16 GPUs"),
    ({"dp": 16, "ep": 4}, "dense"),
    ({"pp": 16, "schedule": "gpipe", "micro_batch": 3}, "must divide it"),
    ({"tp": 2, "pp": 4, "dp": 2, "schedule": "interleaved", "interleave": 5}, "cut the 48 layers"),
    ({"pp": 8, "dp": 2, "micro_batch": 16, "schedule": "interleaved", "interleave": 2}, "multiple of 8 micro-batches"),
]


@pytest.mark.parametrize(("plan", "rule"), FAULTS, ids=str)
def test_plans_that_make_no_sense_are_refused(plan, rule):
    with pytest.raises(InvalidValue) as caught:
        solve(parallelism=plan)
    assert rule in str(caught.value)
    assert "For example" in str(caught.value)


def test_what_a_model_cannot_be_split_by_is_refused():
    llama = {"model": "Llama-3-70B", "fabric": "DGX H100", "software": "flash-2024"}
    with pytest.raises(InvalidValue, match="8 kv_heads of Llama-3-70B"):
        solve(**llama, parallelism={"tp": 16})
    with pytest.raises(InvalidValue, match="keeps no scores"):
        solve(**llama, parallelism={"dp": 16, "recompute": "selective"})
    job = solve().job
    odd = replace(job, sequence=2044)
    for plan, field in (
        (Parallelism(cp=16), "cp"),
        (Parallelism(tp=8, dp=2, sequence_parallel=True), "sequence_parallel"),
    ):
        assert refusal(plan, odd).field == field
        assert fault(plan, job.model, 16, 64, 2044).field == field


def test_an_unknown_knob_names_the_known_ones():
    with pytest.raises(UnknownName, match="zero"):
        parallelism({"zeroo": 1})
