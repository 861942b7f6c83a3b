import { MalformedClaim } from './actor.js';

/** The claim that marks tokens by which an administrator uses somebody's account; every token that is exchanged from one has it. */
export const IMPERSONATION_CLAIM = 'administrative_impersonation';

/** Which impersonation a token is of, and who began it. */
export interface ImpersonationMark {
  /** The identifier of the impersonation, which is the `jti` of its first token. */
  readonly id: string;
  /** The administrator. */
  readonly sub: string;
  /** The issuer that knows the administrator. */
  readonly iss?: string;
}

/**
 * The mark in a claim; `undefined` when there is none.
 * @throws MalformedClaim when the claim has another form: it must not be lost
 */
export function parseImpersonationMark(value: unknown): ImpersonationMark | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedClaim(IMPERSONATION_CLAIM, 'must be a JSON object');
  }
  const id = member(value, 'id');
  const sub = member(value, 'sub');
  const iss = member(value, 'iss');
  if (id === undefined || sub === undefined) throw new MalformedClaim(IMPERSONATION_CLAIM, 'must hold "id" and "sub"');
  return { id, sub, ...(iss !== undefined && { iss }) };
}

function member(value: object, name: string): string | undefined {
  if (!Object.hasOwn(value, name)) return undefined;
  const text = (value as Readonly<Record<string, unknown>>)[name];
  if (typeof text === 'string' && text !== '') return text;
  throw new MalformedClaim(IMPERSONATION_CLAIM, `member "${name}" must be a non-empty string`);
}
