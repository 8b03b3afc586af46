import { useLayoutEffect, useRef } from "preact/hooks";
import { latency, percent, throughput, zoneName, type Figure } from "../format";
import { byUrgency } from "../model/alerts";
import { encodeKey, type EndpointKey } from "../model/endpoint";
import { RANGES, type Range } from "../model/range";
import { severityMark } from "../model/status";
import { activeAlerts, board, now, revision } from "../state/live";
import { adjust, closeEndpoint, route, visit } from "../state/navigation";
import { zone } from "../state/preferences";
import { AlertHeadline, sinceText } from "../ui/alert-item";
import { Icon } from "../ui/icon";
import { Empty, EndpointName, FigureText, Segments, StatusMark } from "../ui/parts";
import { Chart } from "./chart";
import { CHARTS } from "./spec";
import { useHistory } from "./use-history";

/** Everything about one endpoint: its figures now, its alerts, its past. */
export function Detail({ endpoint }: { endpoint: EndpointKey }) {
  return (
    <section class="panel detail" aria-label="Endpoint" ref={useFocusBack()}>
      <Head endpoint={endpoint} />
      <Figures endpoint={endpoint} />
      <Firing endpoint={endpoint} />
      <RangePicker />
      <Charts endpoint={endpoint} />
    </section>
  );
}

/** Who closes the panel from inside goes on in the table, not at the top of the page. */
function useFocusBack() {
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => () => {
    if (panel.current?.contains(document.activeElement)) document.querySelector<HTMLElement>(".table")?.focus();
  }, []);
  return panel;
}

interface Props {
  endpoint: EndpointKey;
}

function Head({ endpoint }: Props) {
  void revision.value;
  const row = board.find(encodeKey(endpoint));
  const facts = [
    endpoint.job,
    row && row.figures.instances > 1 && `${row.figures.instances} instances`,
    `times in ${zoneName(zone.value, now.value)}`,
  ];
  return (
    <header class="detail-head">
      <div>
        <h2>
          <EndpointName method={endpoint.method} path={endpoint.path} />
        </h2>
        <p class="facts">
          <StatusMark status={row?.status ?? "none"} text="long" />
          {facts.filter(Boolean).map((fact) => <span key={fact}>{fact}</span>)}
        </p>
      </div>
      <button type="button" class="icon-button" aria-label="Close" title="Close (Esc)" onClick={closeEndpoint}>
        <Icon name="close" />
      </button>
    </header>
  );
}

function Figures({ endpoint }: Props) {
  void revision.value;
  const row = board.find(encodeKey(endpoint));
  const figures = row?.figures;
  const shown: [string, Figure][] = [
    ["p50", latency(figures?.p50)],
    ["p95", latency(figures?.p95)],
    ["p99", latency(figures?.p99)],
    ["Errors", percent(figures?.errorRate)],
    ["Throughput", throughput(figures?.throughput)],
  ];
  return (
    <>
      <dl class="detail-figures">
        {shown.map(([name, figure]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd><FigureText figure={figure} /></dd>
          </div>
        ))}
      </dl>
      <MissingReason text={row ? row.figures.noData : "redpoll does not see this endpoint now"} />
    </>
  );
}

function MissingReason({ text }: { text: string | undefined }) {
  return text ? <p class="detail-note">No figures: {text}</p> : null;
}

/** The panel takes the place of the alerts beside the table, so it tells its own. */
function Firing({ endpoint }: Props) {
  void revision.value;
  const key = encodeKey(endpoint);
  const active = [...activeAlerts.value.values()];
  const alerts = active.filter((alert) => alert.state === "firing" && encodeKey(alert) === key);
  if (alerts.length === 0) return null;
  return (
    <ul class="detail-alerts" aria-label="Firing alerts">
      {alerts.sort(byUrgency).slice(0, 5).map((alert) => (
        <li key={alert.id} class={`alert ${severityMark(alert.severity)}`}>
          <StatusMark status={severityMark(alert.severity)} />
          <div class="alert-body">
            <AlertHeadline alert={alert} />
            <span class="alert-since">{[alert.rule, sinceText(alert)].filter(Boolean).join(" · ")}</span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function RangePicker() {
  const { range, zoom } = route.value;
  return (
    <div class="range">
      <Segments<Range>
        label="Time shown"
        value={zoom ? null : range}
        options={RANGES.map((value) => ({ value, label: value }))}
        onPick={(picked) => adjust({ range: picked, zoom: null })}
      />
      {zoom && (
        <button type="button" class="button" onClick={() => visit({ zoom: null })}>
          <Icon name="back" />
          Back to {range}
        </button>
      )}
    </div>
  );
}

function Charts({ endpoint }: Props) {
  const { stretch, past } = useHistory(endpoint, route.value);
  switch (past.state) {
    case "loading":
      return <Empty title="Loading history…" />;
    case "failed":
      return (
        <Empty title="History is not available">
          <p>{past.error}</p>
          <p>The figures above stay live.</p>
        </Empty>
      );
    case "ready":
      return (
        <>
          {CHARTS.map((spec) => (
            <Chart
              key={spec.title}
              spec={spec}
              series={past.series}
              alerts={past.alerts}
              stretch={stretch}
              onZoom={({ start, end }) => visit({ zoom: { from: start, to: end } })}
            />
          ))}
        </>
      );
  }
}
