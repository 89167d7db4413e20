import { mount } from 'svelte';
import App from './App.svelte';
import { applyTheme, navigation } from './state/navigation.svelte';
import './styles/index.css';

applyTheme(navigation.theme);
const target = document.getElementById('app');
if (target) mount(App, { target });
