import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SharedRecords } from '../store/shared-records.js';
import type { Run } from './run.js';

/** As long as a session, in milliseconds. */
const KEPT_FOR = 8 * 60 * 60 * 1000;

/** What was run lately, each for the session that ran it and for no other. */
@Injectable()
export class Runs {
  constructor(private readonly records: SharedRecords) {}

  /** @param account whose session it is: of an account, the latest runs are kept */
  async add(session: string, account: string, run: Omit<Run, 'id'>): Promise<Run> {
    const kept = { id: randomBytes(12).toString('base64url'), ...run };
    await this.records.add('run', placeOf(session, kept.id), kept, KEPT_FOR, account);
    return kept;
  }

  find(session: string, id: string): Promise<Run | undefined> {
    return this.records.read('run', placeOf(session, id));
  }
}

function placeOf(session: string, id: string): string {
  return JSON.stringify([session, id]);
}
