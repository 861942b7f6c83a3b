import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Run } from './run.js';

/** Runs that are kept; the oldest goes first. */
const MOST = 500;

/** What was run lately, each for the session that ran it and for no other. */
@Injectable()
export class Runs {
  readonly #runs = new Map<string, { readonly session: string; readonly run: Run }>();

  add(session: string, run: Omit<Run, 'id'>): Run {
    const kept = { id: randomBytes(12).toString('base64url'), ...run };
    this.#runs.set(kept.id, { session, run: kept });
    for (const id of this.#runs.keys()) {
      if (this.#runs.size <= MOST) break;
      this.#runs.delete(id);
    }
    return kept;
  }

  find(session: string, id: string): Run | undefined {
    const kept = this.#runs.get(id);
    return kept?.session === session ? kept.run : undefined;
  }
}
