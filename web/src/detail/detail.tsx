import { latency, percent, throughput, zoneName } from "../format";
import { byUrgency, doubtOf } from "../model/alerts";
import { encodeKey, type EndpointKey } from "../model/endpoint";
import { QUANTILES, quantileFigure, quantileOf, quantileWords, rangeText, type QuantileName } from "../model/quantile";
import { RANGES, type Range } from "../model/range";
import { severityMark } from "../model/status";
import type { EndpointMetrics } from "../protocol";
import { activeAlerts, board, now, revision } from "../state/live";
import { adjust, closeEndpoint, route, visit } from "../state/navigation";
import { zone } from "../state/preferences";
import { AlertHeadline, sinceText } from "../ui/alert-item";
import { Icon } from "../ui/icon";
import { Empty, EndpointName, FigureText, Segments, StatusMark } from "../ui/parts";
import { useFocusBack } from "../ui/use-focus-back";
import { Chart } from "./chart";
import { Instances } from "./instances";
import { Moments, useMoments } from "./moments";
import { chartsOf } from "./spec";
import { useHistory } from "./use-history";

/** Everything about one endpoint: its figures now, its alerts, its past. */
export function Detail({ endpoint }: { endpoint: EndpointKey }) {
  return (
    <section class="panel detail" aria-label="Endpoint" ref={useFocusBack()}>
      <Head endpoint={endpoint} />
      <Figures endpoint={endpoint} />
      <Firing endpoint={endpoint} />
      <Instances endpoint={endpoint} />
      <RangePicker />
      <Charts endpoint={endpoint} />
    </section>
  );
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
  return (
    <>
      <dl class="detail-figures">
        {QUANTILES.map((name) => <QuantileItem key={name} name={name} figures={figures} />)}
        <div>
          <dt>mean</dt>
          <dd><FigureText figure={latency(figures?.mean)} /></dd>
        </div>
        <div>
          <dt>Errors</dt>
          <dd><FigureText figure={percent(figures?.errorRate)} /></dd>
        </div>
        <div title="Client errors">
          <dt>4xx</dt>
          <dd><FigureText figure={percent(figures?.clientErrorRate)} /></dd>
        </div>
        <div>
          <dt>Throughput</dt>
          <dd><FigureText figure={throughput(figures?.throughput)} /></dd>
        </div>
      </dl>
      <MissingReason text={row ? row.figures.noData : "redpoll does not see this endpoint now"} />
      {figures?.own && (
        <p class="detail-note">
          The quantiles are the application's own, over its own window. History does not keep them.
        </p>
      )}
    </>
  );
}

/** With where the quantile lies for sure: an estimate is no measurement. */
function QuantileItem({ name, figures }: { name: QuantileName; figures: EndpointMetrics | undefined }) {
  const quantile = quantileOf(figures, name);
  return (
    <div title={quantileWords(quantile)}>
      <dt>{name}</dt>
      <dd><FigureText figure={quantileFigure(quantile)} /></dd>
      <dd class="detail-range">{rangeText(quantile)}</dd>
    </div>
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
            <span class="alert-since">{[alert.rule, sinceText(alert), doubtOf(alert)].filter(Boolean).join(" · ")}</span>
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
  const shown = useHistory(endpoint, route.value);
  const { past, stretch } = shown;
  const moments = useMoments(endpoint.job, shown);
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
          {chartsOf(past.series).map((spec) => (
            <Chart
              key={spec.title}
              spec={spec}
              series={past.series}
              alerts={past.alerts}
              moments={moments}
              stretch={stretch}
              onZoom={({ start, end }) => visit({ zoom: { from: start, to: end } })}
            />
          ))}
          <Moments moments={moments} />
        </>
      );
  }
}
