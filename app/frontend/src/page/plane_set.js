// The planes of a picture: built when an answer first has them, arranged, measured and drawn.

import { makePlane } from "../canvas/plane.js";
import { keyed, make, setAttribute } from "../lib/dom.js";
import { isDue } from "../lib/frame_budget.js";
import { watchRatio } from "../lib/visibility.js";

const pixelRatio = () => Math.min(devicePixelRatio || 1, 2);

const EDGE = 40; // px of the numbers beside an axis

/**
 * The fewest planes in which these styles are drawn, except those that the model shows; and the
 * planes that are named themselves, as in "plane.values".
 *
 * @param {Pick<Answer, "planes" | "traces">} answer
 * @param {string[]} styles
 */
export function planesFor({ planes, traces }, styles) {
  const models = planes.filter(({ model }) => model).map(({ name }) => name);
  const names = planes.map(({ name }) => name);
  const placesOf = (/** @type {string} */ style) =>
    style.startsWith("plane.")
      ? names.filter((name) => style === `plane.${name}`)
      : traces.filter((trace) => trace.style === style).map(({ plane }) => plane);
  let left = styles
    .map(placesOf)
    .filter((places) => places.length && !places.some((name) => models.includes(name)));
  /** @type {string[]} */
  const found = [];
  while (left.length) {
    const has = (/** @type {string} */ name) => left.filter((some) => some.includes(name)).length;
    const best = names.reduce((best, name) => (has(name) > has(best) ? name : best));
    found.push(best);
    left = left.filter((places) => !places.includes(best));
  }
  return names.filter((name) => found.includes(name));
}

const WIDE = 1080; // px of the page from which the text stands beside the planes (layout.css)

/**
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {HTMLElement} page.words at whose head a model stands where there is room
 * @param {Host} page.host
 * @param {() => void} page.onResize called once canvases have their new size, which empties them
 */
export function makePlaneSet({ root, words, host, onResize }) {
  /** @type {Map<string, PlaneView>} */
  const planes = new Map();
  const box = make("div", { class: "planes", role: "group" });
  const beside = make("div", { class: "beside" });
  let arranged = "";
  /** @type {string[]} */
  let lit = []; // styles that a claim speaks of
  let together = ""; // planes that it needs
  /** @type {Look["model"]} */
  let model;
  let fetching = false;

  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) {
      if (!entry.contentRect.width) continue; // put away
      const plane = [...planes.values()].find((p) => p.frame === entry.target);
      plane?.resize(Math.round(entry.contentRect.width), pixelRatio());
      if (entry.target === root) place(entry.contentRect.width);
    }
    keyed(box);
    onResize();
  });
  observer.observe(root);
  /** @type {Set<Element>} */
  const unseen = new Set(); // frames out of sight
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) unseen.delete(target);
      else unseen.add(target);
    }
    host.redraw();
  });
  let turn = 0; // pictures drawn

  /**
   * A model is in view with the planes: over the text beside them, or below them, as is the room.
   *
   * @param {number} width
   * @param {boolean} [read] whether the text is shown
   */
  function place(width, read = words.checkVisibility()) {
    const over = width >= WIDE && read;
    if (over === words.contains(beside)) return;
    if (over) words.prepend(beside);
    else box.after(beside);
  }

  /** Measure every plane now; later an observer tells of each change. */
  function measure() {
    for (const plane of planes.values()) {
      plane.resize(Math.round(plane.frame.getBoundingClientRect().width), pixelRatio());
    }
  }

  // Another screen, or another zoom: no frame need change its size with it.
  const unwatch = watchRatio(() => {
    measure();
    onResize();
  });

  /** @param {string} name */
  function planeNamed(name) {
    const known = planes.get(name);
    if (known) return known;
    const plane = makePlane(host);
    planes.set(name, plane);
    observer.observe(plane.frame);
    sight.observe(plane.frame);
    return plane;
  }

  async function fetchModel() {
    if (model || fetching) return;
    fetching = true;
    try {
      ({ drawModel: model } = await import("../canvas/model_picture.js"));
      host.redraw();
    } catch {
      fetching = false; // the next answer tries again; the planes need none
    }
  }

  /**
   * A view may have other planes than the one before it: those that are not in it are put away.
   *
   * @param {PlaneSpec[]} specs
   */
  function arrange(specs) {
    const models = specs.some((spec) => spec.model);
    if (models) void fetchModel();
    const names = specs.map(({ name }) => name);
    if (arranged === names.join()) return;
    arranged = names.join();
    const count = String(specs.filter(({ model }) => !model).length);
    root.style.setProperty("--planes", count);
    root.dataset.planes = count;
    for (const [name, plane] of planes) plane.figure.hidden = !names.includes(name);
    for (const { name, model } of specs) (model ? beside : box).append(planeNamed(name).figure);
    beside.hidden = !models;
  }

  return {
    box,
    beside,
    planes,

    /** @param {Answer} answer */
    show(answer) {
      const { planes: specs, traces, handles, errors = {} } = answer;
      arrange(specs);
      setAttribute(box, "aria-label", specs.map(({ title }) => title).join(", "));
      for (const spec of specs) {
        /** @param {{ plane: string }} part */
        const here = ({ plane }) => plane === spec.name;
        planeNamed(spec.name).adopt(spec, traces.filter(here), handles.filter(here), errors);
      }
      // Where only one plane fits beside the text, those that a claim needs are brought to view.
      const needed = planesFor(answer, lit);
      if (needed.join() === together) return;
      together = needed.join();
      setAttribute(root, "data-together", needed.length > 1 || null);
      const first = planes.get(needed[0])?.frame.getBoundingClientRect().left;
      if (first !== undefined) box.scrollLeft += first - box.getBoundingClientRect().left - EDGE;
    },

    /** @param {string[]} shows what the next answer is to show */
    light(shows) {
      [lit, together] = [shows, ""];
    },

    /**
     * On a slow page planes have fewer pixels while a reader drags.
     *
     * @param {Look & { rest: boolean, fresh: boolean, slow: boolean }} look
     */
    draw({ rest, fresh, slow, ...look }) {
      if (fresh) turn++;
      const light = slow && !rest;
      const held = [...planes.values()].find((plane) => plane.dragged());
      for (const plane of planes.values()) {
        if (plane.figure.hidden) continue;
        const seen = !unseen.has(plane.frame);
        const beside = held !== undefined && held !== plane;
        const shows = plane.figure.className === "model";
        if (isDue(turn, { rest, light, seen, model: shows, beside })) {
          plane.draw({ ...look, model, light });
        }
      }
    },

    /** @param {number} width of the page */
    measure(width) {
      place(width, true);
      measure();
    },

    /** Whether a plane has a size, so that a picture can be seen. */
    visible: () => [...planes.values()].some((plane) => plane.side() > 1),
    stop() {
      observer.disconnect();
      sight.disconnect();
      unwatch();
    },
  };
}
