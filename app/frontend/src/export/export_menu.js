// What a reader exports: pictures, films, numbers, the script, the sources, a page that plays by
// itself. All of it is built when it is asked for; nothing here runs while a picture is drawn.

import { runsOf } from "../controls/pin.js";
import { filmKind } from "./film_kind.js";
import { makePalette } from "../canvas/colors.js";
import { readingsOf } from "../controls/gap_meter.js";
import { say } from "../i18n/en.js";

const MOVING = new Set(["gif", "film"]);

/** What makes files, which a page of our own fetches when it is wanted. */
const makers = () =>
  import("./makers.js").catch(() => {
    throw new Error(say("no-script"));
  });

/**
 * @typedef {import("./files.js").Exported} Exported
 * @typedef {{ resolve: (exported: Exported) => void, reject: (error: Error) => void }} Waiting
 *
 * @param {object} page
 * @param {Model} page.model
 * @param {string} page.view its name among the widget's views
 * @param {HTMLElement} page.root
 * @param {LessonData} page.lesson
 * @param {Menu} page.menu
 * @param {Pin} page.pin
 * @param {Playback} page.transport
 * @param {Map<string, PlaneView>} page.planes
 * @param {Outlines} page.cache
 * @param {Palette} page.palette
 * @param {Theme} page.theme
 * @param {ArrayOf} page.array
 * @param {() => Answer} page.answer
 * @param {() => string} page.caption
 * @param {() => string} page.link
 * @param {() => void} page.redraw
 */
export function makeExport({
  model,
  view,
  root,
  lesson,
  menu,
  pin,
  transport,
  planes,
  cache,
  palette,
  theme,
  array,
  answer,
  caption,
  link,
  redraw,
}) {
  /** @type {ArrayOf} */
  const held = (name) => array(name) ?? cache.array(name);
  let asked = 0;
  /** @type {Map<number | null, Waiting>} */
  const waiting = new Map();

  // The kernel's part: it knows the runs in full, the calls that built them, and their sources.
  /**
   * @param {string} kind
   * @returns {Promise<Exported>}
   */
  function engine(kind) {
    return new Promise((resolve, reject) => {
      if (model.link?.broken()) throw new Error(say("needs-engine"));
      asked -= 1; // below zero: not an ask for a picture
      waiting.set(asked, { resolve, reject });
      const state = { ...answer().state, k: transport.k() };
      model.send({ ask: asked, view, export: kind, state, link: link(), lang: lesson.language });
    });
  }

  // A line that breaks brings no answer: what was asked over it is not awaited any longer.
  model.link?.onstatus(() => {
    if (!model.link?.broken()) return;
    waiting.forEach(({ reject }) => reject(new Error(say("needs-engine"))));
    waiting.clear();
  });

  // For paper the light theme, whatever the screen has: read once, and the page is as it was.
  function onPaper() {
    const { theme: now } = root.dataset;
    root.dataset.theme = "light";
    const light = makePalette(root, lesson.styles);
    light.read();
    light.ramp();
    root.dataset.theme = now;
    palette.read();
    return light;
  }

  /** What is on the page, without its colors. */
  function scene() {
    const now = answer();
    return {
      lesson,
      answer: now,
      planes: now.planes
        .map(({ name }) => planes.get(name))
        .filter((p) => p !== undefined)
        .filter((p) => !p.figure.hidden)
        .map((p) => p.scene()),
      array: held,
      k: transport.k(),
      caption: caption(),
      link: link(),
      readings: readingsOf(now, lesson),
      ghosts: pin.ghosts(),
    };
  }

  async function files() {
    const { makeFiles } = await makers();
    return makeFiles({
      name: lesson.name,
      scene,
      screen: { palette, theme: theme.current() },
      onPaper,
      engine,
      onProgress: (part) =>
        menu.tell(say("making", { part: `${Math.round(100 * part)} %` }), { stay: true }),
    });
  }

  // Who opens the menu may want a file: it is then made even if the line breaks meanwhile.
  menu.box.addEventListener("click", () => void makers().catch(() => {}), { once: true });

  /** @param {string} kind */
  async function run(kind) {
    if (MOVING.has(kind) && !answer().steps) return menu.tell(say("no-motion"));
    try {
      menu.tell(String((await (await files())[kind]()) ?? say("saved")));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      menu.tell(say("not-exported", { reason }));
    }
  }

  /**
   * @param {string} kind
   * @param {string} group
   */
  const add = (kind, group) =>
    menu.add({ id: kind, label: say(`export-${kind}`), group, act: () => run(kind) });
  const pinned = menu.add({
    id: "pin",
    label: say("pin"),
    group: "pin",
    act() {
      if (pin.held()) pin.clear();
      else if (!runsOf(answer().traces).size) menu.tell(say("nothing-to-pin"));
      else pin.set(answer).catch(() => menu.tell(say("no-script")));
    },
  });
  pin.onchange((is) => {
    const [name] = pinned.children;
    name.textContent = say(is ? "unpin" : "pin");
    redraw();
  });
  for (const kind of ["png", "svg", "gif"]) add(kind, "picture");
  if (filmKind()) add("film", "picture");
  for (const kind of ["csv", "json", "python", "cite"]) add(kind, "numbers");
  if (!model.saved) add("html", "page");

  return {
    // True if the kernel's message was for here.
    /**
     * @param {any} reply
     * @param {DataView[]} buffers
     */
    heard({ answer: number, exported, fault }, buffers) {
      const wait = waiting.get(number);
      if (!wait) return false;
      waiting.delete(number);
      if (exported) wait.resolve({ ...exported, bytes: buffers?.[0] });
      else wait.reject(new Error(fault ?? say("needs-engine")));
      return true;
    },
  };
}
