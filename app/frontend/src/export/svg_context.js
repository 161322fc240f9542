// A context that records SVG. What draws on a canvas draws on it unchanged, so that the picture on
// the page and the one taken away cannot differ. Only what the stage uses of a canvas is here.

const DECIMALS = 2; // decimals, in pixels of the drawing
const PIECE = Math.PI / 2; // of a circle, drawn as one cubic curve: off by 0.03 % of the radius

const short = (value) => String(Number(value.toFixed(DECIMALS)));
const escaped = (text) => String(text).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);

let probe = null; // a canvas of one pixel, that knows colors and the width of words

function probing() {
  if (probe) return;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  probe = canvas.getContext("2d", { willReadFrequently: true });
}

const colors = new Map();

// Any CSS color (oklch, color-mix) as the browser itself computes it: drawing programs know few.
function colorOf(css) {
  if (colors.has(css)) return colors.get(css);
  probing();
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
  const color = [`#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`, a / 255];
  colors.set(css, color);
  return color;
}

// Path2D's part: lines, and outlines given as SVG writes them.
export class SvgPath {
  constructor(d = "") {
    this.d = d;
    this.steps = [];
  }

  moveTo(x, y) {
    this.add("M", [[x, y]]);
  }

  lineTo(x, y) {
    this.add("L", [[x, y]]);
  }

  closePath() {
    this.add("Z", []);
  }

  add(letter, points) {
    this.steps.push([letter, points]);
    this.d += letter + points.map(([x, y]) => `${short(x)} ${short(y)}`).join(" ");
  }

  addPath({ steps }, { a, b, c, d, e, f }) {
    const place = ([x, y]) => [a * x + c * y + e, b * x + d * y + f];
    for (const [letter, points] of steps) this.add(letter, points.map(place));
  }
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
  textAlign = "left";
  imageSmoothingEnabled = true;

  constructor() {
    this.matrix = new DOMMatrix();
    this.dash = [];
    this.kept = [];
    this.path = new SvgPath();
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
    const { look, matrix, dash } = this.kept.pop();
    Object.assign(this, look, { matrix, dash });
  }

  setTransform(...six) {
    this.matrix = new DOMMatrix(six);
  }

  transform(...six) {
    this.matrix = this.matrix.multiply(new DOMMatrix(six));
  }

  translate(x, y) {
    this.matrix = this.matrix.translate(x, y);
  }

  scale(x, y) {
    this.matrix = this.matrix.scale(x, y);
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  // Paths

  at(x, y) {
    const { a, b, c, d, e, f } = this.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  beginPath() {
    this.path = new SvgPath();
  }

  moveTo(x, y) {
    this.path.add("M", [this.at(x, y)]);
  }

  lineTo(x, y) {
    this.path.add(this.path.d ? "L" : "M", [this.at(x, y)]);
  }

  closePath() {
    this.path.closePath();
  }

  arc(x, y, radius, from, to) {
    const count = Math.max(1, Math.ceil(Math.abs(to - from) / PIECE - 1e-9));
    const turn = (to - from) / count;
    const reach = (4 / 3) * Math.tan(turn / 4) * radius;
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

  paint(property, css) {
    const [color, opacity] = colorOf(css);
    const alpha = opacity * this.globalAlpha;
    return `${property}="${color}"${alpha < 1 ? ` ${property}-opacity="${short(alpha)}"` : ""}`;
  }

  // A path of its own is in the context's coordinates, the current one already in pixels.
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

  stroke(own) {
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

  fill(own, rule) {
    if (typeof own === "string") [own, rule] = [undefined, own];
    const even = rule === "evenodd" ? ' fill-rule="evenodd"' : "";
    this.shape(own, () => this.paint("fill", this.fillStyle) + even, 1);
  }

  // The place and the size of what stands upright.
  box(x, y, width, height) {
    const [left, top] = this.at(x, y);
    const [wide, high] = [short(width * this.matrix.a), short(height * this.matrix.d)];
    return `x="${short(left)}" y="${short(top)}" width="${wide}" height="${high}"`;
  }

  fillRect(x, y, width, height) {
    const color = this.paint("fill", this.fillStyle);
    this.body.push(`<rect ${this.box(x, y, width, height)} ${color}/>`);
  }

  clearRect() {} // the paper is what is there already

  drawImage(image, x, y, width, height) {
    const crisp = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    const look = `preserveAspectRatio="none"${crisp} href="${image.toDataURL()}"`;
    this.body.push(`<image ${this.box(x, y, width, height)} ${look}/>`);
  }

  text(words, x, y, look) {
    const [left, top] = this.at(x, y);
    const anchor = { center: "middle", right: "end" }[this.textAlign] ?? "start";
    const [, slant, weight, size, names] = /^(italic )?(\d+ )?([\d.]+)px (.*)$/.exec(this.font);
    const family = escaped(names).replace(/&#34;/g, "'");
    const font =
      `font-size="${short(Number(size) * this.size)}" font-family="${family}"` +
      (slant ? ' font-style="italic"' : "") +
      (weight ? ` font-weight="${weight.trim()}"` : "");
    const place = `x="${short(left)}" y="${short(top)}" text-anchor="${anchor}"`;
    this.body.push(`<text ${place} ${font} ${look}>${escaped(words)}</text>`);
  }

  fillText(words, x, y) {
    this.text(words, x, y, this.paint("fill", this.fillStyle));
  }

  strokeText(words, x, y) {
    const color = `fill="none" ${this.paint("stroke", this.strokeStyle)}`;
    const width = `stroke-width="${short(this.lineWidth * this.size)}"`;
    this.text(words, x, y, `${color} ${width} stroke-linejoin="round"`);
  }

  measureText(words) {
    probing();
    probe.font = this.font;
    return probe.measureText(words);
  }

  // A drawing of its own at a place of this one; what sticks out of it is cut off.
  inset(other, x, y, width, height) {
    const [wide, high] = [short(width), short(height)];
    const place = `x="${short(x)}" y="${short(y)}" width="${wide}" height="${high}"`;
    this.body.push(`<svg ${place} viewBox="0 0 ${wide} ${high}">`, ...other.body, "</svg>");
  }

  link(url, draw) {
    this.body.push(`<a href="${escaped(url)}">`);
    draw();
    this.body.push("</a>");
  }

  document({ width, height, wide, title, desc }) {
    const paper = `width="${short(wide)}mm" height="${short((wide * height) / width)}mm"`;
    const view = `viewBox="0 0 ${short(width)} ${short(height)}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${paper} ${view} role="img">`,
      `<title>${escaped(title)}</title>`,
      `<desc>${escaped(desc)}</desc>`,
      ...this.body,
      "</svg>\n",
    ].join("\n");
  }
}
