"""The table of cases: read without what was measured, whatever the file is like."""

import csv
import io
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim.calibration.__main__ import main
from mlsysim.calibration.cases import MEASURED, BadTable, Case, Row, read
from mlsysim.calibration.predict import COLUMNS, predict
from mlsysim.calibration.store import TABLE


def table(lines, columns):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


@pytest.fixture(scope="module")
def lines():
    with open(TABLE, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(tmp_path, text, name="cases.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    out = tmp_path / f"{name}.out"
    assert main(["predict", str(tmp_path / name), "-o", str(out)]) == 0
    return out.read_bytes()


def test_what_was_measured_changes_no_byte_of_what_is_predicted(tmp_path, lines):
    columns = [*lines[0], *(name for name in MEASURED if name not in lines[0])]
    turned = [
        line | {name: lines[-1 - index].get(name, "12/7 (wrong)") for name in MEASURED}
        for index, line in enumerate(lines)
    ]
    blank = [line | dict.fromkeys(MEASURED, "") for line in lines]
    without = [{name: cell for name, cell in line.items() if name not in MEASURED} for line in lines]
    plain = run(tmp_path, table(lines, columns))
    assert run(tmp_path, table(turned, columns)) == plain
    assert run(tmp_path, table(blank, columns)) == plain
    assert run(tmp_path, table(without, [name for name in columns if name not in MEASURED])) == plain


def test_the_source_and_how_far_it_is_trusted_change_nothing_either(tmp_path, lines):
    other = [line | {"source": "nowhere", "trust": "low", "use": "context"} for line in lines]
    assert run(tmp_path, table(other, lines[0])) == run(tmp_path, table(lines, lines[0]))


def test_each_line_has_an_answer_or_a_reason(tmp_path, lines):
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, table(lines, lines[0])).decode())))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["case_id"] for row in rows] == [line["case_id"] for line in lines]
    for row in rows:
        if row["status"] == "predicted":
            figures = [[float(each) for each in row[name].split("/")] for name in ("lower", "predicted", "upper")]
            assert all(0 <= low < middle < high for low, middle, high in zip(*figures, strict=True))
        else:
            assert (row["status"], row["predicted"]) == ("refused", "")
            assert len(row["reason"]) > 20
    fitted = [row for row, line in zip(rows, lines, strict=True) if line["use"] == "fit"]
    assert sum(row["status"] == "predicted" for row in fitted) >= 0.95 * len(fitted)


def test_a_case_stands_for_itself(lines):
    """Order and company of the lines have no part in a prediction."""
    rows = read(TABLE)
    together = {each.case_id: each for each in predict(rows)}
    for row in rows[::17]:
        assert predict([row])[0] == together[row.case_id]


def test_a_bad_line_is_refused_and_the_others_go_on(tmp_path, lines):
    good = lines[0]
    bad = [
        good | {"case_id": "a", "hardware": "Abacus 9000"},
        good | {"case_id": "b", "unit": "bushels"},
        good | {"case_id": "c", "model": "", "params_b": "-3"},
        good | {"case_id": "d", "count": "33", "parallelism": "TP8 PP2"},
        good | {"case_id": "e", "domain": "astrology", "metric": "luck", "model": "Leo"},
        good | {"case_id": "f", "model": "Nobody's", "params_b": "nan"},
        dict.fromkeys(good, "") | {"case_id": "g"},
        good | {"case_id": "h", "count": "9" * 400, "seq_or_io": "1e999"},
        good | {"case_id": "i", "model": "GPT (a=3,h=7,L=0,V=0)"},
    ]
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, table([*bad, good], good)).decode())))
    assert [row["status"] for row in rows] == ["refused"] * len(bad) + ["predicted"]
    for row in rows[:-1]:
        assert row["reason"].strip()
        assert "Traceback" not in row["reason"]


def test_a_line_with_too_many_cells_is_refused(tmp_path, lines):
    text = table([lines[0]], lines[0]) + ",".join(["x"] * 40) + "\n"
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, text).decode())))
    assert rows[1]["status"] == "refused"
    assert "more cells" in rows[1]["reason"]


def test_how_a_table_is_written_changes_nothing(tmp_path, lines):
    """The header's case, semicolons, line ends, a mark of the coding, blank cells beyond, columns of one's own."""
    few = [line for line in lines if line["use"] == "fit"][:5]
    plain = run(tmp_path, table(few, lines[0]))
    columns = list(lines[0])
    upper = [{name.upper(): cell for name, cell in line.items()} for line in few]
    semicolons = io.StringIO()
    writer = csv.DictWriter(semicolons, columns, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(few)
    assert run(tmp_path, table(upper, [name.upper() for name in columns])) == plain
    assert run(tmp_path, "\ufeff" + semicolons.getvalue()) == plain
    wide = "".join(f"{each},,\n" for each in table(few, columns).splitlines())
    assert run(tmp_path, wide) == plain
    assert run(tmp_path, table([line | {"weather": "fair"} for line in few], ["weather", *columns])) == plain


def test_columns_that_say_nothing_may_be_missing(tmp_path):
    text = "Domain,Hardware,Model,Metric,Unit\nllm_decode,A100,Llama-2-7B,decode rate,tok/s\n"
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, text).decode())))
    assert [(row["case_id"], row["status"]) for row in rows] == [("line 2", "predicted")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no column"),
        (b"case_id,value\nA,1\n", "no column domain"),
        (b"\xff\xfe\x00\x01", "not text in UTF-8"),
        (b'case_id,domain\n"A,b\n', "column"),
    ],
)
def test_a_file_that_is_no_table_is_said_in_one_sentence(tmp_path, capsys, content, told):
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    assert main(["predict", str(path), "-o", str(tmp_path / "out.csv")]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_file_cut_off_within_quotes_is_said_in_one_sentence(tmp_path, lines):
    path = tmp_path / "cut.csv"
    path.write_text(table(lines[:2], lines[0]) + 'B,training_mfu,"A100', encoding="utf-8")
    with pytest.raises(BadTable, match="to its end"):
        read(str(path))


def test_a_missing_file_and_a_place_that_cannot_be_written_are_said_so(tmp_path, capsys):
    assert main(["predict", str(tmp_path / "none.csv"), "-o", "x"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["predict", TABLE, "-o", str(tmp_path / "no" / "where.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["predict", TABLE, "-o", TABLE]) == 2
    assert "name another file" in capsys.readouterr().err


ODD = [
    "",
    "0",
    "-1",
    "nan",
    "1e999",
    "TP0 PP0",
    "GBS 0, micro 0",
    "(a=0,h=64,L=2)",
    "0 bytes",
    "GEMM 0x0x0",
    "(",
    "\\",
    "1/0",
]
CELLS = {
    each.name: sorted({getattr(row.case, each.name) for row in read(TABLE) if row.case}) + ODD for each in fields(Case)
}


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}))
def test_any_mixture_of_cells_has_an_answer_or_a_reason(cells):
    found = predict([Row("mixed", Case(**cells), "")])[0]
    assert (found.status == "predicted" and all(each > 0 for each in found.upper)) or found.reason


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([row.case for row in read(TABLE)]),
    st.sampled_from([each.name for each in fields(Case)]),
    st.sampled_from(ODD),
)
def test_one_odd_cell_does_no_harm(case, name, cell):
    values = {each.name: getattr(case, each.name) for each in fields(Case)} | {name: cell}
    found = predict([Row("odd", Case(**values), "")])[0]
    assert found.values or found.reason
