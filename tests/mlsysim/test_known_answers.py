"""Every number of the course's quiz and tutorials, derived. Where the text leaves inputs out, they are stated here.

Q is a question of the quiz, T a tutorial.
"""

import pytest

from mlsysim import (
    DSE,
    CompressionModel,
    DataModel,
    DifferentialExplainer,
    DistributedModel,
    Engine,
    HardwareNode,
    Models,
    Parallelism,
    ReasoningModel,
    ReliabilityModel,
    Requests,
    SensitivitySolver,
    ServingModel,
    SustainabilityModel,
    SynthesisSolver,
    TailLatencyModel,
    registry,
)
from mlsysim.physics import collectives, reliability, roofline
from mlsysim.solvers.workload import workload

HOUR = 3600.0
# The quiz's machines: peaks with 2:4 sparsity, as the data sheets print them in bold.
QUIZ_A100 = HardwareNode(name="Quiz A100", peak={"fp16": "624 TFLOP/s"}, memory="80 GB", memory_bandwidth="2.0 TB/s")
QUIZ_H100 = HardwareNode(name="Quiz H100", peak={"fp16": "1979 TFLOP/s"}, memory="80 GB", memory_bandwidth="3.35 TB/s")


def test_q1_reading_16_gb_takes_4_8_ms_and_computing_32_gflop_16_microseconds():
    assert roofline.memory_time(16e9, 3.35e12) == pytest.approx(4.78e-3, rel=1e-3)
    assert roofline.compute_time(32e9, 1979e12) == pytest.approx(16.2e-6, rel=2e-3)
    assert Engine.solve("Llama3_8B", QUIZ_H100).bound_by == "memory bandwidth"


def test_q2_t1_3_2_times_the_flops_give_1_7_times_the_speed():
    """Exactly the bandwidths' ratio where software is ideal; 1.6 with launches and real efficiencies."""
    assert QUIZ_H100.rate("fp16") / QUIZ_A100.rate("fp16") == pytest.approx(3.17, abs=0.01)
    before, after = (Engine.solve("Llama3_8B", each).time for each in (QUIZ_A100, QUIZ_H100))
    assert before.lower / after.lower == pytest.approx(1.675, rel=1e-6)
    assert 1.55 < before.expected / after.expected < 1.7


def test_q3_doubling_mfu_is_worth_doubling_the_gpus():
    """64 H100s at 35 % MFU, scaling 0.95 to 128 of them; any amount of work."""
    run = {"operations": 1e22, "rate": 989.4e12, "goodput": 0.95}
    now = reliability.fleet_time(gpus=64, mfu=0.35, scaling=1.0, **run)
    more = reliability.fleet_time(gpus=128, mfu=0.35, scaling=0.95, **run)
    better = reliability.fleet_time(gpus=64, mfu=0.70, scaling=1.0, **run)
    assert now / better == pytest.approx(2.0)
    assert now / more == pytest.approx(1.9)


def test_q4_a_ring_over_64_gpus_moves_14_gb_in_0_55_s():
    """ "About 0.56" is the limit of endlessly many; 63/64 of it is 0.551."""
    time = collectives.ring_allreduce_time(14e9, 64, 50e9)
    assert time == pytest.approx(0.551, abs=0.001)
    assert time == pytest.approx(2 * 14 / 50, rel=1 / 60)
    assert collectives.ring_allreduce_time(1e9, 8, 900e9) == pytest.approx(1.94e-3, rel=3e-3)


def test_q5_70b_takes_two_h100s_in_fp16_and_one_in_int4_or_one_mi300x():
    assert CompressionModel().solve(model="Llama3_70B", hardware="H100", weights="int4").machines == (2, 1)
    assert Models.Llama3_70B.parameters * 2 == pytest.approx(140e9, rel=0.01)
    assert ServingModel().solve(model="Llama3_70B", hardware="MI300X").feasible


def test_q6_40_gpus_against_100():
    int4 = CompressionModel().solve(model="Llama3_70B", hardware="H100", weights="int4")
    assert int4.fleet(1000, before=20, after=25) == (100, 40)


def test_q7_q8_195_t_in_virginia_and_0_6_t_in_quebec():
    """At the meter, as asked: no PUE. The place is worth 325 times; a third more efficient a GPU, 1.4 times."""
    virginia, quebec, upgraded = (
        SustainabilityModel().solve(energy="500 MWh", intensity=f"{grams} g/kWh", saving=saving).carbon.expected
        for grams, saving in ((390, 0.0), (1.2, 0.0), (390, 0.3))
    )
    assert virginia == pytest.approx(195e3)
    assert quebec == pytest.approx(600)
    assert virginia / quebec == pytest.approx(325)
    assert 1 - upgraded / virginia == pytest.approx(0.3)
    assert 1 - quebec / virginia > 0.5


