// Runs below those of now: a pinned one, and that of the cell of a map under the pointer.

import { lastGood, trail } from "./primitives.js";

// Under the living layer: their paths on this plane, faint, and where they end.
/**
 * @param {Pen} ctx
 * @param {Ghost[]} ghosts
 * @param {Drawing} look
 */
export function drawGhosts(ctx, ghosts, { palette, place, weight, plane }) {
  ctx.globalAlpha = 0.4;
  ctx.lineCap = "butt";
  for (const { trace, points } of ghosts) {
    if (trace.plane !== plane) continue;
    ctx.beginPath();
    trail(ctx, points, 0, points.length / 2 - 1, place);
    ctx.strokeStyle = palette.color("text");
    ctx.lineWidth = 5 * weight;
    ctx.setLineDash([]);
    ctx.globalAlpha = 0.16;
    ctx.stroke();
    ctx.strokeStyle = palette.color(trace.style);
    ctx.lineWidth = 1.4 * weight;
    ctx.setLineDash(trace.dash === "dashed" ? [2 * weight, 4 * weight] : []);
    ctx.globalAlpha = 0.7;
    ctx.stroke();
    const end = lastGood(points);
    ctx.beginPath();
    ctx.arc(place.x(points[2 * end]), place.y(points[2 * end + 1]), 6 * weight, 0, 2 * Math.PI);
    ctx.setLineDash([]);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  ctx.lineCap = "round";
}
