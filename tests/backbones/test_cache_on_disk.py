"""The cache on disk: nothing is lost or mixed up, whatever is killed, full, shared or read-only."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.backbones.cache import Cache, default_root, read_size
from rung.backbones.lock import locked
from rung.backbones.shelf import Shelf
from rung.backbones.store import Store
from rung.core.errors import BadOption
from rung.core.rng import digest as key
from rung.testing.fakes import FakeBackbone

WIDTH = 8


def rows(words):
    """Each word's own vector, so that a mix-up shows."""
    return np.array(
        [[len(word) + ord(word[-1]) * 1000 + i for i in range(WIDTH)] for word in words], np.float32
    ).reshape(-1, WIDTH)


def keys(words):
    return [key(word) for word in words]


def words(prefix, n):
    return [f"{prefix}{i}" for i in range(n)]


def check_holds(store, expected):
    found = store.find(keys(expected))
    assert (found >= 0).all(), f"{(found < 0).sum()} of {len(expected)} lost"
    np.testing.assert_array_equal(store.read(found), rows(expected))


@given(st.lists(st.lists(st.text(min_size=1, max_size=4), max_size=8), max_size=5))
def test_whatever_was_appended_is_found_and_nothing_else(tmp_path_factory, groups):
    groups = [[word for word in group if word.isprintable()] for group in groups]
    store = Store(tmp_path_factory.mktemp("cache") / "store", WIDTH)
    for group in groups:
        store.append(keys(group), rows(group))
    distinct = sorted({word for group in groups for word in group})
    check_holds(store, distinct)
    assert len(store) == len(distinct)
    assert (store.find(keys(["never appended"])) == -1).all()


def test_a_key_appended_twice_is_stored_once(tmp_path):
    store = Store(tmp_path / "store", WIDTH)
    assert store.append(keys(["a", "a"]), rows(["a", "a"])) > 0
    assert store.append(keys(["a"]), rows(["a"])) == 0


def test_another_process_view_is_seen_without_opening_again(tmp_path):
    mine, theirs = Store(tmp_path / "store", WIDTH), Store(tmp_path / "store", WIDTH)
    mine.append(keys(["a"]), rows(["a"]))
    check_holds(mine, ["a"])
    theirs.append(keys(["b"]), rows(["b"]))
    check_holds(mine, ["a", "b"])


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_cache_on_disk import WIDTH, keys, rows, words
from rung.backbones.store import Store
store = Store(Path({folder!r}), WIDTH)
print("ready", flush=True)
sys.stdin.readline()
for i in range({times}):
    some = words(f"{{sys.argv[1]}}-{{i}}-", 5) + words(f"both-{{i}}-", 5)
    store.append(keys(some), rows(some))
    print(i, flush=True)
