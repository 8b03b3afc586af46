import uPlot from "uplot";
import type { Stretch } from "../api";
import { plain, tick, type Zone } from "../format";
import type { Moment } from "../model/marks";
import type { QuantileName } from "../model/quantile";
import { lonely, type Band, type Series } from "../model/series";
import { colourOf, tintOf } from "./colours";
import { drawBands, drawLimits, drawMoments, drawRange, FONT, LIMIT_MARGIN, ROOMY } from "./overlays";
import type { ChartSpec, Limits, Line } from "./spec";

/** What a plot reads again whenever it draws. */
export interface PlotState {
  stretch: Stretch;
  bands: readonly Band[];
  moments: readonly Moment[];
  /** The quantile whose bounds are drawn. */
  range: QuantileName | null;
  series: Series;
  limits: Limits | null;
}

export interface PlotOptions {
  spec: ChartSpec;
  width: number; // px
  zone: Zone;
  state: () => PlotState;
  onCursor: (index: number | null) => void;
  onZoom: (stretch: Stretch) => void;
}

/** Plots with this key share one cursor. */
const CURSOR_KEY = "endpoint";

export function plotData(spec: ChartSpec, series: Series): uPlot.AlignedData {
  return [series.timestamps, ...spec.lines.map((line) => series[line.figure])] as uPlot.AlignedData;
}

export function newPlot(host: HTMLElement, data: uPlot.AlignedData, options: PlotOptions): uPlot {
  const { spec, width, state } = options;
  return new uPlot(
    {
      width,
      height: spec.height,
      ms: 1,
      legend: { show: false },
      // The same for all charts, so that their times stand below each other.
      padding: [10, (plot) => (plot.width > ROOMY ? LIMIT_MARGIN : 10), 0, 0],
      tzDate: (time) => inZone(time, options.zone),
      scales: {
        x: { time: true, range: () => [state().stretch.start, state().stretch.end] },
        y: { range: (_, __, high) => [0, ceiling(high, state().limits)] },
      },
      axes: [timeAxis(options.zone), valueAxis(spec)],
      series: [{}, ...spec.lines.map(lineStyle)],
      cursor: cursor(),
      hooks: hooks(options),
    },
    data,
    host,
  );
}

/** Ticks stand at the zone's round hours and midnights. */
function inZone(time: number, zone: Zone): Date {
  return zone === "utc" ? uPlot.tzDate(new Date(time), "Etc/UTC") : new Date(time);
}

/**
 * Room for the highest value, and for the warning line once values come near
 * it: a line far above would press everything else flat.
 */
function ceiling(high: number | null, limits: Limits | null): number {
  const values = high ?? 0;
  const warn = limits && values > limits.warn / 2 ? limits.warn * 1.15 : 0;
  return (Math.max(values, warn) || 1) * 1.12;
}

function timeAxis(zone: Zone): uPlot.Axis {
  return {
    ...axisStyle(),
    grid: { show: false },
    size: 24,
    space: 56,
    values: (_, times, __, ___, step) => times.map((time) => tick(time, zone, step)),
  };
}

function valueAxis({ format }: ChartSpec): uPlot.Axis {
  return {
    ...axisStyle(),
    grid: { stroke: colourOf("--grid"), width: 1 },
    size: 60,
    space: 34,
    values: (_, values) => values.map((value) => (value === 0 ? "0" : plain(format(value)))),
  };
}

function axisStyle(): uPlot.Axis {
  return { stroke: colourOf("--muted"), font: `11px ${FONT}`, ticks: { show: false } };
}

function lineStyle({ label, colour, width, dash, filled }: Line): uPlot.Series {
  const stroke = colourOf(colour);
  const points: uPlot.Series.Points = {
    show: false,
    fill: stroke,
    filter: (plot, index) => lonely(plot.data[index]!),
  };
  const style: uPlot.Series = { label, stroke, width, points, ...(dash && { dash }) };
  return filled ? { ...style, fill: tintOf(colour, 12) } : style;
}

/** The cursor is shared, the selection is not: one zoom is enough. */
function cursor(): uPlot.Cursor {
  return {
    y: false,
    points: { size: 7 },
    drag: { x: true, y: false, setScale: false },
    bind: { dblclick: () => null },
    sync: { key: CURSOR_KEY, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
  };
}

const LEAST_ZOOM = 8; // px: less is a click with a trembling hand

function hooks({ spec, state, onCursor, onZoom }: PlotOptions): uPlot.Hooks.Arrays {
  return {
    drawClear: [
      (plot) => {
        const { bands, range, series } = state();
        drawBands(plot, bands);
        if (range) drawRange(plot, series, range);
      },
    ],
    draw: [
      (plot) => {
        const { limits, moments } = state();
        if (limits) drawLimits(plot, spec, limits);
        drawMoments(plot, moments);
      },
    ],
    setCursor: [({ cursor: { left, idx } }) => onCursor(left !== undefined && left >= 0 ? (idx ?? null) : null)],
    setSelect: [
      (plot) => {
        const { left, width } = plot.select;
        if (width < LEAST_ZOOM) return;
        const at = (x: number) => Math.round(plot.posToVal(x, "x"));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        onZoom({ start: at(left), end: at(left + width) });
      },
    ],
  };
}
