import type { ComponentChildren } from "preact";
import { count, percent, throughput, type Figure } from "../format";
import { endpointName } from "../model/endpoint";
import { quantileFigure, quantileOf, quantileWords } from "../model/quantile";
import { STATUSES } from "../model/status";
import { trendPath, type TrendLine } from "../model/trend";
import { board, revision } from "../state/live";
import { openEndpoint, visit } from "../state/navigation";
import { FigureText, StatusMark } from "./parts";

/** How everything is doing, in one line. */
export function Kpis() {
  void revision.value;
  const { total } = board;
  return (
    <div class="kpis">
      <Kpi title="Endpoints" figure={{ text: count(board.rows.length), unit: "" }}>
        <StatusBar />
      </Kpi>
      <Kpi title="Throughput" figure={throughput(total.throughput)}>
        <KpiTrend line={board.throughputTrend} />
      </Kpi>
      <Kpi title="Error rate" figure={percent(total.errorRate)}>
        <KpiTrend line={board.errorTrend} class="errors" />
      </Kpi>
      <Slowest />
      <TargetsUp />
    </div>
  );
}

function Kpi(props: { title: string; figure: Figure; words?: string | undefined; children?: ComponentChildren }) {
  return (
    <section class="kpi">
      <h2>{props.title}</h2>
      <div class="kpi-figure" title={props.words}>
        <FigureText figure={props.figure} />
      </div>
      {props.children}
    </section>
  );
}

/** The shares of the statuses. The chips of the table say the same in numbers. */
function StatusBar() {
  const { counts } = board.tally;
  return (
    <div class="status-bar" aria-hidden="true">
      {STATUSES.map((status) => counts[status] > 0 && (
        <i key={status} class={status} style={{ flexGrow: String(counts[status]) }} />
      ))}
    </div>
  );
}

function KpiTrend({ line, class: name = "" }: { line: TrendLine; class?: string }) {
  return (
    <svg class={`kpi-trend ${name}`} viewBox="0 -1 118 34" preserveAspectRatio="none" aria-hidden="true">
      <path d={trendPath(line, 118, 32, 0.25)} />
    </svg>
  );
}

function Slowest() {
  const row = board.tally.slowest;
  const p99 = quantileOf(row?.figures, "p99");
  return (
    <Kpi title="Slowest p99" figure={quantileFigure(p99)} words={quantileWords(p99)}>
      {row && (
        <button type="button" class="kpi-note link" onClick={() => openEndpoint(row.key)}>
          {endpointName(row.figures)}
        </button>
      )}
    </Kpi>
  );
}

function TargetsUp() {
  const { up, unknown, total } = board.targets;
  const down = total - up - unknown;
  const showTargets = () => visit({ page: "targets", endpoint: "", zoom: null });
  return (
    <Kpi title="Targets up" figure={{ text: String(up), unit: `of ${total}` }}>
      {up < total && (
        <button type="button" class={`kpi-note link ${down > 0 ? "crit" : "none"}`} onClick={showTargets}>
          <StatusMark status={down > 0 ? "crit" : "none"} />
          {down > 0 ? `${down} down` : `${unknown} waiting`}
        </button>
      )}
    </Kpi>
  );
}
