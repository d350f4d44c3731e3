import { render } from 'preact';
import '../shared/base.css';
import { Console } from './console.tsx';

const root = document.getElementById('app');
if (root) render(<Console />, root);
