import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { refusalOf, type RefusalPage, type RefusedRequest } from './refusal-page.js';

/** What Node.js calls a request that it gives up, and the status that says so. RFC 9110 §15.5.9, RFC 6585 §5 */
const STATUSES: Readonly<Record<string, readonly [status: number, phrase: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};
const MALFORMED = [400, 'Bad Request'] as const;

type Unreadable = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/**
 * Answers what is no HTTP request, is too large for one, or does not arrive: in a page, where a browser asked as far as that can be
 * seen. The connection ends: nobody knows where the next request would begin. RFC 9112 §2.2
 */
export function answerUnreadable(server: Server, page: RefusalPage | undefined): void {
  server.on('clientError', (error: Unreadable, socket: Socket) => {
    // an answer that has begun cannot be replaced
    const isAnswering = (socket as Socket & { _httpMessage?: { headersSent?: boolean } })._httpMessage?.headersSent;
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswering) return void socket.destroy();
    const [status, phrase] = STATUSES[error.code ?? ''] ?? MALFORMED;
    const json = { error: 'invalid_request', error_description: phrase };
    const { headers, body } = refusalOf(status, json, readableOf(error.rawPacket), page);
    const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' });
    const head = lines.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
    socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${head}\r\n${body}`);
  });
}

/** The headers that tell how to answer, and nothing else of what came. */
function readableOf(packet: Buffer | undefined): RefusedRequest {
  const text = packet?.toString('latin1') ?? '';
  const header = (name: string): string | undefined =>
    new RegExp(`^${name}:([^\\r\\n]*)`, 'im').exec(text)?.[1]?.trim();
  const [accept, language] = [header('accept'), header('accept-language')];
  return {
    headers: {
      ...(accept !== undefined && { accept }),
      ...(language !== undefined && { 'accept-language': language }),
    },
  };
}
