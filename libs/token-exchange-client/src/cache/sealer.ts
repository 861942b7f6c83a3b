import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = KEY_ID_BYTES + IV_BYTES + TAG_BYTES;

/** The 32 bytes of a key given as such or as base64; `undefined` when it is not one. */
export function readSealingKey(key: Uint8Array | string): Buffer | undefined {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key);
  return bytes.length === KEY_BYTES ? bytes : undefined;
}

/** Seals values with AES-256-GCM. A value opens only under the cache key that it was sealed for. */
export class Sealer {
  readonly #keys: readonly Buffer[];

  /** @param keys the first one seals, all of them open */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  seal(cacheKey: string, text: string): string {
    const key = this.#keys[0]!;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(cacheKey));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([keyId(key), iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The text; `undefined` when the value was sealed with an unknown key or for another cache key, or was changed. */
  open(cacheKey: string, value: string): string | undefined {
    const bytes = Buffer.from(value, 'base64url');
    const key = this.#keys.find((known) => keyId(known).equals(bytes.subarray(0, KEY_ID_BYTES)));
    if (key === undefined || bytes.length < HEAD_BYTES) return undefined;
    const iv = bytes.subarray(KEY_ID_BYTES, KEY_ID_BYTES + IV_BYTES);
    const tag = bytes.subarray(KEY_ID_BYTES + IV_BYTES, HEAD_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(cacheKey)).setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}

// names the key without telling anything of it
function keyId(key: Buffer): Buffer {
  return createHash('sha256').update('onbehalf-key-id').update(key).digest().subarray(0, KEY_ID_BYTES);
}
