import assert from "node:assert/strict";
import test from "node:test";

import { onPlane, placeLabels } from "../src/canvas/arrow_labels.js";

const [SIDE, EM] = [300, 15];
const arrow = (text, x1, y1, x0 = 150, y0 = 150) => ({ text, x0, y0, x1, y1 });

/** Whether two labels lie over one another. */
function covers(a, b, placed) {
  const span = ({ x, right }, text) =>
    right ? [x, x + 0.6 * EM * text.length] : [x - 0.6 * EM * text.length, x];
  const [p, q] = [span(placed[a.i], a.text), span(placed[b.i], b.text)];
  return p[0] < q[1] && q[0] < p[1] && Math.abs(placed[a.i].y - placed[b.i].y) < 0.9 * EM;
}

test("labels of arrows to any place are whole on the plane and cover none before them", () => {
  const words = ["Newton in θ", "Newton in x", "−F⁻¹∇J", "−∇J"];
  for (let angle = 0; angle < 360; angle += 15) {
    for (const reach of [20, 90, 148]) {
      const at = (turn) => ((angle + turn) * Math.PI) / 180;
      const labels = words.map((text, i) =>
        arrow(text, 150 + reach * Math.cos(at(4 * i)), 150 + reach * Math.sin(at(4 * i))),
      );
      const placed = placeLabels(labels, SIDE, EM);
      placed.forEach(({ x, y, right }, i) => {
        const far = right ? x + 0.6 * EM * words[i].length : x - 0.6 * EM * words[i].length;
        assert.ok(Math.min(x, far) >= 0 && Math.max(x, far) <= SIDE, `${words[i]} at ${angle}°`);
        assert.ok(y >= EM && y <= SIDE, `${words[i]} at ${angle}°`);
      });
      words.forEach((text, i) =>
        words.slice(0, i).forEach((other, j) => {
          const both = [
            { text, i },
            { text: other, i: j },
          ];
          assert.ok(!covers(...both, placed), `${text} over ${other} at ${angle}°, ${reach}`);
        }),
      );
    }
  }
});

test("a label of Chinese characters is whole on the plane", () => {
  for (const text of ["θ 中的牛顿法", "x 中的牛顿法"]) {
    const width = (text.match(/[一-鿿]/g)?.length ?? 0) * EM;
    const [right, left] = [260, 40].map((x) => placeLabels([arrow(text, x, 60)], SIDE, EM)[0]);
    assert.ok(right.x + width <= SIDE && left.x - width >= 0, text);
  }
});

test("a label with room stands beyond its arrow's head", () => {
  const [placed] = placeLabels([arrow("−∇J", 200, 150)], SIDE, EM);
  assert.deepEqual(placed, { x: 212.5, y: 154.5, right: true });
});

test("an arrow beyond an edge of the plane is not on it, one that reaches into it is", () => {
  assert.ok(!onPlane(arrow("−∇J", -90, 400, -40, 350), SIDE));
  assert.ok(!onPlane(arrow("−∇J", 400, 200, 310, 150), SIDE));
  assert.ok(!onPlane(arrow("−∇J", 100, -20, 150, -5), SIDE));
  assert.ok(onPlane(arrow("−∇J", 400, 150), SIDE));
  assert.ok(onPlane(arrow("−∇J", 150, 150, 150, -40), SIDE));
});
