"""Rows that embeddings bring together are told only where words, or what is seen, confirm it."""

import numpy as np
import pytest

from rung.data.reworded import candidates, cut_out, reworded

LONG = "when will the card that I asked for last week arrive at my new address"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("at my new address, when will the card arrive that I asked for last week", True),
        ("hello, when will the card that I asked for last week arrive at my new address, please", True),
        ("when will the card that I asked for last week not arrive at my new address", False),
        ("when will the 2 cards that I asked for last week arrive at my new address", False),
        ("when will the loan that I signed some months ago be paid into my account", False),
        ("", False),
    ],
)
def test_texts_are_one_where_three_quarters_of_the_words_and_all_numbers_and_noes_are_shared(other, same):
    rest = [f"{word} something else altogether {word}" for word in "abcdefgh"]
    assert reworded([LONG, other, *rest], np.array([0]), np.array([1])).tolist() == [same]


def test_a_row_has_its_nearest_candidates_alone():
    draw = np.random.default_rng(0)
    x = np.ones((20, 8), np.float32) + draw.normal(size=(20, 8)).astype(np.float32) / 20
    first, second = candidates(x, x, most=3)
    assert np.bincount(first).tolist() == [3] * 20
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    nearest = np.argsort(-(unit @ unit.T), axis=1)[:, :3]
    assert [set(second[first == row]) for row in range(20)] == [set(row) for row in nearest]


def scene(draw):
    """A picture of 64 x 64 with shapes of several sizes."""
    x = sum(np.kron(draw.normal(size=(side, side)), np.ones((64 // side, 64 // side))) for side in (4, 8, 16))
    return np.clip(128 + 30 * x, 0, 255)


def thumbnail(x):
    at = np.linspace(0, len(x) - 1e-6, 129)
    rows = np.stack([x[int(a) : max(int(b), int(a) + 1)].mean(0) for a, b in zip(at[:-1:4], at[4::4], strict=True)])
    both = [rows[:, int(a) : max(int(b), int(a) + 1)].mean(1) for a, b in zip(at[:-1:4], at[4::4], strict=True)]
    return np.stack(both, axis=1).astype(np.uint8)


def test_a_part_of_a_picture_is_found_and_other_pictures_are_not():
    draw = np.random.default_rng(1)
    scenes = [scene(draw) for _ in range(12)]
    parts = [each[8:56, 4:52] for each in scenes]
    grey = np.stack([thumbnail(each) for each in (*scenes, *parts)])
    first, second = np.meshgrid(np.arange(12), np.arange(12, 24), indexing="ij")
    found = cut_out(grey, first.ravel(), second.ravel()).reshape(12, 12)
    assert np.array_equal(found, np.eye(12, dtype=bool))


def test_many_parts_do_not_hide_one_another():
    draw = np.random.default_rng(3)
    scenes = [scene(draw) for _ in range(60)]
    grey = np.stack([thumbnail(each) for each in (*scenes, *(each[8:56, 4:52] for each in scenes))])
    part = np.arange(60, 120)
    first, second = np.concatenate([part, part]), np.concatenate([part - 60, (part - 59) % 60])
    assert cut_out(grey, first, second).tolist() == [True] * 60 + [False] * 60


def test_one_strong_edge_or_nothing_is_not_enough_to_go_by():
    edge = np.where(np.arange(32) < 16, 40, 200)[None].repeat(32, 0).astype(np.uint8)
    grey = np.stack([edge, np.roll(edge, 1, axis=1), np.full((32, 32), 7, np.uint8)])
    assert not cut_out(grey, np.array([0, 0, 2]), np.array([1, 2, 2])).any()


def test_where_all_pictures_resemble_one_another_nothing_is_told():
    draw = np.random.default_rng(2)
    common = scene(draw)
    grey = np.stack([thumbnail(np.clip(common + 5 * draw.normal(size=(64, 64)), 0, 255)) for _ in range(15)])
    first, second = np.triu_indices(15, 1)
    assert not cut_out(grey, first, second).any()
