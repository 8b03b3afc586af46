/** What an endpoint is known by, over all its instances. */
export interface EndpointKey {
  job: string;
  method: string; // empty where the application exposes none
  path: string;
}

/**
 * The key as one text for maps and URLs: job|method|path. A bar or percent
 * sign inside a part is percent-encoded, so that no two keys look the same.
 */
export function encodeKey(key: EndpointKey): string {
  return `${guard(key.job)}|${guard(key.method)}|${guard(key.path)}`;
}

function guard(part: string): string {
  return part.replace(/[%|]/g, encodeURIComponent);
}

/** The inverse of encodeKey; null for a text that it did not write. */
export function decodeKey(text: string): EndpointKey | null {
  const parts = text.split("|");
  if (parts.length !== 3) return null;
  try {
    const [job, method, path] = parts.map(decodeURIComponent) as [string, string, string];
    return { job, method, path };
  } catch {
    return null;
  }
}

/** The endpoint as people write it: GET /orders. */
export function endpointName(key: EndpointKey): string {
  return key.method ? `${key.method} ${key.path}` : key.path;
}
