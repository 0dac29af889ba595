"""What bounds a match: patterns and observed data come from strangers, and matching in general is a hard problem."""


class MatchError(ValueError):
    """The pattern and the data cannot be compared: one sentence says which value is wrong, or that the work is too much."""


class TooHard(MatchError):
    """More work than a pattern may cause. The answer is not known."""


#: Steps of work: one is a property that is looked up or a candidate that is weighed, about a millionth of a second. So many are allowed
#: for any data, and so many more for each of its objects.
MOST_STEPS = 10_000_000
MOST_STEPS_AN_OBJECT = 50
#: Seconds that one regular expression may take on one value, and all of a pattern's together.
MOST_SECONDS = 0.5
MOST_SECONDS_TOGETHER = 5.0


class Budget:
    """The work that one match may still do, and the time for its regular expressions."""

    __slots__ = ("seconds", "steps")

    def __init__(self, steps: int = MOST_STEPS, seconds: float = MOST_SECONDS_TOGETHER) -> None:
        self.steps = steps
        self.seconds = seconds

    def spend(self, steps: int) -> None:
        """Count work that is about to be done. Raises ``TooHard`` when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooHard("the pattern needs more steps on this data than are allowed; nothing is known of the answer")
