"""A fitted model survives JSON, tensors and text files; its encoders agree with scikit-learn."""

import json

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load, save
from scipy import sparse
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from rung.bundle.heads import CosineHead, KnnHead, LinearHead, MlpHead, PriorHead
from rung.bundle.model import Encoders, FittedModel, Parts
from rung.bundle.table import fit_table
from rung.bundle.tfidf import VIEWS, Tfidf, counted, weighed
from rung.bundle.trees import TreesHead
from rung.core.types import Inputs

TEXTS = ["a good film, a GOOD day", "stormy sea", "the sea; the sea!", "", "naïve café 42", "good\nsea film"]


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _trees(outputs):
    lightgbm = pytest.importorskip("lightgbm")
    x, y = _normal(80, 4), (np.arange(80) % outputs)
    kind = {"objective": "multiclass", "num_class": outputs} if outputs > 2 else {"objective": "binary"}
    settings = kind | {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 2}
    return TreesHead((lightgbm.train(settings, lightgbm.Dataset(x, y), 5).model_to_string(),), outputs)


HEADS = {
    "prior": lambda: PriorHead(np.array([0.2, 0.8], np.float32)),
    "linear": lambda: LinearHead(_normal(4, 3), _normal(3), "softmax"),
    "label sets": lambda: LinearHead(_normal(4, 3), _normal(3), "sigmoid"),
    "value": lambda: LinearHead(_normal(4, 1), _normal(1), "identity"),
    "mlp": lambda: MlpHead(
        _normal(4), np.full(4, 2, np.float32), _normal(4, 5), _normal(5), _normal(5, 3), _normal(3), "softmax"
    ),
    "knn": lambda: KnnHead(
        _normal(20, 4), np.eye(3, dtype=np.float32)[np.arange(20) % 3], np.ones(3, np.float32) / 3, 5
    ),
    "cosine": lambda: CosineHead(_normal(4, 3), _normal(3, 5), 20.0),
    "trees": lambda: _trees(3),
    "binary trees": lambda: _trees(2),
}


def _through_files(parts):
    return Parts(json.loads(json.dumps(parts.meta)), load(save(parts.tensors)), dict(parts.files))


@pytest.mark.parametrize("name", HEADS)
def test_a_model_read_back_predicts_bit_for_bit(name):
    x = _normal(11, 4, seed=5)
    inputs = Inputs({"text": ["x"] * 11}, pl.DataFrame(), lambda _: x, 11)
    shift, spread = (3.0, 2.0) if name == "value" else (0.0, 1.0)
    model = FittedModel(Encoders(embedded=("text",)), HEADS[name](), shift, spread)
    again = FittedModel.from_parts(_through_files(model.parts()))
    assert np.array_equal(model.predict(inputs), again.predict(inputs))
    assert model.predict(inputs).dtype == np.float32


def test_roots_of_embeddings_and_handmade_features_are_read_back():
    x, made = np.abs(_normal(11, 4, seed=5)), _normal(11, 3)
    inputs = Inputs({}, pl.DataFrame(), lambda _: x, 11, media={"photo": [None] * 11}, plain=lambda _: made)
    encoders = Encoders(embedded=("photo",), plain=("photo",), root=True)
    assert np.allclose(encoders.apply(inputs), np.hstack([np.sqrt(x), made]))
    model = FittedModel(encoders, LinearHead(_normal(7, 2), _normal(2), "softmax"))
    again = FittedModel.from_parts(_through_files(model.parts()))
    assert np.array_equal(model.predict(inputs), again.predict(inputs))


