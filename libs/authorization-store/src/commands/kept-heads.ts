import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';
import type { AuditAnchor } from '../verification/verify-audit.js';

/** Bytes; a head has some 120. */
const LARGEST = 64 * 1024 * 1024;

/**
 * The heads that `audit-heads` has written to a file.
 * @throws ConfigurationError for a file that cannot be read, holds anything else, or is empty, as `audit-heads` leaves it where it fails
 */
export function readHeads(path: string): AuditAnchor[] {
  const lines = read(path).split('\n').filter(Boolean);
  if (lines.length === 0)
    throw new ConfigurationError('--heads', path, 'lines that audit-heads has written; it is empty');
  return lines.map((line, index) => {
    const head = parsed(line);
    if (head) return head;
    throw new ConfigurationError('--heads', `${path}:${index + 1}`, 'lines that audit-heads has written');
  });
}

function read(path: string): string {
  try {
    return readSmallFile(path, LARGEST).toString();
  } catch (cause) {
    throw new ConfigurationError('--heads', path, `a file that can be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function parsed(line: string): AuditAnchor | undefined {
  try {
    const { writer, sequence, hash } = JSON.parse(line) as Partial<AuditAnchor>;
    const isHead = typeof writer === 'string' && typeof hash === 'string' && Number.isSafeInteger(sequence);
    return isHead ? { writer, sequence: sequence!, hash } : undefined;
  } catch {
    return undefined;
  }
}
