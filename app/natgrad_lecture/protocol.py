"""What the page and the kernel say to each other, stated once.

A page sends an ``Ask``; the kernel answers with an ``Answer`` (a picture), a ``Refusal`` (words) or
an ``ExportReply`` (an export). The lesson's fixed part, ``LessonData``, comes with the
first answer. All of it travels as JSON; the arrays that a trace names travel beside it in one
binary buffer, and ``Answer.buffers`` says where each of them is. JSON has no NaN: a number that may
be missing is ``None``.

``make generate`` writes these types for the page (app/frontend/src/protocol.d.ts), so that pyright
and tsc read the same contract. A string below a field is its description on both sides.
"""

from typing import Any, Literal, NotRequired, TypedDict

Dash = Literal["solid", "dashed"]
"""How a line is drawn: a run in θ is solid, a run in x dashed."""

ArrayKind = Literal["f4", "u4", "u1"]
"""32-bit floats, 32-bit whole numbers, bytes."""

ArrayPlace = tuple[ArrayKind, list[int], int]
"""Where an array is in the buffer: its numbers, its shape, the first byte."""

Tick = tuple[float, str]
"""A mark on an axis: its place and its text."""

Cell = str | float | bool | None
"""A cell of a table."""


class Style(TypedDict):
    """How one thing looks on every page: its colors on light and on dark paper, its symbol."""

    label: str
    light: str
    dark: str
    symbol: NotRequired[str]
    width: NotRequired[float]


# A picture


class Plane(TypedDict):
    """A square of the picture, with its window and its axes."""

    name: str
    title: str
    labels: list[str]
    view: list[float]
    """The window: low and high of the first axis, then of the second."""
    scales: NotRequired[list[tuple[float, float, bool]]]
    """Of a graph, whose window is the unit square: low and high of each axis, and if it is
    logarithmic."""
    ticks: NotRequired[list[list[Tick]]]
    """The marks of each axis, where they are not at round numbers of the window."""
    click: NotRequired[str]
    """The field that a click on the plane sets to its place."""
    look: NotRequired[tuple[str, dict[str, Any]]]
    """Of a map of runs: the field that the cell under the pointer sets, and what else is set, in
    the state whose runs are drawn while it is there; see ``Ask.look``."""
    paint: NotRequired[str]
    """The field that strokes on the plane set to their places."""
    model: NotRequired[bool]
    """It shows the model at the points of the other planes: wide and low, beside the text. Its
    window begins at 0, 0 and is 1 high."""
    say: NotRequired[str]
    """Of a model, what is drawn, for those who do not see it."""


TraceKind = Literal[
    "bands",
    "lines",
    "heat",
    "ellipses",
    "area",
    "curve",
    "points",
    "path",
    "ellipse-at",
    "arrows",
    "data",
    "fit",
    "chain",
]
"""``bands`` and ``lines`` are the ground; a ``path`` has a point per step; an ``ellipse-at`` and
``arrows`` have a shape per step, of which the one at the step shown is drawn. ``data`` are what a
model is fitted to, and a ``fit`` is the model at the step shown; a ``chain`` is one of two states
with the probabilities of leaving them."""

Response = Literal["exp", "logistic", "identity"]
"""g⁻¹ of a ``fit``."""


class ColorScale(TypedDict):
    """What the colors of a ``heat`` mean."""

    label: str
    """What the number is, with its unit."""
    axis: tuple[float, float, bool]
    """The numbers at both ends of the scale, and if it is logarithmic."""
    ticks: list[Tick]
    """Marks on the scale, from 0 to 1."""
    upto: NotRequired[float]
    """The color at which the scale ends, 1 if not given."""
    sides: NotRequired[list[str]]
    """The scale is mirrored about its middle: what the colors on either side are about."""
    notes: NotRequired[dict[str, str]]
    """What the other colors mean: ``over``, those beyond the scale, ``none``, that of a cell
    without a number, and ``under``, the first one, where it stands for smaller numbers, too."""


class TraceValues(TypedDict, total=False):
    """Arrays beside a path, a number per step."""

    loss: str


