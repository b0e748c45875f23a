"""How right and how fast the lookup is. Prints tables; passes or fails nothing.

    python tests/benchmarks/bench_lookup.py [--rows FILE.csv[.gz]] [--questions 1500] [--wrong 10]

Each question is made from a row drawn at random, so the right answer is known; the questions about branches that do not
exist are made from two rows and checked against every name. "right" = answered, and the row is among the records.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import platform
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from fixtures.directory import PLACES_FILE  # noqa: E402
from workers.inference.lookup import PRESETS, RecordIndex, answer, build_index  # noqa: E402

SHARED = ROOT.parent / "shared" / "data" / "directory150k.csv.gz"
BANK = re.compile(
    "^(.+?(?:银行|信用合作联社|信用联社|信用社))(?:（中国）|\\(中国\\))?(?:股份有限公司|有限责任公司|有限公司)?(.*)$"
)
KIND = re.compile("(支行|分行|分理处|营业部|营业所|储蓄所|分社|信用社)$")
KIND_INSIDE = re.compile("支行|分行|营业部")
SPOKEN = {
    "中国工商银行": ["工行", "工商银行"],
    "中国农业银行": ["农行", "农业银行"],
    "中国银行": ["中行", "中国银行"],
    "中国建设银行": ["建行", "建设银行"],
    "中国邮政储蓄银行": ["邮储", "邮储银行", "邮政储蓄银行", "邮政银行"],
    "交通银行": ["交行"],
    "招商银行": ["招行"],
    "中国光大银行": ["光大银行", "光大"],
    "中国民生银行": ["民生银行", "民生"],
    "上海浦东发展银行": ["浦发银行", "浦发"],
    "农村商业银行": ["农商行", "农商银行"],
    "农村信用合作联社": ["农信社", "信用社", "信用联社"],
    "村镇银行": ["村镇银行"],
}
NATIONAL = ["中国工商银行", "中国农业银行", "中国银行", "中国建设银行", "中国邮政储蓄银行", "交通银行", "招商银行"]
ENDING = re.compile("(省|市|县|(?<![地矿新理发园])区|旗|盟)$")


@dataclass(frozen=True)
class Name:
    """A row's name taken apart for making questions."""

    row: int
    full: str
    bank: str
    places: tuple[str, ...]
    branch: str
    kind: str


@dataclass(frozen=True)
class Asked:
    group: str
    text: str
    row: int | None  # None: such a branch does not exist


# group -> (question, outcome, (milliseconds by the clock, of processor time), whether the records hold the row)
Groups = dict[str, list[tuple[Asked, str, tuple[float, float], bool]]]


def main() -> None:
    options = _options()
    rows = read_rows(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        before = _resident_mb()
        summary = build_index(rows, schema=PRESETS["bank_branches"], directory=Path(folder) / "index")
        print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.platform()}")
        print(f"rows {summary.rows:,}  build {summary.seconds:.2f} s  files {summary.bytes / 1e6:.1f} MB")
        print(f"memory at the peak of the build: {_peak_mb():.0f} MB (before: {before:.0f} MB)")
        started = time.perf_counter()
        index = RecordIndex.open(Path(folder) / "index")
        opened = 1000 * (time.perf_counter() - started)
        print(f"open {opened:.2f} ms; machine load {os.getloadavg()[0]:.1f}")
        measure(index, rows, questions=options.questions, seed=options.seed, wrong=options.wrong)


def measure(index: RecordIndex, rows: list[list[str]], *, questions: int, seed: int, wrong: int) -> None:
    """Ask, count, print one line for each group of questions and the wrong answers one by one."""
    rng = random.Random(seed)
    groups: Groups = {}
    mistakes = []
    for asked in make_questions(rows, rng=rng, count=questions):
        started, busy = time.perf_counter(), time.thread_time()
        decision = answer(index, asked.text)
        taken = 1000 * (time.perf_counter() - started), 1000 * (time.thread_time() - busy)
        has_row = any(match.row_number == asked.row for match in decision.records)
        groups.setdefault(asked.group, []).append((asked, decision.outcome, taken, has_row))
        if decision.outcome == "answered" and not has_row:
            mistakes.append((asked, [match.cells["name"] for match in decision.records]))
    _print_groups(groups)
    print(f"\nwrong answers: {len(mistakes)}")
    for asked, names in mistakes[:wrong]:
        expected = rows[asked.row][0] if asked.row is not None else "does not exist"
        print(f"  [{asked.group}] {asked.text}\n      answered {names[:3]}; right: {expected}")


def make_questions(rows: list[list[str]], *, rng: random.Random, count: int) -> Iterator[Asked]:
    """`count` questions of every group, in a mixed order."""
    names = [name for at, row in enumerate(rows) if (name := take_apart(at, row[0]))]
    full_names = {row[0] for row in rows}
    asked: list[Asked] = []
    for group, make in WORDINGS.items():
        asked += [Asked(group, make(name, rng), name.row) for name in rng.choices(names, k=count)]
    for group, spoil in SPOILED.items():
        asked += _not_existing(group, spoil, names, full_names, rng, count)
    rng.shuffle(asked)
    yield from asked


