import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const server = process.env.SOCKEYE_URL ?? 'http://127.0.0.1:9700';
const toServer = { target: server, changeOrigin: true };

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The content security policy allows no inlined bytes, neither data: fonts nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      '/v1': toServer,
      '/signin': toServer,
      '/k8s-audit': toServer,
      '/openapi.json': toServer,
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
