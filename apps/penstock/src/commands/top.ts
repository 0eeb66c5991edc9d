import { Command, Option } from 'commander';
import { type OutputFormat, outputOption } from '../output/output-option.js';
import { terminalWidth } from '../output/terminal-width.js';
import type { TopFrame } from '../top/top-frame.js';
import { type AddressFlags, addressOptions, resolveAddresses } from './address-options.js';
import { positive, whole } from './arguments.js';
import { noInstallation } from './no-installation.js';
import { onStopSignal } from './stop-signal.js';

interface Flags extends AddressFlags {
  output: OutputFormat;
  once?: boolean;
  interval: number;
  timeout: number;
}

const SHOW_CURSOR = '\x1b[?25h';
const HIDE_CURSOR = '\x1b[?25l';
/** To the first column of the first line, and everything after it gone. */
const CLEAR = '\x1b[H\x1b[2J';

export function topCommand(): Command {
  const command = new Command('top')
    .description('show engines, queues, KV use, hit ratios, gangs and storage tiers, again and again')
    .addOption(outputOption())
    .option('--once', 'show one frame and end, as without a terminal and with -o json')
    .addOption(
      new Option('--interval <s>', 'seconds between two frames')
        .default(1)
        .argParser(positive('--interval', 3600)),
    )
    .addOption(
      new Option('--timeout <ms>', 'how long one answer may take')
        .default(2000)
        .argParser(whole('--timeout', 1, 600_000)),
    );
  return addressOptions(command).action(async (flags: Flags) => {
    const addresses = resolveAddresses(flags);
    if (!addresses) throw noInstallation();
    const { runTop } = await import('../top/run-top.js');
    const { printFrame } = await import('../top/print-frame.js');
    const isLive = process.stdout.isTTY && !flags.once && flags.output === 'text';
    const show = (frame: TopFrame) => {
      if (flags.output === 'json') process.stdout.write(`${JSON.stringify(frame)}\n`);
      else if (!isLive) process.stdout.write(`${printFrame(frame, terminalWidth())}\n`);
      else
        process.stdout.write(
          `${HIDE_CURSOR}${CLEAR}${printFrame(frame, terminalWidth(), process.stdout.rows - 1)}`,
        );
    };
    try {
      await runTop(addresses, {
        intervalMs: flags.interval * 1000,
        timeoutMs: flags.timeout,
        once: !isLive,
        onFrame: show,
        signal: onStopSignal(),
      });
    } finally {
      if (isLive) process.stdout.write(`${SHOW_CURSOR}\n`);
    }
  });
}
