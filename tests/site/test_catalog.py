"""The catalog: whatever order its tables were written in, volumes and labs stand in theirs."""

import catalog

ROW = """
["{}"]
title = "A lab"
question = "What?"
walls = ["memory bandwidth"]
machines = ["H100"]
minutes = 50
terms = ["L"]
"""


def test_rows_come_by_volume_and_number(tmp_path, monkeypatch):
    names = [
        "vol2/lab_03_communication",
        "vol1/lab_13_model_serving",
        "vol2/lab_01_introduction",
        "vol1/lab_02_ml_systems",
    ]
    (tmp_path / "catalog.toml").write_text("".join(map(ROW.format, names)), encoding="utf-8")
    monkeypatch.setattr(catalog, "LABS", tmp_path)
    rows = catalog.read()
    assert [(row.volume, row.number) for row in rows] == [("1", "02"), ("1", "13"), ("2", "01"), ("2", "03")]


def test_every_row_of_the_catalog_is_a_lab_with_a_page_for_its_teachers():
    for row in catalog.read():
        assert row.notebook.is_file()
        assert (catalog.LABS / "ta" / f"vol{row.volume}" / f"lab_{row.number}.md").is_file()
