import type uPlot from "uplot";
import { plain } from "../format";
import type { Moment } from "../model/marks";
import type { QuantileName } from "../model/quantile";
import { stretches, type Band, type Series } from "../model/series";
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

/**
 * Tints where the quantile lies for sure, from bound to bound of its bucket, up
 * to the top where there is no upper one. The axis does not make room for it: a
 * coarse bucket would press the lines flat.
 */
export function drawRange(plot: uPlot, series: Series, name: QuantileName): void {
  const { ctx, bbox } = plot;
  const [lower, upper] = [series[`${name}Lower`], series[`${name}Upper`]];
  const x = (i: number) => plot.valToPos(series.timestamps[i]!, "x", true);
  const y = (value: number | null | undefined) => (value == null ? bbox.top : plot.valToPos(value, "y", true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  for (const [from, to] of stretches(lower)) {
    ctx.moveTo(x(from), y(lower[from]));
    for (let i = from; i < to; i++) ctx.lineTo(x(i), y(upper[i]));
    for (let i = to - 1; i > from; i--) ctx.lineTo(x(i), y(lower[i]));
    ctx.closePath();
  }
  ctx.fillStyle = tintOf(`--${name}`, 16);
  ctx.fill();
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
  ctx.font = labelFont();
  drawText(ctx, label, x, baseline);
}

/** Of labels in a canvas, whose pixels are the screen's. */
const labelFont = () => `${10.5 * devicePixelRatio}px ${FONT}`;

/** Text with a halo, so that it is legible above lines. */
function drawText(ctx: CanvasRenderingContext2D, text: string, x: number, baseline: number): void {
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = colourOf("--surface");
  ctx.strokeText(text, x, baseline);
  ctx.fillText(text, x, baseline);
}

/**
 * Draws a thin line where something happened to a target: solid for a deploy,
 * dotted for a restart. Labels stand beside their lines, in two rows; where there
 * is no room for all, the newest have theirs.
 */
export function drawMoments(plot: uPlot, moments: readonly Moment[]): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  const placed = moments
    .map(({ time, kind, text }) => ({ x: plot.valToPos(time, "x", true), kind, text }))
    .filter(({ x }) => x >= bbox.left && x <= right);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colourOf("--muted");
  ctx.lineWidth = devicePixelRatio;
  for (const { x, kind } of placed) drawMoment(plot, x, kind);
  ctx.font = labelFont();
  const free = [right, right]; // what lies left of it in a row has no label yet
  for (const { x, text } of placed.reverse()) drawMomentLabel(plot, text, x, free);
  ctx.restore();
}

function drawMoment({ ctx, bbox }: uPlot, x: number, kind: Moment["kind"]): void {
  ctx.setLineDash(kind === "deploy" ? [] : [2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Draws the label in the first row with room for it, and notes what is left of that. */
function drawMomentLabel({ ctx, bbox }: uPlot, text: string, x: number, free: number[]): void {
  const gap = 4 * devicePixelRatio;
  const { width } = ctx.measureText(text);
  for (const [row, end] of free.entries()) {
    const left = x + gap + width <= end ? x + gap : x - gap - width;
    if (left < bbox.left || left + width > end) continue;
    drawText(ctx, text, left, bbox.top + (13 + row * LABEL_HEIGHT) * devicePixelRatio);
    free[row] = Math.min(left, x) - 2 * gap;
    return;
  }
}