def test_q9_t9_16_gb_every_40_ms_are_400_gb_a_second():
    """Llama-3-8B reads 15.1 GB of its 16.1: an embedding table is looked up, not read. So 379 GB/s at peak."""
    assert roofline.least_bandwidth(16e9, 0.040) == pytest.approx(400e9)
    needed = SynthesisSolver().solve(model="Llama3_8B", itl="40 ms").memory_bandwidth
    assert needed.lower == pytest.approx(400e9, rel=0.06)
    assert needed.lower < needed.expected < needed.upper < 700e9


def test_q10_a100_l40s_and_a10_meet_it_and_t4_does_not():
    """At peak bandwidth, as asked. With what software reaches, an A10 may or may not."""
    asked = {"A100", "L40S", "A10", "T4"}
    answer = SynthesisSolver().solve(model="Llama3_8B", itl="40 ms")
    verdicts = {each.machine.name: each.verdict for each in answer.machines if each.machine.name in asked}
    assert verdicts == {"A100": "meets", "L40S": "meets", "A10": "uncertain", "T4": "fails"}
    assert {name for name in asked if registry.machine(name).memory_bandwidth >= 400e9} == asked - {"T4"}


def test_t2_prefill_is_bound_by_compute_and_decode_by_memory():
    answer = ServingModel().solve(model="Llama3_8B", hardware="H100")
    assert answer.prefill.bound_by == "compute throughput"
    assert answer.decode.bound_by == "memory bandwidth"


def test_t3_at_128k_tokens_the_kv_cache_alone_fills_80_gb():
    """One user of a 7B with a key head for each query head (Llama 2's architecture) needs 69 GB, of a 13B 107 GB;
    with grouped queries it takes five users of Llama-3.1-8B, or two of 70B."""
    tokens = 131_072
    assert workload(Models.Llama2_7B).kv_bytes * tokens == pytest.approx(68.7e9, rel=1e-3)
    assert workload(Models.Llama2_13B).kv_bytes * tokens == pytest.approx(107.4e9, rel=1e-3)
    for model, users in ((Models.Llama3_1_8B, 5), (Models.Llama3_1_70B, 2)):
        assert workload(model).kv_bytes * tokens * users == pytest.approx(85.9e9, rel=1e-3)
    assert ServingModel().solve(model="Llama3_1_8B", hardware="H100", context=tokens, prompt=1024).max_batch == 3


def test_t4_a_gpu_is_busy_40_percent_at_48_ms_a_step():
    """Batches of 128 images, eight workers that decode 130 images a second each."""
    fed = DataModel().solve(sample="110 kB", batch=128, step="48 ms", workers=8, per_worker=130)
    assert fed.utilization.expected == pytest.approx(0.40, abs=0.015)
    assert fed.bound_by == "transformation"


def test_t5_int4_gives_nearly_four_times_in_decode_and_nothing_where_arithmetic_binds():
    """Llama-3-70B at batch 1: 4 bits and scales are 3.67 times at peak, 2.9 with kernels as they are."""
    got = CompressionModel().solve(model="Llama3_70B", hardware="MI300X", weights="int4")
    assert got.speedup.upper == pytest.approx(3.67, abs=0.01)
    assert got.speedup.expected == pytest.approx(2.9, abs=0.1)
    assert got.prefill_speedup.expected <= 1.0


def test_t6_a_cluster_of_1024_fails_every_20_hours():
    """20,500 hours for each GPU, 2.5 times as often as Llama 3's; 28.8 h with RSC-1's rate, 49.5 h with Llama 3's."""
    run = ReliabilityModel().solve(gpus=1024, gpu_mtbf="20500 h", write="2 min", interval="young")
    assert run.mtbf.expected / HOUR == pytest.approx(20.0, abs=0.1)
    assert run.interval == pytest.approx((2 * 120 * run.mtbf.expected) ** 0.5)
    assert run.interval / 60 == pytest.approx(69.3, abs=0.1)