"""


def start(folder, name, times):
    code = WRITER.format(tests=str(Path(__file__).parent), folder=str(folder), times=times)
    writer = subprocess.Popen(
        [sys.executable, "-c", code, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "ready\n"
    return writer


def test_two_processes_writing_at_once_lose_nothing(tmp_path):
    writers = [start(tmp_path / "store", name, 60) for name in ("one", "two")]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    store = Store(tmp_path / "store", WIDTH)
    expected = [word for i in range(60) for who in ("one", "two", "both") for word in words(f"{who}-{i}-", 5)]
    check_holds(store, expected)
    assert len(store) == len(expected)


def test_a_writer_killed_at_any_moment_leaves_only_whole_rows(tmp_path):
    writer = start(tmp_path / "store", "one", 100_000)
    writer.stdin.write("go\n")
    writer.stdin.flush()
    done = [writer.stdout.readline() for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    store = Store(tmp_path / "store", WIDTH)
    check_holds(store, [word for i in range(len(done)) for word in words(f"one-{i}-", 5)])
    store.append(keys(["after"]), rows(["after"]))
    check_holds(store, ["after", *words("one-0-", 5)])


@pytest.mark.parametrize(("file", "tail"), [("keys.bin", 7), ("vectors.bin", 5), ("vectors.bin", 4 * WIDTH * 3)])
def test_a_torn_tail_is_cut_off_by_the_next_writer(tmp_path, file, tail):
    store = Store(tmp_path / "store", WIDTH)
    store.append(keys(["a", "b"]), rows(["a", "b"]))
    with (tmp_path / "store" / file).open("ab") as torn:
        torn.write(b"\xff" * tail)
    fresh = Store(tmp_path / "store", WIDTH)
    check_holds(fresh, ["a", "b"])
    fresh.append(keys(["c"]), rows(["c"]))
    check_holds(fresh, ["a", "b", "c"])
    check_holds(Store(tmp_path / "store", WIDTH), ["a", "b", "c"])


def test_a_store_evicted_under_an_open_reader_is_simply_empty(tmp_path):
    cache = Cache(tmp_path)
    store = cache.store("one", WIDTH)
    store.append(keys(["a"]), rows(["a"]))
    check_holds(store, ["a"])
    found = store.find(keys(["a"]))
    assert cache.clear() > 0
    np.testing.assert_array_equal(store.read(found), rows(["a"]))
    assert (store.find(keys(["a"])) == -1).all()
    store.append(keys(["b"]), rows(["b"]))
    check_holds(store, ["b"])


def shelf(cache, name="print"):
    card = FakeBackbone(width=WIDTH, id=f"fake {name}").card
    return Shelf(cache, card, name, "float32")


def test_the_least_recently_used_store_goes_first(tmp_path):
    one = words("a", 100)
    size = 100 * (16 + 4 * WIDTH)
    cache = Cache(tmp_path, limit=int(2.5 * size))
    for age, name in ((300, "old"), (200, "older but used"), (100, "new")):
        shelf(cache, name).keep(keys(one), rows(one))
        os.utime(tmp_path / "embeddings" / f"{name}-float32" / "used", (1e9 - age, 1e9 - age))
    shelf(cache, "older but used").find(keys(one))
    shelf(cache, "another").keep(keys(one[:1]), rows(one[:1]))
    left = {store.backbone for store in cache.stats().stores}
    assert left == {"fake older but used", "fake new", "fake another"}
    assert cache.stats().size_bytes <= cache.limit


def test_a_store_in_use_by_a_writer_is_not_evicted(tmp_path):
    cache = Cache(tmp_path, limit=100)
    held, other = cache.store("held", WIDTH), cache.store("other", WIDTH)
    held.append(keys(["a", "b", "c"]), rows(["a", "b", "c"]))
    with locked(held.lock):
        assert not cache.make_room(other)
    check_holds(held, ["a"])
    assert cache.make_room(other)


def test_a_full_cache_stops_growing_and_says_so_once(tmp_path, caplog):
    cache = Cache(tmp_path, limit=1000)
    full = shelf(cache)
    for i in range(30):
        some = words(f"{i}-", 10)
        full.keep(keys(some), rows(some))
    assert cache.stats().size_bytes < 2000
    assert [record.message.split(" is full")[0] for record in caplog.records] == ["the embedding cache"]


def blocked(tmp_path):
    """A place where no folder can be made, even by root."""
    (tmp_path / "file").write_text("no folder")
    return Cache(tmp_path / "file" / "cache")


def test_a_cache_that_cannot_be_written_is_said_once_and_left(tmp_path, caplog):
    useless = shelf(blocked(tmp_path))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert useless.find(keys(["a"])).tolist() == [-1]
            useless.keep(keys(["a"]), rows(["a"]))
    assert len(caplog.records) == 1
    assert "going on without it" in caplog.text


def test_a_cache_that_cannot_be_written_does_not_fail_an_embedding(toy, tmp_path, monkeypatch, caplog):
    from rung.backbones.load import load

    monkeypatch.setenv("RUNG_CACHE", str(blocked(tmp_path).root))
    embedder = load(str(toy("bert")))
    assert np.isfinite(embedder(["a film", "why"])).all()
    assert len(caplog.records) == 1


def test_a_damaged_store_is_computed_again(toy, own_cache):
    from rung.backbones.load import load

    before = load(str(toy("bert")), precision="float32")(["a film", "why"])
    (vectors,) = own_cache.glob("embeddings/*/vectors.bin")
    vectors.write_bytes(b"")
    after = load(str(toy("bert")), precision="float32")(["a film", "why"])
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_stats_count_what_is_there_and_clear_forgets_it(tmp_path):
    cache = Cache(tmp_path)
    assert cache.stats().vectors == 0
    shelf(cache).keep(keys(["a", "b"]), rows(["a", "b"]))
    stats = cache.stats()
    assert (stats.vectors, stats.size_bytes) == (2, 2 * (16 + 4 * WIDTH))
    assert [(store.backbone, store.precision) for store in stats.stores] == [("fake print", "float32")]
    assert cache.clear() == stats.size_bytes
    assert cache.stats().vectors == 0


def test_clear_touches_nothing_but_its_own_folders(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    cache = Cache(tmp_path)
    shelf(cache).keep(keys(["a"]), rows(["a"]))
    cache.remember("name", "float32")
    cache.clear()
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert cache.recall("name") is None


def test_the_environment_names_place_and_limit(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNG_CACHE", str(tmp_path / "here"))
    monkeypatch.setenv("RUNG_CACHE_LIMIT", "500MB")
    cache = Cache()
    assert (cache.root, cache.limit) == (tmp_path / "here", 500_000_000)


def test_without_a_word_the_cache_is_where_caches_are(monkeypatch, tmp_path):
    monkeypatch.delenv("RUNG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_root() == tmp_path / "rung"


@pytest.mark.parametrize(
    ("said", "size"), [("", 10**10), ("10GB", 10**10), ("1k", 1000), ("7", 7), ("2 mb", 2 * 10**6)]
)
def test_sizes_are_read_as_people_write_them(said, size):
    assert read_size(said) == size


@pytest.mark.parametrize("said", ["lots", "-1", "10 GiB", "1e9"])
def test_a_limit_that_is_no_size_is_refused(said):
    with pytest.raises(BadOption, match="wanted a size such as 500MB"):
        read_size(said)
