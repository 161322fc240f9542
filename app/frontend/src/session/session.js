// What a reader and a lecturer have around the picture: a history, keys, a talk, a menu; and the
// address that says all of it.

import { readAddress, writeAddress } from "../connection/url_state.js";
import { copy } from "../export/clipboard.js";
import { makeHiding } from "./hidden_parts.js";
import { listenKeys, makeKeyHelp } from "./shortcuts.js";
import { isLanguage, nameOf, speaks } from "../i18n/language.js";
import { makeLaser } from "./laser.js";
import { makeNotice } from "../connection/link_notice.js";
import { makePast } from "./history.js";
import { withAnswer } from "../controls/quiz.js";
import { makePresenter } from "./presenter.js";
import { knownSteps, makeShows, readTalk, writeTalk } from "./talk_codec.js";
import { say } from "../i18n/en.js";

/**
 * @typedef {import("./talk_codec.js").Step} Step
 *
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {LessonData} page.lesson
 * @param {boolean} page.whole a page of its own, not a cell of a notebook
 * @param {Menu} page.menu
 * @param {(language: string) => void} page.speak
 * @param {Playback} page.transport
 * @param {{ claim: (id: string) => string, nextLine: () => boolean }} page.words
 * @param {() => Handle[]} page.handles
 * @param {() => { query: string, state: Changes }} page.seen
 * @param {() => string[]} page.said the answers given
 * @param {() => boolean} page.busy
 * @param {AskFor} page.jump
 * @param {{ choose: (i: number) => void, reset: () => void }} page.presets
 * @param {() => void} page.redraw
 * @param {() => void} page.captioned a caption was written, which may hold live numbers
 */
