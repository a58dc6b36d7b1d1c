#!/usr/bin/env python3
"""Measures what the product promises to cost, and prints one table: figure, budget, value, pass.

    scripts/bench [FUNCTION...]     all figures, or those of some functions alone
    scripts/bench --no-peers        without the same work in Python and Node
    scripts/bench --no-build        with what was built before
    scripts/bench --long            also what takes hours: a million crash histories, messages and webhook requests

Under a figure that misses its budget stands what is in the way. Ends with 1 if there is one. The functions are built
in the release profile, which takes minutes. BENCH_CALLGRIND=DIR keeps the profiles of callgrind.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True

from measure.world import ROOT, STATE  # noqa: E402

FUNCTIONS = ["api", "webhooks", "reminders", "sender", "inbound", "imports", "projector"]
# How many records SQS hands over at once, and how many reminders the minute packs into one.
BATCH, PACK = 10, 25
NEEDED = {
    "cargo": "see https://rustup.rs",
    "openssl": "apt-get install openssl",
    "strip": "apt-get install binutils",
    "valgrind": "apt-get install valgrind",
}
FOR_PEERS = {"node": "apt-get install nodejs, or https://nodejs.org (20 or later)", "npm": "apt-get install npm"}
# What every patient of the measured clinic has in the name or number.
PERSONAL = [b"uendoline", b"Reyes", b"+1212", b"1212555"]


class Table:
    def __init__(self):
        self.rows = self.missed = 0
        self.told = set()
        print(f"{'figure':<70}{'budget':>12}{'value':>14}  pass")

    def row(self, name, budget, value, digits=0):
        """A budget is the most there may be; without one the figure stands for itself."""
        if budget is None:
            print(f"{name:<70}{'-':>12}{value:>14,.{digits}f}", flush=True)
            return
        self.ends(name, f"{budget:,.{digits}f}", f"{value:,.{digits}f}", value <= budget)

    def said(self, name, held):
        self.ends(name, "holds", "held" if held else "broke", held)

    def ends(self, name, budget, value, held):
        self.rows += 1
        self.missed += not held
        print(f"{name:<70}{budget:>12}{value:>14}  {'yes' if held else 'NO'}", flush=True)
        if not held:
            why = next((why for start, why in IN_THE_WAY.items() if name.startswith(start)), None)
            # Once is enough: the next lines of the same kind miss for the same reason.
            if why and why not in self.told:
                self.told.add(why)
                print(textwrap.fill(why, 100, initial_indent="      in the way: ", subsequent_indent="      "))


def in_the_way():
    """What stands in the way of budgets that are known to be missed, by the beginning of the figure's name."""
    import tomllib

    return tomllib.loads((ROOT / "bench" / "in_the_way.toml").read_text())


IN_THE_WAY = in_the_way() if sys.version_info >= (3, 11) else {}


def cargo(*arguments, environment=None):
    subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, env={**os.environ, **(environment or {})})


def build(functions):
    cargo("build", "--quiet", "--locked", "--workspace", "--bin", "bench")
    bins = [part for function in functions for part in ("--bin", function)]
    # Names stay in, for the profiles; what is zipped is stripped as the profile says.
    cargo("build", "--locked", "--release", "--workspace", *bins, environment={"CARGO_PROFILE_RELEASE_STRIP": "none"})


def binary(function):
    return ROOT / "target" / "release" / function


