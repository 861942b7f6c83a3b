/** Load on a server from a process of its own, so that the test that asks for it does not slow it down. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface LoadPlan {
  readonly url: string;
  /** Requests, byte by byte, sent in turn. */
  readonly requests: readonly string[];
  /** Seconds. */
  readonly seconds: number;
  /** The most connections at once. */
  readonly connections: number;
  /** Requests a second, sent whether those before are answered or not; absent: each connection sends its next at once. */
  readonly rate?: number;
  /** Milliseconds from the moment that a request was due until nobody waits for its answer any more. */
  readonly deadline: number;
}

export interface LoadReport {
  /** Requests that were due. */
  readonly offered: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers of 429 and 503 without a Retry-After. */
  readonly withoutRetryAfter: number;
  /** Requests that were not answered by their deadline. */
  readonly late: number;
  /** Connections that the server has reset or closed while it owed an answer. */
  readonly broken: number;
  /** Answers of 200 a second. */
  readonly goodput: number;
  /** Milliseconds from the moment that a request was due. */
  readonly accepted: Latency;
  readonly refused: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const generator = fileURLToPath(new URL('./load-generator.ts', import.meta.url));

/**
 * Puts load on a server.
 * @throws Error when the generator ends without a report
 */
export async function load(plan: LoadPlan): Promise<LoadReport> {
  const child = fork(generator, { env: { PATH: process.env['PATH'] }, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
  const exit = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load generator ended with ${code}`)));
  child.send(plan);
  const [report] = (await Promise.race([once(child, 'message'), exit])) as [LoadReport];
  exit.catch(() => undefined);
  child.kill();
  return report;
}

/** A form as bytes on the wire. */
export function formRequest(url: string, form: Readonly<Record<string, string>>, authorization: string): string {
  const { host, pathname } = new URL(url);
  const body = new URLSearchParams(form).toString();
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: ${authorization}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
