// The model of a saved page: it answers what the page asks out of a pack built ahead
// (natgrad_lecture/export/answer_pack.py). What the pack has not, it says beside the control that
// wanted it; nothing is lost by trying.

import { say } from "../i18n/en.js";
import { queryKey } from "./url_state.js";

// Where a script has the link to what it makes (answer_pack.py).
const LINK = "@link@";

// Equal for equal settings, whatever the order of their names.
/** @param {Changes} set */
const keyOfSet = (set) => JSON.stringify(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)));

/** @param {Changes} state */
const stateKey = ({ k: _k, answers: _answers, derive: _derive, ...rest }) => keyOfSet(rest);

/** @param {string} query */
const stepIn = (query) => {
  const k = new URLSearchParams(query).get("k");
  return k === null ? {} : { k: Number(k) };
};

// The place of a control nearest to the wish; a wish that leads away from here takes a step at
// least.
/**
 * A place of a control: its value, and the answer that it leads to.
 *
 * @typedef {[any, number]} Place
 *
 * @param {Place[]} places
 * @param {unknown} wish
 * @param {any} here
 * @returns {Place | undefined}
 */
function closest(places, wish, here) {
  if (typeof wish !== "number") {
    const wished = JSON.stringify(wish);
    return places.find(([value]) => JSON.stringify(value) === wished);
  }
  const numbers = places.map(([value]) => value);
  const log =
    numbers.every((v) => v >= 0) &&
    Math.max(...numbers) > 50 * Math.min(...numbers.filter((v) => v > 0));
  const floor = Math.min(...numbers.filter((v) => v > 0)) / 3;
  /** @param {number} v */
  const on = (v) => (log ? Math.log(Math.max(v, floor)) : v);
  /** @type {[number, Place][]} */
  const by = places.map((place) => [Math.abs(on(place[0]) - on(wish)), place]);
  const best = by.reduce((a, b) => (b[0] < a[0] ? b : a))[1];
  if (best[0] !== here || wish === here) return best;
  const way = places.filter(([value]) => (wish > here ? value > here : value < here));
  return way.length
    ? way.reduce((a, b) => (Math.abs(b[0] - here) < Math.abs(a[0] - here) ? b : a))
    : best;
}

// What live_page.js calls a link, where there is no line that could break.
const NO_LINE = {
  status: "open",
  broken: () => false,
  onstatus: () => {},
  reconnect: async () => {},
};

/**
 * What natgrad_lecture/export/answer_pack.py writes.
 *
 * @typedef {object} Pack
 * @property {LessonData} lesson
 * @property {(Answer & { exported: Record<string, string> })[]} answers
 * @property {[Changes, number][]} acts
 * @property {Record<string, Record<string, Place[]>>} moves
 * @property {number} first
 * @property {number} start
 * @property {Record<string, number>} truths
 */

/** @implements {Model} */
export class SavedModel {
  saved = true;

  /** @type {Connection | undefined} */
  link;