export function makeReader({
  root,
  lesson,
  whole,
  menu,
  speak,
  transport,
  words,
  handles,
  seen,
  said,
  busy,
  jump,
  presets,
  redraw,
  captioned,
}) {
  const notice = makeNotice();
  const laser = makeLaser(root);
  /** @type {ReturnType<typeof makeKeyHelp> | undefined} */
  let help; // built when it is first opened
  const shows = makeShows(lesson, words.claim);
  /** @type {Record<string, string>} */
  const own = {}; // the address's own names: hide, talk, present
  /** @type {Step[]} */
  const usual = lesson.talk.map((show) => ({ show }));
  /** @type {Step[] | null} */
  let talk = null; // the lecturer's own steps, else the lesson's

  const steps = () => talk ?? usual;
  /** @param {Record<string, string>} beside */
  const stateAddress = (beside) => {
    const { query, state } = seen();
    const { version, k } = lesson;
    return writeAddress(query, beside, { version, k, shown: state.k, steps: transport.count() });
  };
  const address = () => stateAddress(own);
  const link = () => location.href.replace(/[?#].*$/, "") + address();
  /**
   * @param {string} name
   * @param {string} value
   */
  const set = (name, value) => {
    if (value) own[name] = value;
    else delete own[name];
    past.amend();
  };
  const copyLink = async () => say((await copy(link())) ? "copied" : "not-copied");

  const past = makePast({
    root,
    whole,
    busy,
    address,
    now: () => seen().state,
    restore(state) {
      if (whole) takeAddress();
      jump({}, { base: { state }, act: false });
    },
    onchange: () => undoTools.forEach((tool) => tool()),
  });
  /** @type {(() => void)[]} */
  const undoTools = [];

  // A step of a talk: prepared by the lesson, or a state as a link has it.
  /** @param {Step} step */
  function go({ show, state }) {
    if (show !== undefined) {
      const { set = {}, answers } = shows.get(show) ?? {};
      jump(answers ? { ...set, answers: withAnswer(said(), answers, "") } : set);
    } else jump({}, { base: state ? { query: state.split("?").at(-1) ?? "" } : { reset: true } });
  }
  const presenter = makePresenter({
    root,
    shows,
    steps,
    go,
    replay: transport.replay,
    captioned,
    changed(at) {
      set("present", at === null ? "" : String(at + 1));
      redraw();
    },
  });
  const hiding = makeHiding({
    root,
    lesson,
    handles,
    changed: (text) => set("hide", text),
    copyLink,
  });
  /** @type {ReturnType<typeof import("./talk_editor.js").makeSteps> | undefined} */
  let desk;
  // The lecturer's desk is fetched when it is first opened.
  async function openDesk() {
    const { makeSteps } = await import("../export/makers.js");
    desk ??= makeSteps({
      root,
      lesson,
      shows,
      steps,
      copyLink,
      seen: () => stateAddress({}).replace(/^\?/, ""),
      present: () => presenter.enter(0, { fullscreen: true }),
      change(now) {
        talk = now;
        set("talk", now ? writeTalk(now) : "");
        presenter.refresh();
      },
    });
    desk.open();
  }

  // What the address says of the page; returns what of it is not known here.
  function takeAddress() {
    const { own: found } = readAddress(location.search, lesson.own);
    for (const name of lesson.own) delete own[name];
    Object.assign(own, found);
    const dropped = hiding.adopt(own.hide);
    const wished = own.talk ? knownSteps(readTalk(own.talk), shows) : { steps: [], dropped: [] };
    talk = wished.steps.length ? wished.steps : null;
    const lines = [...dropped, ...wished.dropped].map((name) => say("not-known", { name }));
    if (own.lang && !speaks(lesson, own.lang)) {
      const [name, other] = [own.lang, lesson.language].map(nameOf);
      if (isLanguage(own.lang)) lines.push(say("not-in-language", { name, other }));
      else {
        lines.push(say("not-known", { name: `lang=${own.lang}` }));
        delete own.lang;
      }
    }
    const [at, of] = [parseInt(own.present ?? "", 10), steps().length];
    if (own.present && !(String(at) === own.present && at >= 1 && at <= of)) {
      lines.push(say("no-such-step", { at: own.present, of }));
      if (Number.isNaN(at)) delete own.present;
      else own.present = String(Math.max(1, Math.min(of, at))); // the nearest
    }
    if (own.present) presenter.follow(Number(own.present) - 1);
    else if (presenter.shown()) presenter.follow(null);
    return lines;
  }

  // No key goes round what a link hides; a lecturer's caption has a play button of its own.
  /**
   * @param {string} part
   * @param {(key: string) => unknown} act
   * @returns {(key: string) => unknown}
   */
  const unless = (part, act) => (key) => !hiding.has(part) && act(key);
  const acts = {
    play: unless("playback", transport.toggle),
    back: unless("playback", () => transport.step(-1)),
    forward: unless("playback", () => transport.step(1)),
    loop: unless("playback", transport.flipLoop),
    replay: () => (presenter.shown() || !hiding.has("playback")) && transport.replay(),
    preset: unless("presets", (key) => presets.choose(Number(key) - 1)),
    reset: unless("reset", presets.reset),
    undo: unless("undo", past.undo),
    redo: unless("undo", past.redo),
    present: () =>
      presenter.shown() ? presenter.leave() : presenter.enter(0, { fullscreen: true }),
    line: words.nextLine,
    next: presenter.next,
    last: presenter.last,
    panel: presenter.panel,
    full: () => presenter.full(),
    laser: laser.toggle,
    leave: presenter.leave,
    keys: () => (help ??= makeKeyHelp(root)).open(),
  };
  const unlisten = listenKeys(root, acts, { whole, presenting: presenter.shown });

  menu.add({
    id: "present",
    label: say("key-present"),
    keys: "P",
    group: "talk",
    act: acts.present,
  });
  menu.add({
    id: "steps",
    label: say("steps"),
    group: "talk",
    act: () => openDesk().catch(() => menu.tell(say("no-script"))),
  });
  menu.add({ id: "laser", label: say("key-laser"), keys: "D", group: "talk", act: laser.toggle });
  if (whole) menu.add({ id: "hide", label: say("hide"), group: "talk", act: hiding.open });

  return {
    caption: presenter.box,
    notice: notice.box,
    thick: () => (presenter.shown() ? 1.6 : 1),
    link,
    undo: past.undo,
    redo: past.redo,
    reset: () => (presenter.shown() ? presenter.again() : go({})),
    can: past.can,
    /** @param {() => void} listener */
    onpast: (listener) => undoTools.push(listener),
    touch: past.touch,
    stepped: past.amend,
    /** @param {Pick<Answer, "dropped">} answer */
    answered: ({ dropped = [] }) => notice.tell(dropped),
    // The first picture stands: what the address says beside the state. Help comes last in the
    // menu.
    start() {
      for (const name of lesson.languages ?? []) {
        if (name === lesson.language) continue;
        const act = () => {
          set("lang", name);
          if (whole) history.replaceState(history.state, "", location.pathname + address()); // now
          speak(name);
        };
        menu.add({ id: `language-${name}`, label: nameOf(name), group: "help", act });
      }
      if (whole) {
        const page = lesson.nav?.home
          ? lesson.nav.home.name.replace("index", "glossary") // of an exported folder
          : `glossary?lang=${lesson.language}`;
        const act = () => location.assign(page);
        menu.add({ id: "glossary", label: say("glossary"), group: "help", act });
      }
      menu.add({ id: "keys", label: say("keys"), keys: "?", group: "help", act: acts.keys });
      if (whole) {
        document.title = `${lesson.title} – ${say("site")}`;
        const bare = !readAddress(location.search, lesson.own).query;
        notice.tell(takeAddress());
        if (presenter.shown() && bare) presenter.enter(parseInt(own.present, 10) - 1);
      }
      past.start();
    },
    stop() {
      unlisten();
      past.stop();
      presenter.stop();
    },
  };
}
