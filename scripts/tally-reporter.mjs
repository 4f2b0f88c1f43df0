/** A reporter for vitest that ends the run with one line for machines: `12 passed, 0 failed`, perhaps `, 1 skipped`. */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that could not be loaded has no tests to fail.
      tally.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        tally[state === "pending" ? "failed" : state] += 1;
      }
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
    }
    const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
    process.stdout.write(`\n${tally.passed} passed, ${tally.failed} failed${skipped}\n`);
  }
}
