"""What the process pool is worth: the same copies made by one process and by all. Prints JSON.

    python -m bench.bench_steps [PICTURES]

Both are measured in this run, by turns; the best round of each counts, because a machine that does
other things too is never too fast. The start-up of the processes is included. The copies of both
are compared byte for byte.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import PIL.Image

from farm.model.presets import preset_size
from farm.model.recipes import Recipe, Resize, parse_formats
from farm.steps.orders import Fate, carry_out, find_pictures, orders_of
from farm.steps.pool import cores, spread

PICTURES = 16  # for each core: the start of the processes is a few of them
ROUNDS = 2
WIDTH, HEIGHT = 1408, 768  # as Gemini makes them
RECIPE = Recipe(resize=Resize.COVER, formats=parse_formats("webp avif"))


def put_pictures(folder: Path, count: int) -> None:
    """Noise on a gradient: neither a codec's best nor its worst case."""
    ground = PIL.Image.radial_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB")
    for number in range(count):
        noise = PIL.Image.effect_noise((WIDTH, HEIGHT), 20 + number).convert("RGB")
        PIL.Image.blend(ground, noise, 0.3).save(folder / f"{number}.png", compress_level=1)


def measured(originals: Path, out: Path, processes: int) -> tuple[float, list[str]]:
    """Seconds, and the copies' checksums."""
    pictures = find_pictures([originals])
    orders = orders_of(pictures, RECIPE, sizes={"og": preset_size("og")}, out=out)
    began = time.perf_counter()
    fates: list[Fate] = [fate for _, fate in spread(carry_out, orders, processes=processes)]
    seconds = time.perf_counter() - began
    assert not any(fate.problem for fate in fates)
    return seconds, sorted(file.sha256 for fate in fates for file in fate.files)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES * cores()
    with tempfile.TemporaryDirectory() as name:
        originals = Path(name) / "originals"
        originals.mkdir()
        put_pictures(originals, count)
        rounds = [
            (processes, *measured(originals, Path(name) / f"{number}-{processes}", processes))
            for number in range(ROUNDS)
            for processes in (1, cores())
        ]
    alone = min(seconds for processes, seconds, _ in rounds if processes == 1)
    together = min(seconds for processes, seconds, _ in rounds if processes == cores())
    copies = [sums for _, _, sums in rounds]
    print(
        json.dumps(
            {
                "pictures": count,
                "copies": len(copies[0]),
                "rounds": ROUNDS,
                "cores": cores(),
                "one_process_seconds": round(alone, 2),
                "pool_seconds": round(together, 2),
                "pictures_per_second": round(count / together, 2),
                "speedup": round(alone / together, 2),
                "cores_busy": round(alone / together / cores(), 2),
                "same_bytes": int(all(sums == copies[0] for sums in copies)),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
