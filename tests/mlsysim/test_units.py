import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.units import format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("80 GB", 80e9, "B"),
        ("80GB", 80e9, "B"),
        ("  2 TB/s ", 2e12, "B/s"),
        ("1.5e12 B/s", 1.5e12, "B/s"),
        ("16 GiB", 16 * 2**30, "B"),
        ("900 Gbit/s", 112.5e9, "B/s"),
        ("40 ms", 0.040, "s"),
        ("5 µs", 5e-6, "s"),
        ("5 us", 5e-6, "s"),
        ("3 min", 180.0, "s"),
        ("989.4 TFLOPS", 989.4e12, "FLOP/s"),
        ("275 TOPS", 275e12, "FLOP/s"),
        ("7e24 FLOP", 7e24, "FLOP"),
        ("1,500 km", 1.5e6, "m"),
        ("700 W", 700.0, "W"),
        ("1 kWh", 3.6e6, "J"),
        ("295 FLOP/B", 295.0, "FLOP/B"),
        ("2 ktok/s", 2000.0, "token/s"),
        (".5 s", 0.5, "s"),
        ("0.7", 0.7, ""),
        ("2 d", 172_800.0, "s"),
        ("5 y", 5 * 365 * 86_400.0, "s"),
        ("500 MWh", 1.8e12, "J"),
        ("195 t", 195e3, "kg"),
        ("390 g/kWh", 390 / 3.6e9, "kg/J"),
        ("0.27 L/kWh", 0.27 / 3.6e6, "L/J"),
        ("500 m3", 500e3, "L"),
        ("3.9 pJ/bit", 31.2e-12, "J/B"),
        ("30 kUSD", 30e3, "USD"),
        ("3.20 USD/h", 3.20 / 3600, "USD/s"),
        ("0.083 USD/kWh", 0.083 / 3.6e6, "USD/J"),
        ("2 USD/Mtoken", 2e-6, "USD/token"),
    ],
)
def test_quantities_as_people_write_them(text, value, unit):
    size, found = parse_quantity(text)
    assert found == unit
    assert size == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "number and a unit"),
        ("fast", "number and a unit"),
        ("80 parsec", "'parsec' is not known"),
        ("10 Gb", "bits or bytes"),
        ("10 Gb/s", "bits or bytes"),
        ("3 kmin", "not known"),
        ("1 GPa", "not known"),
    ],
)
def test_what_cannot_be_read_says_why(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (0.0052, "s", 2, "5.2 ms"),
        (0.0, "s", 2, "0 s"),
        (0.0, "B", 2, "0 B"),
        (1e-12, "s", 2, "0.0010 ns"),
        (0.99999, "s", 3, "1.00 s"),
        (9.96e-3, "s", 2, "10 ms"),
        (141.1e9, "B", 2, "141 GB"),
        (3.35e12, "B/s", 3, "3.35 TB/s"),
        (989.4e12, "FLOP/s", 3, "989 TFLOP/s"),
        (262144, "B", 3, "262 kB"),
        (-0.0031, "s", 2, "-3.1 ms"),
        (28312.0, "token/s", 3, "28,312 token/s"),
        (295.34, "FLOP/B", 3, "295 FLOP/B"),
        (1.5e6, "m", 3, "1,500 km"),
        (0.0152, "J", 2, "15 mJ"),
        (0.7, "", 2, "0.70"),
        (40_000.0, "s", 3, "11.1 h"),
        (545_000.0, "s", 2, "6.3 d"),
        (195e3, "kg", 3, "195 t"),
        (390 / 3.6e9, "kg/J", 3, "390 g/kWh"),
        (2e-6, "USD/token", 3, "2 USD/Mtoken"),
        (3.20 / 3600, "USD/s", 3, "3.20 USD/h"),
    ],
)
def test_quantities_as_people_read_them(value, unit, digits, text):
    assert format_quantity(value, unit, digits) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_not_written(value):
    with pytest.raises(ValueError, match="cannot be written"):
        format_quantity(value, "s")


@given(st.floats(1e-9, 1e3), st.integers(2, 6))
def test_written_seconds_read_back(value, digits):
    size, unit = parse_quantity(format_quantity(value, "s", digits))
    assert unit == "s"
    assert size == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))


@given(st.sampled_from(["B", "B/s", "FLOP", "FLOP/s"]), st.floats(1.0, 1e20), st.integers(2, 6))
def test_written_amounts_read_back(unit, value, digits):
    size, found = parse_quantity(format_quantity(value, unit, digits))
    assert found == unit
    assert size == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))
