// Written by `make generate` from app/natgrad_lecture/protocol.py; do not edit.

/** How a line is drawn: a run in θ is solid, a run in x dashed. */
export type Dash = "solid" | "dashed";

/** 32-bit floats, 32-bit whole numbers, bytes. */
export type ArrayKind = "f4" | "u4" | "u1";

/** Where an array is in the buffer: its numbers, its shape, the first byte. */
export type ArrayPlace = [ArrayKind, number[], number];

/** A mark on an axis: its place and its text. */
export type Tick = [number, string];

/** A cell of a table. */
export type Cell = string | number | boolean | null;

/** How one thing looks on every page: its colors on light and on dark paper, its symbol. */
export interface Style {
  label: string;
  light: string;
  dark: string;
  symbol?: string;
  width?: number;
}

/** A square of the picture, with its window and its axes. */
export interface Plane {
  name: string;
  title: string;
  labels: string[];
  /** The window: low and high of the first axis, then of the second. */
  view: number[];
  /** Of a graph, whose window is the unit square: low and high of each axis, and if it is
   * logarithmic. */
  scales?: [number, number, boolean][];
  /** The marks of each axis, where they are not at round numbers of the window. */
  ticks?: Tick[][];
  /** The field that a click on the plane sets to its place. */
  click?: string;
  /** Of a map of runs: the field that the cell under the pointer sets, and what else is set, in
   * the state whose runs are drawn while it is there; see ``Ask.look``. */
  look?: [string, Record<string, any>];
  /** The field that strokes on the plane set to their places. */
  paint?: string;
  /** It shows the model at the points of the other planes: wide and low, beside the text. Its
   * window begins at 0, 0 and is 1 high. */
  model?: boolean;
  /** Of a model, what is drawn, for those who do not see it. */
  say?: string;
}

/** ``bands`` and ``lines`` are the ground; a ``path`` has a point per step; an ``ellipse-at`` and
 * ``arrows`` have a shape per step, of which the one at the step shown is drawn. ``data`` are what a
 * model is fitted to, and a ``fit`` is the model at the step shown; a ``chain`` is one of two states
 * with the probabilities of leaving them. */
export type TraceKind = "bands" | "lines" | "heat" | "ellipses" | "area" | "curve" | "points" | "path" | "ellipse-at" | "arrows" | "data" | "fit" | "chain";

/** g⁻¹ of a ``fit``. */
export type Response = "exp" | "logistic" | "identity";

/** What the colors of a ``heat`` mean. */
export interface ColorScale {
  /** What the number is, with its unit. */
  label: string;
  /** The numbers at both ends of the scale, and if it is logarithmic. */
  axis: [number, number, boolean];
  /** Marks on the scale, from 0 to 1. */
  ticks: Tick[];
  /** The color at which the scale ends, 1 if not given. */
  upto?: number;
  /** The scale is mirrored about its middle: what the colors on either side are about. */
  sides?: string[];
  /** What the other colors mean: ``over``, those beyond the scale, ``none``, that of a cell
   * without a number, and ``under``, the first one, where it stands for smaller numbers, too. */
  notes?: Record<string, string>;
}

/** Arrays beside a path, a number per step. */
export interface TraceValues {
  loss?: string;
}