def take_apart(row: int, full: str) -> Name | None:
    """None for names without a branch of two characters or more."""
    found = BANK.match(full)
    if not found:
        return None
    bank, rest = found.groups()
    kind = KIND.search(rest)
    body = rest[: kind.start()] if kind else ""
    places: list[str] = []
    while place := re.match(
        "(?:[^省市县区旗盟路街]{1,9}?(?:自治州|自治县|自治区|自治旗|省|市|县|区|旗|盟))(?=..)", body
    ):
        places.append(place.group())
        body = body[place.end() :]
    if len(body) < 2 or not kind or KIND_INSIDE.search(body):
        return None
    return Name(row, full, bank, tuple(places), body, kind.group())


def say_bank(name: Name, rng: random.Random) -> str:
    for full, words in SPOKEN.items():
        if name.bank.endswith(full):
            return name.bank[: -len(full)] + rng.choice(words)
    return name.bank


def _bare(place: str) -> str:
    bare = ENDING.sub("", place)
    return bare if len(bare) > 1 and not place.endswith(("自治州", "自治县", "自治区", "自治旗")) else place


def _plain(name: Name, rng: random.Random) -> str:
    return rng.choice(["{}的联行号是多少", "{}联行号", "{}的行号", "查一下{}的联行号", "{}", "{}的12位行号"]).format(
        name.full
    )


def _alias(name: Name, rng: random.Random) -> str:
    text = say_bank(name, rng) + "".join(name.places) + name.branch + name.kind
    return rng.choice(["{}的联行号是多少？", "{}联行号", "{}行号多少", "请问{}的行号", "{}的支付行号是什么"]).format(
        text
    )


def _short(name: Name, rng: random.Random) -> str:
    places = [_bare(place) for place in name.places]
    return rng.choice(["{}联行号", "{}", "{}行号"]).format(say_bank(name, rng) + "".join(places) + name.branch)


def _last_place(name: Name, rng: random.Random) -> str:
    text = say_bank(name, rng) + "".join(_bare(place) for place in name.places[-1:]) + name.branch + name.kind
    return rng.choice(["{}联行号", "{}的联行号", "{}行号是啥"]).format(text)


def _no_place(name: Name, rng: random.Random) -> str:
    return f"{say_bank(name, rng)}{name.branch}{name.kind}的联行号"


def _reordered(name: Name, rng: random.Random) -> str:
    places = "".join(_bare(place) for place in name.places)
    pattern = rng.choice(["{0}{1}{2}{3}联行号", "{0} {2}{3} {1} 行号", "{2}{3}，{1}，{0}，要联行号"])
    return pattern.format(places, say_bank(name, rng), name.branch, name.kind)


def _more_place(name: Name, rng: random.Random) -> str:
    """With the province, and the city, that the row's first place lies in."""
    above = parents().get(name.places[0] if name.places else "", ())
    first = above[: rng.randint(1, 2)] if above else ()
    places = "".join(rng.choice((place, _bare(place))) for place in (*first, *name.places))
    return f"{places}{say_bank(name, rng)}{name.branch}{name.kind}的联行号"


@cache
def parents() -> dict[str, tuple[str, ...]]:
    """County or city -> what it lies in, for names that mean one place only."""
    found: dict[str, set[tuple[str, ...]]] = {}
    with PLACES_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["county"], set()).add((row["province"], row["city"]))
            found.setdefault(row["city"], set()).add((row["province"],))
    return {name: tuple(dict.fromkeys(above)) for name, options in found.items() if len(options) == 1
            for above in options if name and all(above) and name not in above}  # fmt: skip


def _chatty(name: Name, rng: random.Random) -> str:
    text = say_bank(name, rng) + "".join(name.places) + name.branch + name.kind
    return rng.choice([
        "你好，我想给供应商打一笔款，对方开户行是{}，麻烦帮我查一下联行号，谢谢！",
        "在吗？财务让我填{}的行号，急用",
        "老师好，请问一下{}的大额支付行号是多少呀，谢谢您",
        "我们公司要付款，收款行是{}，联行号发我一下吧",
        "客户说他的卡是{}的，跨行转账要填联行号，能告诉我吗",
        "不好意思打扰了，{}这个网点的联行号你知道吗",
        "帮忙看看{}的联行号呗",
    ]).format(text)  # fmt: skip


WORDINGS: dict[str, Callable[[Name, random.Random], str]] = {
    "plain": _plain,
    "alias": _alias,
    "short": _short,
    "last place": _last_place,
    "more place": _more_place,
    "reordered": _reordered,
    "chatty": _chatty,
    "no place": _no_place,
}


