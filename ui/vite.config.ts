import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';

/** `npm run dev`: commands and streams go on to the development bridge, with its token. */
const bridge: ProxyOptions = {
  target: 'http://127.0.0.1:1421',
  changeOrigin: true,
  configure(proxy) {
    proxy.on('proxyReq', (request) => {
      const file = process.env['GOLDSMITH_TOKEN_FILE'];
      if (file) request.setHeader('authorization', `Bearer ${readFileSync(file, 'utf8').trim()}`);
    });
  },
};

/**
 * The window freezes the prototypes of the language's own objects (tauri.conf.json), and an object then cannot be given
 * a `toString` by assignment. xterm 6.0.0 does that once; the same is defined instead.
 */
const frozenPrototypes: Plugin = {
  name: 'frozen-prototypes',
  enforce: 'pre',
  transform(code, id) {
    if (!/@xterm\/xterm\/lib\/xterm\.m?js/.test(id)) return null;
    const places = code.match(/\bo\.toString=s;/g)?.length ?? 0;
    if (places !== 1) throw new Error(`xterm assigns toString ${places} times; look at frozenPrototypes in vite.config.ts`);
    return { code: code.replace(/\bo\.toString=s;/, 'Object.defineProperty(o,"toString",{value:s});'), map: null };
  },
};

// The window's files are loaded from the program itself: relative addresses, no external origin.
export default defineConfig({
  plugins: [svelte(), frozenPrototypes],
  base: './',
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: '127.0.0.1', proxy: { '/call': bridge, '/subscribe': bridge } },
  preview: { host: '127.0.0.1' },
  build: {
    // What WebKitGTK 2.42 and Chromium of the same year understand.
    target: ['safari17', 'chrome117'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