/** One thing drawn on a plane. A part that holds numbers names an array of the buffer. */
export interface Trace {
  plane: string;
  kind: TraceKind;
  /** Its style, by name. */
  style: string;
  name: string;
  /** Array ``[n, 2]``; of ``arrows`` ``[steps, 2, 2]``, from and to. */
  points?: string;
  /** Array: the first point of each line, and the number of points. */
  starts?: string;
  /** Array, of ``bands``: the first point of each ring, and the number of points. */
  rings?: string;
  /** Array, of ``bands``: the first ring of each band, and the number of rings. */
  bands?: string;
  /** Of ``bands``: the number at the lowest and at the highest line, which ``label`` names. */
  levels?: [number, number];
  /** Array ``[n, 6]``: center and two half axes of each ellipse. */
  shapes?: string;
  /** Array, of ``ellipses``: the step at which each of them is. */
  at?: string;
  /** Array, of ``points``: how many of them are there at each step. */
  counts?: string;
  /** Array ``[rows, columns]``, of ``heat``: numbers from 0 to 1, the lowest row first. */
  cells?: string;
  /** The key under which the page keeps the arrays; they are left out of later answers. */
  cache?: string;
  /** An affine map a, b, c, d, e, f from the arrays to the plane: (ax + by + e, cx + dy + f). */
  map?: number[] | null;
  dash?: Dash;
  rule?: string;
  values?: TraceValues;
  /** What a reading of the point says: a name and an array, a number per point. */
  read?: [string, string][];
  label?: string;
  width?: number;
  faint?: boolean;
  /** The line ends because it left the domain or diverged. */
  broken?: boolean;
  /** Of an ``area``: where it begins on the second axis. */
  base?: number;
  /** Of ``points``: their size, 1 if not given; of ``heat``: rows and columns; of ``data``: the
   * width of bars, if they are not points. */
  size?: number | number[];
  symbol?: string;
  /** Of ``points``: each step has this many of its own. */
  per?: number;
  /** Of such ``points``: they are those of every second step, every third, … */
  every?: number;
  /** Of ``heat`` and ``chain``: the window that it fills. */
  box?: number[];
  /** Of ``heat``: the two styles between which it is mixed, if not the theme's ramp. */
  between?: string[];
  smooth?: boolean;
  /** Of ``heat``: what its colors mean. */
  colors?: ColorScale;
  /** Array ``[m]``, of a ``fit``: where it is computed. */
  x?: string;
  /** Array ``[m]``, of a ``fit``: g⁻¹(offset + features·coefficients) are its values at ``x``. */
  offset?: string;
  /** Array ``[m, r]``, of a ``fit``; without it each ``x`` has a coefficient, and r = m. */
  features?: string;
  /** Array ``[steps, r]``, of a ``fit``: a row per step; none are numbers after a run's end. */
  coefficients?: string;
  /** Array ``[steps, 2]``, of a ``chain``: the probability of leaving each state. */
  chances?: string;
  /** Array ``[steps, 2]``, of a ``chain``: the share of the time in each state. */
  shares?: string;
  response?: Response;
  /** Of a ``fit`` that is a distribution: what a value counts for in the sum, which is 1. */
  mass?: number;
}

/** A point that can be dragged. With ``from`` it is the tip of an arrow that begins there. */
export interface Handle {
  from?: number[];
  id: string;
  plane: string;
  at: number[];
  label: string;
  /** What it sets, to its place less ``from``, divided by ``scale``. */
  field: string;
  style: string;
  scale?: number;
  tag?: string;
}

/** One rule's row of the meter: how far two runs are apart, as a number or as a text. */
export interface MeterRow {
  rule: string;
  style: string;
  label?: string;
  gap?: number | null;
  text?: string;
  word?: string;
}

/** Numbers to be read; the first column names a row. */
export interface Table {
  head: string[];
  rows: Cell[][];
}

/** A chart as Plotly takes it; a color ``style:name`` is a style of the page. */
export interface ChartFigure {
  data: Record<string, any>[];
  layout: Record<string, any>;
}

/** A chart that is read slowly, below the planes. */
export interface Chart {
  name: string;
  title: string;
  /** The chart in one sentence, for those who do not see it. */
  say: string;
  figure?: ChartFigure;
  table?: Table;
}

/** Which groups of controls and which formulas belong to the present view. */
export interface ShownParts {
  groups?: string[];
  formulas?: string[];
}

/** What a lesson says of a state, beside the traces on its sheet. */
export interface Picture {
  planes: Plane[];
  steps: number;
  handles: Handle[];
  numbers: Record<string, any>;
  description: string;
  description_of?: string;
  dash_labels?: Record<string, string>;
  meter?: MeterRow[];
  notes?: Record<string, string>;
  charts?: Chart[];
  shown?: ShownParts;
  shows?: number;
  more?: number;
  progress?: number;
  word?: string;
  hints?: Record<string, string>;
  /** Words beside controls, by field: what was wished and cannot be, and why. */
  remarks?: Record<string, string>;
}

/** One option of a choice. */
export interface Option {
  value: any;
  label: string;
  help?: string;
  style?: string;
}

/** What a control looks like. */
export type ControlKind = "slider" | "number" | "matrix" | "choice" | "checks" | "toggle" | "button" | "text";

