import { render } from 'preact';
import '../shared/base.css';
import './console.css';
import { App } from './app.tsx';
import { go, startRouter } from './router.ts';
import { readConfig } from './session/issuer.ts';
import { rememberLanguage } from './session/pending.ts';
import { Session } from './session/session.ts';
import { NoConfig } from './session/welcome.tsx';

const root = document.getElementById('app');
if (root) void open(root);

/** Show the console, or why it cannot be shown. */
async function open(root: HTMLElement): Promise<void> {
  try {
    rememberLanguage(sessionStorage);
    const config = await readConfig();
    const session = new Session(config, `${location.origin}/console/`);
    startRouter();
    render(<App session={session} api={config.api} />, root);
    const page = await session.start(new URL(location.href));
    if (page !== null) go(page, { replace: true });
  } catch {
    render(<NoConfig />, root);
  }
}