def _other_bank(name: Name, other: Name, rng: random.Random) -> Name:
    bank = rng.choice([bank for bank in NATIONAL if bank != name.bank])
    return Name(name.row, "", bank, name.places, name.branch, name.kind)


def _other_place(name: Name, other: Name, rng: random.Random) -> Name:
    return Name(name.row, "", name.bank, other.places, name.branch, name.kind)


def _other_branch(name: Name, other: Name, rng: random.Random) -> Name:
    return Name(name.row, "", name.bank, name.places, other.branch, name.kind)


def _one_character(name: Name, other: Name, rng: random.Random) -> Name:
    at = rng.randrange(len(name.branch))
    branch = name.branch[:at] + rng.choice("东西南北新大城河山安平和兴华") + name.branch[at + 1 :]
    return Name(name.row, "", name.bank, name.places, branch, name.kind)


def _one_more(name: Name, other: Name, rng: random.Random) -> Name:
    at = rng.randrange(len(name.branch) + 1)
    branch = name.branch[:at] + rng.choice("东西南北新大城河山安平和兴华") + name.branch[at:]
    return Name(name.row, "", name.bank, name.places, branch, name.kind)


SPOILED: dict[str, Callable[[Name, Name, random.Random], Name]] = {
    "none: other bank": _other_bank,
    "none: other place": _other_place,
    "none: other branch": _other_branch,
    "none: one character": _one_character,
    "none: one more": _one_more,
}


def _not_existing(
    group: str,
    spoil: Callable[[Name, Name, random.Random], Name],
    names: list[Name],
    full_names: set[str],
    rng: random.Random,
    count: int,
) -> Iterator[Asked]:
    """Questions whose bank, last place and branch stand together in no name of the table."""
    everything = "\n".join(full_names)
    made = 0
    while made < count:
        name = spoil(rng.choice(names), rng.choice(names), rng)
        if not name.places:  # nothing to tell it from a branch elsewhere
            continue
        last = name.places[-1]
        place = f"(?:{re.escape(_bare(last)[-2:])}|{re.escape(last[-2:])})"  # 平顶山叶县 is also written 叶县
        pattern = f"{re.escape(name.bank)}.*{place}.*{re.escape(name.branch)}"
        if name.bank + "".join(name.places) + name.branch in everything or _stands_in(everything, name, pattern):
            continue
        made += 1
        yield Asked(group, rng.choice([_alias, _short, _last_place, _chatty])(name, rng), None)


def _stands_in(everything: str, name: Name, pattern: str) -> bool:
    at = everything.find(name.branch)
    while at >= 0:
        start, stop = everything.rfind("\n", 0, at) + 1, everything.find("\n", at)
        if re.search(pattern, everything[start : stop if stop >= 0 else None]):
            return True
        at = everything.find(name.branch, at + 1)
    return False


def _print_groups(groups: Groups) -> None:
    print(f"\n{'questions':22}{'n':>6}{'answered':>10}{'right':>8}{'precision':>11}{'asked back':>12}"
          f"{'(has it)':>10}{'not found':>11}{'p50 ms':>8}{'p99 ms':>8}{'cpu p99':>9}")  # fmt: skip
    existing = [item for group, items in groups.items() if not group.startswith("none") for item in items]
    everything = [item for items in groups.values() for item in items]
    ordered = sorted(groups.items(), key=lambda pair: [*WORDINGS, *SPOILED].index(pair[0]))
    for group, items in [*ordered, ("existing rows", existing), ("all", everything)]:
        count = len(items)
        answered = sum(outcome == "answered" for _, outcome, _, _ in items)
        right = sum(outcome == "answered" and has_row for _, outcome, _, has_row in items)
        back = sum(outcome == "clarify" for _, outcome, _, _ in items)
        back_with = sum(outcome == "clarify" and has_row for _, outcome, _, has_row in items)
        clock, busy = (sorted(taken[which] for _, _, taken, _ in items) for which in (0, 1))
        late = int(0.99 * (count - 1))
        precision = f"{100 * right / answered:.3f}%" if answered else "-"
        print(f"{group:22}{count:>6}{answered / count:>10.1%}{right:>8}{precision:>11}{back / count:>12.1%}"
              f"{back_with / count:>10.1%}{(count - answered - back) / count:>11.1%}"
              f"{statistics.median(clock):>8.2f}{clock[late]:>8.2f}{busy[late]:>9.2f}")  # fmt: skip


def read_rows(file: Path) -> list[list[str]]:
    """The rows of a CSV (plain or gzip) without its header."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))[1:]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=Path, default=SHARED, help="CSV: name, code, clearing code")
    parser.add_argument("--questions", type=int, default=1500, help="questions in each group")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--wrong", type=int, default=10, help="how many wrong answers to print")
    options = parser.parse_args()
    if not options.rows.is_file():
        parser.exit(2, f"{options.rows} is absent: make one with python -m fixtures.directory --rows 150000 OUT.csv\n")
    return options


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
