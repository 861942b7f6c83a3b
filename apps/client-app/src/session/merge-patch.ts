/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * What makes one object of JSON out of another: what has changed, `null` for what is gone, and nothing of what stayed. RFC 7396.
 * An array counts as one value. Neither object holds `null`.
 */
export function patchBetween(before: Json, after: Json): Json {
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    if (now === undefined) patch[name] = null;
    else if (isObject(old) && isObject(now)) {
      const inner = patchBetween(old, now);
      if (Object.keys(inner).length > 0) patch[name] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(now)) patch[name] = now;
  }
  return patch;
}

/** The object with the patch applied. RFC 7396 §2 */
export function patched(target: Json, patch: Json): Json {
  const result: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = isObject(value) ? patched(isObject(result[name]) ? result[name] : {}, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
