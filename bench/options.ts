import { parseArgs } from 'node:util';
import type { Case } from './cases/case.ts';
import { SCALES, type Scale } from './scale.ts';

export interface Options {
  readonly cases: readonly Case[];
  readonly scale: Scale;
  readonly publish: boolean;
}

const OPTIONS = {
  quick: { type: 'boolean' },
  tiny: { type: 'boolean' },
  publish: { type: 'boolean' },
  only: { type: 'string' },
  exchanges: { type: 'string' },
} as const;

/** Reads the command line; what is not accepted ends the process with one line. */
export function readOptions(cases: readonly Case[]): Options {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const scale = values.tiny ? SCALES.tiny : values.quick ? SCALES.quick : SCALES.full;
    if (values.publish && values.tiny) throw new Error('--publish with --tiny; the counts are too small for figures');
    return {
      cases: chosen(cases, values.only),
      scale: { ...scale, ...(values.exchanges !== undefined && { exchanges: count(values.exchanges) }) },
      publish: values.publish ?? false,
    };
  } catch (error) {
    console.error((error as Error).message);
    return process.exit(1);
  }
}

function chosen(cases: readonly Case[], only: string | undefined): readonly Case[] {
  const names = only?.split(',') ?? cases.map(({ name }) => name);
  const unknown = names.find((name) => !cases.some((each) => each.name === name));
  if (unknown === undefined) return cases.filter(({ name }) => names.includes(name));
  throw new Error(`--only ${unknown}; accepted: ${cases.map(({ name }) => name).join(', ')}`);
}

function count(given: string): number {
  const exchanges = Number(given);
  if (Number.isInteger(exchanges) && exchanges > 0) return exchanges;
  throw new Error(`--exchanges ${given}; accepted: a whole number more than 0`);
}
