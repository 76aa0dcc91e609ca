"""Tutorial 3: its keys against closed forms of the cache, and what its sentences say of a machine that is full."""

import itertools
import sys
from math import floor

import pytest

import assemble
import catalog
import mlsysim as ms

ROW = next(row for row in catalog.tutorials() if row.number == "03")
KEY_OF_A_TOKEN = 2 * 32 * 8 * 128 * 2  # a key and a value, 32 layers, 8 heads of 128 numbers, 2 B each


@pytest.fixture(scope="module")
def tutorial():
    return assemble.load(ROW)[0]


@pytest.fixture(scope="module")
def module(tutorial):
    return sys.modules[ROW.notebook.stem]


def settings(part):
    names = [control.name for control in part.controls]
    for values in itertools.product(*(control.values for control in part.controls)):
        yield dict(zip(names, values, strict=True))


def test_a_book_takes_what_its_tokens_take(module):
    book = module.talk("H100", module.BOOK)
    assert book.workload.kv_bytes == KEY_OF_A_TOKEN
    assert book.memory.kv_cache == KEY_OF_A_TOKEN * 131_072 > book.memory.weights
    text = module.LETTERS * module.BOOK
    assert text == pytest.approx(0.5e6, rel=0.05)  # half a megabyte


@pytest.mark.parametrize(
    ("machine", "memory", "readers"), [("H100", 80e9, 3), ("A100", 80e9, 3), ("MI300X", 192e9, 10)]
)
def test_as_many_readers_fit_as_the_weights_leave_room_for(module, machine, memory, readers):
    weights = 2 * ms.Models.Llama3_1_8B.parameters
    assert floor((memory - weights - 0.2e9) / (KEY_OF_A_TOKEN * 131_072)) == readers
    assert module.full(machine, module.BOOK).workload.batch == readers


def test_the_reader_too_many_can_be_met_and_sent_away(module, tutorial):
    talks = {values["readers"]: module.talk(*values.values()) for values in settings(tutorial.part("A"))}
    assert module.talk("H100", module.BOOK, 3).feasible and not module.talk("H100", module.BOOK, 4).feasible
    assert {3, 4} <= set(talks)
    assert all(module.talk(machine, tokens).feasible for machine in module.MACHINES for tokens in module.TOKENS)


def test_pages_and_reservations_hold_what_the_two_parts_say(module):
    """To reserve the longest conversation leaves the readers of part A; pages, those of part B."""
    given = {
        "model": "Llama3_1_8B",
        "hardware": "H100",
        "precision": "bf16",
        "prompt": module.SAID - 256,
        "output": 256,
    }
    stored = ms.BatchingModel().solve(**given)
    assert stored.reserved_concurrency == module.full("H100", module.BOOK).workload.batch
    assert stored.paged_concurrency == module.full("H100", module.SAID).workload.batch


def test_a_full_machine_fetches_all_of_its_memory_for_a_token(module):
    """The embedding table and the work space, 1.2 GB together, are held and not fetched."""
    packed = module.full("H100", module.SAID)
    assert packed.memory.capacity - packed.decode.traffic < 1.8e9
    fetched = packed.decode.traffic / (3.35e12 * packed.efficiency.bandwidth.expected)
    assert module.answers()["pace"] == pytest.approx(1e3 * fetched, rel=0.03)


def test_a_full_machine_does_not_care_whose_bytes_they_are(module):
    """Except for a book, of which three leave a fifth of the memory empty."""
    for tokens in (size for size in module.TOKENS if size < module.BOOK):
        for kept in ("bf16", "fp8"):
            wait = module.full("H100", tokens, kept=kept).itl.expected
            assert 1e3 * wait == pytest.approx(module.answers()["pace"], rel=0.16)
    assert 1e3 * module.full("H100", module.LONG).itl.expected == pytest.approx(module.answers()["pace"], rel=0.05)


def test_four_bits_a_weight_make_little_room_and_no_one_quicker(module):
    plain, small = (module.full("H100", module.SAID, weights) for weights in ("bf16", "int4"))
    assert small.workload.batch < 1.2 * plain.workload.batch
    assert small.itl.expected >= plain.itl.expected
    assert module.full("H100", module.SAID, kept="fp8").workload.batch == pytest.approx(2 * plain.workload.batch, abs=1)


def test_more_memory_at_less_bandwidth_for_each_byte_is_slower_when_full(module):
    for larger in ("MI300X", "Gaudi 3"):
        assert module.emptied(larger) > module.emptied("H100")
        assert module.full(larger, module.SAID).itl.expected > module.full("H100", module.SAID).itl.expected
    assert max(module.MACHINES, key=module.emptied) == "A100"


def test_the_model_of_a_token_s_cache_is_not_its_size(module):
    """DeepSeek-V3 keeps 576 numbers in each of 61 layers (its report, table 1): half of what an 8B model keeps."""
    kept = {
        name: ms.ServingModel().solve(model=name, hardware="MI300X", context=module.BOOK, prompt=1024).workload.kv_bytes
        for name in module.OTHERS
    }
    assert kept["DeepSeek_V3"] == 61 * 576 * 2 < 0.6 * kept["Llama3_1_8B"]
    assert kept["Llama3_1_70B"] == 80 / 32 * kept["Llama3_1_8B"]


def test_every_setting_of_part_b_has_readers_who_wait(module, tutorial):
    for values in settings(tutorial.part("B")):
        for machine in module.MACHINES:
            packed = module.full(machine, **values)
            assert packed.feasible and packed.workload.batch >= 3
            assert packed.itl.lower <= packed.itl.expected <= packed.itl.upper
