"""Tipline: residents report, officers are notified, reply and ask for help."""

import gc

__version__ = "0.2.0rc1"

# A start makes 130,000 objects, and nearly all of them stay. To look for garbage among them after
# every 2,000, as Python does by itself, takes a twentieth of the start. A call of AWS leaves 8
# objects of 1 KB: at this threshold, 30 MB of garbage at the most. It is set here because botocore
# and pydantic are loaded by the first modules that follow.
gc.set_threshold(250_000)
