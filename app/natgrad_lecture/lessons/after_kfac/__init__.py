"""After K-FAC: Shampoo, SOAP, Muon and Adam as metrics beside the Fisher matrix.

Suresh 2019 ends with K-FAC. Here are the methods that came after it.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.after_kfac.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.after_kfac.controls import controls, idle
from natgrad_lecture.lessons.after_kfac.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.after_kfac.figure import STYLES, picture
from natgrad_lecture.lessons.after_kfac.lazy_model import model_of
from natgrad_lecture.lessons.after_kfac.script import script
from natgrad_lecture.lessons.after_kfac.state import OPENING, PRESETS, Implied
from natgrad_lecture.lessons.base import Lesson

lessons.register()(
    Lesson(
        file=__file__,
        order=14,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Implied(),
        opening=OPENING,
        controls=controls,
        idle=idle,
        sources=(
            "Gupta et al. 2018",
            "Vyas et al. 2024",
            "Jordan 2024",
            "Kingma and Ba 2015",
            "Morwani et al. 2024",
            "Bernstein and Newhouse 2024",
            "Kunstner et al. 2019",
        ),
        picture=picture,
        model=model_of,
        script=script,
        styles=STYLES,
        slow=True,
        small={"data": "wine"},
    )
)
