/**
 * The `Authorization` header of `client_secret_basic`: both parts are form-urlencoded first. RFC 6749 §2.3.1.
 * Characters that need no encoding stay as they are, for the servers that forget to decode.
 */
export function formatBasicCredentials(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64')}`;
}

function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}
