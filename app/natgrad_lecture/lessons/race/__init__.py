"""The race: real data, tuned baselines, two clocks. A test of Suresh 2019, section 1."""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.race.claims import CLAIMS, EXERCISES, LINES, QUESTIONS
from natgrad_lecture.lessons.race.controls import controls, idle
from natgrad_lecture.lessons.race.figure import picture
from natgrad_lecture.lessons.race.lazy_model import model_of
from natgrad_lecture.lessons.race.script import script
from natgrad_lecture.lessons.race.state import OPENING, PRESETS, RULES, Racing

lessons.register()(
    Lesson(
        file=__file__,
        order=15,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Racing(),
        opening=OPENING,
        controls=controls,
        idle=idle,
        sources=(
            "Martens and Grosse 2015, sec. 13",
            "Kingma and Ba 2015",
            "Zeiler 2012",
            "Nocedal 1980",
            "Gupta et al. 2018",
            "Vyas et al. 2024",
            "Jordan 2024",
            "Loshchilov and Hutter 2019",
        ),
        picture=picture,
        model=model_of,
        script=script,
        slow=True,
        small={"task": "wine", "count": 1, "budget": 0.2},
        rules=RULES,
        styles={"goal": {"light": "#5a5f66", "dark": "#a9afb7"}},
    )
)
