import { InvalidOption, shown } from './invalid-option.js';

/** Checks an absolute http(s) address; `http:` only for the own machine, unless allowed. */
export function checkUrl(setting: string, value: string, allowInsecureHttp = false): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new InvalidOption(setting, shown(value), 'an absolute https: address');
  }
  if (url.username || url.password || url.hash) {
    throw new InvalidOption(setting, 'an address with credentials or a fragment', 'an address without them');
  }
  if (url.protocol === 'http:' && !allowInsecureHttp && !isOwnMachine(url.hostname)) {
    throw new InvalidOption(setting, shown(value), 'an https: address, or http: together with allowInsecureHttp: true');
  }
}

function isOwnMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\./.test(hostname);
}
