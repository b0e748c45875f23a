"""Made-up bank branches: the raw material of the pre-training text."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workers.trainers.banks import NATIONAL_BANKS, say_bank
from workers.trainers.places import load_places, say_place, short_place

KINDS = ("支行",) * 12 + (
    "分行", "营业部", "分理处", "营业所", "储蓄所", "分社", "信用社", "小微支行", "社区支行", "科技支行", "支行营业部", "营业室",
)  # fmt: skip
WORDS = tuple(
    "解放 人民 建设 中山 和平 胜利 新华 文化 光明 东风 育才 健康 迎宾 滨江 滨河 长江 黄河 北京 南京 上海 五一 八一 友谊 团结 朝阳 向阳 "
    "城东 城西 城南 城北 城关 城中 东城 西城 南城 北城 开发区 高新区 经济开发区 工业园 科技园 大学城 火车站 汽车站 世纪 金融街 商贸城 "
    "万达 银泰 国贸 会展 体育 花园 绿地 金桥 龙湖 凤凰 天府 江北 江南 河西 河东 山前 湖滨 海滨 桥头 三元 六里 十里 七里 二七 长安 "
    "复兴 振兴 兴华 兴隆 富强 民主 自由 幸福 平安 安居 康复 青年 少年宫 学院 师范 农科 钢城 油田 矿区 港口 机场 保税区 自贸区".split()
)
SUFFIXES = ("", "", "", "", "路", "路", "街", "大街", "大道", "镇", "乡", "桥", "广场", "新区", "村", "坪", "店", "湾", "山", "河", "口")


@dataclass(frozen=True)
class Branch:
    """One branch as a question names it; `place` or `branch` may be empty. `full` is a name as a directory prints it."""

    bank: str
    place: str
    branch: str
    full: str


def make_branch(rng: random.Random) -> Branch:
    """A made-up branch of a national or a local bank on a real place."""
    place = rng.choice(load_places())
    title = _branch_title(rng)
    if rng.random() < 0.7:
        bank = rng.choice(tuple(NATIONAL_BANKS))
        where = "" if rng.random() < 0.12 else say_place(place, rng)
        full_place = rng.choice((place.county, place.city or place.county, short_place(place.county)))
        full = bank + full_place + title
    else:
        bank = _local_bank(rng)
        where = "" if rng.random() < 0.7 else say_place(place, rng)
        full = bank + where + title
    if rng.random() < 0.1:
        title = ""
    return Branch(bank=say_bank(bank, rng), place=where, branch=title, full=full)


def random_title(rng: random.Random, characters: str) -> str:
    """A name of 1-4 characters drawn evenly from `characters`: what can only be copied, not guessed."""
    return "".join(rng.choices(characters, k=rng.choice((1, 2, 2, 2, 3, 3, 4))))


def place_characters() -> str:
    return "".join(sorted({letter for place in load_places() for letter in short_place(place.county)}))


_CHARACTERS = place_characters()  # about 1,200, each as likely as the next


def _branch_title(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.35:
        stem = rng.choice(WORDS)
    elif draw < 0.45:
        stem = short_place(rng.choice(load_places()).county)
    else:
        stem = random_title(rng, _CHARACTERS)
    return stem + rng.choice(SUFFIXES) + rng.choice(KINDS)


def _local_bank(rng: random.Random) -> str:
    place = rng.choice(load_places())
    name = place.city if place.city and rng.random() < 0.4 else place.county
    stem = short_place(name) if rng.random() < 0.7 else name
    kind = rng.choice(("银行", "农村商业银行", "农村商业银行", "农村信用合作联社", "农村合作银行", "村镇银行", "村镇银行", "商业银行"))
    if kind == "村镇银行" and rng.random() < 0.6:
        stem += random_title(rng, _CHARACTERS)
    form = "" if kind.endswith("联社") else rng.choice(("股份有限公司", "股份有限公司", "有限责任公司", ""))
    return stem + kind + form
