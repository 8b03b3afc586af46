import type { Advice, Rule, TargetStatus } from "../protocol";

/**
 * The advice of each target, without what one of the same job further up was
 * given already: what mends a job is the same for all its instances.
 */
export function freshAdvice(targets: readonly Pick<TargetStatus, "job" | "advice">[]): Advice[][] {
  const given = new Set<string>();
  return targets.map(({ job, advice }) =>
    advice.filter(({ text, yaml }) => {
      const before = given.size;
      return given.add(JSON.stringify([job, text, yaml])).size > before;
    }),
  );
}

/** Advice with the names of the rules that it concerns. */
export interface SharedAdvice extends Advice {
  rules: string[];
}

/** What mends several rules is told once: the warning and the critical one often want the same bucket. */
export function adviceOfRules(rules: readonly Pick<Rule, "name" | "advice">[]): SharedAdvice[] {
  const byText = new Map<string, SharedAdvice>();
  for (const { name, advice } of rules) {
    for (const { text, yaml } of advice) {
      const key = JSON.stringify([text, yaml]);
      const shared = byText.get(key) ?? { text, yaml, rules: [] };
      shared.rules.push(name);
      byText.set(key, shared);
    }
  }
  return [...byText.values()];
}
