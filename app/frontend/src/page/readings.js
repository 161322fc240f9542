// All that is beside the planes: controls, formulas, meter, legend, charts, and the live numbers.

import { makeCharts } from "../canvas/charts.js";
import { makeControls } from "../controls/controls.js";
import { makeLegend } from "../controls/legend.js";
import { makeFormulas, makeLive } from "../controls/lesson_text.js";
import { makeMeter } from "../controls/gap_meter.js";
import { makePin } from "../controls/pin.js";
import { say } from "../i18n/en.js";
import { make, setText } from "../lib/dom.js";
import { makeThrottle } from "../lib/throttle.js";

const DESCRIBED = 400; // ms until a screen reader hears of the state that it came to rest in

/**
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {Model} page.model
 * @param {LessonData} page.lesson
 * @param {import("./page_state.js").PageState} page.state
 * @param {Fields} page.fields
 * @param {{ update: (answer: Answer, wished: Changes) => void }} page.words
 * @param {Palette} page.palette
 * @param {Theme} page.theme
 * @param {() => number} page.step
 * @param {() => boolean} page.busy
 * @param {() => boolean} page.dragging
 * @param {() => boolean} page.slow
 * @param {() => Changes} page.wished what the reader set and no answer shows yet
 * @param {(text: string) => void} page.elsewhere
 */
export function makeReadings({
  root,
  model,
  lesson,
  state,
  fields,
  words,
  palette,
  theme,
  step,
  busy,
  dragging,
  slow,
  wished,
  elsewhere,
}) {
  const formulas = makeFormulas(lesson, describe);
  const controls = makeControls(lesson, fields);
  const charts = makeCharts(model, { palette, theme: () => theme.current(), busy });
  const meter = makeMeter(lesson, () => (formulas.fix(), describe()));
  const pin = makePin(lesson, { array: state.array });
  const legend = makeLegend(lesson);
  const description = make("p", { class: "unseen", "aria-live": "polite" });
  /** @type {ReturnType<typeof makeLive> | undefined} */
  let live;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function write() {
    const answer = state.shown();
    fields.update(answer, busy());
    controls.update(answer);
    if (answer.fault) elsewhere(answer.fault);
    if (meter.update(answer)) formulas.fix();
    pin.update(answer);
    legend.update(answer);
    charts.update(answer.charts);
    words.update(answer, wished());
    live?.adopt(answer.numbers, step());
    formulas.update(answer);
    describe();
  }

  // A screen reader does not hear the numbers that the page hides, but what else is drawn.
  function describe() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { description: said, description_of: line, planes } = state.shown();
      const hidden = line ? formulas.hiding(line) : meter.hidden();
      const keys = [...legend.box.querySelectorAll("[role=listitem]")];
      const drawn = [...planes.map(({ title }) => title), ...keys.map((key) => key.textContent)];
      const why = say(line ? "show-formulas" : "show-meter");
      setText(description, hidden ? `${drawn.join("; ")}. ${why}` : said);
    }, DESCRIBED);
  }

  const figures = makeThrottle(() => live?.step(step()), slow);
  const texts = makeThrottle(write, slow);
  return {
    formulas,
    controls,
    charts,
    meter,
    pin,
    legend,
    description,

    /** Find the places of live numbers, once all parts are on the page. */
    begin() {
      live = makeLive(root, state.array);
    },

    /** Places of live numbers came with a caption, or a line of a derivation. */
    look: () => live?.look(step()),

    /** @param {boolean} rest whether no other step follows at once */
    stepped: (rest) => figures.owe(rest),

    /** An answer was taken: write what it says, soon. */
    owe: () => texts.owe(!busy() && !dragging()),

    /** A drag has ended, or rests: write what is owed, unless an answer that is awaited brings it. */
    rest() {
      if (texts.owing() && !busy()) texts.owe(true);
    },
    owing: () => ({ figures: figures.owing(), texts: texts.owing() }),

    stop() {
      clearTimeout(timer);
      charts.stop();
      figures.stop();
      texts.stop();
    },
  };
}
