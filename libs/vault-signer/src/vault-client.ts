import { readBounded } from '@onbehalf/jwt-verification';

export interface VaultConnection {
  /** Where Vault is, such as https://vault.internal:8200. */
  readonly address: string;
  /** Gives the token that Vault knows this server by. Asked again when Vault refuses the one at hand: tokens are renewed. */
  readonly token: () => Promise<string>;
  readonly namespace?: string;
  /** Milliseconds for one request; 2000 unless told. */
  readonly timeout?: number;
}

/** Vault did not give what it was asked for. Holds neither the token nor Vault's own words. */
export class VaultError extends Error {
  /** @param code one word: of the connection, such as ECONNREFUSED, or HTTP_ and the status */
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`Vault does not answer (${code})`, options);
    this.name = 'VaultError';
  }
}

/** Bytes of an answer: a key with its versions, or a signature. */
const MAX_ANSWER = 1024 * 1024;
const TIMEOUT = 2000;
/** How the end of a kept connection shows. */
const CLOSED = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/** Speaks Vault's HTTP API. */
export class VaultClient {
  readonly #connection: VaultConnection;
  #token: string | undefined;

  constructor(connection: VaultConnection) {
    this.#connection = connection;
  }

  /**
   * The `data` of the answer.
   * @param path below /v1/
   * @param body sent by POST; absent: GET
   * @throws VaultError
   */
  async request(path: string, body?: object): Promise<unknown> {
    const used = (this.#token ??= await this.#connection.token());
    const answer = await this.#send(path, body, used);
    if (answer.status !== 403) return readData(answer);
    // the token may have been replaced since it was read
    this.#token = await this.#connection.token();
    if (this.#token === used) throw await refusal(answer);
    await answer.body?.cancel();
    return readData(await this.#send(path, body, this.#token));
  }

  async #send(path: string, body: object | undefined, token: string): Promise<Response> {
    // a kept connection may have been closed meanwhile; what is asked may be asked twice
    return this.#attempt(path, body, token).catch((error: unknown) => {
      if (!CLOSED.includes((error as VaultError).code)) throw error;
      return this.#attempt(path, body, token);
    });
  }

  async #attempt(path: string, body: object | undefined, token: string): Promise<Response> {
    const { address, namespace, timeout = TIMEOUT } = this.#connection;
    try {
      return await fetch(`${address.replace(/\/$/, '')}/v1/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          'x-vault-token': token,
          'x-vault-request': 'true',
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
        // the token is for this address alone
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      });
    } catch (error) {
      throw new VaultError(connectionCode(error), { cause: error });
    }
  }
}

async function readData(response: Response): Promise<unknown> {
  if (response.status !== 200) throw await refusal(response);
  try {
    return (JSON.parse(await readBounded(response, MAX_ANSWER)) as { data?: unknown } | null)?.data;
  } catch (error) {
    throw new VaultError('MALFORMED_ANSWER', { cause: error });
  }
}

async function refusal(response: Response): Promise<VaultError> {
  await response.body?.cancel();
  return new VaultError(`HTTP_${response.status}`);
}

// what fetch failed of is in its cause
function connectionCode(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  if (name === 'TimeoutError') return 'TIMEOUT';
  return typeof cause?.code === 'string' ? cause.code : 'NO_CONNECTION';
}
