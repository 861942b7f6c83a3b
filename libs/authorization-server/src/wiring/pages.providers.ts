import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { Pages } from '../pages/page-view.js';
import { FormTokens } from '../consents/form-tokens.js';
import { Visitors } from '../pages/visitors.js';
import { LoginLimits } from '../rate-limits/login-limits.js';
import { LoginLook } from '../pages/login-look.js';
import { SignIn } from '../pages/sign-in.js';
import { SignIns } from '../pages/sign-ins.js';

/** What the pages of the server are made of. */
export function pageProviders(options: InjectionToken): Provider[] {
  const pages: FactoryProvider<Pages> = {
    provide: Pages,
    inject: [options],
    useFactory: ({ config }: AuthorizationServerOptions) => new Pages(config.pages),
  };
  const forms: FactoryProvider<FormTokens> = {
    provide: FormTokens,
    inject: [options],
    useFactory: ({ cookieKeys }: AuthorizationServerOptions) => new FormTokens(cookieKeys),
  };
  // one for all requests: few passwords are looked at together
  const signIn: FactoryProvider<SignIn> = {
    provide: SignIn,
    inject: [Accounts, LoginLimits],
    useFactory: (accounts: Accounts, limits: LoginLimits) => new SignIn(accounts, limits),
  };
  const look: FactoryProvider<LoginLook> = {
    provide: LoginLook,
    inject: [options],
    useFactory: ({ loginView }: AuthorizationServerOptions) => new LoginLook(loginView),
  };
  return [pages, forms, signIn, look, Visitors, SignIns];
}
