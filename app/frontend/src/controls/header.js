// The slim top: title, presets, theme, reset, link; and the line that says what a preset shows.

import { copy } from "../export/clipboard.js";
import { disable, drawing, make, setAttribute } from "../lib/dom.js";
import { say } from "../i18n/en.js";
import { hideLine } from "./hidden_answers.js";
import { makeThemeTool } from "./theme.js";

const TOOLS = {
  undo: '<path d="M6.2 1.6v3h3.3a4.4 4.4 0 0 1 0 8.8H5v-1.9h4.5a2.5 2.5 0 0 0 0-5H6.2v3L1.6 5.6z"/>',
  redo: '<path d="M9.8 1.6v3H6.5a4.4 4.4 0 0 0 0 8.8H11v-1.9H6.5a2.5 2.5 0 0 1 0-5h3.3v3l4.6-3.9z"/>',
  reset: '<path d="M8 3a5 5 0 1 1-5 5h1.8A3.2 3.2 0 1 0 8 4.8V7L4 3.9 8 .8z"/>',
  link:
    '<path d="M6.8 9.2l2.4-2.4M7 4.6l1.6-1.6a3 3 0 0 1 4.3 4.3L11.4 9M9 11.4l-1.6 1.6a3 ' +
    '3 0 0 1-4.3-4.3L4.6 7" stroke="currentColor" stroke-width="1.6" fill="none"/>',
};

// To the lessons before and after this one, and to all of them. The links keep the language that
// this page's address asks for; a lesson without it says so. Exported pages have a file for each.
/** @param {import("../protocol").Neighbors} nav */
function makeNav(nav) {
  const asked = new URLSearchParams(location.search).get("lang");
  const query = asked && !nav.home ? `?lang=${encodeURIComponent(asked)}` : "";
  /**
   * @param {"before" | "after"} way
   * @param {string} word
   */
  const to = (way, word) => {
    const near = nav[way];
    const rel = way === "before" ? "prev" : "next";
    const href = near && near.name + query;
    return near && make("a", { href, rel, title: near.title }, word);
  };
  return make(
    "nav",
    { class: "lessons", "data-part": "lessons", "aria-label": say("lessons") },
    to("before", "‹"),
    make("a", { href: nav.home?.name ?? `home${query}`, title: say("all-lessons") }, "☰"),
    to("after", "›"),
  );
}

/**
 * @param {LessonData} lesson
 * @param {object} page
 * @param {AskFor} page.ask
 * @param {() => void} page.reset
 * @param {Theme} page.theme
 * @param {false | (() => string)} page.link
 * @param {LessonData["nav"] | false} page.nav
 * @param {Menu} page.menu
 * @param {() => { undo: () => void, redo: () => void }} page.past
 */
export function makeHeader(lesson, { ask, reset, theme, link, nav, menu, past }) {
  const line = make("p", { class: "say", "data-part": "say" });
  const takeaway = hideLine(lesson.takeaway, lesson.takeaway_gives_away);
  const lines = (lesson.presets ?? []).map(({ say, gives_away }) => hideLine(say, gives_away));
  const resting = () => takeaway.text.parentNode === line;
  // Each frame of a drag asks for it: what stands there stays, and so does the focus.
  const rest = () => resting() || line.replaceChildren(...takeaway.parts());
  rest();
  const chips = (lesson.presets ?? []).map((preset, i) =>
    make(
      "button",
      { type: "button", class: "chip", "aria-pressed": "false", onclick: () => choose(i) },
      preset.name,
    ),
  );
  /** @param {number} i */
  function choose(i) {
    if (!chips[i]) return;
    ask(lesson.presets[i].set);
    mark(chips[i]);
    line.replaceChildren(...lines[i].parts());
  }
  function begin() {
    reset();
    mark(null);
    rest();
  }
  /** @param {Element | null} chosen */
  const mark = (chosen) => chips.forEach((c) => setAttribute(c, "aria-pressed", c === chosen));

  /**
   * @param {keyof typeof TOOLS} icon
   * @param {string} label
   * @param {() => void} act
   * @param {string} part
   */
  const tool = (icon, label, act, part = icon) =>
    make(
      "button",
      {
        type: "button",
        class: "tool",
        title: label,
        "aria-label": label,
        onclick: act,
        "data-part": part,
      },
      drawing(TOOLS[icon]),
    );
  const themeTool = makeThemeTool(theme, { class: "tool", "data-part": "theme" });
  const resetTool = tool("reset", say("reset"), begin);
  const undoTool = tool("undo", say("undo"), () => past().undo());
  const redoTool = tool("redo", say("redo"), () => past().redo(), "undo");
  /** @type {HTMLButtonElement | false} */
  const linkTool =
    link &&
    tool("link", say("link"), async () => {
      if (!linkTool) return;
      const fine = await copy(link());
      linkTool.dataset.said = say(fine ? "copied" : "not-copied");
      setTimeout(() => delete linkTool.dataset.said, 1800);
    });
  const box = make(
    "header",
    { class: "top" },
    nav ? makeNav(nav) : null,
    make("h1", {}, lesson.title),
    make(
      "div",
      { class: "presets", "data-part": "presets", role: "group", "aria-label": say("presets") },
      ...chips,
    ),
    make("div", { class: "tools" }, undoTool, redoTool, resetTool, linkTool, themeTool, menu.box),
  );
  return {
    box,
    say: line,
    // What was said of a preset's picture is not said of another one.
    unmark: () => (mark(null), rest()),
    /** @param {string} name of a claim that is hidden no longer, or of a question answered */
    shown: (name) => [takeaway, ...lines].forEach((each) => each.shown(name)),
    /** What an exported picture says: it stands over no question, and keeps the line. */
    caption: () =>
      ([takeaway, ...lines].find(({ text }) => text.parentNode === line)?.text ?? line)
        .textContent ?? "",
    /** @param {string} html the sentence that the picture shows */
    tell: (html) => (line.innerHTML = html),
    choose,
    reset: begin,
    /** @param {{ undo: boolean, redo: boolean }} can */
    past({ undo, redo }) {
      disable(redoTool, !redo);
      disable(undoTool, !undo);
    },
  };
}
