// The planes of a picture: built when an answer first has them, arranged, measured and drawn.

import { makePlane } from "../canvas/plane.js";
import { make } from "../lib/dom.js";
import { watchRatio } from "../lib/visibility.js";

const pixelRatio = () => Math.min(devicePixelRatio || 1, 2);

/**
 * @param {object} page
 * @param {HTMLElement} page.root
 * @param {Host} page.host
 * @param {() => void} page.onResize called once canvases have their new size, which empties them
 */
export function makePlaneSet({ root, host, onResize }) {
  /** @type {Map<string, PlaneView>} */
  const planes = new Map();
  const box = make("div", { class: "planes" });
  let arranged = "";

  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) {
      if (!entry.contentRect.width) continue; // put away
      const plane = [...planes.values()].find((p) => p.frame === entry.target);
      plane?.resize(Math.round(entry.contentRect.width), pixelRatio());
    }
    onResize();
  });

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
    box.append(plane.figure);
    observer.observe(plane.frame);
    return plane;
  }

  /**
   * A view may have other planes than the one before it: those that are not in it are put away.
   *
   * @param {string[]} names
   */
  function arrange(names) {
    if (arranged === names.join()) return;
    arranged = names.join();
    root.style.setProperty("--planes", String(names.length));
    root.dataset.planes = String(names.length);
    for (const [name, plane] of planes) plane.figure.hidden = !names.includes(name);
    for (const name of names) {
      const plane = planes.get(name);
      if (plane) box.append(plane.figure);
    }
  }

  return {
    box,
    planes,

    /** @param {Answer} answer */
    show({ planes: specs, traces, handles, errors = {} }) {
      arrange(specs.map(({ name }) => name));
      for (const spec of specs) {
        /** @param {{ plane: string }} part */
        const here = ({ plane }) => plane === spec.name;
        planeNamed(spec.name).adopt(spec, traces.filter(here), handles.filter(here), errors);
      }
    },

    /** @param {Look} look */
    draw(look) {
      for (const plane of planes.values()) if (!plane.figure.hidden) plane.draw(look);
    },

    measure,

    /** Whether a plane has a size, so that a picture can be seen. */
    visible: () => [...planes.values()].some((plane) => plane.side() > 1),
    stop() {
      observer.disconnect();
      unwatch();
    },
  };
}