class Trace(TypedDict):
    """One thing drawn on a plane. A part that holds numbers names an array of the buffer."""

    plane: str
    kind: TraceKind
    style: str
    """Its style, by name."""
    name: str
    points: NotRequired[str]
    """Array ``[n, 2]``; of ``arrows`` ``[steps, 2, 2]``, from and to."""
    starts: NotRequired[str]
    """Array: the first point of each line, and the number of points."""
    rings: NotRequired[str]
    """Array, of ``bands``: the first point of each ring, and the number of points."""
    bands: NotRequired[str]
    """Array, of ``bands``: the first ring of each band, and the number of rings."""
    levels: NotRequired[tuple[float, float]]
    """Of ``bands``: the number at the lowest and at the highest line, which ``label`` names."""
    shapes: NotRequired[str]
    """Array ``[n, 6]``: center and two half axes of each ellipse."""
    at: NotRequired[str]
    """Array, of ``ellipses``: the step at which each of them is."""
    counts: NotRequired[str]
    """Array, of ``points``: how many of them are there at each step."""
    cells: NotRequired[str]
    """Array ``[rows, columns]``, of ``heat``: numbers from 0 to 1, the lowest row first."""
    cache: NotRequired[str]
    """The key under which the page keeps the arrays; they are left out of later answers."""
    map: NotRequired[list[float] | None]
    """An affine map a, b, c, d, e, f from the arrays to the plane: (ax + by + e, cx + dy + f)."""
    dash: NotRequired[Dash]
    rule: NotRequired[str]
    values: NotRequired[TraceValues]
    read: NotRequired[list[tuple[str, str]]]
    """What a reading of the point says: a name and an array, a number per point."""
    label: NotRequired[str]
    width: NotRequired[float]
    faint: NotRequired[bool]
    broken: NotRequired[bool]
    """The line ends because it left the domain or diverged."""
    base: NotRequired[float]
    """Of an ``area``: where it begins on the second axis."""
    size: NotRequired[float | list[int]]
    """Of ``points``: their size, 1 if not given; of ``heat``: rows and columns; of ``data``: the
    width of bars, if they are not points."""
    symbol: NotRequired[str]
    per: NotRequired[int]
    """Of ``points``: each step has this many of its own."""
    every: NotRequired[int]
    """Of such ``points``: they are those of every second step, every third, …"""
    box: NotRequired[list[float]]
    """Of ``heat`` and ``chain``: the window that it fills."""
    between: NotRequired[list[str]]
    """Of ``heat``: the two styles between which it is mixed, if not the theme's ramp."""
    smooth: NotRequired[bool]
    colors: NotRequired[ColorScale]
    """Of ``heat``: what its colors mean."""
    x: NotRequired[str]
    """Array ``[m]``, of a ``fit``: where it is computed."""
    offset: NotRequired[str]
    """Array ``[m]``, of a ``fit``: g⁻¹(offset + features·coefficients) are its values at ``x``."""
    features: NotRequired[str]
    """Array ``[m, r]``, of a ``fit``; without it each ``x`` has a coefficient, and r = m."""
    coefficients: NotRequired[str]
    """Array ``[steps, r]``, of a ``fit``: a row per step; none are numbers after a run's end."""
    chances: NotRequired[str]
    """Array ``[steps, 2]``, of a ``chain``: the probability of leaving each state."""
    shares: NotRequired[str]
    """Array ``[steps, 2]``, of a ``chain``: the share of the time in each state."""
    response: NotRequired[Response]
    mass: NotRequired[float]
    """Of a ``fit`` that is a distribution: what a value counts for in the sum, which is 1."""


_From = TypedDict("_From", {"from": NotRequired[list[float]]})


class Handle(_From):
    """A point that can be dragged. With ``from`` it is the tip of an arrow that begins there."""

    id: str
    plane: str
    at: list[float]
    label: str
    field: str
    """What it sets, to its place less ``from``, divided by ``scale``."""
    style: str
    scale: NotRequired[float]
    tag: NotRequired[str]


