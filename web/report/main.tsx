import { effect } from '@preact/signals';
import { render } from 'preact';
import city from 'virtual:city';

import '../shared/base.css';
import { language } from '../shared/language.ts';
import { App } from './app.tsx';
import { catalogue, loadCatalogue } from './catalogue.ts';
import { followLeaving, guardClosing } from './leave.ts';
import { loadAll } from './parts/later.tsx';
import './report.css';
import './frame.css';
import { leaveAsEachVisit } from './put-away.ts';
import { followHistory } from './screen.ts';
import { followLanguage } from './spoken.ts';
import { followNetwork, openService, wouldLose } from './service.ts';
import { followLinks } from './bulletins.ts';

const WORKER = '/worker.js';

const root = document.getElementById('app');
if (root) {
  followLanguage();
  followHistory();
  followNetwork();
  guardClosing(wouldLose);
  followLeaving();
  render(<App />, root);
  effect(() => {
    // On every screen, and in the history of the browser: it says nothing of a report.
    document.title = city.name[language.value];
    void loadCatalogue();
  });
  followLinks();
  void openService(() => catalogue.value?.limits).then(loadAll).then(leaveAsEachVisit);
}

// The shell is kept so that the page opens without a network. It works without that too.
const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
if (import.meta.env.PROD && workers) {
  addEventListener('load', () => void workers.register(WORKER).catch(() => undefined));
}
