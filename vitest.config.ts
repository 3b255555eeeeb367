import { transform } from 'esbuild'
import { defineConfig, type Plugin } from 'vitest/config'

/** Vitest's own transformer leaves decorators as they are, which Node cannot run: esbuild lowers them. */
const lowerDecorators: Plugin = {
  name: 'lower-decorators',
  enforce: 'pre',
  async transform(code, id) {
    const legacy = /legacy-decorator|\/test\/nest[.-]/.test(id)
    if (!legacy && !id.includes('decorator.test')) return null
    const tsconfigRaw = { compilerOptions: { experimentalDecorators: legacy } }
    const { code: lowered, map } = await transform(code, {
      loader: 'ts',
      target: 'es2022',
      sourcemap: true,
      sourcefile: id,
      tsconfigRaw,
    })
    return { code: lowered, map }
  },
}

export default defineConfig({
  plugins: [lowerDecorators],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/no-shrinking.ts'],
    pool: 'forks',
    maxWorkers: '100%', // much of the time is spent on servers and other processes, which the default would leave a core for
    execArgv: ['--expose-gc'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    coverage: {
      include: ['src/core/**', 'src/http/**', 'src/integrations/**', 'src/sources/**', 'src/tiers/**'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { 100: true },
    },
  },
})
