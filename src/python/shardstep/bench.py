"""Measures the loop over batches in Python beside the C loader with the same options.

    python3 -m shardstep.bench fashion.h5 --fields train/images,train/labels --batch 64 --ahead 4 --threads 2

The C loader is measured by the program `shardstep bench`: that of a wheel, or the first in PATH, or --program. The two
are measured in turns, and the medians of the rates and of the ratios of neighbours are printed. The CPU seconds that
1000 samples take, over all threads, hardly depend on what else the machine does: on a busy machine compare these.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any

from . import Loader, Run, library
from ._library import FOLDER

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def python_rate(loader: Loader, seconds: float) -> tuple[float, float]:
    """Samples a second of a loop that takes the arrays of each batch, and CPU seconds for 1000 samples."""
    rows, begin, cpu = 0, time.perf_counter(), time.process_time()
    while True:
        for batch in loader:
            arrays = tuple(batch)
            rows += batch.rows
        took = time.perf_counter() - begin
        if took >= seconds:
            del batch, arrays
            return rows / took, (time.process_time() - cpu) / rows * 1000


def c_rate(program: str, given: argparse.Namespace, batch: int) -> tuple[float, float]:
    """The same two numbers, of `shardstep bench`."""
    command = [program, "bench", given.file, "--json", "--fields", given.fields, "--augment", given.augment,
               "--batch", str(batch), "--ahead", str(given.ahead), "--threads", str(given.threads),
               "--seconds", str(given.seconds)]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{program} bench has failed")
    found = json.loads(done.stdout)
    return found["samples_per_s"], found["cpu_s_per_1000"]


def medians(of: str, measured: list[tuple[float, float]]) -> dict[str, float]:
    rates, cpu = zip(*measured)
    return {f"{of}_samples_per_s": statistics.median(rates), f"{of}_cpu_s_per_1000": statistics.median(cpu)}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python3 -m shardstep.bench", description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    arguments.add_argument("file")
    arguments.add_argument("--fields", default="train/images,train/labels")
    arguments.add_argument("--augment", default=AUGMENT)
    arguments.add_argument("--batch", default="64,256", help="one batch size or several (64,256)")
    arguments.add_argument("--ahead", type=int, default=4)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--seconds", type=float, default=2.0, help="of each measurement (2)")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--program", help="the program shardstep; `none`: only Python is measured")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()

    own = os.path.join(FOLDER, "lib", "shardstep")
    program = given.program or (own if os.path.exists(own) else shutil.which("shardstep"))
    if program == "none":
        program = None
    elif not program:
        print("there is no program `shardstep`: only Python is measured", file=sys.stderr)
    results = []
    for batch in [int(word) for word in given.batch.split(",")]:
        with Run(report=None) as run:
            loader = run.dataset(given.file, given.fields).loader(
                batch=batch, ahead=given.ahead, threads=given.threads, augment=given.augment
            )
            for _ in loader:  # the first epoch reads the file
                pass
            of_python: list[tuple[float, float]] = []
            of_c: list[tuple[float, float]] = []
            for _ in range(given.rounds):
                of_python.append(python_rate(loader, given.seconds))
                if program:
                    of_c.append(c_rate(program, given, batch))
            result: dict[str, Any] = {"batch": batch, "library": library, **medians("python", of_python)}
            if program:
                result.update(medians("c", of_c))
                result["ratio"] = statistics.median(p[0] / c[0] for p, c in zip(of_python, of_c))
                result["cpu_ratio"] = statistics.median(c[1] / p[1] for p, c in zip(of_python, of_c))
            results.append(result)
            loader.close()
        if not given.json:
            text = f"batch {batch}: Python {result['python_samples_per_s']:.0f} samples/s"
            if program:
                text += f", C {result['c_samples_per_s']:.0f}, ratio {result['ratio']:.2f}; CPU seconds for 1000 "
                text += f"samples: Python {result['python_cpu_s_per_1000']:.5f}, C {result['c_cpu_s_per_1000']:.5f}, "
                text += f"ratio {result['cpu_ratio']:.2f}"
            print(text, flush=True)
    if given.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
