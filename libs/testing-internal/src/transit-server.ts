import { constants, createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signDigest } from './sign-digest.js';

type TransitType = 'ecdsa-p256' | 'rsa-2048' | 'ed25519';

interface TransitKey {
  readonly type: TransitType;
  readonly versions: Map<number, { readonly privateKey: KeyObject; readonly createdAt: Date }>;
  minDecryption: number;
  minEncryption: number;
}

/** What was asked, with the body as it came. */
export interface TransitRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Keys behind the HTTP contract of Vault's transit engine, as far as signing goes. The private keys never leave it. */
export class TransitServer {
  readonly requests: TransitRequest[] = [];
  /** Who may ask. */
  readonly tokens = new Set<string>(['s.test-token']);
  /** Answers everything with this status, as a sealed Vault does with 503. */
  status: number | undefined;
  readonly #keys = new Map<string, TransitKey>();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  #port = 0;

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after a stop at the same address again. */
  async start(): Promise<this> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Adds a key, or a version of it. */
  rotate(name: string, type: TransitType, createdAt = new Date()): void {
    const key = this.#keys.get(name) ?? { type, versions: new Map(), minDecryption: 1, minEncryption: 0 };
    key.versions.set(key.versions.size + 1, { privateKey: generate(type), createdAt });
    this.#keys.set(name, key);
  }

  forget(name: string): void {
    this.#keys.delete(name);
  }

  configure(name: string, { minDecryption, minEncryption }: { minDecryption?: number; minEncryption?: number }): void {
    Object.assign(this.#keys.get(name)!, minDecryption && { minDecryption }, minEncryption && { minEncryption });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    this.requests.push({ method, path, headers, body });
    const [status, answer] = this.#answer(method, path, headers, body);
    const document = status === 200 ? { request_id: 'r', lease_id: '', data: answer } : { errors: [answer] };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }

  #answer(method: string, path: string, headers: IncomingMessage['headers'], body: string): [number, unknown] {
    if (this.status !== undefined) return [this.status, 'Vault is sealed'];
    if (!this.tokens.has(String(headers['x-vault-token']))) return [403, 'permission denied'];
    const [, operation, name = ''] = /^\/v1\/transit\/(keys|sign)\/([\w.-]+)$/.exec(path) ?? [];
    const key = this.#keys.get(name);
    if (method === 'GET' && operation === 'keys') return key ? [200, describe(name, key)] : [404, ''];
    if (method !== 'POST' || operation !== 'sign') return [405, 'unsupported operation'];
    return key ? signWith(key, JSON.parse(body) as SignRequest) : [400, 'signing key not found'];
  }
}

interface SignRequest {
  readonly input: string;
  readonly prehashed?: boolean;
  readonly key_version?: number;
  readonly marshaling_algorithm?: 'asn1' | 'jws';
  readonly signature_algorithm?: 'pss' | 'pkcs1v15';
}

function describe(name: string, { type, versions, minDecryption, minEncryption }: TransitKey): object {
  const listed = [...versions].filter(([version]) => version >= minDecryption);
  const keys = listed.map(([version, { privateKey, createdAt }]) => {
    const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
    return [version, { creation_time: createdAt.toISOString(), name: type, public_key: pem }];
  });
  const limits = { min_decryption_version: minDecryption, min_encryption_version: minEncryption };
  return { name, type, keys: Object.fromEntries(keys) as object, latest_version: versions.size, ...limits };
}

function signWith(key: TransitKey, request: SignRequest): [number, unknown] {
  const version = request.key_version ?? key.versions.size;
  const pair = key.versions.get(version);
  if (!pair || version < Math.max(key.minEncryption, key.minDecryption)) return [400, 'no such version for signing'];
  const input = Buffer.from(request.input, 'base64');
  const digest = request.prehashed ? input : createHash('sha256').update(input).digest();
  const jws = request.marshaling_algorithm === 'jws';
  const isRsa = key.type === 'rsa-2048';
  if (isRsa && request.signature_algorithm !== 'pkcs1v15') {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return signature(version, sign('sha256', input, { key: pair.privateKey, padding }), jws);
  }
  return signature(version, signDigest(pair.privateKey, digest), jws);
}

function signature(version: number, bytes: Uint8Array, jws: boolean): [number, unknown] {
  const encoded = Buffer.from(bytes).toString(jws ? 'base64url' : 'base64');
  return [200, { signature: `vault:v${version}:${encoded}`, key_version: version }];
}

function generate(type: TransitType): KeyObject {
  if (type === 'ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (type === 'rsa-2048') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}
