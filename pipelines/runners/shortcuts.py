"""Shortcuts through Beam's slow ways: taken once in a process that runs a pipeline, or serves one as a worker."""

from functools import cache, lru_cache, partial

from apache_beam.runners.worker import statesampler
from apache_beam.transforms import userstate

_SAMPLING_MS = 10  # Beam's is 200


@cache
def take_shortcuts() -> None:
    """Lets Beam look for the same things once, and end a bundle when its work is done.

    - It looks through all methods of a step for state and timers each time that it is asked for them.
    - A thread of each bundle samples which step is at work, and sleeps in between; a bundle that is done waits until
      that thread wakes, a tenth of a second on average. Sampling more often takes a thousandth of a core.
    """
    userstate.get_dofn_specs = lru_cache(64)(userstate.get_dofn_specs)
    statesampler.StateSampler = partial(statesampler.StateSampler, sampling_period_ms=_SAMPLING_MS)
