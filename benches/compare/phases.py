"""The three things that are measured: ingestion, statements in a long-lived process, statements in new processes.

Contestants take turns within each run, beginning with another one each time, so that what else goes on in the machine
and what its caches hold falls on all alike.
"""
import os
import shutil
import statistics

from agree import difference
from workspace import say


def turns(contestants, run):
    start = run % len(contestants)
    return contestants[start:] + contestants[:start]


def ingest(contestants, runs):
    """The best run of each. The maintained lake is made of the one ingested before it, so the order is fixed."""
    best = {}
    for run in range(runs):
        for one in contestants:
            shutil.rmtree(one.store, ignore_errors=True)
            os.makedirs(one.store)
            # What the one before left to be written is not this one's to wait for.
            os.sync()
            figures = one.ingest()
            say(f"ingest, run {run + 1}: {one.label}: {figures['seconds']:.1f} s")
            if one.name not in best or figures["seconds"] < best[one.name]["seconds"]:
                best[one.name] = figures
    return best


def hot(contestants, questions, needles):
    """Seconds of each run, by question and contestant, and where answers differ."""
    for one in contestants:
        one.open()
    seconds, quarrels = {}, []
    for question in questions:
        try:
            seconds[question.name] = hot_question(contestants, question, needles)
            quarrels += quarrel(contestants, question, needles)
        except RuntimeError as error:
            quarrels.append(f"{question.name}: {error}")
        tell("hot", question, seconds)
    for one in contestants:
        one.close()
    return seconds, quarrels


def hot_question(contestants, question, needles):
    times = {one.name: [] for one in contestants}
    for run, needle_set in enumerate(needles):
        for one in turns(contestants, run):
            taken = one.hot(question.sql(one.dialect, needle_set), bool(question.whole_rows))
            # The first is the warm-up.
            if run > 0:
                times[one.name].append(taken)
    return times


def quarrel(contestants, question, needles):
    """After the clock has stopped: does everybody say the same, for every needle?"""
    found, asked = [], set()
    for needle_set in needles:
        statement = question.sql("trailmere", needle_set)
        if statement in asked:
            continue
        asked.add(statement)
        answers = [one.rows(question.sql(one.dialect, needle_set)) for one in contestants]
        if question.whole_rows and not answers[0][1]:
            found.append(f"{question.name}: nothing was found, so nothing was compared")
        for one, answer in zip(contestants[1:], answers[1:]):
            if said := difference(question, answers[0], answer):
                found.append(f"{question.name}: {contestants[0].label} and {one.label} differ: {said}\n  {statement}")
    return found


def fresh(contestants, questions, needles):
    """Seconds of new processes, by question and contestant."""
    seconds = {}
    for question in questions:
        times = seconds[question.name] = {one.name: [] for one in contestants}
        for run, needle_set in enumerate(needles):
            for one in turns(contestants, run):
                times[one.name].append(one.fresh(question.sql(one.dialect, needle_set)))
        tell("new process", question, seconds)
    return seconds


def tell(phase, question, seconds):
    times = seconds.get(question.name, {})
    say(f"{phase}: {question.name}: " + ", ".join(f"{name} {statistics.median(t) * 1e3:.1f}" for name, t in times.items()))
