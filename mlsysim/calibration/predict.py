"""From a case to a figure with its range, or to the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from math import exp, isfinite
from typing import NamedTuple

from mlsysim import registry
from mlsysim.calibration import accounts, kernels, messages, serving, tiny, training, vision
from mlsysim.calibration.answers import Answer, Refused
from mlsysim.calibration.cases import Case, Row
from mlsysim.calibration.parameters import Reach, fitted, spread
from mlsysim.check import InvalidInput

Predictor = Callable[[Case, Reach], Answer]
EXACT = 0.025
"""Half the width of the band of what follows from counts, as a logarithm: what rounding in a table takes away."""
COLUMNS = ("case_id", "predicted", "lower", "upper", "unit", "status", "reason")


class Prediction(NamedTuple):
    """What is said of a case: figures and their ends in its own unit, or a refusal with its reason."""

    case_id: str
    values: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    unit: str
    status: str
    reason: str
    band: str = ""

    def cells(self) -> dict[str, str]:
        """The columns as they are written; figures of one case stand between slashes, in the metric's order."""
        told = ["/".join(f"{each:.6g}" for each in ends) for ends in (self.values, self.lower, self.upper)]
        return dict(zip(COLUMNS, (self.case_id, *told, self.unit, self.status, self.reason), strict=True))


def predict(rows: Iterable[Row], reach: Reach | None = None) -> list[Prediction]:
    """A prediction for each line."""
    return [one(row, reach or fitted()) for row in rows]


def one(row: Row, reach: Reach) -> Prediction:
    """The prediction of one line; whatever is wrong with it stays with it."""
    if row.case is None:
        return _refusal(row.case_id, "", row.fault)
    case = row.case
    try:
        answer, asked = evaluate(case, reach)
    except InvalidInput as error:
        return _refusal(case.case_id, case.unit, str(error))
    except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError) as error:
        return _refusal(
            case.case_id, case.unit, f"the case cannot be run as it is written ({type(error).__name__}: {error})"
        )
    width = exp(EXACT if answer.exact else spread(answer.band, familiar(asked, answer.band)))
    lower = tuple(each / width for each in answer.values)
    upper = tuple(each * width for each in answer.values)
    if answer.ends is not None:
        lower, upper = (min(lower[0], answer.ends[0]),), (max(upper[0], answer.ends[1]),)
    return Prediction(case.case_id, answer.values, lower, upper, case.unit, "predicted", answer.assumed, answer.band)


def evaluate(case: Case, reach: Reach) -> tuple[Answer, set[str]]:
    """The answer, and the parameters it rests on."""
    asking = Reach(reach.shifts)
    answer = predictor(case)(case, asking)
    if not answer.values or not all(isfinite(each) and each > 0.0 for each in answer.values):
        raise Refused("the figures lead beyond what can be computed")
    return answer, asking.asked


def familiar(asked: set[str], band: str) -> bool:
    """Whether all that a prediction rests on was measured in this band."""
    return asked <= _seen().get(band, frozenset())


@cache
def _seen() -> dict[str, frozenset[str]]:
    return {band: frozenset(keys["keys"]) for band, keys in registry._read("calibration/seen.toml").items()}


def _refusal(case_id: str, unit: str, reason: str) -> Prediction:
    return Prediction(case_id, (), (), (), unit, "refused", reason)


def predictor(case: Case) -> Predictor:
    """Who answers a case: by what is asked for first, then by its domain."""
    metric, domain, model = case.metric.lower(), case.domain.lower(), case.model.lower()
    for pattern, text, found in (
        (r"carbon intensity", metric, accounts.grid),
        (r"tco2|co2e|energy mwh", f"{metric} {case.unit.lower()}", accounts.carbon),
        (r"\bpue\b|\bwue\b|jpeg|sequential read", f"{metric} {model}", _input),
        (r"wall power|average power", metric, accounts.power),
        (r"perplexity|ppl|file size|bits/weight|bits per weight", f"{metric} {case.unit.lower()}", accounts.perplexity),
        (r"kv bytes|kv cache|activation memory|memory (?:of|per)", metric, accounts.cache),
        (r"interruptions|mttf|mtbf|effective training|checkpoint|storage", metric, accounts.fleet),
        (
            r"all[_\s-]*reduce|reduce[_\s-]*scatter|all[_\s-]*gather|all[_\s-]*to[_\s-]*all|busbw|p2p",
            f"{model} {metric}",
            messages.answer,
        ),
    ):
        if re.search(pattern, text):
            return found
    if kernels.asked(case):
        return kernels.answer
    layered = re.search(r"\bbert|\bvit\b|resnet|mobilenet|inception|\bvgg|efficientnet", model)
    # Without a domain, what is asked for has to tell.
    said = domain or f"{metric} {case.unit.lower()} {model}"
    for pattern, found in (
        (r"tiny|\bmcus?\b|microcontroller|embedded", tiny.answer),
        (r"cnn|vision|image|\bi(?:mg|mages)/s", vision.answer),
        (
            r"pre-?train|\btrain|fine-?tun|\bmfu\b|\bhfu\b|step time|iteration",
            vision.answer if layered else training.answer,
        ),
        (r"all_?reduce|collective|nccl|network|communication", messages.answer),
        (r"kv_cache|kv cache|memory", accounts.cache),
        (r"quanti[sz]ation|compression|perplexity", accounts.perplexity),
        (r"energy|carbon|power|sustainab", accounts.carbon),
        (r"goodput|mtbf|reliab|failure|fault", accounts.fleet),
        (
            r"llm|decode|prefill|serv|inference|generation|tok|ttft|tpot",
            vision.answer if layered else serving.answer,
        ),
    ):
        if re.search(pattern, said):
            return found
    raise Refused(
        f"the domain {case.domain!r} is not one that is predicted, such as training_mfu, llm_decode or allreduce"
    )


def _input(case: Case, reach: Reach) -> Answer:
    raise Refused("an input: it is measured or published, not computed")
