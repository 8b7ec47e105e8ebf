"""What has to be there before anything is measured: binaries, the peers' packages, the corpus, folders."""
import glob
import os
import subprocess
import sys
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = ["duckdb", "chdb"]


class Workspace:
    def __init__(self, work, binaries, raw_size, seed):
        self.work = os.path.abspath(work)
        self.binaries = os.path.abspath(binaries)
        self.raw_size, self.seed = raw_size, seed
        name = f"{raw_size}-{seed}"
        self.logs = os.path.join(self.work, f"logs-{name}")
        self.stores = os.path.join(self.work, f"stores-{name}")
        self.results = os.path.join(self.work, f"results-{name}.json")
        self.python = os.path.join(self.work, "venv", "bin", "python")
        self.trailmere = os.path.join(self.binaries, "trailmere")
        os.makedirs(self.stores, exist_ok=True)

    def prepare(self):
        self.build()
        if not os.path.exists(self.python):
            say("installing the peers")
            venv.create(os.path.join(self.work, "venv"), with_pip=True)
            subprocess.run([self.python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        self.generate()

    def build(self):
        if all(os.path.exists(os.path.join(self.binaries, name)) for name in ("trailmere", "trailmere-testgen")):
            return
        if self.binaries != os.path.join(ROOT, "target", "release"):
            sys.exit(f"there are no binaries in {self.binaries}")
        say("building the release binaries")
        subprocess.run(["cargo", "build", "--release", "--workspace", "--bins"], cwd=ROOT, check=True)

    def generate(self):
        """A month of twenty accounts. Written beside and renamed, so that a corpus is whole or not there."""
        if os.path.exists(self.logs):
            return
        say(f"generating {self.raw_size} of logs")
        generator, beside = os.path.join(self.binaries, "trailmere-testgen"), self.logs + ".part"
        subprocess.run(["rm", "-rf", beside], check=True)
        shape = ["--days", "30", "--accounts", "20"]
        size = ["--seed", str(self.seed), "--raw-size", self.raw_size]
        subprocess.run([generator, "--out", beside, *size, *shape], check=True, stdout=sys.stderr)
        os.rename(beside, self.logs)

    def log_files(self):
        return glob.glob(f"{self.logs}/**/*.json.gz", recursive=True)

    def versions(self):
        """Of the peers."""
        listed = subprocess.run([self.python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True)
        return [line for line in listed.stdout.split() if line.split("==")[0] in (*PACKAGES, "chdb-core")]


def say(text):
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)