class MeterRow(TypedDict):
    """One rule's row of the meter: how far two runs are apart, as a number or as a text."""

    rule: str
    style: str
    label: NotRequired[str]
    gap: NotRequired[float | None]
    text: NotRequired[str]
    word: NotRequired[str]


class Table(TypedDict):
    """Numbers to be read; the first column names a row."""

    head: list[str]
    rows: list[list[Cell]]


class ChartFigure(TypedDict):
    """A chart as Plotly takes it; a color ``style:name`` is a style of the page."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class Chart(TypedDict):
    """A chart that is read slowly, below the planes."""

    name: str
    title: str
    say: str
    """The chart in one sentence, for those who do not see it."""
    figure: NotRequired[ChartFigure]
    table: NotRequired[Table]


class ShownParts(TypedDict):
    """Which groups of controls and which formulas belong to the present view."""

    groups: NotRequired[list[str]]
    formulas: NotRequired[list[str]]


class _View(TypedDict):
    planes: list[Plane]
    steps: int
    """The last step of the runs; 0 if there is nothing to play."""
    handles: list[Handle]
    numbers: dict[str, Any]
    """Numbers of the text by name; ``@name`` is a list, one per step; ``@`` names the columns of
    the array ``live``, a row per step."""
    description: str
    """The picture in words, for those who do not see it."""
    description_of: NotRequired[str]
    """Whose numbers the description says, ``formula.id``: it is silent while that line is hidden.
    If left out, those of the meter, where there is one."""
    dash_labels: NotRequired[dict[str, str]]
    """What each dash means, for the legend."""
    meter: NotRequired[list[MeterRow]]
    notes: NotRequired[dict[str, str]]
    """Notes on runs, by rule."""
    charts: NotRequired[list[Chart]]
    shown: NotRequired[ShownParts]
    shows: NotRequired[int]
    """The one step that the picture shows; another step is asked for."""
    more: NotRequired[int]
    """The picture is not complete; what to ask next, as ``Ask.fine``."""
    progress: NotRequired[float]
    """How much of it is there, from 0 to 1."""
    word: NotRequired[str]
    """The same in words."""
    hints: NotRequired[dict[str, str]]
    """Words beside controls, by field, about what is as it was wished: how data were read."""


class Picture(_View):
    """What a lesson says of a state, beside the traces on its sheet."""

    remarks: NotRequired[dict[str, str]]
    """Words beside controls, by field: what was wished and cannot be, and why."""


# Controls


class Option(TypedDict):
    """One option of a choice."""

    value: Any
    label: str
    help: NotRequired[str]
    style: NotRequired[str]


ControlKind = Literal["slider", "number", "matrix", "choice", "checks", "toggle", "button", "text"]
"""What a control looks like."""


class Control(TypedDict):
    """An input that sets one field of the state."""

    kind: ControlKind
    field: str
    label: str
    help: NotRequired[str]
    when: NotRequired[list[list[Any]]]
    """It is there only while each of these fields has one of these values, or several one of them
    among its own.
    """
    options: NotRequired[list[Option]]
    """Of ``choice`` and ``checks``."""
    file: NotRequired[bool]
    """Of ``text``: it may come from a file."""
    min: NotRequired[float]
    """Of a ``slider``, as ``max``."""
    max: NotRequired[float]
    step: NotRequired[float]
    """Of a ``slider``, a ``number`` and a ``matrix``."""
    scale: NotRequired[Literal["linear", "log"]]
    """Of a ``slider``."""
    unit: NotRequired[str]
    """Of a ``slider``."""
    size: NotRequired[int]
    """Of a ``matrix``: its rows."""
    rows: NotRequired[int]
    """Of a ``text``: its lines."""
    value: NotRequired[Any]
    """Of a ``button``: what it sets its field to."""


class ControlGroup(TypedDict):
    """Controls under one heading."""

    id: str
    label: str
    controls: list[Control]


# A lesson's fixed part


class Prediction(TypedDict):
    """A question to answer before looking."""

    id: str
    html: str
    options: list[str]
    """As HTML."""
    set: dict[str, Any]
    hides: list[str]
    """What would answer it: ids of claims, ``derivation.id``, and ``formula.id`` of the strip."""
    reason: str
    """Why the right answer is right, as HTML."""


class DerivationLine(TypedDict):
    """A line of a derivation: its formula, its reason, and both its sides as live numbers."""

    id: str
    html: str
    say: str
    numbers: str
    lights: list[str]
    """The styles that it speaks of."""
    set: dict[str, Any]
    """What a talk sets to show it."""


class DerivationData(TypedDict):
    """A derivation, which unfolds line by line; ``condition`` is when it holds."""

    id: str
    title: str
    condition: str
    lines: list[DerivationLine]


class ExerciseData(TypedDict):
    """A task, the answer that folds out, and the state that solves it on the page."""

    id: str
    html: str
    answer: str
    set: dict[str, Any] | None


class SummaryData(TypedDict):
    """What was shown, and when it holds; ``id`` is the claim or the derivation that showed it."""

    id: str
    html: str
    when: str


class SectionData(TypedDict):
    """A section of the text."""

    id: str
    heading: str
    html: str
    """Its paragraphs and lists; an element with ``data-place`` is where the question stands, or the
    derivation of this id."""
    derivations: list[DerivationData]
    predict: Prediction | None


class PresetData(TypedDict):
    """A named state, and a sentence on what to see in it."""

    id: str
    name: str
    set: dict[str, Any]
    say: str
    gives_away: list[str]
    """As of the takeaway."""


class ClaimData(TypedDict):
    """The state that shows a sentence of the text."""

    set: dict[str, Any]
    shows: list[str]
    """What shows it: styles of traces, ``formula.`` and its id, or ``meter``."""


class FormulaData(TypedDict):
    """A line of the formula strip."""

    id: str
    html: str
    say: str


class Neighbor(TypedDict):
    """Another lesson: its address, and its title in this one's language."""

    name: str
    title: NotRequired[str]


