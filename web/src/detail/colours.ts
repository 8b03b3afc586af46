/**
 * Resolves a CSS colour for canvases. They do not know custom properties, and
 * a property that holds light-dark() is only resolved where it is used, so an
 * element has to wear the colour first.
 */
function resolve(colour: string): string {
  const probe = document.createElement("i");
  probe.style.color = colour;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

export function colourOf(variable: string): string {
  return resolve(`var(${variable})`);
}

/** The colour, so much of it, the rest see-through. */
export function tintOf(variable: string, percent: number): string {
  return resolve(`color-mix(in srgb, var(${variable}) ${percent}%, transparent)`);
}
