"""Toys of real make: tiny random models of each architecture with a tokenizer, and small tables."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rung.core.extras import need
from rung.core.rng import generator
from rung.core.types import Task

WIDTH, LAYERS, HEADS, LIMIT = 32, 2, 4, 64
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SENTENCES = (
    "the card has not arrived yet and the bank does not answer",
    "a warm and funny film with a brave ending",
    "the patient was given two tablets in the morning",
    "why is my transfer still pending after three days",
    "a dull plot, weak acting and a long, long ending",
    "return the indices of the largest values along an axis",
    "please cancel my order and send the money back",
    "the weather over the islands stays mild and rainy",
)

_SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
}
_BERT = {**_SIZES, "max_position_embeddings": LIMIT}
_ROBERTA = {**_SIZES, "max_position_embeddings": LIMIT + 2, "type_vocab_size": 1}
_T5 = {"d_model": WIDTH, "d_ff": 2 * WIDTH, "d_kv": 8, "num_layers": LAYERS, "num_heads": HEADS}
# Each family's own names for the same sizes, and the kind of tokenizer that it is used with.
MAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("WordPiece", _BERT),
    "roberta": ("BPE", _ROBERTA),
    "xlm-roberta": ("Unigram", _ROBERTA),
    "distilbert": (
        "WordPiece",
        {"dim": WIDTH, "hidden_dim": 2 * WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "max_position_embeddings": LIMIT},
    ),
    "mpnet": ("WordPiece", {**_SIZES, "max_position_embeddings": LIMIT + 2}),
    "deberta-v2": (
        "Unigram",
        {
            **_BERT,
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "position_biased_input": False,
            "type_vocab_size": 0,
        },
    ),
    "electra": ("WordPiece", {**_BERT, "embedding_size": WIDTH // 2}),
    "albert": ("Unigram", {**_BERT, "embedding_size": WIDTH // 2}),
    "modernbert": ("BPE", {**_SIZES, "max_position_embeddings": LIMIT, "local_attention": 16}),
    "t5": ("Unigram", _T5),
    "mt5": ("Unigram", _T5),
    "gpt2": ("BPE", {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_positions": LIMIT}),
    "llama": ("BPE", {**_SIZES, "num_key_value_heads": 2, "max_position_embeddings": LIMIT}),
}


def tiny(family: str, folder: str | Path, *, seed: int = 0) -> Path:
    """Write a random model of a real architecture into `folder` as save_pretrained does; return the folder.

    Width 32, 2 layers, at most 64 tokens, weights in safetensors, a tokenizer of eight sentences' words. The same
    seed writes the same files. Raises KeyError for a family that the catalog does not hold.
    """
    torch, transformers = need("torch"), need("transformers")
    kind, sizes = MAKES[family]
    tokenizer = _tokenizer(kind, decoder=family in ("gpt2", "llama"))
    names = ("pad_token_id", "bos_token_id", "cls_token_id", "eos_token_id", "sep_token_id")
    numbers = dict(zip(names, (0, 2, 2, 3, 3), strict=True))
    config = transformers.AutoConfig.for_model(family, vocab_size=len(tokenizer), **numbers, **sizes)
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel"}.get(family)
        made = getattr(transformers, encoder) if encoder else transformers.AutoModel.from_config
        model = made(config)
    model.eval().save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def toy_table(n: int = 200, *, seed: int = 0, task: Task = Task.MULTICLASS) -> pl.DataFrame:
    """A table with the columns text, stars (a number) and label, in which the words tell the label.

    >>> toy_table(3).columns
    ['text', 'stars', 'label']
    """
    random = generator(seed, "toy table", task)
    topics = [sentence.split() for sentence in SENTENCES[: 2 if task is Task.BINARY else 3]]
    topic_N = random.integers(len(topics), size=n)
    texts = [" ".join(random.choice(topics[topic], 6)) + f" {row}" for row, topic in enumerate(topic_N)]
    labels: list[Any]
    if task is Task.REGRESSION:
        labels = (topic_N + random.normal(0, 0.1, n)).tolist()
    elif task is Task.MULTILABEL:
        labels = [["one", "one;two", "two;three"][topic] for topic in topic_N]
    else:
        labels = [["cards", "films", "health"][topic] for topic in topic_N]
    stars = topic_N + random.normal(0, 1, n)
    return pl.DataFrame({"text": texts, "stars": np.round(stars, 2), "label": labels})


def _tokenizer(kind: str, *, decoder: bool) -> Any:
    tokenizers, transformers = need("tokenizers"), need("transformers")
    make: Callable[[], Any] = {"WordPiece": _word_piece, "BPE": _bpe, "Unigram": _unigram}[kind]
    raw = make()
    if not decoder:  # decoders read a text as it is, without a first or a last token
        raw.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    known = {} if decoder else dict(zip(names, SPECIALS, strict=True))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=LIMIT, **known)


def _pieces(first: str, later: str) -> dict[str, int]:
    """Letters, beginnings and ends of the sentences' words, with how often each occurs, in one order for ever.

    The trainers of WordPiece and Unigram break ties by the order of a hash table that is another in each process.
    """
    words = " ".join(SENTENCES).replace(",", " ,").split()
    pieces: Counter[str] = Counter()
    for word in words:
        pieces.update(mark + letter for letter in word for mark in (first, later))
        pieces.update([first + word[:4], *([later + word[4:]] if len(word) > 4 else [])])
    return dict(sorted(pieces.items()))


def _word_piece() -> Any:
    tokenizers = need("tokenizers")
    known = {piece: at for at, piece in enumerate([*SPECIALS, *_pieces("", "##")])}
    raw = tokenizers.Tokenizer(tokenizers.models.WordPiece(known, unk_token="[UNK]"))  # noqa: S106  # a token of text
    raw.normalizer = tokenizers.normalizers.BertNormalizer()
    raw.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return raw


def _bpe() -> Any:
    tokenizers = need("tokenizers")
    raw = tokenizers.Tokenizer(tokenizers.models.BPE())
    raw.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIALS, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(SENTENCES, trainer)
    return raw


def _unigram() -> Any:
    tokenizers = need("tokenizers")
    pieces = _pieces("\u2581", "")
    total = sum(pieces.values())
    scored = [(piece, math.log(times / total)) for piece, times in pieces.items()]
    raw = tokenizers.Tokenizer(tokenizers.models.Unigram([*[(each, 0.0) for each in SPECIALS], *scored], unk_id=1))
    raw.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    return raw
