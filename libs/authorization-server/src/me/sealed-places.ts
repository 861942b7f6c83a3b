import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Person } from './person.js';

type Owner = Pick<Person, 'subject' | 'life'>;
type Place = readonly (string | number)[];

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Places of the audit trail as people are handed them: they tell nothing, cannot be made up, and open for the same life of the same
 * account only. The same place reads the same each time, on all replicas.
 */
export class SealedPlaces {
  readonly #key: Buffer;
  readonly #nonceKey: Buffer;

  /** @param secret equal on all replicas */
  constructor(secret: Uint8Array) {
    const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `me ${purpose}`, 32));
    this.#key = derive('places');
    this.#nonceKey = derive('nonces');
  }

  /** @param kind what it is a place of: one does not open as another */
  seal(kind: string, owner: Owner, place: Place): string {
    const bound = boundTo(kind, owner);
    const text = JSON.stringify(place);
    // made from what it seals, so that no nonce ever stands over two texts
    const nonce = createHmac('sha256', this.#nonceKey).update(bound).update('\0').update(text).digest();
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce.subarray(0, NONCE_BYTES)).setAAD(bound);
    const sealed = [cipher.update(text, 'utf8'), cipher.final()];
    return Buffer.concat([nonce.subarray(0, NONCE_BYTES), cipher.getAuthTag(), ...sealed]).toString('base64url');
  }

  /** @returns `undefined` for what was not sealed here for this owner as a place of this kind */
  open(kind: string, owner: Owner, sealed: string): Place | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(boundTo(kind, owner))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      return JSON.parse(text) as Place;
    } catch {
      return undefined;
    }
  }
}

function boundTo(kind: string, { subject, life }: Owner): Buffer {
  return Buffer.from(JSON.stringify([kind, subject, life]));
}
