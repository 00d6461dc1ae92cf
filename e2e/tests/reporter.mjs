// Prints a line a test and the totals: `12 passed, 0 failed, 1 skipped`.

export default async function* report(source) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    // A suite and a file are told by their tests; what fails in them outside of any test is not.
    const group = data?.details?.type === 'suite' || data?.name?.endsWith('.test.mjs');
    const seconds = `${((data?.details?.duration_ms ?? 0) / 1000).toFixed(1)} s`;
    if (type === 'test:pass' && !group) {
      if (data.skip !== undefined) {
        totals.skipped++;
        yield `skipped  ${data.name}: ${data.skip}\n`;
      } else {
        totals.passed++;
        yield `ok       ${data.name} (${seconds})\n`;
      }
    } else if (type === 'test:fail') {
      const { error } = data.details;
      if (group && error.failureType === 'subtestsFailed') continue;
      totals.failed++;
      yield `FAILED   ${data.name} (${seconds})\n${indent(explain(error))}\n`;
    } else if (type === 'test:stderr' || type === 'test:stdout') {
      yield indent(data.message.trimEnd()) + '\n';
    }
  }
  yield `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`;
}

function explain(error) {
  const cause = error.cause ?? error;
  const text = cause.stack ?? cause.message ?? String(cause);
  return cause.cause ? `${text}\nbecause: ${cause.cause.stack ?? cause.cause}` : text;
}

const indent = (text) => text.replace(/^/gm, '         ');
