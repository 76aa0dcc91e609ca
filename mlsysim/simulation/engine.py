"""A serving engine, step by step: static batching, and continuous batching with whole or chunked prompts."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from mlsysim.simulation.steps import StepTimes


class Request(NamedTuple):
    """When it arrives [s], tokens in and tokens out."""

    arrived: float
    prompt: int
    output: int


@dataclass(slots=True)
class Record:
    """What happened: for each request its first and last token, for all tokens the gap since the one before [s]."""

    first: dict[int, float] = field(default_factory=dict)
    finished: dict[int, float] = field(default_factory=dict)
    gaps: list[tuple[float, int]] = field(default_factory=list)
    busy: float = 0.0
    tokens: int = 0
    most_reserved: float = 0.0


def serve_static(requests: Sequence[Request], steps: StepTimes, slots: int, room: float) -> Record:
    """A batch starts when the one before has ended, with whoever waits, and ends with its longest answer.

    Each place in a batch reserves room for the longest of it; `room` is in bytes of KV cache.
    """
    record, line, now, arriving = Record(), deque[int](), 0.0, 0
    while arriving < len(requests) or line:
        if not line:
            now = max(now, requests[arriving].arrived)
        while arriving < len(requests) and requests[arriving].arrived <= now:
            line.append(arriving)
            arriving += 1
        batch: list[int] = []
        longest = 0.0
        while line and len(batch) < slots:
            longer = max(longest, _reserves(requests[line[0]], steps))
            if batch and longer * (len(batch) + 1) > room:
                break
            longest = longer
            batch.append(line.popleft())
        record.most_reserved = max(record.most_reserved, longest * len(batch))
        started = now
        for each in batch:
            now += steps.prefill(requests[each].prompt)
        held = steps.positions()
        for each in batch:
            held.join(requests[each].prompt + 1)
        left = sorted(batch, key=lambda each: -requests[each].output)
        for each in batch:
            record.first[each] = now
        step = 1
        while True:
            record.tokens += len(left)
            while left and requests[left[-1]].output == step:
                record.finished[left.pop()] = now
            if not left:
                break
            # Those that have ended keep their places, and the machine goes on computing them.
            took = steps.decode(held)
            now += took
            held.advance()
            step += 1
            record.gaps.append((took, len(left)))
        record.busy += now - started
    return record


def serve_continuous(
    requests: Sequence[Request], steps: StepTimes, slots: int, room: float, chunk: int | None = None
) -> Record:
    """A request joins between two steps, as soon as there is a place and room for all of it.

    Without `chunk`, a prompt is one step of its own, in which no one else gets a token. With it, each step carries at
    most `chunk` tokens: one for each running sequence, and as many of the next prompt as are left.
    """
    record, line, now, arriving = Record(), deque[int](), 0.0, 0
    ends: list[tuple[int, int]] = []  # (step of the last token, request)
    joined: list[float] = []  # first tokens since the last step that decoded
    held, step = steps.positions(), 0
    reserved = last = 0.0
    prompt, done = -1, 0  # the request whose prompt is being read
    while True:
        while arriving < len(requests) and requests[arriving].arrived <= now:
            line.append(arriving)
            arriving += 1
        running = held.sequences
        if prompt < 0 and line and running < slots:
            needed = _reserves(requests[line[0]], steps)
            if reserved + needed <= room:
                prompt, done = line.popleft(), 0
                reserved += needed
                record.most_reserved = max(record.most_reserved, reserved)
        if prompt < 0 and not running:
            if arriving == len(requests):
                return record
            now = requests[arriving].arrived
            continue
        left = requests[prompt].prompt - done if prompt >= 0 else 0
        piece = left if chunk is None else min(left, max(chunk - running, 0))
        decoding = running if chunk is not None or not piece else 0
        took = steps.step(held if decoding else None, piece, done)
        now += took
        record.busy += took
        done += piece
        if decoding:
            # Those that joined since have waited from their own first token on, the others from the last step.
            record.gaps.append((now - last, running - len(joined)))
            record.gaps += [(now - since, 1) for since in joined]
            joined.clear()
            last = now
            step += 1
            record.tokens += running
            held.advance()
            while ends and ends[0][0] == step:
                _, ended = heappop(ends)
                record.finished[ended] = now
                held.leave(requests[ended].prompt + requests[ended].output)
                reserved -= _reserves(requests[ended], steps)
        if prompt >= 0 and done == requests[prompt].prompt:
            _, size, output = requests[prompt]
            record.first[prompt] = now
            record.tokens += 1
            if output == 1:
                record.finished[prompt] = now
                reserved -= _reserves(requests[prompt], steps)
            else:
                heappush(ends, (step + output - 1, prompt))
                joined.append(now)
                held.join(size + 1)
            prompt = -1


def _reserves(request: Request, steps: StepTimes) -> float:
    """KV cache at its last token [B]."""
    return steps.load.sequence_kv(request.prompt + request.output)