/** An input that sets one field of the state. */
export interface Control {
  kind: ControlKind;
  field: string;
  label: string;
  help?: string;
  /** It is there only while each of these fields has one of these values, or several one of them
   * among its own. */
  when?: any[][];
  /** Of ``choice`` and ``checks``. */
  options?: Option[];
  /** Of ``text``: it may come from a file. */
  file?: boolean;
  /** Of a ``slider``, as ``max``. */
  min?: number;
  max?: number;
  /** Of a ``slider``, a ``number`` and a ``matrix``. */
  step?: number;
  /** Of a ``slider``. */
  scale?: "linear" | "log";
  /** Of a ``slider``. */
  unit?: string;
  /** Of a ``matrix``: its rows. */
  size?: number;
  /** Of a ``text``: its lines. */
  rows?: number;
  /** Of a ``button``: what it sets its field to. */
  value?: any;
}

/** Controls under one heading. */
export interface ControlGroup {
  id: string;
  label: string;
  controls: Control[];
}

/** A question to answer before looking. */
export interface Prediction {
  id: string;
  html: string;
  /** As HTML. */
  options: string[];
  set: Record<string, any>;
  /** What would answer it: ids of claims, ``derivation.id``, and ``formula.id`` of the strip. */
  hides: string[];
  /** Why the right answer is right, as HTML. */
  reason: string;
}

/** A line of a derivation: its formula, its reason, and both its sides as live numbers. */
export interface DerivationLine {
  id: string;
  html: string;
  say: string;
  numbers: string;
  /** The styles that it speaks of. */
  lights: string[];
  /** What a talk sets to show it. */
  set: Record<string, any>;
}

/** A derivation, which unfolds line by line; ``condition`` is when it holds. */
export interface DerivationData {
  id: string;
  title: string;
  condition: string;
  lines: DerivationLine[];
}

/** A task, the answer that folds out, and the state that solves it on the page. */
export interface ExerciseData {
  id: string;
  html: string;
  answer: string;
  set: Record<string, any> | null;
}

/** What was shown, and when it holds; ``id`` is the claim or the derivation that showed it. */
export interface SummaryData {
  id: string;
  html: string;
  when: string;
}

/** A section of the text. */
export interface SectionData {
  id: string;
  heading: string;
  /** Its paragraphs and lists; an element with ``data-place`` is where the question stands, or the
   * derivation of this id. */
  html: string;
  derivations: DerivationData[];
  predict: Prediction | null;
}

/** A named state, and a sentence on what to see in it. */
export interface PresetData {
  id: string;
  name: string;
  set: Record<string, any>;
  say: string;
  /** As of the takeaway. */
  gives_away: string[];
}

/** The state that shows a sentence of the text. */
export interface ClaimData {
  set: Record<string, any>;
  /** What shows it: styles of traces, ``formula.`` and its id, or ``meter``. */
  shows: string[];
}

/** A line of the formula strip. */
export interface FormulaData {
  id: string;
  html: string;
  say: string;
}

/** Another lesson: its address, and its title in this one's language. */
export interface Neighbor {
  name: string;
  title?: string;
}

/** The lessons before and after this one, and the page of all of them. */
export interface Neighbors {
  before?: Neighbor;
  after?: Neighbor;
  home?: Neighbor;
}

/** All of a lesson that does not change with the state, in one language. */
export interface LessonData {
  name: string;
  language: string;
  languages: string[];
  title: string;
  takeaway: string;
  /** The claims that it repeats and a question hides, and ``question.id`` that it answers: it is
   * hidden while one of them is hidden, or open. */
  takeaway_gives_away: string[];
  /** The heading of the meter. */
  meter: string;
  /** Version of the link format. */
  version: number;
  /** The step that the default state shows; the last one if None. */
  k: number | null;
  /** Names in a link that the page keeps for itself. */
  own: string[];
  /** What a talk shows, step by step: names of presets, or ``claim.name`` and its like. */
  talk: string[];
  nav: Neighbors | null;
  /** The styles that a symbol of the text stands for. */
  lights: Record<string, string[]>;
  /** What is modelled, learned and needed, as HTML, by ``data``, ``model``, ``parameters``,
   * ``loss``, ``learn`` and ``need``. */
  introduction: Record<string, string>;
  words: SectionData[];
  /** The definitions of the terms that are marked in the text, as HTML, by ``data-term``. */
  terms: Record<string, string>;
  summary: SummaryData[];
  exercises: ExerciseData[];
  controls: ControlGroup[];
  formulas: FormulaData[];
  styles: Record<string, Style>;
  claims: Record<string, ClaimData>;
  presets: PresetData[];
}

