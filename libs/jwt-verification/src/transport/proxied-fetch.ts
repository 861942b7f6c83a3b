import { isLoopbackHost } from '@onbehalf/oauth-protocol';
import { getProxyForUrl } from 'proxy-from-env';
import type { ProxyAgent } from 'undici';

/** The connections to each proxy that the environment has named, of which there are few. */
const agents = new Map<string, Promise<ProxyAgent>>();

/**
 * `fetch`, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` names for the URL, unless `NO_PROXY` has its host.
 * What is on this machine is fetched directly: a proxy would look for it on its own.
 */
export async function proxiedFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const proxy = isLoopbackHost(new URL(url).hostname) ? '' : getProxyForUrl(url);
  if (proxy === '') return fetch(url, init);
  const { fetch: fetchThrough } = await import('undici');
  const dispatcher = await agentOf(proxy);
  // undici declares the types of its own fetch anew
  return fetchThrough(url, { ...init, dispatcher } as never) as unknown as Promise<Response>;
}

function agentOf(proxy: string): Promise<ProxyAgent> {
  const agent = agents.get(proxy) ?? createAgent(proxy);
  agents.set(proxy, agent);
  return agent;
}

async function createAgent(proxy: string): Promise<ProxyAgent> {
  // the value may hold a password, so it is not shown
  if (!URL.canParse(proxy)) throw new Error('the proxy that the environment names is not a URL');
  const { ProxyAgent } = await import('undici');
  // plain HTTP is asked for in absolute form, as most proxies expect. RFC 9112 §3.2.2
  return new ProxyAgent({ uri: proxy, proxyTunnel: false });
}
