import { Inject, Injectable, Logger, type CanActivate, type NestInterceptor, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer, type AbstractHttpAdapter } from '@nestjs/core';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { AccessTokenInterceptor, GlobalGuard } from '@onbehalf/resource-server';
import { routesOf, type ControllerRoute } from './routes-of.js';
import { isOfTheServer } from '../pages/server-controller.decorator.js';

/** What Nest asks for the guards and interceptors of one request. */
interface ScopedEnhancer {
  getInstanceByContextId(...context: unknown[]): { instance: object } | undefined;
}

/**
 * Keeps what the application around sets for all of its routes away from those of the server, which the protocol fixes: they stay at
 * the issuer, and the server alone says who may call them.
 */
@Injectable()
export class ServerRoutes {
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #application: ApplicationConfig;

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationConfig) application: ApplicationConfig,
  ) {
    this.#host = host;
    this.#modules = modules;
    this.#application = application;
  }

  /**
   * Called when middleware is set up, before any route and after all that `main.ts` sets.
   * @throws ConfigurationError for another adapter than that of Express
   */
  settle(): void {
    const adapter: AbstractHttpAdapter | undefined = this.#host.httpAdapter;
    if (!adapter) return;
    const type = adapter.getType();
    if (type !== 'express')
      throw new ConfigurationError('AuthorizationServerModule', type, 'an application on Express');
    this.#leavePrefix();
    replace(this.#application.getGlobalGuards(), pastGuard);
    replace(this.#application.getGlobalInterceptors(), pastInterceptor);
    replace(this.#application.getGlobalRequestGuards() as unknown as ScopedEnhancer[], scoped<CanActivate>(pastGuard));
    replace(
      this.#application.getGlobalRequestInterceptors() as unknown as ScopedEnhancer[],
      scoped<NestInterceptor>(pastInterceptor),
    );
  }

  /** Names each route of the server as one that the global prefix does not concern. */
  #leavePrefix(): void {
    if (!this.#application.getGlobalPrefix()) return;
    const controllers = [...this.#modules.values()].flatMap(({ controllers }) => [...controllers.keys()] as Type[]);
    const others = new Set(
      controllers
        .filter((each) => !isOfTheServer(each))
        .flatMap(routesOf)
        .map(nameOf),
    );
    const routes = controllers.filter(isOfTheServer).flatMap(routesOf);
    const taken = routes.filter((route) => others.has(nameOf(route)));
    // Nest knows an exception by its path alone: the application's route of the same path would leave the prefix with it
    for (const { path } of taken)
      new Logger('AuthorizationServer').warn({ event: 'route_under_prefix', path }, 'the application has it, too');
    const options = this.#application.getGlobalPrefixOptions();
    const own = routes.filter((route) => !taken.includes(route)).map(toException);
    this.#application.setGlobalPrefixOptions({ ...options, exclude: [...(options.exclude ?? []), ...own] });
  }
}

function replace<Enhancer>(all: Enhancer[], by: (enhancer: Enhancer) => Enhancer): void {
  all.splice(0, all.length, ...all.map(by));
}

function pastGuard(guard: CanActivate): CanActivate {
  // the guard of the server itself comes first everywhere
  if (guard instanceof GlobalGuard) return guard;
  return { canActivate: (context) => isOfTheServer(context.getClass()) || guard.canActivate(context) };
}

function pastInterceptor(interceptor: NestInterceptor): NestInterceptor {
  if (interceptor instanceof AccessTokenInterceptor) return interceptor;
  return {
    intercept: (context, next) =>
      isOfTheServer(context.getClass()) ? next.handle() : interceptor.intercept(context, next),
  };
}

/** Of those that Nest makes anew for each request, what it gets. */
function scoped<Enhancer extends object>(past: (enhancer: Enhancer) => Enhancer) {
  return (wrapper: ScopedEnhancer): ScopedEnhancer =>
    new Proxy(wrapper, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'getInstanceByContextId')
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return (...context: unknown[]) => {
          const host = target.getInstanceByContextId(...context);
          return host && { ...host, instance: past(host.instance as Enhancer) };
        };
      },
    });
}

const nameOf = ({ method, path }: ControllerRoute): string => `${method} ${path}`;

function toException({ method, path }: ControllerRoute) {
  return { path, requestMethod: method, pathRegex: new RegExp(`^${escaped(path)}/?$`) };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
