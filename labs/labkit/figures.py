"""Figures as a person writes them: one rule for reveals, tables, reports and the page (page/dom.js says the same)."""


def number(value: float) -> str:
    """Three significant digits, grouped; powers of ten outside a billion and a thousandth.

    >>> number(1234.5), number(0.0512), number(8e6), number(3.2e9), number(-2e-4), number(0)
    ('1,230', '0.0512', '8,000,000', '3.2e9', '-2e-4', '0')
    """
    rounded = float(f"{value:.3g}")
    if rounded == 0 or 1e-3 <= abs(rounded) < 1e9:
        return f"{rounded:,.10g}"
    digits, exponent = f"{rounded:.2e}".split("e")
    return f"{float(digits):g}e{int(exponent)}"


def with_unit(value: float, unit: str) -> str:
    """A figure and its unit.

    >>> with_unit(3.2, "×"), with_unit(40, "GB/s")
    ('3.2×', '40 GB/s')
    """
    return f"{number(value)}{unit}" if unit in ("×", "") else f"{number(value)} {unit}"