def test_every_encoder_read_back_encodes_bit_for_bit():
    table = pl.DataFrame({"n": [1.0, None, 3.0], "c": ["x", None, "y"]})
    encoders = Encoders((_fitted("word"), _fitted("char")), (), fit_table(table), 0.7)
    width = encoders.apply(Inputs({"text": TEXTS[:3]}, table, lambda _: None, 3)).shape[1]
    model = FittedModel(encoders, LinearHead(_normal(width, 2), _normal(2), "softmax"))
    again = FittedModel.from_parts(_through_files(model.parts()))
    new = Inputs({"text": ["unseen sea", ""]}, pl.DataFrame({"n": [None, 7.0], "c": ["z", "x"]}), lambda _: None, 2)
    assert np.array_equal(model.predict(new), again.predict(new))


def _fitted(view, texts=TEXTS):
    counts, terms = counted(texts, view)
    frequency = np.bincount(counts.indices, minlength=len(terms))
    idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
    return Tfidf("text", view, tuple(terms), idf)


@pytest.mark.parametrize("view", list(VIEWS))
def test_tfidf_is_scikit_learns_with_sublinear_counts(view):
    oracle = TfidfVectorizer(**VIEWS[view], sublinear_tf=True)
    assert np.allclose(oracle.fit_transform(TEXTS).toarray(), _fitted(view).apply(TEXTS).toarray(), atol=1e-6)
    new = ["sea of films", "?"]
    assert np.allclose(oracle.transform(new).toarray(), _fitted(view).apply(new).toarray(), atol=1e-6)


def test_texts_without_a_term_give_empty_rows_not_an_error():
    counts, terms = counted(["", "  "], "word")
    assert counts.shape == (2, 0)
    assert len(terms) == 0
    assert weighed(sparse.csr_array((2, 3), dtype=np.float32), np.ones(3, np.float32)).nnz == 0


def test_the_mlp_is_the_formula_in_its_docstring():
    head, x = HEADS["mlp"](), _normal(6, 4, seed=2)
    hidden = (x - head.centre) / head.spread @ head.weight_1 + head.bias_1
    z = hidden * expit(1.702 * hidden) @ head.weight_2 + head.bias_2
    expected = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert np.allclose(head(x), expected, atol=1e-6)


def test_neighbours_are_scikit_learns_by_cosine():
    head, x = HEADS["knn"](), _normal(6, 4, seed=2)
    stored = head.x / np.linalg.norm(head.x, axis=1, keepdims=True)
    head = KnnHead(stored, head.y, head.prior, 5)
    distance, near = NearestNeighbors(n_neighbors=5, metric="cosine").fit(stored).kneighbors(x)
    weight = np.maximum(1 - distance, 1e-3)
    expected = (np.einsum("nk,nkc->nc", weight, head.y[near]) + 0.5 * head.prior) / (weight.sum(1, keepdims=True) + 0.5)
    assert np.allclose(head(x), expected, atol=1e-5)


def test_more_neighbours_than_rows_are_all_rows():
    head = KnnHead(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), np.full(2, 0.5, np.float32), 50)
    assert head(np.array([[1.0, 0.0]], np.float32)).argmax() == 0


def test_table_columns_are_fitted_on_training_rows_alone_and_stay_finite():
    train = pl.DataFrame({"n": [1.0, 3.0, None], "c": ["x", "y", None]})
    encoder = fit_table(train)
    strange = pl.DataFrame({"n": [1e300, float("nan"), None], "c": ["never seen", None, "x"]})
    encoded = encoder.apply(strange)
    assert np.isfinite(encoded).all()
    assert encoded.shape[1] == encoder.apply(train).shape[1]
    assert encoded[:, 1].tolist() == [0, 1, 1]  # missing flags of n
    assert encoded[0, 2:].tolist() == encoded[1, 2:].tolist()  # unknown and missing are both "other"
    assert encoded[2, 2:].tolist() == encoder.apply(train)[0, 2:].tolist()


def test_a_column_that_is_all_null_or_constant_does_not_break_the_table():
    train = pl.DataFrame({"n": pl.Series([None, None], dtype=pl.Float64), "k": [5.0, 5.0]})
    assert np.isfinite(fit_table(train).apply(train)).all()
