import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** A whole document for the browser. Text and attribute values in it are escaped, whoever they come from. */
export function renderDocument(document: VNode): string {
  return `<!doctype html>${renderToString(document)}`;
}
