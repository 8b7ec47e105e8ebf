"""The tables."""
import statistics

# No question may take longer than so many times the better peer.
LIMIT = 1.5


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ingestion(contestants, figures, gzip_bytes):
    measured = [one for one in contestants if one.name in figures]
    raw = next((f["raw_bytes"] for f in figures.values() if "raw_bytes" in f), 0)
    peers = [figures[one.name]["seconds"] for one in measured if not one.ours]
    rows = []
    for one in measured:
        f = figures[one.name]
        speed = "–" if f.get("upkeep") or not raw else f"{raw / 1e6 / f['seconds']:.0f}"
        ratio = "–" if f.get("upkeep") or not peers else f"{min(peers) / f['seconds']:.2f}"
        upkeep = f.get("settle_seconds", f["seconds"] if f.get("upkeep") else 0)
        seconds = "–" if f.get("upkeep") else f"{f['seconds']:.1f}"
        peak, stored = f"{f['peak_bytes'] / 1e9:.2f}", f"{f['stored_bytes'] / gzip_bytes:.2f}"
        rows.append([one.label, seconds, speed, ratio, peak, stored, f"{upkeep:.1f}" if upkeep > 0.05 else "–"])
    heads = ["who", "seconds", "raw MB/s", "speed against the faster peer", "peak memory, GB", "stored / gzip", "upkeep afterwards, s"]
    return table(heads, rows)


def geometric(values):
    return statistics.geometric_mean(values) if values else float("nan")


def better_peer(contestants, times, measure):
    peers = [measure(times[one.name]) for one in contestants if not one.ours]
    return min(peers) if peers else None


def queries(contestants, seconds, measure):
    """One line a question, milliseconds; then the ratio of each of ours to the better peer of that question."""
    ours = [one for one in contestants if one.ours]
    rows, ratios = [], {one.name: [] for one in ours}
    for question, times in seconds.items():
        row = [question] + [f"{measure(times[one.name]) * 1e3:.1f}" for one in contestants]
        peer = better_peer(contestants, times, measure)
        for one in ours:
            ratio = measure(times[one.name]) / peer if peer else float("nan")
            ratios[one.name].append(ratio)
            row.append(f"**{ratio:.2f}**" if ratio > LIMIT else f"{ratio:.2f}")
        rows.append(row)
    means = [geometric([measure(times[one.name]) for times in seconds.values()]) * 1e3 for one in contestants]
    last = ["geometric mean"] + [f"{mean:.1f}" for mean in means] + [f"{geometric(ratios[one.name]):.2f}" for one in ours]
    heads = ["question, ms"] + [one.label for one in contestants] + [f"{one.label} / better peer" for one in ours]
    above = [f"{one.label} {sum(ratio > LIMIT for ratio in ratios[one.name])}" for one in ours]
    counted = f"\nQuestions above {LIMIT} times the better peer, of {len(rows)}: {', '.join(above)}.\n" if above else ""
    return table(heads, rows + [[f"**{cell}**" for cell in last]]) + counted


def whole(contestants, results):
    facts = results["machine"]
    parts = [
        f"# {results['raw_size']} of raw JSON, seed {results['seed']}: {results['log_files']} log files, {results['gzip_bytes'] / 1e6:.0f} MB gzip\n",
        f"{facts['cores']} × {facts['processor']}, {facts['memory_gb']} GB, {facts['system']}; load before: {facts['load_before']};"
        f" {facts['measured']}; {', '.join(results['versions'])}\n",
    ]
    if results.get("ingest"):
        parts += ["## Ingestion\n", ingestion(contestants, results["ingest"], results["gzip_bytes"])]
    for key, title in (("hot", "One long-lived process each"), ("fresh", "A new process for each statement (the peers without the start of Python)")):
        if results.get(key):
            runs = len(next(iter(next(iter(results[key].values())).values())))
            parts += [f"## {title}: median of {runs}\n", queries(contestants, results[key], statistics.median)]
            parts += [best_line(contestants, results[key])]
    return "\n".join(parts)


def best_line(contestants, seconds):
    """The same by each contestant's best run, which is less moved by whatever else the machine does."""
    means = [(one, geometric([min(times[one.name]) for times in seconds.values()]) * 1e3) for one in contestants]
    return "Geometric mean of the best runs, ms: " + ", ".join(f"{one.label} {mean:.1f}" for one, mean in means) + "\n"
