import type { RowOf } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import { OAuthError } from '@onbehalf/oauth-protocol';
import type { AdministrativeImpersonationSettings } from './administrative-impersonation.schema.js';
import type { BegunImpersonation } from './impersonation.js';
import { liveTable } from './impersonations.table.js';

type Parts = Pick<FeatureParts<AdministrativeImpersonationSettings>, 'tables' | 'tokens' | 'clock'>;
type Row = RowOf<typeof liveTable>;

/** Seconds after which a token that is not on record has never left: its process ended before. */
const NEVER_LEFT = 60;

/** The impersonations that are under way, at most one of each administrator, for all replicas together. */
export class LiveImpersonations {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get #rows() {
    return this.#parts.tables(liveTable);
  }

  /** @throws OAuthError `invalid_request` while another one of the administrator is under way */
  async refuseSecond(administrator: string): Promise<void> {
    const other = await this.#rows.find({ administrator });
    if (other && !(await this.#isOver(other))) throw underWay(other.id);
  }

  /** Takes the place of the administrator. @throws OAuthError `invalid_request` when it is taken */
  async begin(impersonation: BegunImpersonation): Promise<void> {
    const row = toRow(impersonation);
    if (await this.#rows.insert(row)) return;
    const other = await this.#rows.find({ administrator: row.administrator });
    if (other && (await this.#isOver(other))) await this.end(other);
    if (!(await this.#rows.insert(row))) throw underWay(other?.id ?? 'another one');
  }

  /** Leaves the place to the next one. */
  async end({ administrator, id }: Pick<Row, 'administrator' | 'id'>): Promise<void> {
    await this.#rows.delete({ administrator, id });
  }

  async find(id: string): Promise<Row | undefined> {
    const [row] = await this.#rows.list({ id }, 1);
    return row;
  }

  /** Those that have neither ended nor been stopped. */
  async list(): Promise<readonly Row[]> {
    const rows = await this.#rows.list({});
    const over = await Promise.all(rows.map((row) => this.#isOver(row)));
    return rows.filter((_, index) => !over[index]);
  }

  // whoever ends its token, or what that came from, has stopped it
  async #isOver({ id, started_at: startedAt }: Row): Promise<boolean> {
    const { known, revoked } = await this.#parts.tokens.standing(id);
    return revoked || (!known && this.#parts.clock() - startedAt > NEVER_LEFT);
  }
}

function underWay(id: string): OAuthError {
  const detail = { reason: `${id} is under way` };
  return new OAuthError('invalid_request', 'Another impersonation of this administrator is under way', detail);
}

function toRow({ clientId, audiences, scopes, ticket, startedAt, expiresAt, ...same }: BegunImpersonation): Row {
  return {
    ...same,
    client: clientId,
    audiences: audiences.join(' '),
    scopes: scopes.join(' '),
    ticket: ticket ?? null,
    started_at: startedAt,
    expires_at: expiresAt,
  };
}
