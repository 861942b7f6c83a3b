import { UserAgent } from '@onbehalf/testing-internal';

/**
 * Logs a user in at client-app, as a browser does.
 * @returns the `Cookie` header of the session
 * @throws Error when it does not end on the page that greets the user
 */
export async function logIn(clientApp: string, username: string, password: string): Promise<string> {
  const agent = new UserAgent();
  const form = await agent.follow(await agent.get(`${clientApp}/login`));
  const home = await agent.follow(await agent.submit(form.url, { username, password }));
  if (home.status !== 200 || !(await home.text()).includes(username)) {
    throw new Error(`the login ended at ${home.url.split('?', 1)[0]} with ${home.status}`);
  }
  return agent.cookies(clientApp);
}
