// A lesson's page: its parts, and what each is told of the others. The data goes one way: a control
// asks, the kernel answers, the answer is drawn.

import { makeFrame } from "../canvas/animation_frame.js";
import { makePalette } from "../canvas/colors.js";
import { makeOutlineCache } from "../canvas/static_layer.js";
import { makeBanner } from "../connection/connection_banner.js";
import { makeFields } from "../controls/field_registry.js";
import { makeHeader } from "../controls/header.js";
import { makeWords } from "../controls/lesson_text.js";
import { makeMenu } from "../controls/menu.js";
import { makeTransport } from "../controls/playback.js";
import { makeProgress } from "../controls/progress.js";
import { makeLights } from "../controls/symbol_highlight.js";
import { makeTerms } from "../controls/terms.js";
import { makeTheme } from "../controls/theme.js";
import { makeExport } from "../export/export_menu.js";
import { fetchWords } from "../i18n/language.js";
import { make, setText } from "../lib/dom.js";
import { makeDragging } from "../lib/dragging.js";
import { makeStats } from "../lib/frame_stats.js";
import { makeWatch } from "../lib/visibility.js";
import { makeReader } from "../session/session.js";
import { makeAsks } from "./asks.js";
import { makeConversation } from "./conversation.js";
import { LOOK, makeLook } from "./look.js";
import { layOut, makeRoot } from "./page_layout.js";
import { makePageState } from "./page_state.js";
import { makePictureLoop } from "./picture_loop.js";
import { makePlaneSet } from "./plane_set.js";
import { makeReadings } from "./readings.js";
import { reportOn } from "./report.js";

/**
 * Set up the page in an element and draw its first picture.
 *
 * @param {object} given
 * @param {Model} given.model
 * @param {HTMLElement} given.el
 * @param {string} given.view its name among the widget's views
 * @param {LessonData} given.lesson
 * @param {Reply} given.first
 * @param {DataView | undefined} given.arrays
 * @param {string} given.language that the reader wishes for
 * @param {(lesson: LessonData, first: Reply, arrays: DataView | undefined) => void} given.translated
 *     sets the page up again, when the lesson comes in another language
 * @returns {() => void} takes the page down
 */
