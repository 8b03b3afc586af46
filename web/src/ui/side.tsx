import { dismiss } from "../model/alerts";
import { caveatsOf } from "../model/caveats";
import { activeAlerts, board, revision, shownAlerts } from "../state/live";
import { visit } from "../state/navigation";
import { dismissals } from "../state/preferences";
import { AlertItem } from "./alert-item";
import { StatusMark } from "./parts";
import { ThresholdPanel } from "./thresholds";

/** Beside the table: what is firing, and this browser's thresholds. */
export function Side() {
  return (
    <div class="side">
      <FiringPanel />
      <ThresholdPanel />
    </div>
  );
}

const SHOWN = 50;

function FiringPanel() {
  void revision.value;
  const alerts = shownAlerts.value;
  return (
    <section class="panel firing" aria-labelledby="firing-title">
      <header class="panel-head">
        <h2 id="firing-title">Alerts</h2>
        <span class="muted figure" role="status">{alerts.length}<span class="unseen"> firing</span></span>
        <AllAlerts shown={Math.min(alerts.length, SHOWN)} />
      </header>
      {alerts.length === 0 ? (
        <Quiet />
      ) : (
        <ul class="scroll">
          {alerts.slice(0, SHOWN).map((alert) => (
            <AlertItem
              key={alert.id}
              alert={alert}
              onDismiss={() => (dismissals.value = dismiss(alert, dismissals.value))}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

/** Why no alert shows. Only where everything is judged is that good news. */
function Quiet() {
  const caveats = caveatsOf(board.targets, activeAlerts.value, dismissals.value);
  return (
    <div class="empty">
      {caveats.map(({ mark, text, page }) => (
        <button key={text} type="button" class="caveat" onClick={() => visit({ page })}>
          <StatusMark status={mark} />
          <span class="link">{text}</span>
        </button>
      ))}
      {caveats.length === 0 && (
        <>
          <StatusMark status="ok" />
          <b>Nothing is firing</b>
          <p>Alerts show here the moment a rule of redpoll fires.</p>
        </>
      )}
    </div>
  );
}

/** How many more there are: dismissed, pending, unknown. */
function AllAlerts({ shown }: { shown: number }) {
  const others = activeAlerts.value.size - shown;
  if (others <= 0) return null;
  return (
    <button type="button" class="link" onClick={() => visit({ page: "alerts" })}>
      {others} more
    </button>
  );
}