def test_t6_at_1024_gpus_failures_cost_more_than_communication():
    """Llama-3-8B, data parallel with ZeRO-1 and full recomputation: gradients hide behind the backward pass."""
    plan = Parallelism(dp=1024, zero=1, recompute="full")
    step = DistributedModel().solve(
        model="Llama3_8B", fabric="DGX H100", gpus=1024, global_batch=2048, context=4096, parallelism=plan
    )
    run = ReliabilityModel().solve(gpus=1024, gpu_mtbf="20500 h", write="2 min")
    assert run.goodput.expected == pytest.approx(0.936, abs=0.001)
    assert 1 - run.goodput.expected > step.communication_fraction + 0.05


def test_t7_412_t_in_iowa_and_ten_in_quebec():
    """256 H100s for 155 days; hydropower for 5.5 t, and 3.6 t of making them. Forty times, as said."""
    fleet = {"hardware": "H100", "machines": 256, "duration": "155 d"}
    iowa, quebec = (SustainabilityModel().solve(region=place, **fleet) for place in ("Iowa", "Montreal"))
    assert iowa.operational.expected == pytest.approx(412e3, rel=0.01)
    assert quebec.carbon.expected == pytest.approx(10e3, rel=0.11)
    assert iowa.carbon.expected / quebec.carbon.expected == pytest.approx(46, abs=1)


def test_t8_eight_steps_of_reasoning_turn_1_2_into_9_1_million_dollars():
    """170 requests a second of 1,024 tokens in and 256 out a step, Llama-3-8B at batch 16 on rented H100s."""
    stream = Requests(rate=170, prompt=1024, output=256)
    bill = ReasoningModel().solve(model="Llama3_8B", hardware="H100", requests=stream, steps=8)
    assert bill.plain.bill.total.expected == pytest.approx(1.2e6, rel=0.02)
    assert bill.thinking.bill.total.expected == pytest.approx(9.1e6, rel=0.02)
    assert bill.ratio == pytest.approx(7.6, rel=0.02)


def test_t9_bandwidth_is_worth_fifteen_times_arithmetic():
    """-0.92 and 0 at batch 1: the rest of the time is launches, and no operator of a decode step computes longer than
    it reads."""
    found = SensitivitySolver().solve(model="Llama3_8B", hardware="H100").elasticities
    assert found["memory_bandwidth"] == pytest.approx(-0.88, abs=0.05)
    assert abs(found["memory_bandwidth"]) >= 15 * abs(found["peak"])


def test_t10_a_wafer_is_bound_by_launches_or_by_what_is_fed_in():
    """WSE-3: 44 GB of SRAM at 21 PB/s, 12.5 PFLOP/s dense (a tenth of the sparse figure, assumed), 1.2 Tbit/s in.
    What fits leaves the memory wall; 70B, streamed, is at 150 GB/s behind it: two H100s' wires would read it 45 times
    as fast."""
    wafer = HardwareNode(name="Wafer", peak={"fp16": "12.5 PFLOP/s"}, memory="44 GB", memory_bandwidth="21 PB/s")
    streamed = HardwareNode(
        name="Streamed", peak={"fp16": "12.5 PFLOP/s"}, memory="1.2 TB", memory_bandwidth="1.2 Tbit/s"
    )
    assert Engine.solve("Llama3_8B", wafer).bound_by == "overhead"
    assert not Engine.solve("Llama3_70B", wafer).feasible
    large = Engine.solve("Llama3_70B", streamed)
    assert large.bound_by == "memory bandwidth"
    assert large.time.lower == pytest.approx(0.93, abs=0.01)
    assert 2 * 3.35e12 / streamed.memory_bandwidth == pytest.approx(45, abs=0.5)


def test_t11_a_search_keeps_the_promise():
    answer = DSE(model="Llama3_8B", hardware=["A100", "H100"], batch=range(1, 129)).search(
        maximize="throughput", at_most={"itl": "10 ms"}
    )
    assert answer.best["itl"] <= 0.010 < max(answer.table["itl"])


def test_the_explainer_says_why_the_upgrade_did_not_help():
    before, after = (ServingModel().solve(model="Llama3_8B", hardware=each) for each in (QUIZ_A100, QUIZ_H100))
    answer = DifferentialExplainer().solve(before, after)
    assert answer.speedup < 1.7 < answer.promised.resource == pytest.approx(3.17, abs=0.01)


def test_a_queue_at_80_percent_answers_one_in_a_hundred_after_23_services():
    """M/M/1: S / (1 - rho) ln 100, for 50 ms."""
    answer = TailLatencyModel().solve(service_time="50 ms", load=0.8, percentile=0.99)
    assert answer.latency.expected == pytest.approx(0.050 / 0.2 * 4.60517, rel=1e-6)
