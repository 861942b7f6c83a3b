import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { SealBroken } from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A value encrypted at rest and the id of the key that opens it. */
export interface Sealed {
  readonly value: string;
  readonly sealedWith: string;
}

/**
 * Encryption at rest with AES-256-GCM. The first key seals, every key opens, so a key is changed by putting the new one
 * in front, re-encrypting, and taking the old one out.
 */
export class SealingKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: string;

  /**
   * @param keys 32 bytes each, in base64 or base64url
   * @throws ConfigurationError
   */
  constructor(keys: readonly string[]) {
    const entries = keys.map((text): [string, KeyObject] => {
      const key = Buffer.from(text, 'base64');
      if (key.length !== KEY_BYTES) {
        throw new ConfigurationError('ENCRYPTION_KEYS', `a key of ${key.length} bytes`, '32 bytes each, in base64');
      }
      return [hash('sha256', key, 'base64url').slice(0, 8), createSecretKey(key)];
    });
    const first = entries[0];
    if (!first) throw new ConfigurationError('ENCRYPTION_KEYS', undefined, 'at least one key of 32 bytes in base64');
    this.#keys = new Map(entries);
    this.#current = first[0];
  }

  /** The id of the key that seals. */
  get current(): string {
    return this.#current;
  }

  /** The ids of all keys, that of the one that seals first. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** Whether the key of this id is among them. */
  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /**
   * Encrypts a text with the current key.
   * @param place where the value is stored; a value that is moved to another row cannot be opened
   */
  seal(text: string, place: string): Sealed {
    const salt = randomBytes(SALT_BYTES);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#derive(this.#current, salt), iv);
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([salt, iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { value: sealed.toString('base64url'), sealedWith: this.#current };
  }

  /**
   * Decrypts what {@link seal} has made for the same place.
   * @throws SealBroken
   */
  open({ value, sealedWith }: Sealed, place: string): string {
    const bytes = Buffer.from(value, 'base64url');
    if (bytes.length < SALT_BYTES + IV_BYTES + TAG_BYTES) throw new SealBroken('The sealed value is too short');
    const [salt, iv] = [bytes.subarray(0, SALT_BYTES), bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES)];
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#derive(sealedWith, salt), iv, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(SALT_BYTES + IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (error) {
      if (error instanceof SealBroken) throw error;
      throw new SealBroken('The sealed value was changed or moved', { cause: error });
    }
  }

  /** A keyed fingerprint that nobody can make who has only the database. */
  authenticate(text: string, key = this.#current): string {
    return createHmac('sha256', this.#key(key)).update(`authenticate\0${text}`).digest('base64url');
  }

  // A key of its own for each value: with random IVs one key would be worn out after 2^32 values (NIST SP 800-38D §8.3)
  #derive(id: string, salt: Buffer): Buffer {
    return createHmac('sha256', this.#key(id)).update('seal\0').update(salt).digest();
  }

  #key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (!key) throw new SealBroken(`The key ${id} is not among the encryption keys`);
    return key;
  }
}
