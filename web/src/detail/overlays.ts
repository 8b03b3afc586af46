import type uPlot from "uplot";
import { plain } from "../format";
import type { Band } from "../model/series";
import { colourOf, tintOf } from "./colours";
import type { ChartSpec, Limits } from "./spec";

export const FONT = '"Inter Variable", system-ui, sans-serif';

/** Charts wider than this have room for the limits' names beside them. */
export const ROOMY = 420; // px
export const LIMIT_MARGIN = 74; // px

/**
 * Marks when alerts fired, below the lines: a tint over the height and a solid
 * rail on top, so that they do not depend on the tint alone.
 */
export function drawBands(plot: uPlot, bands: readonly Band[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { from, to, mark } of bands) {
    const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
    const right = Math.min(bbox.left + bbox.width, to === null ? Infinity : plot.valToPos(to, "x", true));
    if (right < left) continue;
    const variable = `--${mark}`;
    const width = Math.max(devicePixelRatio, right - left);
    ctx.fillStyle = tintOf(variable, 12);
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = colourOf(variable);
    ctx.fillRect(left, bbox.top, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}

/** Draws the limits above the lines: warning dashed, critical solid. */
export function drawLimits(plot: uPlot, spec: ChartSpec, { warn, crit }: Limits): void {
  const name = (word: string, value: number) => `${word} ${plain(spec.format(value))}`;
  const warnY = plot.valToPos(warn, "y", true);
  const critY = plot.valToPos(crit, "y", true);
  plot.ctx.save();
  drawLimit(plot, { y: warnY, labelY: warnY, variable: "--warn", dash: [5, 4], label: name("warn", warn) });
  // Where the lines nearly touch, the upper label makes room for the lower.
  const labelY = Math.min(critY, warnY - LABEL_HEIGHT * devicePixelRatio);
  drawLimit(plot, { y: critY, labelY, variable: "--crit", dash: [], label: name("crit", crit) });
  plot.ctx.restore();
}

const LABEL_HEIGHT = 12; // px

/** Positions are in the canvas's own pixels. */
interface LimitLine {
  y: number;
  labelY: number;
  variable: string;
  dash: readonly number[];
  label: string;
}

function drawLimit(plot: uPlot, { y, labelY, variable, dash, label }: LimitLine): void {
  const { ctx, bbox } = plot;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.strokeStyle = ctx.fillStyle = colourOf(variable);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  drawLabel(plot, label, labelY);
}

/** Beside the plot, or where there is no room inside it, with a halo to stay legible. */
function drawLabel(plot: uPlot, label: string, y: number): void {
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  const beside = plot.width > ROOMY;
  const x = beside ? bbox.left + bbox.width + 6 * px : bbox.left + 6 * px;
  const baseline = beside ? y + 4 * px : y - 5 * px;
  ctx.font = `${10.5 * px}px ${FONT}`;
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * px;
  ctx.strokeStyle = colourOf("--surface");
  ctx.strokeText(label, x, baseline);
  ctx.fillText(label, x, baseline);
}
