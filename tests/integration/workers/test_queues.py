"""Wake-ups and jobs over a real Valkey."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import islice
from threading import Thread

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.support.valkey import TemporaryValkey
from workers import queues
from workers.queues import Wake


def test_a_wake_is_heard_by_the_keeper(valkey: TemporaryValkey) -> None:
    heard: list[Wake | None] = []
    rhythm = queues.wakes(valkey.url, every_seconds=0.2)
    heard.extend(islice(rhythm, 1))  # subscribed from here on
    assert queues.wake(valkey.url, Wake.PRESENCE)
    while Wake.PRESENCE not in heard:
        heard.extend(islice(rhythm, 1))
    assert set(heard) <= {None, Wake.PRESENCE}


def test_hints_that_never_cease_do_not_hold_up_the_rhythm(valkey: TemporaryValkey) -> None:
    rhythm = queues.wakes(valkey.url, every_seconds=0.3)
    next(rhythm)  # subscribed from here on
    heard: list[Wake | None] = []
    while heard.count(None) < 2:
        assert queues.wake(valkey.url, Wake.ORDER)
        heard.append(next(rhythm))
        assert len(heard) < 10_000, "every look was a hint's"
    assert Wake.ORDER in heard


def test_without_hints_the_rhythm_goes_on_even_when_the_server_is_dead(valkey: TemporaryValkey) -> None:
    rhythm = queues.wakes(valkey.url, every_seconds=0.1)
    assert next(rhythm) is None
    valkey.kill()
    assert list(islice(rhythm, 3)) == [None, None, None]
    assert queues.wake(valkey.url, Wake.EXCHANGE) is False
    valkey.start()
    heard: list[Wake | None] = []

    def listen() -> None:
        while Wake.EXCHANGE not in heard:
            heard.append(next(rhythm))

    thread = Thread(target=listen)
    thread.start()
    while thread.is_alive():
        queues.wake(valkey.url, Wake.EXCHANGE)
        thread.join(0.05)
    assert heard[-1] is Wake.EXCHANGE


def test_a_training_call_is_one_job_with_one_number_in_it(valkey: TemporaryValkey) -> None:
    assert queues.enqueue_training_call(valkey.url, 12)
    assert queues.enqueue_training_call(valkey.url, 12), "asking twice is harmless"
    queue = Queue(queues.CALLS_QUEUE, connection=redis.Redis.from_url(valkey.url), serializer=JSONSerializer)
    (job,) = queue.jobs
    assert (job.func_name, job.args, job.kwargs) == (queues.PLACE_TRAINING_CALL, [12], {})
    assert job.description == "place_training_call"
    assert job.retries_left is None


@pytest.mark.parametrize("function", [queues.PLACE_TRAINING_CALL, queues.EXAMINE])
def test_the_job_named_in_the_queue_exists(function: str) -> None:
    module, _, name = function.rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_impatient_administrators_make_one_examination(valkey: TemporaryValkey) -> None:
    at = datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC)
    for seconds in (0, 3, 8, 10):
        assert queues.enqueue_examination(valkey.url, at + timedelta(seconds=seconds))
    queue = Queue(queues.CALLS_QUEUE, connection=redis.Redis.from_url(valkey.url), serializer=JSONSerializer)
    assert len(queue.jobs) == 2, "one for each ten seconds"


def test_a_dead_server_is_said_not_raised(valkey: TemporaryValkey) -> None:
    valkey.kill()
    assert queues.enqueue_training_call(valkey.url, 12) is False
