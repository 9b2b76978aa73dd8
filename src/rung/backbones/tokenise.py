"""Texts become token ids, cut at the backbone's limit, and what was cut is said."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rung.backbones.settings import Settings
from rung.core.contracts import Prepared
from rung.core.pieces import Pieces

TOKENIZER_FILES = (
    "added_tokens.json",
    "merges.txt",
    "sentence_bert_config.json",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)
MANY, FEW = 3, 3  # pieces of a word, and letters a piece below which they say little
CYRILLIC_ENDS = "\u0530"  # the alphabets of Europe stand before
CHARACTERS_A_TOKEN = 64  # far above what real text needs to fill a token; a 10 MB cell is cut here first


class Tokeniser:
    """A fast tokenizer with its truncation set by Rung, not by chance of what its file says.

    pad: the id that fills up a batch. empty: the id that stands for a text without any token.
    """

    def __init__(self, tokenizer: Any, settings: Settings, pad: int | None) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        backend = tokenizer.backend_tokenizer
        backend.no_padding()
        backend.enable_truncation(settings.limit)
        self._encode = backend.encode_batch_fast
        self.pad: int = _first(tokenizer.pad_token_id, pad, 0)
        self.empty: int = _first(tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.bos_token_id, self.pad)

    def __call__(self, texts: Sequence[str]) -> Prepared:
        """Token ids a text, special tokens included, and which texts lost their end."""
        most = self._settings.limit * CHARACTERS_A_TOKEN
        found = self._encode([self._read(text[:most]) for text in texts])
        cut = np.fromiter((bool(each.overflowing) for each in found), np.bool_, len(found))
        cut |= np.fromiter((len(text) > most for text in texts), np.bool_, len(texts))
        # A decoder's tokenizer gives an empty text no token at all.
        return Prepared(tuple(each.ids or [self.empty] for each in found), cut)

    def pieces(self, texts: Sequence[str]) -> Pieces:
        """How many tokens are unknown, and how many words are broken into three pieces or more of under three letters.

        Words in letters other than Latin, Greek and Cyrillic may hold a word a letter: broken is what takes more than
        one piece a letter there.
        """
        tokens = unknown = words = broken = 0
        read = [self._read(text[: self._settings.limit * CHARACTERS_A_TOKEN]) for text in texts]
        for text, found in zip(read, self._tokenizer.backend_tokenizer.encode_batch(read), strict=True):
            count: Counter[int] = Counter()
            span: dict[int, tuple[int, int]] = {}
            for token, word, (start, end), special in zip(
                found.ids, found.word_ids, found.offsets, found.special_tokens_mask, strict=True
            ):
                if special or word is None:
                    continue
                tokens += 1
                unknown += token == self._tokenizer.unk_token_id
                count[word] += 1
                span[word] = min(start, span.get(word, (start, end))[0]), max(end, span.get(word, (start, end))[1])
            for word, pieces in count.items():
                letters = text[slice(*span[word])].strip()
                if letters.isalpha():
                    words += 1
                    broken += pieces >= MANY and len(letters) < pieces * (FEW if letters[0] < CYRILLIC_ENDS else 1)
        return Pieces(tokens, unknown, words, broken)

    def _read(self, text: str) -> str:
        text = self._settings.prompt + (text.lower() if self._settings.lower else text)
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates: tokenizers take valid Unicode alone
            return text.encode("utf-8", "replace").decode("utf-8")
        return text


def tokenizer_files(folder: Path) -> tuple[Path, ...]:
    """Files of a backbone folder that decide how a text is read."""
    return tuple(folder / name for name in TOKENIZER_FILES if (folder / name).is_file())


def save(folder: Path, into: Path, tokenizer: Any) -> None:
    """Copy the tokenizer's own files, bit for bit; one that has no tokenizer.json is also written as such."""
    into.mkdir(parents=True, exist_ok=True)
    for path in tokenizer_files(folder):
        shutil.copyfile(path, into / path.name)
    if not (into / "tokenizer.json").is_file():
        tokenizer.save_pretrained(into)


def _first(*known: int | None) -> int:
    return next(number for number in known if number is not None and number >= 0)
