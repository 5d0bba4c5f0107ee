"""Runs N seeds in one process and prints resident growth after the first, and the peak, in MB.

As with the entrypoint, a single run draws its figures and the runs of a sweep do not.
"""

import resource
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.run import runner
from fmnist_exp.train import draw_figures


def resident_megabytes() -> float:
    """What the process holds in memory now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    """Train the seeds one after the other, as a sweep does."""
    folder, num_runs, *settings = sys.argv[1:]
    after = []
    for seed in range(int(num_runs)):
        with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
            config = parse(compose("config", [*settings, f"seed={seed}"], return_hydra_config=True))
        choices = {"initializer": "glorot_uniform"}
        runner.run(config, Path(folder) / str(seed), choices)
        if num_runs == "1":
            draw_figures(Path(folder) / str(seed))
        after.append(resident_megabytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(after[-1] - after[0], peak)


if __name__ == "__main__":
    main()
