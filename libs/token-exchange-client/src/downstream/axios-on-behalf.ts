import axios, { AxiosHeaders, isAxiosError, type AxiosAdapter, type AxiosInstance, type AxiosResponse } from 'axios';
import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { sendOnBehalf, type AnswerView } from './send-on-behalf.js';

/**
 * Makes an axios instance send every request with the exchanged token. It stands below the interceptors, so that they run
 * once per call, and errors that reach them hold no token.
 */
export function interceptAxios(
  instance: AxiosInstance,
  { authorizer }: { readonly authorizer: DownstreamAuthorizer },
): void {
  const adapter = axios.getAdapter(instance.defaults.adapter);
  instance.defaults.adapter = onBehalfAdapter(adapter, authorizer);
}

function onBehalfAdapter(adapter: AxiosAdapter, authorizer: DownstreamAuthorizer): AxiosAdapter {
  return async (config) => {
    const url = authorizer.resolve(instanceUrl(config.baseURL, config.url));
    const send = async (credentials: Readonly<Record<string, string>>): Promise<AxiosResponse> => {
      // a copy: the instance keeps its own, which errors show
      const headers = new AxiosHeaders(config.headers).set({ ...credentials });
      try {
        return await adapter({ ...config, headers });
      } catch (error) {
        if (!isAxiosError(error)) throw error;
        error.config = config;
        error.request = undefined;
        if (error.response) error.response = withoutRequest(error.response, config);
        throw error;
      }
    };
    const settled = await sendOnBehalf(authorizer, {
      method: (config.method ?? 'get').toUpperCase(),
      url,
      signal: config.signal as AbortSignal | undefined,
      repeatable: !isStream(config.data),
      send: async (headers) => settle(send(headers)),
      view,
    });
    if ('error' in settled) throw settled.error;
    return withoutRequest(settled.response, config);
  };
}

type Settled = { readonly response: AxiosResponse } | { readonly response?: AxiosResponse; readonly error: Error };

async function settle(sent: Promise<AxiosResponse>): Promise<Settled> {
  try {
    return { response: await sent };
  } catch (error) {
    return { error: error as Error, ...(isAxiosError(error) && error.response && { response: error.response }) };
  }
}

function view({ response }: Settled): AnswerView {
  return {
    status: response?.status ?? 0,
    header: (name) => {
      const value: unknown = response && AxiosHeaders.from(response.headers as AxiosHeaders).get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

function withoutRequest(response: AxiosResponse, config: AxiosResponse['config']): AxiosResponse {
  return { ...response, config, request: undefined };
}

function instanceUrl(baseUrl: string | undefined, path = ''): string {
  if (!baseUrl || /^([a-z][a-z0-9+.-]*:)?\/\//i.test(path)) return path;
  return path === '' ? baseUrl : `${baseUrl.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}

function isStream(data: unknown): boolean {
  return typeof data === 'object' && data !== null && ('pipe' in data || 'getReader' in data);
}
