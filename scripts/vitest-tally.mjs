// Ends the output of a test run with one plain line: "N passed, N failed, N skipped". Before it stand the tests that
// passed only at the second try, which are worth a look.
export default class Tally {
  onTestRunEnd(modules) {
    const flaky = [];
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      let failures = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state]++;
        if (state === 'failed') failures++;
        if (test.diagnostic()?.flaky) flaky.push(`${module.relativeModuleId} > ${test.fullName}`);
      }
      if (module.state() === 'failed' && failures === 0) count.failed++;
    }
    process.once('exit', () => {
      for (const name of flaky) console.log(`passed at the second try: ${name}`);
      console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`);
    });
  }
}
