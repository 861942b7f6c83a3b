import { z } from 'zod';
import { askPort } from '../ports/ask-port.js';
import type { LoginPage, LoginView } from '../ports/login-view.js';
import { loginPage } from './login-page.js';
import type { PageView } from './page-view.js';

const page = z.string().min(1);

/** Makes the login page: by the template of the application, or as the server does. */
export class LoginLook {
  constructor(private readonly view: LoginView | undefined) {}

  /** @throws PortUnavailable when the application makes none */
  async page(shown: LoginPage, view: PageView): Promise<string> {
    const template = this.view;
    if (!template?.render) return loginPage(shown, view);
    return askPort('loginView.render', () => template.render!(shown, view.language.tag), page);
  }
}