def zipped(function):
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bootstrap")
        subprocess.run(["strip", "--strip-all", "-o", bare, binary(function)], check=True)
        with zipfile.ZipFile(Path(folder, "zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(bare, "bootstrap")
        return Path(folder, "zip").stat().st_size


def of_each(table, functions):
    from measure import world

    for function in functions:
        table.row(f"P1  instructions to the first /next, {function}", 700_000, world.instructions(binary(function), "none", 0)[0])
    for function in functions:
        table.row(f"P4  zip, bytes, {function}", 1_500_000, zipped(function))


def units(said, what, things):
    return said["rest"][what] / things


def calls(said, things):
    return sum(said["rest"]["calls"].values()) / things


def of_logs(table, what, logged, things):
    table.row(f"P11 log bytes per {what}", 200, len(logged) / things)
    personal = sum(logged.count(word) * len(word) for word in PERSONAL)
    table.row(f"P11 bytes of patients' data in {len(logged):,} bytes of log, {what}s", 0, personal)


def of_memory(table, what, memory):
    peak, own = memory
    table.row(f"P4  peak of memory after 1,000 {what}", 9_000_000, peak)
    table.row("    of it its own, not pages of the function's file", None, own)


def of_api(table):
    from measure import world

    api = binary("api")
    cold, _ = world.instructions(api, "api", 1)
    table.row("P2  instructions, cold start to the first answer, api", 6_000_000, cold)
    many, said = world.instructions(api, "api", 11)
    table.row("    instructions, warm read of a visit", None, (many - cold) / 10)
    table.row("P8  read units, warm read of a visit", 0.5, units(said, "read_units", 10), 1)
    _, memory, _, _ = world.native([api], "api", 1000)
    of_memory(table, "events, bytes, api", memory)


def of_webhooks(table):
    from measure import world

    webhooks = binary("webhooks")
    cold, _ = world.instructions(webhooks, "webhooks", 1)
    table.row("    instructions, cold start to the first answer, webhooks", None, cold)
    many, said = world.instructions(webhooks, "webhooks", 11)
    table.row("P8  instructions, warm status webhook", 950_000, (many - cold) / 10)
    table.row("P8  write units, status webhook", 1, units(said, "write_units", 10), 1)
    _, memory, logged, _ = world.native([webhooks], "webhooks", 1000)
    of_memory(table, "events, bytes, webhooks", memory)
    of_logs(table, "status webhook", logged, 1000)


def of_sender(table):
    from measure import world

    sender = binary("sender")
    alone, _ = world.instructions(sender, "sender-alone", 1)
    table.row("P2  instructions, cold start to the first reminder sent, sender", 8_000_000, alone)
    cold, _ = world.instructions(sender, "sender", 1)
    table.row("    instructions, cold start to the first ten sent, sender", None, cold)
    many, said = world.instructions(sender, "sender", 6)
    table.row("P7  instructions, warm reminder, in a batch of ten records", 950_000, (many - cold) / 50)
    table.row("    calls to the table per warm reminder, of ten", None, calls(said, 50), 2)
    cold, _ = world.instructions(sender, "sender-packed", 1)
    many, said = world.instructions(sender, "sender-packed", 5)
    table.row("P7  instructions, warm reminder, 25 in a record as the minute packs", 950_000, (many - cold) / (4 * PACK))
    table.row("    calls to the table per warm reminder, of 25", None, calls(said, 4 * PACK), 2)
    _, memory, logged, _ = world.native([sender], "sender-packed", 40)
    of_memory(table, "reminders, bytes, sender", memory)
    of_logs(table, "reminder", logged, 40 * PACK)


def against_peers(table):
    from measure import peers, world

    def seconds_per_reminder(command, function):
        """The difference between a short run and a long one leaves the start out; the lesser of two has met fewer
        disturbances."""
        few, many = 4, 44
        short, long = (
            min(world.native(command, function, events)[0] for _ in range(2)) for events in (few, many)
        )
        return (long - short) / ((many - few) * BATCH)

    ours = seconds_per_reminder([binary("sender")], "sender")
    table.row("    processor microseconds per warm reminder, ours", None, ours * 1e6)
    for name, command, share in [("Python", peers.python(), 10), ("Node", peers.node(), 15)]:
        theirs = seconds_per_reminder(command, "peer")
        table.row(f"    processor microseconds per warm reminder, {name} with Powertools", None, theirs * 1e6)
        table.row(f"P7  our share of {name}'s processor time", 1 / share, ours / theirs, 3)


def tested(test, only="", **sizes):
    """What a test prints; an empty text if it fails."""
    command = ["cargo", "test", "--quiet", "--locked", "--workspace", "--test", test, only, "--", "--nocapture", "--test-threads=1"]
    said = subprocess.run(
        [part for part in command if part], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **sizes}
    )
    if said.returncode:
        print((said.stdout + said.stderr)[-3000:])
        return ""
    return said.stdout + said.stderr


COST = re.compile(r"^(.+?)\s+([\d.]+) calls\s+([\d.]+) WRU\s+([\d.]+) RRU\s+([\d.]+) SQS", re.M)
FIGURE = re.compile(r"figure: (\S+) (\S+)")


def of_costs(table):
    from measure.price import Prices

    prices, said = Prices(), tested("it", "cost")
    names = ("calls", "wru", "rru", "sqs")
    cost = {found[1].strip(): dict(zip(names, map(float, found.groups()[1:]))) for found in COST.finditer(said)}
    table.said("P5 P6 P8: tests/it/cost.rs, whose counts follow", bool(cost))
    if not cost:
        return

    def find(start):
        return next(of for name, of in cost.items() if name.startswith(start))

    def price(what, budget, of, **how):
        table.row(f"P9  dollars per million {what}", budget, prices.per_million(of, **how), 2)

    reminder = find("reminder: due to accepted")
    for name, key, budget in [("AWS calls", "calls", 1.2), ("write units", "wru", 2), ("read units", "rru", 2), ("SQS requests", "sqs", 0.15)]:
        table.row(f"P5  {name} per reminder, due to accepted", budget, reminder[key], 2)
    price("reminders", 1.75, reminder, invocations=1 / PACK, provider_calls=1, batch=PACK)
    followed = find("reminder: projector")
    price("reminders, what the projector makes of them alone", None, followed, invocations=1 / PACK, batch=PACK)
    mail = find("mail: sender")
    table.row("P6  write units per mail", 0.15, mail["wru"], 2)
    table.row("P6  AWS calls per mail", 0.12, mail["calls"], 2)
    price("mails", 0.15, mail, invocations=1 / PACK, provider_calls=1, batch=PACK)
    price("status webhooks", 2.10, find("status webhook: delivered"), invocations=1, http=True)
    table.row("P8  write units per inbound text, webhook", 2, find("text: webhook")["wru"], 1)
    read = find("API read")
    table.row("P8  read units per API read of a message", 0.5, read["rru"], 1)
    price("API reads", 1.60, read, invocations=1, http=True)


def of_figures(table, messages):
    said = tested("figures", BENCH_DUE="10000", BENCH_MESSAGES=str(messages))
    figures = dict(FIGURE.findall(said))
    table.said("P10 P12: bench/tests/figures, whose figures follow", bool(figures))
    if not figures:
        return
    figure = {name: float(value) for name, value in figures.items() if re.fullmatch(r"[\d.]+", value)}
    due = f"{figure['due.many']:,.0f}"
    table.row(f"    simulated seconds until {due} due in one minute are queued", None, figure["due.ticked_s"], 1)
    table.row(f"P10 simulated seconds until {due} due in one minute are sent", 28, figure["due.sent_s"], 1)
    # What stands behind the clinic: the kind of the item, or the list.
    kind = (figures["due.busiest_key"].split("#")[1:2] or ["?"])[0]
    table.row(f"P10 write units of the busiest key within a second ({kind})", 500, figure["due.busiest_wru"])
    many = f"{figure['lists.many']:,.0f}"
    for name in ("thread", "sent", "not-sent", "inbox"):
        table.row(f"    reads for the first page of {many}, {name}", None, figure[f"lists.{name}.calls"])
    table.row(f"P12 reads more than with 200, first page of {many}", 0, figure["lists.more_calls"])
    table.row(f"P12 milliseconds, the slowest first page of {many}", 1000, figure["lists.slowest_ms"])


def held(test, environment):
    command = ["cargo", "test", "--quiet", "--locked", "--workspace", "--test", test]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode == 0


def at_length(table):
    table.said("R2  1,000,000 random histories", held("crash", {"CRASH_HISTORIES": "1000000"}))
    table.said("R6 R11 R12  hostile input, a hundred times as often", held("hostile", {"HOSTILE_TIMES": "100"}))


def main():
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    functions = [argument for argument in sys.argv[1:] if argument not in options]
    if options - {"--long", "--no-peers", "--no-build"} or set(functions) - set(FUNCTIONS):
        raise SystemExit(__doc__)
    peers = "--no-peers" not in options and (not functions or "sender" in functions)
    for tool, how in {**NEEDED, **(FOR_PEERS if peers else {})}.items():
        if not shutil.which(tool):
            raise SystemExit(f"bench: {tool} is missing; install it: {how}")
    if sys.version_info < (3, 11):
        raise SystemExit("bench: Python 3.11 or later is needed, for its reader of TOML; see https://www.python.org")
    STATE.mkdir(parents=True, exist_ok=True)
    whole, functions = not functions, functions or FUNCTIONS
    long = "--long" in options
    if "--no-build" not in options:
        build(functions)
    table = Table()
    of_each(table, functions)
    for function, measure in [("api", of_api), ("webhooks", of_webhooks), ("sender", of_sender)]:
        if function in functions:
            measure(table)
    if peers:
        against_peers(table)
    if whole:
        of_costs(table)
        of_figures(table, 1_000_000 if long else 10_000)
    if long:
        at_length(table)
    print(f"{table.rows - table.missed} within budget, {table.missed} not")
    raise SystemExit(table.missed > 0)


if __name__ == "__main__":
    main()
