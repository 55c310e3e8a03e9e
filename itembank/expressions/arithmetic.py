"""Numeric operators of QTI expressions, exact where the standard's definition is exact. NULL in gives NULL out."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from statistics import median

from itembank.expressions import numbers
from itembank.expressions.values import NULL, Value, as_numbers, boolean, number

Numbers = list[Fraction]
_LARGEST_POWER = 512


def base_type_of(args: Sequence[Value]) -> str:
    """integer when every operand is one, else float."""
    return "integer" if all(value.base_type == "integer" for value in args) else "float"


def reduced(args: Sequence[Value], function: Callable[[Numbers], Fraction | None]) -> Value:
    """A number made of all operands' numbers, keeping integer where all were."""
    read = as_numbers(args)
    result = function(read) if read else None
    return NULL if result is None else number(result, base_type_of(args))


def product(read: Numbers) -> Fraction:
    return math.prod(read, start=Fraction(1))


def subtract(read: Numbers) -> Fraction | None:
    return read[0] - read[1] if len(read) == 2 else None


def divide(args: Sequence[Value]) -> Value:
    read = as_numbers(args)
    return NULL if not read or len(read) != 2 or read[1] == 0 else number(read[0] / read[1])


def integer_divide(args: Sequence[Value]) -> Value:
    read = as_numbers(args)
    return NULL if not read or len(read) != 2 or read[1] == 0 else number(read[0] // read[1], "integer")


def integer_modulus(args: Sequence[Value]) -> Value:
    read = as_numbers(args)
    return NULL if not read or len(read) != 2 or read[1] == 0 else number(read[0] % read[1], "integer")


def power(args: Sequence[Value]) -> Value:
    """Exact for small whole exponents; else through floats. NULL where no real number comes out."""
    read = as_numbers(args)
    if not read or len(read) != 2:
        return NULL
    base, exponent = read
    if exponent.denominator == 1 and abs(exponent) <= _LARGEST_POWER and len(str(base)) <= 20:
        return NULL if base == 0 and exponent < 0 else number(base ** int(exponent))
    return from_float(lambda: math.pow(base, exponent))


def from_float(function: Callable[[], float], base_type: str = "float") -> Value:
    """The value of a float function, NULL where it is undefined or not finite."""
    try:
        result = function()
    except (ValueError, OverflowError, ZeroDivisionError):
        return NULL
    return number(numbers.of_float(result), base_type) if math.isfinite(result) else NULL


def round_nearest(value: Fraction) -> Fraction:
    """The nearest whole number, a half going up (6.5 to 7, -6.5 to -6: QTI round)."""
    return Fraction(math.floor(value + Fraction(1, 2)))


def to_whole(args: Sequence[Value], function: Callable[[Fraction], Fraction | int]) -> Value:
    read = as_numbers(args)
    return number(function(read[0]), "integer") if read else NULL


def rounded(value: Fraction, mode: str, figures: int) -> Fraction | None:
    """Rounded by QTI's `rounding-mode`; None when the number of figures makes no sense."""
    if mode == "decimalPlaces":
        return numbers.round_half_away(value, figures) if 0 <= figures <= 100 else None
    return numbers.round_significant(value, figures) if 1 <= figures <= 100 else None


def round_to(args: Sequence[Value], mode: str, figures: int) -> Value:
    read = as_numbers(args)
    result = rounded(read[0], mode, figures) if read else None
    return NULL if result is None else number(result)


def equal_rounded(args: Sequence[Value], mode: str, figures: int) -> Value:
    read = as_numbers(args)
    if not read or len(read) != 2:
        return NULL
    left, right = (rounded(value, mode, figures) for value in read)
    return NULL if left is None or right is None else boolean(left == right)


def within_tolerance(
    expected: Fraction, given: Fraction, mode: str, tolerance: Numbers, include: tuple[bool, bool]
) -> bool:
    """Whether `given` lies in the band about `expected`: absolute, or relative in percent (QTI equal)."""
    if mode == "exact" or not tolerance:
        return expected == given
    below, above = tolerance[0], tolerance[-1]
    if mode == "relative":
        low, high = sorted((expected * (1 - below / 100), expected * (1 + above / 100)))
    else:
        low, high = expected - below, expected + above
    return (low < given or (include[0] and low == given)) and (given < high or (include[1] and given == high))


def gcd(read: Numbers) -> Fraction | None:
    return _of_whole(read, math.gcd)


def lcm(read: Numbers) -> Fraction | None:
    return _of_whole(read, math.lcm)


def _of_whole(read: Numbers, function: Callable[..., int]) -> Fraction | None:
    if any(value.denominator != 1 for value in read):
        return None
    return Fraction(function(*(int(value) for value in read)))


def statistic(args: Sequence[Value], name: str) -> Value:
    """mean, median, popVariance, popSD, sampleVariance or sampleSD of a container; sample forms need two values."""
    read = as_numbers(args)
    if not read or (name.startswith("sample") and len(read) < 2):
        return NULL
    mean = sum(read, Fraction(0)) / len(read)
    if name in ("mean", "median"):
        return number(mean if name == "mean" else median(read))
    count = len(read) - 1 if name.startswith("sample") else len(read)
    variance = sum(((value - mean) ** 2 for value in read), Fraction(0)) / count
    if name.endswith("SD"):
        return from_float(lambda: math.sqrt(variance))
    return number(variance) if name in ("popVariance", "sampleVariance") else NULL


def constant(name: str) -> Value:
    """pi or e."""
    return number(numbers.of_float({"pi": math.pi, "e": math.e}[name]))


def mathematical(args: Sequence[Value], name: str) -> Value:
    """The function of QTI's mathOperator; NULL outside its domain."""
    read = as_numbers(args)
    if not read or name not in FUNCTIONS:
        return NULL
    if name in ("floor", "ceil"):
        return number(math.floor(read[0]) if name == "floor" else math.ceil(read[0]), "integer")
    if name == "abs":
        return number(abs(read[0]), args[0].base_type or "float")
    if name == "atan2" and len(read) < 2:
        return NULL
    return from_float(lambda: FUNCTIONS[name](*map(float, read)), "integer" if name == "signum" else "float")


FUNCTIONS: dict[str, Callable[..., float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sec": lambda x: 1 / math.cos(x),
    "csc": lambda x: 1 / math.sin(x),
    "cot": lambda x: math.cos(x) / math.sin(x),
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "atan2": math.atan2,
    "asec": lambda x: math.acos(1 / x),
    "acsc": lambda x: math.asin(1 / x),
    "acot": lambda x: math.atan(1 / x) if x else math.pi / 2,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "sech": lambda x: 1 / math.cosh(x),
    "csch": lambda x: 1 / math.sinh(x),
    "coth": lambda x: math.cosh(x) / math.sinh(x),
    "log": math.log10,
    "ln": math.log,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "abs": abs,
    "signum": lambda x: float((x > 0) - (x < 0)),
    "floor": math.floor,
    "ceil": math.ceil,
    "toDegrees": math.degrees,
    "toRadians": math.radians,
}
