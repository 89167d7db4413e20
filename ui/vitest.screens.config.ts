import { defineConfig, mergeConfig } from 'vitest/config';
import tests from './vitest.config';

// Pictures of every view and state, in light and dark: npm run screens (to SCREENS, else tests/screens).
export default mergeConfig({ ...tests, test: { ...tests.test, include: [] } }, defineConfig({ test: { include: ['tests/screens.ts'], testTimeout: 300_000 } }));
