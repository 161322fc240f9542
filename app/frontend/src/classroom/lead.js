// Who leads: a bar with the code and how many are there, and the line to the server, on which the
// lecturer's words go out. The picture itself goes from the kernel to the class.

import { make, setText } from "../lib/dom.js";
import { openAskDialog } from "./ask_dialog.js";
import { keep, kept } from "./kept.js";
import { watchPose } from "./lead_pose.js";
import { makeQuestionPanel } from "./lead_question.js";
import { askWhetherToEnd, openAfterClass, openCover } from "./lead_windows.js";
import { openLine } from "./line.js";
import { sayButton } from "./window.js";
import { say, spaced } from "./words.js";

const MOST_STEPS = 60; // of the class's way
const MOST_CODES = 60; // that are tried until one leads to this page's server process

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
  const { root, lesson, conversation } = page;
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
  let over = false;

  const code = make("b", { class: "code" });
  const here = make("span", { class: "here", role: "status" });
  const status = make("span", { class: "status", role: "alert" });
  const tools = make(
    "span",
    { class: "tools" },
    sayButton("show-code", () => cover()),
    sayButton("ask-class", () => openAskDialog(page, ask)),
    sayButton("end-class", () => askWhetherToEnd(root, () => wire.say({ end: true }))),
  );
  const bar = make(
    "aside",
    { class: "classroom-bar lead", "aria-label": say("lead-bar") },
    code,
    here,
    status,
    tools,
  );
  const panel = makeQuestionPanel(page, (word) => wire.say(word));
  root.append(panel.box, bar);
  root.classList.add("leads");

  const wire = openLine({
    path: () => `${link.line.base}class/lead`,
    protocols: () => ["natgrad.class", `natgrad.token.${mine.token}`],
    opened: tellLead,
    changed(now) {
      if (over) return;
      if (now === "ended" && moves) return takeAnotherCode();
      bar.dataset.status = now;
      setText(status, now === "open" ? "" : say(now));
      if (now === "taken")
        status.append(
          " ",
          sayButton("take-back", () => wire.again()),
        );
      if (now === "ended") finish();
    },
    hear(news) {
      if (news.place) {
        if (!mine.begun && !place) check(news.place);
        else begin(news.place);
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
  /** @type {Map<string, string>} */
  const files = new Map(); // the counts, which come as the class ends
  let greeted = false; // the server's next word on the question says whether it knows the class

  const pose = watchPose(
    page,
    (now) => !moves && wire.say({ pose: now }),
    (text) => {
      const way = mine.way ?? [];
      const last = way.at(-1);
      if (last?.lesson === lesson.name && last.state === text) return;
      mine.way = [...way, { lesson: lesson.name, state: text }].slice(-MOST_STEPS);
      keep(mine);
    },
  );

  function tellLead() {
    const { kernel, pass } = link.line;
    wire.say({ lead: { lesson: lesson.name, kernel, pass, address: location.href } });
    pose.again();
    greeted = true;
  }

  // Of several server processes the proxy before them chooses one by the code, for all phones. It
  // has to be the one that has this page's kernel, or else another code is taken.
  let moves = false;
  let codes = 1;
  /** @param {import("../protocol").ClassPlace} found */
  async function check(found) {
    const url = `${link.line.base}class/${found.code}/process`;
    const reply = await fetch(url, { cache: "no-store" }).catch(() => null);
    const chosen = reply?.ok ? await reply.text() : found.process;
    if (place || over) return;
    if (chosen === found.process) begin(found, true);
    else if (codes++ < MOST_CODES) {
      moves = true;
      wire.say({ end: true });
    } else setText(status, say("code-used"));
  }

  function takeAnotherCode() {
    moves = false;
    mine.token = newToken();
    keep(mine);
    wire.again();
  }

  /**
   * @param {import("../protocol").ClassPlace} found
   * @param {boolean} [first]
   */
  function begin(found, first = false) {
    place = found;
    setText(code, spaced(place.code));
    conversation.ask({}); // the class has no picture of this page yet
    if (first) cover();
  }

  function cover() {
    if (!place) return;
    // A page that is set up again meanwhile, in another language for instance, shows the code again.
    openCover(root, place, count, () => {
      mine.begun = true;
      keep(mine);
    });
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
    panel.tell(answered, count);
    const shown = root.querySelector(".classroom-cover .here");
    if (shown) setText(shown, say("here", { count }));
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
    panel.show(quiz);
    tell();
  }

  function finish() {
    over = true;
    keep(null);
    stop();
    root.classList.remove("leads");
    const { version } = lesson;
    openAfterClass(root, { files, way: mine.way ?? [], base: link.line.base, version });
  }

  function stop() {
    pose.stop();
    unlisten();
    bar.remove();
    panel.remove();
  }

  return () => {
    stop();
    wire.stop();
  };
}
