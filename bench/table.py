#!/usr/bin/env python3
"""Measures what the product promises to cost, and prints one table: figure, budget, value, pass.

    scripts/bench [FUNCTION...]     all figures, or those of some functions alone
    scripts/bench --no-peers        without the same work in Python and Node
    scripts/bench --no-build        what was built before
    scripts/bench --long            also what takes hours: a million crash histories and webhook requests

Instructions are counted by callgrind, and are the same for the same binary on any machine. Processor time is used
only to compare two programs that do the same work in turn. Everything else is counted. Sizes and instructions are
those of this machine's architecture. The functions are built in the release profile, which takes minutes.
BENCH_CALLGRIND=DIR keeps the profiles. Ends with 1 if a budget is missed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
sys.dont_write_bytecode = True

FUNCTIONS = ["api", "webhooks", "reminders", "sender", "inbound", "imports", "projector"]
BATCH = 10
NEEDED = {
    "cargo": "https://rustup.rs",
    "openssl": "apt-get install openssl",
    "valgrind": "apt-get install valgrind",
}
FOR_PEERS = {"node": "https://nodejs.org (20 or later)", "npm": "https://nodejs.org (20 or later)"}


class Table:
    def __init__(self):
        self.rows = self.missed = 0
        print(f"{'figure':<66}{'budget':>12}{'value':>14}  pass")

    def row(self, name, budget, value, digits=0):
        """A budget is the most there may be; without one the figure stands for itself."""
        shown = f"{value:,.{digits}f}"
        if budget is None:
            print(f"{name:<66}{'-':>12}{shown:>14}", flush=True)
            return
        held = value <= budget
        self.rows += 1
        self.missed += not held
        print(f"{name:<66}{f'{budget:,.{digits}f}':>12}{shown:>14}  {'yes' if held else 'NO'}", flush=True)

    def said(self, name, held):
        self.rows += 1
        self.missed += not held
        print(f"{name:<66}{'holds':>12}{'held' if held else 'broke':>14}  {'yes' if held else 'NO'}", flush=True)


def cargo(*arguments, environment=None):
    subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, env={**os.environ, **(environment or {})})


def zipped(binary):
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(binary, "bootstrap")
        return Path(file.name).stat().st_size


def of_each(table, functions, binary):
    from measure import world

    for function in functions:
        table.row(f"P1  instructions to the first /next, {function}", 700_000, world.instructions(binary(function), "none", 0)[0])
        table.row(f"P4  zip, bytes, {function}", 1_500_000, zipped(binary(function)))


def units(said, what, things):
    return said["rest"][what] / things


def of_api(table, binary):
    from measure import world

    cold, _ = world.instructions(binary, "api", 1)
    table.row("P2  instructions, cold start to the first answer, api", 6_000_000, cold)
    many, said = world.instructions(binary, "api", 11)
    table.row("    instructions, warm read of a visit", None, (many - cold) / 10)
    table.row("    read units, warm read of a visit", None, units(said, "read_units", 10), 1)
    _, peak, _, _ = world.native([binary], "api", 1000)
    table.row("P4  peak of memory after 1,000 events, bytes, api", 9_000_000, peak)


def of_webhooks(table, binary):
    from measure import world

    cold, _ = world.instructions(binary, "webhooks", 1)
    table.row("    instructions, cold start to the first answer, webhooks", None, cold)
    many, said = world.instructions(binary, "webhooks", 11)
    table.row("P8  instructions, warm status webhook", 950_000, (many - cold) / 10)
    table.row("P8  write units, status webhook", 1, units(said, "write_units", 10), 1)
    _, peak, logged, _ = world.native([binary], "webhooks", 1000)
    table.row("P4  peak of memory after 1,000 events, bytes, webhooks", 9_000_000, peak)
    table.row("P11 log bytes per status webhook", 200, logged / 1000)


def of_sender(table, binary):
    from measure import world

    cold, _ = world.instructions(binary, "sender", 1)
    alone, _ = world.instructions(binary, "sender-alone", 1)
    table.row("P2  instructions, cold start to the first reminder sent, sender", 8_000_000, alone)
    table.row("    instructions, cold start to the first ten sent, sender", None, cold)
    many, said = world.instructions(binary, "sender", 6)
    table.row("P7  instructions, warm reminder, one of ten", 950_000, (many - cold) / 50)
    table.row("    database calls per warm reminder, sender alone", None, sum(said["rest"]["calls"].values()) / 50, 2)
    _, peak, logged, _ = world.native([binary], "sender", 100)
    table.row("P4  peak of memory after 1,000 reminders, bytes, sender", 9_000_000, peak)
    table.row("P11 log bytes per reminder", 200, logged / 1000)


def against_peers(table, binary):
    from measure import peers, world

    def seconds_per_reminder(command, function):
        """The difference between a short run and a long one leaves the start out."""
        few, many = 4, 44
        short, *_ = world.native(command, function, few)
        long, *_ = world.native(command, function, many)
        return (long - short) / ((many - few) * BATCH)

    ours = seconds_per_reminder([binary], "sender")
    table.row("    processor microseconds per warm reminder, ours", None, ours * 1e6)
    for name, command, share in [("Python", peers.python(), 10), ("Node", peers.node(), 15)]:
        theirs = seconds_per_reminder(command, "peer")
        table.row(f"    processor microseconds per warm reminder, {name} with Powertools", None, theirs * 1e6)
        table.row(f"P7  our share of {name}'s processor time", 1 / share, ours / theirs, 3)


COST = re.compile(r"^(.+?)\s+([\d.]+) calls\s+([\d.]+) WRU\s+([\d.]+) RRU\s+([\d.]+) SQS")


def counted():
    """What tests/it/cost.rs counts for each thing."""
    command = ["cargo", "test", "--quiet", "--locked", "-p", "tests", "--test", "it", "cost", "--", "--nocapture", "--test-threads=1"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = (COST.match(line.strip()) for line in (said.stdout + said.stderr).splitlines())
    names = ("calls", "wru", "rru", "sqs")
    return {m[1]: dict(zip(names, map(float, m.groups()[1:]))) for m in lines if m}


def of_costs(table):
    from measure.price import Prices

    prices, cost = Prices(), counted()

    def find(start):
        return next((of for name, of in cost.items() if name.startswith(start)), None)

    if not cost:
        table.said("P5 P6 P9: tests/it/cost.rs prints its figures", False)
        return
    if reminder := find("reminder: due to accepted"):
        for name, key, budget in [("AWS calls", "calls", 1.2), ("write units", "wru", 2), ("read units", "rru", 2), ("SQS requests", "sqs", 0.15)]:
            table.row(f"P5  {name} per reminder, due to accepted", budget, reminder[key], 2)
        table.row("P9  dollars per million reminders", 1.75, prices.per_million(reminder, 1 / BATCH, provider_calls=1, batch=BATCH), 2)
    if mail := find("mail: sender"):
        table.row("P6  write units per mail", 0.15, mail["wru"], 2)
        table.row("P6  AWS calls per mail", 0.12, mail["calls"], 2)
        table.row("P9  dollars per million mails", 0.15, prices.per_million(mail, 1 / BATCH, provider_calls=1, batch=BATCH), 2)
    if webhook := find("status webhook"):
        table.row("P9  dollars per million status webhooks", 2.10, prices.per_million(webhook, 1, http=True), 2)
    if text := find("text: webhook"):
        table.row("P8  write units per inbound text", 2, text["wru"], 1)
    if read := find("API read"):
        table.row("P8  read units per API read", 0.5, read["rru"], 1)
        table.row("P9  dollars per million API reads", 1.60, prices.per_million(read, 1, http=True), 2)


def held(command, environment):
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode == 0


def at_length(table):
    crash = ["cargo", "test", "--locked", "-p", "tests", "--test", "crash"]
    table.said("R2  1,000,000 random histories", held(crash, {"CRASH_HISTORIES": "1000000"}))
    hostile = ["cargo", "test", "--locked", "-p", "tests", "--test", "hostile"]
    table.said("R6 R11 R12  hostile input, a hundred times as often", held(hostile, {"HOSTILE_TIMES": "100"}))


def main():
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    functions = [argument for argument in sys.argv[1:] if argument not in options]
    if options - {"--long", "--no-peers", "--no-build"} or set(functions) - set(FUNCTIONS):
        raise SystemExit(__doc__)
    peers = "--no-peers" not in options and (not functions or "sender" in functions)
    for tool, how in {**NEEDED, **(FOR_PEERS if peers else {})}.items():
        if not shutil.which(tool):
            raise SystemExit(f"bench: {tool} is missing: {how}")
    if sys.version_info < (3, 11):
        raise SystemExit("bench: Python 3.11 or later is needed, for its reader of TOML")
    whole, functions = not functions, functions or FUNCTIONS
    if "--no-build" not in options:
        cargo("build", "--quiet", "--locked", "-p", "bench")
        cargo("build", "--quiet", "--locked", "--release", *(part for function in functions for part in ("-p", function)))

    def binary(function):
        return ROOT / "target" / "release" / function

    table = Table()
    of_each(table, functions, binary)
    for function, measure in [("api", of_api), ("webhooks", of_webhooks), ("sender", of_sender)]:
        if function in functions:
            measure(table, binary(function))
    if peers:
        against_peers(table, binary("sender"))
    if whole:
        of_costs(table)
    if "--long" in options:
        at_length(table)
    print(f"{table.rows - table.missed} within budget, {table.missed} not")
    raise SystemExit(table.missed > 0)


if __name__ == "__main__":
    main()
