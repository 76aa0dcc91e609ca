"""Short codes: a section's predictions read out or typed into a chat, without a roster.

A code is written in Crockford's 32 signs (no I, L, O, U). Two signs say which lab and which variant, three more stand
for each prediction in the order of the locks, and the last one is a check over GF(32) that finds every single wrong
sign and every swap of two neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOWEST, HIGHEST = -12, 23  # decimal exponents of what a code can carry
_MANTISSAS = 900  # 1.00 to 9.99
_NUMBERS = _MANTISSAS * (HIGHEST - LOWEST + 1)
_MOST_CHOICES = 32**3 - _NUMBERS - 1
LONGEST = 9  # predictions

Said = float | int | None


class CodeError(ValueError):
    """A code that can't be read, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The n-th of a lock's choices, from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says: which lab, which variant, and a prediction for each lock so far; None where one was skipped."""

    volume: int
    lab: int
    variant: int
    predictions: tuple[float | Choice | None, ...]


def encode(code: Code) -> str:
    """The code as read out, in groups of three.

    >>> encode(Code(1, 2, 0, (3.2,)))
    '10A-RDA'
    """
    if not (code.volume in (1, 2) and 0 <= code.lab < 32 and 0 <= code.variant < 16):
        raise ValueError(f"there is no code for volume {code.volume}, lab {code.lab}, variant {code.variant}")
    head = ((code.volume - 1) << 9) | (code.lab << 4) | code.variant
    values = [head >> 5, head & 31]
    for prediction in code.predictions[:LONGEST]:
        packed = _pack(prediction)
        values += [packed >> 10, (packed >> 5) & 31, packed & 31]
    values.append(_check(values))
    return "-".join("".join(SIGNS[value] for value in values[start : start + 3]) for start in range(0, len(values), 3))


def decode(text: str) -> Code:
    """A code from what was heard or pasted: case, spaces and dashes do not matter, and O, I, L are read as digits.

    >>> decode("10a rda")
    Code(volume=1, lab=2, variant=0, predictions=(3.2,))

    Raises
    ------
    CodeError : of another length, with a sign that no code has, or misheard
    """
    signs = text.upper().translate(_HEARD)
    strange = next((sign for sign in signs if sign not in SIGNS), None)
    if strange is not None:
        raise CodeError(f"{strange!r} is in no code")
    if len(signs) % 3 or not 6 <= len(signs) <= 3 + 3 * LONGEST:
        raise CodeError(f"a code has 6, 9 or 12 signs; this has {len(signs)}")
    *values, check = [SIGNS.index(sign) for sign in signs]
    if _check(values) != check:
        raise CodeError("its check sign does not fit: a sign was misheard or swapped")
    head = values[0] << 5 | values[1]
    triples = zip(values[2::3], values[3::3], values[4::3], strict=True)
    predictions = tuple(_unpack(a << 10 | b << 5 | c) for a, b, c in triples)
    return Code((head >> 9) + 1, head >> 4 & 31, head & 15, predictions)


def rounded(value: float) -> float:
    """What a code carries of a positive number: three significant digits.

    >>> rounded(1234.5)
    1230.0
    """
    said = _unpack(_pack(value))
    assert isinstance(said, float)
    return said


# The page writes these signs for readability, and people add or confuse them.
_HEARD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "–": None, "\u00a0": None})


def _pack(prediction: float | Choice | None) -> int:
    if prediction is None:
        return 0
    if isinstance(prediction, Choice):
        if not 0 <= prediction.index < _MOST_CHOICES:
            raise ValueError(f"there is no code for choice {prediction.index}")
        return 1 + _NUMBERS + prediction.index
    if not prediction > 0:
        raise ValueError(f"a code carries numbers above zero, not {prediction}")
    exact = Decimal(prediction)
    exponent = exact.adjusted()
    mantissa = int(exact.scaleb(2 - exponent).quantize(Decimal(1), ROUND_HALF_UP))
    if mantissa == 1000:
        mantissa, exponent = 100, exponent + 1
    if exponent < LOWEST:
        mantissa, exponent = 100, LOWEST
    if exponent > HIGHEST:
        mantissa, exponent = 999, HIGHEST
    return 1 + _MANTISSAS * (exponent - LOWEST) + mantissa - 100


def _unpack(packed: int) -> float | Choice | None:
    if packed == 0:
        return None
    if packed > _NUMBERS:
        return Choice(packed - 1 - _NUMBERS)
    exponent, mantissa = divmod(packed - 1, _MANTISSAS)
    return float(f"{mantissa + 100}e{exponent + LOWEST - 2}")


def _check(values: Sequence[int]) -> int:
    """The sign that makes the polynomial whose coefficients the signs are vanish at the generator of GF(32)."""
    total = 0
    for value in values:
        total = _times_x(total) ^ value
    return _times_x(total)


def _times_x(value: int) -> int:
    return value << 1 ^ (0b100101 if value & 16 else 0)
