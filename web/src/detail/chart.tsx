import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Stretch } from "../api";
import { stamp } from "../format";
import type { Moment } from "../model/marks";
import { QUANTILES, type QuantileName } from "../model/quantile";
import { bandsOf, type Series } from "../model/series";
import type { Alert } from "../protocol";
import { isDark } from "../state/appearance";
import { now } from "../state/live";
import { thresholds, zone } from "../state/preferences";
import { Legend } from "./legend";
import { newPlot, plotData, type PlotState } from "./plot";
import type { ChartSpec } from "./spec";

interface ChartProps {
  spec: ChartSpec;
  series: Series;
  alerts: readonly Alert[];
  moments: readonly Moment[];
  stretch: Stretch;
  onZoom: (stretch: Stretch) => void;
}

/**
 * One chart with its legend. The plot is made anew when its colours or its
 * zone change, and otherwise fed with what is new.
 */
export function Chart(props: ChartProps) {
  const { spec, series, alerts, moments, stretch, onZoom } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const cursor = useSignal<number | null>(null);
  const ranged = useSignal<QuantileName>("p95");
  const showsQuantiles = spec.lines.some((line) => QUANTILES.some((name) => name === line.figure));
  const state: PlotState = {
    stretch,
    bands: bandsOf(alerts, spec.concerns),
    moments,
    range: showsQuantiles ? ranged.value : null,
    series,
    limits: spec.limits?.(thresholds.value) ?? null,
  };
  const latest = useRef({ state, onZoom });
  latest.current = { state, onZoom };

  useLayoutEffect(() => {
    const element = host.current!;
    const made = newPlot(element, plotData(spec, series), {
      spec,
      width: element.clientWidth,
      zone: zone.value,
      state: () => latest.current.state,
      onCursor: (index) => (cursor.value = index),
      onZoom: (selected) => latest.current.onZoom(selected),
    });
    plot.current = made;
    const observer = new ResizeObserver(() => fit(made, element, spec.height));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [spec, zone.value, isDark.value]);

  useEffect(() => plot.current?.setData(plotData(spec, series)), [
    series, alerts, moments, stretch, thresholds.value, ranged.value,
  ]);

  return (
    <figure class="chart">
      <Legend spec={spec} series={series} moments={moments} cursor={cursor} ranged={ranged} />
      <div ref={host} class="plot" role="img" aria-label={nameOf(props)} />
    </figure>
  );
}

function fit(plot: uPlot, element: HTMLElement, height: number): void {
  const width = element.clientWidth;
  if (width > 0 && width !== plot.width) plot.setSize({ width, height });
}

/** The picture in words: what it is of, over which time, and what happened meanwhile. */
function nameOf({ spec, stretch, moments }: ChartProps): string {
  const at = (time: number) => stamp(time, zone.value, now.peek());
  const happened = moments.slice(-MOST_NAMED).map(({ time, text }) => `${text} at ${at(time)}`);
  return [`${spec.title} from ${at(stretch.start)} to ${at(stretch.end)}`, ...happened].join("; ");
}

const MOST_NAMED = 5;
