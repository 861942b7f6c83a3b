export { html, Html } from './html.js';
