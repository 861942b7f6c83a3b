import { page } from './page.js';
import type { PageView } from './page-view.js';

export function outagePage(view: PageView): string {
  return page(view.text('outage.title'), <p role="alert">{view.text('outage.text')}</p>, undefined, view);
}