/** What a page asks for: a state, what to change in it, and how fine a picture. */
export interface Ask {
  /** Its number, which the answer repeats; None where a notebook set the state. */
  ask?: number | null;
  /** Which view of the widget asks; only this one hears the answer. */
  view?: string;
  /** The whole state that the page holds, so that any kernel can answer. */
  state?: Record<string, any>;
  /** Fields and their new values, in the order in which they are set. */
  set?: Record<string, any>;
  /** Keys of arrays that the page keeps; see ``Trace.cache``. */
  have?: string[];
  /** The mark of the answer that the page shows: see ``Answer.held``. */
  kept?: string;
  /** A link's query, in place of ``state``. */
  query?: string;
  /** Begin with the default, in place of ``state``. */
  reset?: boolean;
  /** Show the state that the widget holds, in place of ``state``: see ``Moved``. */
  follow?: boolean;
  /** Which part of a picture that grows; see ``Answer.more``. */
  fine?: number;
  /** The reader has stopped the growth and wants to see what there is. */
  hold?: boolean;
  /** One step more of a run that was stopped. */
  one?: boolean;
  /** The language to answer in, English if not given. */
  lang?: string;
  /** The page changes its language: send the lesson in it, too. */
  speak?: boolean;
  /** Ask for the runs of ``state`` with these changes, which it does not keep; see ``Looked``. */
  look?: Record<string, any>;
  /** Ask for an export, by its kind, instead of a picture. */
  export?: string;
  /** The link to the state, for the export. */
  link?: string;
}

/** What came of a prediction: what was chosen, if anything, and what is right. */
export interface Revealed {
  chosen: number | null;
  right: number;
}

/** Arrays that an answer leaves out, because the page has them. */
export interface Held {
  /** Of the answer whose arrays of these names they are. */
  mark: string;
  names: string[];
}

/** The picture of a state. */
export interface Answer {
  planes: Plane[];
  steps: number;
  handles: Handle[];
  numbers: Record<string, any>;
  description: string;
  description_of?: string;
  dash_labels?: Record<string, string>;
  meter?: MeterRow[];
  notes?: Record<string, string>;
  charts?: Chart[];
  shown?: ShownParts;
  shows?: number;
  more?: number;
  progress?: number;
  word?: string;
  hints?: Record<string, string>;
  /** The number of its ask; None if it was not asked for. */
  answer: number | null;
  /** The view that asked; all views hear an answer without it. */
  view?: string;
  state: Record<string, any>;
  /** What each control shows, by field. */
  values: Record<string, any>;
  /** The state as a link has it. */
  query: string;
  /** What was refused, and remarks, by field. */
  errors: Record<string, string>;
  /** Controls that change nothing in this state, by field, and why. */
  idle: Record<string, string>;
  revealed: Record<string, Revealed>;
  traces: Trace[];
  buffers: Record<string, ArrayPlace>;
  /** A name for this answer, which later asks repeat. */
  mark?: string;
  /** What the page has of the answer that its ask named. */
  held?: Held;
  /** What of a link could not be shown. */
  dropped?: string[];
  /** The lesson in another language, if the page asked to change its language. */
  lesson?: LessonData;
  /** What went wrong, of an answer that has a picture all the same. */
  fault?: string | null;
  /** For how many milliseconds the kernel worked: the rest of the wait is the line's. */
  took?: number;
}

/** There is no answer, and why. */
export interface Refusal {
  answer: number | null;
  view?: string;
  fault: string;
}

/** The runs of a state that was looked at, and is not shown otherwise. */
export interface Looked {
  answer: number | null;
  view?: string;
  looked: Trace[];
  buffers: Record<string, ArrayPlace>;
}

/** An export: a text, or the bytes that come beside it. */
export interface ExportedFile {
  kind: string;
  text?: string;
}

/** The answer to an ask with ``export``. */
export interface ExportReply {
  answer: number | null;
  view?: string;
  exported?: ExportedFile;
}

/** Whatever the kernel answers. */
export type Reply = Answer | Refusal | Looked | ExportReply;

/** The state is another one: every other view than this one asks for it with ``follow``. */
export interface Moved {
  moved: string;
}

/** The step at which a reader rests. It changes no picture, so nothing is asked. */
export interface StepNotice {
  k?: number;
  view?: string;
}

