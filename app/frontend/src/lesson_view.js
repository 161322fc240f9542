// The lesson as one widget: planes, handles, controls, words, meter, transport.
// The data goes one way: a control asks, the kernel answers, the answer is drawn.

import { makeArrays } from "./connection/binary_arrays.js";
import { makeAsker } from "./connection/request_queue.js";
import { makeBanner } from "./connection/connection_banner.js";
import { makeCharts } from "./canvas/plotly_charts.js";
import { makeControls } from "./controls/controls.js";
import { make, setText } from "./lib/dom.js";
import { makeFields } from "./controls/field_registry.js";
import { makeFrame } from "./canvas/animation_frame.js";
import { makeHeader } from "./controls/header.js";
import { makeLegend } from "./controls/legend.js";
import { makeLights } from "./controls/symbol_highlight.js";
import { makeMenu } from "./controls/menu.js";
import { makeMeter } from "./controls/gap_meter.js";
import { makePace } from "./lib/throttle.js";
import { makePalette } from "./canvas/colors.js";
import { makePin } from "./controls/pinned_run.js";
import { makePlane } from "./canvas/plane.js";
import { makeProgress } from "./controls/progress.js";
import { makeReader } from "./session/session.js";
import { makeShelf } from "./canvas/static_layer.js";
import { makeStats } from "./lib/frame_stats.js";
import { wishedLanguage } from "./i18n/language.js";
import { say, setLanguage } from "./i18n/en.js";
import { makeTake } from "./export/export_menu.js";
import { makeTheme } from "./controls/theme.js";
import { makeTransport } from "./controls/playback.js";
import { makeWatch } from "./lib/visibility.js";
import { makeFormulas, makeLive, makeWords } from "./controls/lesson_text.js";

// A notebook's `.state` has the step at which the reader came to rest, so long after.
const STEP_TOLD = 200; // ms

