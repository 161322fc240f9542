// Who follows: the lecturer's picture on one's own device, without a kernel. What a follower does
// to a control leads to a page of their own, with an engine.

import { writeAddress } from "../connection/url_state.js";
import { make, setText, targetOf } from "../lib/dom.js";
import { openLine } from "./line.js";
import { keep } from "./kept.js";
import { makeOutlines } from "./outlines.js";
import { makeAnswerPanel } from "./answer_panel.js";
import { openJoinPage } from "./join_page.js";
import { say, spaced, speak } from "./words.js";
import { styled } from "./style.js";

const NO_LINE = {
  status: "open",
  broken: () => false,
  onstatus: () => {},
  reconnect: async () => {},
};
/** The digest of this script, which its address has. */
const RELEASE = new URL(import.meta.url).pathname.split("/").at(-2);
const RETRY = 2_000; // ms until a lesson's words are asked for again
const AHEAD = 12; // steps that a playing page may be off before it is set right

/**
 * What the page's parts take for an engine: it draws what is relayed, and asks for nothing.
 *
 * @implements {Model}
 */
class FollowModel {
  follows = true;
  link = NO_LINE;

  /**
   * @param {{ lesson: LessonData, first: Answer, arrays: DataView | undefined }} traits
   * @param {{ seat: (page: SeatedPage) => () => void, leave: (content: any) => void,
   *     language: (name: string) => void }} page
   */
  constructor(traits, page) {
    this.traits = /** @type {Record<string, any>} */ (traits);
    this.page = page;
    /** @type {Set<Heard>} */
    this.handlers = new Set();
  }

  /** @param {string} name */
  get(name) {
    return this.traits[name];
  }

