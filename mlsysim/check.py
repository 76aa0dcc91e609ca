"""The edge: what people hand us is checked here, once, with a sentence that says how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# What a quantity in each unit can be, with orders of magnitude to spare on either side of what exists. Outside, a unit
# or a prefix was forgotten.
_RANGE = {
    "s": (1e-9, 1e9),
    "m": (1e-3, 1e9),
    "B": (1.0, 1e18),
    "B/s": (1e3, 1e18),
    "FLOP/s": (1e3, 1e21),
    "FLOP": (1.0, 1e35),
    "W": (1e-9, 1e12),
    "J": (1e-12, 1e21),
    "kg": (1e-6, 1e12),
    "kg/J": (1e-13, 1e-6),
    "L": (1e-3, 1e15),
    "L/J": (1e-10, 1e-4),
    "J/B": (1e-13, 1e-6),
    "J/FLOP": (1e-16, 1e-6),
    "USD": (1e-6, 1e13),
    "USD/s": (1e-9, 1e5),
    "USD/J": (1e-11, 1e-5),
    "USD/token": (1e-12, 1.0),
    "token/s": (1e-6, 1e12),
    "Hz": (1e3, 1e11),
}


class InvalidInput(ValueError):
    """What every refused input raises."""


class InvalidValue(InvalidInput):
    """A value that breaks a rule: which field, which value, which rule, and an example that works."""

    def __init__(self, field: str, value: object, rule: str, example: str) -> None:
        self.field, self.value, self.rule, self.example = field, value, rule, example
        super().__init__(f"{field} is {_show(value)}, but {rule}. For example: {example}.")

    def __reduce__(self) -> tuple[Any, ...]:
        return InvalidValue, (self.field, self.value, self.rule, self.example)


class UnknownName(InvalidInput, AttributeError):
    """A name nobody knows, with the closest names. Also an AttributeError, so that `hasattr(Models, name)` works."""

    def __init__(self, field: str, value: str, known: Iterable[str], hint: str = "") -> None:
        from difflib import get_close_matches

        names = list(known)
        folded = {fold(name): name for name in names}
        self.field, self.value, self._known, self._hint = field, value, names, hint
        self.closest = tuple(folded[match] for match in get_close_matches(fold(value[:100]), folded, n=3, cutoff=0.0))
        InvalidInput.__init__(
            self, f"{field} {_show(value)} is not known.{hint} The closest names are {', '.join(self.closest)}."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return UnknownName, (self.field, self.value, self._known, self._hint)


class Mistakes(InvalidInput):
    """Several refusals at once, one a line; of very many the first TOLD."""

    TOLD = 20

    def __init__(self, found: Iterable[InvalidInput]) -> None:
        self.found = tuple(found)
        lines = [str(each) for each in self.found[: self.TOLD]]
        left = len(self.found) - len(lines)
        super().__init__("\n".join([*lines, f"And {left:,d} more."] if left else lines))

    def __reduce__(self) -> tuple[Any, ...]:
        return Mistakes, (self.found,)


class Checks:
    """Runs checks and keeps what they refuse, so that all of it is told at once.

    >>> each = Checks()
    >>> each(count, "layers", 0, "layers=32"), each(count, "heads", 8, "heads=8")
    (None, 8)
    >>> len(each.found)
    1
    """

    def __init__(self) -> None:
        self.found: list[InvalidInput] = []

    def __call__(self, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return check(*args, **kwargs)
        except Mistakes as error:
            self.found += error.found
        except InvalidInput as error:
            self.found.append(error)
        return None

    def refuse(self, field: str, value: object, rule: str, example: str) -> None:
        """Keeps a refusal."""
        self.found.append(InvalidValue(field, value, rule, example))

    def finish(self) -> None:
        """Raises what was kept: the one refusal, or all of them."""
        if self.found:
            raise self.found[0] if len(self.found) == 1 else Mistakes(self.found)


def fold(name: str) -> str:
    """The letters and digits of a name, in lower case: what two spellings of one name share.

    >>> fold("Llama-3-8B") == fold("Llama3_8B")
    True
    """
    return "".join(letter for letter in name.lower() if letter.isalnum())


def number(field: str, value: Any, example: str, *, at_most: float = inf) -> float:
    """A positive finite number.

    >>> number("efficiency", 0.7, "0.7", at_most=1.0)
    0.7
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidValue(field, value, "it must be a number", example)
    try:
        result = float(value)
    except OverflowError:
        raise InvalidValue(field, value, "it is beyond any number a computer holds", example) from None
    if not isfinite(result):
        raise InvalidValue(field, value, "it must be finite", example)
    if result <= 0.0:
        raise InvalidValue(field, value, "it must be greater than zero", example)
    if result > at_most:
        raise InvalidValue(field, value, f"it must be at most {at_most:g}", example)
    return result


