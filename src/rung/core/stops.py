"""Why a rung ends early: none is an error of the user's, and the climb goes on."""


class Collapse(Exception):
    """Training died (one class, a loss that is not finite, worse than guessing): the message says how and when."""


class Thawed(Exception):
    """A tensor that was to stay frozen changed in training: the rung's own fault, which no other rate mends."""


class OutOfTime(Exception):
    """A rung would not end within the budget that is left: the message says how far it came."""
