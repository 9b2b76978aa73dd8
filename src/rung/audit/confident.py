"""How many given labels are wrong, and which: confident learning, held against what a hard but clean set looks like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rung.bundle.temperature import apply_temperature
from rung.core.types import Floats, Ints, Task

TEMPERATURES = np.exp(np.linspace(np.log(0.1), np.log(4.0), 24))
SHARES = np.concatenate([[0.0], np.exp(np.linspace(np.log(5e-4), np.log(0.6), 60))])
EVIDENCE = 6.63  # twice the log-likelihood that noise must gain: 1 % of chi squared with one degree of freedom
STRONG = 10.0  # that labels of some classes must gain over labels at random: "very strong", Kass and Raftery 1995
TINY = 1e-12
AT_ONCE = 2_000_000  # numbers held at a time while likelihoods are summed


@dataclass(frozen=True)
class Noise:
    """share: of all labels that are wrong, with its 95 % interval; chance_N: of each that it is; p_NC: without noise.

    evidence: twice the log-likelihood that wrong labels explain beyond a hard set; 0 where they explain nothing.
    """

    share: float
    low: float
    high: float
    evidence: float
    chance_N: NDArray[np.float64]
    p_NC: NDArray[np.float64]

    @property
    def shown(self) -> bool:
        """Whether there is more in the labels than chance and hard rows."""
        return self.evidence > EVIDENCE


def thresholds(p_NC: NDArray[np.floating], given_N: Ints) -> NDArray[np.float64]:
    """(C,) how sure the model is of a class, on average, where it is given; infinite for a class that never is.

    t_j = mean of p(j; x) over the rows given j. Source: Northcutt, Jiang and Chuang 2021, JAIR 70, eq. 2.

    >>> thresholds(np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]]), np.array([0, 0, 1])).tolist()
    [0.8, 0.8]
    """
    classes = p_NC.shape[1]
    own_N = p_NC[np.arange(len(given_N)), given_N].astype(np.float64)
    count_C = np.bincount(given_N, minlength=classes)
    total_C = np.bincount(given_N, own_N, minlength=classes)
    return np.where(count_C > 0, total_C / np.maximum(count_C, 1), np.inf)


def confident_classes(p_NC: NDArray[np.floating], given_N: Ints) -> Ints:
    """(N,) the class that each row confidently belongs to: the likeliest of those over their thresholds; -1: none.

    Source: Northcutt, Jiang and Chuang 2021, JAIR 70, eq. 1.
    """
    over_NC = p_NC >= thresholds(p_NC, given_N)
    likeliest_N: Ints = np.where(over_NC, p_NC, -1.0).argmax(axis=1)
    return np.where(over_NC.any(axis=1), likeliest_N, -1)


def confident_joint(p_NC: NDArray[np.floating], given_N: Ints) -> Ints:
    """(C, C) how many rows given class i confidently belong to class j.

    Source: Northcutt, Jiang and Chuang 2021, JAIR 70, eq. 1.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9]])
    >>> confident_joint(p, np.array([0, 0, 1, 0])).tolist()
    [[2, 1], [0, 1]]
    """
    classes = p_NC.shape[1]
    belongs_N = confident_classes(p_NC, given_N)
    sure = belongs_N >= 0
    pair_N = given_N[sure] * classes + belongs_N[sure]
    return np.bincount(pair_N, minlength=classes**2).reshape(classes, classes)


def noise_in(p_NC: Floats, given_N: Ints) -> Noise:
    """What share of the labels is wrong, from out-of-fold probabilities p_NC and the labels given.

    A label was given at random with probability s, else by the rows' own classes: P(g | x) = (1 - s) q_g + s v_g, where
    q = softmax(log p / T). T and s by maximum likelihood, the interval of s by its profile. v is uniform, or the share
    of each class among the wrong labels of the confident joint, where that is far likelier. A hard set has broad q but
    no floor under it: s is 0 there, where counting the joint's off-diagonal takes each error of the model for a wrong
    label. chance: s v_g (1 - q_g) / P(g | x).
    Source of the joint: Northcutt, Jiang and Chuang 2021, JAIR 70; of s: Angluin and Laird 1988, random
    classification noise; here with a temperature beside it.
    """
    classes = p_NC.shape[1]
    own_TN = np.stack([_at(p_NC, t)[np.arange(len(given_N)), given_N] for t in TEMPERATURES])
    joint = confident_joint(p_NC, given_N)
    wrong_C = joint.sum(axis=1) - joint.diagonal() + 1.0
    uniform_C = np.full(classes, 1 / classes)
    fits = [(v_C, _likelihoods(own_TN, v_C[given_N])) for v_C in (uniform_C, wrong_C / wrong_C.sum())]
    gains = [2 * (fit.max() - fit[:, 0].max()) for _, fit in fits]
    v_C, fit_TS = fits[int(gains[1] > gains[0] + STRONG)]
    at, which = np.unravel_index(int(fit_TS.argmax()), fit_TS.shape)
    s, q_NC, v_N = SHARES[which], _at(p_NC, TEMPERATURES[at]), v_C[given_N]
    own_N = own_TN[at]
    chance_N = s * v_N * (1 - own_N) / np.maximum((1 - s) * own_N + s * v_N, TINY)
    profile_S = fit_TS.max(axis=0)
    inside = SHARES[profile_S >= profile_S.max() - 1.92]
    share = float(chance_N.mean())
    per = share / s if s else 1 - 1 / classes
    evidence = float(2 * (fit_TS.max() - fit_TS[:, 0].max()))
    return Noise(share, float(inside[0] * per), float(inside[-1] * per), evidence, chance_N, q_NC)


def _at(p_NC: Floats, temperature: float) -> NDArray[np.float64]:
    return apply_temperature(p_NC, temperature, Task.MULTICLASS).astype(np.float64)


def _likelihoods(own_TN: NDArray[np.float64], v_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, S) log-likelihood of every temperature and share."""
    total_TS = np.zeros((len(own_TN), len(SHARES)))
    step = max(1, AT_ONCE // len(SHARES))
    for begin in range(0, len(v_N), step):
        part = slice(begin, begin + step)
        for at, own_N in enumerate(own_TN):
            said_SN = (1 - SHARES[:, None]) * own_N[part] + SHARES[:, None] * v_N[part]
            total_TS[at] += np.log(said_SN + TINY).sum(axis=1)
    return total_TS
