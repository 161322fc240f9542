// The stage's own words, all of them here; a lesson's words come from the lesson. `{name}` is
// filled in.

import { ZH } from "./zh.js";

/** @type {Record<string, Record<string, string>>} */
const TEXTS = {
  zh: ZH,
  en: {
    language: "English",
    site: "the natural gradient",
    // the line to the engine
    lost: "The connection to the engine is lost. What you set is kept.",
    slow: "The engine has not answered for a while. What you set is kept.",
    "not-live": "This picture is not live: no kernel answers. Run its cell to change something.",
    reconnect: "Reconnect",
    "ask-again": "Ask again",
    "no-picture": "the engine sent no first picture",
    // the header
    lessons: "lessons",
    "all-lessons": "all lessons",
    presets: "presets",
    reset: "reset to the beginning",
    link: "copy a link to exactly this state",
    theme: "theme: {choice}",
    system: "system",
    light: "light",
    dark: "dark",
    copied: "copied",
    "not-copied": "could not copy; it is in the address bar",
    menu: "more",
    undo: "undo (Ctrl Z)",
    redo: "redo (Ctrl Shift Z)",
    close: "close",
    dropped: "Of the link, this could not be shown: {what}.",
    "not-known": "{name} is not known here",
    "no-such-step": "there is no step {at}, there are {of}",
    // keys
    keys: "keys",
    "single-keys": "characters act alone, without Ctrl",
    "no-motion": "this picture has no steps, so nothing moves",
    "keys-run": "The run",
    "keys-state": "What is set",
    "keys-hand": "By hand",
    "keys-talk": "Before an audience",
    "key-play": "play or pause",
    "key-back": "one step back",
    "key-forward": "one step forward",
    "key-loop": "loop",
    "key-replay": "play from the start",
    "key-preset": "a preset, by its number",
    "key-reset": "reset to the beginning",
    "key-undo": "undo",
    "key-redo": "redo",
    "key-tab": "to the next handle or control",
    "key-move": "move the focused handle or slider",
    "key-read": "on a plane: read along its paths, from path to path",
    "key-fine": "finely",
    "key-coarse": "coarsely",
    "key-present": "present",
    "key-next": "next step",
    "key-last": "previous step",
    "key-panel": "controls",
    "key-full": "full screen",
    "key-laser": "laser dot",
    "key-leave": "leave",
    "key-keys": "these keys",
    "page-down": "Page Down",
    "page-up": "Page Up",
    // a talk
    steps: "steps of a talk",
    count: "{at} / {of}",
    "steps-hint": "What is presented, in this order. A line left empty is the lesson's own.",
    "step-line": "line of step {at}",
    "step-up": "step {at} up",
    "step-down": "step {at} down",
    "step-out": "take step {at} out",
    "own-state": "a state of your own",
    "what-is-seen": "what is seen now",
    sentences: "sentences",
    "add-step": "add",
    "own-steps": "the lesson's own steps",
    "copy-link": "copy the link",
    "save-file": "save as a file",
    "open-file": "open a file",
    "present-steps": "present",
    "no-steps-file": "This file holds no steps: it should be a steps.json saved from here.",
    "dropped-steps": "These are not in this lesson: {what}.",
    "other-lesson": "These are steps of another lesson: {name}.",
    // what a link hides
    hide: "hide parts",
    "hide-hint": "What is not ticked is hidden, here and for whoever opens the link.",
    parts: "The page",
    handles: "Handles",
    "part-lessons": "way to other lessons",
    "part-presets": "presets",
    "part-undo": "undo and redo",
    "part-reset": "reset",
    "part-link": "copy a link",
    "part-theme": "theme",
    "part-menu": "menu",
    "part-say": "line above the picture",
    "part-legend": "legend",
    "part-playback": "playback",
    "part-meter": "meter",
    "part-formulas": "formulas",
    "part-controls": "all controls",
    "part-charts": "charts",
    "part-words": "text",
    "part-questions": "questions",
    // controls
    controls: "controls",
    more: "{count} more",
    entry: "{label}, row {row}, column {column}",
    typed: "{label}, typed",
    "no-number": "{said} is not a number; type one like 0.5, −2 or 1/3",
    nothing: "nothing",
    // planes
    point: "draggable point",
    plane: "plane {title}, axes {labels}",
    "read-along": "{title}: read along the paths by arrow keys",
    "paint-along": "{title}: arrow keys move a cross, Enter paints a point",
    symbols: "what the symbols stand for",
    and: " and ",
    place: "step {step}: {place}",
    "loss-there": "{place}, loss {loss}",
    legend: "legend",
    meter: "invariance meter",
    fine: "how far the picture is",
    stop: "stop",
    "go-on": "go on",
    // what is taken away, and what is pinned
    "take-png": "Picture for print (PNG)",
    "take-svg": "Picture to edit (SVG)",
    "take-gif": "Moving picture (GIF)",
    "take-film": "Film (video)",
    "take-csv": "Numbers (CSV)",
    "take-json": "Numbers and state (JSON)",
    "take-python": "Copy as Python",
    "take-cite": "Copy the sources (BibTeX)",
    "take-html": "Page that plays by itself (HTML)",
    making: "making it: {part}",
    saved: "saved",
    "not-made": "this could not be made: {reason}",
    "needs-engine": "This needs the live engine.",
    "one-at-a-time":
      "This page was saved: from a preset it changes one setting at a time. Choose a preset, then this.",
    "saved-page":
      "A saved page: it plays without the engine. Presets, sentences, steps and the controls that are not dimmed work; sliders snap to a few places.",
    "not-saved": "the state of the link is not in this saved page",
    "not-played": "This page could not be played:",
    "open-live": "Open the live lesson",
    pin: "Pin this run",
    unpin: "Unpin",
    pinned: "Against the pinned run",
    "nothing-changed": "Nothing is set otherwise yet: change something.",
    run: "run",
    "loss-pinned": "loss, pinned",
    "loss-now": "loss, now",
    "ends-apart": "ends apart",
    // charts
    charts: "charts",
    numbers: "the numbers",
    "no-script": "its script did not load",
    "no-chart": "This chart could not be drawn: {reason}. Its numbers are below.",
    // playback
    playback: "playback",
    play: "play",
    pause: "pause",
    back: "one step back",
    forward: "one step forward",
    loop: "loop",
    speed: "speed",
    step: "step",
    "step-of": "step {k} of {steps}",
    // the lesson's text
    lesson: "the lesson",
    show: "Show: {sentence}",
    "show-it": "Show it",
    formulas: "formulas with live numbers",
    right: "So it is.",
    wrong: "Look again.",
  },
};

let language = "en";

/** @param {string} name */
export function setLanguage(name) {
  language = name in TEXTS ? name : "en";
}

// What a language is called in itself.
/** @param {string} name */
export const nameOf = (name) => TEXTS[name]?.language ?? name;

/**
 * @param {string} key
 * @param {Record<string, string | number>} values
 */
export function say(key, values = {}) {
  const text = TEXTS[language][key] ?? TEXTS.en[key];
  if (text === undefined) throw new Error(`no text '${key}'`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
