"""What does a command cost: seconds and peak memory, its children included?"""
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_bytes: int
    output: bytes


def run(command, text="", accepted=(0,), env=None):
    """Runs to the end of the process. Ends the benchmark if it fails, because a table with a hole says nothing."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=env)
        process.stdin.write(text.encode())
        process.stdin.close()
        output = process.stdout.read()
        # Not `wait`: the kernel's account of the process comes with its end.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode not in accepted:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-3000:]
            sys.exit(f"{' '.join(command[:4])} … ended with {process.returncode}:\n{said}{output[-2000:].decode(errors='replace')}")
    return Cost(seconds, usage.ru_maxrss * 1024, output)


def folder_bytes(folder):
    """What files hold, not what a file system rounds it up to."""
    return sum(os.path.getsize(os.path.join(at, file)) for at, _, files in os.walk(folder) for file in files)


def machine():
    """What the figures were measured on."""
    model = "unknown processor"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as info:
            model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": " ".join((os.uname().sysname, os.uname().release, os.uname().machine)),
        # Above nothing: somebody else was at work.
        "load_before": round(os.getloadavg()[0], 2),
        "measured": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