def share(field: str, value: Any, example: str) -> float:
    """A fraction from zero to one, both included.

    >>> share("utilization", 0, "0.6")
    0.0
    """
    if not isinstance(value, bool) and isinstance(value, Real) and value == 0:
        return 0.0
    return number(field, value, example, at_most=1.0)


def amount(field: str, value: Any, example: str, *, at_most: float = inf) -> float:
    """A finite number of zero or more.

    >>> amount("variability", 0, "1.0")
    0.0
    """
    if not isinstance(value, bool) and isinstance(value, Real) and value == 0:
        return 0.0
    return number(field, value, example, at_most=at_most)


def flag(field: str, value: Any, example: str) -> bool:
    """True or False, and nothing that merely counts as one.

    >>> flag("tied", True, "tied=True")
    True
    """
    if not isinstance(value, bool):
        raise InvalidValue(field, value, "it must be true or false", example)
    return value


def text(field: str, value: Any, example: str, *, empty: bool = False) -> str:
    """A line of text.

    >>> text("name", "Mine", 'name="Mine"')
    'Mine'
    """
    if not isinstance(value, str) or not (value.strip() or empty):
        raise InvalidValue(field, value, "it must be text" if empty else "it must be a name", example)
    return value


def choice(field: str, value: Any, known: Iterable[str]) -> str:
    """One of a few names, in any spelling.

    >>> choice("terms", "On demand", ("on-demand", "spot"))
    'on-demand'
    """
    names = list(known)
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(field, value, f"it must be one of {', '.join(names)}", f'{field}="{names[0]}"')
    for name in names:
        if fold(name) == fold(value):
            return name
    raise UnknownName(field, value, names)


def count(field: str, value: Any, example: str, *, at_most: int = 10**9, at_least: int = 1) -> int:
    """A whole number of at least one, or of at least what is asked for.

    >>> count("batch", 8, "batch=8")
    8
    """
    if type(value) is int and at_least <= value <= at_most:
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidValue(field, value, "it must be a whole number", example)
    if not isinstance(value, Integral) and not float(value).is_integer():
        raise InvalidValue(field, value, "it must be a whole number", example)
    whole = int(value.__trunc__())
    if whole < at_least:
        raise InvalidValue(field, value, f"it must be at least {at_least}", example)
    if whole > at_most:
        raise InvalidValue(field, value, f"it must be at most {at_most:,d}", example)
    return whole


def quantity(field: str, value: Any, unit: str, example: str) -> float:
    """A positive quantity, as a number in the SI unit or as text with a unit of the same dimension.

    >>> quantity("memory", "80 GB", "B", '"80 GB"')
    80000000000.0
    """
    from mlsysim.units import format_quantity, parse_quantity

    if isinstance(value, str):
        try:
            size, found = parse_quantity(value)
        except ValueError as error:
            raise InvalidValue(field, value, f"it could not be read: {error}", example) from None
        if found != unit:
            raise InvalidValue(field, value, f"it must be in {unit}, not in {found or 'a bare number'}", example)
    else:
        size = value
    result = number(field, size, example)
    least, most = _RANGE[unit]
    if not least <= result <= most:
        span = f"between {format_quantity(least, unit)} and {format_quantity(most, unit)}"
        raise InvalidValue(field, value, f"it must be {span}; a bare number is in {unit}", example)
    return result


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