  /**
   * @param {Pack} pack
   * @param {ArrayBuffer} arrays
   * @param {object} page
   * @param {boolean} page.rewritable whether it may rewrite its address
   * @param {() => Uint8Array} page.plotly what draws charts, if the pack has any
   */
  constructor(pack, arrays, { rewritable, plotly }) {
    if (rewritable) this.link = NO_LINE;
    this.plotly = plotly;
    this.pack = pack;
    this.arrays = new DataView(arrays);
    /** @type {Set<Heard>} */
    this.handlers = new Set();
    this.acts = new Map(pack.acts.map(([set, at]) => [keyOfSet(set), at]));
    this.states = new Map(pack.answers.map(({ state }, at) => [stateKey(state), at]));
    this.queries = new Map(pack.answers.map(({ query }, at) => [queryKey(query), at]));
    this.at = pack.first;
    /** @type {{ base: number, field: string } | null} */
    this.moved = null; // {base, field}: which control was moved, and from where
    /** @type {string[]} */
    this.said = [];
    this.derive = ""; // what is unfolded of a derivation
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /**
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    if (name === "lesson") return this.pack.lesson;
    return name === "first" ? this.opening() : this.arrays;
  }

  /**
   * @param {string} _event
   * @param {Heard} handler
   */
  on(_event, handler) {
    this.handlers.add(handler);
  }

  /**
   * @param {string} _event
   * @param {Heard} handler
   */
  off(_event, handler) {
    this.handlers.delete(handler);
  }

  // A class needs a server: the menu says so.
  /** @param {SeatedPage} page */
  seat({ menu }) {
    const act = () => menu.tell(say("class-needs"));
    const item = menu.add({ id: "class", label: say("class"), group: "talk", act });
    item.setAttribute("aria-disabled", "true");
    item.title = say("class-needs");
    return () => {};
  }

  // The address's own state if the pack has it, else what the page was saved with.
  opening() {
    const query = location.search.slice(1);
    const found = query ? this.queries.get(queryKey(query)) : this.at;
    this.at = found ?? this.at;
    const dropped = found === undefined ? { dropped: [say("not-saved")] } : {};
    return { ...this.answer(0, stepIn(query)), ...dropped };
  }

  /** @param {any} content */
  send(content) {
    const [answer, buffers] =
      content.script === "plotly"
        ? [content, [this.plotly()]]
        : content.export
          ? [this.exportFile(content), []]
          : [this.respond(content), [this.arrays]];
    queueMicrotask(() =>
      [...this.handlers].forEach((handler) => handler(answer, /** @type {any} */ (buffers))),
    );
  }

  /** @param {{ ask: number, export: string, link: string }} content */
  exportFile({ ask, export: kind, link }) {
    const text = this.pack.answers[this.at].exported[kind];
    if (!text) return { answer: ask };
    return { answer: ask, exported: { kind, text: text.replace(LINK, () => link) } };
  }

  // Which answer a control leads to, from a base; with what is to be said if to none.
  /**
   * @param {string} field
   * @param {unknown} value
   */
  move(field, value) {
    const base = this.moved && this.moved.field === field ? this.moved.base : this.at;
    const places = this.pack.moves[base]?.[field];
    if (!places) return say(this.moved ? "one-at-a-time" : "needs-engine");
    const here = this.pack.answers[this.at].values[field];
    const found = closest(places, value, here);
    if (!found) return say("needs-engine");
    this.moved = { base, field };
    this.at = found[1];
    return null;
  }

  /** @param {any} ask */
  respond({ ask, reset, query, state, set: { answers = this.said, derive, ...set } = {} }) {
    /** @type {Record<string, string>} */
    const errors = {};
    /** @type {{ k?: number }} */
    let step = {};
    /** @param {number | undefined} at */
    const go = (at) => {
      this.at = at ?? this.at;
      this.moved = null;
    };
    if (reset) go(this.pack.start);
    else if (query !== undefined) {
      go(this.queries.get(queryKey(query)));
      step = stepIn(query);
    } else if (state && stateKey(state) !== stateKey(this.pack.answers[this.at].state)) {
      go(this.states.get(stateKey(state)));
      step = { k: state.k };
    }
    this.said = answers;
    this.derive = derive ?? this.derive;
    const fields = Object.keys(set);
    const act = this.acts.get(keyOfSet(set));
    // Of a derivation the page asks at every step; what is prepared brings a step of its own.
    if (this.derive && act === undefined && !reset && state) step = { k: state.k, ...step };
    let fault = null;
    if (act !== undefined) go(act);
    else if (fields.length > 2)
      fault = say("needs-engine"); // a sentence, not a control
    else {
      for (const field of fields) {
        const why = this.move(field, set[field]);
        if (why) errors[field] = why;
      }
    }
    this.listeners.forEach((listener) => listener());
    return { ...this.answer(ask, step), errors, fault };
  }

  /**
   * @param {number} number
   * @param {{ k?: number }} step
   * @returns {any}
   */
  answer(number, step = {}) {
    const { exported: _exported, ...kept } = this.pack.answers[this.at];
    const said = this.said.map((answer) => answer.split(":"));
    const revealed = said
      .filter(([name]) => name in this.pack.truths)
      .map(([name, chosen]) => [
        name,
        { chosen: chosen ? Number(chosen) : null, right: this.pack.truths[name] },
      ]);
    // Both sides of a line were computed at one step: at another one the page has no numbers.
    const shows = this.derive ? { shows: step.k ?? kept.state.k ?? kept.steps } : {};
    const there = shows.shows === (kept.state.k ?? kept.steps);
    const numbers = Object.entries(kept.numbers).map(([name, value]) => [
      name,
      there || !name.startsWith("derive.") ? value : null,
    ]);
    return {
      ...kept,
      ...shows,
      numbers: Object.fromEntries(numbers),
      answer: number,
      errors: {},
      state: { ...kept.state, ...step, answers: this.said, derive: this.derive },
      revealed: Object.fromEntries(revealed),
    };
  }

  // The controls that work from here.
  working() {
    const base = this.moved?.base ?? this.at;
    return this.moved
      ? new Set([this.moved.field])
      : new Set(Object.keys(this.pack.moves[base] ?? {}));
  }
}
