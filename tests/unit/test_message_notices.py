"""Of the messages on one report, officers get one notice a minute, and each is in one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.outbox import MESSAGE_NOTICE_EVERY, notify_of_message

START = datetime(2026, 11, 25, tzinfo=UTC)


def noticed(pauses: list[float]) -> tuple[list[datetime], list[datetime]]:
    """Return the times of messages with these pauses before them, and of their notices."""
    said, sent, last, now = [], [], None, START
    for pause in pauses:
        now += timedelta(seconds=pause)
        said.append(now)
        task = notify_of_message(last, now)
        if task:
            last = task.not_before or now
            sent.append(last)
    return said, sent


def test_three_hundred_messages_in_five_minutes_are_six_notices() -> None:
    said, sent = noticed([1] * 300)
    assert len(sent) == 6
    assert sent[0] == said[0]
    assert sent[-1] >= said[-1]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60))
def test_each_message_is_in_a_notice_within_a_minute_and_no_two_are_closer(
    pauses: list[float],
) -> None:
    said, sent = noticed(pauses)
    for at in said:
        covering = min(each for each in sent if each >= at)
        assert covering - at <= MESSAGE_NOTICE_EVERY + timedelta(seconds=1)
    for one, later in pairwise(sent):
        assert later - one >= MESSAGE_NOTICE_EVERY
