"""Chinese sentences have Chinese punctuation, one term for each concept, and no English words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from natgrad_lecture.text.translations import pairs_of_files
from tests.lessons.test_languages import WORDS

HAN = "[一-鿿]"
TERMS = {
    "Rosenbrock 山谷": "罗森布罗克山谷",
    "卡文迪什": "卡文迪许",
    "纽科姆": "纽康",
    "双井": "双势阱",
    "逻辑斯谛回归": "逻辑回归",
    "典范联系": "典则联系函数",
    "逆协方差": "协方差之逆",
    "协方差的逆": "协方差之逆",
    "标准误差": "标准误",
    "Hessian": "海森矩阵",
    "黑塞": "海森矩阵",
    "费雪": "费希尔",
    "费舍尔": "费希尔",
    "自然步": "自然梯度步",
    "牛顿步子": "牛顿步",
    "最优的 q": "最佳的 q",
    "步长率": "学习率",
    "学习速率": "学习率",
    "(?<!（)logits": "对数几率（logits）",
    "KL 距离": "KL 散度",
    "先验分布": "先验",
    "后验概率": "后验",
}
"""Other words for a concept, and the one that the lecture uses."""

FAULTS = {
    "a half-width mark beside a Chinese character": rf"{HAN}[,;:?!(]|[,;:?!)]{HAN}",
    "a space beside a full-width mark": "[，。；：？！（）、“”《》] | [，。；：？！（）、”》]",
    "a straight quotation mark": f"{HAN}[\"']|[\"']{HAN}",
    "the title of a lesson without 《》": rf"(?<={HAN})(?<![第下的面这另])一课",
    "a space before a percent sign": r"\d %",
    "an English word": r"(?i)\b(and|the|of|with|from|is|are|by|to|for|in)\b",
}


def faults(text: str) -> list[str]:
    """What of a Chinese text a reader would correct: formulas, code and citations aside."""
    prose = re.sub(r"\$[^$]*\$|`[^`]*`| ?\{[^}]*\}|\(#[^)]*\)|Natural Gradient", "x", text)
    found = [
        f"{why}: {prose[max(m.start() - 8, 0) : m.end() + 8]!r}"
        for why, bad in FAULTS.items()
        for m in re.finditer(bad, prose)
    ]
    return found + [
        f"{other}, not {term}" for other, term in TERMS.items() if re.search(other, prose)
    ]


CHINESE = [other for _, other in pairs_of_files() if other.name.endswith(".zh.md")]


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: "-".join(path.parts[-2:]))
def test_a_chinese_text_is_written_as_chinese_is(path: Path) -> None:
    text, _, _ = path.read_text("utf-8").partition("\n::: digests")
    assert faults(text) == []


def test_the_words_of_the_page_are_written_as_chinese_is() -> None:
    said = re.findall(r':\s*"([^"]*)"', (WORDS / "zh.js").read_text("utf-8"))
    assert {words: wrong for words in said if (wrong := faults(words))} == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("取 α,再走一步", "half-width mark"),
        ("不变： 它", "a space beside"),
        ('为什么"最陡"', "straight quotation"),
        ("相差不到 5 %", "percent"),
        ("（Opper and Archambeau 2009）", "English"),
        ("双井的鞍点", "双势阱"),
        ("见近似一课", "《》"),
    ],
)
def test_a_fault_of_each_kind_is_found(wrong: str, why: str) -> None:
    assert any(why in each for each in faults(wrong))
    assert faults("取学习率 $\\alpha, 1$，再走一步（阻尼为 0）。") == []
