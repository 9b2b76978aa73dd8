"""The text side of a backbone that was trained on pairs of image and text: what it makes of the names of classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import transformers

from rung.backbones.catalog import Family
from rung.backbones.reading import VOCABULARIES, read, read_tokenizer
from rung.backbones.source import Source
from rung.core.contracts import Prompted

PAIRED = ("clip", "siglip")
TEMPLATES = ("a photo of a {}.", "a picture of a {}.", "{}")


@dataclass(frozen=True)
class TextSide:
    """The other half of a paired checkpoint, read when class names are asked for."""

    source: Source
    family: Family

    @property
    def here(self) -> bool:
        """Whether the family has one and the folder its tokenizer."""
        files = (self.source.folder / name for name in VOCABULARIES)
        return self.family.name in PAIRED and any(path.is_file() for path in files)

    def __call__(self, names: Sequence[str]) -> Prompted:
        """Mean direction of the templates of each name, the projection of images, and the scale of cosines.

        Source: Radford et al. 2021, Learning Transferable Visual Models, section 3.1.4, for prompts and their mean.
        """
        model = read(
            self.source,
            lambda: transformers.AutoModel.from_pretrained(
                self.source.folder, use_safetensors=True, local_files_only=True
            ),
        ).eval()
        tokenizer = read_tokenizer(self.source)
        width = model.config.text_config.max_position_embeddings
        found = []
        with torch.inference_mode():
            for name in names:
                said = [template.format(name.replace("_", " ")) for template in TEMPLATES]
                # SigLIP learnt from texts filled up to its width; CLIP reads to the end of each.
                padding = "max_length" if self.family.name == "siglip" else True
                tokens = tokenizer(said, padding=padding, truncation=True, max_length=width, return_tensors="pt")
                out = model.get_text_features(
                    **{key: tokens[key] for key in ("input_ids", "attention_mask") if key in tokens}
                )
                each = getattr(out, "pooler_output", out)
                mean = torch.nn.functional.normalize(each, dim=-1).mean(0)
                found.append((mean / mean.norm()).numpy())
        projection = getattr(model, "visual_projection", None)
        wide = np.eye(len(found[0]), dtype=np.float32) if projection is None else projection.weight.detach().numpy().T
        return Prompted(np.ascontiguousarray(wide), np.stack(found, axis=1), float(model.logit_scale.detach().exp()))
