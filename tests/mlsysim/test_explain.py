import pytest

from mlsysim import ServingModel
from mlsysim.check import UnknownName


def solve(**given):
    return ServingModel().solve(**({"model": "Llama3_8B", "hardware": "H100"} | given))


def test_the_equation_has_its_numbers():
    lines = solve().equation().splitlines()
    assert [line.split()[0] for line in lines] == ["D/BW", "O/R", "L", "T"]
    assert lines[0].startswith("D/BW = 15.1 GB / (3.35 TB/s x 0.7) = 6.4")
    assert "292 kernels x 2 µs = 584 µs" in lines[2]
    assert lines[3].endswith("between 4.5 and 9.6 ms")


def test_the_whiteboard_has_every_term_and_every_source():
    answer = solve()
    text = answer.explain()
    assert "Llama-3-8B on the H100 SXM5 80GB: decode, batch 1, context 1,024, FP16" in text
    assert "15 GB / (3.35 TB/s x 0.7) = 6.40 ms    weights" in text.replace("15.0 GB", "15 GB")
    assert "Bound by memory bandwidth (wall 3)" in text
    assert "Fits: 16.3 GB of 80 GB." in text
    for each in answer.basis:
        assert each.datum.source in text
        assert each.datum.tier in text


def test_prefill_is_explained_by_its_prompt():
    text = solve(prompt=512).explain("prefill")
    assert "prefill, batch 1, prompt 512" in text
    assert "Bound by compute throughput (wall 1)" in text
    assert "read once for every prompt" in text


def test_what_stays_in_the_cache_is_not_on_the_whiteboard():
    assert "activations" not in solve().explain()
    assert "activations" in solve(batch=2048, context=64).explain()


def test_what_does_not_fit_is_said_in_the_explanation():
    assert "Does not fit." in solve(model="Llama3_70B").explain()


def test_of_a_mixture_only_the_experts_met_are_read():
    assert (
        "weights, with the experts that are met, read once" in solve(model="Mixtral_8x7B", hardware="MI300X").explain()
    )


def test_a_rounded_count_is_still_shown_with_its_source():
    assert "published parameters of DeepSeek-V3" in solve(model="DeepSeek_V3").explain()


def test_overhead_is_no_wall():
    assert "Bound by overhead: " in solve(model="GPT2").explain()


def test_a_given_efficiency_is_shown_as_given():
    assert "given as efficiency=" in solve(efficiency=0.5).explain()


def test_ones_own_model_has_no_published_count():
    from dataclasses import replace

    from mlsysim import Models

    taller = replace(Models.Llama3_8B, name="Taller", layers=40)
    assert "P" not in [each.symbol for each in solve(model=taller).basis]
    assert "P" in [each.symbol for each in solve().basis]


def test_an_unknown_phase_names_those_there_are():
    with pytest.raises(UnknownName, match="decode"):
        solve().explain("training")
