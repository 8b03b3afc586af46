import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Stretch } from "../api";
import { plain, stamp } from "../format";
import { bandsOf, type Series } from "../model/series";
import type { Alert } from "../protocol";
import { isDark } from "../state/appearance";
import { now } from "../state/live";
import { thresholds, zone } from "../state/preferences";
import { newPlot, plotData, type PlotState } from "./plot";
import type { ChartSpec } from "./spec";

interface ChartProps {
  spec: ChartSpec;
  series: Series;
  alerts: readonly Alert[];
  stretch: Stretch;
  onZoom: (stretch: Stretch) => void;
}

/**
 * One chart with its legend. The plot is made anew when its colours or its
 * zone change, and otherwise fed with what is new.
 */
export function Chart({ spec, series, alerts, stretch, onZoom }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const cursor = useSignal<number | null>(null);
  const state: PlotState = {
    stretch,
    bands: bandsOf(alerts, spec.concerns),
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

  useEffect(() => plot.current?.setData(plotData(spec, series)), [series, alerts, stretch, thresholds.value]);

  return (
    <figure class="chart">
      <Legend spec={spec} series={series} cursor={cursor} />
      <div ref={host} class="plot" />
    </figure>
  );
}

function fit(plot: uPlot, element: HTMLElement, height: number): void {
  const width = element.clientWidth;
  if (width > 0 && width !== plot.width) plot.setSize({ width, height });
}

interface LegendProps {
  spec: ChartSpec;
  series: Series;
  cursor: ReadonlySignal<number | null>;
}

/** The values under the cursor, or the newest. */
function Legend({ spec, series, cursor }: LegendProps) {
  const at = cursor.value ?? series.timestamps.length - 1;
  const time = cursor.value === null ? undefined : series.timestamps[at];
  return (
    <figcaption class="legend">
      <h3>{spec.title}</h3>
      {spec.lines.map(({ figure, label, colour }) => (
        <span key={figure} class="legend-key">
          <i style={{ background: `var(${colour})` }} />
          {label} <b>{plain(spec.format(series[figure][at]))}</b>
        </span>
      ))}
      {time !== undefined && <time>{stamp(time, zone.value, now.value)}</time>}
    </figcaption>
  );
}
