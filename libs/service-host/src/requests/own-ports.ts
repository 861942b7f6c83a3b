import { createServer, type IncomingMessage, type Server } from 'node:http';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { pathOf, type Middleware } from './middleware.js';
import { answerRefusal, type RefusalPage } from './refusal-page.js';

/** A port, the setting that names it, and what is answered there and nowhere else. */
export interface OwnPort {
  readonly setting: string;
  readonly port: number;
  /** Each with all that is below it. */
  readonly paths: readonly string[];
}

const NOT_FOUND = { statusCode: 404, message: 'Not Found' };

/**
 * The ports that are set.
 * @param paths by the setting that may name a port for them
 * @throws ConfigurationError for the port of the app itself
 */
export function ownPorts(
  paths: Readonly<Record<string, readonly string[]>>,
  settings: Readonly<Record<string, unknown>> & { readonly PORT: number },
): readonly OwnPort[] {
  const ports = new Map<unknown, OwnPort>();
  for (const [setting, own] of Object.entries(paths)) {
    const port = settings[setting] as number | undefined;
    if (port === undefined) continue;
    if (port === settings.PORT && port !== 0) throw new ConfigurationError(setting, port, 'another port than PORT');
    // several may share one; 0 takes a free one for each
    const key = port === 0 ? setting : port;
    const known = ports.get(key);
    ports.set(key, { setting: known?.setting ?? setting, port, paths: [...(known?.paths ?? []), ...own] });
  }
  return [...ports.values()];
}

/** Parts of an app on ports of their own, each by the same app behind it: nothing of what it demands is different there. */
export class OwnPorts {
  readonly servers: readonly (OwnPort & { readonly server: Server })[];
  readonly #arrived = new WeakMap<IncomingMessage, OwnPort>();

  /** @param app the server on the port of the app, which answers for all */
  constructor(ports: readonly OwnPort[], app: Server) {
    this.servers = ports.map((port) => {
      const server = createServer((request, response) => {
        this.#arrived.set(request, port);
        app.emit('request', request, response);
      });
      return { ...port, server };
    });
  }

  /** Answers 404 where a path does not belong to the port. What stands before it, such as health, is answered on all. */
  divide(page?: RefusalPage): Middleware {
    if (this.servers.length === 0) return (_request, _response, next) => next();
    return (request, response, next) => {
      const belongs = this.servers.find(({ paths }) => paths.some((each) => isBelow(each, pathOf(request))));
      if (belongs?.setting === this.#arrived.get(request)?.setting) return next();
      answerRefusal(response, 404, NOT_FOUND, request, page);
    };
  }
}

/** Express takes `/Admin` and `/admin/` for `/admin`. */
function isBelow(parent: string, path: string): boolean {
  const spelled = path.toLowerCase();
  return spelled === parent || spelled.startsWith(`${parent}/`);
}
