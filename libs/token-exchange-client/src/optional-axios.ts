import { createRequire } from 'node:module';

/* eslint-disable @typescript-eslint/ban-ts-comment, @typescript-eslint/consistent-type-imports -- declarations of optional packages must compile where those are not installed */
/** @ts-ignore without axios: any */
export type Axios = typeof import('axios');
/** @ts-ignore without axios: any */
export type AxiosInstance = import('axios').AxiosInstance;
/** @ts-ignore without axios: any */
export type AxiosResponse<T = unknown> = import('axios').AxiosResponse<T>;
/** @ts-ignore without `@nestjs/axios`: any */
export type HttpService = import('@nestjs/axios').HttpService;
/* eslint-enable @typescript-eslint/ban-ts-comment, @typescript-eslint/consistent-type-imports */

interface NestAxios {
  readonly HttpService: new (instance: AxiosInstance) => HttpService;
}

const load = createRequire(import.meta.url);
let axios: Axios | undefined;
let nestAxios: NestAxios | undefined;

/** Loads what is installed of `axios` and `@nestjs/axios`, as ES modules. What does not wait for it loads them as CommonJS does. */
export async function loadAxios(): Promise<void> {
  axios ??= await import('axios').catch(unlessAbsent);
  nestAxios ??= await import('@nestjs/axios').catch(unlessAbsent);
}

/** Axios, where the application has installed it. */
export function installedAxios(): Axios | undefined {
  return (axios ??= loadNow<Axios>('axios'));
}

/** @throws Error that names the packages to install */
export function needAxios(what: string): Axios {
  const installed = installedAxios();
  if (!installed) throw lacks(what);
  return installed;
}

/** @throws Error that names the packages to install */
export function toHttpService(what: string, instance: AxiosInstance | undefined): HttpService {
  nestAxios ??= loadNow<NestAxios>('@nestjs/axios');
  if (!instance || !nestAxios) throw lacks(what);
  return new nestAxios.HttpService(instance);
}

function lacks(what: string): Error {
  return new Error(`${what} needs axios, which is not installed: npm install axios @nestjs/axios`);
}

function loadNow<T>(name: string): T | undefined {
  try {
    return load(name) as T;
  } catch (error) {
    return unlessAbsent(error);
  }
}

/** Nothing, where one of the two is not installed. */
function unlessAbsent(error: unknown): undefined {
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  if (!/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code) || !/'(?:@nestjs\/)?axios'/.test(message)) throw error;
}
