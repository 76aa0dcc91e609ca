"""What the free-text columns of a table of measurements say: counts, shapes, formats, plans."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_BYTES = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}
_PLAIN = re.compile(r"^\s*[~<>=]*\s*(\d+(?:\.\d+)?)\s*([kKmMbBgGtT]?)(?![\w.])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(bytes|[kmgt]i?b|b)\b", re.I)

# A format as people spell it, and what this house calls it; the first that is found in a word decides.
_FORMATS = (
    (r"nv\s*fp4|mx\s*fp4|fp4|float4", "fp4"),
    (r"fp8|float8|e4m3|e5m2", "fp8"),
    (r"(?:^|[^\w])(?:w4a(?:16|8)|int4|4-?bit|nf4|q4f16)|awq|gptq", "int4"),
    (r"w8a(?:8|16)|int8|8-?bit", "int8"),
    (r"tf32", "tf32"),
    (r"fp32|float32", "fp32"),
    (r"bf16|bfloat16", "bf16"),
    (r"fp16|float16|(?:^|\W)f16|amp|mixed|half", "fp16"),
)

# Bits of one weight in llama.cpp's block formats, whole blocks with their scales (ggml-common.h).
BLOCK_BITS = {
    "q4_0": 4.5,
    "q4_1": 5.0,
    "q5_0": 5.5,
    "q5_1": 6.0,
    "q8_0": 8.5,
    "q2_k": 2.625,
    "q3_k": 3.4375,
    "q4_k": 4.5,
    "q5_k": 5.5,
    "q6_k": 6.5625,
    "iq4_nl": 4.5,
    "iq4_xs": 4.25,
    "iq3_s": 3.4375,
    "iq3_xxs": 3.0625,
    "iq2_s": 2.5625,
    "iq2_xs": 2.3125,
    "iq2_xxs": 2.0625,
    "iq1_m": 1.75,
    "iq1_s": 1.5625,
    "f16": 16.0,
    "bf16": 16.0,
    "f32": 32.0,
}
# The mixtures keep some tensors in the next wider format.
MIXED_BITS = {
    "q2_k": 3.35,
    "q2_k_s": 3.1,
    "q3_k_s": 3.5,
    "q3_k_m": 3.91,
    "q3_k_l": 4.27,
    "q4_k_s": 4.58,
    "q4_k_m": 4.84,
    "q5_k_s": 5.54,
    "q5_k_m": 5.68,
}
_BLOCK = re.compile(r"\b(i?q\d_(?:\d|k(?:_[sml](?![a-z]))?|nl|xxs|xs|s|m)|f16|f32)(?:_xl|_\d_\d)?\b", re.I)
_BITS = re.compile(r"(?<![\w.])(\d(?:\.\d+)?)[\s-]*(?:bpw|bits?)\b|(?<![a-z])(?:fp|w)(\d)(?:a16)?\b", re.I)


@cache
def number(text: str) -> float | None:
    """The number a text begins with, its prefix applied.

    >>> number("16M tokens/batch"), number("~480/300"), number("offline")
    (16000000.0, 480.0, None)
    """
    found = _PLAIN.match(text.replace(",", ""))
    return float(found[1]) * _SCALE[found[2].lower()] if found else None


@cache
def size(text: str) -> float | None:
    """A size in bytes.

    >>> size("536870912 bytes"), size("<=128 MiB peak"), size("1GiB"), size("large")
    (536870912.0, 134217728.0, 1073741824.0, None)
    """
    found = _SIZE.search(text)
    if found is None:
        return number(text)
    unit = found[2].lower()
    return float(found[1]) * (1.0 if unit == "bytes" else _BYTES[unit])


def labelled(text: str, *labels: str) -> float | None:
    """The number that stands after one of the labels.

    >>> labelled("GBS 512, micro 16", "GBS"), labelled("TP8 PP2 DP32", "PP"), labelled("n=k=8192", "n")
    (512.0, 2.0, 8192.0)
    """
    for label in labels:
        found = re.search(rf"(?<![A-Za-z]){label}\s*[-=:]?\s*(?:[a-z]\s*=\s*)*(\d+(?:\.\d+)?)", text, re.I)
        if found:
            return float(found[1])
    return None


@cache
def formats(text: str) -> tuple[str, ...]:
    """Number formats, in order; a slash stands between several. llama.cpp's own keep their names.

    >>> formats("F16/Q8_0/Q4_0"), formats("amp_fp8"), formats("INT4-g128 RTN"), formats("nvfp4 (config *_fp4.sh)")
    (('f16', 'q8_0', 'q4_0'), ('fp8',), ('int4',), ('fp4',))
    >>> formats("bf16 weights, fp8 KV"), formats("UD-Q2_K_XL"), formats("EXL2 4.65bpw")
    (('bf16',), ('q2_k',), ('4.65 bits',))
    """
    text = re.sub(r"(?i)\(.*?\)|\b\w+[\s-]kv(?:[\s_-]*cache)?\b|\bkv(?:[\s_-]*cache)?[\s:=]+\w+", " ", text)
    found = []
    for word in text.split("/"):
        block = _BLOCK.search(word)
        if block and (len(text.split("/")) > 1 or block[1].lower() != "f32"):
            found.append(block[1].lower())
            continue
        name = next((each for pattern, each in _FORMATS if re.search(pattern, word, re.I)), None)
        bits = _BITS.search(word)
        if name is not None:
            found.append(name)
        elif bits:
            found.append(f"{bits[1] or bits[2]} bits")
    return tuple(found)


def block_bits(name: str) -> float | None:
    """Bits of a weight in one of llama.cpp's formats, or in a format that its bits name; None for another.

    >>> block_bits("q4_0"), block_bits("q5_k_m"), block_bits("4.65 bits"), block_bits("int4")
    (4.5, 5.68, 4.65, None)
    """
    if name.endswith(" bits"):
        return float(name.removesuffix(" bits"))
    return MIXED_BITS.get(name, BLOCK_BITS.get(name))


class Lengths(NamedTuple):
    """Tokens that come in and go out."""

    prompt: int
    output: int


@cache
def lengths(text: str) -> Lengths | None:
    """Tokens in and out of a request.

    >>> lengths("128/2048"), lengths("~294 in / ~294 out"), lengths("in 128 out 2048"), lengths("tg128")
    (Lengths(prompt=128, output=2048), Lengths(prompt=294, output=294), Lengths(prompt=128, output=2048), \
Lengths(prompt=0, output=128))
    >>> lengths("2048,128") == lengths("sonnet 2048/128") == Lengths(2048, 128)
    True
    >>> lengths("128 in"), lengths("5-token prompt"), lengths("ISL 1024 OSL 64"), lengths("OpenOrca")
    (Lengths(prompt=128, output=0), Lengths(prompt=5, output=0), Lengths(prompt=1024, output=64), None)
    """
    pair = re.match(r"\s*\(?(\d{3,5}),\s*([1-9]\d{1,4})\)?\s*$", text)
    if pair:
        return Lengths(int(pair[1]), int(pair[2]))
    text = text.replace(",", "")
    figure = r"~?\s*(\d+(?:\.\d+)?[kK]?)"
    for pattern in (
        rf"(?:isl|input|in)\s*[:=]?\s*{figure}\D{{0,12}}(?:osl|output|out)\s*[:=]?\s*{figure}",
        rf"{figure}\s*in\D{{0,6}}{figure}\s*out",
        rf"^\s*(?:[a-z]+\s)?{figure}\s*(?:/|->|\+|→)\s*{figure}",
    ):
        found = re.search(pattern, text, re.I)
        if found:
            return Lengths(_whole(found[1]), _whole(found[2]))
    found = re.search(rf"tg\s*{figure}", text, re.I)
    if found:
        return Lengths(0, _whole(found[1]))
    found = re.search(rf"pp\s*{figure}", text, re.I) or re.match(
        rf"\s*<?=?{figure}(?![\dx.]|\s*[kmgt]?i?b)", text, re.I
    )
    return Lengths(_whole(found[1]), 0) if found else None


def _whole(text: str) -> int:
    return round(number(text) or 0.0)


class Product(NamedTuple):
    """A matrix product of m x k with k x n."""

    m: int
    n: int
    k: int


@cache
def product(text: str) -> Product | None:
    """The shape of a matrix product.

    >>> product("GEMM 64x12288x12288"), product("GEMM m=1,n=k=8192")
    (Product(m=64, n=12288, k=12288), Product(m=1, n=8192, k=8192))
    """
    found = re.search(r"(\d+)\s*[x×*]\s*(\d+)\s*[x×*]\s*(\d+)", text)
    if found:
        # Written as rows, inner, columns.
        return Product(int(found[1]), int(found[3]), int(found[2]))
    sides = [labelled(text, side) for side in ("m", "n", "k")]
    if None in sides or not re.search(r"gemm|matmul", text, re.I):
        return None
    m, n, k = (int(side or 0) for side in sides)
    return Product(m, n, k)


class Plan(NamedTuple):
    """How a job is spread over its GPUs, as far as the text says; None where it does not."""

    tp: int | None
    pp: int | None
    dp: int | None
    cp: int | None
    ep: int | None
    interleave: int | None
    zero: int | None
    fsdp: bool
    recompute: str | None


@cache
def plan(text: str) -> Plan:
    """A parallel plan.

    >>> plan("TP8 PP35 DP1 interleave 3").interleave, plan("FSDP64, AC selective op").fsdp, plan("DP384 ZeRO-3").zero
    (3, True, 3)
    """

    def of(*labels: str) -> int | None:
        found = labelled(text, *labels)
        return None if found is None else int(found)

    fsdp = re.search(r"FSDP", text, re.I) is not None
    recompute = None
    if re.search(r"act(?:ivation)?\s*ck?pt\w*\s*(?:true|full)|full\s*(?:AC|recomp)|AC\s*full", text, re.I):
        recompute = "full"
    elif re.search(r"act(?:ivation)?\s*ck?pt\w*\s*(?:false|none)|AC\s*none|no\s*(?:AC|recomp)", text, re.I):
        recompute = "none"
    elif re.search(r"AC\s*selective|selective", text, re.I):
        recompute = "selective"
    sharded = 3 if fsdp else None
    return Plan(
        of("TP"), of("PP"), of("DP", "FSDP"), of("CP"), of("EP"), of("VP", "interleave", "VPP"),
        of("ZeRO") if of("ZeRO") is not None else sharded, fsdp, recompute,
    )  # fmt: skip
