"""Each key is the simulator's, each wrong choice what its assumption gives, and no question shows another's answer."""

import re
from math import ceil, sqrt

import pytest

from labkit.quiz.question import Question
from labkit.quiz.questions import GOALS, MISCONCEPTIONS, VERSION, questions
from mlsysim import CompressionModel, Hardware, ServingModel, SustainabilityModel, SynthesisSolver

H100, A100, MI300X = Hardware.Cloud.H100, Hardware.Cloud.A100, Hardware.Cloud.MI300X


@pytest.fixture(scope="module")
def asked() -> dict[str, Question]:
    return {each.name: each for each in questions()}


def texts(question: Question) -> dict[str, str]:
    """The choices by what they assume; the right one under an empty name."""
    return {choice.wrong: choice.text for choice in question.choices}


def test_there_are_ten_with_one_right_answer_each(asked) -> None:
    assert list(asked) == [f"q{index}" for index in range(1, 11)]
    for each in asked.values():
        if each.choices:
            assert [choice.wrong for choice in each.choices].count("") == 1
            assert len({choice.text for choice in each.choices}) == len(each.choices) == 4
        else:
            assert len(each.parts) == 2
            assert each.points == 2
    assert sum(each.points for each in asked.values()) == 12
    assert [{each.goal for each in asked.values()}] == [set(GOALS)]


def test_every_misconception_is_asked_for_and_every_wrong_answer_has_one(asked) -> None:
    used = {choice.wrong for each in asked.values() for choice in each.choices if choice.wrong}
    used |= {name for each in asked.values() for part in each.parts for name in part.errors}
    assert used == set(MISCONCEPTIONS)


def test_the_right_answer_stands_at_no_favoured_place(asked) -> None:
    places = [each.right for each in asked.values() if each.choices]
    assert max(map(places.count, places)) <= 3


def test_peaks_are_dense(asked) -> None:
    """The data sheet prints 1,979 TFLOP/s for the H100 in FP16: with sparsity."""
    assert f"{H100.peak['fp16'] / 1e12:.0f} TFLOP/s in FP16, dense" in asked["q1"].text
    assert H100.sparse_peak["fp16"] == pytest.approx(2 * H100.peak["fp16"], rel=1e-3)
    assert not any(re.search(r"1,?97\d|\b624\b|2,?61\d", each.text) for each in asked.values())


def test_q1_one_text_waits_for_memory_at_any_length(asked) -> None:
    assert texts(asked["q1"])[""].startswith("Memory")
    for context in (128, 8192):
        answer = ServingModel().solve(model="Llama3_8B", hardware="H100", context=context)
        assert answer.decode.bound_by == "memory bandwidth"
        assert answer.decode.memory_time.lower > 100 * answer.decode.compute_time.lower
    assert 16e9 / H100.memory_bandwidth == pytest.approx(4.78e-3, rel=1e-3)
    assert pytest.approx(16.2e-6, rel=5e-3) == 16e9 / 989.4e12
    assert "4.78 ms" in asked["q1"].solution
    assert "16.2 µs" in asked["q1"].solution


def test_q2_the_upgrade_is_worth_its_bandwidth(asked) -> None:
    read, computed = 5.3 / 2.039, 1307.4 / 312
    told = texts(asked["q2"])
    assert told[""] == f"About {read:.1f} times"
    assert told["peak"] == f"About {computed:.2f} times"
    assert told["average"].startswith(f"About {sqrt(read * computed):.1f} times")
    steps = [ServingModel().solve(model="Llama3_8B", hardware=gpu).decode.memory_time.lower for gpu in (A100, MI300X)]
    assert steps[0] / steps[1] == pytest.approx(read, rel=0.02)


def test_q3_the_iron_law_multiplies(asked) -> None:
    told = texts(asked["q3"])
    assert told[""] == f"{2 * (0.85 / 0.95) * (0.96 / 0.98):.3g} times"
    assert told["more machines"].startswith("2 times")
    assert told["added alone"].startswith(f"{1 + 0.35 * 0.85 * 0.96:.3g} times")
    assert told["futile"].startswith("Not faster")


def test_q4_a_ring_passes_everything_twice(asked) -> None:
    message, link, ranks = 14e9, 50e9, 64
    told = texts(asked["q4"])
    assert told[""] == f"{2 * (ranks - 1) / ranks * message / link:.3g} s"
    assert told["half a ring"] == f"{(ranks - 1) / ranks * message / link:.3g} s"
    assert told["linear"] == f"{ranks * message / link:.3g} s"
    assert told["shared out"] == f"{message / link / ranks * 1e3:.3g} ms"


