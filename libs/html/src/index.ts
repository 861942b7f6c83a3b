export type { ComponentChildren, VNode } from 'preact';
export { renderDocument } from './render-document.js';
