/** What all cases have found, kept beside the documentation from run to run. */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import type { Scale } from './scale.ts';

export interface CaseResult {
  readonly name: string;
  /** The day on which it was measured. */
  readonly date: string;
  readonly scale: Scale;
  readonly outcome: Outcome;
}

export interface Results {
  readonly machine: Machine;
  readonly cases: readonly CaseResult[];
}

/** What was published before, as far as it was not measured again; figures of different machines never stand together. */
export function merged(
  path: string,
  machine: Machine,
  fresh: readonly CaseResult[],
  order: readonly string[],
): Results {
  const before = read(path);
  const kept = isDeepStrictEqual(before?.machine, machine) ? before!.cases : [];
  const byName = new Map([...kept, ...fresh].map((result) => [result.name, result]));
  return { machine, cases: order.flatMap((name) => byName.get(name) ?? []) };
}

function read(path: string): Results | undefined {
  if (!existsSync(path)) return undefined;
  const stored = JSON.parse(readFileSync(path, 'utf8')) as Partial<Results>;
  return stored.machine && stored.cases ? (stored as Results) : undefined;
}