class Neighbors(TypedDict):
    """The lessons before and after this one, and the page of all of them."""

    before: NotRequired[Neighbor]
    after: NotRequired[Neighbor]
    home: NotRequired[Neighbor]


class LessonData(TypedDict):
    """All of a lesson that does not change with the state, in one language."""

    name: str
    language: str
    languages: list[str]
    title: str
    takeaway: str
    takeaway_gives_away: list[str]
    """The claims that it repeats and a question hides, and ``question.id`` that it answers: it is
    hidden while one of them is hidden, or open."""
    meter: str
    """The heading of the meter."""
    version: int
    """Version of the link format."""
    k: int | None
    """The step that the default state shows; the last one if None."""
    own: list[str]
    """Names in a link that the page keeps for itself."""
    talk: list[str]
    """What a talk shows, step by step: names of presets, or ``claim.name`` and its like."""
    nav: Neighbors | None
    lights: dict[str, list[str]]
    """The styles that a symbol of the text stands for."""
    introduction: dict[str, str]
    """What is modelled, learned and needed, as HTML, by ``data``, ``model``, ``parameters``,
    ``loss``, ``learn`` and ``need``."""
    words: list[SectionData]
    terms: dict[str, str]
    """The definitions of the terms that are marked in the text, as HTML, by ``data-term``."""
    summary: list[SummaryData]
    exercises: list[ExerciseData]
    controls: list[ControlGroup]
    formulas: list[FormulaData]
    styles: dict[str, Style]
    claims: dict[str, ClaimData]
    presets: list[PresetData]


# Asks and answers


