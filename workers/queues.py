"""Waking others up: hints to the listener and jobs for the RQ worker.

Redis holds nothing here that matters. A wake-up only says "look into the database now rather than in two seconds";
a job carries one row's id, and the row decides whether there is anything left to do.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import redis
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

CHANNEL = "dispatch:wake"
CALLS_QUEUE = "calls"
PLACE_TRAINING_CALL = "workers.jobs.place_training_call"
EXAMINE = "workers.jobs.examine_everything"
MAKE_PAPERS = "workers.jobs.make_papers"
DIAL = "workers.dialler.jobs.dial"
DIAL_AGAIN_SECONDS = 10  # after so long a job that was lost, or failed, is not in the way of the next
JOB_SECONDS = 20
KEEP_RESULT_SECONDS = 60
KEEP_FAILURE_SECONDS = 24 * 3600  # RQ's own default is a year


class Wake(StrEnum):
    """What the listener should look at."""

    EXCHANGE = "exchange"  # lines, extensions, operators or phone secrets changed
    ORDER = "order"  # a page asked for a transfer, a call, a listening-in
    PRESENCE = "presence"  # somebody became ready, went on a break, finished a record


_HINTS = frozenset(Wake)


def connect(redis_url: str, *, timeout_seconds: float = 3.0) -> redis.Redis:
    """A client that gives up instead of hanging."""
    return redis.Redis.from_url(redis_url, socket_timeout=timeout_seconds, socket_connect_timeout=1.0)


def wake(redis_url: str, what: Wake) -> bool:
    """Hint that the database has news; False when Redis is away, which costs two seconds and nothing else."""
    try:
        with connect(redis_url) as client:
            client.publish(CHANNEL, what.value)
    except redis.RedisError:
        return False
    return True


def calls_queue(connection: redis.Redis) -> Queue:
    """The one queue of the calling worker: one queue per worker keeps RQ's crash-safe pop (BLMOVE)."""
    return Queue(CALLS_QUEUE, connection=connection, serializer=JSONSerializer)


def enqueue_training_call(redis_url: str, training_call_id: int) -> bool:
    """Have the worker place this call; False when Redis is away (the row then stays «requested»)."""
    return _enqueue(redis_url, PLACE_TRAINING_CALL, training_call_id, job_id=f"training-{training_call_id}")


def enqueue_examination(redis_url: str, at: datetime) -> bool:
    """Have the worker look at every part, at most once in ten seconds; the result comes as a heartbeat of «doctor»."""
    return _enqueue(redis_url, EXAMINE, job_id=f"examine-{int(at.timestamp()) // 10}")


def enqueue_papers(redis_url: str) -> bool:
    """Have the worker look for exports and imports at once; False when Redis is away: it then looks by itself in some
    seconds."""
    return _enqueue(redis_url, MAKE_PAPERS, job_id=f"papers-{secrets.token_hex(4)}")


def enqueue_dial(client: redis.Redis, task_id: int, at: datetime) -> bool:
    """Have a worker call this task, if it is due; False where one was already asked a moment ago.

    Raises:
        redis.RedisError: Redis is away. The task stays due.
    """
    try:
        calls_queue(client).enqueue(
            DIAL,
            task_id,
            job_id=f"dial-{task_id}-{int(at.timestamp()) // DIAL_AGAIN_SECONDS}",
            unique=True,
            description="dial",
            job_timeout=JOB_SECONDS,
            ttl=DIAL_AGAIN_SECONDS,
            result_ttl=0,
            failure_ttl=KEEP_RESULT_SECONDS,
        )
    except DuplicateJobError:
        return False
    return True


def _enqueue(redis_url: str, function: str, *arguments: int, job_id: str) -> bool:
    try:
        with connect(redis_url) as client:
            calls_queue(client).enqueue(
                function,
                *arguments,
                job_id=job_id,
                unique=True,
                description=function.rpartition(".")[2],
                job_timeout=JOB_SECONDS,
                result_ttl=KEEP_RESULT_SECONDS,
                failure_ttl=KEEP_FAILURE_SECONDS,
            )
    except DuplicateJobError:
        return True
    except redis.RedisError:
        return False
    return True


def wakes(redis_url: str, *, every_seconds: float = 2.0) -> Iterator[Wake | None]:
    """Yield each hint as it comes, and None at least every `every_seconds`: the time to look without a hint.

    Never ends and never raises for a dead Redis: then the rhythm alone drives the reader.
    """
    subscription = None
    due = time.monotonic() + every_seconds
    while True:
        try:
            if subscription is None:
                subscription = connect(redis_url, timeout_seconds=every_seconds + 3).pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                )
                subscription.subscribe(CHANNEL)
            message = subscription.get_message(timeout=max(due - time.monotonic(), 0.0))
        except redis.RedisError:
            subscription = None
            time.sleep(every_seconds)
            message = None
        data = message["data"].decode("ascii", "replace") if message else ""
        hint = Wake(data) if data in _HINTS else None
        if hint is not None:
            yield hint
        if hint is None or time.monotonic() >= due:
            yield None
            due = time.monotonic() + every_seconds
