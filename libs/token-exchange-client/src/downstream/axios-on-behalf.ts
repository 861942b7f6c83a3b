import type { AxiosAdapter } from 'axios';
import { needAxios, type Axios, type AxiosInstance, type AxiosResponse } from '../optional-axios.js';
import { sendOnBehalf, type AnswerView, type Downstream } from './send-on-behalf.js';

type Config = AxiosResponse['config'];

/**
 * Makes an axios instance send every request with the exchanged token, below the base address of the service, without
 * following redirects; its `timeout` is the deadline of a call. It stands below the interceptors, so that they run once per
 * call, and errors that reach them hold no token.
 * @throws Error where axios is not installed
 */
export function interceptAxios(instance: AxiosInstance, downstream: Downstream): void {
  const axios = needAxios('interceptAxios');
  instance.defaults.adapter = onBehalfAdapter(axios, axios.default.getAdapter(instance.defaults.adapter), downstream);
}

function onBehalfAdapter(axios: Axios, adapter: AxiosAdapter, downstream: Downstream): AxiosAdapter {
  const view = ({ response }: Settled): AnswerView => viewOf(axios, response);
  return async (config) => {
    const url = downstream.authorizer.resolve(instanceUrl(config.baseURL, config.url));
    const settled = await sendOnBehalf(downstream, {
      method: (config.method ?? 'get').toUpperCase(),
      url,
      body: config.data as unknown,
      signal: abortSignalOf(config),
      ...(config.timeout && { timeout: config.timeout }),
      send: (credentials, signal) =>
        send(axios, { adapter, config, fixed: { ...transportOf(url), signal } }, credentials),
      view,
      discard: ({ response }) => discard(response.data),
      unread: ({ response }) => isStream(response.data),
    });
    if (settled.error) throw settled.error;
    return settled.response;
  };
}

/** An answer, and the error that axios makes of it where its status is none that the caller wants. */
interface Settled {
  readonly response: AxiosResponse;
  readonly error?: Error;
}

interface Sent {
  readonly adapter: AxiosAdapter;
  readonly config: Config;
  readonly fixed: Partial<Config>;
}

async function send(
  axios: Axios,
  { adapter, config, fixed }: Sent,
  credentials: Readonly<Record<string, string>>,
): Promise<Settled> {
  // a copy: the instance keeps its own, which errors show
  const headers = Object.assign(new axios.AxiosHeaders(), config.headers);
  for (const name in credentials) headers.set(name, credentials[name], true);
  try {
    return { response: withoutRequest(await adapter({ ...config, ...fixed, headers }), config) };
  } catch (error) {
    if (!axios.isAxiosError(error)) throw error;
    error.config = config;
    error.request = undefined;
    const { response } = error;
    // an answer whose status was wanted is one that broke off
    if (!response || (config.validateStatus?.(response.status) ?? true)) throw withoutResponse(error);
    return { error, response: withoutRequest(response, config) };
  }
}

/** What the caller's configuration has no say in: where the token goes, and when the call ends. */
function transportOf(url: URL): Partial<Config> {
  return {
    url: url.href,
    baseURL: undefined,
    allowAbsoluteUrls: true,
    maxRedirects: 0,
    beforeRedirect: undefined,
    transport: undefined,
    // would take the place of the token
    auth: undefined,
    timeout: 0,
    cancelToken: undefined,
  };
}

function abortSignalOf({ signal, cancelToken }: Config): AbortSignal | undefined {
  if (signal) return signal as AbortSignal;
  return (cancelToken as { toAbortSignal?: () => AbortSignal } | undefined)?.toAbortSignal?.();
}

function viewOf({ AxiosHeaders }: Axios, response: AxiosResponse): AnswerView {
  return {
    status: response.status,
    header: (name) => {
      const value: unknown = AxiosHeaders.from(response.headers as InstanceType<typeof AxiosHeaders>).get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

// both hold the token
function withoutRequest(response: AxiosResponse, config: Config): AxiosResponse {
  response.config = config;
  response.request = undefined;
  return response;
}

function withoutResponse(error: Error & { response?: unknown }): Error {
  error.response = undefined;
  return error;
}

function instanceUrl(baseUrl: string | undefined, path = ''): string {
  if (!baseUrl || /^([a-z][a-z0-9+.-]*:)?\/\//i.test(path)) return path;
  return path === '' ? baseUrl : `${baseUrl.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}

interface AnswerStream {
  readonly destroy?: () => unknown;
  readonly cancel?: () => Promise<void>;
}

function isStream(data: unknown): data is AnswerStream {
  return typeof data === 'object' && data !== null && ('pipe' in data || 'getReader' in data);
}

// an unread answer keeps its connection from all later calls
async function discard(data: unknown): Promise<void> {
  if (!isStream(data)) return;
  if (data.destroy) data.destroy();
  else await data.cancel?.();
}