class Ask(TypedDict, total=False):
    """What a page asks for: a state, what to change in it, and how fine a picture."""

    ask: int | None
    """Its number, which the answer repeats; None where a notebook set the state."""
    view: str
    """Which view of the widget asks; only this one hears the answer."""
    state: dict[str, Any]
    """The whole state that the page holds, so that any kernel can answer."""
    set: dict[str, Any]
    """Fields and their new values, in the order in which they are set."""
    have: list[str]
    """Keys of arrays that the page keeps; see ``Trace.cache``."""
    kept: str
    """The mark of the answer that the page shows: see ``Answer.held``."""
    query: str
    """A link's query, in place of ``state``."""
    reset: bool
    """Begin with the default, in place of ``state``."""
    follow: bool
    """Show the state that the widget holds, in place of ``state``: see ``Moved``."""
    fine: int
    """Which part of a picture that grows; see ``Answer.more``."""
    hold: bool
    """The reader has stopped the growth and wants to see what there is."""
    one: bool
    """One step more of a run that was stopped."""
    lang: str
    """The language to answer in, English if not given."""
    speak: bool
    """The page changes its language: send the lesson in it, too."""
    look: dict[str, Any]
    """Ask for the runs of ``state`` with these changes, which it does not keep; see ``Looked``."""
    export: str
    """Ask for an export, by its kind, instead of a picture."""
    link: str
    """The link to the state, for the export."""


class Revealed(TypedDict):
    """What came of a prediction: what was chosen, if anything, and what is right."""

    chosen: int | None
    right: int


class Held(TypedDict):
    """Arrays that an answer leaves out, because the page has them."""

    mark: str
    """Of the answer whose arrays of these names they are."""
    names: list[str]


class Answer(_View):
    """The picture of a state."""

    answer: int | None
    """The number of its ask; None if it was not asked for."""
    view: NotRequired[str]
    """The view that asked; all views hear an answer without it."""
    state: dict[str, Any]
    values: dict[str, Any]
    """What each control shows, by field."""
    query: str
    """The state as a link has it."""
    errors: dict[str, str]
    """What was refused, and remarks, by field."""
    idle: dict[str, str]
    """Controls that change nothing in this state, by field, and why."""
    revealed: dict[str, Revealed]
    traces: list[Trace]
    buffers: dict[str, ArrayPlace]
    mark: NotRequired[str]
    """A name for this answer, which later asks repeat."""
    held: NotRequired[Held]
    """What the page has of the answer that its ask named."""
    dropped: NotRequired[list[str]]
    """What of a link could not be shown."""
    lesson: NotRequired[LessonData]
    """The lesson in another language, if the page asked to change its language."""
    fault: NotRequired[str | None]
    """What went wrong, of an answer that has a picture all the same."""
    took: NotRequired[float]
    """For how many milliseconds the kernel worked: the rest of the wait is the line's."""


class Refusal(TypedDict):
    """There is no answer, and why."""

    answer: int | None
    view: NotRequired[str]
    fault: str


class Looked(TypedDict):
    """The runs of a state that was looked at, and is not shown otherwise."""

    answer: int | None
    view: NotRequired[str]
    looked: list[Trace]
    buffers: dict[str, ArrayPlace]


class ExportedFile(TypedDict):
    """An export: a text, or the bytes that come beside it."""

    kind: str
    text: NotRequired[str]


class ExportReply(TypedDict):
    """The answer to an ask with ``export``."""

    answer: int | None
    view: NotRequired[str]
    exported: NotRequired[ExportedFile]


Reply = Answer | Refusal | Looked | ExportReply
"""Whatever the kernel answers."""


class Moved(TypedDict):
    """The state is another one: every other view than this one asks for it with ``follow``."""

    moved: str


class StepNotice(TypedDict, total=False):
    """The step at which a reader rests. It changes no picture, so nothing is asked."""

    k: int
    view: str


# A class: one lecturer, whose picture is relayed, and many who follow


class ClassPose(TypedDict):
    """What the lecturer's page does beside its picture; followers do the same."""

    k: int
    """The step that is shown; of a run that plays, the one at which it was when this was said."""
    playing: bool
    speed: float
    loop: bool
    laser: NotRequired[tuple[str, float, float] | None]
    """Where the laser dot is: a plane, and parts of its width and height from the top left."""
    line: NotRequired[str]
    """The line that is said of a talk's step."""


