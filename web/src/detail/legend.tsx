import type { ReadonlySignal, Signal } from "@preact/signals";
import { plain, stamp } from "../format";
import { momentNear, type Moment } from "../model/marks";
import { QUANTILES, quantileFigure, quantileWords, rangeText, type QuantileName } from "../model/quantile";
import { quantileAt, type Series } from "../model/series";
import { now } from "../state/live";
import { zone } from "../state/preferences";
import type { ChartSpec, Line } from "./spec";

interface LegendProps {
  spec: ChartSpec;
  series: Series;
  moments: readonly Moment[];
  cursor: ReadonlySignal<number | null>;
  /** The quantile whose bounds are drawn. */
  ranged: Signal<QuantileName>;
}

/** The values under the cursor, or the newest. */
export function Legend({ spec, series, moments, cursor, ranged }: LegendProps) {
  const at = cursor.value ?? series.timestamps.length - 1;
  const time = cursor.value === null ? undefined : series.timestamps[at];
  return (
    <figcaption class="legend">
      <h3>{spec.title}</h3>
      {spec.lines.map((line) => {
        const name = QUANTILES.find((known) => known === line.figure);
        return name ? (
          <QuantileKey key={name} line={line} name={name} series={series} at={at} ranged={ranged} />
        ) : (
          <span key={line.figure} class="legend-key">
            <Key line={line} text={plain(spec.format(series[line.figure][at]))} />
          </span>
        );
      })}
      {time !== undefined && <When time={time} moment={momentNear(moments, time, series.step)} />}
    </figcaption>
  );
}

function Key({ line: { label, colour }, text }: { line: Line; text: string }) {
  return (
    <>
      <i style={{ background: `var(${colour})` }} />
      {label} <b>{text}</b>
    </>
  );
}

interface QuantileKeyProps extends Pick<LegendProps, "series" | "ranged"> {
  line: Line;
  name: QuantileName;
  at: number;
}

/** Pressing it draws that quantile's bounds; those of the one pressed are told. */
function QuantileKey({ line, name, series, at, ranged }: QuantileKeyProps) {
  const quantile = quantileAt(series, name, at);
  const pressed = ranged.value === name;
  const range = pressed ? rangeText(quantile) : "";
  return (
    <button
      type="button"
      class="legend-key"
      aria-pressed={pressed}
      title={quantileWords(quantile) ?? `Show the bounds of ${name}`}
      onClick={() => (ranged.value = name)}
    >
      <Key line={line} text={plain(quantileFigure(quantile))} />
      {range && <span class="legend-range"> ({range})</span>}
    </button>
  );
}

function When({ time, moment }: { time: number; moment: Moment | null }) {
  return (
    <span class="legend-when">
      {moment && `${moment.text} · `}
      <time>{stamp(time, zone.value, now.value)}</time>
    </span>
  );
}