/** What the lecturer's page does beside its picture; followers do the same. */
export interface ClassPose {
  /** The step that is shown; of a run that plays, the one at which it was when this was said. */
  k: number;
  playing: boolean;
  speed: number;
  loop: boolean;
  /** Where the laser dot is: a plane, and parts of its width and height from the top left. */
  laser?: [string, number, number] | null;
  /** The line that is said of a talk's step. */
  line?: string;
}

/** One of some options; a number; a place on a plane, shown by dragging an arrow. */
export type QuestionKind = "choice" | "number" | "point";

/** A question to the class. Nothing in it says which answer is right. */
export interface ClassQuestion {
  kind: QuestionKind;
  /** As plain text; empty if it is one of the lesson's. */
  text: string;
  /** Its id in the lesson's text, where the words are. */
  name?: string;
  /** Of a ``choice``, as plain text. */
  options?: string[];
  /** Of a ``point``: the plane on which the arrow is. */
  plane?: string;
  /** Of a ``point``: where the arrow begins. */
  start?: number[];
}

/** The counts of one round. */
export interface ClassResult {
  answered: number;
  /** Of a ``choice``: by option; of a ``number``: by bin. */
  counts?: number[];
  /** Of a ``number``: the bins' ends, one more than there are bins. */
  edges?: number[];
  /** Of a ``point``: where the arrows end. */
  points?: number[][];
}

/** What is right, once it is revealed. */
export interface ClassTruth {
  /** An option's index, a number, or a place. */
  right?: number | number[] | null;
  /** Why, as HTML of the lesson's text, by language. */
  say?: Record<string, string>;
}

/** The question that the class is at. */
export interface ClassQuiz {
  id: number;
  question: ClassQuestion;
  lesson: string;
  /** From 1: the second round asks the same again. */
  round: number;
  /** Whether answers are taken. */
  open: boolean;
  revealed: boolean;
  /** Of each round, those of the present one once it is closed; to a follower only once they are
   * revealed. */
  results?: ClassResult[];
  truth?: ClassTruth;
}

/** What the lecturer's page is told of its class. */
export interface ClassPlace {
  code: string;
  /** How many may follow. */
  limit: number;
  /** Where a phone finds the class. */
  address: string;
  /** The same as a QR code: rows of 0 and 1. */
  qr: string[];
  /** The address is this machine's own: no phone can reach it. */
  local: boolean;
  /** The server process that has the class. Of several behind one address, a proxy chooses one by
   * the code: the page asks under the code whether it chooses this one, or else takes another code. */
  process: string;
}

/** What the server says to a page of a class; only what has changed is in it. */
export interface ClassNews {
  /** To the lecturer. */
  place?: ClassPlace;
  /** To the lecturer: how many follow. */
  count?: number;
  /** To the lecturer: how many answered the open question. */
  answered?: number;
  /** To a follower: the digest of the server's scripts; a page with others is of an older server.
   *  */
  release?: string;
  /** The lesson that is shown. */
  lesson?: string;
  /** The picture; its arrays come beside it. */
  picture?: Answer;
  pose?: ClassPose;
  quiz?: ClassQuiz | null;
  /** To a follower: the answer that counts as theirs in this round. */
  mine?: number | number[] | null;
  /** To the lecturer: the counts, as the class ends. */
  file?: ExportedFile;
  /** What was not done, and why: the name of a sentence. */
  said?: string;
  /** Nothing but that the line is alive. */
  beat?: number;
}

/** What a page of a class says to the server: a lecturer all of it but ``answer``. */
export interface ClassWord {
  /** The page's lesson, kernel and pass, and the address that phones should open. */
  lead?: Record<string, string>;
  pose?: ClassPose;
  /** Open a question: a ``ClassQuestion``, and ``right``. */
  ask?: Record<string, any>;
  /** Take no more answers. */
  close?: boolean;
  /** Ask the same in another round. */
  again?: boolean;
  /** Show the counts, and what is right. */
  reveal?: boolean;
  /** Put the question away. */
  clear?: boolean;
  /** What the page knows of the rounds so far, for a server that was restarted. */
  kept?: ClassQuiz[];
  /** End the class; the counts come first. */
  end?: boolean;
  /** A follower's answer to the open question. */
  answer?: number | number[];
  /** The question and the round that the answer is for. */
  round?: number[];
  /** The page said this answer before its line was cut: it counts only if the server knows of none
   * in this round. The same device may have given another one meanwhile, on another page. */
  resend?: boolean;
  beat?: number;
}