def test_q5_four_bits_spare_a_gpu(asked) -> None:
    told = texts(asked["q5"])
    found = CompressionModel().solve(model="Llama3_70B", hardware="H100", weights="int4", context=1)
    assert told[""] == f"{found.machines.before} in FP16, {found.machines.after} in INT4" == "2 in FP16, 1 in INT4"
    assert told["speed trick"] == "2 in FP16, 2 in INT4"
    assert told["a byte each"] == f"{ceil(70.55 / 80)} in FP16, 1 in INT4"
    assert told["training memory"] == f"{ceil(16 * 70.55 / 80)} in FP16, {ceil(4 * 70.55 / 80)} in INT4"


def test_q6_copies_times_their_gpus(asked) -> None:
    four, sixteen = asked["q6"].parts
    assert (four.key, sixteen.key) == (1500 / 25, 1500 / 20 * 4)
    assert four.errors == {"same rate": [1500 / 20], "speed trick": [1500 / 25 * 4]}
    assert sixteen.errors == {"copies": [1500 / 20], "same rate": [1500 / 25 * 4]}


def test_q7_energy_times_intensity(asked) -> None:
    for part, intensity in zip(asked["q7"].parts, (390, 1.2), strict=True):
        tonnes = 500e3 * intensity / 1e6
        assert part.key == pytest.approx(tonnes)
        assert part.errors["units"] == pytest.approx([tonnes * 1e3, tonnes / 1e3])
        assert part.errors["PUE"] == pytest.approx([tonnes * 1.15])
        assert part.errors["PUE"][0] > part.key * (1 + part.tolerance)


def test_q8_only_the_grid_halves_it(asked) -> None:
    model, energy = SustainabilityModel(), 500.0
    before = model.solve(energy=f"{energy} MWh", region="Warsaw").operational.expected

    def left(share: float, region: str = "Warsaw") -> float:
        return model.solve(energy=f"{energy * share} MWh", region=region).operational.expected / before

    newer = (312 / 400) / (989.4 / 700)
    assert f"{1 / newer:.3g} times as much for each joule" in asked["q8"].choices[0].text
    assert [left(newer) <= 0.5, left(1.1 / 1.5) <= 0.5, left(1.0) <= 0.5, left(1.0, "Finland") <= 0.5] == [
        not choice.wrong for choice in asked["q8"].choices
    ]
    assert f"{left(newer):.0%}" in asked["q8"].solution
    assert f"{left(1.0, 'Finland'):.0%}" in asked["q8"].solution


def test_q9_bytes_over_time(asked) -> None:
    found = texts(asked["q9"])
    assert found[""] == f"{16 / 0.040:g} GB/s"
    assert found["multiplied"] == f"{16 * 40} GB/s"
    assert found["bits"] == f"{8 * 16 / 0.040:,.0f} GB/s"
    # The floor of the whole model, which leaves out the table of embeddings but for one row, is near.
    floor = SynthesisSolver().solve(model="Llama3_8B", itl="40 ms").memory_bandwidth.lower
    assert floor == pytest.approx(400e9, rel=0.1)


def test_q10_three_of_four_keep_it(asked) -> None:
    rates = {name: getattr(Hardware.Cloud, name).memory_bandwidth for name in ("MI300X", "L40S", "A10", "T4")}
    told = texts(asked["q10"])
    assert told[""] == "MI300X, L40S and A10"
    assert [name for name, rate in rates.items() if rate >= 400e9] == ["MI300X", "L40S", "A10"]
    assert [name for name, rate in rates.items() if rate >= 800e9] == told["margin"].split(" and ")
    assert told["best one"] == f"{max(rates, key=rates.__getitem__)} alone"
    assert told["fits"] == "MI300X, L40S, A10 and T4"
    verdicts = {each.machine.name: each for each in SynthesisSolver().solve(model="Llama3_8B", itl="40 ms").machines}
    assert verdicts["T4"].verdict == "fails"
    assert {verdicts[name].verdict for name in ("MI300X", "L40S")} == {"meets"}


def test_no_question_shows_another_ones_answer(asked) -> None:
    numbers = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
    shown = {
        name: {
            float(each.replace(",", ""))
            for each in numbers.findall(" ".join([q.text, *(" ".join(row) for row in q.table)]))
        }
        for name, q in asked.items()
    }
    everywhere = set().union(*shown.values())
    for question in asked.values():
        for part in question.parts:
            assert part.key not in everywhere
    assert 400.0 not in everywhere
    assert "2 GPUs" not in asked["q6"].text


def test_the_version_changes_with_the_answers(asked) -> None:
    """A file says which version it answers: bump VERSION and this when a letter or a key moves."""
    keys = [each.right or tuple(round(part.key, 9) for part in each.parts) for each in asked.values()]
    assert VERSION == "1"
    assert keys == ["b", "b", "c", "c", "b", (60, 300), (195.0, 0.6), "d", "a", "c"]
