// A context that records SVG. What draws on a canvas draws on it unchanged, so that the picture on
// the page and the one exported cannot differ. Only what the front end uses of a canvas is here.

import { contextOf } from "../lib/dom.js";
import { escaped } from "../lib/escaped.js";
import { short, SvgPath } from "./svg_path.js";

const FONT = /^(italic )?(\d+ )?([\d.]+)px (.*)$/;
/** @type {Record<string, string>} */
const ANCHORS = { center: "middle", right: "end" };
const PIECE = Math.PI / 2; // of a circle, drawn as one cubic curve: off by 0.03 % of the radius

// Drawing programs follow a link, and find an image, by its older name only.
const XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"';

/** @type {CanvasRenderingContext2D | undefined} */
let probe; // a canvas of one pixel, that knows colors and the width of words

/** @returns {CanvasRenderingContext2D} */
function probing() {
  if (probe) return probe;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  probe = contextOf(canvas, { willReadFrequently: true });
  return probe;
}

/** @type {Map<string, [string, number]>} */
const colors = new Map();

// Any CSS color (oklch, color-mix) as the browser itself computes it: drawing programs know few.
/**
 * @param {string} css
 * @returns {[string, number]} the color, and how opaque it is
 */
function colorOf(css) {
  const known = colors.get(css);
  if (known) return known;
  const probe = probing();
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  /** @type {[string, number]} */
  const color = [`#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`, a / 255];
  colors.set(css, color);
  return color;
}

export class SvgContext {
  Path = SvgPath;
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  lineCap = "butt";
  lineJoin = "miter";
  globalAlpha = 1;
  lineDashOffset = 0;
  font = "10px sans-serif";
  /** @type {string} */
  textAlign = "left";
  imageSmoothingEnabled = true;

  constructor() {
    this.matrix = new DOMMatrix();
    /** @type {number[]} */
    this.dash = [];
    /** @type {{ look: object, matrix: DOMMatrix, dash: number[] }[]} */
    this.kept = [];
    this.path = new SvgPath();
    /** @type {string[]} */
    this.body = [];
  }

  // State

  save() {
    const { fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, globalAlpha, font, textAlign } =
      this;
    const look = {
      fillStyle,
      strokeStyle,
      lineWidth,
      lineCap,
      lineJoin,
      globalAlpha,
      font,
      textAlign,
    };
    this.kept.push({ look, matrix: this.matrix, dash: this.dash });
  }

  restore() {
    const last = this.kept.pop();
    if (last) Object.assign(this, last.look, { matrix: last.matrix, dash: last.dash });
  }

  /** @param {number[]} six */
  setTransform(...six) {
    this.matrix = new DOMMatrix(six);
  }

