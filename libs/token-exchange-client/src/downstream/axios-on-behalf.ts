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
    const send = async (credentials: Readonly<Record<string, string>>): Promise<Settled> => {
      // a copy: the instance keeps its own, which errors show
      const headers = Object.assign(new AxiosHeaders(), config.headers);
      for (const name in credentials) headers.set(name, credentials[name], true);
      try {
        return { response: withoutRequest(await adapter({ ...config, headers }), config) };
      } catch (error) {
        return failed(error as Error, config);
      }
    };
    const settled = await sendOnBehalf(authorizer, {
      method: (config.method ?? 'get').toUpperCase(),
      url,
      signal: config.signal as AbortSignal | undefined,
      repeatable: !isStream(config.data),
      send,
      view,
    });
    if ('error' in settled) throw settled.error;
    return settled.response;
  };
}

type Settled = { readonly response: AxiosResponse } | { readonly response?: AxiosResponse; readonly error: Error };

function failed(error: Error, config: AxiosResponse['config']): Settled {
  if (!isAxiosError(error)) return { error };
  error.config = config;
  error.request = undefined;
  if (!error.response) return { error };
  error.response = withoutRequest(error.response, config);
  return { error, response: error.response };
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

// both hold the token
function withoutRequest(response: AxiosResponse, config: AxiosResponse['config']): AxiosResponse {
  response.config = config;
  response.request = undefined;
  return response;
}

function instanceUrl(baseUrl: string | undefined, path = ''): string {
  if (!baseUrl || /^([a-z][a-z0-9+.-]*:)?\/\//i.test(path)) return path;
  return path === '' ? baseUrl : `${baseUrl.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}

function isStream(data: unknown): boolean {
  return typeof data === 'object' && data !== null && ('pipe' in data || 'getReader' in data);
}
