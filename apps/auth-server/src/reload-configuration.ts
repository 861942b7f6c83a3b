import type { INestApplicationContext } from '@nestjs/common';
import { ConfigurationReload, ReloadRefused } from '@onbehalf/authorization-server';

/** As the audit trail names whoever sent the signal: nobody tells who that was. */
const BY_SIGNAL = { subject: 'signal:SIGHUP', clientId: 'auth-server' };

/** Reads the configuration file and the secrets again; the log tells what has come of it. */
export async function reloadConfiguration(app: INestApplicationContext): Promise<void> {
  try {
    await app.get(ConfigurationReload, { strict: false }).reload(BY_SIGNAL);
  } catch (error) {
    if (!(error instanceof ReloadRefused)) throw error;
  }
}
