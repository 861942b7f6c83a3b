/** Whether a host name, as URLs have it, stands for the machine that asks. RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3 */
export function isLoopbackHost(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Whether a URL leads to this machine only; what is meant for a demo is refused anywhere else. */
export function isLoopbackUrl(url: string): boolean {
  // what is no URL leads nowhere, and is refused for that
  return !URL.canParse(url) || isLoopbackHost(new URL(url).hostname);
}
