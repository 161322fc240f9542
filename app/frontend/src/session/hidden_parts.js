// What a link hides: parts of the page by name, controls by their field, handles by `handle.` and
// their name. The reader's state is untouched; only what he can reach of it is less.

import { makeDialog } from "../controls/dialog.js";
import { make, setAttribute } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const PARTS = [
  "lessons",
  "presets",
  "undo",
  "reset",
  "link",
  "theme",
  "menu",
  "say",
  "legend",
  "playback",
  "meter",
  "formulas",
  "controls",
  "charts",
  "words",
  "questions",
];

/**
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {LessonData} page.lesson
 * @param {() => Handle[]} page.handles
 * @param {(text: string) => void} page.changed
 * @param {() => Promise<string>} page.copyLink
 */
export function makeHiding({ root, lesson, handles, changed, copyLink }) {
  const controls = lesson.controls.flatMap((group) => group.controls);
  const rules = make("style");
  root.append(rules);
  /** @type {Set<string>} */
  let hidden = new Set();
  /** @type {Dialog | null} */
  let dialog = null;
  /** @type {Map<string, HTMLInputElement>} */
  const boxes = new Map();

  function apply() {
    /** @param {string} name */
    const quote = (name) => `"${CSS.escape(name)}"`;
    /** @param {{ field: string }[]} some */
    const none = (some) => some.every(({ field }) => hidden.has(field));
    const parts = PARTS.filter(
      (name) => hidden.has(name) || (name === "controls" && none(controls)),
    );
    const places = [...hidden, ...parts].map((name) =>
      PARTS.includes(name)
        ? `[data-part=${quote(name)}]`
        : name.startsWith("handle.")
          ? `[data-handle=${quote(name.slice(7))}]`
          : `[data-control=${quote(name)}]`,
    );
    for (const { id, controls: own } of lesson.controls) {
      if (none(own)) places.push(`[data-group=${quote(id)}]`);
    }
    rules.textContent = places.map((p) => `.natgrad ${p} { display: none !important }`).join("\n");
    setAttribute(root, "data-hide", parts.join(" ") || null);
  }

  /** @returns {Dialog} */
  function build() {
    /**
     * @param {string} name
     * @param {string} label
     */
    const check = (name, label) => {
      const box = make("input", { type: "checkbox", value: name });
      boxes.set(name, box);
      box.addEventListener("change", () => {
        hidden[box.checked ? "delete" : "add"](name);
        apply();
        changed([...hidden].join(","));
      });
      return make("label", { class: "check" }, box, make("span", {}, label));
    };
    const tell = async () => built.tell(await copyLink());
    const copier = make(
      "button",
      { type: "button", class: "chip", onclick: tell },
      say("copy-link"),
    );
    /**
     * @param {string} title
     * @param {HTMLElement[]} rows
     */
    const list = (title, ...rows) => make("fieldset", {}, make("legend", {}, title), ...rows);
    const built = makeDialog(
      root,
      "hide",
      say("hide"),
      make("p", { class: "hint" }, say("hide-hint")),
      make(
        "div",
        { class: "lists" },
        list(say("parts"), ...PARTS.map((name) => check(name, say(`part-${name}`)))),
        ...lesson.controls.map((group) =>
          list(group.label, ...group.controls.map((c) => check(c.field, c.label))),
        ),
        list(say("handles"), ...handles().map((h) => check(`handle.${h.id}`, h.label))),
      ),
      make("div", { class: "buttons" }, copier),
    );
    return built;
  }

  return {
    // `text` as a link has it; returns what of it is not known here.
    /** @param {string} [text] */
    adopt(text = "") {
      const wished = text.split(",").filter(Boolean);
      /** @param {string} name */
      const known = (name) =>
        PARTS.includes(name) ||
        controls.some(({ field }) => field === name) ||
        name.startsWith("handle.");
      hidden = new Set(wished.filter(known));
      apply();
      for (const [name, box] of boxes) box.checked = !hidden.has(name);
      // A handle that another view has is hidden there, and said not to be in this one.
      const here = new Set(handles().map(({ id }) => `handle.${id}`));
      return wished.filter((name) => (name.startsWith("handle.") ? !here.has(name) : !known(name)));
    },
    open() {
      dialog ??= build();
      for (const [name, box] of boxes) box.checked = !hidden.has(name);
      dialog.open();
    },
    /** @param {string} name */
    has: (name) => hidden.has(name),
  };
}
