"""What a climb found, as frozen values that JSON can hold: scores, differences, decisions, verdicts."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from rung.core.types import Cost

if TYPE_CHECKING:
    import polars as pl

SURE = 0.95  # of the bound that decides promotions of many rows, unless a fit is told another
FEW = 400  # rows that can't show a gain of a few points so surely, whatever a rung is worth
ONE_ERROR = 0.84  # of the bound that decides on few rows: one standard error
LEAST = 0.5  # points that a rung of over twice the latency or size must gain, unless a fit is told other ones


def confidence_of(rows: int) -> float:
    """How sure a gain must be where so many rows are learnt from and the fit is told no confidence.

    Source: Breiman et al. 1984, Classification and Regression Trees, section 3.4.3: the simplest within one error.

    >>> confidence_of(400), confidence_of(401)
    (0.84, 0.95)
    """
    return ONE_ERROR if rows <= FEW else SURE


@dataclass(frozen=True)
class Score:
    """A metric's value with its 95 % interval over resampled rows."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """Challenger minus incumbent on the same rows, signed so that positive is better.

    bound: one-sided lower bound, at the confidence that decided. p: one-sided (exact McNemar for
    accuracy without groups, else the bootstrap's). p_holm: the same after Holm's correction over the rungs tried.
    """

    value: float
    low: float
    high: float
    bound: float
    p: float
    p_holm: float | None = None


@dataclass(frozen=True)
class RungEvidence:
    """One step of the ladder: what it cost, what it showed, what was decided."""

    name: str
    status: Literal["tried", "skipped", "collapsed", "failed"]
    why: str = ""
    choice: dict[str, Any] | None = None
    score: Score | None = None
    train_score: Score | None = None
    gap: Difference | None = None
    against: str = ""
    gain: Difference | None = None
    needed: float = 0.0
    saved: Difference | None = None  # Brier score, where the gain alone left it open
    promoted: bool = False
    predicted: Cost | None = None
    seconds: float = 0.0
    measured: float = 0.0  # seconds before it began: what it would take was measured, and rows were embedded for that
    latency_ms: float = 0.0
    size_bytes: int = 0
    trained: int = 0
    parameters: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """One judgement in a word and a sentence, with the number it stands on."""

    name: str
    verdict: str
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CurvePoint:
    """Score of the head trained on a nested share of the training rows."""

    rows: int
    score: Score


@dataclass(frozen=True)
class LearningCurve:
    """Measured points and what more labels would bring, extrapolated."""

    rung: str
    points: tuple[CurvePoint, ...]
    more_rows: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """Temperature scaling: tried on validation rows, kept only if their log-loss falls."""

    temperature: float
    kept: bool
    log_loss_before: float
    log_loss_after: float
    ece_before: float | None = None  # on test rows
    ece_after: float | None = None


@dataclass(frozen=True)
class RankedBackbone:
    """What one candidate showed on a sample of the rows that learn, and what it costs.

    score: of a linear probe, out of fold. logme, hscore: None where they are not defined. behind: the first one's score
    minus this one's, on the same rows. tied: noise can't tell it from the best of its group. latency_ms: one row,
    nothing cached. memory_bytes: the weights, in the precision that this machine computes in; size_bytes: their files.
    """

    id: str
    status: Literal["ranked", "refused", "failed", "skipped"]
    why: str = ""
    score: Score | None = None
    logme: float | None = None
    hscore: float | None = None
    behind: Difference | None = None
    tied: bool = False
    latency_ms: float | None = None
    memory_bytes: int | None = None
    size_bytes: int | None = None
    licence: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Ranking:
    """Candidates in order, best first, then those that were not tried, each with its reason; and which one is taken.

    rows: how many rows were looked at. chosen: empty where none may be taken.
    """

    modality: str
    metric: str
    rows: int
    backbones: tuple[RankedBackbone, ...]
    chosen: str
    why: str
    seconds: float

    def backbone(self, id: str) -> RankedBackbone:  # noqa: A002  # the word of every card and command
        """The candidate by that id; raises KeyError."""
        return {each.id: each for each in self.backbones}[id]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class PartWorth:
    """What one part of a row (a column, or the table's columns) adds to `rung`: with all parts less without it."""

    name: str
    rung: str
    gain: Difference


@dataclass(frozen=True)
class Leak:
    """Test rows that training rows repeat, exactly or nearly: the winner's score without them, and what they add.

    rows: of them, in `of` test rows. without: None where too few others are left. price: the score on all rows less
    that without them, signed so that positive is flattering, with its 95 % interval.
    """

    rows: int
    of: int
    without: Score | None = None
    price: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything that the report shows and that a decision rested on."""

    task: str
    metric: str
    better: str
    labels: tuple[str, ...]
    rows: dict[str, int]
    rungs: tuple[RungEvidence, ...]
    winner: str
    stopped: str
    trained_on: str
    test: dict[str, Score]
    test_by_rung: dict[str, Score]
    verdicts: tuple[Verdict, ...]
    next_steps: tuple[str, ...]
    curve: LearningCurve | None = None
    calibration: Calibration | None = None
    half_width: float | None = None  # regression: 90 % conformal; None of too few rows (9) to promise that
    ranking: Ranking | None = None  # of backbones, where several could be taken
    parts: tuple[PartWorth, ...] = ()  # of a row, where it has several
    leak: Leak | None = None  # test rows that training rows repeat
    confidence: float = SURE  # of the bound that decided promotions
    min_gain: float = LEAST  # points that were asked of a gain that costs over twice the latency or size

    def rung(self, name: str) -> RungEvidence:
        """The step by that name; raises KeyError."""
        return {step.name: step for step in self.rungs}[name]

    def verdict(self, name: str) -> Verdict | None:
        """The verdict by that name, or None where it could not be measured."""
        return {verdict.name: verdict for verdict in self.verdicts}.get(name)

    def table(self) -> "pl.DataFrame":
        """One row a rung: score, interval, gain, interval, latency, seconds, decision."""
        import polars as pl  # noqa: PLC0415  # reading evidence must not cost a table library

        return pl.DataFrame(
            [
                {
                    "rung": step.name,
                    "status": step.status,
                    "score": step.score.value if step.score else None,
                    "low": step.score.low if step.score else None,
                    "high": step.score.high if step.score else None,
                    "against": step.against or None,
                    "gain": step.gain.value if step.gain else None,
                    "gain_low": step.gain.low if step.gain else None,
                    "gain_high": step.gain.high if step.gain else None,
                    "promoted": step.promoted,
                    "trained": step.trained,
                    "latency_ms": step.latency_ms,
                    "size_bytes": step.size_bytes,
                    "seconds": step.seconds,
                    "why": step.why,
                }
                for step in self.rungs
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data for evidence.json."""
        return asdict(self)

    @staticmethod
    def from_json(text: str | bytes) -> "Evidence":
        """Read evidence.json back; raises pydantic.ValidationError on a foreign shape."""
        from pydantic import TypeAdapter  # noqa: PLC0415  # the boundary: loaded only when a file is read

        return TypeAdapter(Evidence).validate_json(text)
