"""`rung predict`: new rows through a run."""

from typing import Annotated

import typer

from rung.cli.options import Data, RunFolder
from rung.cli.show import aside, fitted
from rung.cli.watch import waiting


def command(
    run: RunFolder,
    data: Data,
    out: Annotated[str, typer.Option("-o", "--out", help="Where to write: .csv, .tsv, .parquet or .jsonl.")],
) -> None:
    """Predict new rows with a run."""
    from rung.core.types import Finding
    from rung.recipes.predict import predict

    with waiting(f"Reading {data}") as tell:
        noticed: list[Finding] = []
        table = predict(run, data, out=out, tell=tell, notice=noticed.append)
    failed = int((table["error"] != "").sum()) if "error" in table.columns else 0
    console = aside()
    console.print(fitted(f"{len(table):,} rows predicted: {out}", [out]), soft_wrap=True)
    for finding in noticed:
        console.print(fitted(f"Warning: {finding.what}; they are predicted all the same."), soft_wrap=True)
    if failed:
        console.print(f"Warning: {failed:,} rows could not be read; their reasons stand in the column error.")
