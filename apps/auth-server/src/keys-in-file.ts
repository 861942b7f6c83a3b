import { Logger } from '@nestjs/common';
import { ReplaceableSigningKeys, type Beside, type KeySchedule } from '@onbehalf/authorization-server';
import { ConfigurationError, valueOrFile } from '@onbehalf/oauth-protocol';
import type { JSONWebKeySet } from 'jose';

/** Signing keys that stand in a file, which is read at the start and with each reload of the configuration. */
export class KeysInFile {
  private constructor(
    readonly keys: ReplaceableSigningKeys,
    private readonly path: string,
  ) {}

  /** @throws ConfigurationError */
  static async open(path: string, schedule: KeySchedule): Promise<KeysInFile> {
    const log = new Logger('SigningKeys');
    return inSetting(path, async (jwks) => {
      const keys = await ReplaceableSigningKeys.open({
        jwks,
        schedule,
        onChanged: (published) => log.log({ published: published.map(({ kid }) => kid) }),
      });
      return new KeysInFile(keys, path);
    });
  }

  /** @throws ConfigurationError, and the keys from before stay */
  readAgain(): Promise<Beside> {
    return inSetting(this.path, async (jwks) => {
      const { isOther, putInForce } = await this.keys.prepare(jwks);
      return { changed: isOther ? ['SIGNING_KEYS_FILE'] : [], putInForce };
    });
  }
}

async function inSetting<Result>(path: string, use: (jwks: JSONWebKeySet) => Promise<Result>): Promise<Result> {
  try {
    const content = valueOrFile('SIGNING_KEYS', { SIGNING_KEYS_FILE: path }) ?? '';
    return await use(JSON.parse(content) as JSONWebKeySet);
  } catch (error) {
    if (error instanceof ConfigurationError && error.setting === 'SIGNING_KEYS_FILE') throw error;
    const accepted = 'a readable JWK Set with private keys for ES256 and RS256';
    const mistake =
      error instanceof ConfigurationError ? `${accepted} (${String(error.given)}: ${error.accepted})` : accepted;
    throw new ConfigurationError('SIGNING_KEYS_FILE', path, mistake);
  }
}
