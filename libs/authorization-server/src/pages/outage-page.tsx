import { page } from './page.js';

export function outagePage(): string {
  return page(
    'Please try again',
    <p role="alert">Something that we need does not answer for now. Please try again in a moment.</p>,
  );
}
