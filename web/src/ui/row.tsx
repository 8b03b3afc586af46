import { besidesErrors, percent, throughput } from "../format";
import type { Row } from "../model/board";
import { meanInstead, quantileFigure, quantileOf, quantileWords, type QuantileName } from "../model/quantile";
import { level } from "../model/status";
import type { EndpointMetrics } from "../protocol";
import { thresholds } from "../state/preferences";
import { EndpointName, FigureText, StatusMark } from "./parts";
import { Sparkline } from "./sparkline";

interface RowProps {
  id: string;
  row: Row;
  index: number;
  top: number; // px
  selected: boolean;
  active: boolean;
}

export function EndpointRow({ id, row, index, top, selected, active }: RowProps) {
  const { figures, status } = row;
  const idles = status === "none" && figures.noData === "no traffic";
  return (
    <div
      role="row"
      id={id}
      class={`row ${status}${selected ? " selected" : ""}${active ? " active" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-index={index}
      title={missingReason(figures) ?? meanInstead(figures)}
    >
      <span role="gridcell" class="cell-status">
        <StatusMark status={status} text="short" name={idles ? "No traffic" : undefined} />
      </span>
      <span role="gridcell" class="cell-name">
        <EndpointName method={figures.method} path={figures.path} />
        <span class="job">{figures.job}</span>
      </span>
      <FigureCells figures={figures} />
      <span role="gridcell" class="cell-trend">
        <Sparkline line={row.trend} />
      </span>
    </div>
  );
}

function FigureCells({ figures }: { figures: EndpointMetrics }) {
  const { p95Warn, p95Crit, errorWarn, errorCrit } = thresholds.value;
  return (
    <>
      <QuantileCell figures={figures} name="p50" class="wide-only" />
      <QuantileCell figures={figures} name="p95" class={level(figures.p95, p95Warn, p95Crit)} />
      <QuantileCell figures={figures} name="p99" class="wide-only" />
      <span
        role="gridcell"
        class={`cell-figure ${errorClass(figures.errorRate, errorWarn, errorCrit)}`}
        title={besidesErrors(figures.clientErrorRate)}
      >
        <FigureText figure={percent(figures.errorRate)} />
      </span>
      <span role="gridcell" class={`cell-figure widest-only${figures.clientErrorRate ? "" : " zero"}`}>
        <FigureText figure={percent(figures.clientErrorRate)} />
      </span>
      <span role="gridcell" class="cell-figure wide-only">
        <FigureText figure={throughput(figures.throughput)} />
      </span>
    </>
  );
}

function QuantileCell(props: { figures: EndpointMetrics; name: QuantileName; class: string }) {
  const quantile = quantileOf(props.figures, props.name);
  return (
    <span role="gridcell" class={`cell-figure ${props.class}`} title={quantileWords(quantile)}>
      <FigureText figure={quantileFigure(quantile)} />
    </span>
  );
}

/** No errors at all is the usual case, and the quietest. */
function errorClass(rate: number | null, warn: number, crit: number): string {
  return rate === 0 ? "zero" : level(rate, warn, crit);
}

/** Why figures are missing, as the row's tooltip. */
function missingReason({ noData }: EndpointMetrics): string | undefined {
  return noData ? `No data: ${noData}` : undefined;
}
