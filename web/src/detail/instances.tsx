import { useCallback } from "preact/hooks";
import { fetchInstances } from "../api";
import { besidesErrors, count, latency, percent, throughput } from "../format";
import { encodeKey, type EndpointKey } from "../model/endpoint";
import { bySlowness, isMeanAlone, outlierOf } from "../model/instances";
import { meanInstead, quantileFigure, quantileOf, quantileWords, type QuantileName } from "../model/quantile";
import { level } from "../model/status";
import type { InstanceMetrics } from "../protocol";
import { board } from "../state/live";
import { adjust, route } from "../state/navigation";
import { thresholds } from "../state/preferences";
import { FigureText } from "../ui/parts";
import { usePolled } from "../ui/use-polled";

/** The endpoint's instances side by side, for those who ask. */
export function Instances({ endpoint }: { endpoint: EndpointKey }) {
  const open = route.value.instances;
  const known = board.find(encodeKey(endpoint))?.figures.instances ?? 0;
  return (
    <section class="instances" aria-label="Instances">
      <button type="button" class="disclosure" aria-expanded={open} onClick={() => adjust({ instances: !open })}>
        Instances <span class="muted figure">{known}</span>
      </button>
      {open && <Comparison endpoint={endpoint} />}
    </section>
  );
}

const DEFAULT_INTERVAL = 5000; // ms

function Comparison({ endpoint }: { endpoint: EndpointKey }) {
  const { job, method, path } = endpoint;
  const ask = useCallback((signal: AbortSignal) => fetchInstances(endpoint, signal), [job, method, path]);
  const { value, error } = usePolled(ask, board.interval || DEFAULT_INTERVAL);
  if (!value) return <p class="detail-note">{error || "Loading…"}</p>;
  if (value.instances.length === 0) return <p class="detail-note">No target exposes this endpoint now.</p>;
  return (
    <>
      {error && <p class="detail-note crit">Not up to date: {error}</p>}
      <Slow instances={value.instances} />
      <InstanceTable instances={value.instances} />
    </>
  );
}

/** What the bars show, in words. */
function Slow({ instances }: { instances: readonly InstanceMetrics[] }) {
  const outlier = outlierOf(instances);
  if (!outlier) return null;
  return (
    <p class="detail-note slow">
      <bdi>{outlier.instance}</bdi> is slow: {outlier.factor.toFixed(1)} times the p95 that is usual here.
    </p>
  );
}

const MOST_ROWS = 100;

function InstanceTable({ instances }: { instances: InstanceMetrics[] }) {
  const sorted = instances.toSorted(bySlowness);
  const slowest = sorted[0]?.p95 || 1;
  const meanAlone = isMeanAlone(sorted);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            {!meanAlone && <th scope="col" class="right roomy-only">p50</th>}
            <th scope="col" class="right">{meanAlone ? "mean" : "p95"}</th>
            {!meanAlone && <th scope="col" class="right roomy-only">p99</th>}
            <th scope="col" class="right">Errors</th>
            <th scope="col" class="right">Throughput</th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MOST_ROWS).map((one) => (
            <InstanceRow key={one.instance} figures={one} slowest={slowest} meanAlone={meanAlone} />
          ))}
        </tbody>
      </table>
      {sorted.length > MOST_ROWS && (
        <p class="detail-note">and {count(sorted.length - MOST_ROWS)} faster ones</p>
      )}
    </>
  );
}

interface RowProps {
  figures: InstanceMetrics;
  slowest: number; // p95
  meanAlone: boolean;
}

function InstanceRow({ figures, slowest, meanAlone }: RowProps) {
  const { p95Warn, p95Crit, errorWarn, errorCrit } = thresholds.value;
  const { instance, noData, p95, mean, errorRate, clientErrorRate } = figures;
  return (
    <tr>
      <th scope="row" title={instance}>
        <span class="instance">{instance}</span>
        {noData && <span class="muted">{noData}</span>}
      </th>
      {meanAlone ? (
        <td class="right"><FigureText figure={latency(mean)} /></td>
      ) : (
        <>
          <QuantileCell figures={figures} name="p50" class="roomy-only" />
          <QuantileCell figures={figures} name="p95" class={level(p95, p95Warn, p95Crit)} share={(p95 ?? 0) / slowest} />
          <QuantileCell figures={figures} name="p99" class="roomy-only" />
        </>
      )}
      <td
        class={`right cell-figure ${level(errorRate, errorWarn, errorCrit)}`}
        title={besidesErrors(clientErrorRate)}
      >
        <FigureText figure={percent(errorRate)} />
      </td>
      <td class="right"><FigureText figure={throughput(figures.throughput)} /></td>
    </tr>
  );
}

interface CellProps {
  figures: InstanceMetrics;
  name: QuantileName;
  class: string;
  /** How long the bar is; without it there is none. */
  share?: number;
}

function QuantileCell({ figures, name, class: kind, share }: CellProps) {
  const quantile = quantileOf(figures, name);
  return (
    <td class={`right cell-figure ${kind}`} title={quantileWords(quantile) ?? meanInstead(figures)}>
      <FigureText figure={quantileFigure(quantile)} />
      {share !== undefined && <i class="bar" style={{ width: `${share * 100}%` }} />}
    </td>
  );
}
