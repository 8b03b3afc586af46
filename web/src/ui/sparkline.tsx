import { trendPath, type TrendLine } from "../model/trend";

/** A line of the newest values, as wide as its place; decoration for the figures beside it. */
export function Sparkline({ line }: { line: TrendLine }) {
  return (
    <svg class="sparkline" viewBox="0 -1 118 24" preserveAspectRatio="none" aria-hidden="true">
      <path d={trendPath(line, 118, 22)} />
    </svg>
  );
}
