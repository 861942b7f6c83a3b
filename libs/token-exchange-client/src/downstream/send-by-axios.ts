import type { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import type { AxiosRequestConfig } from 'axios';
import type { Axios, AxiosInstance } from '../optional-axios.js';
import { interceptAxios } from './axios-on-behalf.js';
import type { Call } from './call.js';
import { isConnectionFailure, isOversized } from './connection-failure.js';
import { DEFAULT_MAX_ANSWER } from './downstream-definition.js';
import { DownstreamUnavailable } from './downstream-errors.js';
import type { SendCall } from './raw-answer.js';
import type { Downstream } from './send-on-behalf.js';

/** The axios instance of a downstream service. */
export function instanceFor(axios: Axios, downstream: Downstream, httpsAgent?: Agent): AxiosInstance {
  const { baseUrl, maxAnswerBytes = DEFAULT_MAX_ANSWER } = downstream.authorizer.definition;
  const address = { baseURL: baseUrl, maxContentLength: maxAnswerBytes };
  const instance = axios.default.create({ ...(httpsAgent && { httpsAgent }), ...address });
  interceptAxios(instance, downstream);
  return instance;
}

/** Calls go through an instance that {@link instanceFor} has made. */
export function sendByAxios(axios: Axios, instance: AxiosInstance, service: string): SendCall {
  return async (call) => {
    try {
      const { status, headers, data } = await instance.request<Uint8Array | Readable>(requestConfig(call));
      const header = (name: string): string | undefined =>
        axios.AxiosHeaders.from(headers as InstanceType<Axios['AxiosHeaders']>)
          .get(name)
          ?.toString();
      return { status, headers, header, data };
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (!axios.isAxiosError(error)) throw error;
      if (isOversized(error)) throw new DownstreamUnavailable(service, 'oversized');
      throw new DownstreamUnavailable(service, isConnectionFailure(error) ? 'connection' : 'unsent');
    }
  };
}

// no member without a value: axios merges each with its defaults
function requestConfig(call: Call): AxiosRequestConfig {
  const { method, path, body, params, headers, signal, timeout, responseType } = call;
  const stream = responseType === 'stream';
  const config: AxiosRequestConfig = { method, url: path, validateStatus: anyStatus, transformResponse: asItCame };
  config.responseType = stream ? 'stream' : 'arraybuffer';
  // who reads it piece by piece needs no bound
  if (stream) config.maxContentLength = -1;
  if (body !== undefined) config.data = body;
  if (params) config.params = params;
  if (headers) config.headers = { ...headers };
  if (signal) config.signal = signal;
  if (timeout) config.timeout = timeout;
  return config;
}

function anyStatus(): boolean {
  return true;
}

function asItCame(data: unknown): unknown {
  return data;
}
