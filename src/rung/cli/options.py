"""Options that several verbs share."""

from typing import Annotated

import typer

Data = Annotated[
    str, typer.Argument(help="A table (.csv .tsv .jsonl .parquet .arrow .xlsx .npz, .gz .zst too) or a folder.")
]
RunFolder = Annotated[str, typer.Argument(metavar="RUN", help="A folder made by rung fit.")]
Target = Annotated[str | None, typer.Option(help="The column to predict.")]
Group = Annotated[str | None, typer.Option(help="Rows of one group stay on one side of every split.")]
Time = Annotated[str | None, typer.Option(help="A datetime column: the newest rows are the test.")]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME=ROLE", help="Override a column's role; may be repeated."),
]
Task = Annotated[str | None, typer.Option(help="binary, multiclass, multilabel or regression.")]
Workers = Annotated[int | None, typer.Option(help="CPU threads to use.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
MaxLatency = Annotated[
    str | None, typer.Option(metavar="TIME", help="Refuse backbones that take longer for one row here, such as 5ms.")
]
MaxSize = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Refuse backbones whose files are larger, such as 100MB.")
]
Licence = Annotated[str | None, typer.Option(help="Only permissive ones, or licences whose name holds this.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Seed = Annotated[int, typer.Option(help="The seed of every draw.")]
