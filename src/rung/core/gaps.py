"""Series without gaps: what every reader of a series does to missing values first."""

import numpy as np

from rung.core.types import Floats


def filled(values_CT: Floats) -> Floats:
    """The channels with straight lines over their gaps, and zeros for one without any value.

    >>> filled(np.array([[1, np.nan, 3]], np.float32))
    array([[1., 2., 3.]], dtype=float32)
    """
    gone_CT = np.isnan(values_CT)
    if not gone_CT.any():
        return values_CT
    out_CT = np.zeros_like(values_CT)
    at_T = np.arange(values_CT.shape[1])
    for c, gone_T in enumerate(gone_CT):
        if not gone_T.all():
            out_CT[c] = np.interp(at_T, at_T[~gone_T], values_CT[c, ~gone_T])
    return out_CT


def resized(values_CT: Floats, length: int) -> Floats:
    """The channels in `length` steps, by straight lines between their own.

    >>> resized(np.array([[0, 2]], np.float32), 3)
    array([[0., 1., 2.]], dtype=float32)
    """
    own = np.arange(values_CT.shape[1])
    at = np.linspace(0, len(own) - 1, length)
    return np.stack([np.interp(at, own, channel_T) for channel_T in values_CT]).astype(np.float32)
