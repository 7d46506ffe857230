"""Made-up names for towns and communities, put together from syllables; any likeness to a real one is chance."""

from __future__ import annotations

import numpy as np

_FIRST = (
    ("云", "Yun"), ("青", "Qing"), ("岚", "Lan"), ("星", "Xing"), ("鹭", "Lu"), ("棠", "Tang"), ("澄", "Cheng"),
    ("栖", "Qi"), ("锦", "Jin"), ("碧", "Bi"), ("鹤", "He"), ("霁", "Ji"), ("芦", "Lu"), ("砚", "Yan"),
    ("枫", "Feng"), ("晴", "Qing"), ("竹", "Zhu"), ("蓝", "Lan"), ("朝", "Zhao"), ("荷", "He"), ("松", "Song"),
    ("银", "Yin"), ("静", "Jing"), ("禾", "He"), ("沐", "Mu"), ("璃", "Li"), ("雁", "Yan"), ("橙", "Cheng"),
)  # fmt: skip
_SECOND = (
    ("溪", "xi"), ("岭", "ling"), ("浦", "pu"), ("塘", "tang"), ("渚", "zhu"), ("汀", "ting"), ("屿", "yu"),
    ("湾", "wan"), ("坪", "ping"), ("桥", "qiao"), ("泽", "ze"), ("洲", "zhou"), ("墩", "dun"), ("港", "gang"),
    ("坞", "wu"), ("畈", "fan"), ("漕", "cao"), ("埠", "bu"), ("阁", "ge"), ("苑", "yuan"), ("里", "li"),
    ("园", "yuan"), ("岗", "gang"), ("堰", "yan"),
)  # fmt: skip

Name = tuple[str, str]


def draw_names(rng: np.random.Generator, count: int, *, suffixes: list[Name]) -> list[Name]:
    """`count` different (zh, en) names, one for each suffix in turn; where the syllables run out, they are numbered."""
    supply = len(_FIRST) * len(_SECOND)
    rounds = [rng.choice(supply, size=min(supply, count - start), replace=False) for start in range(0, count, supply)]
    pairs = [(int(pair), number) for number, drawn in enumerate(rounds, start=1) for pair in drawn]
    return [_compose(pair, number, suffix) for (pair, number), suffix in zip(pairs, suffixes, strict=True)]


def _compose(pair: int, number: int, suffix: Name) -> Name:
    (first_zh, first_en), (second_zh, second_en) = _FIRST[pair // len(_SECOND)], _SECOND[pair % len(_SECOND)]
    told_zh, told_en = (f"第{number}", f" {number}") if number > 1 else ("", "")
    return f"{first_zh}{second_zh}{told_zh}{suffix[0]}", f"{first_en}{second_en}{told_en} {suffix[1]}"
