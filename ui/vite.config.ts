import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync } from 'node:fs';
import { defineConfig, type ProxyOptions } from 'vite';

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

// The window's files are loaded from the program itself: relative addresses, no external origin.
export default defineConfig({
  plugins: [svelte()],
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