QuestionKind = Literal["choice", "number", "point"]
"""One of some options; a number; a place on a plane, shown by dragging an arrow."""


class ClassQuestion(TypedDict):
    """A question to the class. Nothing in it says which answer is right."""

    kind: QuestionKind
    text: str
    """As plain text; empty if it is one of the lesson's."""
    name: NotRequired[str]
    """Its id in the lesson's text, where the words are."""
    options: NotRequired[list[str]]
    """Of a ``choice``, as plain text."""
    plane: NotRequired[str]
    """Of a ``point``: the plane on which the arrow is."""
    start: NotRequired[list[float]]
    """Of a ``point``: where the arrow begins."""


class ClassResult(TypedDict):
    """The counts of one round."""

    answered: int
    counts: NotRequired[list[int]]
    """Of a ``choice``: by option; of a ``number``: by bin."""
    edges: NotRequired[list[float]]
    """Of a ``number``: the bins' ends, one more than there are bins."""
    points: NotRequired[list[list[float]]]
    """Of a ``point``: where the arrows end."""


class ClassTruth(TypedDict):
    """What is right, once it is revealed."""

    right: NotRequired[int | float | list[float] | None]
    """An option's index, a number, or a place."""
    say: NotRequired[dict[str, str]]
    """Why, as HTML of the lesson's text, by language."""


class ClassQuiz(TypedDict):
    """The question that the class is at."""

    id: int
    question: ClassQuestion
    lesson: str
    round: int
    """From 1: the second round asks the same again."""
    open: bool
    """Whether answers are taken."""
    revealed: bool
    results: NotRequired[list[ClassResult]]
    """Of each round, those of the present one once it is closed; to a follower only once they are
    revealed."""
    truth: NotRequired[ClassTruth]


class ClassPlace(TypedDict):
    """What the lecturer's page is told of its class."""

    code: str
    limit: int
    """How many may follow."""
    address: str
    """Where a phone finds the class."""
    qr: list[str]
    """The same as a QR code: rows of 0 and 1."""
    local: bool
    """The address is this machine's own: no phone can reach it."""
    process: str
    """The server process that has the class. Of several behind one address, a proxy chooses one by
    the code: the page asks under the code whether it chooses this one, or else takes another code.
    """


class ClassNews(TypedDict, total=False):
    """What the server says to a page of a class; only what has changed is in it."""

    place: ClassPlace
    """To the lecturer."""
    count: int
    """To the lecturer: how many follow."""
    answered: int
    """To the lecturer: how many answered the open question."""
    release: str
    """To a follower: the digest of the server's scripts; a page with others is of an older server.
    """
    lesson: str
    """The lesson that is shown."""
    picture: Answer
    """The picture; its arrays come beside it."""
    pose: ClassPose
    quiz: ClassQuiz | None
    mine: int | float | list[float] | None
    """To a follower: the answer that counts as theirs in this round."""
    file: ExportedFile
    """To the lecturer: the counts, as the class ends."""
    said: str
    """What was not done, and why: the name of a sentence."""
    beat: int
    """Nothing but that the line is alive."""


class ClassWord(TypedDict, total=False):
    """What a page of a class says to the server: a lecturer all of it but ``answer``."""

    lead: dict[str, str]
    """The page's lesson, kernel and pass, and the address that phones should open."""
    pose: ClassPose
    ask: dict[str, Any]
    """Open a question: a ``ClassQuestion``, and ``right``."""
    close: bool
    """Take no more answers."""
    again: bool
    """Ask the same in another round."""
    reveal: bool
    """Show the counts, and what is right."""
    clear: bool
    """Put the question away."""
    kept: list[ClassQuiz]
    """What the page knows of the rounds so far, for a server that was restarted."""
    end: bool
    """End the class; the counts come first."""
    answer: int | float | list[float]
    """A follower's answer to the open question."""
    round: list[int]
    """The question and the round that the answer is for."""
    resend: bool
    """The page said this answer before its line was cut: it counts only if the server knows of none
    in this round. The same device may have given another one meanwhile, on another page."""
    beat: int
