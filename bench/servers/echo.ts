/** A downstream service that costs next to nothing: tells whether a bearer token came. */
import { createServer } from 'node:http';
import { listening } from './listening.ts';

await listening(
  createServer(({ headers }, response) => {
    const bearer = headers.authorization?.startsWith('Bearer ') ?? false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ bearer }));
  }),
);
