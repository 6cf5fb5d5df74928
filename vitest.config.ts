import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The command line is tested as users run it: the built program, as a subprocess.
    globalSetup: ['test/support/build.ts'],
    // Much of the time goes to waiting for subprocesses and servers; by default a core would be left free.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