  /** @param {number[]} six */
  transform(...six) {
    this.matrix = this.matrix.multiply(new DOMMatrix(six));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  translate(x, y) {
    this.matrix = this.matrix.translate(x, y);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  scale(x, y) {
    this.matrix = this.matrix.scale(x, y);
  }

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.dash = dash;
  }

  // Paths

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Point}
   */
  at(x, y) {
    const { a, b, c, d, e, f } = this.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  beginPath() {
    this.path = new SvgPath();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.path.add("M", [this.at(x, y)]);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.path.add(this.path.d ? "L" : "M", [this.at(x, y)]);
  }

  closePath() {
    this.path.closePath();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {number} from
   * @param {number} to
   */
  arc(x, y, radius, from, to) {
    const count = Math.max(1, Math.ceil(Math.abs(to - from) / PIECE - 1e-9));
    const turn = (to - from) / count;
    const reach = (4 / 3) * Math.tan(turn / 4) * radius;
    /**
     * @param {number} angle
     * @returns {Point}
     */
    const on = (angle) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    this.lineTo(...on(from));
    for (let i = 0; i < count; i++) {
      const [start, end] = [from + i * turn, from + (i + 1) * turn];
      const [[x0, y0], [x1, y1]] = [on(start), on(end)];
      this.path.add("C", [
        this.at(x0 - reach * Math.sin(start), y0 + reach * Math.cos(start)),
        this.at(x1 + reach * Math.sin(end), y1 - reach * Math.cos(end)),
        this.at(x1, y1),
      ]);
    }
  }

  // Drawing

  get size() {
    const { a, b, c, d } = this.matrix;
    return Math.sqrt(Math.abs(a * d - b * c)); // by how much a line's width grows
  }

  /**
   * @param {"fill" | "stroke"} property
   * @param {string} css
   */
  paint(property, css) {
    const [color, opacity] = colorOf(css);
    const alpha = opacity * this.globalAlpha;
    return `${property}="${color}"${alpha < 1 ? ` ${property}-opacity="${short(alpha)}"` : ""}`;
  }

  // A path of its own is in the context's coordinates, the current one already in pixels.
  /**
   * @param {SvgPath | undefined} own
   * @param {(scale: number) => string} look
   * @param {number} scaled
   */
  shape(own, look, scaled) {
    const { d } = own ?? this.path;
    if (!d) return;
    const { a, b, c, d: down, e, f } = this.matrix;
    const moved = own && !this.matrix.isIdentity;
    const place = moved
      ? ` transform="matrix(${[a, b, c, down, e, f].map((v) => Number(v.toFixed(4))).join(" ")})"`
      : "";
    this.body.push(`<path d="${d}"${place} ${look(moved ? 1 : scaled)}/>`);
  }

  /** @param {SvgPath} [own] */
  stroke(own) {
    /** @param {number} scale */
    const look = (scale) => {
      const wide = Number((this.lineWidth * scale).toFixed(3));
      const dash = this.dash.length
        ? ` stroke-dasharray="${this.dash.map((v) => short(v * scale)).join(" ")}"`
        : "";
      return (
        `fill="none" ${this.paint("stroke", this.strokeStyle)} stroke-width="${wide}"` +
        ` stroke-linecap="${this.lineCap}" stroke-linejoin="${this.lineJoin}"${dash}`
      );
    };
    this.shape(own, look, this.size);
  }

  /**
   * @param {SvgPath | string} [own] a path, or the rule for the current one
   * @param {string} [rule]
   */
  fill(own, rule) {
    const path = typeof own === "string" ? undefined : own;
    const kind = typeof own === "string" ? own : rule;
    const even = kind === "evenodd" ? ' fill-rule="evenodd"' : "";
    this.shape(path, () => this.paint("fill", this.fillStyle) + even, 1);
  }

  // The place and the size of what is upright.
  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  box(x, y, width, height) {
    const [left, top] = this.at(x, y);
    const [wide, high] = [short(width * this.matrix.a), short(height * this.matrix.d)];
    return `x="${short(left)}" y="${short(top)}" width="${wide}" height="${high}"`;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  fillRect(x, y, width, height) {
    const color = this.paint("fill", this.fillStyle);
    this.body.push(`<rect ${this.box(x, y, width, height)} ${color}/>`);
  }

  clearRect() {} // the paper is what is there already

  /**
   * @param {HTMLCanvasElement} image
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  drawImage(image, x, y, width, height) {
    const crisp = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    const look = `preserveAspectRatio="none"${crisp} xlink:href="${image.toDataURL()}"`;
    this.body.push(`<image ${this.box(x, y, width, height)} ${look}/>`);
  }

  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   * @param {string} look
   */
  text(words, x, y, look) {
    const [left, top] = this.at(x, y);
    const anchor = ANCHORS[this.textAlign] ?? "start";
    const [, slant, weight, size, names] = FONT.exec(this.font) ?? ["", "", "", "10", "sans-serif"];
    const family = escaped(names).replace(/&#34;/g, "'");
    const font =
      `font-size="${short(Number(size) * this.size)}" font-family="${family}"` +
      (slant ? ' font-style="italic"' : "") +
      (weight ? ` font-weight="${weight.trim()}"` : "");
    const place = `x="${short(left)}" y="${short(top)}" text-anchor="${anchor}"`;
    this.body.push(`<text ${place} ${font} ${look}>${escaped(words)}</text>`);
  }

  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   */
  fillText(words, x, y) {
    this.text(words, x, y, this.paint("fill", this.fillStyle));
  }

  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   */
  strokeText(words, x, y) {
    const color = `fill="none" ${this.paint("stroke", this.strokeStyle)}`;
    const width = `stroke-width="${short(this.lineWidth * this.size)}"`;
    this.text(words, x, y, `${color} ${width} stroke-linejoin="round"`);
  }

  /** @param {string} words */
  measureText(words) {
    const probe = probing();
    probe.font = this.font;
    return probe.measureText(words);
  }

  // A drawing of its own at a place of this one; what sticks out of it is cut off.
  /**
   * @param {SvgContext} other
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  inset(other, x, y, width, height) {
    const [wide, high] = [short(width), short(height)];
    const place = `x="${short(x)}" y="${short(y)}" width="${wide}" height="${high}"`;
    this.body.push(`<svg ${place} viewBox="0 0 ${wide} ${high}">`, ...other.body, "</svg>");
  }

  /**
   * @param {string} url
   * @param {() => void} draw
   */
  link(url, draw) {
    this.body.push(`<a xlink:href="${escaped(url)}">`);
    draw();
    this.body.push("</a>");
  }

  /**
   * @param {object} sheet
   * @param {number} sheet.width
   * @param {number} sheet.height
   * @param {number} sheet.wide its width in print, in mm
   * @param {string} sheet.title
   * @param {string} sheet.desc
   */
  document({ width, height, wide, title, desc }) {
    const paper = `width="${short(wide)}mm" height="${short((wide * height) / width)}mm"`;
    const view = `viewBox="0 0 ${short(width)} ${short(height)}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${XLINK} ${paper} ${view} role="img">`,
      `<title>${escaped(title)}</title>`,
      `<desc>${escaped(desc)}</desc>`,
      ...this.body,
      "</svg>\n",
    ].join("\n");
  }
}
