"""scikit-learn estimators over the climb: they drop into Pipeline, cross_val_score and clone.

>>> from rung.sklearn import RungClassifier
>>> RungClassifier(max_rung="classic").get_params()["max_rung"]
'classic'
"""

from itertools import chain, count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Self
from weakref import finalize

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from rung.core.errors import BadShape, BadTarget
from rung.core.types import Floats, Role, Task
from rung.data.read import read
from rung.recipes.fit import fit
from rung.recipes.options import roles_of
from rung.recipes.run import load

_TARGET = "rung target"


class _Base(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """What both estimators share: scikit-learn asks for inheritance here.

    max_rung: None stops at frozen unless `rungs` names others: estimators are fitted again and again.
    """

    _task: Task | None = None

    def __init__(  # house: scikit-learn wants every parameter in the signature
        self,
        *,
        metric: str | None = None,
        budget: str | float | None = None,
        max_rung: str | None = None,
        rungs: str | None = None,
        backbone: str | None = None,
        column: dict[str, str] | None = None,
        seed: int = 0,
        out: str | None = None,
    ) -> None:
        self.metric = metric
        self.budget = budget
        self.max_rung = max_rung
        self.rungs = rungs
        self.backbone = backbone
        self.column = column
        self.seed = seed
        self.out = out

    def _climb(self, X: Any, y: ArrayLike, task: Task | None) -> Self:
        table = _table(X)
        target = np.asarray(y)
        if len(table) != len(target):
            raise BadShape("y", wanted=f"{len(table)} values, one a row of X", got=len(target))
        place = _free(Path(self.out)) if self.out is not None else self._temporary()
        self.run_ = fit(
            table.with_columns(pl.Series(_TARGET, target.tolist())),
            target=_TARGET,
            out=place,
            test=0.0,
            task=task,
            metric=self.metric,
            budget=self.budget,
            max_rung=self.max_rung or (None if self.rungs else "frozen"),
            rungs=self.rungs,
            backbone=self.backbone,
            column=_numbers(X, table) | dict(roles_of(self.column)),
            seed=self.seed,
        )
        self.n_features_in_ = table.width
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        return self

    def _temporary(self) -> Path:
        """A folder for the run that goes when the estimator does."""
        folder = mkdtemp(prefix="rung-")
        finalize(self, rmtree, folder, ignore_errors=True)
        return Path(folder) / "run"

    def __getstate__(self) -> dict[str, Any]:
        """Carry the run's files along, so that a pickled or copied estimator predicts wherever it wakes."""
        state = dict(super().__getstate__())
        if run := state.pop("run_", None):
            files = [path for path in run.path.rglob("*") if path.is_file()]
            state["_files"] = {str(path.relative_to(run.path)): path.read_bytes() for path in files}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Put the run into a temporary folder of its own."""
        files = state.pop("_files", None)
        super().__setstate__(state)
        if files is not None:
            folder = self._temporary()
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            self.run_ = load(folder)

    def _predict(self, X: Any) -> Floats:
        check_is_fitted(self, "run_")
        table = _table(X)
        if table.width != self.n_features_in_:
            raise BadShape("X", wanted=f"{self.n_features_in_} columns", got=table.width)
        return self.run_.predict_proba(table)

    def __sklearn_tags__(self) -> Any:
        """Say that rows hold strings, of one or more columns."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = True
        tags.input_tags.allow_nan = True
        return tags


class RungClassifier(ClassifierMixin, _Base):  # type: ignore[misc]  # scikit-learn ships no types
    """Climb on texts (or a table, or an array of numbers) and predict classes.

    X: a list or array of N texts, a DataFrame, or an (N, F) array of columns. y: N classes of any kind that
    numpy.unique sorts. Every row given trains or validates: hold test rows back outside, as scikit-learn does.
    The winner of the climb is `run_.evidence.winner`; `run_.path` holds the run while the estimator lives, or in `out`
    (`out`-2, ... where fits before it are). Pickles and copies carry the run along. Raises what `rung.fit` raises, and
    BadTarget for a missing class.

    >>> RungClassifier(seed=3)
    RungClassifier(seed=3)
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Climb on X (N rows) and y (N classes)."""
        labels = _one_dimension(y)
        missing = np.flatnonzero([_is_nothing(label) for label in labels.ravel().tolist()])
        if len(missing):
            fix = "Leave out the rows without a class."
            raise BadTarget("y", wanted="a class for each row", got=f"none in row {missing[0]}", fix=fix)
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadTarget(
                "y", wanted="at least two classes", got=f"only {', '.join(map(repr, self.classes_.tolist()))}"
            )
        self._climb(X, np.array([f"{i:06d}" for i in index]), None)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Calibrated probabilities (N, C), columns in order of classes_."""
        return self._predict(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the likeliest class of each row, (N,)."""
        likeliest = self._predict(X).argmax(1)
        return np.asarray(self.classes_[likeliest])


class RungRegressor(RegressorMixin, _Base):  # type: ignore[misc]  # scikit-learn ships no types
    """Climb on texts (or a table, or an array of numbers) and predict numbers.

    X as for RungClassifier; y: N numbers. Raises what `rung.fit` raises.

    >>> RungRegressor(metric="rmse")
    RungRegressor(metric='rmse')
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Climb on X (N rows) and y (N numbers)."""
        return self._climb(X, _one_dimension(y).astype(float), Task.REGRESSION)

    def predict(self, X: Any) -> NDArray[np.float32]:
        """Predict the number of each row, (N,)."""
        return self._predict(X)[:, 0]


def _free(place: Path) -> Path:
    """The folder, or the first of place-2, place-3, ... where it is in use: fitting again overwrites no evidence."""
    numbered = (place.with_name(f"{place.name}-{i}") for i in count(2))
    return next(folder for folder in chain([place], numbered) if not folder.exists())


def _one_dimension(y: ArrayLike) -> NDArray[Any]:
    """Y as N values; one column counts as such. Raises BadShape for more."""
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise BadShape("y", wanted="one value a row", got=f"an array of shape {values.shape}")
    return values


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124  # NaN is not itself


def _numbers(X: Any, table: pl.DataFrame) -> dict[str, Role]:
    """The roles of an array's columns, which have no names to go by: those of numbers are numbers, and no series."""
    if hasattr(X, "columns") or np.ndim(X) != 2:
        return {}
    return {name: Role.NUMBER for name, kind in table.schema.items() if kind.is_numeric()}


def _table(X: Any) -> pl.DataFrame:
    if hasattr(X, "columns"):
        return read(X).frame
    values = np.asarray(X, dtype=object)
    if values.ndim == 1:
        return pl.DataFrame({"text": [None if _is_nothing(value) else str(value) for value in values]})
    if values.ndim != 2:
        raise BadShape("X", wanted="one text a row, or a table", got=f"{values.ndim} dimensions")
    return pl.DataFrame({f"x{i}": values[:, i].tolist() for i in range(values.shape[1])}, strict=False)
