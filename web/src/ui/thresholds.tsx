import { latency, percent, plain } from "../format";
import {
  DEFAULT_THRESHOLDS, isDefault, SLIDER_STEPS, sliderPosition, sliderValue, spanOf, withThreshold, type ThresholdName,
} from "../model/thresholds";
import { thresholds } from "../state/preferences";
import { StatusMark } from "./parts";

interface Limit {
  name: ThresholdName;
  label: string;
  status: "warn" | "crit";
  unit: "ms" | "%";
}

const LIMITS: readonly Limit[] = [
  { name: "p95Warn", label: "p95 warning", status: "warn", unit: "ms" },
  { name: "p95Crit", label: "p95 critical", status: "crit", unit: "ms" },
  { name: "errorWarn", label: "Errors warning", status: "warn", unit: "%" },
  { name: "errorCrit", label: "Errors critical", status: "crit", unit: "%" },
];

/** This browser's own view: it colours the table and changes nothing on the server. */
export function ThresholdPanel() {
  return (
    <section class="panel" aria-labelledby="thresholds-title">
      <header class="panel-head">
        <h2 id="thresholds-title">Row colours</h2>
        <span class="muted">this browser only; alerts follow the server's rules</span>
        {!isDefault(thresholds.value) && (
          <button type="button" class="link" onClick={() => (thresholds.value = DEFAULT_THRESHOLDS)}>
            Reset
          </button>
        )}
      </header>
      <div class="sliders">
        {LIMITS.map((limit) => <Slider key={limit.name} limit={limit} />)}
      </div>
    </section>
  );
}

function Slider({ limit }: { limit: Limit }) {
  const { name, label, status, unit } = limit;
  const value = thresholds.value[name];
  const span = spanOf(name);
  const position = sliderPosition(value, span);
  const set = (to: number) => (thresholds.value = withThreshold(thresholds.value, name, to));
  return (
    <div class={`slider ${status}`}>
      <StatusMark status={status} />
      <label for={`limit-${name}`}>{label}</label>
      <NumberBox limit={limit} onChange={set} />
      <input
        type="range"
        id={`limit-${name}`}
        min={0}
        max={SLIDER_STEPS}
        value={position}
        aria-valuetext={plain(unit === "ms" ? latency(value) : percent(value))}
        style={{ "--filled": `${(position / SLIDER_STEPS) * 100}%` }}
        onInput={(event) => set(sliderValue(Number(event.currentTarget.value), span))}
      />
    </div>
  );
}

/** For an exact value. What is typed counts once it is entered, not digit by digit. */
function NumberBox({ limit, onChange }: { limit: Limit; onChange: (value: number) => void }) {
  const { least, most } = spanOf(limit.name);
  const value = thresholds.value[limit.name];
  const enter = (input: HTMLInputElement) => {
    if (input.valueAsNumber > 0) onChange(input.valueAsNumber);
    // The value may have been held inside its span, or may not have changed at
    // all; either way the box must show what counts.
    input.value = String(thresholds.value[limit.name]);
  };
  return (
    <span class="number-box">
      <input
        type="number"
        aria-label={`${limit.label} in ${limit.unit === "ms" ? "milliseconds" : "percent"}`}
        min={least}
        max={most}
        step="any"
        value={value}
        onChange={(event) => enter(event.currentTarget)}
      />
      <span class="unit">{limit.unit}</span>
    </span>
  );
}