export function mount({ model, el, view, lesson, first, arrays, language, translated }) {
  const whole = Boolean(model.link && !model.follows);
  const inNotebook = !model.link && !model.saved;
  const root = makeRoot(lesson, Boolean(model.link));
  // Its colors and its width are asked for while it is empty: later each question lays out the page.
  el.append(root);
  const width = root.clientWidth;
  const state = makePageState();
  const stats = makeStats();
  const cache = makeOutlineCache();
  const theme = makeTheme(root);
  theme.apply();
  const palette = makePalette(root, lesson.styles);
  palette.read();
  const frame = makeFrame((now) => loop.draw(now));
  const redraw = frame.request;

  const conversation = makeConversation({
    model,
    view,
    lesson,
    state,
    keys: cache.keys,
    step: () => transport.k(),
    held: () => progress.held(),
    onTrouble: (late) => banner.trouble(late),
  });
  const { busy } = conversation;
  const dragging = makeDragging(root, () => {
    readings.rest();
    redraw();
  });

  const { ask, jump } = makeAsks({
    conversation,
    fields: () => fields,
    marked: () => [header, words],
    touch: (act) => reader.touch(act),
    follow: () => loop.follow(),
  });
  const banner = makeBanner(model, () => conversation.again());
  const homeless = make("p", { class: "wrong homeless", role: "alert", hidden: true });
  /** @param {string} text what is about no control */
  const elsewhere = (text) => {
    setText(homeless, text);
    if (homeless.hidden !== !text) homeless.hidden = !text;
  };
  const fields = makeFields({ ask, elsewhere });
  const transport = makeTransport({ redraw, onStep, onEnd: () => progress.one() });
  const menu = makeMenu();
  const header = makeHeader(lesson, {
    ask: jump,
    reset: () => reader.reset(),
    theme,
    link: whole && (() => reader.link()),
    nav: whole && lesson.nav,
    menu,
    past: () => reader,
  });
  const said = () => conversation.wished().answers ?? state.answer()?.state?.answers ?? [];
  const words = makeWords(lesson, {
    ask: jump,
    change: ask,
    said,
    light(shows) {
      readings.formulas.reveal(shows);
      readings.meter.reveal(shows);
      lights.keep(shows);
      planeSet.light(shows);
    },
    tell: header.tell,
    onshown: header.shown,
    written(line) {
      readings.look();
      lights.find(line);
    },
  });
  const watch = makeWatch(root, () => progress.resume(busy()));
  const progress = makeProgress({ refine: conversation.refine, looked: watch.looked });
  const readings = makeReadings({
    root,
    model,
    lesson,
    state,
    fields,
    words,
    palette,
    theme,
    step: transport.k,
    busy,
    dragging: dragging.now,
    slow: () => loop.slow(),
    wished: conversation.wished,
    elsewhere,
  });
  const { formulas, controls, charts, meter, pin, legend, description } = readings;
  const look = makeLook({
    model,
    view,
    state: () => ({ ...state.shown().state, k: transport.k() }),
    redraw,
  });
  const planeSet = makePlaneSet({
    root,
    words: words.box,
    host: {
      ask(set) {
        fields.foresee(set);
        ask(set);
      },
      look: look.at,
      redraw,
      busy,
      array: state.array,
      lesson,
    },
    onResize() {
      formulas.fix();
      loop.draw(); // now, not at the next frame: a resized canvas is empty
    },
  });
  const reader = makeReader({
    root,
    lesson,
    whole,
    menu,
    speak,
    transport,
    words,
    handles: () => state.shown().handles,
    seen: () => ({
      query: state.shown().query,
      state: { ...state.shown().state, k: transport.k() },
    }),
    said,
    busy,
    jump,
    presets: header,
    redraw,
    captioned: () => readings.look(),
  });
  reader.onpast(() => header.past(reader.can()));
  layOut(root, {
    over: [banner.box, reader.notice],
    top: [header.box],
    words: [words.box],
    sticky: [header.say, planeSet.box, planeSet.beside],
    picture: [progress.box, legend.box, transport.box, homeless],
    deck: [make("div", { class: "numbers" }, meter.box, pin.box, formulas.box), controls.box],
    below: [charts.box, reader.caption, description],
  });
  const exporter = makeExport({
    model,
    view,
    root,
    lesson,
    menu,
    pin,
    transport,
    planes: planeSet.planes,
    cache,
    palette,
    theme,
    array: state.array,
    answer: state.shown,
    caption: header.caption,
    link: () => (whole ? reader.link() : lesson.name),
    redraw,
  });
  const loop = makePictureLoop({
    state,
    stats,
    cache,
    palette,
    theme,
    transport,
    planeSet,
    look,
    readings,
    reader,
    progress,
    busy,
    dragging: dragging.now,
  });
  readings.begin();
  const terms = makeTerms(root, lesson.terms);
  const lights = makeLights(root, lesson, { palette, redraw });

  function onStep() {
    readings.stepped(!transport.playing());
    reader.stepped();
    if (model.follows) return; // who follows a class asks for nothing
    if (inNotebook) conversation.tellStep();
    conversation.pursue();
  }

  /**
   * Ask for the lesson in another language, once the page's own words in it are at hand.
   *
   * @param {string} name
   */
  async function speak(name) {
    await fetchWords(name);
    if (root.isConnected) conversation.speak(name);
  }

  /** Show the state that the widget holds, and its step. */
  function join() {
    loop.follow();
    conversation.follow();
  }

  /** @type {Heard} */
  function hear(content, buffers) {
    if (!content) return;
    if (conversation.moved(content)) return join();
    if (!("answer" in content) || !conversation.mine(content)) return;
    if (content.answer === LOOK) return look.heard(content, buffers?.[0]);
    if (exporter.heard(content, buffers)) return;
    const reply = conversation.heard(content);
    if (!reply) return;
    if ("lesson" in reply && reply.lesson) return translated(reply.lesson, reply, buffers?.[0]);
    loop.adopt(reply, buffers?.[0]);
    state.mark(true);
    conversation.next();
    if (transport.playing()) redraw();
    else frame.soon();
  }

  let colors = theme.current(); // that were read
  theme.onchange(() => {
    if (theme.current() === colors) return;
    colors = theme.current();
    palette.read();
    if (state.answer()) loop.draw();
    charts.redraw();
  });
  theme.apply();
  loop.adopt(first, arrays);
  loop.show();
  planeSet.measure(width);
  loop.draw(); // the first picture waits for nothing
  requestAnimationFrame(() => setTimeout(() => root.classList.remove("early")));
  model.on("msg:custom", hear);
  progress.update(state.shown(), busy()); // a slow picture begins to grow finer by itself
  reader.start();
  // In a notebook the state may have moved on since the first picture: by another view, before a
  // reload, by Python.
  if (inNotebook) join();
  if (language !== lesson.language) speak(language);
  const report = reportOn({
    state,
    stats,
    transport,
    conversation,
    fields,
    frame,
    readings,
    dragging: dragging.now,
  });
  Object.assign(root, { natgrad: report });
  Object.assign(el, { natgrad: report });
  const leaveSeat = model.seat?.({
    root,
    lesson,
    menu,
    transport,
    outlines: cache,
    state,
    conversation,
    jump,
  });

  return () => {
    model.off("msg:custom", hear);
    for (const part of [
      reader,
      frame,
      conversation,
      dragging,
      watch,
      theme,
      menu,
      planeSet,
      readings,
      lights,
      terms,
    ]) {
      part.stop();
    }
    leaveSeat?.();
    root.remove();
  };
}
