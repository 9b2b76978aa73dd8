"""The estimators behave as scikit-learn's do, on text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks as checks

from rung.core.errors import BadTarget
from rung.sklearn import RungClassifier, RungRegressor

pytestmark = pytest.mark.journey

TEXT_FREE = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)


@pytest.fixture
def texts(paragraphs):
    return paragraphs["text"].to_list(), paragraphs["label"].to_list()


@pytest.mark.parametrize("estimator", [RungClassifier(), RungRegressor()], ids=["classifier", "regressor"])
@pytest.mark.parametrize("name", TEXT_FREE)
def test_estimator_checks_that_need_no_numeric_rows_pass(estimator, name):
    """The other checks feed random floats, which hold no text; what they test is tested below on text."""
    getattr(checks, name)(type(estimator).__name__, estimator)


def test_labels_of_any_kind_come_back_as_they_went_in(fake, texts):
    x, y = texts
    number = {label: i * 10 for i, label in enumerate(sorted(set(y)))}
    model = RungClassifier(max_rung="classic").fit(x, [number[label] for label in y])
    assert model.classes_.tolist() == [0, 10, 20, 30]
    assert set(model.predict(x[:9])) <= {0, 10, 20, 30}
    assert model.score(x, [number[label] for label in y]) > 0.8


def test_probabilities_follow_classes(fake, texts):
    x, y = texts
    model = RungClassifier(max_rung="classic").fit(np.array(x, dtype=object), y)
    p = model.predict_proba(x[:20])
    assert p.shape == (20, 4)
    assert np.allclose(p.sum(1), 1, atol=1e-5)
    assert (model.classes_[p.argmax(1)] == model.predict(x[:20])).all()


def test_it_drops_into_a_pipeline_and_cross_validation(fake, texts):
    x, y = np.array(texts[0]), np.array(texts[1])
    pipe = make_pipeline(FunctionTransformer(np.char.lower), RungClassifier(max_rung="classic"))
    assert isinstance(pipe, Pipeline)
    assert cross_val_score(pipe, x, y, cv=2).min() > 0.5


def test_clone_and_set_params_keep_what_was_asked(fake, texts):
    model = clone(RungClassifier(seed=4)).set_params(max_rung="prior")
    assert model.get_params()["seed"] == 4
    model.fit(*texts)
    assert [step.name for step in model.run_.evidence.rungs] == ["prior"]


def test_a_frame_with_numbers_beside_the_text_is_taken(fake, texts):
    x, y = texts
    frame = pd.DataFrame({"text": x, "length": [float(len(text)) for text in x]})
    model = RungClassifier(max_rung="classic").fit(frame, y)
    assert model.n_features_in_ == 2
    assert model.feature_names_in_.tolist() == ["text", "length"]
    assert len(model.predict(frame[:5])) == 5


def test_every_row_given_trains_or_validates(fake, texts):
    model = RungClassifier(max_rung="prior").fit(*texts)
    assert model.run_.evidence.rows["train"] == len(texts[0])
    assert model.run_.evidence.rows["test"] == 0


def test_the_regressor_predicts_numbers(fake, texts):
    x = texts[0]
    y = np.array([len(text.split()) for text in x], dtype=float)
    model = RungRegressor(max_rung="classic").fit(x, y)
    assert model.predict(x[:3]).shape == (3,)
    assert model.score(x, y) > 0.3


def test_predicting_before_fitting_is_refused():
    with pytest.raises(NotFittedError):
        RungClassifier().predict(["a"])


def test_rows_that_disagree_are_named(fake, texts):
    with pytest.raises(Exception, match="wanted 320 values"):
        RungClassifier().fit(texts[0], texts[1][:-1])


def test_a_pickled_estimator_predicts_after_the_first_is_gone(fake, texts):
    import gc
    import pickle

    rows, y = texts
    first = RungClassifier(max_rung="classic").fit(rows, y)
    before, place = first.predict_proba(rows[:5]), first.run_.path
    packed = pickle.dumps(first)
    del first
    gc.collect()
    assert not place.exists()
    assert np.array_equal(pickle.loads(packed).predict_proba(rows[:5]), before)  # noqa: S301  # packed right above


def test_fitting_again_with_out_keeps_the_first_run(fake, texts, tmp_path):
    rows, y = texts
    estimator = RungClassifier(max_rung="prior", out=str(tmp_path / "run"))
    assert [estimator.fit(rows, y).run_.path.name for _ in range(2)] == ["run", "run-2"]


def test_one_class_is_named_as_it_was_given(texts):
    with pytest.raises(BadTarget, match="only 'spam'"):
        RungClassifier().fit(texts[0], ["spam"] * len(texts[0]))


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_row_without_class_is_named(texts, nothing):
    rows, y = texts
    with pytest.raises(BadTarget, match="none in row 3"):
        RungClassifier().fit(rows, np.array([*y[:3], nothing, *y[4:]], dtype=object))


def test_frames_with_missing_cells_are_taken_as_fit_takes_them(fake, texts):
    rows, y = texts
    frame = pd.DataFrame({"text": rows, "kind": ["x", "y"] * (len(rows) // 2), "when": pd.Timestamp("2026-01-01")})
    frame.loc[0, ["text", "kind", "when"]] = [np.nan, np.nan, pd.NaT]
    estimator = RungClassifier(max_rung="classic").fit(frame, y)
    assert len(estimator.predict(frame)) == len(rows)


def test_a_missing_text_is_no_word(fake, texts):
    rows, y = texts
    estimator = RungClassifier(max_rung="classic").fit(rows, y)
    nothing, nan = estimator.predict_proba([None]), estimator.predict_proba(pd.Series([np.nan], dtype=object))
    assert np.array_equal(nothing, nan)


def test_an_array_of_numbers_is_a_table_and_no_series(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 9))
    model = RungClassifier(out=str(tmp_path / "run")).fit(x, x[:, 0] + x[:, 1] > 0)
    assert {column["role"] for column in model.run_.manifest["columns"]} == {"number", "target"}
    assert model.score(x, x[:, 0] + x[:, 1] > 0) > 0.9
