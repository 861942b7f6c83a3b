/** Whether a URL leads to this machine only; what is meant for a demo is refused anywhere else. */
export function isLoopbackUrl(url: string): boolean {
  // what is no URL leads nowhere, and is refused for that
  if (!URL.canParse(url)) return true;
  const { hostname } = new URL(url);
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
