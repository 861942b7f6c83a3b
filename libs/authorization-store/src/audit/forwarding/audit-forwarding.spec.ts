import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../../authorization-store.js';
import { openStore } from '../../open-store.js';
import { sha256 } from '../../database/statements/hash.js';
import type { AuditForwarding, ForwardingObserver } from './audit-forwarding.js';
import { RecordsRefused, type AuditReceiver, type ForwardedRecord } from './audit-receiver.js';
import { HOLD } from './held-chains.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

/** Keeps what it is given, and can be made to fail. */
class Receiver implements AuditReceiver {
  readonly records: ForwardedRecord[] = [];
  readonly sizes: number[] = [];
  attempts = 0;
  failure: Error | undefined;
  refuses = (_record: ForwardedRecord): boolean => false;
  /** Set: takes as long as this promise. */
  busy: Promise<void> | undefined;

  async accept(records: readonly ForwardedRecord[]): Promise<void> {
    this.attempts += 1;
    await this.busy;
    if (this.failure) throw this.failure;
    if (records.some(this.refuses)) throw new RecordsRefused('400');
    this.sizes.push(records.length);
    this.records.push(...records);
  }

  /** The types of the events, without the openings of chains. */
  get types(): unknown[] {
    return this.records.map(({ event }) => event['type']).filter((type) => type !== 'audit_chain_opened');
  }
}

class Observer implements ForwardingObserver {
  readonly told: string[] = [];
  count = 0;
  readonly refusedRecords: ForwardedRecord[] = [];
  forwarded = (count: number): void => void (this.count += count);
  refused = (records: readonly ForwardedRecord[]): void => void this.refusedRecords.push(...records);
  stalled = ({ message }: Error): void => void this.told.push(`stalled: ${message}`);
  resumed = (): void => void this.told.push('resumed');
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('It did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(databases)('the forwarding of the audit trail from $name', (kind) => {
  let url: string;
  let now: number;
  let stores: AuthorizationStore[];
  let receiver: Receiver;
  let observer: Observer;

  beforeEach(async () => {
    // several stores on one database
    url =
      kind.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'forwarding-')), 'store.db')}`
        : await kind.database();
    now = 1_000_000;
    stores = [];
    receiver = new Receiver();
    observer = new Observer();
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));
  afterAll(() => kind.stop());

  async function open(): Promise<AuthorizationStore> {
    const store = await openStore({ url, encryptionKeys, clock: () => now, sweepInterval: 0 });
    stores.push(store);
    return store;
  }

  const forward = (store: AuthorizationStore, to: AuditReceiver = receiver): AuditForwarding =>
    store.forwardAudit({ receiver: to, observer, interval: 10, closeWithin: 300 });

  const append = (store: AuthorizationStore, count: number, name = 'event'): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, index) => store.audit.append({ type: `${name}-${index}` })));

  it('hands on every record once, in order and without gaps, from the opening of the chain', async () => {
    const store = await open();
    const forwarding = forward(store);
    await append(store, 1_000);
    await until(() => receiver.records.length === 1_001);
    expect(receiver.records.map(({ sequence }) => sequence)).toEqual(receiver.records.map((_, index) => index));
    expect(await forwarding.pending()).toEqual({ here: 0, elsewhere: 0 });
    expect(observer.count).toBe(1_001);
    expect(Math.max(...receiver.sizes)).toBeLessThanOrEqual(200);
  });

  it('hands on what the hash covers, so that a copy can be checked without the database', async () => {
    const store = await open();
    forward(store);
    const receipt = await store.audit.append({ type: 'token_exchange', subject: 'bael"dung\ud800', outcome: 'issued' });
    await until(() => receiver.records.length === 2);
    const copy = receiver.records[1]!;
    expect(copy).toMatchObject(receipt);
    const { writer, sequence, previousHash, at, eventText, hash } = copy;
    expect(sha256(JSON.stringify([writer, sequence, previousHash, Date.parse(at), eventText]))).toBe(hash);
    expect(previousHash).toBe(receiver.records[0]?.hash);
  });

  it('while the receiver is down nothing waits for it and nothing is lost; it is told once, and again at the end', async () => {
    const store = await open();
    receiver.failure = new Error('connect ECONNREFUSED');
    const forwarding = forward(store);
    await append(store, 300);
    await until(() => receiver.attempts >= 3);
    expect(await forwarding.pending()).toEqual({ here: 301, elsewhere: 0 });
    expect(observer.told).toEqual(['stalled: connect ECONNREFUSED']);
    receiver.failure = undefined;
    await until(() => receiver.records.length === 301);
    expect(observer.told).toEqual(['stalled: connect ECONNREFUSED', 'resumed']);
    expect(receiver.records.map(({ sequence }) => sequence)).toEqual(receiver.records.map((_, index) => index));
  });

  it('a receiver that hangs gets one page and holds up nobody', async () => {
    const store = await open();
    let release = (): void => undefined;
    receiver.busy = new Promise((resolve) => (release = resolve));
    forward(store);
    await append(store, 500);
    await until(() => receiver.attempts === 1);
    await append(store, 500, 'meanwhile');
    expect(receiver.attempts).toBe(1);
    release();
    await until(() => receiver.records.length === 1_001);
  });

  it('a record that is refused for good is told and passed over, its neighbours are not', async () => {
    const store = await open();
    receiver.refuses = ({ event }) => event['type'] === 'event-3';
    forward(store);
    await append(store, 10);
    await until(() => observer.count === 10);
    expect(observer.refusedRecords.map(({ sequence, event }) => [sequence, event['type']])).toEqual([[4, 'event-3']]);
    expect(receiver.types).not.toContain('event-3');
    expect(new Set(receiver.types).size).toBe(9);
    expect(observer.told).toEqual([]);
  });

  it('closing the store hands on what was committed last', async () => {
    const store = await open();
    forward(store);
    await append(store, 450);
    await store.close();
    stores = [];
    expect(receiver.types).toHaveLength(450);
  });

  it('closing does not wait for a receiver that is down; the next start goes on where it stood, with nothing missing', async () => {
    const first = await open();
    forward(first);
    await append(first, 5, 'before');
    await until(() => receiver.types.length === 5);
    receiver.busy = new Promise(() => undefined);
    await append(first, 5, 'after');
    const began = performance.now();
    await first.close();
    stores = [];
    expect(performance.now() - began).toBeLessThan(2_000);
    const next = new Receiver();
    forward(await open(), next);
    await until(() => next.types.length === 5);
    expect(next.types).toEqual(['after-0', 'after-1', 'after-2', 'after-3', 'after-4']);
  });

  it('the chain of a process that was killed is taken over by one other, when its hold is over', async () => {
    const killed = await open();
    const dead = new Receiver();
    dead.busy = new Promise(() => undefined);
    forward(killed, dead);
    await append(killed, 20, 'left');
    await until(() => dead.attempts === 1);
    now += HOLD + 1;
    const others = [await open(), await open()];
    const receivers = others.map((store) => {
      const each = new Receiver();
      forward(store, each);
      return each;
    });
    await until(() => receivers.some(({ types }) => types.length > 0));
    expect(receivers.map(({ types }) => types.length).sort()).toEqual([0, 20]);
    // the one that was taken for dead and is not, goes on with the records that come
    await append(killed, 1, 'late');
  });

  it('what was written before there was a receiver is left to the export', async () => {
    const before = await open();
    await append(before, 3, 'before');
    const store = await open();
    forward(store);
    await append(store, 3, 'since');
    await until(() => receiver.types.length === 3);
    expect(receiver.types).toEqual(['since-0', 'since-1', 'since-2']);
  });
});
