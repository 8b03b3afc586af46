export type LabelChange = "kept" | "changed" | "added" | "removed" | "internal";

/** A label before and after relabelling. */
export interface ComparedLabel {
  name: string;
  before: string | null; // null where service discovery gave none
  after: string | null; // null where relabelling left none
  change: LabelChange;
}

const ORDER: readonly LabelChange[] = ["changed", "added", "removed", "kept", "internal"];

/**
 * What relabelling made of the discovered labels: first what it changed, then
 * what it left alone, then those that begin with two underscores, which never
 * stay. Each part is in the order of the names.
 */
export function compareLabels(
  discovered: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): ComparedLabel[] {
  const names = [...new Set([...Object.keys(discovered), ...Object.keys(labels)])].sort();
  const compared = names.map((name) => {
    const [before, after] = [own(discovered, name), own(labels, name)];
    return { name, before, after, change: changeOf(name, before, after) };
  });
  return compared.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
}

/** A label may be called constructor. */
function own(labels: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(labels, name) ? labels[name]! : null;
}

function changeOf(name: string, before: string | null, after: string | null): LabelChange {
  if (after === null) return name.startsWith("__") ? "internal" : "removed";
  if (before === null) return "added";
  return before === after ? "kept" : "changed";
}
