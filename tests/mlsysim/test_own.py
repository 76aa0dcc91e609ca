"""Files of one's own: what they hold, every mistake in them at once, and files that are none."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Engine, HardwareNode, LayeredModel, Models, ModelSpec, ServingModel
from mlsysim.check import InvalidInput, InvalidValue, Mistakes, UnknownName
from mlsysim.own import LARGEST, TEMPLATES, machine_from, machine_from_file, model_from, model_from_file, to_toml
from mlsysim.registry import is_file


@pytest.fixture
def write(tmp_path):
    def wrote(text, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return wrote


def test_templates_are_files_of_one_s_own(write):
    machine, model = (write(text, f"{what}.toml") for what, text in TEMPLATES.items())
    assert machine_from_file(machine).memory == 96e9
    made = model_from_file(model)
    assert made.parameters == Models.Llama3_8B.parameters
    answer = Engine.solve(model, machine)
    assert answer.time == Engine.solve(made, machine_from_file(machine)).time
    assert ServingModel().solve(model=model, hardware=machine).decode.time == answer.time


def test_a_template_s_comments_are_fields_too(write):
    text = TEMPLATES["model"].replace("# [experts]", "[experts]")
    for name in ("count", "active", "inner"):
        text = text.replace(f"# {name} =", f"{name} =")
    assert model_from_file(write(text)).experts.count == 8


def test_a_network_by_its_blocks(write):
    text = """
    name = "Small"
    input = [32, 32, 3]
    blocks = [{ op = "conv", out = 8, stride = 2 }, { op = "average" }, { op = "dense", out = 10 }]
    """
    model = model_from_file(write(text))
    assert isinstance(model, LayeredModel)
    assert model.parameters == 27 * 8 + 8 + 8 * 10 + 10
    assert Engine.solve(write(text), "RaspberryPi5", precision="fp32").feasible


def test_one_file_on_the_wrong_side(write):
    network = write('name = "X"\ninput = [4]\nblocks = [{ op = "embedded", width = 4 }]')
    with pytest.raises(InvalidValue, match="layer by layer"):
        ServingModel().solve(model=network, hardware="H100")
    with pytest.raises(InvalidInput, match="field of a machine"):
        Engine.solve("GPT2", write(TEMPLATES["model"]))


BAD_MODEL = """
name = 7
layers = 0
heads = "many"
ffn = nan
vocab = 1.5
colour = "green"
gated = "yes"
experts = { count = 2, activ = 3 }
"""


def test_every_mistake_of_a_model_is_told_at_once(write):
    with pytest.raises(Mistakes) as caught:
        model_from_file(write(BAD_MODEL))
    told = str(caught.value).splitlines()
    for field in ("name", "layers", "heads", "ffn", "vocab", "gated", "experts.active", "experts.inner"):
        assert sum(line.startswith(f"{field} is ") for line in told) == 1, field
    for missing in ("hidden", "max_context"):
        assert [line for line in told if line.startswith(f"{missing} is None, but it is missing")]
    assert any("field of a model 'colour'" in line for line in told)
    assert any("field of experts 'activ' is not known. The closest names are active" in line for line in told)
    assert len(told) == 12


def test_every_mistake_of_a_machine_is_told_at_once(write):
    text = 'name = 7\nkind = "quantum"\nmemory = "96 GB/s"\ntdp = -1\ncolour = 1\n[peak]\nfp16 = "fast"\nfp17 = 3'
    with pytest.raises(Mistakes) as caught:
        machine_from_file(write(text))
    told = str(caught.value)
    for field in ("name", "kind", "memory is", "tdp", "colour", "peak['fp16']", "'fp17'", "memory_bandwidth is None"):
        assert field in told
    assert len(caught.value.found) == 9


def test_rules_between_fields_are_told_together():
    plain = {"name": "X", "layers": 2, "hidden": 100, "heads": 8, "ffn": 64, "vocab": 10, "max_context": 8}
    wrong = {"kv_heads": 3, "global_every": 2, "experts": {"count": 4, "active": 2, "inner": 8, "dense_layers": 2}}
    with pytest.raises(Mistakes) as caught:
        model_from(plain | wrong)
    assert [each.field for each in caught.value.found] == ["kv_heads", "hidden", "global_every", "experts.dense_layers"]


def test_of_very_many_mistakes_the_first_are_told(write):
    many = "\n".join(f"x{each} = 1" for each in range(500)) + "\n"
    with pytest.raises(UnknownName, match="'x0'"):
        machine_from_file(write("x0 = 1\n" + TEMPLATES["machine"]))
    with pytest.raises(Mistakes, match="fields is 500"):
        machine_from_file(write(many + TEMPLATES["machine"]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TEMPLATES["machine"][:-40] + '"', "cut.toml"),
        ('{"name": "X", "memory": ', "cut.json"),
        ('{"name": "X", "name": "Y"}', "twice.json"),
        ('name = "X"\nname = "Y"', "twice.toml"),
        ('{"memory": NaN}', "nan.json"),
        ('{"memory": -Infinity}', "infinity.json"),
        ("[" * 100_000, "deep.json"),
        ('{"a":' * 100_000, "deep2.json"),
        ("a = " + "[" * 100_000, "deep.toml"),
        (b"\xff\xfe\x00name", "wide.toml"),
        (b"\x00" * 64, "zero.json"),
        (b"\x89PNG\r\n\x1a\n", "picture.toml"),
        ('{"memory": ' + "9" * 10_000 + "}", "digits.json"),
        ("memory = " + "9" * 10_000, "digits.toml"),
        ("#" * (LARGEST + 1), "long.toml"),
        ("[1, 2]", "list.json"),
        ("null", "null.json"),
        ("", "empty.json"),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) < 20 and "." in each else "",
)
def test_a_hostile_file_is_one_sentence(write, text, name):
    path = write(text, name)
    for read in (machine_from_file, model_from_file, ModelSpec.from_huggingface):
        with pytest.raises(InvalidInput) as caught:
            read(path)
        assert len(str(caught.value)) < 600
        assert "file is" in str(caught.value) or "twice" in name or "toml" in name


def test_a_field_that_says_null_is_told_like_any_other(write):
    text = json.dumps({"name": "X", "layers": 2, "hidden": 64, "heads": 4, "ffn": 64, "vocab": None, "max_context": 8})
    with pytest.raises(InvalidValue, match="vocab is None, but it must be a whole number"):
        model_from_file(write(text, "model.json"))
    text = json.dumps({"name": "X", "peak": {"fp16": 1e14}, "memory": 1e9, "memory_bandwidth": 1e11, "tdp": None})
    assert machine_from_file(write(text, "machine.json")).tdp is None
    plain = {"name": "X", "layers": 2, "hidden": 64, "heads": 4, "ffn": 64, "vocab": 9, "max_context": 8}
    for name in ("kv_heads", "tied", "norms", "window"):
        with pytest.raises(InvalidValue, match=name):
            model_from(plain | {name: None})
    for name in ("experts", "latent", "encoder"):
        assert getattr(model_from(plain | {name: None}), name) is None


def test_ten_thousand_unknown_things_take_no_longer_than_twenty(write):
    """Each name that is not known is compared with all that are: only the first are."""
    ops = ", ".join('{ op = "fly" }' for _ in range(20_000))
    with pytest.raises(UnknownName, match="op 'fly'"):
        model_from_file(write(f'name = "X"\ninput = [4]\nblocks = [{ops}]'))
    with pytest.raises(InvalidInput, match="xxx"):
        model_from_file(write("x" * 900_000 + " = 1"))


def test_a_byte_order_mark_is_no_mistake(write):
    assert machine_from_file(write(b"\xef\xbb\xbf" + TEMPLATES["machine"].encode())).name == "Mine"


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    for name in ("pipe.toml", "folder.toml", "none.toml"):
        with pytest.raises(InvalidValue, match="file"):
            machine_from_file(str(tmp_path / name))
    assert not is_file("H100")
    assert not is_file(None)


def test_a_config_json_is_sent_to_the_import(write):
    with pytest.raises(InvalidValue, match="mlsysim import"):
        model_from_file(write(json.dumps({"model_type": "gpt2"}), "config.json"))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
)
FIELDS = """name peak memory memory_bandwidth tdp layers hidden heads ffn vocab max_context experts encoder latent input
blocks vectors family kv_heads colour kind launch_class"""
NAMES = st.sampled_from(FIELDS.split())


PLAIN = {
    machine_from: {"name": "X", "peak": {"fp16": 1e14}, "memory": 1e9, "memory_bandwidth": 1e11},
    model_from: {"name": "X", "layers": 2, "hidden": 64, "heads": 4, "ffn": 64, "vocab": 9, "max_context": 8},
}


@given(st.dictionaries(NAMES, ANYTHING, max_size=9), st.booleans())
def test_any_content_is_a_record_or_refused(content, nearly):
    for read, plain in PLAIN.items():
        try:
            made = read(plain | content if nearly else content)
        except InvalidInput as error:
            assert str(error)
        else:
            assert isinstance(made, (HardwareNode, ModelSpec, LayeredModel))


TABLES = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.lists(st.integers(0, 9), max_size=3),
        st.lists(st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 9), min_size=1), max_size=2),
        st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=3),
    ),
    max_size=5,
)


@given(TABLES)
def test_what_is_written_reads_back_the_same(content):
    import tomllib

    assert tomllib.loads(to_toml(content)) == content
