"""What waiting in line does to the slowest requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, exp, log

from mlsysim.check import InvalidValue, amount, count, number, quantity, share
from mlsysim.estimate import Estimate
from mlsysim.physics import queueing
from mlsysim.records import Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.two_moments import TwoMoments
from mlsysim.walls import WALLS

MOST_SERVERS = 100_000
MOST_SPREAD = 1000.0


@dataclass(frozen=True, slots=True)
class TailLatencyResult:
    """A line in front of servers; whatever depends on the line being finite is None where it is not."""

    service: TwoMoments
    servers: int
    rate: float
    percentile: float
    promise: float | None
    cold_start: float
    cold_fraction: float

    @property
    def load(self) -> float:
        """Share of the time a server is busy; 1 or more where work arrives faster than it is done [-]."""
        return queueing.offered_load(self.rate, self.service.mean) / self.servers

    @property
    def stable(self) -> bool:
        """Whether the line stays finite."""
        return self.load < 1.0

    @property
    def waiting_probability(self) -> float:
        """Share of requests that find all servers busy [-]."""
        return queueing.erlang_c(self.servers, self.load * self.servers) if self.stable else 1.0

    @property
    def mean_wait(self) -> Estimate | None:
        """Mean time in line, over all requests [s]."""
        if not self.stable:
            return None
        low, expected, high = (self.waiting_probability * each for each in self._waits())
        return Estimate(low, expected, high, "s")

    @property
    def mean_latency(self) -> Estimate | None:
        """Mean time from arrival to answer, cold starts included [s]."""
        wait = self.mean_wait
        if wait is None:
            return None
        served = self.service.mean + self.cold_fraction * self.cold_start
        return Estimate(wait.lower + served, wait.expected + served, wait.upper + served, "s")

    @property
    def wait(self) -> Estimate | None:
        """Percentile of the time in line [s]."""
        if not self.stable:
            return None
        waiting = self.waiting_probability
        low, expected, high = (queueing.wait_percentile(waiting, each, self.percentile) for each in self._waits())
        return Estimate(low, expected, high, "s")

    @property
    def latency(self) -> Estimate | None:
        """Percentile of the time from arrival to answer [s].

        With exponential service it is exact. Otherwise lower and upper hold however wait and service depend on each
        other.
        """
        if not self.stable:
            return None
        low, expected, high = self._waits()
        waiting = self.waiting_probability
        middle = self._percentile(lambda time: self._tail(time, waiting, expected))
        if self.service.variability == 1.0:
            return Estimate.exact(middle, "s")
        least = self._percentile(lambda time: max(waiting * exp(-time / low), self._tail(time, 0.0, low)))
        most = self._percentile(lambda time: self._either(time, waiting, high))
        return Estimate(min(least, middle), middle, max(most, middle), "s")

    @property
    def recovery(self) -> float | None:
        """Time to work off the line after all replicas were cold at once [s]."""
        return queueing.recovery_time(self.cold_start, self.load) if self.stable else None

    @property
    def feasible(self) -> bool:
        """Whether the line is finite and the promise, if there is one, is kept as expected."""
        latency = self.latency
        return latency is not None and (self.promise is None or latency.expected <= self.promise)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        if not self.stable:
            return (_overloaded(self),)
        return () if self.feasible else (_broken(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """The inputs, all of them given."""
        spread = given("variability", self.service.variability, "1")
        return (
            Input("S", "mean service time", given("service_time", self.service.mean, "s")),
            Input("C_s^2", "squared coefficient of variation of the service time", spread),
            Input("c", "servers", given("servers", self.servers, "1")),
            Input("lambda", "requests that arrive each second", given("rate", self.rate, "1/s")),
            Input("D", "cold start", given("cold_start", self.cold_start, "s")),
            Input("q", "share of requests that meet a cold replica", given("cold_fraction", self.cold_fraction, "1")),
        )

    def explain(self) -> str:
        """The whiteboard."""
        mean, servers = self.service.mean, self.servers
        lines = [
            f"rho = {self.rate:.4g}/s x {write(mean, 's')} / {servers:,d} = {self.load:.3g}    load of each server"
        ]
        if self.latency is not None and self.wait is not None:
            spread = queueing.allen_cunneen_factor(1.0, self.service.variability)
            busy = servers * self.load
            wait = queueing.conditional_wait(mean, servers, busy)
            lines += [
                f"C   = {self.waiting_probability:.3g}    probability of having to wait (Erlang C)",
                f"w   = {write(mean, 's')} / ({servers:,d} - {busy:.4g}) x {spread:.3g} = {write(wait * spread, 's')}"
                "    mean wait of those who wait",
                f"W_p = w ln(C / {1 - self.percentile:.3g}) = {write(self.wait.expected, 's')}",
                f"T_p = {self.latency.format(3)}{_range(self.latency)}    wait, service and cold starts, "
                f"for {100 * self.percentile:.6g} % of requests",
            ]
            if self.cold_start:
                lines.append(
                    f"q   = {self.cold_fraction:.3g}    meet a cold replica and wait {write(self.cold_start, 's')} more"
                )
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])

    def _waits(self) -> tuple[float, float, float]:
        """Mean wait of those who wait. With many servers the effect of the spread fades as the load falls."""
        exponential = queueing.conditional_wait(self.service.mean, self.servers, self.servers * self.load)
        spread = self.service.variability
        busy = queueing.allen_cunneen_factor(1.0, spread)
        idle = spread + (1.0 - spread) * self.servers / (self.servers + 1)
        return exponential * min(busy, idle), exponential * busy, exponential * max(busy, idle)

    def _tail(self, time: float, waiting: float, wait: float) -> float:
        beyond = time - self.service.fixed
        if beyond < 0.0:
            return 1.0
        kinds = self.service.kinds
        return sum(part * queueing.sojourn_tail(beyond, mean, waiting, wait) for part, mean in kinds)

    def _either(self, time: float, waiting: float, wait: float) -> float:
        """More than a time in all takes more than a part of it in line, or more than the rest in service."""
        beyond = time - self.service.fixed
        if beyond < 0.0:
            return 1.0
        longest = max(mean for _, mean in self.service.kinds)
        in_line = beyond * wait / (wait + longest)
        return waiting * exp(-in_line / wait) + self._tail(time - in_line, 0.0, wait)

    def _percentile(self, tail: Callable[[float], float]) -> float:
        def exceeded(time: float) -> float:
            cold, delay = self.cold_fraction, self.cold_start
            warm = tail(time)
            if not delay:
                return warm
            return (1.0 - cold) * warm + cold * (tail(time - delay) if time >= delay else 1.0)

        allowed, high = 1.0 - self.percentile, self.service.mean
        while exceeded(high) > allowed:
            high *= 2.0
        low = 0.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if exceeded(middle) > allowed else (low, middle)
        return high


class TailLatencyModel:
    """How long do the slowest requests take, at this load?

    >>> answer = TailLatencyModel().solve(service_time="2 ms", load=0.5)
    >>> answer.latency.format(3)
    '18.4 ms'
    """

    def solve(
        self,
        *,
        service_time: float | str,
        load: float | None = None,
        rate: float | None = None,
        servers: int = 1,
        variability: float = 1.0,
        percentile: float = 0.99,
        promise: float | str | None = None,
        cold_start: float | str | None = None,
        keep_alive: float | str | None = None,
        cold_fraction: float | None = None,
    ) -> TailLatencyResult:
        """Poisson arrivals, `rate` a second or as many as keep each server busy a share `load` of the time.

        One line, first come, first served. `variability` is the squared coefficient of variation of the service time: 0
        constant, 1 exponential, more with a long tail. A replica that has been idle for `keep_alive` is stopped and
        takes `cold_start` to answer again; `cold_fraction` says instead how many requests meet that.
        """
        mean = quantity("service_time", service_time, "s", 'service_time="5 ms"')
        lines = count("servers", servers, "servers=4", at_most=MOST_SERVERS)
        spread = amount("variability", variability, "variability=1.0", at_most=MOST_SPREAD)
        if (load is None) == (rate is None):
            raise InvalidValue("load", load, "either load or rate is given, and not both", "load=0.8")
        if load is not None:
            arriving = number("load", load, "load=0.8", at_most=1000.0) * lines / mean
        else:
            arriving = number("rate", rate, "rate=160", at_most=1e12)
        part = number("percentile", percentile, "percentile=0.99", at_most=0.999999)
        within = None if promise is None else quantity("promise", promise, "s", 'promise="100 ms"')
        delay, cold = _cold(arriving, cold_start, keep_alive, cold_fraction)
        return TailLatencyResult(TwoMoments(mean, spread), lines, arriving, part, within, delay, cold)


def _cold(
    rate: float, start: float | str | None, keep_alive: float | str | None, fraction: float | None
) -> tuple[float, float]:
    if start is None:
        for name, value in (("keep_alive", keep_alive), ("cold_fraction", fraction)):
            if value is not None:
                raise InvalidValue(name, value, "it takes a cold start to matter", 'cold_start="30 s"')
        return 0.0, 0.0
    delay = quantity("cold_start", start, "s", 'cold_start="30 s"')
    if keep_alive is not None and fraction is not None:
        raise InvalidValue(
            "cold_fraction", fraction, "it follows from keep_alive; give one of them", "cold_fraction=0.01"
        )
    if keep_alive is not None:
        idle = quantity("keep_alive", keep_alive, "s", 'keep_alive="5 min"')
        return delay, queueing.cold_fraction(rate, idle)
    return delay, 0.0 if fraction is None else share("cold_fraction", fraction, "cold_fraction=0.01")


def _range(latency: Estimate) -> str:
    return "" if latency.lower == latency.upper else f", {latency.format_range(3)}"


def _overloaded(result: TailLatencyResult) -> Reason:
    needed = int(result.rate * result.service.mean) + 1
    most = result.servers / result.service.mean
    return Reason(
        verdict="The line grows without end.",
        subject=f"{result.rate:.4g} requests a second keep {result.load * result.servers:.4g} servers busy; "
        f"there {'is' if result.servers == 1 else 'are'} {result.servers:,d}.",
        limit="tail latency",
        wall=WALLS["tail latency"].number,
        value=result.load,
        maximum=1.0,
        unit="",
        mend=f"{needed:,d} servers, fewer than {most:.4g} requests a second, or a service time below "
        f"{write(result.servers / result.rate, 's')} would mend it.",
    )


def _broken(result: TailLatencyResult) -> Reason:
    latency, promise = result.latency, result.promise
    assert latency is not None and promise is not None
    return Reason(
        verdict="Too slow.",
        subject=f"{100 * result.percentile:.6g} % of requests are answered within "
        f"{write_enough(latency.expected, 's')} at a load of {result.load:.3g}; the promise is {write(promise, 's')}.",
        limit="tail latency",
        wall=WALLS["tail latency"].number,
        value=latency.expected,
        maximum=promise,
        unit="s",
        mend=_mend(result, promise),
    )


def _mend(result: TailLatencyResult, promise: float) -> str:
    def keeps(servers: int, rate: float) -> bool:
        return replace(result, servers=servers, rate=rate).feasible

    if not keeps(MOST_SERVERS, result.rate):
        if replace(result, cold_start=0.0, cold_fraction=0.0, servers=MOST_SERVERS).feasible:
            return (
                f"Cold starts alone break it: keep a replica warm for {write_enough(_warm(result), 's')} of idle time."
            )
        return "No number of servers would do: a faster server, or a longer promise."
    low, high = result.servers, result.servers
    while not keeps(high, result.rate):
        low, high = high, min(2 * high, MOST_SERVERS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle, result.rate) else (middle, high)
    least, most = 0.0, result.rate
    for _ in range(20):
        middle_rate = (least + most) / 2
        least, most = (middle_rate, most) if keeps(result.servers, middle_rate) else (least, middle_rate)
    fewer = f", or at most {least:.3g} requests a second" if least else ""
    return f"{high:,d} servers instead of {result.servers:,d}{fewer}."


def _warm(result: TailLatencyResult) -> float:
    """Idle time to stay warm for, so that fewer requests than the percentile leaves out meet a cold replica."""
    return ceil(-log((1.0 - result.percentile) / 2) / result.rate * 1e6) / 1e6