  /** @param {string} name */
  asset(name) {
    return new URL(name, import.meta.url).href;
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

  /** @param {SeatedPage} page */
  seat(page) {
    return this.page.seat(page);
  }

  /** @param {any} content */
  send(content) {
    if (content.take) {
      const reply = { answer: content.ask, fault: say("take-alone") };
      queueMicrotask(() => this.handlers.forEach((handler) => handler(reply, [])));
    } else if (content.speak) this.page.language(content.lang ?? "en");
    else if (content.reset || content.query || Object.keys(content.set ?? {}).length)
      this.page.leave(content);
  }

  /**
   * @param {Answer} answer
   * @param {DataView | undefined} arrays
   */
  relay(answer, arrays) {
    const buffers = arrays ? [arrays] : [];
    this.handlers.forEach((handler) => handler(answer, buffers));
  }
}

/**
 * @param {{ base: string, code: string, missing?: string }} place
 * @param {(widget: { model: Model, el: HTMLElement }) => Promise<() => void>} render
 */
export async function follow({ base, code, missing }, render) {
  const root = /** @type {HTMLElement} */ (document.getElementById("natgrad-root"));
  let wished = new URLSearchParams(location.search).get("lang") ?? "";
  const languages = () =>
    [wished, ...navigator.languages.map((name) => name.split("-")[0])].filter(Boolean);
  speak(languages());
  await styled();
  document.title = say("title", { code });
  if (!code || missing) return openJoinPage(root, { base, code, missing });

  const el = make("div", {});
  const status = make("span", { class: "status", role: "status" });
  const line = make("p", { class: "line", "aria-live": "polite", hidden: true });
  const alone = make("button", { type: "button", onclick: () => leave({}) }, say("alone"));
  const bar = make(
    "aside",
    { class: "classroom-bar", "aria-label": say("class", { code }) },
    make("b", {}, say("class", { code: spaced(code) })),
    status,
    alone,
  );
  const panel = makeAnswerPanel({
    answer: (word) => wire.say(word),
    page: () => page,
  });
  /** @type {HTMLElement} */
  const waiting = make("p", { class: "classroom-wait" }, say("waiting"));
  root.replaceChildren(make("div", { class: "natgrad classroom-first" }, waiting));

  const outlines = makeOutlines();
  let name = "";
  /** @type {LessonData | null} */
  let lesson = null;
  /** @type {[Answer, DataView | undefined] | null} */
  let shown = null;
  /** @type {import("../protocol").ClassPose | null} */
  let pose = null;
  /** @type {FollowModel | null} */
  let model = null;
  /** @type {SeatedPage | null} */
  let page = null;
  let stop = () => {};
  let over = false;

  /** @param {SeatedPage} seated */
  function seat(seated) {
    page = seated;
    seated.root.prepend(bar, line, panel.box);
    const touched = (/** @type {Event} */ event) =>
      targetOf(event).closest(".transport") && leave({});
    seated.root.addEventListener("click", touched);
    seated.root.addEventListener("change", touched);
    panel.placed(seated.lesson);
    return () => {};
  }

  /** @param {any} content what was to be set, and of which state */
  function leave({ set }) {
    if (over || !lesson || !shown || !page) return;
    over = true;
    wire.stop();
    keep({ code, ...(set && Object.keys(set).length ? { set } : {}) });
    location.href = own();
  }

  /** The address of what is shown, on a page of one's own. */
  function own() {
    if (!lesson || !shown || !page) return base;
    const { version, k } = lesson;
    const { transport } = page;
    const now = { version, k, shown: transport.k(), steps: transport.count() };
    /** @type {Record<string, string>} */
    const lang = wished ? { lang: wished } : {};
    return `${base}${lesson.name}${writeAddress(shown[0].query, lang, now)}`;
  }

  async function open() {
    const asked = name;
    const url = `${base}class/lesson/${name}?lang=${languages().join(",")}`;
    const reply = await fetch(url).catch(() => null);
    const data = reply?.ok ? await reply.json() : null;
    if (asked !== name) return; // the lecturer went on meanwhile
    if (!data) return void setTimeout(() => asked === name && open(), RETRY);
    lesson = data;
    speak([data.language]);
    document.title = `${data.title} – ${say("title", { code })}`;
    setText(alone, say("alone"));
    draw();
  }

  /** Set the page up. What comes meanwhile is shown after it: two pages would be one too many. */
  async function draw() {
    if (drawing || !lesson || !shown) return;
    const [its, used] = [lesson, shown];
    const [first, arrays] = outlines.whole(...used);
    drawing = true;
    try {
      stop();
      model = new FollowModel({ lesson, first, arrays }, { seat, leave, language });
      root.replaceChildren(el);
      stop = await render({ model, el });
    } finally {
      drawing = false;
    }
    if (lesson !== its) draw();
    else if (shown !== used && shown) model.relay(...outlines.whole(...shown));
    follows();
  }
  let drawing = false;

  /** @param {string} chosen */
  function language(chosen) {
    wished = chosen;
    shown = null;
    open();
    wire.renew(); // its picture's words come in the new language
  }

  /** Do what the lecturer's page does beside its picture. */
  function follows() {
    if (!page || !pose) return;
    const { transport, root: here } = page;
    const mine = transport.pose();
    const off = Math.abs(mine.k - pose.k);
    if (!(pose.playing && mine.playing && off < AHEAD)) transport.follow(pose);
    line.hidden = !pose.line;
    setText(line, pose.line ?? "");
    here.querySelector(".classroom-laser")?.remove();
    if (!pose.laser) return;
    const [plane, x, y] = pose.laser;
    const frame = here.querySelector(`[data-plane="${CSS.escape(plane)}"] .frame`);
    const dot = make("i", { class: "classroom-laser", "aria-hidden": "true" });
    dot.style.left = `${100 * x}%`;
    dot.style.top = `${100 * y}%`;
    frame?.append(dot);
  }

  const wire = openLine({
    path: () => `${base}class/${code}/line?lang=${speak(languages())}`,
    protocols: () => ["natgrad.class"],
    opened: () => {},
    changed(now) {
      if (over) return;
      setText(status, say(now === "open" ? "follows" : now));
      bar.dataset.status = now;
      setText(waiting, say(now === "open" ? "waiting" : now));
      if (now === "ended") ended();
    },
    hear(news, data) {
      if (news.release && news.release !== RELEASE) return renew();
      if (news.lesson !== undefined && news.lesson !== name) {
        name = news.lesson;
        lesson = shown = null;
        open();
      }
      if (news.picture) {
        shown = [news.picture, data];
        outlines.take(...shown);
        if (!drawing && model && page && page.lesson === lesson) {
          const { playing, k } = page.transport.pose();
          const answer = news.picture;
          if (playing) answer.state = { ...answer.state, k };
          model.relay(answer, data);
          follows();
        } else draw();
      }
      if (news.pose) {
        pose = news.pose;
        follows();
      }
      if (news.quiz !== undefined) panel.show(news.quiz, lesson);
      if (news.mine !== undefined) panel.mine(news.mine);
      if (news.said === "no-class") setText(status, say("no-class"));
      else if (news.said) panel.tell(news.said);
    },
  });

  /** This page is of an older server: fetch it again, but not without end. */
  function renew() {
    const last = Number(history.state?.renewed ?? 0);
    if (Date.now() - last < 60_000) return;
    history.replaceState({ renewed: Date.now() }, "");
    location.reload();
  }

  function ended() {
    panel.show(null, lesson);
    fetch(location.href, { cache: "no-store" }).catch(() => {}); // which takes the device's token away
    alone.hidden = true;
    bar.append(make("a", { href: own() }, say("go-on")));
  }
}
