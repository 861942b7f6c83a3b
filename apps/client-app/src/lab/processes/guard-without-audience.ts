/** Tries to start our guard without an audience, which it refuses: the reason is printed, and the process ends. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { endWithOthers, given, refuseProduction } from './serve.js';

refuseProduction();
endWithOthers();

try {
  const imports = [ResourceServerModule.forRoot({ issuer: given('ISSUER'), audience: [], global: true })];
  class App {}
  Module({ imports })(App);
  const app = await NestFactory.create(App, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  process.send?.({ port: Number(new URL(await app.getUrl()).port) });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
