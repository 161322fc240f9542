// Who leads: a bar with the code and how many are there, the code before the class, questions, and
// what the page does beside its picture. The picture itself goes from the kernel to the class.

import { writeAddress } from "../connection/url_state.js";
import { save } from "../export/save_file.js";
import { make, setText } from "../lib/dom.js";
import { writeTalk } from "../session/talk_codec.js";
import { drawCloud } from "./arrows.js";
import { openAskDialog } from "./ask_dialog.js";
import { keep, kept } from "./kept.js";
import { openLine } from "./line.js";
import { letter, makeResults, shape, wordsOf } from "./results.js";
import { say, spaced } from "./words.js";

const LOOK = 80; // ms between two looks at what the page does
const RESEND = 2_000; // ms after which a playing page says again where it is
const REST = 1_500; // ms that a state is shown until it is a step of the class's way
const MOST_STEPS = 60;
/** @type {Record<string, string>} */
const MIME = { csv: "text/csv", json: "application/json" };

/** 128 random bits. */
const newToken = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** @typedef {import("../protocol").ClassQuiz} ClassQuiz */

/**
 * @param {SeatedPage} page
 * @param {any} link the page's line to its kernel
 * @returns {() => void} takes the bar away; the class goes on
 */
export function lead(page, link) {
  const { root, lesson, transport, conversation, state } = page;
  const fresh = !kept()?.token;
  const mine = kept()?.token ? /** @type {import("./kept.js").Kept} */ (kept()) : {};
  mine.token ??= newToken();
  mine.rounds ??= [];
  mine.way ??= [];
  keep(mine);

  /** @type {import("../protocol").ClassPlace | null} */
  let place = null;
  let count = 0;
  let answered = 0;
  /** @type {ClassQuiz | null} */
  let quiz = null;
  let undraw = () => {};
  let over = false;

  /**
   * @param {string} key
   * @param {() => void} act
   * @param {string} [kind]
   */
  const button = (key, act, kind = "") =>
    make("button", { type: "button", class: kind, onclick: act }, say(key));

  const code = make("b", { class: "code" });
  const here = make("span", { class: "here", role: "status" });
  const status = make("span", { class: "status", role: "alert" });
  const tools = make(
    "span",
    { class: "tools" },
    button("show-code", () => cover()),
    button("ask-class", () => openAskDialog(page, ask)),
    button("end-class", () => sure()),
  );
  const bar = make(
    "aside",
    { class: "classroom-bar lead", "aria-label": say("lead-bar") },
    code,
    here,
    status,
    tools,
  );
  const panel = make("section", {
    class: "classroom-quiz lead",
    hidden: true,
    "aria-live": "polite",
  });
  root.append(panel, bar);
  root.classList.add("leads");

  const wire = openLine({
    path: () => `${link.line.base}class/lead`,
    protocols: ["natgrad.class", `natgrad.token.${mine.token}`],
    opened: tellLead,
    changed(now) {
      if (over) return;
      bar.dataset.status = now;
      setText(status, now === "open" ? "" : say(now));
      if (now === "taken")
        status.append(
          " ",
          button("take-back", () => wire.again()),
        );
      if (now === "ended") finish();
    },
    hear(news) {
      if (news.place) {
        place = news.place;
        setText(code, spaced(place.code));
        conversation.ask({}); // the class has no picture of this page yet
        if (fresh && !root.querySelector(".classroom-cover") && !shownOnce) cover();
      }
      if (news.count !== undefined) count = news.count;
      if (news.answered !== undefined) answered = news.answered;
      if (news.quiz !== undefined) {
        if (!(greeted && restore(news.quiz))) adopt(news.quiz);
        greeted = false;
      }
      if (news.file) files.set(news.file.kind, news.file.text ?? "");
      if (news.said) setText(status, say(news.said));
      tell();
    },
  });
  let shownOnce = !fresh;
  /** @type {Map<string, string>} */
  const files = new Map(); // the counts, which come as the class ends
  let greeted = false; // the server's next word on the question says whether it knows the class

  function tellLead() {
    const { kernel, pass } = link.line;
    wire.say({ lead: { lesson: lesson.name, kernel, pass, address: location.href } });
    sent = "";
    greeted = true;
  }
  /**
   * A server that was restarted knows nothing of the rounds; this page does.
   *
   * @param {ClassQuiz | null} known
   */
  function restore(known) {
    const { now = null, rounds = [] } = mine;
    if (known || !(now || rounds.length)) return false;
    current = now?.asked ?? null;
    const open = now?.quiz.open ? now : null;
    const { id, results = [] } = open?.quiz ?? {};
    wire.say({ kept: rounds, ...(open ? { ask: { ...open.asked, id, results } } : {}) });
    return Boolean(open);
  }
  const unlisten = link.onstatus((/** @type {string} */ now) => now === "open" && tellLead());

  function tell() {
    setText(here, say("here", { count }));
    const line = panel.querySelector(".answered");
    if (line) setText(line, say("answered", { answered, count: Math.max(count, answered) }));
    const shown = root.querySelector(".classroom-cover .here");
    if (shown) setText(shown, say("here", { count }));
  }

  // What the page does beside its picture
  let sent = "";
  let sentAt = 0;
  /** @type {[string, number, number] | null} */
  let laser = null;
  /** @param {PointerEvent} event */
  const point = ({ target, clientX, clientY }) => {
    const frame = target instanceof Element ? target.closest(".frame") : null;
    const name = frame?.closest("[data-plane]")?.getAttribute("data-plane");
    if (!frame || !name || !root.classList.contains("pointing")) laser = null;
    else {
      const { left, top, width, height } = frame.getBoundingClientRect();
      laser = [name, share((clientX - left) / width), share((clientY - top) / height)];
    }
  };
  root.addEventListener("pointermove", point);
  function look() {
    const now = transport.pose();
    const line = root.querySelector(".caption:not([hidden]) .line")?.textContent ?? "";
    /** @type {import("../protocol").ClassPose} */
    const pose = { ...now, laser: root.classList.contains("pointing") ? laser : null, line };
    const mark = JSON.stringify(now.playing ? { ...pose, k: 0 } : pose);
    const time = performance.now();
    if (mark === sent && !(now.playing && time - sentAt > RESEND)) return walked(time);
    if (wire.say({ pose })) [sent, sentAt] = [mark, time];
  }
  const looking = setInterval(look, LOOK);

  // The class's way: the states in which the lecturer came to rest
  let seen = "";
  let since = 0;
  /** @param {number} time */
  function walked(time) {
    const { query } = state.shown();
    const { version, k } = lesson;
    const at = { version, k, shown: transport.k(), steps: transport.count() };
    const text = writeAddress(query, {}, at).replace(/^\?/, "");
    if (text !== seen) [seen, since] = [text, time];
    else if (time - since > REST) {
      since = Infinity;
      const way = mine.way ?? [];
      const last = way.at(-1);
      if (last?.lesson === lesson.name && last.state === text) return;
      mine.way = [...way, { lesson: lesson.name, state: text }].slice(-MOST_STEPS);
      keep(mine);
    }
  }

  // Questions
  /** @param {Changes} asked */
  function ask(asked) {
    mine.now = null;
    current = asked;
    wire.say({ ask: asked });
  }
  /** @type {Changes | null} */
  let current = null;

  /** @param {ClassQuiz | null} now */
  function adopt(now) {
    if (quiz && now?.id !== quiz.id && quiz.results) {
      mine.rounds = [...(mine.rounds ?? []).filter(({ id }) => id !== quiz?.id), quiz];
    }
    quiz = now;
    mine.now = now && current ? { asked: current, quiz: now } : null;
    keep(mine);
    build();
  }

  function build() {
    undraw();
    undraw = () => {};
    panel.replaceChildren();
    panel.hidden = !quiz;
    delete root.dataset.asked;
    if (!quiz) return;
    const { text, options } = wordsOf(quiz, lesson);
    const title = make("h2", {});
    title.append(text);
    panel.append(title);
    const shows = !quiz.open && quiz.results && quiz.revealed;
    if (shows) panel.append(makeResults(quiz, lesson));
    else if (quiz.question.kind === "choice") {
      const list = make("ol", { class: "offered" });
      options.forEach((option, i) =>
        list.append(make("li", {}, make("b", {}, letter(i)), " ", option)),
      );
      panel.append(list);
    }
    if (quiz.question.kind === "point") {
      if (!quiz.revealed) root.dataset.asked = "point";
      undraw = drawCloud(page, quiz.revealed ? quiz : { ...quiz, results: [] });
    }
    panel.append(
      make(
        "div",
        { class: "foot" },
        make("p", { class: "answered" }),
        make(
          "div",
          { class: "buttons" },
          quiz.open ? button("close-round", () => wire.say({ close: true })) : null,
          quiz.revealed ? null : button("reveal", () => wire.say({ reveal: true }), "main"),
          quiz.open ? null : button("ask-again", () => wire.say({ again: true })),
          quiz.open ? null : button("put-away", () => wire.say({ clear: true })),
        ),
      ),
    );
    tell();
  }

  // Windows
  /**
   * @param {string} kind
   * @param {(Node | null)[]} parts
   */
  function openWindow(kind, ...parts) {
    root.querySelector(`.${kind}`)?.remove();
    const box = make("dialog", { class: kind }, ...parts);
    box.addEventListener("close", () => box.remove());
    box.addEventListener("keydown", (event) => event.stopPropagation());
    root.append(box);
    box.showModal();
    return box;
  }

  function cover() {
    if (!place) return;
    shownOnce = true;
    const { address, qr, local } = place;
    const box = openWindow(
      "classroom-cover",
      drawQr(qr, address),
      make(
        "div",
        { class: "join" },
        make("p", {}, say("open-this")),
        make("p", { class: "address" }, address.replace(/^https?:\/\//, "").replace(/\/\w+$/, "")),
        make("p", {}, say("your-code")),
        make("p", { class: "code" }, spaced(place.code)),
        make("p", { class: "here" }, say("here", { count })),
        local
          ? make("p", { class: "warn", role: "alert" }, say("local-address", { address }))
          : null,
        make("button", { type: "button", class: "main", onclick: () => box.close() }, say("begin")),
      ),
    );
    box.setAttribute("aria-label", say("show-code"));
  }

  function sure() {
    const box = openWindow(
      "classroom-dialog",
      make("h2", {}, say("end-sure")),
      make(
        "div",
        { class: "buttons" },
        make(
          "button",
          { type: "button", class: "main", onclick: () => (box.close(), end()) },
          say("end-yes"),
        ),
        make("button", { type: "button", onclick: () => box.close() }, say("cancel")),
      ),
    );
  }

  const end = () => wire.say({ end: true });

  function finish() {
    over = true;
    keep(null);
    stopLooking();
    bar.remove();
    panel.remove();
    root.classList.remove("leads");
    const lessons = [...new Set((mine.way ?? []).map((step) => step.lesson))];
    const links = lessons.map((name) => {
      const steps = (mine.way ?? []).filter((step) => step.lesson === name);
      const talk = encodeURIComponent(writeTalk(steps.map((step) => ({ state: step.state }))));
      const href = `${link.line.base}${name}?v=${lesson.version}&talk=${talk}&present=1`;
      return make("li", {}, make("a", { href }, say("replay", { lesson: name })));
    });
    const kinds = [...files].map(([kind, text]) =>
      button(`save-${kind}`, () => save(`class.${kind}`, text, MIME[kind])),
    );
    const box = openWindow(
      "classroom-dialog",
      make("h2", {}, say("after-class")),
      make("p", {}, say("after-words")),
      make("ul", {}, ...links),
      make(
        "div",
        { class: "buttons" },
        ...kinds,
        button("close", () => box.close()),
      ),
    );
  }

  function stopLooking() {
    clearInterval(looking);
    root.removeEventListener("pointermove", point);
    unlisten();
  }

  return () => {
    stopLooking();
    wire.stop();
    undraw();
    bar.remove();
    panel.remove();
  };
}

/** @param {number} part */
const share = (part) => Math.max(0, Math.min(1, Number(part.toFixed(4))));

/**
 * @param {string[]} rows
 * @param {string} address
 */
function drawQr(rows, address) {
  const size = rows.length + 8; // with the quiet zone of four around it
  const d = rows
    .flatMap((row, y) =>
      [...row].map((cell, x) => (cell === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : "")),
    )
    .join("");
  return shape(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": address },
    shape("rect", { width: size, height: size, fill: "#fff" }),
    shape("path", { d, fill: "#000", "shape-rendering": "crispEdges" }),
  );
}
