// Light or dark: the reader's choice, else JupyterLab's, else the system's.

import { drawing, make, setAttribute } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const KEY = "natgrad-theme";
/** @type {Record<string, string>} */
const ICONS = {
  system:
    '<path d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 3v10A5 5 0 0 1 8 3z" ' +
    'fill-rule="evenodd"/>',
  light:
    '<circle cx="8" cy="8" r="3.2"/><path d="M8 .8v2.4M8 12.8v2.4M.8 8h2.4M12.8 ' +
    '8h2.4M2.9 2.9l1.7 1.7M11.4 11.4l1.7 1.7M2.9 13.1l1.7-1.7M11.4 4.6l1.7-1.7" ' +
    'stroke="currentColor" stroke-width="1.5" fill="none"/>',
  dark: '<path d="M13.8 10.2A6.2 6.2 0 0 1 5.8 2.2 6.3 6.3 0 1 0 13.8 10.2z"/>',
};
const CHOICES = Object.keys(ICONS);

function remembered() {
  try {
    const choice = localStorage.getItem(KEY);
    return choice !== null && CHOICES.includes(choice) ? choice : "system";
  } catch {
    return "system"; // storage may be forbidden
  }
}

/** @param {HTMLElement} root */
export function makeTheme(root) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print"); // paper is white
  /** @type {((choice: string) => void)[]} */
  const listeners = [];
  let choice = remembered();

  function apply() {
    const lab = document.body.dataset.jpThemeLight; // JupyterLab says "true" or "false"
    const dark = choice === "system" ? (lab ? lab === "false" : system.matches) : choice === "dark";
    root.dataset.theme = dark && !print.matches ? "dark" : "light";
    listeners.forEach((listener) => listener(choice));
  }

  const watcher = new MutationObserver(apply);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  for (const query of [system, print]) query.addEventListener("change", apply);
  return {
    apply,
    current: () => root.dataset.theme,
    /** @param {(choice: string) => void} listener */
    onchange: (listener) => listeners.push(listener),
    next() {
      choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
      try {
        localStorage.setItem(KEY, choice);
      } catch {
        // then it holds for this visit
      }
      apply();
    },
    stop() {
      watcher.disconnect();
      for (const query of [system, print]) query.removeEventListener("change", apply);
    },
  };
}

// The button that goes from one choice to the next, and says which one holds.
/**
 * @param {Theme} theme
 * @param {Record<string, string>} attributes
 */
export function makeThemeTool(theme, attributes) {
  const tool = make("button", { type: "button", onclick: theme.next, ...attributes });
  theme.onchange((choice) => {
    tool.replaceChildren(drawing(ICONS[choice]));
    tool.title = say("theme", { choice: say(choice) });
    setAttribute(tool, "aria-label", tool.title);
  });
  return tool;
}
