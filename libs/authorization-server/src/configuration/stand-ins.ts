import type { z } from 'zod';

/** One of them fits wherever a variable may stand. */
const STAND_INS: readonly ((text: string) => unknown)[] = [
  // equal where the variables are, and different where they are not
  (text) =>
    `https://${text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')}.example`,
  () => `scrypt$65536$8$2$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  () => 1,
  () => true,
];

/**
 * Puts something that fits in the place of variables that are not set, which stand there as they are written.
 * @param issues what the schema finds in the configuration as it is now
 */
export function standIn(configuration: unknown, issues: () => readonly z.core.$ZodIssue[]): void {
  const places = [...openPlaces(configuration, [])];
  for (const fitting of STAND_INS) {
    const wrong = new Set(issues().map(({ path }) => JSON.stringify(path)));
    for (const { holder, key, path, text } of places) {
      if (wrong.has(JSON.stringify(path))) holder[key] = fitting(text);
    }
  }
}

interface Place {
  readonly holder: Record<PropertyKey, unknown>;
  readonly key: PropertyKey;
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

function* openPlaces(value: unknown, path: readonly PropertyKey[]): Generator<Place> {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Place['holder'];
  for (const [name, item] of Object.entries(holder)) {
    const key = Array.isArray(value) ? Number(name) : name;
    const at = [...path, key];
    if (typeof item === 'string' && item.includes('${')) yield { holder, key, path: at, text: item };
    else yield* openPlaces(item, at);
  }
}
