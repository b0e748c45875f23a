"""Chinese bank names: the full legal name, what people call it, and how local banks shorten theirs."""

from __future__ import annotations

import random
import re

NATIONAL_BANKS: dict[str, tuple[str, ...]] = {
    "中国人民银行": ("人民银行", "央行", "人行"),
    "中国工商银行股份有限公司": ("中国工商银行", "工商银行", "工行", "工商"),
    "中国农业银行股份有限公司": ("中国农业银行", "农业银行", "农行"),
    "中国银行股份有限公司": ("中国银行", "中行", "中银"),
    "中国建设银行股份有限公司": ("中国建设银行", "建设银行", "建行"),
    "国家开发银行": ("国开行",),
    "中国进出口银行": ("进出口银行", "口行"),
    "中国农业发展银行": ("农业发展银行", "农发行"),
    "交通银行股份有限公司": ("交通银行", "交行"),
    "中信银行股份有限公司": ("中信银行", "中信"),
    "中国光大银行股份有限公司": ("中国光大银行", "光大银行", "光大"),
    "华夏银行股份有限公司": ("华夏银行", "华夏"),
    "中国民生银行股份有限公司": ("中国民生银行", "民生银行", "民生"),
    "广发银行股份有限公司": ("广发银行", "广发"),
    "平安银行股份有限公司": ("平安银行", "平安"),
    "招商银行股份有限公司": ("招商银行", "招行"),
    "兴业银行股份有限公司": ("兴业银行", "兴业"),
    "上海浦东发展银行股份有限公司": ("上海浦东发展银行", "浦发银行", "浦发"),
    "恒丰银行股份有限公司": ("恒丰银行", "恒丰"),
    "浙商银行股份有限公司": ("浙商银行", "浙商"),
    "渤海银行股份有限公司": ("渤海银行", "渤海"),
    "徽商银行股份有限公司": ("徽商银行", "徽商"),
    "上海银行股份有限公司": ("上海银行",),
    "北京银行股份有限公司": ("北京银行",),
    "江苏银行股份有限公司": ("江苏银行",),
    "宁波银行股份有限公司": ("宁波银行",),
    "南京银行股份有限公司": ("南京银行",),
    "杭州银行股份有限公司": ("杭州银行",),
    "中国邮政储蓄银行股份有限公司": ("中国邮政储蓄银行", "邮政储蓄银行", "邮储银行", "邮储", "邮政储蓄", "邮政银行"),
    "中国邮政储蓄银行有限责任公司": ("中国邮政储蓄银行", "邮政储蓄银行", "邮储银行", "邮储"),
}

LEGAL_FORM = re.compile(r"(?:股份有限公司|有限责任公司|有限公司)$")

# The kinds of local bank, longest ending first, with the endings people use instead.
LOCAL_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("农村商业银行", ("农村商业银行", "农商银行", "农商行")),
    ("农村合作银行", ("农村合作银行", "农合行")),
    ("农村信用合作联社", ("农村信用合作联社", "农村信用联社", "信用联社", "农信社", "信用社", "农村信用社")),
    ("农村信用联社", ("农村信用联社", "信用联社", "农信社", "信用社")),
    ("村镇银行", ("村镇银行",)),
)


def short_bank_names(bank: str) -> list[str]:
    """The names people use for `bank` (never the full legal name itself, except where there is no shorter one)."""
    if bank in NATIONAL_BANKS:
        return list(NATIONAL_BANKS[bank])
    stem = LEGAL_FORM.sub("", bank)
    for ending, spoken in LOCAL_ENDINGS:
        if stem.endswith(ending):
            return [stem.removesuffix(ending) + word for word in spoken]
    return [stem]


def say_bank(bank: str, rng: random.Random) -> str:
    """One way of naming `bank` in a question: short in four of five cases."""
    return bank if rng.random() < 0.2 else rng.choice(short_bank_names(bank))
