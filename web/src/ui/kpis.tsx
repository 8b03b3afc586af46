import type { ComponentChildren } from "preact";
import { count, percent, throughput, times, type Figure } from "../format";
import { endpointName } from "../model/endpoint";
import { quantileFigure, quantileOf, quantileWords } from "../model/quantile";
import { NOTHING_OPEN } from "../model/route";
import { STATUSES, type Status } from "../model/status";
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
  const { up, unknown, total, warning = 0 } = board.targets;
  const down = total - up - unknown;
  const [status, note] = targetsNote(down, unknown, warning);
  const showTargets = () => visit({ page: "targets", ...NOTHING_OPEN });
  return (
    <Kpi title="Targets up" figure={{ text: String(up), unit: `of ${total}` }}>
      {note && (
        <button type="button" class={`kpi-note link ${status}`} onClick={showTargets}>
          <StatusMark status={status} />
          {note}
        </button>
      )}
    </Kpi>
  );
}

/** The worst that can be said of the targets; no words if all is well. */
function targetsNote(down: number, unknown: number, warning: number): [status: Status, words: string] {
  if (down > 0) return ["crit", `${down} down`];
  if (warning > 0) return ["warn", times(warning, "warning")];
  return unknown > 0 ? ["none", `${unknown} waiting`] : ["ok", ""];
}
