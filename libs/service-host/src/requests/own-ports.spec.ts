import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createApp, type CreatedApp } from '../start/create-app.js';
import { port } from '../start/settings.js';
import { ownPorts } from './own-ports.js';

let asked = Promise.withResolvers<void>();
let answer = Promise.withResolvers<void>();

@Controller()
class Things {
  @Get(['thing', 'admin', 'admin/things', 'administration', 'metrics'])
  thing(): string {
    return 'a thing';
  }

  @Get('admin/slow')
  async slow(): Promise<string> {
    asked.resolve();
    await answer.promise;
    return 'done';
  }
}

@Module({ controllers: [Things] })
class ThingsModule {}

const PATHS = { ADMIN_PORT: ['/admin'], METRICS_PORT: ['/metrics'] };

describe('a port of its own', () => {
  let created: CreatedApp | undefined;

  const start = async (settings: Record<string, string>) => {
    created = await createApp(
      {
        name: 'things',
        defaultPort: 0,
        environment: z.object({ ADMIN_PORT: port().optional(), METRICS_PORT: port().optional() }),
        module: () => ThingsModule,
        ownPorts: PATHS,
      },
      settings,
      { write: () => undefined },
    );
    const servers = { PORT: await created.listen(), ...created.ownPorts };
    const addresses = new Map(Object.entries(servers).map(([name, server]) => [name, server.address() as AddressInfo]));
    return (at: 'PORT' | keyof typeof PATHS, path: string) =>
      fetch(`http://127.0.0.1:${addresses.get(at)!.port}${path}`);
  };
  afterEach(async () => {
    await created?.close(100);
    created = undefined;
    asked = Promise.withResolvers();
    answer = Promise.withResolvers();
  });

  it('is none unless it is set', async () => {
    const get = await start({});
    expect(created!.ownPorts).toEqual({});
    for (const path of ['/thing', '/admin/things', '/metrics']) expect((await get('PORT', path)).status).toBe(200);
  });

  it('has its paths and health, and the port of the app has all others', async () => {
    const get = await start({ ADMIN_PORT: '0', METRICS_PORT: '0' });
    const answered = async (at: 'PORT' | 'ADMIN_PORT' | 'METRICS_PORT'): Promise<string[]> => {
      const paths = [
        '/thing',
        '/administration',
        '/admin',
        '/Admin/',
        '/ADMIN/things',
        '/admin/things?a=b',
        '/metrics',
      ];
      const all = [...paths, '/METRICS/', '/health/live', '/health/ready'];
      const answers = await Promise.all(all.map(async (path) => [path, (await get(at, path)).status] as const));
      expect(new Set(answers.map(([, status]) => status))).toEqual(new Set([200, 404]));
      return answers.filter(([, status]) => status === 200).map(([path]) => path);
    };
    expect(await answered('PORT')).toEqual(['/thing', '/administration', '/health/live', '/health/ready']);
    const admin = ['/admin', '/Admin/', '/ADMIN/things', '/admin/things?a=b', '/health/live', '/health/ready'];
    expect(await answered('ADMIN_PORT')).toEqual(admin);
    expect(await answered('METRICS_PORT')).toEqual(['/metrics', '/METRICS/', '/health/live', '/health/ready']);
  });

  it('finishes what was begun there when the app closes', async () => {
    const get = await start({ ADMIN_PORT: '0' });
    const slow = get('ADMIN_PORT', '/admin/slow');
    await asked.promise;
    const closing = created!.close();
    answer.resolve();
    expect(await (await slow).text()).toBe('done');
    expect(await closing).toBe(true);
    await expect(get('ADMIN_PORT', '/admin')).rejects.toThrow();
    created = undefined;
  });

  it('is named by its setting when it is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port: taken } = other.address() as AddressInfo;
    await expect(start({ METRICS_PORT: String(taken) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      setting: 'METRICS_PORT',
    });
    other.close();
  });

  it('may be the same for several, and is another one than that of the app', () => {
    expect(ownPorts(PATHS, { PORT: 1, ADMIN_PORT: 2, METRICS_PORT: 2 })).toEqual([
      { setting: 'ADMIN_PORT', port: 2, paths: ['/admin', '/metrics'] },
    ]);
    expect(() => ownPorts(PATHS, { PORT: 1, METRICS_PORT: 1 })).toThrow(
      'METRICS_PORT is 1; accepted: another port than PORT',
    );
  });
});
