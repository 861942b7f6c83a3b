import type { Request } from 'express';
import { Store, type Session, type SessionData } from 'express-session';
import type { SharedRecords } from '../store/shared-records.js';
import { patchBetween, patched, type Json } from './merge-patch.js';

type Callback = (error?: unknown) => void;

/**
 * Sessions that all replicas share, a few for each account: who signs in too often ends sessions of their own. Each lives for a limited
 * time, however often it is used. A request writes what it has changed and nothing else, so that it takes back nothing that another one
 * has written meanwhile, and brings no session back that has ended.
 */
export class SharedSessionStore extends Store {
  readonly #records: SharedRecords;
  readonly #life: number;
  /** What stood in the store when a request read its session, or wrote it last. */
  readonly #known = new WeakMap<SessionData, Json>();

  /** @param life milliseconds */
  constructor(records: SharedRecords, life: number) {
    super();
    this.#records = records;
    this.#life = life;
  }

  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.#records.read<SessionData>('session', id).then((found) => callback(null, found ?? null), callback);
  }

  override createSession(request: Request, data: SessionData): Session & SessionData {
    const known = contentOf(data);
    const session = super.createSession(request, data);
    this.#known.set(session, known);
    return session;
  }

  set(id: string, session: SessionData, callback?: Callback): void {
    tell(this.#write(id, session), callback);
  }

  override touch(id: string, _session: SessionData, callback?: () => void): void {
    tell(this.#records.use('session', id), callback);
  }

  destroy(id: string, callback?: Callback): void {
    tell(this.#records.remove('session', id), callback);
  }

  async #write(id: string, session: SessionData): Promise<void> {
    const [known, now] = [this.#known.get(session), contentOf(session)];
    if (known) await this.#change(id, patchBetween(known, now));
    else await this.#add(id, { ...now, cookie: attributesOf(session) }, accountOf(session));
    this.#known.set(session, now);
  }

  async #change(id: string, patch: Json): Promise<void> {
    if (Object.keys(patch).length === 0) return;
    await this.#records.change<Json>('session', id, (kept) => patched(kept, patch));
  }

  async #add(id: string, session: Json, account: string | undefined): Promise<void> {
    if ((await this.#records.add('session', id, session, this.#life, account)) === undefined) {
      throw new Error('There is a session of this id already');
    }
  }
}

function tell(work: Promise<void>, callback?: Callback): void {
  work.then(
    () => callback?.(),
    (error: unknown) => callback?.(error),
  );
}

/** There is no session without somebody who has signed in. */
function accountOf({ login, engineer }: SessionData): string | undefined {
  return login?.subject ?? engineer?.subject;
}

function contentOf({ cookie: _cookie, ...content }: SessionData): Json {
  return JSON.parse(JSON.stringify(content)) as Json;
}

/** Of the cookie, what stays as it is; when it ends is settled by the store. */
function attributesOf({ cookie }: SessionData): Json {
  const { httpOnly, secure, sameSite, path, originalMaxAge } = cookie;
  return { httpOnly, secure, sameSite, path, originalMaxAge };
}
