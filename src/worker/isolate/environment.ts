/** The variables that a step process inherits from its worker: none that may hold a credential. */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH|NODE_COMPILE_CACHE|NODE_DISABLE_COMPILE_CACHE|NODE_ENV|VIPS_\w+|FONTCONFIG_\w+|OMP_\w+|TESSDATA_PREFIX|SystemRoot)$/;

export function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries({ ...process.env }).filter(([name]) => PASSED.test(name)));
}
