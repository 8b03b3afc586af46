import type { Advice, Rule } from "../protocol";

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
