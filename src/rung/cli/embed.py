"""`rung embed`: features for your own model."""

from typing import Annotated, Optional

import typer

from rung.cli.options import Data
from rung.cli.show import aside, fitted
from rung.cli.watch import waiting


def command(
    data: Data,
    out: Annotated[str, typer.Option("-o", "--out", help="Where to write: .npy or .parquet.")],
    backbone: Annotated[
        Optional[str],
        typer.Option(help="A catalog id, a folder, a state dict, hf:owner/name, timm:name, onnx:FILE or run:RUN."),
    ] = None,
    column: Annotated[Optional[str], typer.Option(help="The text column, when there are several.")] = None,
) -> None:
    """Write the backbone's features of a text column."""
    from rung.recipes.embed import embed

    with waiting(f"Reading {data}") as tell:
        vectors = embed(data, backbone=backbone, column=column, out=out, tell=tell)
    said = fitted(f"{vectors.shape[0]:,} rows x {vectors.shape[1]} features: {out}", [out])
    aside().print(said, soft_wrap=True)
