"""The scale of the bar charts that `templates/chart.html` draws."""

from itertools import count


def ticks(most: int) -> list[int]:
    """Returns two to six round numbers at equal distances: zero first, and the last is at least `most`.

    They are whole, as counts are, and 1, 2 or 5 times a power of ten apart.
    """
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if 5 * step >= most)
    return list(range(0, max(most, 1) + step, step))
