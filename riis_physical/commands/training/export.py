"""`riis-physical export` and `release`: from a training run to a model that ships."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("export", short_help="Store a training run's weights as a model, or as ONNX files.")
@click.argument("sources", nargs=-1, metavar="[RUN|MODEL]...")
@common.file_option("-o", "--output", help="NAME.safetensors; the record goes to NAME.json.")
@click.option(
    "--onnx",
    is_flag=True,
    help="Write the reading side of each MODEL beside its weights, for reading without torch.",
)
@common.force_option
def command(sources: tuple[str, ...], output: Path | None, onnx: bool, force: bool) -> None:
    """Store the averaged weights of RUN in half precision, with their checksum and record.

    A released model is never replaced, not even with --force.

    With --onnx, write ONNX files of each MODEL, a shipped name or a .safetensors file, beside
    it; without one, of all that ships: models, the detector and the close look.

    Example: riis-physical export runs/print -o mine.safetensors
    """
    if onnx:
        if output is not None:
            raise click.UsageError("--onnx writes beside the weights: leave --output away.")
        _write_onnx(sources, force=force)
        return
    if len(sources) != 1 or output is None:
        raise click.UsageError("Give one training run and --output FILE, or --onnx.")
    from training.hiding.export import export

    record = export(Path(sources[0]), output, force=force)
    common.tell(f"model   {output} ({record['parameters']} parameters)")
    common.tell(f"step    {record['training']['step']}")
    common.tell(f"budget  {record['budget']}")
    common.tell(f"sha256  {record['sha256']}")


def _write_onnx(names: tuple[str, ...], *, force: bool) -> None:
    from riis_physical.errors import needs

    needs("train", "torch", "onnx")
    from training.onnx.export import export_onnx, shipped

    total = 0
    for name in names or shipped():
        for one in export_onnx(name, force=force):
            total += one.size
            kernels = ", ".join(f"{count} {kind}" for kind, count in one.kernels.items() if count)
            common.tell(
                f"{one.file.name:<28}{one.size / 1e6:>6.2f} MB  kernels {kernels}; "
                f"at most {one.difference:.1g} from torch"
            )
    common.tell(f"{'in all':<28}{total / 1e6:>6.2f} MB")


@click.command("release", short_help="Write measured figures into a model's record.")
@click.argument("weights", type=common.PATH)
@common.file_option(
    "--results",
    required=True,
    help="JSON of riis-physical measure reading of these weights at strength 1, or of measure "
    "pictures for a model of pictures.",
)
def release(weights: Path, results: Path) -> None:
    """Mark WEIGHTS as released: their name is never given to other weights again.

    The evaluation must be of these very weights and of the whole pipeline: at
    least 300 captures of preset normal, prints and screens mixed, corners
    detected, widths as the preset draws them. A model of pictures needs 12 hosts and all
    distortions.

    Example: riis-physical release mine.safetensors --results mine.json
    """
    from training.hiding.release import release as write_release

    record = write_release(weights, results)
    measured = record["measured"]
    common.tell(f"released   {record['name']}")
    if "secret_db" in measured:
        common.tell(f"container  {measured['container_db']:.2f} dB, {measured['hosts']} hosts")
        for distortion, by_level in measured["secret_db"].items():
            common.tell(f"{distortion:<10} secret {by_level['told']:.2f} dB")
        return
    common.tell(f"decodes    {measured['decode']['hits']} of {measured['decode']['trials']}")
    common.tell(f"reads from {measured['min_px_per_module']} photo px per module")
