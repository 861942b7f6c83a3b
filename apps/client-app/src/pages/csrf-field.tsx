import type { VNode } from '@onbehalf/html';
import { CSRF_FIELD } from '../session/csrf.js';
import type { Visitor } from '../session/visitor.js';

/** Goes into every form; without a visitor there is nothing to protect. */
export function CsrfField({ visitor }: { readonly visitor: Pick<Visitor, 'csrf'> | undefined }): VNode | null {
  return visitor ? <input type="hidden" name={CSRF_FIELD} value={visitor.csrf} /> : null;
}
