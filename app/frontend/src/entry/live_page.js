// The page: draws the first answer, which stands in the HTML, then speaks to the kernel.
//
// The front end (lesson_view.js) knows only a model as anywidget gives it. Here the model's messages go
// through our own websocket, and model.link tells how the line is and mends it. Nothing of the
// reader's is kept in the kernel, so a lost kernel costs a moment: we fetch the page again for a
// fresh one, and the front end asks with the state it holds.

import { readAddress } from "../connection/url_state.js";
import { Link, dataOf } from "../connection/kernel_link.js";
import { say } from "../i18n/en.js";
import { fetchWords, setLanguage, wishedLanguage } from "../i18n/language.js";
import { bytesOf } from "../lib/base64.js";
import { make } from "../lib/dom.js";
import { render } from "../lesson_view.js";

// ms after which a page says that its link's state is still awaited, and keeps what it shows
const SOON = 4_000;

/** A class's script, which comes when one is led or followed. */
const classroom = () => import(new URL("classroom.js", import.meta.url).href);

/**
 * What anywidget's model offers, as far as the page uses it.
 *
 * @implements {Model}
 */
class Model {
  /**
   * @param {Record<string, any>} traits
   * @param {Link} link
   */
  constructor(traits, link) {
    this.traits = traits;
    this.link = link;
    /** @type {Set<Heard>} */
    this.handlers = new Set();
  }

  /** @param {string} name */
  get(name) {
    return this.traits[name];
  }

  /**
   * Where a file lies that a page may want later: beside this one.
   *
   * @param {string} name
   */
  asset(name) {
    return new URL(name, import.meta.url).href;
  }

  /** @param {SeatedPage} page */
  seat(page) {
    let leave = () => {};
    let forget = () => {};
    /** @param {boolean} starts */
    const sit = (starts) =>
      classroom()
        .then((script) => (leave = script.sit(page, this.link, starts)))
        .catch(() => page.menu.tell(say("no-script")));
    page.menu.add({ id: "class", label: say("class"), group: "talk", act: () => sit(true) });
    if (wished || seated()) sit(wished);
    wished = false;
    // A class's picture is the class's; any other is kept for a time without the server.
    const keep = async () => {
      if (!navigator.serviceWorker || seated()) return;
      const { keepPictures } = await import("./offline.js");
      forget = keepPictures(page, this.link, data?.first.values ?? {});
    };
    const later = setTimeout(() => keep().catch(() => {}), SOON);
    return () => {
      clearTimeout(later);
      forget();
      leave();
    };
  }

  /**
   * @param {any} content
   * @param {unknown} _callbacks
   * @param {ArrayBuffer[]} [buffers]
   */
  send(content, _callbacks, buffers) {
    this.link.send(content, buffers);
  }

  /**
   * @param {string} event
   * @param {Heard} handler
   */
  on(event, handler) {
    if (event !== "msg:custom") return;
    this.handlers.add(handler);
    this.link.receivers.add(handler);
  }

  /**
   * @param {string} _event
   * @param {Heard} handler
   */
  off(_event, handler) {
    for (const each of handler ? [handler] : this.handlers) this.link.receivers.delete(each);
  }
}

/**
 * The answer to this page's address: the state that a link carries, in the reader's language. It is
 * waited for as long as the reader likes, and asked for again on each new line; null if the reader
 * would rather not wait, or the engine has no picture of it.
 *
 * @param {Link} link
 * @param {Record<string, unknown>} asked
 * @returns {Promise<{ first: Answer, arrays: DataView } | null>}
 */
function linked(link, asked) {
  return new Promise((resolve) => {
    /** @param {{ first: Answer, arrays: DataView } | null} traits */
    const done = (traits) => {
      link.receivers.delete(receive);
      still();
      clearTimeout(late);
      resolve(traits);
    };
    /** @type {Heard} */
    const receive = (answer, [arrays]) => {
      if (answer.answer === 0) done(answer.fault ? null : { first: answer, arrays });
    };
    const ask = () => link.send({ ask: 0, state: {}, set: {}, have: [], ...asked });
    const late = setTimeout(() => offer(() => done(null)), SOON);
    let sent = true;
    const still = link.onstatus((status) => {
      if (status === "open" && !sent) ask();
      sent = false;
    });
    link.receivers.add(receive);
    ask();
  });
}

/**
 * Say that a link's state is awaited, and offer the lesson's own first picture in its place.
 *
 * @param {() => void} instead
 */
function offer(instead) {
  const button = make("button", { type: "button" }, say("first-instead"));
  button.addEventListener("click", instead);
  const words = document.querySelector("#natgrad-wait p");
  words?.replaceChildren(say("link-awaited"), " ", button);
}

/** @param {import("../connection/kernel_link.js").PageData} data */
async function start(data) {
  const link = new Link(data);
  if (data.offline) Object.assign(link, { status: "dead", why: data.offline });
  /** @type {Record<string, any>} */
  const traits = {
    lesson: data.lesson,
    first: data.first,
    arrays: new DataView(bytesOf(data.arrays).buffer),
  };
  const draw = () => {
    const el = document.createElement("div");
    document.getElementById("natgrad-root")?.replaceChildren(el);
    return render({ model: new Model(traits, link), el });
  };
  // A page out of the browser's cache names a kernel that is no more: get one at once.
  const open = () =>
    (data.offline ? link.reconnect() : link.open())
      .catch(() => ((link.status = "dead"), link.reconnect()))
      .catch(() => {});

  addEventListener("pagehide", () => link.leave());
  // A page kept alive behind another one comes back without its kernel.
  addEventListener("pageshow", ({ persisted }) => persisted && link.reconnect().catch(() => {}));

  // A link's picture comes from the kernel, not from the HTML, and so does the lesson in another
  // language: showing another state, or words that change at once, would mislead.
  const { query } = readAddress(location.search, data.lesson.own);
  const other = query && query !== data.first.query;
  const language = wishedLanguage(data.lesson, true);
  const foreign = language !== data.lesson.language;
  if ((other || foreign) && !data.offline) {
    open();
    const asked = {
      query: query || data.first.query,
      ...(foreign && { lang: language, speak: true }),
    };
    const answered = linked(link, asked);
    if (foreign) await fetchWords(language);
    setLanguage(language);
    const found = await answered;
    if (found) Object.assign(traits, found, found.first.lesson && { lesson: found.first.lesson });
    // The reader is told what is shown instead; the address in the bar is then that of the picture.
    else if (other) traits.first = { ...data.first, dropped: [say("link-state")] };
    await draw();
  } else {
    await draw();
    open();
  }
}

let wished = location.hash === "#class"; // an address that starts a class, as the page opens

/** Whether this tab leads a class, or has left one for a while. */
function seated() {
  try {
    return Boolean(sessionStorage.getItem("natgrad-class"));
  } catch {
    return false; // storage is forbidden
  }
}

const data = dataOf(document);
if (data?.follow) classroom().then(({ follow }) => follow(data.follow, render));
else if (data) start(data);
else document.getElementById("natgrad-root")?.replaceChildren(); // the HTML below says why
