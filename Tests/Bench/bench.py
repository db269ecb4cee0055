"""Measures tieconv against cp, memory bandwidth, safetensors.torch and transformers, as ratios.

Both sides of a ratio run in turn, A B A B, in this one run; medians are printed. Models are made on
first use in $BENCH_MODELS (.build/bench-models). usage: bench.py [--tieconv FILE] [--only WORD]
[--repeats N] [--strict] [--skip-20gb]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import compress
import make_models
import measure
import pytorch

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).with_name("peers.py")


class Bench:
    """The measurements; each adds rows (what, goal, result, reached) to the table."""

    def __init__(self, options):
        self.options = options
        self.tieconv = Path(options.tieconv).resolve()
        self.models = Path(os.environ.get("BENCH_MODELS", ROOT / ".build/bench-models"))
        # Beside the models, so that both sides of a copy are on one disk.
        self.out = self.models / "bench-output"
        self.rows = []

    def model(self, name):
        return make_models.model(self.models, name)

    def add(self, what, goal, result, reached=None):
        mark = {True: "yes", False: "NO", None: ""}[reached]
        self.rows.append((what, goal, result, mark))
        print(f"  {what}: {result} (goal {goal}) {mark}", file=sys.stderr, flush=True)

    def command(self, *arguments):
        return measure.run([self.tieconv, *arguments], expected=(0, 1))

    def writing(self, command, source, *flags):
        measure.discard(self.out)
        done = self.command(command, source, "-o", self.out, *flags)
        if not self.out.exists():
            sys.exit(f"{command} {source}: exit {done.status} and no output")
        return done

    def copies(self):
        """Tie and untie against cp and sync of as many bytes as they write."""
        tied, untied = self.model("smol-tied-f32"), self.model("smol-untied-f32")
        sharded = self.model("smol-untied-f32-sharded")
        for source in (tied, untied, sharded):
            measure.warm(source)
        for what, command, source, same_bytes in (
            ("tie", "tie", untied, tied), ("tie, 6 shards", "tie", sharded, tied),
            ("untie", "untie", tied, untied),
        ):
            for flags, goal in ((("--no-verify",), 1.1), ((), 1.6)):
                ours, cp, ratio = measure.paired(
                    lambda: self.writing(command, source, *flags).seconds,
                    lambda: measure.copied_and_synced(same_bytes, self.out),
                    self.options.repeats)
                label = "unverified" if flags else "verified"
                self.add(f"{what}, {label} ÷ cp and sync", f"≤ {goal}",
                         f"{ratio:.2f} ({ours:.2f} s ÷ {cp:.2f} s)", ratio <= goal)
        measure.discard(self.out)

    def peers(self):
        """Tie against what people do in Python today (which does not sync)."""
        source = self.model("smol-untied-f32")
        measure.warm(source)

        inner = []

        def peer(mode):
            measure.discard(self.out)
            start = time.perf_counter()
            inner.append(float(subprocess.check_output(
                [sys.executable, PEERS, mode, source, self.out], stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1"})))
            return time.perf_counter() - start

        for mode, name in (("script", "safetensors.torch"), ("transformers", "transformers")):
            theirs, ours, ratio = measure.paired(
                lambda: peer(mode), lambda: self.writing("tie", source).seconds,
                max(3, self.options.repeats // 2))
            self.add(f"{name} ÷ tie, verified and synced", "> 1",
                     f"{ratio:.2f} ({theirs:.2f} s, {statistics.median(inner):.2f} s of it after "
                     f"imports, ÷ {ours:.2f} s)", ratio > 1)
            inner.clear()
        measure.discard(self.out)

    def compare(self):
        """Comparing E with W, as a share of memory read bandwidth on two threads."""
        for name, what, goal in (("pair", "compare E with W", 0.8),
                                 ("pair-transposed", "compare transposed", 0.5)):
            source = self.model(name)
            measure.warm(source)
            size = 2 * 131072 * 2048 * 2
            shares, speeds = [], []
            for _ in range(self.options.repeats):
                with_compare = self.command("inspect", source, "--threads", 2).seconds
                without = self.command("inspect", source, "--no-compare").seconds
                limit = measure.bandwidth()
                speeds.append(size / max(with_compare - without, 1e-6))
                shares.append(speeds[-1] / limit)
            share = statistics.median(shares)
            # Faster than memory means that nothing was read: no success.
            self.add(f"{what} ÷ memory read bandwidth", f"≥ {goal}",
                     f"{share:.2f} ({statistics.median(speeds) / 1e9:.1f} GB/s)",
                     goal <= share < 1.5)
        source = self.model("pair-first-row")
        measure.warm(source)

        def refused():
            done = self.command("tie", source, "-o", self.out)
            if done.status != 1:
                sys.exit(f"tie of a conflict: exit {done.status}")
            return done.seconds

        ours, _, ratio = measure.paired(
            refused, lambda: self.command("inspect", source, "--no-compare").seconds,
            self.options.repeats)
        self.add("refusing a difference in row 0 of 1 GiB", "≤ 50 ms",
                 f"{ours * 1e3:.1f} ms ({ratio:.1f} × no comparison)", ours <= 0.05)

    def headers(self):
        """100,000 tensors in 200 shards, headers only."""
        source = self.model("sparse-100k")
        self.command("inspect", source, "--no-compare")
        runs = [self.command("inspect", source, "--no-compare") for _ in range(5)]
        seconds = statistics.median(done.seconds for done in runs)
        rss = max(done.rss_mib for done in runs)
        self.add("inspect 100,000 tensors in 200 shards", "≤ 0.5 s", f"{seconds:.2f} s",
                 seconds <= 0.5)
        self.add("  its peak memory", "≤ 150 MiB", f"{rss:.0f} MiB", rss <= 150)

    def start(self):
        """Start-up of the binary, against a program that does nothing."""
        ours, true, _ = measure.paired(
            lambda: self.command("--version").seconds, lambda: measure.run(["true"]).seconds, 41)
        self.add("start-up", "< 15 ms", f"{ours * 1e3:.1f} ms (`true`: {true * 1e3:.1f} ms)",
                 ours < 0.015)

    def memory(self):
        """Peak memory of tie, untie and verify, small and large."""
        names = [("0.6 GB", "smol-untied-f32")]
        if self.options.skip_20gb:
            self.add("memory at 20 GB", "≤ 128 MiB", "skipped", None)
        elif shutil.disk_usage(self.models).free < 50e9:
            self.add("memory at 20 GB", "≤ 128 MiB", "skipped: less than 50 GB free", None)
        else:
            names.append(("20 GB", "sparse-20gb"))
        back = self.models / "bench-output-back"
        for label, name in names:
            source = self.model(name)
            measure.discard(back)
            peaks = {"tie": self.writing("tie", source).rss_mib}
            peaks["untie"] = self.command("untie", self.out, "-o", back).rss_mib
            measure.discard(back)
            peaks["verify A B"] = self.command("verify", source, self.out).rss_mib
            for what, rss in peaks.items():
                self.add(f"peak memory of {what}, {label}", "≤ 128 MiB", f"{rss:.0f} MiB",
                         rss <= 128)
        measure.discard(self.out)

    def container(self):
        """The container against zipnn and zstd."""
        compress.section(self)

    def pytorch(self):
        """Opening a PyTorch file of 5 GB."""
        pytorch.section(self)

    def table(self):
        """One aligned table."""
        rows = [("what", "goal", "result", "reached"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tieconv", default=ROOT / ".build/release/tieconv")
    parser.add_argument("--only", action="append",
                        help="copies peers compare headers start memory container pytorch")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--skip-20gb", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    bench = Bench(parser.parse_args())
    for name in bench.options.only or ("start", "headers", "compare", "copies", "peers", "memory",
                                       "container", "pytorch"):
        getattr(bench, name)()
    print(bench.table())
    sys.exit(bench.options.strict and any(row[3] == "NO" for row in bench.rows))


if __name__ == "__main__":
    main()
