import { mount } from 'svelte';
import { chosenLanguage, speak } from './lib/text';
import { applyLook } from './state/look.svelte';
import './styles/index.css';

applyLook();
// The words come first: everything after takes them as they are.
void speak(chosenLanguage())
  .then(() => import('./App.svelte'))
  .then(({ default: App }) => {
    const target = document.getElementById('app');
    if (target) mount(App, { target });
  });
