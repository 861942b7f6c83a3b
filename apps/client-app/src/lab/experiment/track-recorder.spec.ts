import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { TokenNames } from './token-names.js';
import { TrackRecorder } from './track-recorder.js';
import { Wire } from './wire.js';

describe('what a way of a card comes to', () => {
  let server: TestServer;
  let status: number;
  let recorder: TrackRecorder;
  beforeEach(async () => {
    server = await startTestServer(() => ({ status }));
    recorder = new TrackRecorder(new Wire(new TokenNames(), fetch));
  });
  afterEach(() => server.close());

  const send = () => recorder.send({ from: 'lab-1', to: 'auth-server', what: 'exchange', url: server.url });

  it.each([
    [200, 'accepted'],
    [302, 'accepted'],
    [400, 'refused'],
    [401, 'refused'],
    [500, 'failed'],
    [503, 'failed'],
  ])('is by the last answer: %i is %s', async (last, outcome) => {
    status = 204;
    await send();
    status = last;
    await send();
    expect(recorder.outcome).toBe(outcome);
  });

  it('is a failure where nothing answers, and where nothing was done', async () => {
    expect(recorder.outcome).toBe('failed');
    await server.close();
    await send();
    expect(recorder.outcome).toBe('failed');
  });

  it('is a refusal where a process refuses to start', () => {
    recorder.put({ from: 'client-app', to: 'victim', what: 'start it', failure: 'audience is missing' });
    expect(recorder.outcome).toBe('refused');
  });
});
