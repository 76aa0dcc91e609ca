"""What the course decides: when work is due, what lateness costs, what counts how much."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil


class PolicyError(ValueError):
    """A rule that can't be used, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one grading run.

    Parameters
    ----------
    due : when the work is due; None when there is no such time
    opens : when the lab was opened; an event before that is back-dated
    grace : minutes after `due` that are not counted
    per_day : share of the points that each day begun costs
    days : days begun after which nothing is given
    now : the time of grading; an event after it comes from a wrong clock
    predictions : points for predictions near the answer; none, because a wrong first answer is welcome
    design : points for what part C asks for
    """

    due: datetime | None = None
    opens: datetime | None = None
    grace: float = 0.0
    per_day: float = 0.1
    days: int = 5
    now: datetime | None = None
    predictions: float = 0.0
    design: float = 0.0

    def days_late(self, at: datetime) -> int:
        """Days begun after the due time and the grace.

        >>> Policy(due=moment("2026-11-21T12:00Z")).days_late(moment("2026-11-22T12:01Z"))
        2
        """
        if self.due is None:
            return 0
        return max(0, ceil((at - self.due - timedelta(minutes=self.grace)) / timedelta(days=1)))

    def kept(self, days_late: int) -> float:
        """The share of the points that remains.

        >>> [Policy(per_day=0.1, days=3).kept(days) for days in (0, 1, 3, 4)]
        [1.0, 0.9, 0.7, 0.0]
        """
        return 0.0 if days_late > self.days else round(max(0.0, 1.0 - days_late * self.per_day), 6)


def moment(text: str) -> datetime:
    """A time with its zone, such as 2026-11-21T23:59Z or 2026-11-21T23:59+01:00.

    Raises
    ------
    PolicyError : it is no time, or it has no zone
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PolicyError(f"{text[:40]!r} is not a time; write it like 2026-11-21T23:59Z") from None
    if found.tzinfo is None:
        raise PolicyError(f"{text[:40]!r} has no time zone; write it like {text.strip()}Z or {text.strip()}+01:00")
    return found.astimezone(UTC)
