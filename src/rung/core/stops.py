"""Why a rung ends early: neither is an error of the user's, and the climb goes on."""


class Collapse(Exception):
    """Training died (one class, a loss that is not finite, worse than guessing): the message says how and when."""


class OutOfTime(Exception):
    """A rung would not end within the budget that is left: the message says how far it came."""
