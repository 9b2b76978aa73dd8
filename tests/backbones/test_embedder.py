"""The engine: every distinct text passes the backbone once, ever, and each row gets its own vector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.backbones import embedder as engine
from rung.backbones.cache import Cache
from rung.backbones.load import load
from rung.core.contracts import Backbone
from rung.core.types import Delta
from rung.testing.toys import SENTENCES

TEXTS = [f"{sentence} {i % 7}" for i, sentence in enumerate(SENTENCES * 4)]


class Counter:
    """Counts the texts of each forward pass."""

    def __init__(self, embedder):
        self.rows = []
        self._embed = embedder.backbone.embed
        embedder.backbone.embed = self

    def __call__(self, prepared):
        self.rows.append(len(prepared.ids))
        return self._embed(prepared)


@pytest.fixture
def make(toy):
    def make(family="bert", **options):
        return load(str(toy(family)), **{"precision": "float32", **options})

    return make


def test_the_loaded_backbone_has_the_seam(make):
    assert isinstance(make().backbone, Backbone)


def test_the_second_call_makes_no_forward_pass(make):
    embedder = make()
    first = embedder(TEXTS)
    counter = Counter(embedder)
    np.testing.assert_array_equal(embedder(TEXTS), first)
    assert counter.rows == []


def test_a_fresh_embedder_finds_what_another_computed(make):
    first = make()(TEXTS)
    again = make()
    counter = Counter(again)
    np.testing.assert_array_equal(again(TEXTS), first)
    assert counter.rows == []


def test_equal_texts_pass_once(make):
    embedder = make(cache=False)
    counter = Counter(embedder)
    found = embedder(["a film", "why", "a film", "why", "a film"])
    assert sum(counter.rows) == 2
    np.testing.assert_array_equal(found[0], found[4])


def test_equal_texts_of_different_windows_pass_once(make, monkeypatch):
    monkeypatch.setattr(engine, "WINDOW", 3)
    embedder = make(cache=False)
    counter = Counter(embedder)
    texts = ["a", "b", "c", "b", "d", "d", "a", "e"]
    found = embedder(texts)
    assert sum(counter.rows) == 5
    np.testing.assert_allclose(found, make(cache=False)(texts), atol=1e-5)


@pytest.fixture(scope="session")
def plain(toy):
    return load(str(toy("bert")), precision="float32", cache=False)


@given(st.permutations(range(len(SENTENCES))))
def test_each_row_gets_its_own_vector_in_any_order(plain, order):
    texts = [SENTENCES[i] for i in order]
    np.testing.assert_allclose(plain(texts), plain(list(SENTENCES))[order], atol=1e-4)


def test_several_threads_give_what_one_gives(make):
    import torch

    one = make(cache=False)
    alone = one(TEXTS)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        engine_tokens, engine.CPU_TOKENS = engine.CPU_TOKENS, 64
        together = one(TEXTS)
        after = torch.get_num_threads()
    finally:
        engine.CPU_TOKENS = engine_tokens
        torch.set_num_threads(before)
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert after == 3


def test_no_texts_give_no_rows(make):
    assert make()([]).shape == (0, 32)


def test_nulls_and_surrogates_and_control_characters_have_vectors(make):
    assert np.isfinite(make()(["", " ", "\x00", "\ud800 lone", "a\nb"])).all()


def test_progress_rises_to_the_number_of_rows(make):
    beats = []
    make()(TEXTS, tell=beats.append)
    done = [beat.done for beat in beats]
    assert done == sorted(done)
    assert done[-1] == beats[-1].total == len(TEXTS)
    assert beats[-1].unit == "rows"


def test_truncated_names_the_texts_over_the_limit(make, monkeypatch):
    monkeypatch.setattr(engine, "WINDOW", 2)
    texts = ["short", "film " * 100, "why", "film " * 62, "film " * 63, "x" * 10_000_000]
    assert make().truncated(texts).tolist() == [1, 4, 5]


def test_a_file_of_streamed_texts_holds_the_same_vectors(make, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "WINDOW", 5)
    path = tmp_path / "vectors.npy"
    make().embed_to(path, iter(TEXTS), rows=len(TEXTS))
    np.testing.assert_array_equal(np.load(path), make()(TEXTS))


def test_streaming_without_a_cache_still_passes_equal_texts_once(make, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "WINDOW", 2)
    embedder = make(cache=False)
    counter = Counter(embedder)
    embedder.embed_to(tmp_path / "v.npy", ["a", "b", "b", "a", "c"], rows=5)
    assert sum(counter.rows) == 3


def test_a_stream_that_ends_early_leaves_no_file(make, tmp_path):
    with pytest.raises(ValueError, match="3 items were announced, 1 came"):
        make().embed_to(tmp_path / "v.npy", ["a"], rows=3)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_uncached_reads_and_writes_no_cache(make):
    embedder = make()
    counter = Counter(embedder)
    embedder.uncached(["a film"])
    embedder.uncached(["a film"])
    assert counter.rows == [1, 1]
    assert Cache().stats().vectors == 0


def test_predicted_seconds_are_zero_once_all_is_cached(make):
    embedder = make()
    assert embedder.seconds_for([f"{text} {i}" for i in range(60) for text in SENTENCES]) > 0
    embedder(TEXTS)
    assert embedder.seconds_for(TEXTS) == 0


def test_what_the_prediction_measured_is_kept(make):
    embedder = make()
    embedder.seconds_for(["a film", "why"])
    counter = Counter(embedder)
    embedder(["a film", "why"])
    assert counter.rows == []


def test_results_are_float32_in_either_precision(make):
    for precision in ("float32", "bfloat16"):
        found = make(precision=precision)(TEXTS)
        assert found.dtype == np.float32


def test_precisions_do_not_share_vectors(make):
    exact, near = (make(precision=precision)(TEXTS) for precision in ("float32", "bfloat16"))
    assert np.abs(exact - near).max() > 0


def test_packing_for_long_work_gives_the_same_vectors(make, monkeypatch):
    plain = make(cache=False)(TEXTS)
    monkeypatch.setattr(engine, "WORTH_PACKING", 1)
    np.testing.assert_allclose(make(cache=False)(TEXTS), plain, atol=1e-4)


def test_embedding_leaves_the_parameters_alone(make):
    from rung.testing.checks_backbone import _hash

    embedder = make()
    before = _hash(embedder.backbone)
    embedder(TEXTS)
    assert _hash(embedder.backbone) == before


def test_as_many_changed_backbones_stay_loaded_as_are_asked_for(make):
    """What a blend of several members needs for each row; one alone otherwise, for memory's sake."""
    base = make()
    one, other = (Delta("weights", {"n": n}, {}) for n in (1, 2))
    assert base.tuned(one) is base.tuned(one)
    both = [base.tuned(each, kept=2) for each in (one, other)]
    assert [base.tuned(each, kept=2) for each in (one, other)] == both
    assert base.tuned(one) is both[0]
    assert base.tuned(other) is not both[1]