// JupyterLab on a busy machine may ask for the picture before its cell is on the page, where colors
// and sizes are known.
function placed(el) {
  return new Promise((resolve) => {
    const observer = new ResizeObserver(() => {
      if (!el.isConnected) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(el);
  });
}

export async function render({ model, el }) {
  if (!el.isConnected) await placed(el);
  let stop = () => {};
  // The lesson in one language; in another one it is set up anew, once, with the same state.
  function open(lesson, first, arrays, language = lesson.language) {
    stop();
    setLanguage(lesson.language);
    stop = mount({ model, el, lesson, first, arrays, language, translated: open });
  }
  const lesson = model.get("lesson");
  const language = model.saved ? lesson.language : wishedLanguage(lesson, Boolean(model.link));
  open(lesson, model.get("first"), model.get("arrays"), language);
  return () => stop();
}

function mount({ model, el, lesson, first, arrays: firstArrays, language, translated }) {
  const whole = Boolean(model.link); // a page of its own, not a cell of a notebook
  const root = make("div", { class: whole ? "natgrad whole" : "natgrad" });
  if (!document.getElementById("natgrad")) root.id = "natgrad";
  root.lang = lesson.language;
  if (whole) document.documentElement.lang = lesson.language;

  let answer = null;
  let arrays = () => undefined;
  const array = (name) => arrays(name);
  const stats = makeStats();
  const shelf = makeShelf();
  const theme = makeTheme(root);
  const palette = makePalette(root, lesson.inks);
  const frame = makeFrame(draw);
  const redraw = frame.request;

  const asker = makeAsker({
    send: (content) => model.send(content),
    context: () => ({
      state: { ...answer?.state, k: transport.k() },
      have: language === lesson.language ? shelf.keys() : [], // else the page is set up anew
      ...(progress.held() ? { hold: true } : {}),
      ...(language === "en" ? {} : { lang: language }),
      ...(language === lesson.language ? {} : { speak: true }),
    }),
    onTrouble: (late) => banner.trouble(late),
  });
  // By default an act of the reader is his own: it is no longer the preset's picture.
  const stems = (set) => Object.keys(set).map((field) => field.split(".")[0]);
  const ask = (set, { base = null, act = stems(set).join() } = {}) => {
    header.unmark();
    words.unmark();
    if (act !== false) reader.touch(act);
    asker.ask(set, { base });
  };

  const banner = makeBanner(model, () => asker.again());
  const homeless = make("p", { class: "wrong homeless", role: "alert", hidden: true });
  const elsewhere = (text) => {
    setText(homeless, text);
    if (homeless.hidden !== !text) homeless.hidden = !text;
  };
  const fields = makeFields({ ask, elsewhere });
  // To a state that someone prepared: what was typed is forgotten, and the step is theirs.
  let follow = true;
  function jump(set, { base = null, act = null } = {}) {
    fields.forget();
    follow ||= "k" in set || base !== null;
    ask(set, { base, act });
  }
  function onStep() {
    figures.owe(!transport.playing());
    reader.stepped();
    if (!whole && !model.saved) {
      clearTimeout(stepTimer);
      stepTimer = setTimeout(() => model.send({ k: transport.k() }), STEP_TOLD);
    }
    pursue();
  }
  const transport = makeTransport({ redraw, onStep, onEnd: () => progress.one() });
  const menu = makeMenu();
  const header = makeHeader(lesson, {
    ask: jump,
    reset: () => jump({}, { base: { reset: true } }),
    theme,
    link: whole && (() => reader.link()),
    nav: whole && lesson.nav,
    menu,
    past: () => reader,
  });
  const words = makeWords(lesson, { ask: jump, said: () => answer?.state?.answers ?? [] });
  const formulas = makeFormulas(lesson);
  const controls = makeControls(lesson, fields);
  const watch = makeWatch(root, () => progress.resume(asker.busy()));
  const progress = makeProgress({ refine: asker.refine, looked: watch.looked });
  const charts = makeCharts(model, { palette, theme: () => theme.current(), busy: asker.busy });
  const meter = makeMeter(lesson);
  const pin = makePin(lesson, { array });
  const legend = makeLegend(lesson);
  const planes = new Map();
  const planesBox = make("div", { class: "planes" });
  const reader = makeReader({
    root,
    lesson,
    whole,
    menu,
    speak(name) {
      language = name;
      asker.ask({});
    },
    transport,
    words,
    handles: () => answer.handles,
    seen: () => ({ query: answer.query, state: { ...answer.state, k: transport.k() } }),
    busy: asker.busy,
    jump,
    presets: header,
    redraw,
  });
  reader.onpast(() => header.past(reader.can()));
  const description = make("p", { class: "unseen", "aria-live": "polite" });

  root.append(
    make(
      "div",
      { class: "sheet" },
      make("div", { class: "over" }, banner.box, reader.notice),
      header.box,
      make(
        "main",
        { class: "stage" },
        header.say,
        planesBox,
        progress.box,
        legend.box,
        transport.box,
        homeless,
      ),
      make("div", { class: "deck" }, meter.box, pin.box, formulas.box, controls.box),
      charts.box,
      words.box,
      reader.caption,
      description,
    ),
  );
  const take = makeTake({
    model,
    root,
    lesson,
    menu,
    pin,
    transport,
    planes,
    shelf,
    palette,
    theme,
    array,
    answer: () => answer,
    caption: () => header.say.textContent,
    link: () => (whole ? reader.link() : lesson.name),
    redraw,
  });
  const live = makeLive(root, array);
  const unlight = makeLights(root, lesson, { palette, redraw });

  let wordsTimer = 0;
  let stepTimer = 0;
  const figures = makePace(() => live.step(transport.k()));
  const texts = makePace(write);

  // Some pictures are drawn for one step only, `shows`: another step is asked for.
  function pursue() {
    const { shows = null } = answer ?? {};
    if (shows !== null && shows !== transport.k()) asker.ask({});
  }

  function adopt(newAnswer, data) {
    const first = answer === null;
    if (!newAnswer.traces) {
      if (first) throw new Error(newAnswer.fault ?? say("no-picture"));
      answer = { ...answer, fault: null, ...newAnswer }; // only words came: the picture stays
      return;
    }
    answer = newAnswer;
    arrays = makeArrays(answer.buffers, data);
    // Outlines are taken at once: the next ask says that the page has them.
    for (const trace of answer.traces) if (trace.cache) shelf.find(trace, array);
    const theirs = answer.answer === null || (follow && !asker.busy());
    transport.adopt(answer.steps, theirs ? (answer.state?.k ?? answer.steps) : null);
    if (theirs) follow = false;
    reader.answered(answer);
  }

  // A view may have other planes than the one before it: those that are not in it are put away.
  let arranged = "";
  function arrange(names) {
    if (arranged === names.join()) return;
    arranged = names.join();
    root.style.setProperty("--planes", names.length);
    root.dataset.planes = names.length;
    for (const [name, plane] of planes) plane.figure.hidden = !names.includes(name);
    for (const name of names) if (planes.has(name)) planesBox.append(planes.get(name).figure);
  }

  function show() {
    arrange(answer.planes.map(({ name }) => name));
    for (const spec of answer.planes) {
      if (!planes.has(spec.name)) {
        const plane = makePlane({ ask, redraw, busy: asker.busy, array, lesson });
        planes.set(spec.name, plane);
        planesBox.append(plane.figure);
        observer.observe(plane.frame);
      }
      const here = ({ plane }) => plane === spec.name;
      const { traces, handles, errors = {} } = answer;
      planes.get(spec.name).adopt(spec, traces.filter(here), handles.filter(here), errors);
    }
    texts.owe(!asker.busy());
  }

  // All that stands beside the planes.
  function write() {
    fields.update(answer, asker.busy());
    controls.update(answer);
    if (answer.fault) elsewhere(answer.fault);
    if (meter.update(answer)) formulas.fix();
    pin.update(answer);
    legend.update(answer);
    charts.update(answer.charts);
    words.update(answer);
    live.adopt(answer.numbers, transport.k());
    formulas.update(answer);
    clearTimeout(wordsTimer); // a screen reader hears of the state that it came to rest in
    wordsTimer = setTimeout(() => setText(description, answer.description ?? ""), 400);
  }

  let fresh = false; // an answer was taken in and is not on the page yet

  function draw(now = performance.now()) {
    transport.advance(now);
    if (fresh) show();
    const look = {
      array,
      palette,
      shelf,
      theme: theme.current(),
      k: transport.time(),
      playing: transport.playing(),
      thick: reader.thick(),
      ghosts: pin.ghosts(),
    };
    for (const plane of planes.values()) if (!plane.figure.hidden) plane.draw(look);
    stats.frame(
      now,
      fresh ? answer.answer : undefined,
      [...planes.values()].some((p) => p.side() > 1),
    );
    if (fresh) progress.update(answer, asker.busy());
    fresh = false;
  }

  function hear(content, buffers) {
    if (!content || !("answer" in content) || take.heard(content, buffers)) return;
    const finer = asker.refining();
    if (!asker.heard(content)) return;
    if (content.lesson) return void translated(content.lesson, content, buffers?.[0]);
    // What was refused still is.
    if (finer) content.errors = { ...answer.errors, ...content.errors };
    adopt(content, buffers?.[0]);
    fresh = true;
    asker.next();
    redraw();
  }

  const observer = new ResizeObserver((entries) => {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    formulas.fix();
    for (const entry of entries) {
      if (!entry.contentRect.width) continue; // put away
      const plane = [...planes.values()].find((p) => p.frame === entry.target);
      plane?.resize(Math.round(entry.contentRect.width), ratio);
    }
    draw(); // now, not at the next frame: a resized canvas is empty
  });

  theme.onchange(() => (palette.read(), answer && draw(), charts.redraw()));
  el.append(root);
  theme.apply();
  adopt(first, firstArrays);
  show();
  for (const plane of planes.values()) {
    plane.resize(
      Math.round(plane.frame.getBoundingClientRect().width),
      Math.min(devicePixelRatio || 1, 2),
    );
  }
  draw(); // the first picture waits for nothing
  model.on("msg:custom", hear);
  progress.update(answer, asker.busy()); // a heavy picture begins to grow finer by itself
  reader.start();
  if (language !== lesson.language) asker.ask({});

  const report = {
    get state() {
      return { ...answer.state, k: transport.k() };
    },
    get values() {
      return answer.values;
    },
    get answer() {
      return answer;
    },
    get k() {
      return transport.k();
    },
    get playing() {
      return transport.playing();
    },
    get stats() {
      return { ...stats.record, asks: asker.count() };
    },
    array,
    error: fields.error,
    settled: () =>
      stats.settled(
        () =>
          !(asker.busy() || asker.refining() || fresh || texts.owing()) &&
          (transport.playing() || !(frame.waiting() || figures.owing())),
      ),
  };
  root.natgrad = el.natgrad = report;

  return () => {
    model.off("msg:custom", hear);
    reader.stop();
    unlight();
    frame.stop();
    asker.stop();
    watch.stop();
    charts.stop();
    theme.stop();
    menu.stop();
    observer.disconnect();
    clearTimeout(wordsTimer);
    clearTimeout(stepTimer);
    figures.stop();
    texts.stop();
    root.remove();
  };
}

export default { render };
